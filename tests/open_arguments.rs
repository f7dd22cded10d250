//! The keywords of `open`: each one's effect, what is refused, and that a refusal touches nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/system.rs"]
mod system;

use std::io::ErrorKind;
use std::path::Path;

use aiofiles::codec::{Encoding, ErrorPolicy, Newline};
use aiofiles::executor::InlineExecutor;
use aiofiles::{Error, Open, open};
use common::{Counting, Dir, run};
use system::native;

/// Awaits `call`, which has to fail; checks that it was refused before anything was touched.
async fn refused<K>(dir: &Dir, call: impl Fn(&Path) -> Open<K>) -> Error
where
    K: aiofiles::open::Kind,
{
    let jobs = Counting::new();
    let old = dir.file("old", "precious");
    let open = call(&old).executor(jobs.clone());
    let error = open.await.err().expect("it has to be refused");
    assert_eq!(std::fs::read(&old).unwrap(), b"precious");
    let new = dir.join("new");
    let open = call(&new).executor(jobs.clone());
    assert!(open.await.is_err());
    assert!(!new.exists());
    assert_eq!(jobs.take(), 0, "no job for what cannot succeed");
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    error
}

#[test]
fn a_bad_mode_is_refused_before_anything_is_touched() {
    run(async {
        let dir = Dir::new();
        for (mode, reason) in [
            ("", "exactly one of create/read/write/append"),
            ("+", "exactly one of create/read/write/append"),
            ("wr", "exactly one of create/read/write/append"),
            ("ww", "repeated"),
            ("w++", "repeated"),
            ("wU", "only the characters"),
            ("w ", "only the characters"),
            ("wbt", "can't have text and binary mode at once"),
        ] {
            for error in [
                refused(&dir, |path| open(path).mode(mode)).await,
                refused(&dir, |path| open(path).binary().mode(mode)).await,
                refused(&dir, |path| open(path).raw().mode(mode)).await,
                refused(&dir, |path| open(path).any().mode(mode)).await,
            ] {
                assert!(matches!(&error, Error::InvalidMode { mode: m, .. } if m == mode));
                let message = error.to_string();
                assert!(message.contains(reason), "{message}");
                assert!(message.contains(&format!("`{mode}`")), "{message}");
            }
        }
    });
}

#[test]
fn a_mode_that_contradicts_the_kind_says_which_method_to_add() {
    run(async {
        let dir = Dir::new();
        let error = refused(&dir, |path| open(path).mode("wb")).await;
        assert!(matches!(error, Error::InvalidMode { .. }));
        assert!(error.to_string().contains("`.binary()`"), "{error}");
        for error in [
            refused(&dir, |path| open(path).binary().mode("wt")).await,
            refused(&dir, |path| open(path).raw().mode("tw+")).await,
        ] {
            assert!(matches!(error, Error::InvalidMode { .. }));
            assert!(error.to_string().contains("text"), "{error}");
        }
        // What agrees is fine.
        let path = dir.join("f");
        assert_eq!(open(&path).mode("wt").await.unwrap().mode(), "wt");
        assert_eq!(open(&path).binary().mode("bw").await.unwrap().mode(), "wb");
        assert_eq!(open(&path).raw().mode("+bw").await.unwrap().mode(), "rb+");
    });
}

#[test]
fn unknown_labels_and_names_are_refused_before_anything_is_touched() {
    run(async {
        let dir = Dir::new();
        for label in ["nope", "", "hex", "rot13", "base64", "UTF8-SIG", "utf-8\0"] {
            let error = refused(&dir, |path| open(path).mode("w").encoding(label)).await;
            assert!(matches!(&error, Error::UnknownEncoding { label: l, .. } if l == label));
            let error = refused(&dir, |path| open(path).any().mode("w").encoding(label)).await;
            assert!(error.to_string().contains("unknown encoding"), "{error}");
        }
        for policy in ["nope", "", "STRICT"] {
            let error = refused(&dir, |path| open(path).mode("w").errors(policy)).await;
            assert!(matches!(error, Error::InvalidArgument { .. }), "{error:?}");
        }
        for policy in ["surrogateescape", "surrogatepass", "namereplace"] {
            let error = refused(&dir, |path| open(path).mode("w").errors(policy)).await;
            assert!(error.to_string().contains(policy), "{error}");
            assert!(
                error.to_string().len() > policy.len() + 20,
                "and why: {error}"
            );
        }
        for newline in ["x", "\n\r", "\n\n", "\r\r\n", " "] {
            let error = refused(&dir, |path| open(path).mode("w").newline(newline)).await;
            assert!(matches!(error, Error::InvalidArgument { .. }), "{error:?}");
        }
    });
}

