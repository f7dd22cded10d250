//! What the tests of several modules share.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aiofiles::executor::{Executor, InlineExecutor, Job, Refused};

/// Runs a future on a tokio runtime of its own.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().expect("a runtime");
    runtime.block_on(future)
}

/// Counts jobs, notes what they are, and runs them in place.
#[derive(Clone, Default)]
pub(crate) struct Counting {
    jobs: Arc<AtomicUsize>,
    ops: Arc<Mutex<Vec<&'static str>>>,
}

impl Counting {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn jobs(&self) -> usize {
        self.jobs.load(Ordering::SeqCst)
    }

    pub(crate) fn ops(&self) -> Vec<&'static str> {
        self.ops.lock().expect("no test panics with it").clone()
    }
}

impl Executor for Counting {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        self.jobs.fetch_add(1, Ordering::SeqCst);
        self.ops
            .lock()
            .expect("no test panics with it")
            .push(job.op());
        InlineExecutor.execute(job)
    }
}

/// Refuses all jobs.
pub(crate) struct Refusing;

impl Executor for Refusing {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        Err(Refused(job))
    }
}
