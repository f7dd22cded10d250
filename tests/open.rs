//! `open`: what each mode does, what it refuses, and what it leaves behind.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/system.rs"]
mod system;

use std::ffi::OsString;
use std::io::{ErrorKind, SeekFrom};
use std::path::{Path, PathBuf};

use aiofiles::{AnyFile, Error, open};
use common::{Counting, Dir, is_unsupported, run};
use system::link_to_file;

#[test]
fn paths_of_all_types_are_taken() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "x");
        let string = path.to_str().unwrap().to_owned();
        assert_eq!(open(&*string).await?.read().await?, "x");
        assert_eq!(open(&string).await?.read().await?, "x");
        assert_eq!(open(path.as_os_str()).await?.read().await?, "x");
        assert_eq!(open(path.as_path()).await?.read().await?, "x");
        assert_eq!(open(path.clone()).await?.name(), Some(path.as_path()));
        assert_eq!(open(string.clone()).await?.name(), Some(Path::new(&string)));
        let file = open(OsString::from(&path)).binary().await?;
        assert_eq!(file.name(), Some(path.as_path()));
        Ok::<(), Error>(())
    })
    .unwrap();
}

#[cfg(unix)]
#[test]
fn a_path_need_not_be_utf8() {
    use std::os::unix::ffi::OsStringExt;
    run(async {
        let dir = Dir::new();
        let path = dir.join(OsString::from_vec(b"f\xff\xfe".to_vec()));
        let mut file = open(&path).mode("w").await.unwrap();
        assert_eq!(file.name(), Some(path.as_path()));
        file.write("x").await.unwrap();
        file.close().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"x");
    });
}

#[test]
fn a_nul_in_the_path_is_invalid_input() {
    run(async {
        for mode in ["r", "w", "a", "x", "r+"] {
            let error = open("a\0b").mode(mode).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert_eq!(error.path(), Some(Path::new("a\0b")));
            assert!(error.to_string().contains(r"`a\u{0}b`"), "{error}");
        }
    });
}

#[test]
fn the_default_is_a_text_file_for_reading() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "é\r\n");
        let mut file = open(&path).await.unwrap();
        assert_eq!(
            (file.mode(), file.encoding(), file.errors()),
            ("r", "utf-8", "strict")
        );
        assert!(file.readable() && !file.writable() && file.seekable());
        assert!(!file.isatty() && !file.closed() && !file.line_buffering());
        assert!(file.newlines().is_empty());
        assert_eq!(file.read().await.unwrap(), "é\n");
        file.close().await.unwrap();
        assert!(file.closed());
        assert_eq!((file.mode(), file.name()), ("r", Some(path.as_path())));
    });
}

/// What a mode does to a file that is there and to one that is not.
struct Row {
    mode: &'static str,
    /// As binary and raw files name it.
    canonical: &'static str,
    readable: bool,
    writable: bool,
    creates: bool,
    /// `None`: the file must not be there; else what is left of `0123` at open.
    keeps: Option<&'static str>,
    position: u64,
}

const fn row(
    (mode, canonical): (&'static str, &'static str),
    (readable, writable): (bool, bool),
    creates: bool,
    keeps: Option<&'static str>,
    position: u64,
) -> Row {
    Row {
        mode,
        canonical,
        readable,
        writable,
        creates,
        keeps,
        position,
    }
}

const MODES: [Row; 8] = [
    row(("r", "rb"), (true, false), false, Some("0123"), 0),
    row(("r+", "rb+"), (true, true), false, Some("0123"), 0),
    row(("w", "wb"), (false, true), true, Some(""), 0),
    row(("w+", "rb+"), (true, true), true, Some(""), 0),
    row(("a", "ab"), (false, true), true, Some("0123"), 4),
    row(("a+", "ab+"), (true, true), true, Some("0123"), 4),
    row(("x", "xb"), (false, true), true, None, 0),
    row(("x+", "xb+"), (true, true), true, None, 0),
];

async fn opened(path: &Path, kind: &str, mode: &str) -> aiofiles::Result<AnyFile> {
    Ok(match kind {
        "text" => AnyFile::Text(open(path).mode(mode).await?),
        "binary" => AnyFile::Binary(open(path).binary().mode(mode).await?),
        _ => AnyFile::Raw(open(path).raw().mode(mode).await?),
    })
}

/// Writes, and reads all from the start; what either gave.
async fn exercise(file: &mut AnyFile) -> (aiofiles::Result<usize>, aiofiles::Result<Vec<u8>>) {
    let start = SeekFrom::Start(0);
    match file {
        AnyFile::Text(file) => {
            let written = file.write("xy").await;
            file.seek(start).await.unwrap();
            (written, file.read().await.map(String::into_bytes))
        }
        AnyFile::Binary(file) => {
            let written = file.write(b"xy").await;
            file.seek(start).await.unwrap();
            (written, file.read().await)
        }
        AnyFile::Raw(file) => {
            let written = file.write(b"xy").await;
            file.seek(start).await.unwrap();
            (written, file.read().await)
        }
    }
}

