//! Executors that do what none should: they forget jobs, drop or run them late,
//! block, or use the crate themselves.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aiofiles::executor::{Executor, Job, ManualExecutor, Refused};
use aiofiles::{BinaryFile, Error, ThreadPoolExecutor, delegate};
use common::{Dir, on_disk, poll_once};
use futures::FutureExt;
use futures::executor::block_on;

/// Keeps its jobs, and runs them when it goes.
#[derive(Clone, Default)]
struct RunsInDrop(Arc<Keeps>);

#[derive(Default)]
struct Keeps(Mutex<Vec<Job>>);

impl Executor for RunsInDrop {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        self.0.0.lock().unwrap().push(job);
        Ok(())
    }
}

impl Drop for Keeps {
    fn drop(&mut self) {
        for job in std::mem::take(&mut *self.0.lock().unwrap()) {
            job.run();
        }
    }
}

#[test]
fn executor_that_runs_its_jobs_in_its_drop_is_late_and_no_more() {
    let executor = RunsInDrop::default();
    let mut call = Box::pin(delegate(|| 4).executor(executor.clone()));
    assert!(poll_once(call.as_mut()).is_none());
    let given_up = {
        let ran = Arc::new(AtomicUsize::new(0));
        let job = ran.clone();
        let job = delegate(move || job.fetch_add(1, Ordering::SeqCst));
        let mut call = Box::pin(job.executor(executor.clone()));
        assert!(poll_once(call.as_mut()).is_none());
        ran
    };
    // The call has a handle itself, as has the queue of the given-up job none.
    let jobs = std::mem::take(&mut *executor.0.0.lock().unwrap());
    drop(executor);
    jobs.into_iter().for_each(Job::run);
    assert_eq!(call.now_or_never().unwrap().unwrap(), 4);
    assert_eq!(given_up.load(Ordering::SeqCst), 0);
}

#[test]
fn job_that_is_dropped_late_tells_its_caller_or_nobody() {
    let jobs = ManualExecutor::new();
    let mut waits = Box::pin(delegate(|| 1).executor(jobs.clone()));
    let mut gone = Box::pin(delegate(|| 2).executor(jobs.clone()));
    assert!(poll_once(waits.as_mut()).is_none() && poll_once(gone.as_mut()).is_none());
    drop(gone);
    while let Some(job) = jobs.take_one() {
        drop(job);
    }
    let error = waits.now_or_never().unwrap().unwrap_err();
    assert!(matches!(error, Error::ExecutorGone { .. }));
}

/// Loses its jobs.
#[derive(Clone)]
struct Forgets;

impl Executor for Forgets {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        std::mem::forget(job);
        Ok(())
    }
}

#[test]
fn call_that_waits_for_ever_can_be_dropped() {
    let ran = Arc::new(());
    let held = ran.clone();
    let mut call = Box::pin(delegate(move || drop(held)).executor(Forgets));
    assert!(poll_once(call.as_mut()).is_none());
    drop(call);
    assert_eq!(Arc::strong_count(&ran), 1, "what it was to run is gone");
}

/// Does not return before its job has run, on another thread.
#[derive(Clone)]
struct Blocks;

impl Executor for Blocks {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        std::thread::spawn(move || job.run()).join().unwrap();
        Ok(())
    }
}

/// Uses the crate, by itself and in its jobs.
#[derive(Clone)]
struct Returns(ThreadPoolExecutor);

impl Executor for Returns {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        let pool = self.0.clone();
        // In a poll of another `block_on`, which that of `futures` does not allow.
        smol::block_on(delegate(|| ()).executor(pool.clone())).unwrap();
        self.0.execute(job.wrap(move |run| {
            block_on(delegate(|| ()).executor(pool.clone())).unwrap();
            run();
            block_on(delegate(|| ()).executor(pool)).unwrap();
        }))
    }
}

async fn round_trip(executor: impl Executor) {
    let dir = Dir::new();
    let path = dir.join("file");
    let open = aiofiles::open(&path).binary().mode("w+").executor(executor);
    let mut file: BinaryFile = open.await.unwrap();
    for n in 0..50_u8 {
        file.write(&[n; 10_000]).await.unwrap();
    }
    file.seek(std::io::SeekFrom::Start(9_999)).await.unwrap();
    assert_eq!(file.read().size(2).await.unwrap(), [0, 1]);
    file.close().await.unwrap();
    assert_eq!(on_disk(&path).len(), 500_000);
}

#[test]
fn executors_that_block_or_come_back_serve_files() {
    block_on(round_trip(Blocks));
    block_on(round_trip(Returns(ThreadPoolExecutor::new(2))));
}

#[test]
fn job_may_use_another_file_on_the_same_pool() {
    let pool = ThreadPoolExecutor::new(2).queue_limit(1);
    let inner = pool.clone();
    let call = delegate(move || block_on(round_trip(inner)));
    block_on(call.executor(pool.clone())).unwrap();
    block_on(pool.shutdown());
    assert_eq!(pool.stats().running, 0);
}
