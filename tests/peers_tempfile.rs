//! Rules that the suites of CPython (`test_tempfile`) and aiofiles have about temporary files
//! and folders, as far as no other test here looks at them by itself.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[cfg(target_os = "linux")]
#[path = "common/nobody.rs"]
mod nobody;

use std::collections::HashSet;
use std::fs;
use std::io::{ErrorKind, SeekFrom};
use std::path::Path;

use aiofiles::Error;
use aiofiles::executor::InlineExecutor;
use aiofiles::tempfile::{
    named_temporary_file, spooled_temporary_file, temporary_directory, temporary_file,
};
use common::Dir;
use futures::executor::block_on;

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// How the four makers fail in this folder: in the order of `ANONYMOUS` and so on.
async fn makers_in(dir: &Path) -> [Result<(), Error>; 4] {
    let anonymous = temporary_file().dir(dir).executor(InlineExecutor).await;
    let named = named_temporary_file().dir(dir).executor(InlineExecutor);
    let named = named.await.map(drop);
    let folder = temporary_directory().dir(dir).executor(InlineExecutor);
    let folder = folder.await.map(drop);
    let spooled = spooled_temporary_file().dir(dir).executor(InlineExecutor);
    let mut spooled = spooled.await.unwrap();
    [
        anonymous.map(drop),
        named,
        folder,
        spooled.rollover().await.map(drop),
    ]
}

// ---- names and places ----------------------------------------------------------

#[test]
fn names_are_random_and_no_two_are_the_same() {
    let dir = Dir::new();
    block_on(async {
        let mut files = Vec::new();
        let mut folders = Vec::new();
        let mut seen = HashSet::new();
        for _ in 0..100 {
            let file = named_temporary_file().dir(dir.path()).prefix("aa");
            let file = file.suffix(".txt").executor(InlineExecutor).await.unwrap();
            let folder = temporary_directory().dir(dir.path()).prefix("aa");
            let folder = folder.suffix(".txt").executor(InlineExecutor);
            let folder = folder.await.unwrap();
            for path in [file.name(), folder.path()] {
                let name = path.file_name().unwrap().to_str().unwrap();
                let random = name.strip_prefix("aa").and_then(|s| s.strip_suffix(".txt"));
                let random = random.unwrap_or_else(|| panic!("{name}"));
                assert_eq!(random.len(), 8, "{name}");
                assert!(
                    random
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'_')
                );
                assert!(seen.insert(random.to_owned()), "{name} came twice");
            }
            files.push(file);
            folders.push(folder);
        }
        assert_eq!(names(dir.path()).len(), 200);
        drop((files, folders));
        assert_eq!(names(dir.path()), [""; 0]);
    });
}

#[test]
fn usual_names_have_a_prefix_and_no_suffix() {
    let dir = Dir::new();
    block_on(async {
        let file = named_temporary_file().dir(dir.path());
        let file = file.executor(InlineExecutor).await.unwrap();
        let folder = temporary_directory().dir(dir.path());
        let folder = folder.executor(InlineExecutor).await.unwrap();
        for path in [file.name(), folder.path()] {
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(name.starts_with("tmp") && name.len() == 11, "{name}");
        }
    });
}

#[test]
fn no_maker_makes_anything_where_no_folder_is() {
    let dir = Dir::new();
    let file = dir.file("file", "content");
    block_on(async {
        for made in makers_in(&dir.join("missing")).await {
            assert_eq!(made.unwrap_err().kind(), ErrorKind::NotFound);
        }
        // Windows says of a path through a file that it leads nowhere.
        let expected = match cfg!(windows) {
            true => ErrorKind::NotFound,
            false => ErrorKind::NotADirectory,
        };
        for made in makers_in(&file).await {
            assert_eq!(made.unwrap_err().kind(), expected);
        }
    });
    assert_eq!(names(dir.path()), ["file"]);
    assert_eq!(fs::read(&file).unwrap(), b"content");
}

#[cfg(target_os = "linux")]
#[test]
fn no_maker_makes_anything_in_a_folder_that_is_read_only() {
    use std::os::unix::fs::PermissionsExt;
    const TEST: &str = "no_maker_makes_anything_in_a_folder_that_is_read_only";
    let Some(shut) = nobody::own_folder(TEST, "shut") else {
        return;
    };
    fs::set_permissions(&shut, fs::Permissions::from_mode(0o500)).unwrap();
    block_on(async {
        for made in makers_in(&shut).await {
            let error = made.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            assert_eq!(error.path(), Some(&*shut));
        }
    });
    assert_eq!(names(&shut), [""; 0]);
    let mode = fs::metadata(&shut).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o500, "nothing was changed to get in");
}

