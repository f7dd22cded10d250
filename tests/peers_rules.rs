//! Rules that the test suites of CPython (`test_io`, `test_shutil`) and tokio have, as far
//! as no other test here looks at them by itself: small tables of what is read, written,
//! moved and cut by turns.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::io::{ErrorKind, SeekFrom};
use std::path::Path;

use aiofiles::executor::InlineExecutor;
use aiofiles::{BinaryFile, TextFile, os};
use common::{Dir, run};
use futures::executor::block_on;

async fn binary(path: &Path, mode: &str, size: usize) -> BinaryFile {
    let made = aiofiles::open(path).binary().mode(mode).buffering(size);
    made.executor(InlineExecutor).await.unwrap()
}

async fn text(path: &Path, mode: &str, encoding: &str) -> TextFile {
    let made = aiofiles::open(path).mode(mode).encoding(encoding);
    made.newline("").executor(InlineExecutor).await.unwrap()
}

// ---- binary files in both directions ------------------------------------------

#[test]
fn a_write_lands_where_reading_has_come_to_whatever_was_read_ahead() {
    let dir = Dir::new();
    let data = b"ABCDEFGHIJKLMNOP";
    for size in [1, 2, 3, 4, 8, 10, 100] {
        for before in 0..6 {
            for peeked in [false, true] {
                for n in 0..8 {
                    let path = dir.file("f", data);
                    let shown = format!("buffer {size}, read {before}, {peeked}, write {n}");
                    block_on(async {
                        let mut file = binary(&path, "r+", size).await;
                        let first = file.read().size(before).await.unwrap();
                        assert_eq!(first, data[..before], "{shown}");
                        if peeked {
                            file.peek(2).await.unwrap();
                        }
                        file.write(&vec![b'.'; n]).await.unwrap();
                        assert_eq!(file.tell().await.unwrap(), (before + n) as u64, "{shown}");
                        // What is behind is read without a seek in between.
                        let next = file.read().size(2).await.unwrap();
                        assert_eq!(next, data[before + n..][..2], "{shown}");
                        file.write(b"!").await.unwrap();
                        file.close().await.unwrap();
                    });
                    let mut expected = data.to_vec();
                    expected[before..before + n].fill(b'.');
                    expected[before + n + 2] = b'!';
                    assert_eq!(fs::read(&path).unwrap(), expected, "{shown}");
                }
            }
        }
    }
}

#[test]
fn writes_that_overlap_after_a_rewind_are_both_there() {
    let dir = Dir::new();
    for size in [1, 2, 5, 8, 100] {
        for (at, n) in (0..7).flat_map(|at| (0..5).map(move |n| (at, n))) {
            let path = dir.file("f", b"abcdefgh");
            block_on(async {
                let mut file = binary(&path, "r+", size).await;
                file.write(b"12345").await.unwrap();
                file.seek(SeekFrom::Start(at)).await.unwrap();
                file.write(&b"++++"[..n]).await.unwrap();
                file.seek(SeekFrom::Start(1)).await.unwrap();
                file.write(b"x").await.unwrap();
                file.close().await.unwrap();
            });
            let mut expected = b"12345fgh+++"[..8].to_vec();
            let (from, end) = (at as usize, at as usize + n);
            expected.resize(expected.len().max(end), 0);
            expected[from..end].fill(b'+');
            expected[1] = b'x';
            assert_eq!(fs::read(&path).unwrap(), expected, "{size}, {at}, {n}");
        }
    }
}

#[test]
fn single_bytes_and_lines_are_read_and_written_by_turns() {
    let dir = Dir::new();
    for size in [1, 2, 3, 100] {
        let path = dir.file("f", b"abcdefgh");
        block_on(async {
            let mut file = binary(&path, "r+", size).await;
            for (n, c) in [(0, b'a'), (1, b'c'), (2, b'e'), (3, b'g')] {
                assert_eq!(file.read().size(1).await.unwrap(), [c]);
                file.write(&[b'0' + n]).await.unwrap();
            }
            assert_eq!(file.read().await.unwrap(), b"");
            file.close().await.unwrap();
        });
        assert_eq!(fs::read(&path).unwrap(), b"a0c1e2g3", "{size}");

        let path = dir.file("f", b"ab\ncdef\ng\n");
        block_on(async {
            let mut file = binary(&path, "r+", size).await;
            file.write(b"1").await.unwrap();
            assert_eq!(file.readline().await.unwrap(), b"b\n");
            file.write(b"2").await.unwrap();
            assert_eq!(file.readline().await.unwrap(), b"def\n");
            file.write(b"3").await.unwrap();
            assert_eq!(file.readline().await.unwrap(), b"\n");
            file.close().await.unwrap();
        });
        assert_eq!(fs::read(&path).unwrap(), b"1b\n2def\n3\n", "{size}");
    }
}