#[test]
fn every_mode_does_to_the_file_what_it_says() {
    run(async {
        for Row {
            mode,
            canonical,
            readable,
            writable,
            creates,
            keeps,
            position,
        } in MODES
        {
            for kind in ["text", "binary", "raw"] {
                let dir = Dir::new();
                let at = format!("{mode} {kind}");
                // Not there.
                let path = dir.join("new");
                match opened(&path, kind, mode).await {
                    Ok(file) => {
                        assert!(creates && path.exists(), "{at}");
                        assert_eq!(file.mode(), if kind == "text" { mode } else { canonical });
                        assert_eq!((file.readable(), file.writable()), (readable, writable));
                    }
                    Err(error) => {
                        assert!(!creates && !path.exists(), "{at}");
                        assert_eq!(error.kind(), ErrorKind::NotFound, "{at}");
                    }
                }
                // There.
                let path = dir.file("old", "0123");
                let Some(kept) = keeps else {
                    let error = opened(&path, kind, mode).await.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{at}");
                    assert_eq!(std::fs::read(&path).unwrap(), b"0123", "{at}");
                    continue;
                };
                let mut file = opened(&path, kind, mode).await.unwrap();
                assert_eq!(std::fs::read_to_string(&path).unwrap(), kept, "{at}");
                let tell = match &mut file {
                    // Opaque, but for an encoding without state it is the offset.
                    AnyFile::Text(file) => {
                        let here = file.tell().await.unwrap();
                        assert_eq!(file.seek(SeekFrom::Current(0)).await.unwrap(), here);
                        position
                    }
                    AnyFile::Binary(file) => file.tell().await.unwrap(),
                    AnyFile::Raw(file) => file.tell().await.unwrap(),
                };
                assert_eq!(tell, position, "{at}");
                let (written, read) = exercise(&mut file).await;
                assert_eq!(is_unsupported(&written), !writable, "{at}");
                assert_eq!(is_unsupported(&read), !readable, "{at}");
                file.close().await.unwrap();
                let expected = match (writable, mode.starts_with('a'), kept) {
                    (false, _, _) => "0123",
                    (true, true, _) => "0123xy",
                    (true, false, "") => "xy",
                    (true, false, _) => "xy23",
                };
                assert_eq!(std::fs::read_to_string(&path).unwrap(), expected, "{at}");
                if let Ok(read) = read {
                    assert_eq!(read, expected.as_bytes(), "{at}");
                }
            }
        }
    });
}

// aiofile@3295971: a file opened to append wrote at its start.
#[test]
fn appending_goes_to_the_end_wherever_the_cursor_is() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "0123");
        let mut file = open(&path).binary().mode("a+").await.unwrap();
        assert_eq!(file.read().await.unwrap(), b"", "at the end until it seeks");
        file.seek(SeekFrom::Start(1)).await.unwrap();
        assert_eq!(file.read().size(1).await.unwrap(), b"1");
        // Somebody else appends too.
        let mut other = open(&path).binary().mode("a").await.unwrap();
        other.write(b"OTHER").await.unwrap();
        other.close().await.unwrap();
        file.write(b"AB").await.unwrap();
        file.flush().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"0123OTHERAB");
        assert_eq!(file.tell().await.unwrap(), 11);
    });
}

