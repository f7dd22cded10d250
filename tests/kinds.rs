//! One file type in three kinds: code that is the same for all takes any.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeSet;
use std::future::Future;
use std::io::{Cursor, SeekFrom};
use std::mem;
use std::path::Path;
use std::time::{Duration, SystemTime};

use aiofiles::file::{Binary, Bytes, FileKind, Raw, Text};
use aiofiles::{
    AnyFile, BinaryFile, Error, File, RawFile, RawIo, Result, TextFile, TextPosition, open, wrap,
};
use common::{Dir, is_closed, is_unsupported, run};

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

#[test]
fn a_file_of_any_kind_does_what_all_kinds_do() {
    run(async {
        let dir = Dir::new();
        for (mode, buffering) in [("w+", None), ("w+b", None), ("w+b", Some(0))] {
            let path = dir.join("f");
            let mut call = open(&path).any().mode(mode);
            if let Some(size) = buffering {
                call = call.buffering(size);
            }
            let mut f: AnyFile = call.await.unwrap();
            assert_eq!(f.name(), Some(&*path));
            assert!(f.readable() && f.writable() && f.seekable() && !f.isatty());
            assert!(f.mode().contains('+') && f.executor().is_some());
            let start = f.tell().await.unwrap();
            match &mut f {
                AnyFile::Text(f) => assert_eq!(f.write("0123456789").await.unwrap(), 10),
                AnyFile::Binary(f) => assert_eq!(f.write(b"0123456789").await.unwrap(), 10),
                AnyFile::Raw(f) => assert_eq!(f.write(b"0123456789").await.unwrap(), 10),
            }
            f.flush().await.unwrap();
            f.sync_all().await.unwrap();
            f.sync_data().await.unwrap();
            assert_eq!(f.metadata().await.unwrap().len(), 10);
            let end = f.tell().await.unwrap();
            assert_eq!(f.seek(start).await.unwrap(), start);
            assert_eq!(f.seek(SeekFrom::End(0)).await.unwrap(), end);
            assert_eq!(f.truncate().size(8).await.unwrap(), 8);
            assert_eq!(f.tell().await.unwrap(), end);
            f.seek(SeekFrom::Start(0)).await.unwrap();
            assert_eq!(f.truncate().await.unwrap(), 0);
            f.set_len(3).await.unwrap();
            let len = |f: &mut std::fs::File| f.metadata().map(|metadata| metadata.len());
            assert_eq!(f.batch(len).await.unwrap(), 3);
            let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
            let times = std::fs::FileTimes::new().set_modified(then);
            f.set_times(times).await.unwrap();
            let metadata = f.metadata().await.unwrap();
            assert_eq!(metadata.modified().unwrap(), then);
            let mut rights = metadata.permissions();
            rights.set_readonly(true);
            f.set_permissions(rights.clone()).await.unwrap();
            assert!(f.metadata().await.unwrap().permissions().readonly());
            #[allow(clippy::permissions_set_readonly_false, reason = "as it was")]
            rights.set_readonly(false);
            f.set_permissions(rights).await.unwrap();
            // Another handle of the same kind, and locks between two that are not.
            let mut clone = f.try_clone().await.unwrap();
            assert_eq!(mem::discriminant(&clone), mem::discriminant(&f));
            clone.close().await.unwrap();
            let mut other = open(&path).any().mode("rb").await.unwrap();
            f.lock().await.unwrap();
            assert!(!other.try_lock().await.unwrap());
            f.unlock().await.unwrap();
            f.lock_shared().await.unwrap();
            assert!(other.try_lock_shared().await.unwrap());
            other.unlock().await.unwrap();
            f.unlock().await.unwrap();
            assert!(f.try_lock().await.unwrap());
            f.unlock().await.unwrap();
            let std = f.into_std().await.unwrap();
            assert_eq!(std.metadata().unwrap().len(), 3);
            other.close().await.unwrap();
            assert!(other.closed());
            for result in [other.tell().await.map(|_| ()), other.flush().await] {
                assert!(is_closed(&result));
            }
        }
    });
}

