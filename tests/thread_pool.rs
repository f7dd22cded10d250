//! The thread pool when its queue is full: who waits, who runs, and what those
//! leave who give up.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Barrier, Mutex};

use aiofiles::executor::{Executor, Job, Refused};
use aiofiles::{Error, ThreadPoolExecutor, delegate};
use common::{Dir, cache_answers, poll_once};
use futures::executor::block_on;
use futures::future::{join_all, try_join_all};

/// Holds a worker until the sender goes.
fn hold(pool: &ThreadPoolExecutor) -> Sender<()> {
    let (sender, receiver) = channel::<()>();
    let (begun, begins) = channel();
    let job = delegate(move || {
        begun.send(()).unwrap();
        let _ = receiver.recv();
    });
    let mut job = Box::pin(job.executor(pool.clone()));
    assert!(poll_once(job.as_mut()).is_none());
    begins.recv().unwrap();
    std::mem::forget(job);
    sender
}

#[test]
fn jobs_that_wait_in_the_line_have_all_the_workers() {
    for (workers, limit) in [(8, 1), (8, 3), (2, 1)] {
        for _ in 0..20 {
            let pool = ThreadPoolExecutor::new(workers).queue_limit(limit);
            // Each goes on only if as many as there are workers run at once.
            let barrier = Arc::new(Barrier::new(workers));
            let calls = (0..workers * 4).map(|_| {
                let barrier = barrier.clone();
                delegate(move || barrier.wait().is_leader()).executor(pool.clone())
            });
            block_on(try_join_all(calls)).unwrap();
        }
    }
}

#[test]
fn workers_that_were_idle_take_what_waits_in_the_line() {
    let pool = ThreadPoolExecutor::new(4).queue_limit(1);
    for _ in 0..50 {
        let barrier = Arc::new(Barrier::new(4));
        let calls = (0..4).map(|_| {
            let barrier = barrier.clone();
            delegate(move || barrier.wait().is_leader()).executor(pool.clone())
        });
        block_on(try_join_all(calls)).unwrap();
    }
    block_on(pool.shutdown());
    assert_eq!(pool.stats().done, 200);
}

/// Tries each in turn until one accepts the job.
struct OneOf(Vec<ThreadPoolExecutor>);

impl Executor for OneOf {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        let mut refused = Refused(job);
        for pool in &self.0 {
            match pool.execute(refused.into_job()) {
                Ok(()) => return Ok(()),
                Err(again) => refused = again,
            }
        }
        Err(refused)
    }
}

#[test]
fn full_pool_accepts() {
    let pools = [1, 1].map(|workers| ThreadPoolExecutor::new(workers).queue_limit(1));
    let held = pools.each_ref().map(hold);
    let [first, second] = &pools;
    let same_again = Arc::new(OneOf(vec![first.clone(), first.clone()]));
    let other = Arc::new(OneOf(vec![second.clone(), first.clone()]));
    let mut calls: Vec<_> = (0..8)
        .map(|n| {
            let executor = if n % 2 == 0 { &same_again } else { &other };
            Box::pin(delegate(move || n).executor(executor.clone()))
        })
        .collect();
    for call in &mut calls {
        assert!(poll_once(call.as_mut()).is_none());
    }
    let waiting = pools.each_ref().map(|pool| pool.stats().waiting);
    assert_eq!(waiting, [3, 3], "the first that was asked has the job");
    drop(held);
    assert_eq!(
        block_on(try_join_all(calls)).unwrap(),
        [0, 1, 2, 3, 4, 5, 6, 7]
    );
}

#[test]
fn pool_that_was_shut_down_refuses_the_job_whole() {
    let pools = [1, 1].map(ThreadPoolExecutor::new);
    block_on(pools[0].shutdown());
    let executor = OneOf(pools.to_vec());
    assert_eq!(block_on(delegate(|| 3).executor(executor)).unwrap(), 3);
    // The count comes after the result: at the end of the worker it is there.
    block_on(pools[1].shutdown());
    assert_eq!(pools.map(|pool| pool.stats().done), [0, 1]);
}

