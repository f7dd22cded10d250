//! Processes that are killed: what they leave on the disk, and what those notice
//! who talked to them.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aiofiles::executor::InlineExecutor;
use aiofiles::tempfile::atomic_file;
use aiofiles::{ThreadPoolExecutor, wrap};
use common::{Dir, Random, poll_once};
use futures::executor::block_on;

const SIGKILL: i32 = 9;

/// What the file has after write number `n`: no two are of one length, and no
/// part of one is a part of another.
fn content(n: u64) -> Vec<u8> {
    let item = format!("{n:08}\n");
    item.repeat(4_000 + 700 * (n as usize % 37)).into_bytes()
}

/// The child: writes number after number, from `first` on, and tells of each.
fn write_for_ever(path: &Path, first: u64, write: impl Fn(&Path, Vec<u8>)) -> ! {
    let mut n = first;
    loop {
        write(path, content(n));
        eprintln!("{n}");
        n += 1;
    }
}

/// Kills `child` and gives what it has said on standard error.
fn kill(mut child: Child, mut said: String) -> String {
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(SIGKILL), "{said}");
    let mut stderr = child.stderr.take().unwrap();
    stderr.read_to_string(&mut said).unwrap();
    said
}

#[test]
fn killed_atomic_write_leaves_the_old_or_the_new_content() {
    let test = "killed_atomic_write_leaves_the_old_or_the_new_content";
    killed_at_any_moment(test, |path, content| {
        let write = aiofiles::write_atomic(path, content).executor(InlineExecutor);
        block_on(write).unwrap();
    });
}

#[test]
fn killed_atomic_file_leaves_the_old_or_the_new_content() {
    let test = "killed_atomic_file_leaves_the_old_or_the_new_content";
    killed_at_any_moment(test, |path, content| {
        let made = atomic_file(path).buffering(4096).executor(InlineExecutor);
        let written = made.with(async |file| {
            for part in content.chunks(1000) {
                file.write(part).await?;
            }
            Ok(())
        });
        block_on(written).unwrap();
    });
}

#[test]
fn atomic_file_of_a_process_killed_before_the_commit_leaves_nothing() {
    const NAME: &str = "atomic_file_of_a_process_killed_before_the_commit_leaves_nothing";
    if let Some(path) = std::env::var_os("AIOFILES_CHILD") {
        block_on(async {
            let made = atomic_file(path).executor(InlineExecutor);
            let mut file = made.await.unwrap();
            loop {
                file.write(&[b'x'; 10_000]).await.unwrap();
                file.flush().await.unwrap();
                eprintln!();
            }
        });
        return;
    }
    let dir = Dir::new();
    if !nameless(dir.path()) {
        return;
    }
    let path = dir.join("file");
    fs::write(&path, "old").unwrap();
    for words in 1..20 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NAME, "--test-threads=1", "--nocapture"])
            .env("AIOFILES_CHILD", &path)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = child.stderr.as_mut().unwrap();
        said.read_exact(&mut vec![0; words]).unwrap();
        kill(child, String::new());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

