//! Executors, and calls that run on them.

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aiofiles::executor::{self, InlineExecutor, Job, ManualExecutor, Refused};
use aiofiles::{Delegate, Error, Executor, ThreadPoolExecutor, TokioExecutor, delegate};
use futures::FutureExt;

use crate::common::{Dir, run};

/// Hands every job to another executor, or back.
struct Mine(Option<Arc<dyn Executor>>);

impl Executor for Mine {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        let _: (&'static str, Option<&Path>) = (job.op(), job.path());
        match &self.0 {
            Some(other) => other.execute(job),
            None => Err(Refused::new(job)),
        }
    }
}

#[test]
fn every_executor_runs_jobs() {
    fn is_executor<E: Executor>(executor: E) -> E {
        executor
    }
    run(async {
        let handle = tokio::runtime::Handle::current();
        let pool = ThreadPoolExecutor::new(2)
            .thread_name_prefix("mine")
            .queue_limit(4)
            .keep_alive(Duration::from_secs(1));
        let shared: Arc<dyn Executor> = Arc::new(pool.clone());
        let one = |call: Delegate<i32>| async move { assert_eq!(call.await.unwrap(), 1) };
        one(delegate(|| 1)).await;
        one(delegate(|| 1).executor(TokioExecutor::new())).await;
        one(delegate(|| 1).executor(TokioExecutor::from_handle(handle.clone()))).await;
        one(delegate(|| 1).executor(handle)).await;
        one(delegate(|| 1).executor(is_executor(pool.clone()))).await;
        one(delegate(|| 1).executor(shared.clone())).await;
        one(delegate(|| 1).executor(Mine(Some(shared)))).await;
        one(delegate(|| 1).executor(InlineExecutor)).await;
        one(aiofiles::os::wrap(|| 1)).await;
        let name = delegate(|| std::thread::current().name().map(str::to_owned));
        let name = name.executor(pool.clone()).await.unwrap().unwrap();
        assert!(name.starts_with("mine"), "{name}");
        pool.shutdown().await;
        let stats = pool.stats();
        assert_eq!((stats.queued, stats.running, stats.done), (0, 0, 4));
        let _: u64 = stats.nowait_hits;
        assert!(!Mine(None).allows_nowait() && TokioExecutor::new().allows_nowait());
    });
}

#[test]
fn jobs_are_run_by_hand() {
    let jobs = ManualExecutor::new();
    let other = jobs.clone();
    let mut calls: Vec<_> = (0..3)
        .map(|n| delegate(move || n).executor(other.clone()))
        .collect();
    assert!(calls.iter_mut().all(|call| call.now_or_never().is_none()));
    assert_eq!(jobs.len(), 3);
    assert!(jobs.run_one());
    assert_eq!(jobs.run_all(), 2);
    assert!(!jobs.run_one() && jobs.is_empty());
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(call.now_or_never().unwrap().unwrap(), n);
    }
}

#[test]
fn what_executors_do_to_calls_has_its_errors() {
    let refused = delegate(|| ()).executor(Mine(None)).now_or_never().unwrap();
    assert!(matches!(refused, Err(Error::ExecutorGone { .. })));
    let nowhere = delegate(|| ()).now_or_never().unwrap().unwrap_err();
    assert!(matches!(nowhere, Error::NoRuntime { .. }), "{nowhere:?}");
    assert!(nowhere.to_string().contains("set_default"), "{nowhere}");

    let dir = Dir::new();
    let open = aiofiles::open(dir.file("x", "text")).executor(InlineExecutor);
    let mut file = open.now_or_never().unwrap().unwrap();
    let panicked = AssertUnwindSafe(file.batch(|_| -> std::io::Result<()> { panic!("why") }));
    let panicked = panicked.now_or_never().unwrap();
    assert!(matches!(panicked, Err(Error::Panicked { .. })));
    assert_eq!(file.read().now_or_never().unwrap().unwrap(), "text");
    let set: fn(InlineExecutor) -> aiofiles::Result<()> = executor::set_default;
    let _ = set;
}