#[test]
fn calls_that_are_given_up_leave_nothing() {
    const CALLS: usize = 100_000;
    for limit in [1, CALLS / 2, usize::MAX] {
        let pool = ThreadPoolExecutor::new(2).queue_limit(limit);
        let held = [hold(&pool), hold(&pool)];
        let ran = Arc::new(Mutex::new(Vec::new()));
        let start = |n| {
            let ran = ran.clone();
            let job = move || ran.lock().unwrap().push(n);
            let mut call = Box::pin(delegate(job).executor(pool.clone()));
            assert!(poll_once(call.as_mut()).is_none());
            call
        };
        let mut calls: Vec<_> = (0..CALLS).map(|n| Some(start(n))).collect();
        let stats = pool.stats();
        assert_eq!(stats.queued, limit.min(CALLS));
        assert_eq!(stats.queued + stats.waiting, CALLS);
        // From the middle to both ends.
        for n in 0..CALLS / 2 {
            for gone in [CALLS / 2 - 1 - n, CALLS / 2 + n] {
                if gone % 10_000 != 7 {
                    calls[gone] = None;
                }
            }
        }
        assert_eq!(Arc::strong_count(&ran), 1 + 10, "the jobs are gone, too");
        let stats = pool.stats();
        assert_eq!(stats.queued + stats.waiting, 10);
        drop(held);
        block_on(join_all(calls.into_iter().flatten()));
        block_on(pool.shutdown());
        let mut ran = std::mem::take(&mut *ran.lock().unwrap());
        ran.sort_unstable();
        let expected: Vec<_> = (0..10).map(|n| n * 10_000 + 7).collect();
        assert_eq!(ran, expected);
        assert_eq!(pool.stats().done, 12);
    }
}

#[test]
fn call_that_is_given_up_under_another_executor_leaves_its_pool() {
    struct Around(ThreadPoolExecutor);
    impl Executor for Around {
        fn execute(&self, job: Job) -> Result<(), Refused> {
            self.0.execute(job.wrap(|run| {
                run();
            }))
        }
    }
    let pool = ThreadPoolExecutor::new(1);
    let held = hold(&pool);
    let mut call = Box::pin(delegate(|| ()).executor(Around(pool.clone())));
    assert!(poll_once(call.as_mut()).is_none());
    assert_eq!(pool.stats().queued, 1);
    drop(call);
    assert_eq!(pool.stats().queued, 0);
    drop(held);
    block_on(pool.shutdown());
}

#[test]
fn shutdown_drops_the_line_and_keeps_the_queue() {
    let pool = ThreadPoolExecutor::new(1).queue_limit(3);
    let held = hold(&pool);
    let mut calls: Vec<_> = (0..10)
        .map(|n| Box::pin(delegate(move || n).executor(pool.clone())))
        .collect();
    for call in &mut calls {
        assert!(poll_once(call.as_mut()).is_none());
    }
    // The second of the queue gives up: the fourth has its place.
    drop(calls.remove(1));
    let mut shutdown = Box::pin(pool.shutdown());
    assert!(poll_once(shutdown.as_mut()).is_none());
    drop(held);
    let results = block_on(join_all(calls));
    block_on(shutdown);
    let done: Vec<_> = results.iter().flatten().collect();
    assert_eq!(done, [&0, &2, &3]);
    let gone = |result: &&aiofiles::Result<i32>| matches!(result, Err(Error::ExecutorGone { .. }));
    assert_eq!(results.iter().filter(gone).count(), 6);
}

#[test]
fn last_handle_may_go_in_a_worker_of_the_pool() {
    let pool = ThreadPoolExecutor::new(2);
    let (begun, begins) = channel();
    let (go, goes) = channel::<()>();
    let (done, is_done) = channel();
    let own = pool.clone();
    let job = move || {
        begun.send(()).unwrap();
        goes.recv().ok();
        // It waits for no thread, least of all its own.
        drop(own);
        done.send(()).unwrap();
    };
    let mut call = Box::pin(delegate(job).executor(pool.clone()));
    assert!(poll_once(call.as_mut()).is_none());
    begins.recv().unwrap();
    drop(call);
    drop(pool);
    drop(go);
    is_done.recv().unwrap();
}

#[test]
fn a_pool_counts_what_it_was_spared() {
    block_on(async {
        let dir = Dir::new();
        let path = dir.file("f", b"0123456789");
        if !cache_answers(&path) {
            return;
        }
        let pool = ThreadPoolExecutor::new(1);
        let open = aiofiles::open(&path).raw().executor(pool.clone());
        let file = open.nowait(true).await.unwrap();
        let before = pool.stats();
        for n in 1..=5 {
            assert_eq!(file.read_at(0, 4).await.unwrap(), b"0123");
            let now = pool.stats();
            let spared = (now.nowait_hits - before.nowait_hits, now.done);
            assert_eq!(spared, (n, before.done));
        }
    });
}