#[cfg(unix)]
#[test]
fn descriptors_of_temporary_files_are_not_inherited() {
    let kept_from_children = |fd: std::os::fd::BorrowedFd<'_>| {
        let flags = rustix::io::fcntl_getfd(fd).unwrap();
        flags.contains(rustix::io::FdFlags::CLOEXEC)
    };
    block_on(async {
        for mode in ["r", "r+", "w", "w+", "x+", "a+"] {
            let file = temporary_file().mode(mode).executor(InlineExecutor);
            let file = file.await.unwrap();
            assert!(
                kept_from_children(std::os::fd::AsFd::as_fd(&file)),
                "{mode}"
            );
            let file = named_temporary_file().mode(mode).executor(InlineExecutor);
            let file = file.await.unwrap();
            assert!(
                kept_from_children(std::os::fd::AsFd::as_fd(&*file)),
                "{mode}"
            );
            let file = spooled_temporary_file().mode(mode).executor(InlineExecutor);
            let mut file = file.await.unwrap();
            let number = file.fileno().await.unwrap();
            let flags = fs::read_to_string(format!("/proc/self/fdinfo/{number}"));
            let Ok(flags) = flags else {
                continue; // Another system, whose `fileno` is but a number to us.
            };
            let flags = flags.lines().find_map(|line| line.strip_prefix("flags:"));
            let flags = u32::from_str_radix(flags.unwrap().trim(), 8).unwrap();
            assert_ne!(flags & 0o2_000_000, 0, "spooled {mode}: O_CLOEXEC");
        }
    });
}

#[cfg(unix)]
#[test]
fn folder_of_a_file_without_a_name_can_be_removed_while_it_is_used() {
    let dir = Dir::new();
    block_on(async {
        let own = dir.join("own");
        fs::create_dir(&own).unwrap();
        let file = temporary_file().dir(&own).executor(InlineExecutor);
        let mut file = file.await.unwrap();
        let spooled = spooled_temporary_file().dir(&own).executor(InlineExecutor);
        let mut spooled = spooled.await.unwrap();
        file.write(b"one").await.unwrap();
        spooled.write(b"two").await.unwrap();
        spooled.rollover().await.unwrap();
        fs::remove_dir(&own).unwrap();
        file.seek(SeekFrom::Start(0)).await.unwrap();
        spooled.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.read().await.unwrap(), b"one");
        assert_eq!(spooled.read().await.unwrap(), b"two");
        file.close().await.unwrap();
        spooled.close().await.unwrap();
    });
}

// ---- modes and text --------------------------------------------------------------

#[test]
fn every_mode_that_goes_both_ways_gives_back_lines_as_they_were_written() {
    let dir = Dir::new();
    block_on(async {
        for mode in ["r+", "w+", "x+", "a+"] {
            macro_rules! check {
                ($made:expr) => {{
                    let made = $made.dir(dir.path()).executor(InlineExecutor);
                    let mut file = made.mode(mode).await.unwrap();
                    for _ in 0..3 {
                        file.write(b"Hello World!\n").await.unwrap();
                    }
                    file.flush().await.unwrap();
                    file.seek(SeekFrom::Start(0)).await.unwrap();
                    let mut lines = 0;
                    while let Some(line) = file.next_line().await.unwrap() {
                        assert_eq!(line, b"Hello World!", "{mode}");
                        lines += 1;
                    }
                    assert_eq!(lines, 3, "{mode}");
                    file.close().await.unwrap();
                    assert!(file.closed());
                    let after = file.read().await;
                    assert!(matches!(after, Err(Error::Closed { .. })), "{mode}");

                    let made = $made.dir(dir.path()).executor(InlineExecutor);
                    let made = made.text().encoding("utf-16").newline("\r\n");
                    let mut file = made.mode(mode).await.unwrap();
                    // A Ctrl+Z is no end of a text, on no system.
                    file.writelines(["\u{e9}\n", "a\u{1a}b\n"]).await.unwrap();
                    file.flush().await.unwrap();
                    file.seek(SeekFrom::Start(0)).await.unwrap();
                    // With this `newline` the ends of lines stay as they are on disk.
                    let lines = file.readlines().await.unwrap();
                    assert_eq!(lines, ["\u{e9}\r\n", "a\u{1a}b\r\n"], "{mode}");
                }};
            }
            check!(temporary_file());
            check!(named_temporary_file());
            check!(spooled_temporary_file());
            check!(spooled_temporary_file().max_size(1));
        }
    });
    assert_eq!(names(dir.path()), [""; 0]);
}

