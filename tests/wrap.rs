//! `wrap` over what std and `tempfile` have, with its keywords; `.with(..)` of `open`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/system.rs"]
mod system;

use std::fs::{File, OpenOptions};
use std::io::{Cursor, ErrorKind, Read, Seek, SeekFrom};

use aiofiles::{AnyFile, Error, RawIo, open, raw_io, wrap};
use common::{Count, Counting, Dir, is_closed, is_unsupported, run};

fn cursor(data: &str) -> Cursor<Vec<u8>> {
    Cursor::new(data.as_bytes().to_vec())
}

#[test]
fn a_std_file_keeps_its_cursor_and_its_access() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "0123456789");
        let mut std = File::open(&path).unwrap();
        Seek::seek(&mut std, SeekFrom::Start(3)).unwrap();
        let mut file = wrap(std).await.unwrap();
        assert!(file.readable() && !file.writable() && file.seekable());
        assert_eq!((file.name(), file.mode()), (None, "rb"));
        assert_eq!(file.tell().await.unwrap(), 3);
        assert_eq!(file.read().size(2).await.unwrap(), b"34");
        assert!(is_unsupported(&file.write(b"x").await));

        let std = OpenOptions::new().write(true).open(&path).unwrap();
        let mut file = wrap(std).text().await.unwrap();
        assert!(!file.readable() && file.writable());
        assert!(is_unsupported(&file.read().await));
        file.write("ab").await.unwrap();
        file.close().await.unwrap();
        assert_eq!(
            std::fs::read(&path).unwrap(),
            b"ab23456789",
            "nothing is truncated"
        );

        let std = OpenOptions::new().append(true).open(&path).unwrap();
        // Wine lets a handle that appends do what it may not do.
        let tells = std.set_len(10).is_err() || cfg!(unix);
        let mut file = wrap(std).raw().await.unwrap();
        file.write(b"!").await.unwrap();
        if tells {
            assert_eq!(file.mode(), "ab");
            assert_eq!(file.tell().await.unwrap(), 11);
        } else {
            println!("skipped: the system does not say that a handle appends");
        }

        let std = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .unwrap();
        let file = wrap(std).await.unwrap();
        assert_eq!(file.mode(), "rb+");
    });
}

#[test]
fn memory_can_be_read_and_written() {
    run(async {
        let mut file = wrap(cursor("one\ntwo\n")).await.unwrap();
        assert!(file.readable() && file.writable() && file.seekable() && !file.isatty());
        assert_eq!(file.readline().await.unwrap(), b"one\n");
        file.write(b"TWO").await.unwrap();
        file.truncate().await.unwrap();
        file.seek(SeekFrom::End(2)).await.unwrap();
        file.write(b"x").await.unwrap();
        let memory = file.into_raw().await.unwrap();
        assert_eq!(memory.position(), 10);
        assert_eq!(memory.into_inner(), b"one\nTWO\0\0x");
    });
}

#[test]
fn text_takes_the_keywords_of_open() {
    run(async {
        let raw = Cursor::new(b"a\xe9\rb".to_vec());
        let text = wrap(raw).text().encoding("latin-1").newline("\r");
        let mut file = text
            .errors("replace")
            .buffering(2)
            .mode("r+")
            .await
            .unwrap();
        assert_eq!(
            (file.encoding(), file.errors(), file.mode()),
            ("latin-1", "replace", "r+")
        );
        assert_eq!(file.readline().await.unwrap(), "aé\r");
        file.write("\n→").await.unwrap();
        assert_eq!(file.into_raw().await.unwrap().into_inner(), b"a\xe9\r\r?");
        let file = wrap(cursor("")).text().buffering(1).await.unwrap();
        assert!(file.line_buffering());
        let file = wrap(cursor(""))
            .text()
            .line_buffering(true)
            .write_through(true);
        let file = file.await.unwrap();
        assert!(file.line_buffering() && file.write_through());
        assert_eq!(file.name(), None);
    });
}

