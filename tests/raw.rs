//! Raw files: one system call for one operation, nothing read ahead.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/system.rs"]
mod system;

use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};

use aiofiles::{RawFile, open, wrap};
use common::{Chunks, Counting, Dir, is_closed, is_unsupported, run};
use futures::StreamExt;
use system::{full_device, pipe, same_open_file};

const DIGITS: &[u8] = b"0123456789";

#[test]
fn a_read_is_one_system_call() {
    run(async {
        let raw = Chunks::new(DIGITS, 4);
        let mut file = wrap(raw.clone()).raw().await.unwrap();
        assert_eq!(file.read().size(0).await.unwrap(), b"");
        assert_eq!(raw.calls().0, 0);
        assert_eq!(file.read().size(3).await.unwrap(), b"012");
        assert_eq!(file.read().size(100).await.unwrap(), b"3456", "short");
        assert_eq!(raw.calls().0, 2);
        let mut buf = [0; 2];
        assert_eq!(file.readinto(&mut buf).await.unwrap(), 2);
        assert_eq!(&buf, b"78");
        assert_eq!(raw.calls().0, 3);
        assert_eq!(file.read().size(5).await.unwrap(), b"9");
        assert_eq!(file.read().size(5).await.unwrap(), b"");
        assert_eq!(file.readinto(&mut buf).await.unwrap(), 0);
        raw.push(b"more");
        assert_eq!(
            file.read().await.unwrap(),
            b"more",
            "the end is not for ever"
        );
        assert_eq!(file.readinto(&mut []).await.unwrap(), 0);
    });
}

#[test]
fn a_pipe_gives_what_is_there() {
    run(async {
        let (reader, mut writer) = pipe();
        let mut file = RawFile::from_std(reader);
        assert!(file.readable() && !file.seekable());
        // Windows does not say in which direction a pipe goes.
        assert!(!file.writable() || cfg!(windows));
        writer.write_all(b"hello").unwrap();
        assert_eq!(file.read().size(100).await.unwrap(), b"hello");
        assert!(is_unsupported(&file.tell().await));
        assert!(is_unsupported(&file.seek(SeekFrom::Start(0)).await));
        assert!(is_unsupported(&file.read_at(0, 1).await) || cfg!(not(unix)));
        writer.write_all(b"a\nb\nc").unwrap();
        drop(writer);
        assert_eq!(file.readline().await.unwrap(), b"a\n");
        assert_eq!(file.read().await.unwrap(), b"b\nc");
        assert_eq!(file.read().await.unwrap(), b"");
    });
}

#[test]
fn readall_reads_files_that_say_they_are_empty() {
    run(async {
        let mut file = open("/proc/self/status").raw().await.unwrap();
        assert_eq!(file.metadata().await.unwrap().len(), 0);
        assert!(file.readall().await.unwrap().starts_with(b"Name:"));
        assert_eq!(file.readall().await.unwrap(), b"");
        let dir = Dir::new();
        let path = dir.file("f", DIGITS);
        let mut file = open(&path).raw().await.unwrap();
        file.seek(SeekFrom::Start(100)).await.unwrap();
        assert_eq!(file.readall().await.unwrap(), b"");
        file.seek(SeekFrom::Start(7)).await.unwrap();
        assert_eq!(file.readall().await.unwrap(), b"789");
        let mut file = open(&path).raw().mode("w").await.unwrap();
        assert!(is_unsupported(&file.readall().await));
    });
}

#[test]
fn a_write_is_one_system_call_and_may_be_short() {
    run(async {
        let raw = Chunks::new(Vec::new(), 2);
        let mut file = wrap(raw.clone()).raw().mode("w").await.unwrap();
        assert_eq!(file.write(b"").await.unwrap(), 0);
        assert_eq!(raw.calls().1, 0);
        assert_eq!(file.write(b"abc").await.unwrap(), 2);
        assert_eq!(raw.calls().1, 1);
        assert_eq!(raw.data(), b"ab", "at once");
        // CPython drops what a short write leaves; here lines are written whole.
        file.writelines([&b"CDEFG"[..], b"H"]).await.unwrap();
        assert_eq!(raw.data(), b"abCDEFGH");
        file.flush().await.unwrap();
        if let Some(full) = full_device() {
            let mut full = open(full).raw().mode("w").await.unwrap();
            assert_eq!(full.write(b"x").await.unwrap_err().raw_os_error(), Some(28));
            full.close().await.unwrap();
        }
    });
}