#[test]
fn buffering_that_the_kind_does_not_have_names_the_method_to_use() {
    run(async {
        let dir = Dir::new();
        for error in [
            refused(&dir, |path| open(path).mode("w").buffering(0)).await,
            refused(&dir, |path| open(path).binary().mode("w").buffering(0)).await,
            refused(&dir, |path| open(path).any().mode("w").buffering(0)).await,
        ] {
            assert!(error.to_string().contains("`.raw()`"), "{error}");
        }
    });
}

#[test]
fn bytes_take_no_keywords_of_text() {
    run(async {
        let dir = Dir::new();
        for error in [
            refused(&dir, |path| open(path).any().mode("wb").encoding("utf-8")).await,
            refused(&dir, |path| open(path).any().mode("wb").errors("strict")).await,
            refused(&dir, |path| open(path).any().mode("wb").newline("")).await,
            refused(&dir, |path| open(path).encoding("utf-8").binary().mode("w")).await,
            refused(&dir, |path| open(path).newline("\n").raw().mode("w")).await,
        ] {
            assert!(matches!(error, Error::InvalidArgument { .. }), "{error:?}");
        }
    });
}

#[test]
fn keywords_are_strings_or_enums() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", b"a\xe9\r\nb\xff");
        let file = open(&path)
            .encoding("Latin_1")
            .errors("ignore")
            .newline("\r\n");
        let mut file = file.await.unwrap();
        assert_eq!((file.encoding(), file.errors()), ("Latin_1", "ignore"));
        assert_eq!(file.readline().await.unwrap(), "a\u{e9}\r\n");
        let file = open(&path)
            .encoding(Encoding::for_label("ascii").unwrap())
            .errors(ErrorPolicy::Replace)
            .newline(Newline::Universal);
        let mut file = file.await.unwrap();
        assert_eq!(file.read().await.unwrap(), "a\u{fffd}\nb\u{fffd}");
        assert_eq!(file.newlines(), ["\r\n"]);
    });
}

#[test]
fn the_buffer_is_flushed_when_it_overflows() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("f");
        let size = || std::fs::metadata(&path).unwrap().len();
        let file = open(&path).binary().mode("w").buffering(4);
        let mut file = file.executor(InlineExecutor).await.unwrap();
        let mut sizes = Vec::new();
        for _ in 0..8 {
            file.write(b"a").await.unwrap();
            sizes.push(size());
        }
        assert_eq!(sizes, [0, 0, 0, 0, 4, 4, 4, 4], "as CPython's");
        file.write(b"bbbbbb").await.unwrap();
        assert_eq!(size(), 14);
        file.write(b"ccccccccc").await.unwrap();
        assert_eq!((size(), file.tell().await.unwrap()), (23, 23));
        // The default takes more than CPython's old 8 KiB.
        let file = open(&path).binary().mode("w").executor(InlineExecutor);
        let mut file = file.await.unwrap();
        file.write(&[0; 100_000]).await.unwrap();
        assert_eq!(size(), 0);
        file.write(&[0; 100_000]).await.unwrap();
        assert!(size() > 0);
    });
}

#[test]
fn buffering_of_one_is_line_buffering_for_text() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("f");
        let on_disk = || std::fs::read_to_string(&path).unwrap();
        let mut file = open(&path).mode("w").buffering(1).await.unwrap();
        assert!(file.line_buffering());
        file.write("a").await.unwrap();
        assert_eq!(on_disk(), "");
        file.write("b\nc").await.unwrap();
        assert_eq!(on_disk(), native("ab\nc"));
        file.write("d\r").await.unwrap();
        assert_eq!(on_disk(), native("ab\ncd\r"));
        // For bytes it is no more than a size.
        let mut file = open(&path).binary().mode("w+").buffering(1).await.unwrap();
        file.write(b"ab\ncd").await.unwrap();
        file.seek(std::io::SeekFrom::Start(1)).await.unwrap();
        assert_eq!(file.readline().await.unwrap(), b"b\n");
        assert_eq!(file.read().await.unwrap(), b"cd");
    });
}

