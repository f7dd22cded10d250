//! Text files: writing, byte order marks, both directions, and the layers below.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/system.rs"]
mod system;

use std::io::{Cursor, ErrorKind, SeekFrom};

use aiofiles::{Error, TextFile, open, raw_io, wrap};
use common::{Chunks, Counting, Dir, is_closed, is_unsupported, run};
use system::native;

async fn memory(data: &str) -> TextFile<Cursor<Vec<u8>>> {
    wrap(Cursor::new(data.as_bytes().to_vec()))
        .text()
        .await
        .unwrap()
}

#[test]
fn writes_count_characters_as_they_were_given() {
    run(async {
        for (newline, written) in [
            (None, &*native("é\na\r\nb\r")),
            (Some(""), "é\na\r\nb\r"),
            (Some("\n"), "é\na\r\nb\r"),
            (Some("\r"), "é\ra\r\rb\r"),
            (Some("\r\n"), "é\r\na\r\r\nb\r"),
        ] {
            let dir = Dir::new();
            let path = dir.join("f");
            let mut call = open(&path).mode("w");
            if let Some(newline) = newline {
                call = call.newline(newline);
            }
            let mut file = call.await.unwrap();
            assert_eq!(file.write("").await.unwrap(), 0);
            assert_eq!(file.write("é\na\r\nb\r").await.unwrap(), 7);
            file.close().await.unwrap();
            assert_eq!(
                std::fs::read_to_string(&path).unwrap(),
                written,
                "{newline:?}"
            );
        }
    });
}

#[test]
fn writelines_takes_anything_that_gives_strings() {
    run(async {
        let mut file = memory("").await;
        file.writelines(["a\n", "b"]).await.unwrap();
        file.writelines(vec![String::from("c"), "d".into()])
            .await
            .unwrap();
        file.writelines("e f".split(' ')).await.unwrap();
        file.writelines([""; 0]).await.unwrap();
        assert_eq!(
            file.into_raw().await.unwrap().into_inner(),
            native("a\nbcdef").as_bytes()
        );
    });
}

#[test]
fn a_character_that_the_encoding_lacks_stores_nothing() {
    run(async {
        for encoding in [
            "ascii",
            "latin-1",
            "windows-1252",
            "shift_jis",
            "iso-2022-jp",
            "koi8-r",
        ] {
            let raw = wrap(Cursor::new(Vec::new())).text().encoding(encoding);
            let mut file = raw.newline("\r\n").await.unwrap();
            file.write("good\n").await.unwrap();
            let error = file.write("b\nd😀x").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert!(
                matches!(
                    &error,
                    Error::Encode {
                        character: '😀',
                        index: 3,
                        ..
                    }
                ),
                "{encoding}: {error:?}"
            );
            file.writelines(["fine", "😀", "never"]).await.unwrap_err();
            file.write("after").await.unwrap();
            let data = file.into_raw().await.unwrap().into_inner();
            assert_eq!(data, b"good\r\nfineafter", "{encoding}");
        }
        for (policy, expected) in [
            ("ignore", "<>"),
            ("replace", "<??>"),
            ("backslashreplace", r"<\xe9\U0001f600>"),
            ("xmlcharrefreplace", "<&#233;&#128512;>"),
        ] {
            let raw = wrap(Cursor::new(Vec::new())).text().encoding("ascii");
            let mut file = raw.errors(policy).await.unwrap();
            assert_eq!(file.write("<é😀>").await.unwrap(), 4);
            assert_eq!(
                file.into_raw().await.unwrap().into_inner(),
                expected.as_bytes()
            );
        }
    });
}

