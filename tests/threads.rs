//! A system that has no threads left: jobs are refused or go on with the threads
//! there are; nothing hangs, spins or stays broken.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::ffi::OsStr;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aiofiles::executor::InlineExecutor;
use aiofiles::{Error, ThreadPoolExecutor, TokioExecutor};
use common::{Dir, on_disk, poll_once};
use futures::executor::block_on;
use futures::future::join_all;
use rustix::process::{Resource, Rlimit, getrlimit, getuid, setrlimit};

/// A user with no processes: the limit of those of root does not bind.
const NOBODY: u32 = 64_123;

/// Runs the test `name` again in a child that is not root. In that child: its folder.
fn in_child(name: &str) -> Option<PathBuf> {
    if let Some(dir) = std::env::var_os("AIOFILES_CHILD") {
        return Some(dir.into());
    }
    let dir = Dir::new();
    let mut child = Command::new(std::env::current_exe().unwrap());
    if getuid().is_root() {
        std::os::unix::fs::chown(dir.path(), Some(NOBODY), None).unwrap();
        child.uid(NOBODY);
    }
    let output = child
        .args(["--exact", name, "--test-threads=1", "--nocapture"])
        .env("AIOFILES_CHILD", AsRef::<OsStr>::as_ref(dir.path()))
        .output();
    let output = match output {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            eprintln!("skipped: another user cannot run this program");
            return None;
        }
        output => output.unwrap(),
    };
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    None
}

/// Allows no more threads, or as many as before.
fn allow_threads(yes: bool) {
    let old = getrlimit(Resource::Nproc);
    let current = if yes { old.maximum } else { Some(0) };
    setrlimit(Resource::Nproc, Rlimit { current, ..old }).unwrap();
    let started = std::thread::Builder::new().spawn(|| ()).is_ok();
    assert_eq!(started, yes, "the limit binds");
}

fn is_refused<T>(result: &aiofiles::Result<T>) -> bool {
    matches!(result, Err(Error::ExecutorGone { .. }))
}

// blocking#24, blocking#79: a thread that could not be started poisoned the pool.
#[test]
fn pool_without_a_thread_refuses_and_recovers() {
    let Some(dir) = in_child("pool_without_a_thread_refuses_and_recovers") else {
        return;
    };
    let pool = ThreadPoolExecutor::new(4);
    block_on(async {
        allow_threads(false);
        for _ in 0..3 {
            let call = aiofiles::delegate(|| 1).executor(pool.clone());
            assert!(is_refused(&call.await));
            let open = aiofiles::open(dir.join("none")).mode("w");
            assert!(is_refused(&open.executor(pool.clone()).await));
        }
        assert!(!dir.join("none").exists());
        let std = File::create(dir.join("file")).unwrap();
        let made = aiofiles::wrap(std).executor(pool.clone());
        let mut file = made.await.unwrap();
        file.write(b"kept").await.unwrap();
        assert!(is_refused(&file.flush().await));
        allow_threads(true);
        file.flush().await.unwrap();
        assert_eq!(on_disk(&dir.join("file")), b"kept");
        // Nor does what is dropped get lost.
        file.write(b" on").await.unwrap();
        pool.shutdown().await;
        drop(file);
        assert_eq!(on_disk(&dir.join("file")), b"kept on");
    });
}

// blocking#31: the jobs that were queued when a thread failed to start spun for ever.
#[test]
fn pool_goes_on_with_the_threads_it_has() {
    if in_child("pool_goes_on_with_the_threads_it_has").is_none() {
        return;
    }
    let pool = ThreadPoolExecutor::new(8).queue_limit(4);
    block_on(async {
        let one = aiofiles::delegate(|| ()).executor(pool.clone());
        one.await.unwrap();
        allow_threads(false);
        let done = Arc::new(AtomicUsize::new(0));
        let calls = (0..200).map(|_| {
            let done = done.clone();
            let job = move || done.fetch_add(1, Ordering::SeqCst);
            aiofiles::delegate(job).executor(pool.clone())
        });
        assert!(join_all(calls).await.iter().all(Result::is_ok));
        assert_eq!(done.load(Ordering::SeqCst), 200);
        assert_eq!(pool.stats().done, 201);
        pool.shutdown().await;
        assert_eq!((pool.stats().waiting, pool.stats().queued), (0, 0));
    });
}

#[test]
fn runtime_without_a_thread_refuses_and_recovers() {
    let Some(dir) = in_child("runtime_without_a_thread_refuses_and_recovers") else {
        return;
    };
    common_runtime().block_on(async {
        allow_threads(false);
        // tokio panics, and says so on standard error; the task does not.
        let call = aiofiles::delegate(|| 1).executor(TokioExecutor::new());
        assert!(is_refused(&call.await));
        assert!(is_refused(&aiofiles::write(dir.join("file"), "x").await));
        let written = aiofiles::write(dir.join("file"), "x").executor(InlineExecutor);
        written.await.unwrap();
        allow_threads(true);
        assert_eq!(aiofiles::read(dir.join("file")).await.unwrap(), b"x");
        aiofiles::write(dir.join("file"), "y").await.unwrap();
    });
    assert_eq!(on_disk(&dir.join("file")), b"y");
}

fn common_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

/// The time that this process has had of its processors.
fn worked() -> std::time::Duration {
    use rustix::time::{ClockId, clock_gettime};
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap()
}

// A lock is tried again after a pause, for which a thread wakes its task.
#[test]
fn lock_is_waited_for_without_a_thread_and_without_a_spin() {
    let name = "lock_is_waited_for_without_a_thread_and_without_a_spin";
    let Some(dir) = in_child(name) else {
        return;
    };
    let path = dir.join("file");
    let holder = File::create(&path).unwrap();
    holder.lock().unwrap();
    block_on(async {
        let open = aiofiles::open(&path).binary().mode("r+");
        let mut file = open.executor(InlineExecutor).await.unwrap();
        allow_threads(false);
        let (begun, before) = (std::time::Instant::now(), worked());
        let mut lock = std::pin::pin!(file.lock());
        let mut polls = 0;
        while begun.elapsed() < std::time::Duration::from_millis(200) {
            assert!(poll_once(lock.as_mut()).is_none());
            polls += 1;
        }
        let worked = worked() - before;
        assert!(
            polls < 400 && worked < begun.elapsed() / 2,
            "{polls}, {worked:?}"
        );
        holder.unlock().unwrap();
        lock.await.unwrap();
    });
}

#[test]
fn names_of_threads_need_not_be_names() {
    let pool = ThreadPoolExecutor::new(1).thread_name_prefix("a\0b");
    let name = aiofiles::delegate(|| std::thread::current().name().map(String::from));
    let name = block_on(name.executor(pool)).unwrap();
    assert_eq!(name.as_deref(), Some("ab-0"));
}
