//! Symbolic links that somebody else puts in the way, at any moment: what they
//! lead to is not harmed. (`rmtree` has its own in tests/rmtree.rs.)

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

use aiofiles::executor::InlineExecutor;
use aiofiles::tempfile::{named_temporary_file, temporary_directory};
use common::{Dir, on_disk};
use futures::executor::block_on;

#[test]
fn name_of_a_temporary_file_that_became_a_link_is_removed_alone() {
    let dir = Dir::new();
    let victim = dir.join("victim");
    fs::write(&victim, "old").unwrap();
    for close in [false, true] {
        block_on(async {
            let made = named_temporary_file().dir(dir.path());
            let mut file = made.executor(InlineExecutor).await.unwrap();
            file.write(b"mine").await.unwrap();
            let name = file.name().to_owned();
            fs::remove_file(&name).unwrap();
            symlink(&victim, &name).unwrap();
            if close {
                file.close().await.unwrap();
            }
            drop(file);
            assert!(!name.is_symlink());
            assert_eq!(on_disk(&victim), b"old");
        });
    }
}

#[test]
fn temporary_folder_that_became_a_link_is_removed_alone() {
    let dir = Dir::new();
    let victim = dir.join("victim");
    fs::create_dir(&victim).unwrap();
    fs::write(victim.join("file"), "old").unwrap();
    for cleanup in [false, true] {
        block_on(async {
            let made = temporary_directory().dir(dir.path());
            let mut folder = made.executor(InlineExecutor).await.unwrap();
            let name = folder.path().to_owned();
            fs::remove_dir(&name).unwrap();
            symlink(&victim, &name).unwrap();
            if cleanup {
                drop(folder.cleanup().await);
            }
            drop(folder);
            assert_eq!(on_disk(&victim.join("file")), b"old");
            drop(fs::remove_file(&name));
        });
    }
}

#[test]
fn new_file_is_not_made_through_a_link() {
    let dir = Dir::new();
    let (victim, link) = (dir.join("victim"), dir.join("link"));
    fs::write(&victim, "old").unwrap();
    symlink(&victim, &link).unwrap();
    let open = aiofiles::open(&link).mode("x").executor(InlineExecutor);
    let error = block_on(open.into_future()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(on_disk(&victim), b"old");
}

struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

// It goes through links, on purpose: whatever the path is at the moment of its
// look is replaced, as a whole, or made.
#[test]
fn atomic_write_replaces_whole_files_while_the_path_changes() {
    let dir = Dir::new();
    let (outside, inside) = (dir.join("outside"), dir.join("inside"));
    fs::create_dir(&outside).unwrap();
    fs::create_dir(&inside).unwrap();
    let (victim, path) = (outside.join("victim"), inside.join("file"));
    let whole = |n: usize| format!("{n:04}").repeat(5_000);
    fs::write(&victim, whole(0)).unwrap();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Renames, so that something is there at each moment.
            let (link, file) = (dir.join("link"), dir.join("plain"));
            while !over.load(Ordering::Relaxed) {
                drop(fs::remove_file(&link));
                symlink(&victim, &link).unwrap();
                fs::rename(&link, &path).unwrap();
                fs::write(&file, whole(1)).unwrap();
                fs::rename(&file, &path).unwrap();
            }
        });
        // However it ends.
        let _stop = Stop(&over);
        for n in 2..202 {
            let write = aiofiles::write_atomic(&path, whole(n)).executor(InlineExecutor);
            block_on(write).unwrap();
            for place in [&victim, &path] {
                let there = fs::read_to_string(place).unwrap();
                let number: usize = there[..4].parse().unwrap();
                assert!(number <= n && there == whole(number), "write {n}");
            }
        }
    });
    for folder in [&outside, &inside] {
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "nothing is left");
    }
}