#[test]
fn readline_does_not_read_past_the_line() {
    run(async {
        let dir = Dir::new();
        let long = [b'x'; 20_000];
        let path = dir.file("f", [&b"ab\n"[..], &long, b"\nrest"].concat());
        let mut file = open(&path).raw().await.unwrap();
        // Shares the cursor of the file.
        let mut dup = same_open_file(&file);
        assert_eq!(file.readline().size(1).await.unwrap(), b"a");
        assert_eq!(dup.stream_position().unwrap(), 1);
        assert_eq!(file.readline().await.unwrap(), b"b\n");
        assert_eq!(dup.stream_position().unwrap(), 3);
        assert_eq!(file.readline().await.unwrap().len(), 20_001);
        assert_eq!(dup.stream_position().unwrap(), 20_004);
        assert_eq!(file.readline().size(0).await.unwrap(), b"");
        assert_eq!(file.readline().await.unwrap(), b"rest");
        assert_eq!(file.readline().await.unwrap(), b"");
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.readlines().hint(2).await.unwrap(), [b"ab\n"]);
        assert_eq!(dup.stream_position().unwrap(), 3);
        assert_eq!(file.next().await.unwrap().unwrap().len(), 20_001);
        assert_eq!(dup.stream_position().unwrap(), 20_004);
    });
}

#[test]
fn readline_leaves_the_rest_in_the_pipe() {
    run(async {
        let (reader, mut writer) = pipe();
        let mut other = reader.try_clone().unwrap();
        let jobs = Counting::new();
        let mut file = wrap(reader).raw().executor(jobs.clone()).await.unwrap();
        writer.write_all(b"first line\nsecond").unwrap();
        assert_eq!(file.readline().await.unwrap(), b"first line\n");
        assert_eq!(jobs.take(), 1);
        let mut buf = [0; 100];
        let n = other.read(&mut buf).unwrap();
        assert_eq!(&buf[..n], b"second");
    });
}

#[test]
fn hints_are_as_for_buffered_files() {
    run(async {
        let lines: [&[u8]; 5] = [b"a\n", b"bb\n", b"\n", b"ccc\n", b"d"];
        for (hint, count) in [(0, 5), (1, 1), (2, 2), (4, 2), (5, 3), (6, 4), (10, 5)] {
            for chunk in [1, 2, 100] {
                let mut file = wrap(Chunks::new(lines.concat(), chunk))
                    .raw()
                    .await
                    .unwrap();
                let got = file.readlines().hint(hint).await.unwrap();
                assert_eq!(got, lines[..count], "hint {hint}, chunk {chunk}");
                assert_eq!(file.readlines().await.unwrap(), lines[count..]);
            }
        }
    });
}

#[test]
fn streams_of_lines_may_read_ahead_and_know_where_they_are() {
    run(async {
        let jobs = Counting::new();
        let raw = Chunks::new("line\n".repeat(1000), usize::MAX);
        let mut file = wrap(raw).raw().executor(jobs.clone()).await.unwrap();
        assert_eq!(file.next_line().await.unwrap(), Some(&b"line"[..]));
        assert_eq!(file.tell().await.unwrap(), 5);
        assert_eq!(file.lines().count().await, 999);
        assert!(jobs.take() <= 4);
    });
}

#[test]
fn positions_are_the_systems() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", DIGITS);
        let mut file = open(&path).raw().mode("r+").await.unwrap();
        assert_eq!(file.seek(SeekFrom::End(-3)).await.unwrap(), 7);
        assert_eq!(file.seek(SeekFrom::Current(-2)).await.unwrap(), 5);
        for to in [SeekFrom::Current(-6), SeekFrom::End(-11)] {
            let error = file.seek(to).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.raw_os_error() == Some(22) || cfg!(windows));
        }
        assert_eq!(file.tell().await.unwrap(), 5);
        assert_eq!(file.write(b"AB").await.unwrap(), 2);
        assert_eq!(file.read().size(1).await.unwrap(), b"7");
        assert_eq!(file.truncate().await.unwrap(), 8);
        assert_eq!(file.tell().await.unwrap(), 8);
        assert_eq!(file.truncate().size(10).await.unwrap(), 10);
        assert_eq!(
            file.truncate().size(u64::MAX).await.unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
        assert_eq!(file.tell().await.unwrap(), 8);
        assert_eq!(std::fs::read(&path).unwrap(), b"01234AB7\0\0");
        assert_eq!(file.seek(SeekFrom::Start(100)).await.unwrap(), 100);
        assert_eq!(file.read().size(5).await.unwrap(), b"");
    });
}

#[test]
fn appending_moves_to_the_end() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", DIGITS);
        let mut file = open(&path).raw().mode("a+").await.unwrap();
        assert_eq!(file.tell().await.unwrap(), 10);
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.write(b"Q").await.unwrap(), 1);
        assert_eq!(file.tell().await.unwrap(), 11);
        file.seek(SeekFrom::Start(8)).await.unwrap();
        assert_eq!(file.read().await.unwrap(), b"89Q");
    });
}

#[test]
fn closed_wins_over_the_direction() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", DIGITS);
        let mut file = open(&path).raw().mode("w").await.unwrap();
        file.close().await.unwrap();
        assert!(is_closed(&file.read().await));
        assert!(is_closed(&file.write(b"").await));
        assert!(is_closed(&file.flush().await));
        assert_eq!((file.mode(), file.name()), ("wb", Some(path.as_path())));
    });
}