#[test]
fn a_file_is_cut_where_reading_or_writing_has_come_to() {
    let dir = Dir::new();
    for size in [1, 4, 16, 100] {
        for n in 0..10_usize {
            let path = dir.file("f", [b'A'; 20]);
            block_on(async {
                let mut file = binary(&path, "r+", size).await;
                file.read().size(n).await.unwrap();
                assert_eq!(file.truncate().await.unwrap(), n as u64);
                assert_eq!(file.tell().await.unwrap(), n as u64);
                assert_eq!(file.read().await.unwrap(), b"");
                file.close().await.unwrap();
            });
            assert_eq!(fs::read(&path).unwrap(), vec![b'A'; n], "{size}");

            let path = dir.file("f", [b'A'; 20]);
            block_on(async {
                let mut file = binary(&path, "r+", size).await;
                file.write(&vec![b'B'; n]).await.unwrap();
                assert_eq!(file.truncate().await.unwrap(), n as u64);
                file.write(b"C").await.unwrap();
                file.close().await.unwrap();
            });
            let expected = [vec![b'B'; n], b"C".to_vec()].concat();
            assert_eq!(fs::read(&path).unwrap(), expected, "{size}");
        }
    }
}

// ---- text ----------------------------------------------------------------------

const MARKED: [&str; 3] = ["utf-8-sig", "utf-16", "utf-32"];

fn encoded(dir: &Dir, encoding: &str, content: &str) -> Vec<u8> {
    let path = dir.join("encoded");
    block_on(async {
        let mut file = text(&path, "w", encoding).await;
        file.write(content).await.unwrap();
        file.close().await.unwrap();
    });
    fs::read(path).unwrap()
}

#[test]
fn a_mark_is_written_at_the_start_however_one_comes_there() {
    let dir = Dir::new();
    for encoding in MARKED {
        // Behind what is there, by any way to get there, none.
        for mode in ["a", "a+", "r+"] {
            let path = dir.file("f", encoded(&dir, encoding, "aaa"));
            block_on(async {
                let mut file = text(&path, mode, encoding).await;
                if mode == "r+" {
                    assert_eq!(file.read().await.unwrap(), "aaa");
                } else {
                    file.seek(SeekFrom::End(0)).await.unwrap();
                }
                file.write("xxx").await.unwrap();
                file.close().await.unwrap();
            });
            let expected = encoded(&dir, encoding, "aaaxxx");
            assert_eq!(fs::read(&path).unwrap(), expected, "{encoding}, {mode}");
        }
        // Appending goes to the end, wherever the cursor is.
        let path = dir.file("f", encoded(&dir, encoding, "aaa"));
        block_on(async {
            let mut file = text(&path, "a", encoding).await;
            file.seek(SeekFrom::Start(0)).await.unwrap();
            file.seek(SeekFrom::End(0)).await.unwrap();
            file.write("xxx").await.unwrap();
            file.close().await.unwrap();
        });
        assert_eq!(fs::read(&path).unwrap(), encoded(&dir, encoding, "aaaxxx"));
        // Over what is there, first from a position in it and then from the start.
        let path = dir.file("f", encoded(&dir, encoding, "aaabbb"));
        block_on(async {
            let mut file = text(&path, "r+", encoding).await;
            file.read().size(3).await.unwrap();
            let middle = file.tell().await.unwrap();
            file.seek(middle).await.unwrap();
            file.write("zzz").await.unwrap();
            file.seek(SeekFrom::Start(0)).await.unwrap();
            file.write("yyy").await.unwrap();
            file.close().await.unwrap();
        });
        assert_eq!(fs::read(&path).unwrap(), encoded(&dir, encoding, "yyyzzz"));
    }
}

