//! What an executor runs, and hands back if it cannot.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// One blocking call, ready to run.
///
/// Dropping it without [`run`](Job::run) gives its caller
/// [`Error::ExecutorGone`](crate::Error::ExecutorGone). The one exception is the
/// last flush of a dropped file, which nobody waits for: it then runs where the
/// job is dropped, so that no byte is lost.
#[must_use = "a job does nothing unless it is run"]
pub struct Job {
    op: &'static str,
    path: Option<Arc<Path>>,
    /// `None` once it has run.
    work: Option<Arc<dyn Work>>,
    /// Its place in the line of a full executor, on the way back to the caller.
    place: Option<Box<dyn Place>>,
    /// Whether somebody waits: only then can it be held back by a full queue.
    pub(crate) awaited: bool,
}

/// What a [`Job`] runs.
pub(crate) trait Work: Send + Sync {
    /// Runs it; called once at the most.
    fn run(self: Arc<Self>);
    /// Called instead of `run` when the job is dropped.
    fn lost(self: Arc<Self>);
}

/// A job's place in the line of a full executor. Its drop takes the job out.
pub(crate) trait Place: Send + Sync {
    /// Takes the job out of the line; `None` if it has had its turn.
    fn leave(&mut self) -> Option<Job>;
}

impl Job {
    pub(crate) fn new(
        op: &'static str,
        path: Option<Arc<Path>>,
        work: Arc<dyn Work>,
        awaited: bool,
    ) -> Self {
        Self {
            op,
            path,
            work: Some(work),
            place: None,
            awaited,
        }
    }

    /// Makes the same job once more, should an executor have swallowed this one;
    /// the first to run does the work. Costs no allocation.
    pub(crate) fn again(&self) -> impl FnOnce() -> Option<Self> + use<> {
        let (op, path, awaited) = (self.op, self.path.clone(), self.awaited);
        let work = self.work.clone();
        move || work.map(|work| Self::new(op, path, work, awaited))
    }

    /// Runs the job on this thread, which it may block. Never panics: a panic of
    /// what it runs goes to its caller as
    /// [`Error::Panicked`](crate::Error::Panicked).
    pub fn run(mut self) {
        if let Some(work) = self.work.take() {
            work.run();
        } else if let Some(waiting) = self.place.take().and_then(|mut place| place.leave()) {
            // Whoever got it back runs it after all.
            waiting.run();
        }
    }

    /// Returns what the job does, as a verb: `open`, `read`, `write`, `stat` ….
    #[must_use]
    pub fn op(&self) -> &'static str {
        self.op
    }

    /// Returns the path it is for; `None` where it has none.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Splits the job: what waits in the line of a full executor, which runs it
    /// in its turn, and what goes back to the caller with its `place` there.
    pub(crate) fn wait_in_line(mut self, place: impl FnOnce(Self) -> Box<dyn Place>) -> Self {
        let (op, path, awaited) = (self.op, self.path.clone(), self.awaited);
        let work = self.work.take();
        let waiting = Self {
            op,
            path,
            work,
            place: None,
            awaited,
        };
        self.place = Some(place(waiting));
        self
    }

    pub(crate) fn take_place(&mut self) -> Option<Box<dyn Place>> {
        self.place.take()
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            work.lost();
        }
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("op", &self.op)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// A job that an executor could not run, handed back.
#[derive(Debug)]
pub struct Refused(
    /// The job.
    pub Job,
);

impl Refused {
    /// Hands `job` back.
    pub fn new(job: Job) -> Self {
        Self(job)
    }

    /// Returns the job.
    pub fn into_job(self) -> Job {
        self.0
    }
}

impl From<Job> for Refused {
    fn from(job: Job) -> Self {
        Self(job)
    }
}