#[cfg(unix)]
mod unix {
    use super::*;
    use aiofiles::AnyFile;
    use common::is_unsupported;
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn permissions_are_those_asked_for_less_the_umask() {
        run(async {
            let dir = Dir::new();
            for (asked, name) in [(None, "a"), (Some(0o600), "b"), (Some(0o777), "c")] {
                // What std makes of it under the umask of this process.
                let expected = dir.join(format!("std {name}"));
                let mut options = std::fs::OpenOptions::new();
                options
                    .write(true)
                    .create_new(true)
                    .mode(asked.unwrap_or(0o666));
                options.open(&expected).unwrap();
                for open in ["w", "x", "a"] {
                    let path = dir.join(format!("{name} {open}"));
                    let mut call = aiofiles::open(&path).mode(open);
                    if let Some(asked) = asked {
                        call = call.permissions(asked);
                    }
                    drop(call.await.unwrap());
                    assert_eq!(mode(&path), mode(&expected), "{open} {asked:?}");
                }
            }
            // Of a file that is there they stay.
            let path = dir.join("b x");
            drop(open(&path).mode("w").permissions(0o644).await.unwrap());
            assert_eq!(mode(&path), 0o600);
        });
    }

    #[test]
    fn descriptors_are_not_inherited() {
        run(async {
            let dir = Dir::new();
            let path = dir.file("f", "");
            for mode in ["r", "r+", "w", "a+"] {
                let file = open(&path).mode(mode).await.unwrap();
                let flags = rustix::io::fcntl_getfd(&file).unwrap();
                assert!(flags.contains(rustix::io::FdFlags::CLOEXEC), "{mode}");
            }
        });
    }

    #[test]
    fn the_opener_gets_the_path_and_the_flags_of_the_mode() {
        use rustix::fs::OFlags;
        run(async {
            let dir = Dir::new();
            let path = dir.join("f");
            let access = OFlags::RDONLY | OFlags::WRONLY | OFlags::RDWR | OFlags::APPEND;
            for (mode, flags) in [
                ("r", OFlags::RDONLY),
                ("r+", OFlags::RDWR),
                ("w", OFlags::WRONLY),
                ("w+", OFlags::RDWR),
                ("a", OFlags::WRONLY | OFlags::APPEND),
                ("a+", OFlags::RDWR | OFlags::APPEND),
                ("x", OFlags::WRONLY),
                ("x+", OFlags::RDWR),
            ] {
                drop(std::fs::remove_file(&path));
                if !mode.contains('x') {
                    std::fs::write(&path, "old").unwrap();
                }
                let expected = path.clone();
                let opener = move |path: &Path, options: &std::fs::OpenOptions| {
                    assert_eq!(path, expected);
                    options.open(path)
                };
                let file = open(&path).mode(mode).opener(opener).await.unwrap();
                let got = rustix::fs::fcntl_getfl(&file).unwrap() & access;
                assert_eq!(got, flags, "{mode}");
                let size = std::fs::metadata(&path).unwrap().len();
                assert_eq!(size == 3, mode.contains(['r', 'a']), "{mode}");
            }
        });
    }

    #[test]
    fn the_opener_may_open_something_else_and_its_cursor_counts() {
        run(async {
            let dir = Dir::new();
            let other = dir.file("other", "0123456789");
            let file = open(dir.join("f")).binary().opener(move |_, options| {
                use std::io::Seek;
                let mut file = options.open(&other)?;
                file.seek(std::io::SeekFrom::Start(4))?;
                Ok(file)
            });
            let mut file = file.await.unwrap();
            assert_eq!(file.name(), Some(dir.join("f").as_path()));
            assert_eq!(file.tell().await.unwrap(), 4);
            assert_eq!(file.read().await.unwrap(), b"456789");
        });
    }

    #[test]
    fn errors_and_panics_of_the_opener_reach_the_caller() {
        run(async {
            let error = open("f").opener(|_, _| Err(std::io::Error::from_raw_os_error(13)));
            let error = error.await.unwrap_err();
            assert_eq!(
                (error.kind(), error.raw_os_error()),
                (ErrorKind::PermissionDenied, Some(13))
            );
            assert_eq!(error.path(), Some(Path::new("f")));
            let panics = open("f").opener(|_, _| panic!("oh no"));
            let error = panics.await.unwrap_err();
            assert!(matches!(&error, Error::Panicked { message, .. } if message == "oh no"));
        });
    }

