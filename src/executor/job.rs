//! [`Job`]: what an executor runs, or hands back if it cannot run it.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Weak};

use crate::foreign::catch;

/// One blocking call, ready to run.
///
/// If it is dropped without [`run`](Job::run), its caller gets
/// [`Error::ExecutorGone`](crate::Error::ExecutorGone). The one exception is the last
/// flush of a dropped file, which has no caller that waits: the drop of the job runs it,
/// so that no byte is lost.
#[must_use = "a job does nothing unless it is run"]
pub struct Job {
    op: &'static str,
    path: Option<Arc<Path>>,
    /// `None` once it has run.
    work: Option<Arc<dyn Work>>,
    /// What runs around the work. It is only there together with `work`.
    wrapper: Option<Wrapper>,
    /// Whether a caller waits for it: only then may a pool that shuts down refuse it.
    pub(crate) awaited: bool,
}

/// How many bytes a job moves.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(
    not(feature = "tempfile"),
    expect(dead_code, reason = "only a spooled file weighs its jobs")
)]
pub(crate) struct Load {
    /// The most that it reads.
    pub(crate) reads: u64,
    pub(crate) writes: u64,
    /// The position after what it writes; 0 if that is not known in advance.
    pub(crate) end: u64,
}

/// What a [`Job`] runs.
pub(crate) trait Work: Send + Sync {
    /// Runs the work, inside `wrapper` if there is one. It is called at most once.
    fn run(self: Arc<Self>, wrapper: Option<Wrapper>);
    /// Is called instead of `run` when the job is dropped.
    fn lost(self: Arc<Self>, wrapper: Option<Wrapper>);
    /// How much it moves, as far as that is known before it has begun.
    #[cfg_attr(
        not(feature = "tempfile"),
        expect(dead_code, reason = "only a spooled file weighs its jobs")
    )]
    fn load(&self) -> Load {
        Load::default()
    }
    /// Records where the job waits, so that the drop of the call can take the job out of
    /// the line. Returns `false` if the call was dropped already.
    ///
    /// It is called under the lock of the line, so it must not run or drop foreign code.
    fn wait_at(&self, place: Place) -> bool;
}

/// A line in which jobs wait for their turn.
pub(crate) trait Line: Send + Sync {
    /// Takes the job with this ticket out of the line, if it is still there, and drops it.
    fn leave(&self, ticket: u64);
}

/// Where a job waits: its ticket in a line. The line may be dropped before the job.
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

/// How the work of a job ended, for the code that [wraps](Job::wrap) it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It ran to its end. The operation may still have failed, as a read on a bad disk
    /// does; only the caller learns that.
    Done,
    /// It panicked. The caller gets [`Error::Panicked`](crate::Error::Panicked).
    Panicked,
    /// Another wrapper, inside this one, did not run it.
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
        }
    }

    /// How many bytes it moves, for an executor that may run it on the task.
    #[cfg(feature = "tempfile")]
    pub(crate) fn load(&self) -> Load {
        self.work
            .as_ref()
            .map_or(Load::default(), |work| work.load())
    }

    /// Returns a function that makes the same job again, in case an executor loses this
    /// one. The first of the two to run does the work. It allocates nothing.
    pub(crate) fn again(&self) -> impl FnOnce() -> Option<Self> + use<> {
        let (op, path, awaited) = (self.op, self.path.clone(), self.awaited);
        let work = self.work.clone();
        move || work.map(|work| Self::new(op, path, work, awaited))
    }

    /// Runs the job on this thread, and may block it. It never panics: if the work
    /// panics, the caller gets [`Error::Panicked`](crate::Error::Panicked).
    pub fn run(mut self) {
        if let Some(work) = self.work.take() {
            let wrapper = self.wrapper.take();
            // Panics of foreign code are caught where that code is called. This catches
            // what was overlooked, as the thread belongs to the executor.
            drop(catch(|| work.run(wrapper)));
        }
    }

    /// Tells the caller where the job will wait. Returns `false` if the call was dropped.
    /// See [`Work::wait_at`].
    pub(crate) fn wait_at(&self, place: Place) -> bool {
        self.work.as_ref().is_some_and(|work| work.wait_at(place))
    }

    /// Makes `wrapper` run around the work of the job, on the thread that runs the job:
    /// to log it, to measure its time, to open a span for it.
    ///
    /// An executor wraps a job and passes it on to another executor. In everything else
    /// the wrapped job behaves as before; it may wait in a full queue, for instance. If a
    /// job is wrapped twice, the second wrapper is outside.
    ///
    /// `wrapper` is called when it is certain that the work begins. It gets a function
    /// that does the work and returns how it ended; a second call of that function does
    /// nothing more. The caller of the job gets the result after `wrapper` has returned,
    /// so a record that `wrapper` makes exists before the result does.
    ///
    /// - If the job does not begin, `wrapper` is dropped and not called: if the job is
    ///   refused or dropped, or its call was dropped before. The last flush of a dropped
    ///   file is the exception: it runs, and is wrapped, even then.
    /// - If `wrapper` returns without calling its function, the job counts as dropped.
    /// - If `wrapper` panics, the panic is ignored; the result of the work stays.
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
                        // A panic of the inner wrapper must not reach the outer one.
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

    /// Returns the path that the job is about; `None` if there is none.
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