// Between the rename and the word of it the process may have been killed too: the
// file then has the next content already.
fn killed_at_any_moment(name: &str, write: impl Fn(&Path, Vec<u8>)) {
    if let Some(first) = common::variable("AIOFILES_CHILD_FIRST") {
        let path = std::env::var_os("AIOFILES_CHILD").unwrap();
        write_for_ever(path.as_ref(), first, write);
    }
    let dir = Dir::new();
    let path = dir.join("file");
    fs::write(&path, content(0)).unwrap();
    let mut random = Random::new(200);
    let (mut last, mut leftovers) = (0, 0);
    for round in 0..200 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--test-threads=1", "--nocapture"])
            .env("AIOFILES_CHILD", &path)
            .env("AIOFILES_CHILD_FIRST", (last + 1).to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Its first word says that it is at it; then at any moment of what follows.
        let mut word = [0; 1];
        child
            .stderr
            .as_mut()
            .unwrap()
            .read_exact(&mut word)
            .unwrap();
        let moment = Duration::from_micros(random.below(4_000) as u64);
        let begun = Instant::now();
        while begun.elapsed() < moment {
            std::hint::spin_loop();
        }
        let said = kill(child, String::from(word[0] as char));
        let whole = said.rfind('\n').map_or("", |end| &said[..end]);
        let told: u64 = whole.lines().last().map_or(last, |n| n.parse().unwrap());

        let there = fs::read(&path).unwrap();
        last = std::str::from_utf8(&there[..8]).unwrap().parse().unwrap();
        assert!(there == content(last), "round {round}: {last} is torn");
        assert!((told..=told + 1).contains(&last), "round {round}: {told}");

        // Nobody is left to remove a temporary file.
        for entry in fs::read_dir(dir.path()).unwrap() {
            let name = entry.unwrap().file_name();
            if name != "file" {
                assert!(name.to_str().unwrap().starts_with(".aiofiles-"));
                fs::remove_file(dir.path().join(name)).unwrap();
                leftovers += 1;
            }
        }
    }
    eprintln!("{last} writes; 200 kills left {leftovers} temporary files");
    assert!(last > 0, "it wrote");
    if nameless(dir.path()) {
        // There is a name only for the moment between the two.
        assert!(leftovers < 100, "killed while it wrote, {leftovers}");
    }
}

/// Whether files in `dir` can be without a name, so that nothing is left of them.
#[cfg(target_os = "linux")]
fn nameless(dir: &Path) -> bool {
    use rustix::fs::{CWD, Mode, OFlags, openat};
    let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
    let can = openat(CWD, dir, flags, Mode::RWXU).is_ok();
    if !can {
        eprintln!("skipped: every file has a name here");
    }
    can
}

#[cfg(not(target_os = "linux"))]
fn nameless(_: &Path) -> bool {
    eprintln!("skipped: every file has a name here");
    false
}

/// A child that runs this line in the shell, its input and output piped.
fn shell(line: &str) -> Child {
    let mut shell = Command::new("sh");
    let piped = shell.stdin(Stdio::piped()).stdout(Stdio::piped());
    piped.args(["-c", line]).spawn().unwrap()
}

#[test]
fn writer_that_is_killed_ends_the_pipe() {
    let mut child = shell(r"printf 'one\ntw\303'; kill -KILL $$");
    let stdout = File::from(OwnedFd::from(child.stdout.take().unwrap()));
    block_on(async {
        let made = wrap(stdout).text().executor(InlineExecutor);
        let mut file = made.await.unwrap();
        assert_eq!(file.next_line().await.unwrap(), Some("one"));
        // Half a character is no text, and told once; what is before it is there.
        let error = file.next_line().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
        assert_eq!(file.read().await.unwrap(), "tw");
        assert_eq!(file.read().await.unwrap(), "");
        file.close().await.unwrap();
    });
    assert_eq!(child.wait().unwrap().signal(), Some(SIGKILL));
}

#[test]
fn reader_that_is_killed_fails_the_write_that_waits_for_it() {
    let mut child = shell("exec sleep 30");
    let stdin = File::from(OwnedFd::from(child.stdin.take().unwrap()));
    let pool = ThreadPoolExecutor::new(1);
    block_on(async {
        let made = wrap(stdin).mode("w").executor(pool.clone());
        let mut file = made.await.unwrap();
        // More than a pipe holds.
        file.write(&vec![b'x'; 4 << 20]).await.unwrap();
        let error = {
            let mut flush = std::pin::pin!(file.flush());
            assert!(poll_once(flush.as_mut()).is_none(), "nobody reads");
            child.kill().unwrap();
            flush.await.unwrap_err()
        };
        assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{error}");
        let error = file.close().await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::BrokenPipe,
            "what was not taken is told"
        );
        assert!(file.closed());
        pool.shutdown().await;
    });
    assert_eq!(child.wait().unwrap().signal(), Some(SIGKILL));
}
