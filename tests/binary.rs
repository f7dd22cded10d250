//! Buffered binary files: reads, lines, positions, writes, and both mixed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/system.rs"]
mod system;

use std::io::{Cursor, ErrorKind, SeekFrom};

use aiofiles::{BinaryFile, Error, open, wrap};
use common::{Chunks, Counting, Dir, is_closed, is_unsupported, run};
use futures::StreamExt;

const DIGITS: &[u8] = b"0123456789";

fn memory(data: &[u8]) -> BinaryFile<Cursor<Vec<u8>>> {
    BinaryFile::new(Cursor::new(data.to_vec()))
}

#[test]
fn read_is_short_only_at_the_end() {
    run(async {
        for chunk in 1..=4 {
            for size in 1..=12 {
                let raw = Chunks::new(DIGITS, chunk).pipe();
                let mut file = wrap(raw).buffering(size).await.unwrap();
                assert_eq!(file.read().size(0).await.unwrap(), b"");
                assert_eq!(file.read().size(3).await.unwrap(), b"012");
                assert_eq!(file.read().size(5).await.unwrap(), b"34567");
                assert_eq!(file.read().size(5).await.unwrap(), b"89");
                assert_eq!(file.read().size(5).await.unwrap(), b"");
                assert_eq!(file.read().await.unwrap(), b"");
            }
        }
        let mut file = wrap(Chunks::new(DIGITS, 3).pipe()).await.unwrap();
        assert_eq!(file.read().size(1).await.unwrap(), b"0");
        assert_eq!(file.readall().await.unwrap(), b"123456789");
    });
}

#[test]
fn one_read_may_be_longer_than_any_buffer() {
    run(async {
        let dir = Dir::new();
        let data: Vec<u8> = (0..5_000_000_u32).map(|n| n as u8).collect();
        let path = dir.file("f", &data);
        let mut file = open(&path).binary().buffering(16).await.unwrap();
        assert!(file.read().size(4_000_001).await.unwrap() == data[..4_000_001]);
        assert_eq!(file.tell().await.unwrap(), 4_000_001);
        assert!(file.read().await.unwrap() == data[4_000_001..]);
    });
}

#[test]
fn a_read_may_ask_for_more_than_there_is_memory() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", DIGITS);
        for size in [1 << 50, usize::MAX - 1, usize::MAX] {
            let mut file = open(&path).binary().await.unwrap();
            assert_eq!(file.read().size(size).await.unwrap(), DIGITS);
            let mut file = open(&path).raw().await.unwrap();
            assert_eq!(file.read().size(size).await.unwrap(), DIGITS);
            assert_eq!(file.read().size(size).await.unwrap(), b"");
            assert_eq!(file.read_at(5, size).await.unwrap(), b"56789");
            assert!(file.read_exact_at(5, size).await.is_err());
            let mut file = wrap(Chunks::new(DIGITS, 3).pipe()).await.unwrap();
            assert_eq!(file.read1(size).await.unwrap(), b"012");
            assert_eq!(file.peek(size).await.unwrap(), b"345");
            assert_eq!(file.read().size(size).await.unwrap(), b"3456789");
            let mut file = wrap(Chunks::new(DIGITS, 3).pipe()).raw().await.unwrap();
            assert_eq!(file.read().size(size).await.unwrap(), b"012");
            let mut file = open(&path).await.unwrap();
            assert_eq!(file.read().size(size).await.unwrap().as_bytes(), DIGITS);
        }
        // And what there is may be long.
        let data = vec![7; 20_000_000];
        let path = dir.file("long", &data);
        let mut file = open(&path).binary().await.unwrap();
        assert!(file.read().size(19_999_999).await.unwrap() == data[1..]);
        assert_eq!(file.read().size(19_999_999).await.unwrap(), [7]);
        assert!(file.read_at(0, 19_999_999).await.unwrap() == data[1..]);
        let mut file = wrap(Chunks::new(data.clone(), 1 << 20).pipe())
            .await
            .unwrap();
        assert!(file.read().size(19_999_999).await.unwrap() == data[1..]);
        assert_eq!(file.read().await.unwrap(), [7]);
    });
}

