//! [`InlineExecutor`]: runs jobs in place.

use super::{Executor, Job, Refused};

/// Runs each job at once, on the thread that polls the call.
///
/// It is for tests, and for tools that have nothing else to do. It blocks the thread of
/// the task, so a server should not use it.
///
/// # Examples
///
/// ```
/// use aiofiles::executor::InlineExecutor;
///
/// // No runtime, no thread.
/// let call = aiofiles::delegate(|| "here").executor(InlineExecutor);
/// assert_eq!(futures::executor::block_on(call)?, "here");
/// # Ok::<(), aiofiles::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct InlineExecutor;

impl Executor for InlineExecutor {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        job.run();
        Ok(())
    }
}