    #[test]
    fn the_opener_runs_on_a_thread_that_may_block() {
        run(async {
            let dir = Dir::new();
            let here = std::thread::current().id();
            let (send, seen) = std::sync::mpsc::channel();
            let file = open(dir.join("f")).mode("w").opener(move |path, options| {
                send.send(std::thread::current().id()).unwrap();
                options.open(path)
            });
            file.await.unwrap();
            assert_ne!(seen.recv().unwrap(), here);
        });
    }

    #[test]
    fn a_descriptor_is_closed_when_a_later_step_fails() {
        run(async {
            let (mut reader, writer) = std::io::pipe().unwrap();
            // What cannot seek cannot be buffered in both directions.
            let writer = std::fs::File::from(std::os::fd::OwnedFd::from(writer));
            let call = open("pipe")
                .binary()
                .mode("r+")
                .opener(move |_, _| Ok(writer));
            let error = call.await.unwrap_err();
            assert!(is_unsupported(&Err::<(), _>(error)));
            // The only writer is gone: this would wait for ever otherwise.
            let mut rest = Vec::new();
            std::io::Read::read_to_end(&mut reader, &mut rest).unwrap();
            assert!(rest.is_empty());
        });
    }

    #[test]
    fn pipes_work_in_one_direction_and_raw_in_both() {
        run(async {
            let dir = Dir::new();
            let fifo = dir.join("fifo");
            let made = std::process::Command::new("mkfifo").arg(&fifo).status();
            assert!(made.unwrap().success());
            for mode in ["w", "a"] {
                // Each end waits for the other, on a thread of the executor.
                let (reader, writer) = futures::join!(
                    open(&fifo).into_future(),
                    open(&fifo).mode(mode).into_future()
                );
                let (mut reader, mut writer) = (reader.unwrap(), writer.unwrap());
                assert!(!reader.seekable() && !writer.seekable());
                assert!(is_unsupported(&reader.tell().await));
                assert!(is_unsupported(&writer.truncate().await));
                assert!(is_unsupported(&writer.truncate().size(1).await));
                writer.write("one\r\ntwo").await.unwrap();
                writer.close().await.unwrap();
                assert_eq!(reader.read().await.unwrap(), "one\ntwo");
            }
            for kind in ["text", "binary"] {
                let call = open(&fifo)
                    .any()
                    .mode(if kind == "text" { "r+" } else { "rb+" });
                let error = call.await.map(drop);
                assert!(is_unsupported(&error), "{kind}");
            }
            let AnyFile::Raw(mut raw) = open(&fifo).any().mode("rb+").buffering(0).await.unwrap()
            else {
                panic!("unbuffered is raw")
            };
            assert_eq!(raw.write(b"both ways").await.unwrap(), 9);
            assert_eq!(raw.read().size(20).await.unwrap(), b"both ways");
        });
    }

    #[test]
    fn errors_for_lack_of_permission_are_those_of_std() {
        let dir = Dir::new();
        let path = dir.file("f", "");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).unwrap();
        let Err(std) = std::fs::File::open(&path) else {
            eprintln!("skipped: root may open everything");
            return;
        };
        run(async {
            let error = open(&path).await.unwrap_err();
            assert_eq!(error.raw_os_error(), std.raw_os_error());
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        });
    }
}

#[test]
fn create_makes_what_is_missing_and_truncates_nothing() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("f");
        let open_it = |mode: &str| open(&path).mode(mode).create(true);
        assert_eq!(
            open_it("r").await.unwrap_err().kind(),
            std::io::ErrorKind::InvalidInput
        );
        assert!(!path.exists());
        let mut file = open_it("r+").await.unwrap();
        file.write("text").await.unwrap();
        file.close().await.unwrap();
        let mut file = open_it("r+").await.unwrap();
        assert_eq!(file.read().await.unwrap(), "text");
        let exclusive = open_it("x").await.unwrap_err();
        assert_eq!(exclusive.kind(), std::io::ErrorKind::AlreadyExists);
        open_it("w").await.unwrap().close().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"");
    });
}

#[cfg(unix)]
#[test]
fn custom_flags_reach_the_system() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "01234567");
        let append = rustix::fs::OFlags::APPEND.bits() as i32;
        let mut file = open(&path)
            .binary()
            .mode("r+")
            .custom_flags(append)
            .await
            .unwrap();
        file.write(b"89").await.unwrap();
        assert_eq!(file.tell().await.unwrap(), 10, "it appends");
        let directory = rustix::fs::OFlags::DIRECTORY.bits() as i32;
        let error = open(&path).custom_flags(directory).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::NotADirectory);
    });
}