#[test]
fn text_begins_where_the_cursor_is() {
    run(async {
        let mut raw = Cursor::new(b"header\xfe\xff\0a\0b\xd8\0".to_vec());
        raw.set_position(6);
        let mut file = wrap(raw).text().encoding("utf-16").await.unwrap();
        let start = file.tell().await.unwrap();
        assert_eq!(
            file.read().size(1).await.unwrap(),
            "a",
            "in the order of the mark"
        );
        let error = file.read().await.unwrap_err();
        let Error::Decode { offset, bytes, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(
            (offset, bytes.as_slice()),
            (12, &b"\xd8\0"[..]),
            "of the file"
        );
        file.seek(start).await.unwrap();
        assert_eq!(file.read().size(2).await.unwrap(), "ab");
    });
}

#[test]
fn a_mode_takes_directions_away_and_moves_to_the_end() {
    run(async {
        let mut file = wrap(cursor("0123")).mode("r").await.unwrap();
        assert!(is_unsupported(&file.write(b"x").await));
        assert_eq!(file.mode(), "rb");
        let mut file = wrap(cursor("0123")).mode("w").await.unwrap();
        assert!(is_unsupported(&file.read().await));
        file.write(b"x").await.unwrap();
        let memory = file.into_raw().await.unwrap().into_inner();
        assert_eq!(memory, b"x123", "nothing is truncated");
        let mut file = wrap(cursor("0123")).mode("a+b").await.unwrap();
        assert_eq!(file.mode(), "ab+");
        assert_eq!(file.tell().await.unwrap(), 4);
        file.write(b"45").await.unwrap();
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.read().await.unwrap(), b"012345");
        let mut file = wrap(cursor("0123")).text().mode("a").await.unwrap();
        file.write("é").await.unwrap();
        let memory = file.into_raw().await.unwrap().into_inner();
        assert_eq!(memory, "0123é".as_bytes());
        // It gives no direction that the stream has not.
        let mut file = wrap(raw_io::reader(&b"x"[..]))
            .raw()
            .mode("r+")
            .await
            .unwrap();
        assert!(file.readable() && !file.writable());
        assert_eq!(file.read().await.unwrap(), b"x");
    });
}

#[test]
fn any_is_decided_by_the_mode() {
    run(async {
        let text = wrap(cursor("x")).any().mode("r+").await.unwrap();
        assert!(matches!(text, AnyFile::Text(_)));
        let bytes = wrap(cursor("x")).any().mode("rb").await.unwrap();
        assert!(matches!(bytes, AnyFile::Binary(_)));
        let raw = wrap(cursor("x"))
            .any()
            .mode("rb")
            .buffering(0)
            .await
            .unwrap();
        assert!(matches!(raw, AnyFile::Raw(_)));
    });
}

#[test]
fn bad_arguments_are_refused_as_by_open() {
    run(async {
        let error = wrap(cursor("")).mode("rw").await.unwrap_err();
        assert!(matches!(error, Error::InvalidMode { .. }));
        let error = wrap(cursor("")).mode("rt").await.unwrap_err();
        assert!(matches!(error, Error::InvalidMode { .. }));
        let error = wrap(cursor("")).text().encoding("nope").await.unwrap_err();
        assert!(matches!(error, Error::UnknownEncoding { .. }));
        let error = wrap(cursor("")).buffering(0).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let error = wrap(raw_io::reader(&b""[..])).mode("r+").await.map(drop);
        assert!(
            is_unsupported(&error),
            "both directions, and it cannot seek"
        );
    });
}

#[test]
fn named_temporary_files_are_streams() {
    run(async {
        let temporary = tempfile::NamedTempFile::new().unwrap();
        let path = temporary.path().to_owned();
        let mut file = wrap(temporary).text().await.unwrap();
        file.write("one\ntwo\n").await.unwrap();
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.readlines().await.unwrap(), ["one\n", "two\n"]);
        let written = system::native("one\ntwo\n");
        assert_eq!(file.metadata().await.unwrap().len(), written.len() as u64);
        file.sync_all().await.unwrap();
        let mut temporary = file.into_raw().await.unwrap();
        temporary.rewind().unwrap();
        let mut text = String::new();
        temporary.read_to_string(&mut text).unwrap();
        assert_eq!(text, written);
        assert!(path.exists());
        drop(temporary);
        assert!(!path.exists());
        let mut file = wrap(tempfile::SpooledTempFile::new(4)).await.unwrap();
        file.write(b"longer than four").await.unwrap();
        file.truncate().size(6).await.unwrap();
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.read().await.unwrap(), b"longer");
    });
}