#[test]
fn a_mark_is_written_once_at_the_start() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("f");
        for (encoding, bom, a) in [
            ("utf-8-sig", &b"\xef\xbb\xbf"[..], &b"a"[..]),
            ("utf-16", b"\xff\xfe", b"a\0"),
            ("utf-32", b"\xff\xfe\0\0", b"a\0\0\0"),
        ] {
            let on_disk = || std::fs::read(&path).unwrap();
            let marked = |n: usize| [bom, &a.repeat(n)].concat();
            let open = |mode: &str| open(&path).mode(mode).encoding(encoding);
            open("w").await.unwrap().close().await.unwrap();
            assert_eq!(on_disk(), b"", "no write, no mark");
            let mut file = open("w").await.unwrap();
            file.write("a").await.unwrap();
            file.write("a").await.unwrap();
            file.close().await.unwrap();
            assert_eq!(on_disk(), marked(2));
            // Not in the middle, however it got there.
            let mut file = open("a").await.unwrap();
            file.write("a").await.unwrap();
            file.close().await.unwrap();
            assert_eq!(on_disk(), marked(3));
            let mut file = open("r+").await.unwrap();
            assert_eq!(file.read().await.unwrap(), "aaa");
            file.write("a").await.unwrap();
            file.seek(SeekFrom::End(0)).await.unwrap();
            file.write("a").await.unwrap();
            file.flush().await.unwrap();
            assert_eq!(on_disk(), marked(5));
            // At the start again.
            file.seek(SeekFrom::Start(0)).await.unwrap();
            assert_eq!(file.truncate().await.unwrap(), 0);
            file.write("a").await.unwrap();
            file.seek(SeekFrom::Start(0)).await.unwrap();
            file.write("a").await.unwrap();
            file.seek(SeekFrom::Start(0)).await.unwrap();
            assert_eq!(file.read().await.unwrap(), "a");
            file.close().await.unwrap();
            assert_eq!(on_disk(), marked(1));
            // To an empty file that is appended to.
            std::fs::write(&path, "").unwrap();
            let mut file = open("a+").await.unwrap();
            file.write("a").await.unwrap();
            file.write("a").await.unwrap();
            file.seek(SeekFrom::Start(0)).await.unwrap();
            file.write("a").await.unwrap();
            file.seek(SeekFrom::Start(0)).await.unwrap();
            assert_eq!(file.read().await.unwrap(), "aaa");
            file.close().await.unwrap();
            assert_eq!(on_disk(), marked(3), "appended, so not at the start");
            // And to a stream that cannot seek.
            let raw = wrap(raw_io::writer(Vec::new())).text().encoding(encoding);
            let mut file = raw.await.unwrap();
            file.write("a").await.unwrap();
            file.write("a").await.unwrap();
            assert_eq!(file.into_raw().await.unwrap().into_inner(), marked(2));
        }
    });
}

#[test]
fn line_buffering_and_write_through_flush_what_they_should() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("f");
        let on_disk = || std::fs::read_to_string(&path).unwrap();
        let mut file = open(&path).mode("w").line_buffering(true).await.unwrap();
        assert!(file.line_buffering() && !file.write_through());
        for (text, expected) in [
            ("a", ""),
            ("b\n", "ab\n"),
            ("c", "ab\n"),
            ("\rd", "ab\nc\rd"),
        ] {
            file.write(text).await.unwrap();
            assert_eq!(on_disk(), native(expected));
        }
        let mut file = open(&path).mode("w").write_through(true).await.unwrap();
        assert!(!file.line_buffering() && file.write_through());
        file.write("a").await.unwrap();
        assert_eq!(on_disk(), "a");
        file.reconfigure()
            .write_through(false)
            .line_buffering(true)
            .await
            .unwrap();
        file.write("b").await.unwrap();
        assert_eq!(on_disk(), "a");
        file.write("\n").await.unwrap();
        assert_eq!(on_disk(), native("ab\n"));
        // `buffering(1)` is the same, unless it is said otherwise.
        let file = open(&path)
            .mode("w")
            .buffering(1)
            .line_buffering(false)
            .await
            .unwrap();
        assert!(!file.line_buffering());
    });
}