#[test]
fn the_end_is_not_for_ever() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "one\n");
        let mut file = open(&path).binary().await.unwrap();
        assert_eq!(file.read().await.unwrap(), b"one\n");
        assert_eq!(file.readline().await.unwrap(), b"");
        assert_eq!(file.next_line().await.unwrap(), None);
        let append = |data: &[u8]| {
            use std::io::Write;
            let mut other = std::fs::OpenOptions::new()
                .append(true)
                .open(&path)
                .unwrap();
            other.write_all(data).unwrap();
        };
        append(b"two");
        assert_eq!(file.readline().await.unwrap(), b"two");
        append(b"\nthree\n");
        assert_eq!(file.next_line().await.unwrap(), Some(&b""[..]));
        assert_eq!(file.peek(1).await.unwrap(), b"three\n");
        assert_eq!(file.read().await.unwrap(), b"three\n");
        append(b"four");
        let mut buf = [0; 10];
        assert_eq!(file.readinto(&mut buf).await.unwrap(), 4);
        append(b"!");
        assert_eq!(file.read1(10).await.unwrap(), b"!");
        assert_eq!(file.readlines().await.unwrap(), Vec::<Vec<u8>>::new());
    });
}

#[test]
fn read1_reads_at_most_once() {
    run(async {
        let raw = Chunks::new(DIGITS, 4);
        let mut file = wrap(raw.clone()).buffering(8).await.unwrap();
        assert_eq!(file.read1(0).await.unwrap(), b"");
        assert_eq!(raw.calls().0, 0);
        assert_eq!(file.read1(100).await.unwrap(), b"0123");
        assert_eq!(file.read1(2).await.unwrap(), b"45");
        let calls = raw.calls().0;
        assert!(calls <= 3, "{calls}");
        assert_eq!(file.peek(1).await.unwrap()[0], b'6');
        let ahead = file.peek(1).await.unwrap().to_vec();
        let calls = raw.calls().0;
        assert_eq!(
            file.read1(100).await.unwrap(),
            ahead,
            "what is buffered, alone"
        );
        assert_eq!(raw.calls().0, calls);
        while !file.read1(100).await.unwrap().is_empty() {}
        assert_eq!(file.read1(1).await.unwrap(), b"");
    });
}

#[test]
fn readinto_fills_as_much_as_there_is() {
    run(async {
        for buffering in [1, 4, 100] {
            let mut file = wrap(Chunks::new(DIGITS, 3))
                .buffering(buffering)
                .await
                .unwrap();
            let mut buf = [b'-'; 7];
            assert_eq!(file.readinto(&mut []).await.unwrap(), 0);
            assert_eq!(file.readinto(&mut buf).await.unwrap(), 7);
            assert_eq!(&buf, b"0123456");
            assert_eq!(file.readinto(&mut buf).await.unwrap(), 3);
            assert_eq!(&buf, b"7893456", "no more than it said");
            assert_eq!(file.readinto(&mut buf).await.unwrap(), 0);
        }
    });
}

#[test]
fn peek_shows_without_consuming() {
    run(async {
        for (hint, buffering) in [(0, 8), (1, 8), (100, 8), (3, 1)] {
            let raw = Chunks::new(DIGITS, 5);
            let mut file = wrap(raw.clone()).buffering(buffering).await.unwrap();
            let seen = file.peek(hint).await.unwrap().to_vec();
            assert!(!seen.is_empty() && DIGITS.starts_with(&seen));
            assert_eq!(raw.calls().0, 1);
            assert_eq!(file.tell().await.unwrap(), 0);
            assert_eq!(file.peek(hint).await.unwrap(), seen);
            assert_eq!(raw.calls().0, 1, "no read while anything is buffered");
            assert_eq!(file.read().await.unwrap(), DIGITS);
            assert_eq!(file.peek(hint).await.unwrap(), b"");
        }
    });
}

