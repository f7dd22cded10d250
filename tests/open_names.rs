//! The names of files that are open, which some systems give up and others keep: files
//! that are replaced or removed meanwhile, and those that have none.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{ErrorKind, SeekFrom};

use aiofiles::{open, os};
use common::{Dir, run};

/// Whether it was done. Where a system replaces no files that are open it says so, and
/// then nothing has changed.
fn done_or_refused(what: &str, done: Result<(), aiofiles::Error>) -> bool {
    match done {
        Err(error) if cfg!(windows) && error.kind() == ErrorKind::PermissionDenied => {
            println!("skipped: {what}: the system (Wine, or an old one) replaces no open files");
            false
        }
        done => {
            done.unwrap();
            true
        }
    }
}

#[test]
fn file_that_is_open_is_replaced_or_stays_whole() {
    use aiofiles::tempfile::{atomic_file, named_temporary_file};
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "old");
        let there = || std::fs::read_to_string(&path).unwrap();
        let names = || std::fs::read_dir(dir.path()).unwrap().count();

        let mut reader = open(&path).await.unwrap();
        let written = aiofiles::write_atomic(&path, "new").await;
        let done = done_or_refused("write_atomic", written);
        assert_eq!(there(), if done { "new" } else { "old" });
        assert_eq!(reader.read().await.unwrap(), "old", "it has what it opened");
        assert_eq!(names(), 1, "nothing else is left");
        reader.close().await.unwrap();

        std::fs::write(&path, "old").unwrap();
        let mut reader = open(&path).await.unwrap();
        let mut file = atomic_file(&path).await.unwrap();
        file.write(b"bit by bit").await.unwrap();
        let done = done_or_refused("commit", file.commit().await);
        assert_eq!(there(), if done { "bit by bit" } else { "old" });
        assert_eq!(reader.read().await.unwrap(), "old");
        reader.close().await.unwrap();
        if !done {
            file.commit().await.unwrap();
        }
        assert_eq!(there(), "bit by bit", "it can be tried again");
        assert_eq!(names(), 1);

        let mut reader = open(&path).await.unwrap();
        let mut file = named_temporary_file().dir(dir.path()).await.unwrap();
        file.write(b"persisted").await.unwrap();
        let done = done_or_refused("persist", file.persist(&path).await);
        assert_eq!(there(), if done { "persisted" } else { "bit by bit" });
        assert_eq!(reader.read().await.unwrap(), "bit by bit");
        reader.close().await.unwrap();
        if !done {
            file.persist(&path).await.unwrap();
        }
        assert_eq!(there(), "persisted", "it can be tried again");
        drop(file);
        assert_eq!(names(), 1);

        let newer = dir.file("newer", "newer");
        let mut reader = open(&path).await.unwrap();
        let done = done_or_refused("replace", os::replace(&newer, &path).await);
        assert_eq!(there(), if done { "newer" } else { "persisted" });
        assert_eq!(newer.exists(), !done, "it is at one of the two places");
        assert_eq!(reader.read().await.unwrap(), "persisted");
    });
}

#[test]
fn file_that_is_open_can_be_removed() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "content");
        let mut reader = open(&path).await.unwrap();
        os::remove(&path).await.unwrap();
        assert!(!path.exists() || cfg!(windows));
        if path.exists() {
            println!("skipped: the system (Wine, or an old one) keeps the name as long");
        } else {
            std::fs::write(&path, "another").unwrap();
        }
        assert_eq!(reader.read().await.unwrap(), "content");
        reader.close().await.unwrap();
    });
}

#[test]
fn file_without_a_name_leaves_none() {
    run(async {
        let dir = Dir::new();
        let file = aiofiles::tempfile::temporary_file().dir(dir.path());
        let mut file = file.await.unwrap();
        file.write(b"bytes").await.unwrap();
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.read().await.unwrap(), b"bytes");
        file.close().await.unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    });
}

/// The folder for a child process that is to be killed.
const KILLED: &str = "AIOFILES_KILLED_IN";

#[test]
fn process_that_is_killed_leaves_no_file_without_a_name() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    if let Some(dir) = std::env::var_os(KILLED) {
        run(async {
            let file = aiofiles::tempfile::temporary_file().dir(&dir);
            let mut file = file.await.unwrap();
            file.write(b"bytes").await.unwrap();
            file.sync_all().await.unwrap();
            let spooled = aiofiles::tempfile::spooled_temporary_file().dir(&dir);
            let mut spooled = spooled.await.unwrap();
            spooled.write(b"bytes").await.unwrap();
            spooled.rollover().await.unwrap();
            println!("\nready");
            // Until it is killed.
            std::io::stdin().read_line(&mut String::new()).unwrap();
        });
        return;
    }
    let dir = Dir::new();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("process_that_is_killed_leaves_no_file_without_a_name")
        .env(KILLED, dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines.any(|line| line.unwrap().trim() == "ready");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(ready);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}