#[test]
fn reconfigure_changes_what_can_be_changed() {
    run(async {
        let mut file = memory("é\r\n").await;
        file.reconfigure()
            .newline("")
            .errors("replace")
            .await
            .unwrap();
        assert_eq!((file.encoding(), file.errors()), ("utf-8", "replace"));
        file.reconfigure().encoding("latin-1").await.unwrap();
        assert_eq!((file.encoding(), file.errors()), ("latin-1", "strict"));
        let error = file.reconfigure().encoding("nope").await.unwrap_err();
        assert!(matches!(error, Error::UnknownEncoding { .. }));
        assert_eq!(file.encoding(), "latin-1", "nothing has changed");
        assert_eq!(file.read().await.unwrap(), "Ã©\r\n");
        assert!(is_unsupported(&file.reconfigure().encoding("utf-8").await));
        assert!(is_unsupported(&file.reconfigure().newline("\n").await));
        file.reconfigure().line_buffering(true).await.unwrap();
        assert!(file.line_buffering());
        file.write("é").await.unwrap();
        assert_eq!(
            file.into_raw().await.unwrap().into_inner(),
            b"\xc3\xa9\r\n\xe9"
        );
    });
}

#[test]
fn a_write_goes_where_reading_has_come_to() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "0123456789");
        let mut file = open(&path).mode("r+").await.unwrap();
        assert_eq!(file.read().size(2).await.unwrap(), "01");
        file.write("AB").await.unwrap();
        assert_eq!(
            file.read().size(2).await.unwrap(),
            "45",
            "and sees the write before it"
        );
        assert_eq!(std::fs::read(&path).unwrap(), b"01AB456789");
        assert_eq!(
            file.truncate().await.unwrap(),
            6,
            "where it is, not where it has read to"
        );
        assert_eq!(file.read().await.unwrap(), "", "nothing stale");
        file.write("é\n").await.unwrap();
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.readline().await.unwrap(), "01AB45é\n");
        // Behind a character that several bytes stand for.
        let mut file = memory("é\r\nb\r\nc").await;
        assert_eq!(file.readline().await.unwrap(), "é\n");
        file.write("B").await.unwrap();
        assert_eq!(file.readline().await.unwrap(), "\n");
        assert_eq!(
            file.into_raw().await.unwrap().into_inner(),
            "é\r\nB\r\nc".as_bytes()
        );
    });
}

#[test]
fn text_seeks_only_where_text_has_positions() {
    run(async {
        let mut file = memory("héllo").await;
        for to in [
            SeekFrom::Start(1),
            SeekFrom::Current(1),
            SeekFrom::Current(-1),
            SeekFrom::End(-1),
            SeekFrom::End(1),
        ] {
            assert!(is_unsupported(&file.seek(to).await), "{to:?}");
        }
        assert_eq!(file.read().size(2).await.unwrap(), "hé");
        let here = file.tell().await.unwrap();
        assert_eq!(file.seek(SeekFrom::Current(0)).await.unwrap(), here);
        let end = file.seek(SeekFrom::End(0)).await.unwrap();
        assert_eq!(file.read().await.unwrap(), "");
        assert_eq!(file.tell().await.unwrap(), end);
        file.seek(here).await.unwrap();
        assert_eq!(file.read().await.unwrap(), "llo");
        assert_eq!(file.tell().await.unwrap(), end);
    });
}

#[test]
fn buffer_is_the_bytes_below_at_the_position_of_the_text() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "é\r\nbytes\ntext");
        let mut file = open(&path).mode("r+").await.unwrap();
        assert_eq!(file.readline().await.unwrap(), "é\n");
        assert_eq!(file.buffer().tell().await.unwrap(), 4);
        assert_eq!(file.buffer().read().size(6).await.unwrap(), b"bytes\n");
        assert_eq!(file.read().size(2).await.unwrap(), "te");
        file.write("T").await.unwrap();
        // In one order, unlike CPython's, where `buffer` overtakes the text.
        file.buffer().write(b"BYTES").await.unwrap();
        file.write("!").await.unwrap();
        assert_eq!(file.buffer().mode(), "rb+");
        file.close().await.unwrap();
        assert_eq!(
            std::fs::read(&path).unwrap(),
            "é\r\nbytes\nteTBYTES!".as_bytes()
        );
    });
}