#[test]
fn lines_end_with_a_line_feed_and_nothing_else() {
    run(async {
        let mut file = memory(b"a\rb\r\n\n\x0b\x0c\x85\xe2\x80\xa8\nc");
        let lines: [&[u8]; 4] = [b"a\rb\r\n", b"\n", b"\x0b\x0c\x85\xe2\x80\xa8\n", b"c"];
        assert_eq!(file.readlines().await.unwrap(), lines);
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.next_line().await.unwrap(), Some(&b"a\rb\r"[..]));
        assert_eq!(file.next_line().await.unwrap(), Some(&b""[..]));
        assert_eq!(file.tell().await.unwrap(), 6);
        let rest: Vec<_> = file.lines().collect().await;
        let rest: Vec<_> = rest.into_iter().map(Result::unwrap).collect();
        assert_eq!(rest, [&lines[2][..6], b"c"]);
    });
}

#[test]
fn readline_gives_at_most_so_many_bytes_of_a_line() {
    run(async {
        for chunk in [1, 2, 100] {
            let mut file = wrap(Chunks::new(b"abcd\nef\n", chunk))
                .buffering(3)
                .await
                .unwrap();
            for (size, line) in [
                (0, &b""[..]),
                (3, b"abc"),
                (1, b"d"),
                (1, b"\n"),
                (3, b"ef\n"),
                (9, b""),
            ] {
                assert_eq!(file.readline().size(size).await.unwrap(), line);
            }
            assert_eq!(file.tell().await.unwrap(), 8);
        }
    });
}

/// The hints and how many lines of `a\nbb\n\nccc\nd` they give, as CPython's.
const HINTS: [(usize, usize); 9] = [
    (0, 5),
    (1, 1),
    (2, 2),
    (3, 2),
    (4, 2),
    (5, 3),
    (6, 4),
    (10, 5),
    (100, 5),
];

#[test]
fn readlines_stops_behind_the_line_that_exceeds_the_hint() {
    run(async {
        let lines: [&[u8]; 5] = [b"a\n", b"bb\n", b"\n", b"ccc\n", b"d"];
        for chunk in [1, 3, 100] {
            for (hint, count) in HINTS {
                let raw = Chunks::new(lines.concat(), chunk);
                let mut file = wrap(raw).buffering(2).await.unwrap();
                let got = file.readlines().hint(hint).await.unwrap();
                assert_eq!(got, lines[..count], "hint {hint}");
                let at = lines[..count].concat().len();
                assert_eq!(file.tell().await.unwrap(), at as u64);
                assert_eq!(file.read().await.unwrap(), lines[count..].concat());
            }
        }
    });
}

#[test]
fn iteration_keeps_line_ends_and_can_be_resumed() {
    run(async {
        let mut file = memory(b"a\nb\nc");
        assert_eq!(file.next().await.unwrap().unwrap(), b"a\n");
        assert_eq!(file.tell().await.unwrap(), 2, "telling within an iteration");
        assert_eq!(file.by_ref().count().await, 2);
        assert!(file.next().await.is_none());
        file.seek(SeekFrom::Start(2)).await.unwrap();
        assert_eq!(file.next().await.unwrap().unwrap(), b"b\n");
        file.close().await.unwrap();
        assert!(is_closed(&file.next().await.unwrap()));
        let mut file = wrap(Cursor::new(Vec::new())).mode("w").await.unwrap();
        assert!(is_unsupported(&file.next().await.unwrap()));
    });
}

