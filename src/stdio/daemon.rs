//! The thread of a standard stream.

use std::process;
use std::sync::{Arc, PoisonError};

use crate::executor::{Executor, Job, Refused};
use crate::foreign::catch;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard, mpsc, thread};

/// Runs jobs on one thread, which the first job starts. Nobody waits for that thread, so a
/// job that blocks for ever ends with the process.
pub(super) struct Daemon {
    name: &'static str,
    /// Under this lock, jobs are only sent and the thread is started; nothing foreign is
    /// run or dropped.
    thread: Mutex<Option<Thread>>,
}

struct Thread {
    /// The process in which it was started: a child that fork(2) has made has the value
    /// but not the thread.
    process: u32,
    jobs: mpsc::Sender<Job>,
    /// How many of its jobs wait or run.
    open: Arc<AtomicUsize>,
}

impl Daemon {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            thread: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Thread>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a job waits or runs.
    pub(super) fn is_busy(&self) -> bool {
        self.lock().as_ref().is_some_and(|thread| {
            thread.process == process::id() && thread.open.load(Ordering::Acquire) > 0
        })
    }

    /// Starts the thread; `None` if the system has none left.
    fn start(&self) -> Option<Thread> {
        let (jobs, receiver) = mpsc::channel::<Job>();
        let open = Arc::new(AtomicUsize::new(0));
        let ended = open.clone();
        // A job should not panic. But without this `catch`, a panic would end the thread,
        // and with it the stream for the rest of the process.
        let body = move || {
            for job in receiver {
                drop(catch(|| job.run()));
                ended.fetch_sub(1, Ordering::Release);
            }
        };
        let thread = thread::Builder::new().name(self.name.to_owned());
        thread.spawn(body).is_ok().then(|| Thread {
            process: process::id(),
            jobs,
            open,
        })
    }
}

impl Executor for Daemon {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        let mut thread = self.lock();
        if !matches!(&*thread, Some(thread) if thread.process == process::id()) {
            *thread = self.start();
        }
        let Some(thread) = &*thread else {
            return Err(Refused(job));
        };
        thread.open.fetch_add(1, Ordering::Relaxed);
        // The thread lives as long as the sender.
        thread.jobs.send(job).map_err(|lost| {
            thread.open.fetch_sub(1, Ordering::Relaxed);
            Refused(lost.0)
        })
    }

    /// So bytes that are already in a pipe are read without a hop.
    fn allows_nowait(&self) -> bool {
        true
    }
}

#[cfg(all(test, model))]
mod model;

#[cfg(all(test, not(model)))]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::delegate;

    #[test]
    fn child_of_a_fork_starts_a_thread_of_its_own() {
        let daemon = Arc::new(Daemon::new("aiofiles-test"));
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.unwrap();
        let runs_on = || {
            let id = delegate(|| thread::current().id());
            runtime.block_on(id.executor(daemon.clone())).unwrap()
        };
        let first = runs_on();
        assert_eq!(runs_on(), first, "there is one");
        let of_parent = {
            let mut thread = daemon.lock();
            let thread = thread.as_mut().unwrap();
            thread.process = thread.process.wrapping_add(1);
            // As if a job had been running at the fork: in the child nobody ends it.
            thread.open.fetch_add(1, Ordering::Relaxed);
            thread.jobs.clone()
        };
        assert!(!daemon.is_busy());
        let second = runs_on();
        assert_ne!(second, first);
        assert_eq!(runs_on(), second);
        drop(of_parent);
    }
}