#[test]
fn detach_loses_nothing() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "é\nrest");
        let mut file = open(&path).mode("r+").await.unwrap();
        assert_eq!(file.read().size(1).await.unwrap(), "é");
        file.write("X").await.unwrap();
        assert_eq!(file.read().size(1).await.unwrap(), "r");
        file.write("E").await.unwrap();
        let mut bytes = file.detach().await.unwrap();
        assert_eq!(
            std::fs::read(&path).unwrap(),
            "éXrEst".as_bytes(),
            "written"
        );
        assert_eq!(bytes.tell().await.unwrap(), 5);
        assert_eq!(bytes.read().await.unwrap(), b"st");
        assert_eq!((bytes.mode(), bytes.name()), ("rb+", Some(path.as_path())));
        let mut raw = bytes.detach().await.unwrap();
        raw.seek(SeekFrom::Start(3)).await.unwrap();
        assert_eq!(raw.read().size(3).await.unwrap(), b"rEs");
        // What a pipe has given is not lost either, in every state of the decoder.
        for encoding in ["utf-8", "shift_jis", "utf-16-le"] {
            let unit = if encoding == "utf-16-le" {
                &b"a\0"[..]
            } else {
                b"a"
            };
            let data = [&unit.repeat(3)[..], b"\xe3\x81"].concat();
            let text = wrap(Chunks::new(&data[..], 100).pipe()).text();
            let mut file = text.encoding(encoding).await.unwrap();
            assert_eq!(file.read().size(2).await.unwrap(), "aa");
            let mut bytes = file.detach().await.unwrap();
            assert_eq!(
                bytes.read().await.unwrap(),
                data[2 * unit.len()..],
                "{encoding}"
            );
        }
        let mut file = open(&path).await.unwrap();
        file.close().await.unwrap();
        assert!(is_closed(&file.detach().await));
    });
}

#[test]
fn an_error_of_the_system_comes_with_every_flush_and_with_close() {
    run(async {
        let Some(device) = system::full_device() else {
            return;
        };
        let full = open(device).mode("w").executor(Counting::new());
        let mut file = full.await.unwrap();
        assert_eq!(file.write("x").await.unwrap(), 1);
        assert_eq!(file.flush().await.unwrap_err().raw_os_error(), Some(28));
        assert_eq!(
            file.seek(SeekFrom::Start(0))
                .await
                .unwrap_err()
                .raw_os_error(),
            Some(28)
        );
        assert_eq!(file.close().await.unwrap_err().raw_os_error(), Some(28));
        assert!(file.closed());
        let full = open(device).mode("w").line_buffering(true);
        let mut file = full.await.unwrap();
        assert_eq!(
            file.write("x\n").await.unwrap_err().raw_os_error(),
            Some(28)
        );
    });
}

#[test]
fn a_long_write_that_is_given_up_has_written_nothing() {
    use futures::FutureExt;
    let text = "\u{65e5}\n".repeat(150_000);
    for (encoding, newline) in [("utf-8", "\n"), ("utf-16", "\r\n"), ("iso-2022-jp", "\n")] {
        futures::executor::block_on(async {
            let dir = Dir::new();
            let path = dir.join("f");
            let made = || {
                let file = std::fs::File::create(&path).unwrap();
                let opened = wrap(file).mode("w").text().encoding(encoding);
                opened
                    .newline(newline)
                    .executor(aiofiles::executor::InlineExecutor)
            };
            let mut file = made().await.unwrap();
            file.write(&text).await.unwrap();
            file.write("end").await.unwrap();
            file.close().await.unwrap();
            let once = std::fs::read(&path).unwrap();
            let mut file = made().await.unwrap();
            for polls in 1..3 {
                let mut write = Box::pin(file.write(&text));
                for _ in 0..polls {
                    assert!(write.as_mut().now_or_never().is_none());
                }
            }
            assert_eq!(file.write(&text).await.unwrap(), 300_000);
            // The character is looked for in the whole text.
            if encoding == "iso-2022-jp" {
                let bad = format!("{text}\u{1f600}");
                match file.write(&bad).await.unwrap_err() {
                    Error::Encode { index, .. } => assert_eq!(index, 300_000),
                    other => panic!("{other}"),
                }
            }
            file.write("end").await.unwrap();
            file.close().await.unwrap();
            assert!(std::fs::read(&path).unwrap() == once, "{encoding}");
        });
    }
}