#[test]
fn what_cannot_be_made_leaves_nothing() {
    let dir = Dir::new();
    block_on(async {
        macro_rules! check {
            ($made:expr) => {{
                let made = || $made.dir(dir.path()).executor(InlineExecutor);
                for mode in ["", "q", "wx", "rw", "w++", "wbt"] {
                    let refused = made().mode(mode).await.map(drop).unwrap_err();
                    assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{mode:?}");
                }
                let refused = made().text().encoding("no-such-encoding").await;
                assert!(matches!(refused, Err(Error::UnknownEncoding { .. })));
                let refused = made().text().newline("\n\n").await.map(drop);
                assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
                assert_eq!(names(dir.path()), [""; 0]);
            }};
        }
        check!(temporary_file());
        check!(named_temporary_file());
        check!(spooled_temporary_file());
    });
}

// ---- spooled files ---------------------------------------------------------------

#[test]
fn exactly_so_many_bytes_are_in_memory_however_they_come() {
    block_on(async {
        let spooled = || {
            spooled_temporary_file()
                .max_size(35)
                .executor(InlineExecutor)
        };
        let mut file = spooled().await.unwrap();
        for _ in 0..5 {
            file.seek(SeekFrom::Start(0)).await.unwrap();
            file.write(&[b'x'; 35]).await.unwrap();
            assert!(!file.rolled());
        }
        file.write(b"").await.unwrap();
        assert!(!file.rolled());
        file.write(b"x").await.unwrap();
        assert!(file.rolled());

        let mut file = spooled().await.unwrap();
        let lines = [&[b'a'; 20][..], &[b'b'; 10], &[b'c'; 5]];
        file.writelines(lines).await.unwrap();
        assert!(!file.rolled());
        file.writelines([b"d"]).await.unwrap();
        assert!(file.rolled());
        file.seek(SeekFrom::Start(0)).await.unwrap();
        let all = file.read().await.unwrap();
        assert_eq!(all, [lines.concat(), b"d".to_vec()].concat());
        // Once on disk, always on disk.
        assert_eq!(file.truncate().size(0).await.unwrap(), 0);
        assert!(file.rolled());
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.read().await.unwrap(), b"");

        let mut file = spooled().await.unwrap();
        assert_eq!(file.seek(SeekFrom::Start(100)).await.unwrap(), 100);
        assert!(!file.rolled());
        file.write(b"x").await.unwrap();
        assert!(file.rolled());
        file.seek(SeekFrom::Start(0)).await.unwrap();
        let all = file.read().await.unwrap();
        assert_eq!(all, [vec![0; 100], b"x".to_vec()].concat());
    });
}

#[test]
fn a_cut_of_what_is_in_memory_stays_there_unless_it_grows_past_the_limit() {
    block_on(async {
        for (at, size, left, rolled) in [
            (0, None, &b""[..], false),
            (3, None, b"abc", false),
            (8, None, b"abcdefg\n", false),
            (8, Some(4), b"abcd", false),
            (8, Some(10), b"abcdefg\n\0\0", false),
            (8, Some(11), b"abcdefg\n\0\0\0", true),
        ] {
            let file = spooled_temporary_file().max_size(10);
            let mut file = file.executor(InlineExecutor).await.unwrap();
            file.write(b"abcdefg\n").await.unwrap();
            file.seek(SeekFrom::Start(at)).await.unwrap();
            let now = match size {
                Some(size) => file.truncate().size(size).await.unwrap(),
                None => file.truncate().await.unwrap(),
            };
            assert_eq!(
                (now, file.rolled()),
                (left.len() as u64, rolled),
                "{at} {size:?}"
            );
            assert_eq!(file.tell().await.unwrap(), at, "a cut moves nothing");
            file.seek(SeekFrom::Start(0)).await.unwrap();
            assert_eq!(file.read().await.unwrap(), left);
            assert_eq!(file.metadata().await.unwrap().len(), left.len() as u64);
        }
    });
}

