//! Locks that are not got, and calls that ask for one and are given up: the file has
//! the lock that it had, and none that nobody knows of.

#![cfg(not(any(target_os = "illumos", target_os = "solaris")))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use aiofiles::executor::{InlineExecutor, ManualExecutor};
use aiofiles::{BinaryFile, open};
use common::{Dir, poll_once};
use futures::executor::block_on;

/// A file on an executor that is stepped by hand, and another open file of the same.
fn two(dir: &Dir, jobs: &ManualExecutor) -> (BinaryFile, BinaryFile) {
    let path = dir.file("f", "content");
    let options = || {
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(true).open(&path).unwrap()
    };
    let wrapped = block_on(aiofiles::wrap(options()).executor(jobs.clone()));
    let other = open(&path).binary().mode("r+").executor(InlineExecutor);
    (wrapped.unwrap(), block_on(other).unwrap())
}

/// Runs a call to its end.
macro_rules! done {
    ($jobs:ident, $call:expr) => {{
        let mut call = Box::pin($call);
        loop {
            match poll_once(call.as_mut()) {
                Some(value) => break value.unwrap(),
                None => assert!($jobs.run_all() > 0),
            }
        }
    }};
}

/// Begins a call, runs its job if that is asked for, and gives it up.
macro_rules! given_up {
    ($jobs:ident, $call:expr, $run:expr) => {{
        let mut call = Box::pin($call);
        assert!(poll_once(call.as_mut()).is_none());
        if $run {
            assert!($jobs.run_one());
        }
        drop(call);
    }};
}

#[test]
fn try_that_fails_leaves_the_lock_that_was_there() {
    let (dir, jobs) = (Dir::new(), ManualExecutor::new());
    let (mut file, mut other) = two(&dir, &jobs);
    assert!(done!(jobs, file.try_lock_shared()));
    assert!(block_on(other.try_lock_shared()).unwrap());
    for _ in 0..2 {
        assert!(!done!(jobs, file.try_lock()));
        block_on(other.unlock()).unwrap();
        assert!(!block_on(other.try_lock()).unwrap(), "it is shared still");
        assert!(block_on(other.try_lock_shared()).unwrap());
    }
    block_on(other.unlock()).unwrap();
    assert!(done!(jobs, file.try_lock()));
    assert!(!block_on(other.try_lock_shared()).unwrap());
    // One that was given up is not brought back.
    done!(jobs, file.unlock());
    assert!(block_on(other.try_lock_shared()).unwrap());
    assert!(!done!(jobs, file.try_lock()));
    assert!(block_on(other.try_lock()).unwrap());
}

#[test]
fn clones_know_of_the_lock_of_each_other() {
    let (dir, jobs) = (Dir::new(), ManualExecutor::new());
    let (mut file, mut other) = two(&dir, &jobs);
    let mut clone = done!(jobs, file.try_clone());
    assert!(done!(jobs, file.try_lock_shared()));
    assert!(block_on(other.try_lock_shared()).unwrap());
    assert!(!done!(jobs, clone.try_lock()));
    block_on(other.unlock()).unwrap();
    assert!(!block_on(other.try_lock()).unwrap(), "it is shared still");
}

#[test]
fn lock_that_nobody_waits_for_is_not_kept() {
    for run in [false, true] {
        let (dir, jobs) = (Dir::new(), ManualExecutor::new());
        let (mut file, mut other) = two(&dir, &jobs);
        let mut is_free = || {
            jobs.run_all();
            let free = block_on(other.try_lock()).unwrap();
            block_on(other.unlock()).unwrap();
            free
        };
        given_up!(jobs, file.try_lock(), run);
        assert!(is_free(), "try_lock, {run}");
        given_up!(jobs, file.try_lock_shared(), run);
        assert!(is_free(), "try_lock_shared, {run}");
        given_up!(jobs, file.lock(), run);
        assert!(is_free(), "lock, {run}");
        given_up!(jobs, file.lock_shared(), run);
        assert!(is_free(), "lock_shared, {run}");
        // The file goes on.
        assert!(done!(jobs, file.try_lock()));
        assert!(!is_free());
    }
}

#[test]
fn lock_that_is_asked_for_again_stays() {
    let (dir, jobs) = (Dir::new(), ManualExecutor::new());
    let (mut file, mut other) = two(&dir, &jobs);
    given_up!(jobs, file.try_lock(), true);
    // Behind it is the job that gives the lock up; the next call is quicker.
    let late = jobs.take_one().unwrap();
    assert!(done!(jobs, file.try_lock()));
    late.run();
    assert!(!block_on(other.try_lock()).unwrap());
    given_up!(jobs, file.try_lock(), true);
    jobs.run_all();
    assert!(!block_on(other.try_lock()).unwrap(), "it was there before");
}

#[test]
fn shared_lock_is_there_behind_an_upgrade_that_was_given_up() {
    for run in [false, true] {
        let (dir, jobs) = (Dir::new(), ManualExecutor::new());
        let (mut file, mut other) = two(&dir, &jobs);
        assert!(done!(jobs, file.try_lock_shared()));
        given_up!(jobs, file.try_lock(), run);
        jobs.run_all();
        assert!(!block_on(other.try_lock()).unwrap(), "none, {run}");
        assert!(
            block_on(other.try_lock_shared()).unwrap(),
            "not shared, {run}"
        );
    }
}

#[test]
fn file_that_goes_away_with_a_lock_leaves_none() {
    let (dir, jobs) = (Dir::new(), ManualExecutor::new());
    let (mut file, mut other) = two(&dir, &jobs);
    given_up!(jobs, file.try_lock(), true);
    drop(file);
    jobs.run_all();
    assert!(block_on(other.try_lock()).unwrap());
}
