//! One file type in three kinds: code that is the same for all takes any.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::future::Future;
use std::io::Cursor;

use aiofiles::file::{Binary, Bytes, FileKind, Raw, Text};
use aiofiles::{BinaryFile, Error, File, RawFile, RawIo, Result, TextFile, open, wrap};
use support::{Dir, run};

/// Closes any file and says how it was called.
async fn finish<K: FileKind, R: RawIo>(file: &mut File<K, R>) -> Result<String> {
    file.flush().await?;
    let facts = format!("{file:?}");
    file.close().await?;
    assert!(file.closed());
    Ok(facts)
}

/// Reads any file of bytes.
async fn second_line<K: Bytes, R: RawIo>(file: &mut File<K, R>) -> Result<Vec<u8>> {
    file.readline().await?;
    Ok(file.next_line().await?.unwrap().to_vec())
}

#[test]
fn the_names_of_the_kinds_are_one_type() {
    fn same<T>(_: Option<T>, _: Option<T>) {}
    same(None::<TextFile>, None::<File<Text>>);
    same(None::<BinaryFile>, None::<File<Binary, std::fs::File>>);
    same(
        None::<RawFile<Cursor<Vec<u8>>>>,
        None::<File<Raw, Cursor<Vec<u8>>>>,
    );
}

#[test]
fn a_function_takes_files_of_every_kind() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "one\ntwo\n");
        let mut text = open(&path).await.unwrap();
        let mut binary = open(&path).binary().await.unwrap();
        let mut raw = open(&path).raw().await.unwrap();
        let mut memory = wrap(Cursor::new(b"one\ntwo\n".to_vec())).await.unwrap();
        assert_eq!(second_line(&mut binary).await.unwrap(), b"two");
        assert_eq!(second_line(&mut raw).await.unwrap(), b"two");
        assert_eq!(second_line(&mut memory).await.unwrap(), b"two");
        assert!(finish(&mut text).await.unwrap().starts_with("TextFile"));
        assert!(finish(&mut binary).await.unwrap().starts_with("BinaryFile"));
        assert!(finish(&mut raw).await.unwrap().starts_with("RawFile"));
        assert!(finish(&mut memory).await.unwrap().starts_with("BinaryFile"));
    });
}

#[test]
fn futures_over_a_boxed_stream_are_send() {
    fn send<F: Future + Send + 'static>(future: F) -> F {
        future
    }
    run(async {
        let boxed = || -> Box<dyn RawIo> { Box::new(Cursor::new(Vec::new())) };
        let mut text = wrap(boxed()).text().await.unwrap();
        let mut binary = BinaryFile::new(boxed());
        let mut raw = RawFile::new(boxed());
        let task = tokio::spawn(send(async move {
            text.write("one\n").await?;
            tokio::task::yield_now().await;
            text.seek(std::io::SeekFrom::Start(0)).await?;
            let line = text.next_line().await?.map(ToOwned::to_owned);
            binary.writelines([b"two"]).await?;
            raw.write(b"three").await?;
            let names = [
                finish(&mut text).await?,
                finish(&mut binary).await?,
                finish(&mut raw).await?,
            ];
            Ok::<_, Error>((line, names.len()))
        }));
        assert_eq!(task.await.unwrap().unwrap(), (Some("one".to_owned()), 3));
    });
}
