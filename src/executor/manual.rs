//! Jobs when told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Executor, Job, Refused};

/// Queues jobs until the test says run: deterministic tests of code that uses
/// files.
///
/// A cheap handle: clones share the queue. Jobs still queued when the last
/// handle goes are dropped, which their callers see as
/// [`Error::ExecutorGone`](crate::Error::ExecutorGone).
///
/// # Examples
///
/// ```
/// use aiofiles::executor::ManualExecutor;
/// use futures::FutureExt;
///
/// let jobs = ManualExecutor::new();
/// let mut call = Box::pin(aiofiles::delegate(|| 1 + 1).executor(jobs.clone()));
/// assert!(call.as_mut().now_or_never().is_none(), "nothing has run yet");
/// assert_eq!(jobs.len(), 1);
/// assert!(jobs.run_one());
/// assert_eq!(call.now_or_never().unwrap()?, 2);
/// # Ok::<(), aiofiles::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ManualExecutor {
    /// Under this lock jobs are moved in and out, never run or dropped: what they
    /// do then may come back here.
    jobs: Arc<Mutex<VecDeque<Job>>>,
}

impl ManualExecutor {
    /// Creates an executor with an empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns how many jobs wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queue().len()
    }

    /// Says whether no job waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue().is_empty()
    }

    /// Runs the oldest job here and now; `false` if there was none.
    pub fn run_one(&self) -> bool {
        let job = self.queue().pop_front();
        job.map(Job::run).is_some()
    }

    /// Runs jobs, also those that come up meanwhile, until none waits; returns
    /// how many.
    pub fn run_all(&self) -> usize {
        let mut count = 0;
        while self.run_one() {
            count += 1;
        }
        count
    }

    /// Takes the oldest job out, to run it elsewhere or to drop it.
    ///
    /// # Examples
    ///
    /// ```
    /// use aiofiles::executor::ManualExecutor;
    /// use futures::FutureExt;
    ///
    /// let jobs = ManualExecutor::new();
    /// let mut call = Box::pin(aiofiles::delegate(|| 1).executor(jobs.clone()));
    /// assert!(call.as_mut().now_or_never().is_none());
    /// // What an executor does that shuts down.
    /// drop(jobs.take_one());
    /// let error = call.now_or_never().unwrap().unwrap_err();
    /// assert!(matches!(error, aiofiles::Error::ExecutorGone { .. }));
    /// ```
    #[must_use]
    pub fn take_one(&self) -> Option<Job> {
        self.queue().pop_front()
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Executor for ManualExecutor {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        self.queue().push_back(job);
        Ok(())
    }
}
