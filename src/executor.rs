//! Where blocking calls run: the [`Executor`] trait and its implementations.
//!
//! Every blocking call of this crate is a [`Job`] that an executor runs on a
//! thread that may block. Which executor, in this order:
//!
//! 1. the one given with `.executor(..)` on the call; a file keeps it for every
//!    later operation, for `close` and for its drop;
//! 2. the process-wide one of [`set_default`], if any;
//! 3. the tokio runtime that the call is awaited on (`spawn_blocking`); a file keeps
//!    it as long as it lives, and then goes on, with all that it had, on the one of
//!    the call, as do jobs that the first had not begun;
//! 4. otherwise the call fails with [`Error::NoRuntime`], which says what to do.
//!
//! | executor | for |
//! |---|---|
//! | [`TokioExecutor`] | the default; also `tokio::runtime::Handle` itself |
//! | [`ThreadPoolExecutor`] | threads of its own, bounded; works under any async runtime |
//! | [`InlineExecutor`] | in place: tests and tools |
//! | [`ManualExecutor`] | a job at a time, when told: deterministic tests |
//!
//! In Python this is the `executor=` keyword and `loop.set_default_executor`.
//!
//! # Tests with a paused clock
//!
//! tokio's paused clock runs on as soon as every task waits, but for
//! `spawn_blocking`, whose jobs it waits for. It does not know of the threads of
//! other executors: there, a timeout may fire while a job is running. Use the
//! default executor with it, or [`ManualExecutor`].
//!
//! # Writing an executor
//!
//! Run the job, or hand it back in [`Refused`], which means that it cannot be run:
//! the job in it is whole, and may be given to another executor. One that is merely
//! busy keeps the job until its turn comes. A job that is dropped without having run
//! is not lost either: its caller gets [`Error::ExecutorGone`], and the file it
//! belonged to has its state back. To watch what another executor does, hand it
//! [wrapped](Job::wrap) jobs.
//!
//! # The end of the process
//!
//! What was dropped with unwritten bytes before `main` returns is written before
//! the process ends, on every executor: the end of `main` waits for such last
//! writes, and makes those that have not begun itself (without the wrapper of
//! [`Job::wrap`], if their job has one). It waits for nothing else; for one that
//! cannot go on, as into a pipe that nobody reads, it waits without limit.
//!
//! This takes that the crate was used on the thread of `main`: a call was awaited
//! there, or a pool made, or [`set_default`] called. Otherwise the end of each
//! thread looks after what was dropped on it; a runtime that is dropped waits for
//! the ends of its threads. `abort` and signals end a process without all that, and
//! `std::process::exit` may.
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
/// Implement it to choose, bound, watch or log what the crate's blocking calls
/// do; see the [module](self) for an example.
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

    /// Says whether a read that is already in the page cache may be served on
    /// the caller's thread, without a job. `false` unless overridden: who picks
    /// an executor expects it to see every call. `.nowait(..)` of
    /// [`open`](crate::open()) overrides it for one file.
    fn allows_nowait(&self) -> bool {
        false
    }

    /// Is told of each read that was served without a job. Does nothing unless
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

/// Sets the executor of every later call that names none, for the whole
/// process. It comes before the tokio runtime. Python:
/// `loop.set_default_executor`.
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

/// The executor that a call or a file has settled on.
#[derive(Clone)]
pub(crate) enum Chosen {
    /// The default, without the allocation that an `Arc<dyn>` would take.
    Tokio(Handle),
    Given(Arc<dyn Executor>),
    /// Stands before the default, and hands on to it.
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

    /// `executor`, which hands its jobs on to `real`.
    #[cfg(feature = "tempfile")]
    pub(crate) fn before(executor: impl Executor, real: &Self) -> Self {
        match real.runtime() {
            Some(runtime) => Self::Before(Arc::new(executor), runtime.clone()),
            None => Self::Given(Arc::new(executor)),
        }
    }

    /// The runtime, where nobody asked for it: it was the one of the place, and when
    /// it is gone, another one will do.
    pub(crate) fn runtime(&self) -> Option<&Handle> {
        match self {
            Self::Tokio(runtime) | Self::Before(_, runtime) => Some(runtime),
            Self::Given(_) => None,
        }
    }

    /// The default executor of the place where the call is polled; `op` and `path` say
    /// what finds none.
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

    /// The executor, guarded: its answers never panic. See the impl below.
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

/// What an executor says about reads without a job is asked in the middle of an
/// operation, with bytes on their way: a panic of the foreign ones must not unwind
/// through it. (A panic in `execute` is caught by the flight, which knows what
/// becomes of the job.)
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