#[test]
fn bytes_take_no_position_that_only_text_has() {
    run(async {
        let dir = Dir::new();
        // Behind the mark of UTF-16, whose order a position has with it.
        let path = dir.file("f", b"\xff\xfea\0b\0");
        let mut text = open(&path).any().encoding("utf-16").await.unwrap();
        let AnyFile::Text(file) = &mut text else {
            panic!("it is text");
        };
        file.read().size(1).await.unwrap();
        let within = text.tell().await.unwrap();
        let mut bytes = open(&path).any().mode("rb").await.unwrap();
        let error = bytes.seek(within).await.unwrap_err();
        assert!(matches!(error, Error::InvalidArgument { op: "seek", .. }));
        assert_eq!(error.path(), Some(&*path));
        let plain = "4".parse::<TextPosition>().unwrap();
        assert_eq!(bytes.seek(plain).await.unwrap(), plain);
        // Text refuses what it always does, bytes seek anywhere.
        assert!(is_unsupported(&text.seek(SeekFrom::Current(1)).await));
        bytes.seek(SeekFrom::Current(1)).await.unwrap();
    });
}

#[cfg(unix)]
#[test]
fn a_file_of_any_kind_that_is_not_given_up_comes_back() {
    run(async {
        use std::io::Write as _;

        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"head\nbody").unwrap();
        drop(writer);
        let reader = std::fs::File::from(std::os::fd::OwnedFd::from(reader));
        let mut file = wrap(reader).any().mode("rb").await.unwrap();
        let AnyFile::Binary(binary) = &mut file else {
            panic!("it is binary");
        };
        assert_eq!(binary.next_line().await.unwrap(), Some(&b"head"[..]));
        let refused = file.into_std().await.unwrap_err();
        let AnyFile::Binary(mut binary) = refused.into_file() else {
            panic!("it is binary still");
        };
        assert_eq!(binary.read().await.unwrap(), b"body");
    });
}

/// The public methods that stand in a file of `src`.
fn methods(file: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file);
    let source = std::fs::read_to_string(path).unwrap();
    let lines = source.lines().map(str::trim_start);
    let behind = lines.filter_map(|line| {
        let async_fn = line.strip_prefix("pub async fn ");
        async_fn.or_else(|| line.strip_prefix("pub fn "))
    });
    let name = |rest: &str| rest.split(['(', '<']).next().unwrap_or(rest).to_owned();
    behind.map(name).collect()
}

#[test]
fn what_all_kinds_have_a_file_of_any_kind_has() {
    // What all have by another signature, or to make a file of a kind that is known.
    const DIFFERS: [&str; 12] = [
        "read",
        "readline",
        "readlines",
        "next_line",
        "next_lines",
        "lines",
        "into_lines",
        "write",
        "writelines",
        "detach",
        "new",
        "from_std",
    ];
    let all_of = |files: &[&str]| -> BTreeSet<String> {
        files.iter().flat_map(|file| methods(file)).collect()
    };
    let shared = [
        "common",
        "state",
        "std_file",
        "hand_over",
        "attributes",
        "kind",
    ];
    let shared = all_of(
        &shared
            .map(|name| format!("file/{name}.rs"))
            .each_ref()
            .map(String::as_str),
    );
    let text = all_of(&["file/text.rs", "file/text/seeking.rs", "file/text/write.rs"]);
    let binary = all_of(&["file/bytes/methods.rs", "file/binary.rs"]);
    let raw = all_of(&["file/bytes/methods.rs", "file/raw.rs"]);
    let everywhere = text
        .intersection(&binary)
        .filter(|name| raw.contains(*name));
    // Of the error that brings a file back.
    let not_files = ["error", "into_file", "into_error"];
    let any = all_of(&["open/any.rs", "open/any/std_file.rs"]);
    let missing: Vec<&String> = shared
        .iter()
        .chain(everywhere)
        .filter(|name| !not_files.contains(&name.as_str()) && !DIFFERS.contains(&name.as_str()))
        .filter(|name| !any.contains(*name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(shared.len() > 20 && any.len() > 25, "the sources were read");
}
