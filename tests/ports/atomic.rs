//! The upload as it is written with this crate: nothing is left of what is not committed,
//! wherever it was given up.

use std::io;
use std::path::Path;

use aiofiles::tempfile::atomic_file;
use futures::{Stream, StreamExt};

/// Returns how many bytes came.
pub async fn receive(
    path: &Path,
    mut body: impl Stream<Item = io::Result<Vec<u8>>> + Unpin,
) -> io::Result<u64> {
    let mut file = atomic_file(path).await?;
    let mut count = 0;
    while let Some(chunk) = body.next().await {
        count += file.write(&chunk?).await? as u64;
    }
    file.commit().await?;
    Ok(count)
}
