//! [`TokioExecutor`]: runs jobs on tokio's blocking pool.

use std::panic::{self, AssertUnwindSafe};

use ::tokio::runtime::Handle;

use super::{Executor, Job, Refused};

/// Runs jobs with tokio's `spawn_blocking`: the default.
///
/// It allows page-cache reads without a job (see [`Executor::allows_nowait`]). A runtime
/// that shuts down drops the jobs that it has not begun; the files keep their bytes.
///
/// # Examples
///
/// ```
/// use aiofiles::TokioExecutor;
///
/// let runtime = tokio::runtime::Runtime::new().unwrap();
/// let executor = TokioExecutor::from_handle(runtime.handle().clone());
/// // The call is not on that runtime, but the runtime runs its job.
/// let call = aiofiles::delegate(|| tokio::runtime::Handle::try_current().is_ok());
/// assert!(futures::executor::block_on(call.executor(executor))?);
/// # Ok::<(), aiofiles::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TokioExecutor {
    /// `None`: the runtime of the thread that hands the job in.
    handle: Option<Handle>,
}

impl TokioExecutor {
    /// Uses the runtime on which each call is polled; refuses a job if there is none.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Uses the runtime of `handle`, wherever the call is polled.
    #[must_use]
    pub fn from_handle(handle: Handle) -> Self {
        Self {
            handle: Some(handle),
        }
    }
}

impl Executor for TokioExecutor {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        match &self.handle {
            Some(handle) => handle.execute(job),
            None => match Handle::try_current() {
                Ok(handle) => handle.execute(job),
                Err(_) => Err(Refused(job)),
            },
        }
    }

    fn allows_nowait(&self) -> bool {
        true
    }
}

impl Executor for Handle {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        // `spawn_blocking` panics if it cannot start its first thread, and then keeps the
        // closure for a thread that may never come. The task must not get that panic, and
        // the caller must not wait for ever: so the job is made again and refused.
        let again = job.again();
        let spawned = panic::catch_unwind(AssertUnwindSafe(|| {
            drop(self.spawn_blocking(move || job.run()));
        }));
        match spawned.is_err().then(again).flatten() {
            Some(job) => Err(Refused(job)),
            None => Ok(()),
        }
    }

    fn allows_nowait(&self) -> bool {
        true
    }
}