#[test]
fn line_ends_and_characters_at_the_end_of_a_buffer_are_whole() {
    let dir = Dir::new();
    // The sizes of buffers and of pieces that are decoded, and what is beside them.
    let sizes = [8 * 1024, 16 * 1024, 64 * 1024, 128 * 1024];
    for around in sizes.iter().flat_map(|size| size - 3..=size + 2) {
        for end in [
            "\r\n",
            "\n",
            "\r",
            "\u{e9}\r\n",
            "\u{20ac}\r",
            "\u{1f600}\n",
        ] {
            let content = format!("{}{end}second\r\nlast", "x".repeat(around));
            let path = dir.file("f", &content);
            let expected = content.replace("\r\n", "\n").replace('\r', "\n");
            block_on(async {
                let open = || aiofiles::open(&path).executor(InlineExecutor);
                let mut file = open().await.unwrap();
                let first = file.readline().await.unwrap();
                assert!(expected.starts_with(&first), "{around} {end:?}");
                assert!(
                    first.ends_with('\n') && first.len() >= around,
                    "{around} {end:?}"
                );
                let second = file.tell().await.unwrap();
                assert_eq!(file.readline().await.unwrap(), "second\n");
                let last = file.tell().await.unwrap();
                assert_eq!(file.read().await.unwrap(), "last");
                file.seek(second).await.unwrap();
                assert_eq!(file.read().await.unwrap(), "second\nlast");
                file.seek(last).await.unwrap();
                assert_eq!(file.read().await.unwrap(), "last");
                // By a size that ends just there, and by single characters behind it.
                file.seek(SeekFrom::Start(0)).await.unwrap();
                let mut read = file.read().size(around).await.unwrap();
                loop {
                    let c = file.read().size(1).await.unwrap();
                    if c.is_empty() {
                        break;
                    }
                    assert_eq!(c.chars().count(), 1);
                    read.push_str(&c);
                }
                assert_eq!(read, expected, "{around} {end:?}");
            });
        }
    }
}

#[test]
fn bytes_of_the_buffer_below_come_behind_the_text_that_was_written() {
    let dir = Dir::new();
    let path = dir.join("f");
    block_on(async {
        let mut file = text(&path, "w", "utf-8").await;
        let mut expected = Vec::new();
        for n in [1, 100, 9000, 300_000, 3] {
            let piece = "t".repeat(n);
            file.write(&piece).await.unwrap();
            file.buffer().write(b"\xff").await.unwrap();
            expected.extend_from_slice(piece.as_bytes());
            expected.push(0xff);
        }
        file.close().await.unwrap();
        assert_eq!(fs::read(&path).unwrap(), expected);
    });
}

#[test]
fn positions_go_on_between_the_lines_of_an_iteration() {
    let dir = Dir::new();
    let path = dir.file("f", "one\ntw\u{f6}\nthree\n".repeat(3000));
    run(async {
        let mut file = aiofiles::open(&path).await.unwrap();
        let mut places = Vec::new();
        while let Some(line) = file.next_line().await.unwrap() {
            let line = line.to_owned();
            places.push((file.tell().await.unwrap(), line));
        }
        assert_eq!(places.len(), 9000);
        for pair in places.windows(2).step_by(997) {
            file.seek(pair[0].0).await.unwrap();
            assert_eq!(file.next_line().await.unwrap(), Some(pair[1].1.as_str()));
        }
    });
}

// ---- trees ---------------------------------------------------------------------

