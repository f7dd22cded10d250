//! The thread of a standard stream.

use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use crate::executor::{Executor, Job, Refused};

/// Runs jobs on one thread, started with the first and never waited for: a job
/// that blocks for ever ends with the process.
pub(super) struct Daemon {
    name: &'static str,
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
}

impl Daemon {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            jobs: Mutex::default(),
        }
    }
}

impl Executor for Daemon {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.is_none() {
            let (sender, receiver) = mpsc::channel::<Job>();
            let body = move || receiver.into_iter().for_each(Job::run);
            let thread = thread::Builder::new().name(self.name.to_owned());
            if thread.spawn(body).is_err() {
                return Err(Refused(job));
            }
            *jobs = Some(sender);
        }
        match &*jobs {
            // The thread never ends: a job does not panic.
            Some(sender) => sender.send(job).map_err(|lost| Refused(lost.0)),
            None => Err(Refused(job)),
        }
    }
}
