//! Text files: decoding however the bytes come, bad bytes, line ends, and following a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/system.rs"]
mod system;

use std::io::{ErrorKind, SeekFrom, Write};
use std::time::Duration;

use aiofiles::{Error, Result, TextFile, open, wrap};
use common::{Chunks, Count, Dir, is_unsupported, run};
use futures::StreamExt;

/// A text file over bytes that come in reads of these sizes, then one by one.
async fn chunked(data: &[u8], sizes: &[usize], encoding: &str, errors: &str) -> TextFile<Chunks> {
    let raw = Chunks::new(data, 1).sizes(sizes).pipe();
    wrap(raw)
        .text()
        .encoding(encoding)
        .errors(errors)
        .await
        .unwrap()
}

/// What a decode error says: offset and bytes.
fn bad<T: std::fmt::Debug>(result: Result<T>) -> (u64, Vec<u8>) {
    match result {
        Err(Error::Decode { offset, bytes, .. }) => (offset, bytes),
        other => panic!("{other:?} is no decode error"),
    }
}

const SAMPLES: [(&str, &[u8], &str); 8] = [
    ("utf-8", "aé\r\n𝄞\r漢\n".as_bytes(), "aé\n𝄞\n漢\n"),
    ("utf-8-sig", b"\xef\xbb\xbf\xc3\xa9\r\nb", "é\nb"),
    ("utf-16", b"\xfe\xff\0a\0\r\0\n\xd8\x34\xdd\x1e", "a\n𝄞"),
    ("utf-16-le", b"\x34\xd8\x1e\xdd\r\0\n\0", "𝄞\n"),
    ("utf-32-be", b"\0\0\0\r\0\0\0\n\0\x01\xd1\x1e", "\n𝄞"),
    ("shift_jis", b"\x8a\xbf\r\n\x8e\x9a", "漢\n字"),
    ("gb18030", b"\x94\x39\xfc\x36\r\n\xba\xba", "😀\n汉"),
    ("iso-2022-jp", b"\x1b$B4A\x1b(B\r\n\x1b$B;z\x1b(B", "漢\n字"),
];

// aiofile#23, aiofile#38: a character cut between two reads.
#[test]
fn characters_and_line_ends_are_whole_at_every_split() {
    run(async {
        for (encoding, data, text) in SAMPLES {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            for split in 0..=data.len() {
                let sizes: &[usize] = if split == 0 {
                    &[]
                } else {
                    &[split, data.len()]
                };
                let open = || chunked(data, sizes, encoding, "strict");
                assert_eq!(
                    open().await.read().await.unwrap(),
                    text,
                    "{encoding} at {split}"
                );
                assert_eq!(
                    open().await.readlines().await.unwrap(),
                    lines,
                    "{encoding} at {split}"
                );
                let mut file = open().await;
                for c in text.chars() {
                    assert_eq!(
                        file.read().size(1).await.unwrap(),
                        c.to_string(),
                        "{encoding}"
                    );
                }
                assert_eq!(file.read().size(1).await.unwrap(), "");
                let stripped: Vec<_> = open()
                    .await
                    .into_lines()
                    .map(Result::unwrap)
                    .collect()
                    .await;
                assert_eq!(
                    stripped,
                    text.lines().collect::<Vec<_>>(),
                    "{encoding} at {split}"
                );
            }
        }
    });
}

// aiofile#58, aiofile#91: sizes were bytes here and characters there.
#[test]
fn sizes_are_in_characters() {
    run(async {
        let mut file = chunked("é漢😀\nß".as_bytes(), &[], "utf-8", "strict").await;
        assert_eq!(file.read().size(2).await.unwrap(), "é漢");
        assert_eq!(file.readline().size(1).await.unwrap(), "😀");
        assert_eq!(file.readline().size(9).await.unwrap(), "\n");
        assert_eq!(file.read().size(0).await.unwrap(), "");
        assert_eq!(file.read().size(9).await.unwrap(), "ß");
        // A hint too: 3 + 2 characters, 9 + 2 bytes.
        let text = "漢漢\n字\nx";
        let mut file = chunked(text.as_bytes(), &[], "utf-8", "strict").await;
        assert_eq!(file.readlines().hint(3).await.unwrap(), ["漢漢\n", "字\n"]);
        assert_eq!(file.readlines().hint(0).await.unwrap(), ["x"]);
    });
}

