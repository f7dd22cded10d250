//! Where blocking calls run: the [`Executor`] trait and its implementations.
//!
//! Every blocking call of this crate is a [`Job`] that an executor runs on a thread that
//! may block. The way of a job to a thread and back is called a *hop*. What needs no job,
//! because memory or the page cache has the answer, is served *inline*, on the thread of
//! the task; reads from the page cache that the kernel refuses rather than wait are called
//! *nowait* reads.
//!
//! A call takes the first of these executors that there is:
//!
//! 1. the one given with `.executor(..)`; a file keeps it for every later operation, for
//!    `close` and for its drop;
//! 2. the process-wide one of [`set_default`];
//! 3. the tokio runtime that the call is awaited on (`spawn_blocking`). A file keeps that
//!    runtime. Once the runtime is gone, the file goes on with the runtime of the next
//!    call, with everything it had; so do jobs that the old runtime had not begun.
//! 4. Without any of these, the call fails with [`Error::NoRuntime`], which says what to
//!    do.
//!
//! | executor | runs jobs |
//! |---|---|
//! | [`TokioExecutor`] | on tokio's `spawn_blocking`; the default; `tokio::runtime::Handle` is an executor too |
//! | [`ThreadPoolExecutor`] | on its own, bounded threads; works under any async runtime |
//! | [`InlineExecutor`] | in place: for tests and tools |
//! | [`ManualExecutor`] | one at a time, when you say so: for deterministic tests |
//!
//! In Python this is the `executor=` keyword and `loop.set_default_executor`.
//!
//! # Tests with a paused clock
//!
//! tokio's paused clock advances as soon as every task waits and no `spawn_blocking` job
//! runs. It does not know about the threads of other executors, so with those a timeout
//! may fire while a job runs. Use the default executor in such tests, or
//! [`ManualExecutor`].
//!
//! # Writing an executor
//!
//! Run the job, or hand it back in [`Refused`] if it cannot be run; the job in it is
//! complete and may be given to another executor. An executor that is only busy keeps the
//! job until its turn comes. If a job is dropped without having run, its caller gets
//! [`Error::ExecutorGone`], and the file gets its state back, so nothing is lost. To watch
//! what another executor does, pass it [wrapped](Job::wrap) jobs.
//!
//! # The end of the process
//!
//! If a file with unwritten bytes is dropped before `main` returns, its bytes are written
//! before the process ends, on every executor. The end of `main` waits for such last
//! writes; those that have not begun it makes itself (without the wrapper of
//! [`Job::wrap`], if their job has one). It waits for nothing else. If a last write cannot
//! finish, because it goes to a pipe that nobody reads, for instance, it waits for ever.
//!
//! This works only if the crate was used on the thread of `main`: a call was awaited
//! there, or a pool was made, or [`set_default`] was called. Otherwise the end of each
//! thread does the same for the files that were dropped on that thread; the drop of a
//! runtime waits for the ends of its threads. `abort` and signals end a process without
//! any of this, and `std::process::exit` may do so too.
//!
//! ```
//! use aiofiles::executor::{Executor, InlineExecutor, Job, Refused};
//! use std::sync::{Arc, Mutex};
//!
//! /// Notes what runs.
//! #[derive(Default)]
//! struct Log(Mutex<Vec<String>>);
//!
//! impl Executor for Log {
//!     fn execute(&self, job: Job) -> Result<(), Refused> {
//!         self.0.lock().unwrap().push(format!("{} {:?}", job.op(), job.path()));
//!         InlineExecutor.execute(job)
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let log = Arc::new(Log::default());
//! aiofiles::delegate(|| ()).executor(log.clone()).await?;
//! assert_eq!(*log.0.lock().unwrap(), ["run None"]);
//! # Ok::<(), aiofiles::Error>(()) }).unwrap();
//! ```

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use ::tokio::runtime::Handle;

use crate::delegate::watch_main;
use crate::error::{self, Error};
use crate::foreign::catch;

mod inline;
mod job;
mod manual;
mod thread_pool;
mod tokio;

pub use self::inline::InlineExecutor;
pub use self::job::{Job, Outcome, Refused};
pub(crate) use self::job::{Line, Load, Place, Work, Wrapper};
pub use self::manual::ManualExecutor;
pub use self::thread_pool::{Stats, ThreadPoolExecutor};
pub use self::tokio::TokioExecutor;

/// Runs jobs on threads that may block.
///
/// Implement it to choose where the blocking calls of this crate run, or to bound, watch
/// or log them; see the [module](self) for an example. These types implement it:
/// [`TokioExecutor`], [`ThreadPoolExecutor`], [`InlineExecutor`], [`ManualExecutor`],
/// `tokio::runtime::Handle`, and `Arc<E>` of any executor.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement `Executor`",
    note = "`aiofiles::executor` has some: `ThreadPoolExecutor`, `TokioExecutor`, `InlineExecutor`; a `tokio::runtime::Handle` is one too"
)]
pub trait Executor: Send + Sync + 'static {
    /// Runs `job` on a thread that may block, now or later, or hands it back.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the job, if it cannot be run; the caller then gets
    /// [`Error::ExecutorGone`].
    fn execute(&self, job: Job) -> Result<(), Refused>;

    /// Says whether a read whose data is in the page cache may be served on the thread of
    /// the caller, without a job. `false` unless overridden, so that an executor sees
    /// every call. `.nowait(..)` of [`open`](crate::open()) overrides it for one file.
    fn allows_nowait(&self) -> bool {
        false
    }

    /// Is called for each read that was served without a job. It does nothing unless
    /// overridden.
    fn nowait_hit(&self) {}
}

