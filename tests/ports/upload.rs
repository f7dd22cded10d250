//! An upload: what comes is written beside the file, brought to the device, and takes the
//! file's place; what is not complete is removed.

use std::io;
use std::path::Path;

use futures::{Stream, StreamExt};
use tokio::io::AsyncWriteExt;

use super::fs::{self, *};

/// Returns how many bytes came.
pub async fn receive(
    path: &Path,
    mut body: impl Stream<Item = io::Result<Vec<u8>>> + Unpin,
) -> io::Result<u64> {
    let part = path.with_extension("part");
    let received = async {
        let mut file = File::create(&part).await?;
        let mut count = 0;
        while let Some(chunk) = body.next().await {
            let chunk = chunk?;
            file.write_all(&chunk).await?;
            count += chunk.len() as u64;
        }
        file.flush().await?;
        file.sync_all().await?;
        drop(file);
        fs::rename(&part, path).await?;
        fs::sync_folder(path.parent().unwrap_or(Path::new("."))).await?;
        io::Result::Ok(count)
    };
    let received: io::Result<u64> = received.await;
    if received.is_err() {
        fs::remove_file(&part).await.ok();
    }
    received
}