#[test]
fn long_lines_are_refused_and_not_consumed() {
    run(async {
        let mut file = memory(b"four\nfive5\nx");
        assert_eq!(
            file.next_line().max_len(4).await.unwrap(),
            Some(&b"four"[..])
        );
        let error = file.next_line().max_len(4).await.unwrap_err();
        assert!(matches!(error, Error::LineTooLong { limit: 4, .. }));
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert_eq!(
            file.next_line().max_len(5).await.unwrap(),
            Some(&b"five5"[..])
        );
        file.seek(SeekFrom::Start(0)).await.unwrap();
        let lines: Vec<_> = file.lines().max_len(4).collect().await;
        assert_eq!(lines.len(), 2);
        assert!(matches!(lines[1], Err(Error::LineTooLong { .. })));
        assert_eq!(file.readline().await.unwrap(), b"five5\n");
        // Nor is more than the limit kept in memory.
        let raw = Chunks::new(vec![b'x'; 1_000_000], 1 << 20);
        let mut file = wrap(raw.clone()).buffering(100).await.unwrap();
        assert!(file.next_line().max_len(1000).await.is_err());
        assert!(raw.calls().0 <= 12, "{:?}", raw.calls());
    });
}

#[test]
fn seek_and_tell_are_about_the_logical_position() {
    run(async {
        let mut file = memory(b"01\n3456789");
        file.readline().await.unwrap();
        assert_eq!(file.tell().await.unwrap(), 3);
        file.peek(1).await.unwrap();
        assert_eq!(file.tell().await.unwrap(), 3);
        assert_eq!(file.seek(SeekFrom::Current(0)).await.unwrap(), 3);
        assert_eq!(file.seek(SeekFrom::Current(2)).await.unwrap(), 5);
        assert_eq!(file.read().size(1).await.unwrap(), b"5");
        assert_eq!(file.seek(SeekFrom::Current(-6)).await.unwrap(), 0);
        assert_eq!(file.seek(SeekFrom::End(-1)).await.unwrap(), 9);
        assert_eq!(file.read().await.unwrap(), b"9");
        assert_eq!(file.seek(SeekFrom::Start(100)).await.unwrap(), 100);
        assert_eq!(file.read().await.unwrap(), b"");
        assert_eq!(file.tell().await.unwrap(), 100);
    });
}

#[test]
fn a_seek_before_the_start_is_refused_and_moves_nothing() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", DIGITS);
        let mut file = open(&path).binary().await.unwrap();
        file.read().size(4).await.unwrap();
        for to in [
            SeekFrom::Current(-5),
            SeekFrom::End(-11),
            SeekFrom::Start(u64::MAX),
        ] {
            let error = file.seek(to).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            if cfg!(unix) {
                assert_eq!(error.raw_os_error(), Some(22));
            }
            assert_eq!(error.path(), Some(path.as_path()));
            assert_eq!(file.tell().await.unwrap(), 4);
        }
        assert_eq!(file.read().await.unwrap(), b"456789");
    });
}

#[test]
fn writes_loop_over_short_ones() {
    run(async {
        for buffering in [1, 4, 100] {
            let raw = Chunks::new(Vec::new(), 2);
            let mut file = wrap(raw.clone())
                .mode("w")
                .buffering(buffering)
                .await
                .unwrap();
            assert_eq!(file.write(b"").await.unwrap(), 0);
            assert_eq!(file.write(b"abcde").await.unwrap(), 5);
            file.writelines([&b"fg"[..], b"", b"hij"]).await.unwrap();
            file.writelines(["k", "lm"]).await.unwrap();
            file.flush().await.unwrap();
            assert_eq!(raw.data(), b"abcdefghijklm");
        }
    });
}

#[test]
fn truncate_cuts_or_grows_and_does_not_move() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", DIGITS);
        let on_disk = || std::fs::read(&path).unwrap();
        let mut file = open(&path).binary().mode("r+").await.unwrap();
        assert_eq!(file.read().size(2).await.unwrap(), b"01");
        assert_eq!(file.truncate().await.unwrap(), 2, "the logical position");
        assert_eq!(on_disk(), b"01");
        assert_eq!(
            (file.tell().await.unwrap(), file.read().await.unwrap()),
            (2, vec![])
        );
        file.write(b"qq").await.unwrap();
        assert_eq!(file.truncate().size(1).await.unwrap(), 1);
        assert_eq!(file.tell().await.unwrap(), 4);
        file.write(b"Z").await.unwrap();
        file.flush().await.unwrap();
        assert_eq!(on_disk(), b"0\0\0\0Z");
        assert_eq!(file.truncate().size(7).await.unwrap(), 7);
        assert_eq!(on_disk(), b"0\0\0\0Z\0\0");
        let mut file = open(&path).binary().await.unwrap();
        assert!(is_unsupported(&file.truncate().await));
        assert!(is_unsupported(&file.truncate().size(1).await));
        assert_eq!(on_disk().len(), 7);
    });
}