#[test]
fn facts_of_a_text_are_the_same_in_memory_and_on_disk() {
    block_on(async {
        for (newline, seen) in [("", &["\r\n"][..]), ("\r\n", &[])] {
            let file = spooled_temporary_file().max_size(10).text();
            let file = file.encoding("utf-8").errors("ignore").newline(newline);
            let mut file = file.executor(InlineExecutor).await.unwrap();
            let mut all = String::new();
            for rolled in [false, true] {
                let end = if newline.is_empty() { "\r\n" } else { "\n" };
                let line = if rolled {
                    "\u{39c}".repeat(10)
                } else {
                    "\u{39b}".into()
                };
                file.write(&format!("{line}{end}")).await.unwrap();
                all += &format!("{line}\r\n");
                file.seek(SeekFrom::Start(0)).await.unwrap();
                assert_eq!(file.read().await.unwrap(), all);
                assert_eq!(file.rolled(), rolled);
                assert_eq!(file.newlines(), seen, "{newline:?} {rolled}");
                let facts = (file.mode(), file.encoding(), file.errors());
                assert_eq!(facts, ("w+", "utf-8", "ignore"));
            }
        }
    });
}

#[test]
fn line_ends_of_a_spooled_text_are_known_once_they_were_read() {
    block_on(async {
        for (text, ends) in [("LF\n", "\n"), ("CRLF\r\n", "\r\n")] {
            let file = spooled_temporary_file().text().newline("");
            let mut file = file.executor(InlineExecutor).await.unwrap();
            file.write(text).await.unwrap();
            file.flush().await.unwrap();
            file.seek(SeekFrom::Start(0)).await.unwrap();
            assert!(file.newlines().is_empty());
            file.read().await.unwrap();
            assert_eq!(file.newlines(), [ends]);
        }
    });
}

// ---- ends --------------------------------------------------------------------------

#[test]
fn what_is_closed_may_be_closed_again_and_is_never_there() {
    let dir = Dir::new();
    block_on(async {
        macro_rules! check {
            ($made:expr) => {{
                let mut file = $made
                    .dir(dir.path())
                    .executor(InlineExecutor)
                    .await
                    .unwrap();
                file.write(b"abc\n").await.unwrap();
                for _ in 0..3 {
                    file.close().await.unwrap();
                    assert!(file.closed());
                    assert_eq!(names(dir.path()), [""; 0]);
                }
                let made = $made.dir(dir.path()).executor(InlineExecutor);
                let open = made.with(async |file| {
                    file.write(b"abc\n").await?;
                    Ok(!file.closed())
                });
                assert!(open.await.unwrap());
                assert_eq!(names(dir.path()), [""; 0]);
                // The error of the body is told, and the file is gone all the same.
                let made = $made.dir(dir.path()).executor(InlineExecutor);
                let failed = made.with(async |file| {
                    file.write(b"abc\n").await?;
                    file.seek(SeekFrom::Current(-100)).await
                });
                assert_eq!(failed.await.unwrap_err().kind(), ErrorKind::InvalidInput);
                assert_eq!(names(dir.path()), [""; 0]);
            }};
        }
        check!(temporary_file());
        check!(named_temporary_file());
        check!(spooled_temporary_file());
        check!(spooled_temporary_file().max_size(1));
        let folder = temporary_directory().dir(dir.path());
        let mut folder = folder.executor(InlineExecutor).await.unwrap();
        for _ in 0..3 {
            folder.cleanup().await.unwrap();
            assert_eq!(names(dir.path()), [""; 0]);
        }
        folder.close().await.unwrap();
    });
}

/// The child of the next test: what it makes is in use as it panics.
#[test]
fn child_panics_with_temporary_files() {
    let Some(dir) = std::env::var_os("AIOFILES_TEST_PANIC") else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = { runtime }.worker_threads(1).build().unwrap();
    runtime.block_on(async {
        let mut file = named_temporary_file().dir(&dir).await.unwrap();
        file.write(b"unwritten").await.unwrap();
        let folder = temporary_directory().dir(&dir).await.unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        fs::write(folder.path().join("sub/f"), "x").unwrap();
        let spooled = spooled_temporary_file().dir(&dir).max_size(1).await;
        spooled.unwrap().write(b"on disk").await.unwrap();
        assert_eq!(names(Path::new(&dir)).len(), 2);
        panic!("as it should");
    });
}

#[test]
fn a_process_that_panics_leaves_no_temporary_files() {
    let dir = Dir::new();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "child_panics_with_temporary_files"]);
    let output = child.env("AIOFILES_TEST_PANIC", dir.path()).output();
    let said = String::from_utf8_lossy(&output.unwrap().stdout).into_owned();
    assert!(said.contains("as it should"), "{said}");
    assert_eq!(names(dir.path()), [""; 0]);
}
