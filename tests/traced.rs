//! Which calls of the system an operation takes, as strace(1) sees them: those that ask
//! what is known already.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aiofiles::executor::InlineExecutor;
use aiofiles::open::{Binary, Open};
use aiofiles::{open, os};
use futures::executor::block_on;

/// The name of a row, the calls that it takes, and what it does in a folder of its own,
/// where `old` is a file and `folder` a folder.
type Row = (&'static str, &'static [&'static str], fn(PathBuf));

/// An open whose jobs run here, so that the calls are those of one thread.
fn here(path: PathBuf, mode: &str) -> Open<Binary> {
    let open = open(path).binary().mode(mode).nowait(false);
    open.executor(InlineExecutor)
}

const ROWS: &[Row] = &[
    (
        "a new file, flushed and dropped",
        &["openat", "statx", "write", "close"],
        |dir| {
            block_on(async {
                let mut file = here(dir.join("new"), "w").await.unwrap();
                file.write(b"0123").await.unwrap();
                file.flush().await.unwrap();
                assert_eq!(file.tell().await.unwrap(), 4);
            });
        },
    ),
    (
        "a new file, closed",
        &["openat", "statx", "write", "close"],
        |dir| {
            block_on(async {
                let mut file = here(dir.join("new"), "x").await.unwrap();
                file.write(b"0123").await.unwrap();
                file.close().await.unwrap();
            });
        },
    ),
    (
        "raw writes",
        &["openat", "statx", "write", "write", "close"],
        |dir| {
            block_on(async {
                let mut file = here(dir.join("new"), "w").raw().await.unwrap();
                file.write(b"0123").await.unwrap();
                file.write_owned(b"45".to_vec()).await.0.unwrap();
                assert_eq!(file.tell().await.unwrap(), 6);
                file.close().await.unwrap();
            });
        },
    ),
    (
        "a read in jobs",
        &["openat", "statx", "read", "close"],
        |dir| {
            block_on(async {
                let mut file = here(dir.join("old"), "r").await.unwrap();
                assert_eq!(file.read().size(3).await.unwrap(), b"old");
            });
        },
    ),
    (
        "both directions, of which the cursor goes back over what was read ahead",
        &["openat", "statx", "read", "lseek", "write", "close"],
        |dir| {
            block_on(async {
                let mut file = here(dir.join("old"), "r+").await.unwrap();
                assert_eq!(file.read().size(3).await.unwrap(), b"old");
                file.write(b"new").await.unwrap();
                file.flush().await.unwrap();
                assert_eq!(file.tell().await.unwrap(), 6);
            });
        },
    ),
    (
        "an append, whose end is asked for",
        &["openat", "statx", "lseek", "write", "lseek", "close"],
        |dir| {
            block_on(async {
                let mut file = here(dir.join("old"), "a").await.unwrap();
                file.write(b"new").await.unwrap();
                file.flush().await.unwrap();
            });
        },
    ),
    (
        "a descriptor that was shown",
        &["openat", "statx", "write", "lseek", "close"],
        |dir| {
            block_on(async {
                let mut file = here(dir.join("new"), "w").await.unwrap();
                let _ = file.as_fd();
                file.write(b"0123").await.unwrap();
                file.flush().await.unwrap();
            });
        },
    ),
    ("a folder in one that is there", &["mkdirat"], |dir| {
        block_on(os::makedirs(dir.join("folder/new")).executor(InlineExecutor)).unwrap();
    }),
    ("a folder that is there", &["mkdirat", "statx"], |dir| {
        let made = os::makedirs(dir.join("folder")).exist_ok(true);
        block_on(made.executor(InlineExecutor)).unwrap();
    }),
    (
        "two folders that are not there",
        &["mkdirat", "statx", "statx", "mkdirat", "mkdirat"],
        |dir| block_on(os::makedirs(dir.join("folder/a/b")).executor(InlineExecutor)).unwrap(),
    ),
];

/// Says in the trace which row begins.
fn mark(number: usize) {
    assert!(!Path::new(&format!("/row {number}")).exists());
}

const IN: &str = "AIOFILES_TRACED";

/// What the traced child does: nothing, unless it is one.
#[test]
fn the_rows_one_by_one() {
    let Some(dir) = std::env::var_os(IN).map(PathBuf::from) else {
        return;
    };
    // What is asked once for each mount.
    drop(block_on(here(dir.join("0/old"), "r")).unwrap());
    for (number, (_, _, row)) in ROWS.iter().enumerate() {
        mark(number);
        row(dir.join(number.to_string()));
    }
    mark(ROWS.len());
}

/// Whether a call is none of the operation's: memory, the check of std that a descriptor is
/// open, and the question that Linux before 6.8 asks for, where the number of a mount may be
/// that of another.
fn is_beside(name: &str, call: &str) -> bool {
    matches!(name, "mmap" | "fstatfs") || call.contains("F_GETFD")
}

/// The names of the calls in `trace`, row by row.
fn calls(trace: &str) -> Vec<Vec<String>> {
    let mut rows = vec![Vec::new()];
    for line in trace.lines() {
        // The number of the thread comes first.
        let call = line.split_once(' ').unwrap().1.trim_start();
        let Some((name, _)) = call.split_once('(') else {
            continue;
        };
        if call.contains("\"/row ") {
            rows.push(Vec::new());
        } else if !is_beside(name, call) {
            rows.last_mut().unwrap().push(name.to_owned());
        }
    }
    rows
}

/// Where what is opened is known to be on a disk of this machine, or in its memory.
fn is_local(dir: &Path) -> bool {
    let kind = rustix::fs::statfs(dir).unwrap().f_type as u32;
    [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994].contains(&kind)
}

#[test]
fn nothing_is_asked_that_is_known() {
    let memory = Some(Path::new("/dev/shm")).filter(|path| path.is_dir());
    let places = [Some(std::env::temp_dir()), memory.map(Path::to_owned)];
    for place in places.into_iter().flatten() {
        if !is_local(&place) {
            eprintln!("skipped: {} is not local", place.display());
            continue;
        }
        let folder = tempfile::tempdir_in(&place).unwrap();
        let dir = folder.path();
        for number in 0..ROWS.len() {
            std::fs::create_dir_all(dir.join(format!("{number}/folder"))).unwrap();
            std::fs::write(dir.join(format!("{number}/old")), "old one").unwrap();
        }
        let trace = dir.join("trace");
        let child = Command::new("strace")
            .args(["-f", "-e", "trace=%file,%desc", "-o"])
            .arg(&trace)
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "the_rows_one_by_one", "--test-threads=1"])
            .env(IN, dir)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let trace = std::fs::read_to_string(trace).unwrap_or_default();
        if !trace.contains("execve(") {
            eprintln!("skipped: strace is not here, or may not trace");
            return;
        }
        assert!(child.unwrap().success(), "{trace}");
        let calls = calls(&trace);
        assert_eq!(calls.len(), ROWS.len() + 2, "{trace}");
        for ((name, expected, _), calls) in ROWS.iter().zip(&calls[1..]) {
            assert_eq!(calls, expected, "{name}, in {}", place.display());
        }
    }
}
