//! [`ManualExecutor`]: runs a job when it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Executor, Job, Refused};

/// Keeps jobs in a queue until a test runs them, for deterministic tests of code that
/// uses files.
///
/// It is a cheap handle: clones share the queue. When the last handle is dropped, the jobs
/// in the queue are dropped too, and their callers get
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
    /// Jobs are moved in and out under this lock, but never run or dropped: both may call
    /// this executor again.
    jobs: Arc<Mutex<VecDeque<Job>>>,
}

impl ManualExecutor {
    /// Creates an executor with an empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of jobs in the queue.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queue().len()
    }

    /// Says whether there is no job in the queue.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue().is_empty()
    }

    /// Runs the oldest job, on this thread; returns `false` if there was none.
    pub fn run_one(&self) -> bool {
        let job = self.queue().pop_front();
        job.map(Job::run).is_some()
    }

    /// Runs jobs until the queue is empty, also those that are added meanwhile; returns
    /// how many it has run.
    pub fn run_all(&self) -> usize {
        let mut count = 0;
        while self.run_one() {
            count += 1;
        }
        count
    }

    /// Takes the oldest job out of the queue, so that you can run it elsewhere or drop it.
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
    /// // An executor that shuts down does this.
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
