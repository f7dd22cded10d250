//! What an executor runs, and hands back if it cannot.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Weak};

use crate::foreign::catch;

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
    /// What runs around it; goes with `work`.
    wrapper: Option<Wrapper>,
    /// Whether somebody waits: only then may a pool that shuts down refuse it.
    pub(crate) awaited: bool,
    /// What it moves, for an executor that may run it on the task.
    pub(crate) load: Load,
}

/// How much a job moves, in bytes.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(
    not(feature = "tempfile"),
    expect(dead_code, reason = "only a spooled file weighs its jobs")
)]
pub(crate) struct Load {
    /// At the most, if there is as much.
    pub(crate) reads: u64,
    pub(crate) writes: u64,
    /// Where what it writes ends; 0 where that is not known before.
    pub(crate) end: u64,
}

/// What a [`Job`] runs.
pub(crate) trait Work: Send + Sync {
    /// Runs it, in `wrapper` if there is something to run; called once at the most.
    fn run(self: Arc<Self>, wrapper: Option<Wrapper>);
    /// Called instead of `run` when the job is dropped.
    fn lost(self: Arc<Self>, wrapper: Option<Wrapper>);
    /// Takes note of where the job waits, so that its caller can take it out there
    /// by going. `false` if the caller has gone already.
    ///
    /// Called under the lock of the line: it must neither run nor drop anything
    /// that is foreign.
    fn wait_at(&self, place: Place) -> bool;
}

/// A line in which jobs wait for their turn.
pub(crate) trait Line: Send + Sync {
    /// Takes the job with this ticket out, if it is still there, and drops it.
    fn leave(&self, ticket: u64);
}

/// Where a job waits: its ticket for a line. The line may go first.
pub(crate) struct Place {
    pub(crate) line: Weak<dyn Line>,
    pub(crate) ticket: u64,
}

impl Place {
    /// Takes the job out of the line.
    pub(crate) fn leave(&self) {
        if let Some(line) = self.line.upgrade() {
            line.leave(self.ticket);
        }
    }
}

/// What [`Job::wrap`] puts around the work of a job.
pub(crate) type Wrapper = Box<dyn FnOnce(&mut dyn FnMut() -> Outcome) + Send>;

/// How the work of a job ended, for who [wraps](Job::wrap) it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It went to its end. What it did may still have failed, as a read does on a
    /// bad disk: that is its caller's to know.
    Done,
    /// It panicked, which its caller gets as
    /// [`Error::Panicked`](crate::Error::Panicked).
    Panicked,
    /// Another wrapper, inside, did not run it.
    Skipped,
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
            wrapper: None,
            awaited,
            load: Load::default(),
        }
    }

    /// Makes the same job once more, should an executor have swallowed this one;
    /// the first to run does the work. Costs no allocation.
    pub(crate) fn again(&self) -> impl FnOnce() -> Option<Self> + use<> {
        let (op, path, awaited) = (self.op, self.path.clone(), self.awaited);
        let (work, load) = (self.work.clone(), self.load);
        move || {
            work.map(|work| {
                let mut job = Self::new(op, path, work, awaited);
                job.load = load;
                job
            })
        }
    }

    /// Runs the job on this thread, which it may block. Never panics: a panic of
    /// what it runs goes to its caller as
    /// [`Error::Panicked`](crate::Error::Panicked).
    pub fn run(mut self) {
        if let Some(work) = self.work.take() {
            let wrapper = self.wrapper.take();
            // What is foreign in it is caught where it is called. This is for what
            // was overlooked: the thread is its executor's.
            drop(catch(|| work.run(wrapper)));
        }
    }

    /// Tells the caller where the job is about to wait. `false` if nobody wants it
    /// any more. See [`Work::wait_at`].
    pub(crate) fn wait_at(&self, place: Place) -> bool {
        self.work.as_ref().is_some_and(|work| work.wait_at(place))
    }

    /// Has `wrapper` run around the work of the job, on the thread that runs it:
    /// to log it, to time it, to open a span for it.
    ///
    /// The job stays what it is: an executor wraps it and hands it on to another
    /// one, and whatever becomes of it there, waiting in a full queue included, is
    /// as it was without. Wrapped again, the later one is outside.
    ///
    /// `wrapper` is called once the work is sure to begin, and gets a function
    /// that does it and says how it ended; a second call of that one does
    /// nothing more. The job's caller is told when `wrapper` has returned: a
    /// record that it makes is there before the result is.
    ///
    /// - It is dropped without being called if the job does not begin: if it is
    ///   refused or dropped, or if its caller has gone before. Only the last
    ///   flush of a dropped file runs, and is wrapped, even then.
    /// - If it returns without having called its function, it is as if the job
    ///   had been dropped.
    /// - If it panics, nobody is told; what the work came to stands.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc::{Sender, channel};
    /// use std::time::{Duration, Instant};
    ///
    /// use aiofiles::ThreadPoolExecutor;
    /// use aiofiles::executor::{Executor, Job, Refused};
    ///
    /// /// Tells of each job how long it waited for a thread, and how long it took.
    /// struct Timed<E>(E, Sender<(&'static str, Duration, Duration)>);
    ///
    /// impl<E: Executor> Executor for Timed<E> {
    ///     fn execute(&self, job: Job) -> Result<(), Refused> {
    ///         let (op, sender, called) = (job.op(), self.1.clone(), Instant::now());
    ///         self.0.execute(job.wrap(move |run| {
    ///             let begun = Instant::now();
    ///             run();
    ///             sender.send((op, begun - called, begun.elapsed())).ok();
    ///         }))
    ///     }
    /// }
    ///
    /// let (sender, receiver) = channel();
    /// let pool = Timed(ThreadPoolExecutor::new(1), sender);
    /// let pause = || std::thread::sleep(Duration::from_millis(2));
    /// futures::executor::block_on(aiofiles::delegate(pause).executor(pool))?;
    /// let (op, _waited, took) = receiver.recv().unwrap();
    /// assert_eq!(op, "run");
    /// assert!(took >= Duration::from_millis(2));
    /// # Ok::<(), aiofiles::Error>(())
    /// ```
    pub fn wrap<F>(mut self, wrapper: F) -> Self
    where
        F: FnOnce(&mut dyn FnMut() -> Outcome) + Send + 'static,
    {
        self.wrapper = Some(match self.wrapper.take() {
            None => Box::new(wrapper),
            Some(inner) => Box::new(move |run| {
                let (mut inner, mut outcome) = (Some(inner), Outcome::Skipped);
                wrapper(&mut || {
                    if let Some(inner) = inner.take() {
                        // Its panic is not the outer one's.
                        drop(catch(|| {
                            inner(&mut || {
                                outcome = run();
                                outcome
                            })
                        }));
                    }
                    outcome
                });
            }),
        });
        self
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
}

impl Drop for Job {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            let wrapper = self.wrapper.take();
            drop(catch(|| work.lost(wrapper)));
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

/// A job that an executor cannot run, handed back whole.
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