/// The sequence of the oracle's p3, "BufferedRandom interplay".
#[test]
fn reads_and_writes_mix_freely() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", DIGITS);
        let on_disk = || std::fs::read(&path).unwrap();
        let mut f = open(&path).binary().mode("r+").await.unwrap();
        assert_eq!(f.read().size(3).await.unwrap(), b"012");
        assert_eq!(f.write(b"AB").await.unwrap(), 2);
        assert_eq!(f.tell().await.unwrap(), 5);
        assert_eq!(f.read().size(2).await.unwrap(), b"56");
        assert_eq!(f.tell().await.unwrap(), 7);
        f.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(f.read().await.unwrap(), b"012AB56789");
        f.write(b"!").await.unwrap();
        f.flush().await.unwrap();
        assert_eq!(on_disk(), b"012AB56789!");
        f.seek(SeekFrom::Start(1)).await.unwrap();
        f.write(b"x").await.unwrap();
        assert_eq!(f.seek(SeekFrom::Current(0)).await.unwrap(), 2);
        assert_eq!(on_disk(), b"0x2AB56789!");
        f.write(b"y").await.unwrap();
        assert_eq!(f.seek(SeekFrom::Current(2)).await.unwrap(), 5);
        assert_eq!(f.read().size(1).await.unwrap(), b"5");
        f.seek(SeekFrom::Start(0)).await.unwrap();
        f.read().size(1).await.unwrap();
        f.write(b"W").await.unwrap();
        assert_eq!(f.peek(3).await.unwrap()[0], b'y');
        assert_eq!(on_disk(), b"0WyAB56789!");
        f.seek(SeekFrom::Start(0)).await.unwrap();
        f.write(b"m").await.unwrap();
        let mut buf = [0; 2];
        assert_eq!(f.readinto(&mut buf).await.unwrap(), 2);
        assert_eq!(&buf, b"Wy");
        f.seek(SeekFrom::Start(0)).await.unwrap();
        f.write(b"n").await.unwrap();
        assert_eq!(f.readline().await.unwrap(), b"WyAB56789!");
        assert_eq!(f.tell().await.unwrap(), 11);
        f.write(b"\ntail").await.unwrap();
        f.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(
            f.readlines().await.unwrap(),
            [&b"nWyAB56789!\n"[..], b"tail"]
        );
    });
}

#[test]
fn a_failed_flush_keeps_the_bytes_and_close_tells_again() {
    run(async {
        let Some(full) = system::full_device() else {
            return;
        };
        let full = open(full).binary().mode("w");
        let mut file = full.executor(Counting::new()).await.unwrap();
        file.write(b"x").await.unwrap();
        for _ in 0..2 {
            let error = file.flush().await.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(28));
            assert_eq!(error.path().unwrap().to_str(), Some("/dev/full"));
        }
        assert_eq!(
            file.close().await.unwrap_err().kind(),
            ErrorKind::StorageFull
        );
        assert!(file.closed());
        file.close().await.unwrap();
    });
}

#[test]
fn raw_is_the_file_below() {
    run(async {
        let mut file = memory(DIGITS);
        assert_eq!(file.peek(1).await.unwrap()[0], b'0');
        file.write(b"x").await.unwrap();
        assert_eq!(file.raw().tell().await.unwrap(), 1);
        assert_eq!(file.raw().read().size(2).await.unwrap(), b"12");
        assert_eq!(file.tell().await.unwrap(), 3);
        let mut raw = file.detach().await.unwrap();
        assert_eq!(raw.read().await.unwrap(), b"3456789");
        assert_eq!(raw.into_raw().await.unwrap().into_inner(), b"x123456789");
    });
}