#[test]
fn a_tree_is_copied_over_another_only_when_told_and_never_over_a_file() {
    let dir = Dir::new();
    fs::create_dir_all(dir.join("src/a/b")).unwrap();
    dir.file("src/a/f", "new");
    fs::create_dir_all(dir.join("dst/a")).unwrap();
    dir.file("dst/a/f", "old");
    dir.file("dst/other", "stays");
    run(async {
        let (src, dst) = (dir.join("src"), dir.join("dst"));
        let error = os::copytree(&src, &dst).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(dir.join("dst/a/f")).unwrap(), b"old");
        os::copytree(&src, &dst).dirs_exist_ok(true).await.unwrap();
        assert_eq!(fs::read(dir.join("dst/a/f")).unwrap(), b"new");
        assert_eq!(fs::read(dir.join("dst/other")).unwrap(), b"stays");
        assert!(dir.join("dst/a/b").is_dir());
        // Folders above are made.
        os::copytree(&src, dir.join("x/y/z")).await.unwrap();
        assert_eq!(fs::read(dir.join("x/y/z/a/f")).unwrap(), b"new");
        // Nor is a folder put in the place of a file, or a file in that of a folder.
        dir.file("file", "kept");
        let over = os::copytree(&src, dir.join("file")).dirs_exist_ok(true);
        assert!(over.await.is_err());
        assert_eq!(fs::read(dir.join("file")).unwrap(), b"kept");
        fs::create_dir_all(dir.join("taken/a/f/inside")).unwrap();
        let over = os::copytree(&src, dir.join("taken")).dirs_exist_ok(true);
        assert!(over.await.is_err());
        assert!(dir.join("taken/a/f/inside").is_dir());
        // What is no folder is no tree.
        let error = os::copytree(dir.join("src/a/f"), dir.join("n")).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::NotADirectory);
        let error = os::copytree(dir.join("none"), dir.join("n")).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);
        assert!(!dir.join("n").exists(), "nothing was made");
    });
}

#[test]
fn a_copy_that_is_refused_leaves_the_destination_as_it_was() {
    let dir = Dir::new();
    let (src, dst) = (dir.file("src", "new"), dir.file("dst", "old"));
    fs::create_dir(dir.join("folder")).unwrap();
    run(async {
        for from in ["none", "folder", "src/none"] {
            let error = os::copyfile(dir.join(from), &dst).await.unwrap_err();
            assert_ne!(error.kind(), ErrorKind::Other, "{error}");
            assert_eq!(fs::read(&dst).unwrap(), b"old", "{from}");
        }
        for to in ["folder", "src", "src/below", "folder/none/below"] {
            assert!(os::copyfile(&src, dir.join(to)).await.is_err(), "{to}");
            assert_eq!(fs::read(&src).unwrap(), b"new", "{to}");
        }
        assert_eq!(fs::read_dir(dir.join("folder")).unwrap().count(), 0);
    });
}

#[test]
fn removal_with_errors_ignored_keeps_what_is_no_folder() {
    let dir = Dir::new();
    let file = dir.file("file", "kept");
    fs::create_dir(dir.join("folder")).unwrap();
    run(async {
        let error = os::rmtree(&file).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotADirectory);
        os::rmtree(&file).ignore_errors(true).await.unwrap();
        os::rmtree(dir.join("none"))
            .ignore_errors(true)
            .await
            .unwrap();
        let error = os::rmtree(dir.join("none")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(fs::read(&file).unwrap(), b"kept");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("folder", dir.join("link")).unwrap();
            assert!(os::rmtree(dir.join("link")).await.is_err());
            os::rmtree(dir.join("link"))
                .ignore_errors(true)
                .await
                .unwrap();
            assert!(dir.join("link").is_symlink() && dir.join("folder").is_dir());
        }
    });
}

// ---- tokio -----------------------------------------------------------------------

#[test]
fn an_empty_read_is_ready_and_is_not_the_end() {
    use futures::FutureExt;
    use tokio::io::AsyncReadExt;

    let dir = Dir::new();
    let path = dir.file("f", "hello");
    run(async {
        let mut file = aiofiles::open(&path).binary().await.unwrap();
        let empty = AsyncReadExt::read(&mut file, &mut []).now_or_never();
        assert!(matches!(empty, Some(Ok(0))));
        let mut buf = [0; 10];
        assert_eq!(AsyncReadExt::read(&mut file, &mut buf).await.unwrap(), 5);
    });
}

#[test]
fn a_clone_and_a_std_file_write_to_the_same_file() {
    use std::io::Write;

    let dir = Dir::new();
    let path = dir.join("f");
    run(async {
        let mut file = aiofiles::open(&path).binary().mode("w").await.unwrap();
        file.write(b"first ").await.unwrap();
        let mut clone = file.try_clone().await.unwrap();
        clone.write(b"second ").await.unwrap();
        clone.flush().await.unwrap();
        file.seek(SeekFrom::End(0)).await.unwrap();
        let mut std_file = file.into_std().await.unwrap();
        std_file.write_all(b"third").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"first second third");
    });
}