/// tokio#8400: an incomplete character at the end.
#[test]
fn what_is_before_bad_bytes_is_delivered_first() {
    run(async {
        for size in [1, 2, 3] {
            let mut file = chunked(b"ab\xc3", &[size], "utf-8", "strict").await;
            assert_eq!(file.read().size(1).await.unwrap(), "a");
            assert_eq!(file.read().size(1).await.unwrap(), "b");
            assert_eq!(bad(file.read().size(1).await), (2, vec![0xc3]));
            assert_eq!(
                file.read().size(1).await.unwrap(),
                "",
                "and it goes on behind"
            );
        }
        for sizes in [&[][..], &[4], &[5, 100], &[100]] {
            let mut file = chunked(b"ok\nx\xffy\nz\n", sizes, "utf-8", "strict").await;
            assert_eq!(file.readline().await.unwrap(), "ok\n");
            assert_eq!(bad(file.readline().await), (4, vec![0xff]));
            assert_eq!(file.next_line().await.unwrap(), Some("z"));
            assert_eq!(file.next_line().await.unwrap(), None);
            let mut file = chunked(b"ok\nx\xffy", sizes, "utf-8", "strict").await;
            assert_eq!(
                bad(file.read().await),
                (4, vec![0xff]),
                "a read to the end fails"
            );
            assert_eq!(file.read().await.unwrap(), "ok\nx");
            assert_eq!(file.read().await.unwrap(), "y");
            let mut file = chunked(b"ok\nx\xffy", sizes, "utf-8", "strict").await;
            assert_eq!(file.read().size(4).await.unwrap(), "ok\nx");
            assert_eq!(bad(file.read().size(4).await), (4, vec![0xff]));
            let lines: Vec<_> = chunked(b"a\n\xff\n", sizes, "utf-8", "strict")
                .await
                .into_lines()
                .collect()
                .await;
            assert_eq!(lines.len(), 2, "the line, and the error that ends it");
        }
    });
}

#[test]
fn errors_tell_offset_and_bytes_in_the_file() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", [&b"a\n".repeat(100_000)[..], b"\xe6\xbc(\n"].concat());
        let mut file = open(&path).await.unwrap();
        while let Ok(Some(_)) = file.next_line().await {}
        file.seek(SeekFrom::Start(0)).await.unwrap();
        let error = file.read().await.unwrap_err();
        let (kind, message) = (error.kind(), error.to_string());
        assert_eq!(kind, ErrorKind::InvalidData);
        assert!(
            message.contains("utf-8") && message.contains("200000"),
            "{message}"
        );
        assert!(
            message.contains("e6 bc") && message.contains(path.to_str().unwrap()),
            "{message}"
        );
        assert_eq!(bad(Err::<(), _>(error)), (200_000, vec![0xe6, 0xbc]));
        assert_eq!(file.read().await.unwrap().len(), 200_000);
        assert_eq!(file.read().await.unwrap(), "(\n");
        for (encoding, data, expected) in [
            ("ascii", &b"ab\x80"[..], (2, &b"\x80"[..])),
            ("utf-16", b"ab", (0, b"ab")),
            ("utf-16-le", b"a\0\0\xd8a\0", (2, b"\0\xd8")),
            ("utf-16-be", b"\0a\0", (2, b"\0")),
            ("utf-32-le", b"a\0\0\0\0\0\x11\0", (4, b"\0\0\x11\0")),
            ("shift_jis", b"a\x81", (1, b"\x81")),
        ] {
            for sizes in [&[][..], &[100]] {
                let mut file = chunked(data, sizes, encoding, "strict").await;
                let (offset, bytes) = bad(file.read().await);
                assert_eq!((offset, bytes.as_slice()), expected, "{encoding}");
            }
        }
    });
}