impl<E: Executor + ?Sized> Executor for Arc<E> {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        (**self).execute(job)
    }

    fn allows_nowait(&self) -> bool {
        (**self).allows_nowait()
    }

    fn nowait_hit(&self) {
        (**self).nowait_hit();
    }
}

static DEFAULT: OnceLock<Arc<dyn Executor>> = OnceLock::new();

/// Sets the executor for every later call without `.executor(..)`, in the whole process.
/// It takes precedence over the tokio runtime. Python: `loop.set_default_executor`.
///
/// # Errors
///
/// `InvalidInput` if it was set before: files may be using that one.
///
/// # Examples
///
/// ```
/// use aiofiles::ThreadPoolExecutor;
///
/// aiofiles::executor::set_default(ThreadPoolExecutor::new(4))?;
/// // No tokio here: the pool is enough.
/// let n = futures::executor::block_on(aiofiles::delegate(|| 6 * 7))?;
/// assert_eq!(n, 42);
/// assert!(aiofiles::executor::set_default(ThreadPoolExecutor::new(4)).is_err());
/// # Ok::<(), aiofiles::Error>(())
/// ```
#[doc(alias = "set_default_executor")]
pub fn set_default(executor: impl Executor) -> error::Result<()> {
    watch_main();
    DEFAULT
        .set(Arc::new(executor))
        .map_err(|_| Error::InvalidArgument {
            op: "set the default executor",
            path: None,
            reason: "it was set before".to_owned(),
        })
}

/// The executor that a call or a file uses.
#[derive(Clone)]
pub(crate) enum Chosen {
    /// The runtime that was found; this needs no allocation, unlike an `Arc<dyn>`.
    Tokio(Handle),
    Given(Arc<dyn Executor>),
    /// An executor that passes its jobs on to the runtime that was found.
    #[cfg_attr(
        not(feature = "tempfile"),
        expect(dead_code, reason = "only a spooled file puts one before another")
    )]
    Before(Arc<dyn Executor>, Handle),
}

impl Chosen {
    pub(crate) fn new(executor: impl Executor) -> Self {
        watch_main();
        Self::Given(Arc::new(executor))
    }

    /// Wraps `executor`, which passes its jobs on to `real`.
    #[cfg(feature = "tempfile")]
    pub(crate) fn before(executor: impl Executor, real: &Self) -> Self {
        match real.runtime() {
            Some(runtime) => Self::Before(Arc::new(executor), runtime.clone()),
            None => Self::Given(Arc::new(executor)),
        }
    }

    /// The runtime, if it is only the one that was found where the call was polled. Nobody
    /// asked for it, so when it is gone, another one may take its place.
    pub(crate) fn runtime(&self) -> Option<&Handle> {
        match self {
            Self::Tokio(runtime) | Self::Before(_, runtime) => Some(runtime),
            Self::Given(_) => None,
        }
    }

    /// The default executor at the place where the call is polled. `op` and `path` are for
    /// the error if there is none.
    pub(crate) fn current(op: &'static str, path: Option<&Path>) -> error::Result<Self> {
        watch_main();
        if let Some(executor) = DEFAULT.get() {
            return Ok(Self::Given(executor.clone()));
        }
        let handle = Handle::try_current();
        handle.map(Self::Tokio).map_err(|_| Error::NoRuntime {
            op,
            path: path.map(Path::to_owned),
        })
    }

    /// The executor behind a guard: `allows_nowait` and `nowait_hit` never panic. See the
    /// impl below.
    pub(crate) fn get(&self) -> &dyn Executor {
        self
    }

    pub(crate) fn to_arc(&self) -> Arc<dyn Executor> {
        match self {
            Self::Tokio(handle) => Arc::new(handle.clone()),
            Self::Given(executor) | Self::Before(executor, _) => executor.clone(),
        }
    }
}

/// `allows_nowait` and `nowait_hit` of a foreign executor are called in the middle of an
/// operation, when bytes may be between two places: a panic must not unwind through it. (A
/// panic in `execute` is caught by the flight, which knows what happens to the job.)
impl Executor for Chosen {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        match self {
            Self::Tokio(handle) => handle.execute(job),
            Self::Given(executor) | Self::Before(executor, _) => executor.execute(job),
        }
    }

    fn allows_nowait(&self) -> bool {
        match self {
            Self::Tokio(_) => true,
            Self::Given(executor) | Self::Before(executor, _) => {
                catch(|| executor.allows_nowait()).unwrap_or(false)
            }
        }
    }

    fn nowait_hit(&self) {
        if let Self::Given(executor) | Self::Before(executor, _) = self {
            drop(catch(|| executor.nowait_hit()));
        }
    }
}

impl fmt::Debug for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tokio(_) => "Tokio",
            Self::Given(_) => "Given",
            Self::Before(..) => "Before",
        })
    }
}
