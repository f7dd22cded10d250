//! The thread of a standard stream.

use std::sync::PoisonError;

use crate::executor::{Executor, Job, Refused};
use crate::foreign::catch;
use crate::sync::{Mutex, mpsc, thread};

/// Runs jobs on one thread, which the first job starts. Nobody waits for that thread, so a
/// job that blocks for ever ends with the process.
pub(super) struct Daemon {
    name: &'static str,
    /// Under this lock, jobs are only sent and the thread is started; nothing foreign is
    /// run or dropped.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
}

impl Daemon {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            jobs: Mutex::default(),
        }
    }

    /// Starts the thread; `None` if the system has none left.
    fn start(&self) -> Option<mpsc::Sender<Job>> {
        let (sender, receiver) = mpsc::channel::<Job>();
        // A job should not panic. But without this `catch`, a panic would end the thread,
        // and with it the stream for the rest of the process.
        let body = move || {
            for job in receiver {
                drop(catch(|| job.run()));
            }
        };
        let thread = thread::Builder::new().name(self.name.to_owned());
        thread.spawn(body).is_ok().then_some(sender)
    }
}

impl Executor for Daemon {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.is_none() {
            *jobs = self.start();
        }
        match &*jobs {
            // The thread lives as long as the sender.
            Some(sender) => sender.send(job).map_err(|lost| Refused(lost.0)),
            None => Err(Refused(job)),
        }
    }

    /// What is in a pipe is read without a hop.
    fn allows_nowait(&self) -> bool {
        true
    }
}

#[cfg(all(test, model))]
mod model;