#[test]
fn exclusive_creation_sees_a_dangling_symlink() {
    run(async {
        let dir = Dir::new();
        let link = dir.join("link");
        if link_to_file(dir.join("nowhere"), &link).is_none() {
            return;
        }
        let error = open(&link).mode("x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert!(!dir.join("nowhere").exists());
        // While `w` creates what it points to.
        open(&link).mode("w").await.unwrap();
        assert!(dir.join("nowhere").exists());
    });
}

#[test]
fn a_directory_is_refused_in_every_mode() {
    run(async {
        let dir = Dir::new();
        // Windows says something else, which is not what is meant.
        let isdir = std::fs::OpenOptions::new().write(true).open(dir.path());
        let errno = isdir.unwrap_err().raw_os_error().filter(|_| cfg!(unix));
        for mode in ["r", "r+", "w", "w+", "a", "a+"] {
            for kind in ["text", "binary", "raw"] {
                let error = opened(dir.path(), kind, mode).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::IsADirectory, "{kind} {mode}");
                assert_eq!(error.raw_os_error(), errno, "{kind} {mode}");
                assert_eq!(error.path(), Some(dir.path()));
            }
        }
        let error = open(dir.path()).mode("x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    });
}

#[test]
fn errors_are_those_of_std_with_operation_and_path() {
    run(async {
        let dir = Dir::new();
        let file = dir.file("file", "");
        let around = dir.join("around");
        let mut paths = vec![
            dir.join("missing"),
            dir.join("missing/too"),
            file.join("under a file"),
            dir.join("n".repeat(300)),
            PathBuf::new(),
        ];
        if link_to_file(&around, &around).is_some() {
            paths.push(around);
        }
        for path in paths {
            let std = std::fs::File::open(&path).unwrap_err();
            for kind in ["text", "binary", "raw"] {
                let error = opened(&path, kind, "r").await.unwrap_err();
                assert_eq!(error.kind(), std.kind());
                assert_eq!(error.raw_os_error(), std.raw_os_error());
                assert_eq!(error.path(), Some(path.as_path()));
                let sentence = format!("failed to open `{}`: {std}", path.display());
                assert_eq!(error.to_string(), sentence);
                let io = std::io::Error::from(error);
                assert_eq!(io.kind(), std.kind());
                assert!(matches!(
                    io.downcast::<Error>(),
                    Ok(Error::Os { op: "open", .. })
                ));
            }
            let std = std::fs::File::create(&path);
            if let Err(std) = std {
                let error = open(&path).mode("w").await.unwrap_err();
                assert_eq!(error.raw_os_error(), std.raw_os_error());
            }
        }
    });
}

#[test]
fn control_characters_of_a_path_are_escaped_in_messages() {
    run(async {
        let error = open("no/\x1b[31mred\n").await.unwrap_err();
        assert!(
            error.to_string().contains(r"`no/\u{1b}[31mred\n`"),
            "{error}"
        );
    });
}

#[test]
fn any_is_decided_by_the_mode_and_by_buffering() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "x");
        for mode in ["r", "rt", "tr"] {
            let file = open(&path).any().mode(mode).await.unwrap();
            assert!(matches!(file, AnyFile::Text(_)), "{mode}");
            assert_eq!(file.mode(), mode);
        }
        let file = open(&path).any().mode("b+r").await.unwrap();
        assert!(matches!(file, AnyFile::Binary(_)));
        assert_eq!(file.mode(), "rb+");
        let mut file = open(&path).any().mode("rb").buffering(0).await.unwrap();
        assert!(matches!(file, AnyFile::Raw(_)));
        assert_eq!((file.mode(), file.name()), ("rb", Some(path.as_path())));
        file.close().await.unwrap();
        assert!(file.closed());
        let AnyFile::Text(mut file) = open(&path).any().encoding("latin-1").await.unwrap() else {
            panic!("the default mode is text");
        };
        assert_eq!(file.encoding(), "latin-1");
        assert_eq!(file.read().await.unwrap(), "x");
    });
}

#[test]
fn all_blocking_calls_run_on_the_executor() {
    run(async {
        let dir = Dir::new();
        let jobs = Counting::new();
        let path = dir.join("f");
        let open = open(&path).mode("w+").executor(jobs.clone());
        assert_eq!(jobs.take(), 0, "nothing before the first poll");
        let mut file = open.await.unwrap();
        assert_eq!(jobs.ops(), ["open"]);
        assert!(file.executor().is_some());
        file.write("x").await.unwrap();
        assert_eq!(jobs.take(), 0, "it is in the buffer");
        file.flush().await.unwrap();
        assert_eq!(jobs.ops(), ["flush"]);
        file.close().await.unwrap();
        assert_eq!(jobs.ops(), ["close"]);
        // And by a drop, should there be anything to write.
        let mut file = aiofiles::open(&path)
            .mode("a")
            .executor(jobs.clone())
            .await
            .unwrap();
        file.write("y").await.unwrap();
        jobs.take();
        drop(file);
        assert_eq!(jobs.ops(), ["close"]);
        assert_eq!(std::fs::read(&path).unwrap(), b"xy");
    });
}

#[test]
fn without_a_runtime_the_error_says_what_to_do() {
    let error = futures::executor::block_on(open("f").into_future()).unwrap_err();
    assert!(matches!(error, Error::NoRuntime { op: "open", .. }));
    assert!(error.to_string().contains("set_default"), "{error}");
}

#[test]
fn a_call_that_is_not_polled_does_nothing() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("f");
        drop(open(&path).mode("w"));
        drop(open(&path).mode("w").into_future());
        assert!(!path.exists());
    });
}

#[test]
fn a_path_guard_is_lent_and_not_given() {
    run(async {
        let guard = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        let path = guard.to_path_buf();
        open(&guard).await.unwrap();
        assert!(path.exists(), "lent, it keeps its file");
        // As documented: given, it is dropped before the call runs.
        let error = open(guard).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
        assert_eq!(error.path(), Some(path.as_path()));
    });
}