#[test]
fn adapters_have_the_directions_of_what_they_adapt() {
    run(async {
        let mut file = wrap(raw_io::reader(&b"one\r\ntwo"[..]))
            .text()
            .await
            .unwrap();
        assert!(file.readable() && !file.writable() && !file.seekable());
        assert_eq!(file.readlines().await.unwrap(), ["one\n", "two"]);
        assert!(is_unsupported(&file.write("x").await));
        assert!(is_unsupported(&file.tell().await));

        let mut file = wrap(raw_io::writer(Vec::new()))
            .text()
            .newline("\r\n")
            .await
            .unwrap();
        assert!(!file.readable() && file.writable() && !file.seekable());
        file.write("one\n").await.unwrap();
        assert!(is_unsupported(&file.read().await));
        assert_eq!(file.into_raw().await.unwrap().into_inner(), b"one\r\n");

        let mut file = wrap(raw_io::read_write(cursor("0123")))
            .raw()
            .await
            .unwrap();
        assert!(file.readable() && file.writable() && file.seekable());
        assert_eq!(file.read().size(2).await.unwrap(), b"01");
        assert_eq!(file.write(b"x").await.unwrap(), 1);
        assert!(
            is_unsupported(&file.truncate().await),
            "std has no trait for that"
        );
        assert_eq!(
            file.into_raw().await.unwrap().into_inner().into_inner(),
            b"01x3"
        );
    });
}

#[test]
fn a_boxed_stream_is_a_stream() {
    run(async {
        let streams: Vec<Box<dyn RawIo>> =
            vec![Box::new(cursor("a")), Box::new(raw_io::reader(&b"b"[..]))];
        let mut all = String::new();
        for stream in streams {
            all += &wrap(stream).text().await.unwrap().read().await.unwrap();
        }
        assert_eq!(all, "ab");
    });
}

/// Notes its close and its drop.
struct Closing(Count, Count);

impl RawIo for Closing {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        Ok(buf.len())
    }

    fn close(&mut self) -> std::io::Result<()> {
        self.0.add();
        Err(ErrorKind::StorageFull.into())
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.1.add();
    }
}

#[test]
fn close_closes_the_stream_once_and_drops_it_on_the_executor() {
    run(async {
        let (closed, dropped, jobs) = (Count::default(), Count::default(), Counting::new());
        let raw = Closing(closed.clone(), dropped.clone());
        let mut file = wrap(raw).mode("w").executor(jobs.clone()).await.unwrap();
        assert_eq!(jobs.take(), 0, "it is open already");
        assert_eq!(
            file.close().await.unwrap_err().kind(),
            ErrorKind::StorageFull
        );
        assert_eq!((closed.get(), dropped.get()), (1, 1));
        assert_eq!(jobs.ops(), ["close"]);
        assert!(file.closed() && is_closed(&file.write(b"x").await));
        file.close().await.unwrap();
        assert_eq!((closed.get(), jobs.take()), (1, 0));
        // A call that is never awaited drops the stream.
        drop(wrap(Closing(closed, dropped.clone())));
        assert_eq!(dropped.get(), 2);
    });
}

#[test]
fn with_closes_and_gives_back_what_the_body_gives() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("f");
        let jobs = Counting::new();
        let call = open(&path).mode("w").executor(jobs.clone());
        let count = call
            .with(async |f| f.write("one\ntwo\n").await)
            .await
            .unwrap();
        assert_eq!(count, 8);
        assert_eq!(jobs.ops(), ["open", "close"]);
        open(&path)
            .mode("a")
            .with(async |f| {
                f.write("x\n").await?;
                Ok(())
            })
            .await
            .unwrap();
        let mut lines = Vec::new();
        let call = open(&path).with(async |f| {
            while let Some(line) = f.next_line().await? {
                lines.push(line.to_owned());
            }
            // Closing inside is fine.
            f.close().await
        });
        call.await.unwrap();
        assert_eq!(lines, ["one", "two", "x"]);
    });
}

#[test]
fn with_closes_after_an_error_which_wins_over_that_of_close() {
    run(async {
        let dir = Dir::new();
        let jobs = Counting::new();
        let call = open(dir.join("f")).mode("w+").executor(jobs.clone());
        let result = call.with(async |f| {
            f.write("x").await?;
            f.seek(SeekFrom::End(-1)).await.map(drop)
        });
        assert!(is_unsupported(&result.await));
        assert_eq!(jobs.ops().last(), Some(&"close"));
        assert_eq!(std::fs::read(dir.join("f")).unwrap(), b"x");

        let Some(device) = system::full_device() else {
            return;
        };
        let full = || open(device).binary().mode("w");
        let error = full()
            .with(async |f| f.write(b"x").await)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull, "close's");
        assert_eq!(error.raw_os_error(), Some(28));
        let result = full().with(async |f| {
            f.write(b"x").await?;
            f.read().await
        });
        assert!(is_unsupported(&result.await), "the body's");
    });
}
