//! Text files: positions behind what is appended, and writes of nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::SeekFrom;

use aiofiles::open;
use common::{Dir, is_closed, is_unsupported, run};

/// Where an append went is known only once it was written.
#[test]
fn positions_behind_an_append_are_those_of_the_file() {
    run(async {
        for mode in ["a", "a+"] {
            for encoding in ["utf-8", "utf-8-sig", "utf-16", "utf-32", "iso-2022-jp"] {
                for way in 0..6 {
                    let dir = Dir::new();
                    let path = dir.join("f");
                    let mut file = open(&path).mode("w").encoding(encoding).await.unwrap();
                    file.write("0123456789").await.unwrap();
                    file.close().await.unwrap();
                    let mut file = open(&path).mode(mode).encoding(encoding).await.unwrap();
                    file.seek(SeekFrom::Start(0)).await.unwrap();
                    if way == 5 && mode == "a+" {
                        assert_eq!(file.read().size(3).await.unwrap(), "012");
                    }
                    file.write("tail").await.unwrap();
                    match way {
                        0 => drop(file.seek(SeekFrom::Current(0)).await.unwrap()),
                        1 => {
                            let here = file.tell().await.unwrap();
                            file.seek(here).await.unwrap();
                        }
                        2 => {
                            let here = file.tell().await.unwrap();
                            file.seek(SeekFrom::Start(0)).await.unwrap();
                            file.seek(here).await.unwrap();
                        }
                        3 => {
                            let here = file.tell().await.unwrap();
                            file.write("").await.unwrap();
                            assert_eq!(file.tell().await.unwrap(), here);
                        }
                        4 => {
                            file.tell().await.unwrap();
                            file.flush().await.unwrap();
                        }
                        _ => {}
                    }
                    file.truncate().await.unwrap();
                    file.write("!").await.unwrap();
                    file.close().await.unwrap();
                    let text = aiofiles::read_to_string(&path).encoding(encoding);
                    let at = format!("{mode} {encoding} {way}");
                    assert_eq!(text.await.unwrap(), "0123456789tail!", "{at}");
                }
            }
        }
    });
}

#[test]
fn an_empty_write_leaves_what_comes_next() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", b"a\r\nb\xffc\n");
        for items in 0..3 {
            let mut file = open(&path)
                .mode("r+")
                .newline("")
                .errors("backslashreplace")
                .await
                .unwrap();
            let mut text = String::new();
            loop {
                let piece = file.read().size(1).await.unwrap();
                if piece.is_empty() {
                    break;
                }
                text.push_str(&piece);
                match items {
                    0 => drop(file.write("").await.unwrap()),
                    1 => file.writelines([""]).await.unwrap(),
                    _ => file.writelines([""; 0]).await.unwrap(),
                }
            }
            assert_eq!(text, "a\r\nb\\xffc\n");
            assert_eq!(file.newlines(), ["\n", "\r\n"]);
            file.close().await.unwrap();
            assert!(is_closed(&file.write("").await));
            assert!(is_closed(&file.writelines([""]).await));
            let mut file = open(&path).await.unwrap();
            assert!(is_unsupported(&file.write("").await));
        }
        // A mark of another order is not written over.
        let path = dir.file("g", b"\xfe\xff\0a");
        let mut file = open(&path).mode("r+").encoding("utf-16").await.unwrap();
        file.write("").await.unwrap();
        file.close().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"\xfe\xff\0a");
    });
}

/// Whatever the mode says, the opener has the system append.
#[cfg(unix)]
#[test]
fn positions_behind_an_append_by_an_opener_are_those_of_the_file() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", b"0123456789");
        let open = || {
            open(&path)
                .mode("r+")
                .opener(|path, options| options.clone().append(true).open(path))
        };
        let mut file = open().await.unwrap();
        assert_eq!(file.read().size(3).await.unwrap(), "012");
        file.write("tail").await.unwrap();
        file.seek(SeekFrom::Current(0)).await.unwrap();
        file.truncate().await.unwrap();
        file.close().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"0123456789tail");
        let mut file = open().binary().await.unwrap();
        assert_eq!(file.read().size(3).await.unwrap(), b"012");
        file.write(b"!").await.unwrap();
        file.flush().await.unwrap();
        assert_eq!(file.tell().await.unwrap(), 15);
        file.truncate().await.unwrap();
        file.close().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"0123456789tail!");
    });
}