#[test]
fn policies_decide_what_becomes_of_bad_bytes() {
    run(async {
        // The number of U+FFFD is that of maximal subparts, at any split.
        for (bytes, replaced) in [
            (&b"\xf0\x80\x80"[..], "\u{fffd}\u{fffd}\u{fffd}"),
            (b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
            (b"\xc0\xaf", "\u{fffd}\u{fffd}"),
            (b"\xe2\x82(", "\u{fffd}("),
            (b"\xf0\x9f\x98A", "\u{fffd}A"),
            (b"ok\xe6\xbc", "ok\u{fffd}"),
        ] {
            for sizes in [&[][..], &[2], &[100]] {
                let read = async |policy| {
                    chunked(bytes, sizes, "utf-8", policy)
                        .await
                        .read()
                        .await
                        .unwrap()
                };
                assert_eq!(read("replace").await, replaced);
                assert_eq!(read("ignore").await, replaced.replace('\u{fffd}', ""));
                let escaped = read("backslashreplace").await;
                let bad = bytes.iter().filter(|byte| !byte.is_ascii()).count();
                assert_eq!(escaped.matches("\\x").count(), bad, "{escaped}");
            }
        }
    });
}

#[test]
fn line_ends_are_those_of_the_newline() {
    run(async {
        let data = "a\nb\r\nc\rd\x0b\x0c\u{85}\u{2028}e";
        let last = "\x0b\x0c\u{85}\u{2028}e";
        let d = format!("d{last}");
        let cases: [(Option<&str>, Vec<String>, &[&str]); 5] = [
            (
                None,
                vec!["a\n".into(), "b\n".into(), "c\n".into(), d.clone()],
                &["\r", "\n", "\r\n"],
            ),
            (
                Some(""),
                vec!["a\n".into(), "b\r\n".into(), "c\r".into(), d.clone()],
                &["\r", "\n", "\r\n"],
            ),
            (
                Some("\n"),
                vec!["a\n".into(), "b\r\n".into(), format!("c\r{d}")],
                &[],
            ),
            (
                Some("\r"),
                vec!["a\nb\r".into(), "\nc\r".into(), d.clone()],
                &[],
            ),
            (
                Some("\r\n"),
                vec!["a\nb\r\n".into(), format!("c\r{d}")],
                &[],
            ),
        ];
        for (newline, lines, seen) in cases {
            for sizes in [&[][..], &[4], &[100]] {
                let raw = Chunks::new(data, 1).sizes(sizes);
                let mut wrap = wrap(raw).text();
                if let Some(newline) = newline {
                    wrap = wrap.newline(newline);
                }
                let mut file = wrap.await.unwrap();
                assert!(file.newlines().is_empty());
                assert_eq!(file.readlines().await.unwrap(), lines, "{newline:?}");
                assert_eq!(file.newlines(), seen, "{newline:?}");
                file.tell().await.unwrap();
                assert_eq!(file.newlines(), seen, "telling does not wipe it");
                file.seek(SeekFrom::Start(0)).await.unwrap();
                assert!(file.newlines().is_empty(), "a seek to the start does");
                assert_eq!(file.read().await.unwrap(), lines.concat());
            }
        }
    });
}

#[test]
fn a_carriage_return_at_the_end_of_a_pipe_waits_for_what_follows() {
    run(async {
        let (reader, mut writer) = system::pipe();
        let mut file = TextFile::from_std(reader);
        writer.write_all(b"a\n\r").unwrap();
        assert_eq!(file.readline().await.unwrap(), "a\n");
        {
            let mut line = Box::pin(file.readline());
            assert!(common::poll_once(line.as_mut()).is_none());
        }
        writer.write_all(b"\nb\r").unwrap();
        assert_eq!(
            file.readline().await.unwrap(),
            "\n",
            "one line end, not two"
        );
        drop(writer);
        assert_eq!(file.readline().await.unwrap(), "b\n");
        assert_eq!(file.readline().await.unwrap(), "");
        assert_eq!(file.newlines(), ["\r", "\n", "\r\n"]);
    });
}

#[test]
fn as_many_characters_as_are_there_wait_for_nothing_but_half_a_line_end() {
    for (newline, content, reads) in [
        ("", "ab", 1),
        ("", "a\n", 1),
        ("", "a\r", 2),
        ("\n", "a\r", 1),
        ("\r", "a\r", 1),
        ("\r\n", "a\r", 1),
    ] {
        let stream = Chunks::new(content, 2).pipe();
        run(async {
            let made = wrap(stream.clone()).text().newline(newline);
            let mut file = made.await.unwrap();
            assert_eq!(file.read().size(2).await.unwrap(), content);
        });
        assert_eq!(stream.calls().0, reads, "{newline:?}, {content:?}");
    }
}

#[test]
fn long_lines_are_refused_and_not_consumed() {
    run(async {
        let mut file = chunked("ab\nçà\nxyz".as_bytes(), &[], "utf-8", "strict").await;
        assert_eq!(file.next_line().max_len(3).await.unwrap(), Some("ab"));
        let error = file.next_line().max_len(3).await.unwrap_err();
        assert!(
            matches!(error, Error::LineTooLong { limit: 3, .. }),
            "in bytes"
        );
        assert_eq!(file.next_line().max_len(4).await.unwrap(), Some("çà"));
        assert!(file.next_line().max_len(2).await.is_err());
        assert_eq!(file.next_line().max_len(3).await.unwrap(), Some("xyz"));
        assert_eq!(file.next_line().max_len(3).await.unwrap(), None);
        let raw = Chunks::new(vec![b'x'; 1_000_000], usize::MAX);
        let mut file = wrap(raw.clone()).text().buffering(100).await.unwrap();
        assert!(file.next_line().max_len(1000).await.is_err());
        assert!(
            raw.calls().0 <= 12,
            "memory stays bounded: {:?}",
            raw.calls()
        );
        // A terminator astride a buffer counts as none.
        for size in 1..9 {
            let raw = Chunks::new("abcd\r\nabcd\r\nabcd", size);
            let mut lines = wrap(raw).text().await.unwrap().into_lines().max_len(4);
            for _ in 0..3 {
                assert_eq!(lines.next().await.unwrap().unwrap(), "abcd");
            }
            assert!(lines.next().await.is_none());
        }
    });
}

/// Waits for the next item of `stream`, though not for ever.
async fn soon<S: futures::Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    let item = tokio::time::timeout(Duration::from_secs(20), stream.next());
    item.await.expect("it has to come")
}

