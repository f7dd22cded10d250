//! The I/O traits of tokio and futures on the temporary files themselves.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use aiofiles::executor::InlineExecutor;
use aiofiles::open::Raw;
use aiofiles::tempfile::{
    AtomicFile, NamedTemporaryFile, SpooledTemporaryFile, atomic_file, named_temporary_file,
    spooled_temporary_file, temporary_file,
};
use aiofiles::{BinaryFile, RawFile};
use futures::executor::block_on;

/// Any order of the traits' calls that comes back to what was written.
async fn by_tokio<F>(mut file: F)
where
    F: tokio::io::AsyncRead + tokio::io::AsyncWrite + tokio::io::AsyncSeek + Unpin,
{
    use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
    let data: Vec<u8> = (0..300_000u32).map(|n| n as u8).collect();
    file.rewind().await.unwrap();
    file.write_all(&data).await.unwrap();
    file.shutdown().await.unwrap();
    file.rewind().await.unwrap();
    let mut back = Vec::new();
    file.read_to_end(&mut back).await.unwrap();
    assert!(back == data);
    file.seek(std::io::SeekFrom::Start(0)).await.unwrap();
}

async fn by_futures<F>(mut file: F)
where
    F: futures::AsyncRead + futures::AsyncWrite + futures::AsyncSeek + Unpin,
{
    use futures::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
    file.write_all(b"one\ntwo\n").await.unwrap();
    file.close().await.unwrap();
    file.seek(std::io::SeekFrom::Start(4)).await.unwrap();
    let mut back = [0; 4];
    file.read_exact(&mut back).await.unwrap();
    assert_eq!(&back, b"two\n");
    file.seek(std::io::SeekFrom::Start(0)).await.unwrap();
}

/// The first line, by the traits of both.
async fn line<F>(mut file: F)
where
    F: tokio::io::AsyncBufRead + futures::AsyncBufRead + Unpin,
{
    let mut line = String::new();
    tokio::io::AsyncBufReadExt::read_line(&mut file, &mut line)
        .await
        .unwrap();
    assert_eq!(line, "one\n");
    line.clear();
    futures::AsyncBufReadExt::read_line(&mut file, &mut line)
        .await
        .unwrap();
    assert_eq!(line, "two\n");
}

#[test]
fn all_temporary_files_have_the_traits() {
    block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");

        let mut file: BinaryFile = temporary_file().executor(InlineExecutor).await.unwrap();
        by_tokio(&mut file).await;
        by_futures(&mut file).await;
        line(&mut file).await;

        let made = named_temporary_file().executor(InlineExecutor);
        let mut file: NamedTemporaryFile = made.await.unwrap();
        by_tokio(&mut file).await;
        by_futures(&mut file).await;
        line(&mut file).await;

        let made = spooled_temporary_file()
            .max_size(1000)
            .executor(InlineExecutor);
        let mut file: SpooledTemporaryFile = made.await.unwrap();
        by_futures(&mut file).await;
        line(&mut file).await;
        by_tokio(&mut file).await;

        let made = atomic_file(&path).mode("w+").executor(InlineExecutor);
        let mut file: AtomicFile = made.await.unwrap();
        by_tokio(&mut file).await;
        by_futures(&mut file).await;
        line(&mut file).await;
        // A shutdown closes nothing, so that it can be committed.
        file.commit().await.unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 300_000);

        let raw: RawFile = temporary_file()
            .raw()
            .executor(InlineExecutor)
            .await
            .unwrap();
        by_tokio(raw).await;
        let raw = named_temporary_file().raw().executor(InlineExecutor);
        let raw: NamedTemporaryFile<Raw> = raw.await.unwrap();
        by_tokio(raw).await;
        let raw = atomic_file(&path).raw().mode("x+").executor(InlineExecutor);
        assert!(raw.await.is_err(), "it is there");
        let raw = atomic_file(&path).raw().mode("w+").executor(InlineExecutor);
        by_futures(raw.await.unwrap()).await;
    });
}

#[test]
fn imported_traits_do_not_hide_the_methods_of_the_file() {
    use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
    block_on(async {
        let mut file = named_temporary_file()
            .executor(InlineExecutor)
            .await
            .unwrap();
        let written: aiofiles::Result<usize> = file.write(b"12345").await;
        assert_eq!(written.unwrap(), 5);
        let sought: aiofiles::Result<u64> = file.seek(std::io::SeekFrom::Start(1)).await;
        assert_eq!(sought.unwrap(), 1);
        assert_eq!(file.read().size(2).await.unwrap(), b"23");
        let flushed: aiofiles::Result<()> = file.flush().await;
        flushed.unwrap();
        // What only the traits have is there too.
        assert_eq!(file.read_u8().await.unwrap(), b'4');
        file.rewind().await.unwrap();
        file.write_u8(b'x').await.unwrap();
    });
}