#[test]
fn a_follower_waits_for_growth_and_survives_truncation() {
    run(async {
        let dir = Dir::new();
        for binary in [false, true] {
            let path = dir.file("log", "one\ntw");
            let append = |data: &str| {
                let mut log = std::fs::OpenOptions::new()
                    .append(true)
                    .open(&path)
                    .unwrap();
                log.write_all(data.as_bytes()).unwrap();
            };
            let open = open(&path);
            let mut lines = if binary {
                let file = open.binary().await.unwrap().into_lines().follow();
                file.map(|line| String::from_utf8(line.unwrap()).unwrap())
                    .boxed()
            } else {
                open.await
                    .unwrap()
                    .into_lines()
                    .follow()
                    .map(Result::unwrap)
                    .boxed()
            };
            assert_eq!(soon(&mut lines).await.unwrap(), "one");
            // A partial line is not delivered, however often it looks.
            let early = tokio::time::timeout(Duration::from_millis(350), lines.next());
            assert!(early.await.is_err(), "only half of it is there");
            append("o\nthree\n");
            assert_eq!(soon(&mut lines).await.unwrap(), "two");
            assert_eq!(soon(&mut lines).await.unwrap(), "three");
            let quiet = tokio::time::timeout(Duration::from_millis(150), lines.next());
            assert!(quiet.await.is_err());
            std::fs::write(&path, "new\n").unwrap();
            assert_eq!(soon(&mut lines).await.unwrap(), "new", "from its start");
            append("er\n");
            assert_eq!(soon(&mut lines).await.unwrap(), "er");
        }
    });
}

#[test]
fn a_follower_may_be_dropped_and_the_file_goes_on() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("log", "one\nhalf");
        let mut file = open(&path).await.unwrap();
        {
            let mut lines = file.lines().follow();
            assert_eq!(soon(&mut lines).await.unwrap().unwrap(), "one");
            assert!(common::poll_once(std::pin::pin!(lines.next())).is_none());
        }
        assert_eq!(file.readline().await.unwrap(), "half");
        let count = Count::default();
        let counted = file.lines().inspect(|_| count.add());
        assert_eq!(counted.count().await, 0);
        assert_eq!(count.get(), 0);
        assert!(is_unsupported(&file.write("x").await));
    });
}
