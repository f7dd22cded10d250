//! The only door to blocking code: [`delegate`], and what every other pending
//! call stands on.

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use crate::budget;
use crate::error::Result;
use crate::executor::{Chosen, Executor};

mod flight;
mod last;

pub(crate) use self::flight::{End, Flight, Task};
pub(crate) use self::last::{Hold, run_detached, watch_main};

/// A blocking call with its arguments, for [`Call`]. Not meant to be named or
/// implemented outside this crate.
#[doc(hidden)]
pub trait Blocking: Send + 'static {
    /// What it gives.
    type Output: Send + 'static;
    /// The verb for jobs and errors.
    fn op(&self) -> &'static str;
    /// The path for jobs and errors.
    fn path(&self) -> Option<&Arc<Path>>;
    /// Blocks.
    fn run(self) -> Result<Self::Output>;
    /// Does it without blocking, if that is possible right now (or fails, if that
    /// is certain); `allowed` says whether the executor lets it touch files so.
    fn run_nowait(&mut self, allowed: bool) -> Option<Result<Self::Output>> {
        let _ = allowed;
        None
    }
}

/// A pending call: `.await` runs it.
///
/// It does nothing before its first poll. Keyword methods come before the
/// `.await`, as [`executor`](Call::executor), which every call has.
///
/// # Cancel safety
///
/// A call dropped before its job has begun does nothing. Once begun, the
/// blocking call goes on to its end and its result is dropped.
#[must_use = "a call does nothing unless you `.await` it"]
pub struct Call<B: Blocking> {
    state: CallState<B>,
    executor: Option<Chosen>,
    /// What the job's [`Caller`] watches; `None` where it has none.
    _caller: Option<Arc<()>>,
}

/// Tells a long job whether somebody still waits for it.
#[derive(Debug)]
pub(crate) struct Caller(Weak<()>);

impl Caller {
    pub(crate) fn is_gone(&self) -> bool {
        self.0.strong_count() == 0
    }
}

enum CallState<B: Blocking> {
    Waiting(B),
    Flying(Flight<CallTask<B>>, &'static str, Option<Arc<Path>>),
    Over,
}

struct CallTask<B: Blocking> {
    input: Option<B>,
    output: Option<Result<B::Output>>,
}

impl<B: Blocking> Task for CallTask<B> {
    fn run(&mut self) {
        self.output = self.input.take().map(B::run);
    }
}

impl<B: Blocking> Call<B> {
    pub(crate) fn new(blocking: B) -> Self {
        Self {
            state: CallState::Waiting(blocking),
            executor: None,
            _caller: None,
        }
    }

    /// A call whose job may stop early once the call is dropped.
    pub(crate) fn watched(build: impl FnOnce(Caller) -> B) -> Self {
        let caller = Arc::new(());
        let blocking = build(Caller(Arc::downgrade(&caller)));
        Self {
            _caller: Some(caller),
            ..Self::new(blocking)
        }
    }

    /// Runs on `executor` instead of the default one.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// use aiofiles::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(1);
    /// std::fs::write(&path, "text").unwrap();
    /// let metadata = aiofiles::os::stat(&path).executor(pool.clone()).await?;
    /// assert_eq!(metadata.len(), 4);
    /// pool.shutdown().await;
    /// assert_eq!(pool.stats().done, 1);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn executor(mut self, executor: impl Executor) -> Self {
        self.executor = Some(Chosen::new(executor));
        self
    }

    /// Runs on the executor of a file, if it has one yet.
    pub(crate) fn on(mut self, executor: Option<&Chosen>) -> Self {
        self.executor = executor.cloned();
        self
    }

    /// The arguments, for the keyword methods of each call.
    pub(crate) fn args(&mut self) -> Option<&mut B> {
        match &mut self.state {
            CallState::Waiting(blocking) => Some(blocking),
            CallState::Flying(..) | CallState::Over => None,
        }
    }

    /// Settles on an executor, at the first poll.
    pub(crate) fn chosen(&mut self, op: &'static str) -> Result<&Chosen> {
        if self.executor.is_none() {
            self.executor = Some(Chosen::current(op)?);
        }
        Ok(self.executor.as_ref().expect("chosen just above"))
    }
}

// Nothing in it is pinned: the flight is behind an `Arc`.
impl<B: Blocking> Unpin for Call<B> {}

impl<B: Blocking> Future for Call<B> {
    type Output = Result<B::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_spend(cx));
        let this = &mut *self;
        loop {
            match std::mem::replace(&mut this.state, CallState::Over) {
                CallState::Waiting(mut blocking) => {
                    let (op, path) = (blocking.op(), blocking.path().cloned());
                    let executor = this.chosen(op)?;
                    if let Some(result) = blocking.run_nowait(executor.get().allows_nowait()) {
                        executor.get().nowait_hit();
                        return Poll::Ready(result);
                    }
                    let mut flight = Flight::new();
                    let task = CallTask {
                        input: Some(blocking),
                        output: None,
                    };
                    flight.start(executor, op, path.as_ref(), task);
                    this.state = CallState::Flying(flight, op, path);
                }
                CallState::Flying(mut flight, op, path) => {
                    let Poll::Ready((task, end)) = flight.poll_end(cx) else {
                        this.state = CallState::Flying(flight, op, path);
                        return Poll::Pending;
                    };
                    end.check(op, path.as_deref())?;
                    return Poll::Ready(task.output.expect("a task that ran has an output"));
                }
                CallState::Over => panic!("a `Call` was polled after it had completed"),
            }
        }
    }
}

impl<B: Blocking> fmt::Debug for Call<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            CallState::Waiting(blocking) => blocking.op(),
            CallState::Flying(_, op, _) => op,
            CallState::Over => "over",
        };
        f.debug_tuple("Call").field(&state).finish()
    }
}

/// The blocking call of [`delegate`].
#[doc(hidden)]
#[derive(Debug)]
pub struct Run<F>(F);

impl<F, T> Blocking for Run<F>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    type Output = T;

    fn op(&self) -> &'static str {
        "run"
    }

    fn path(&self) -> Option<&Arc<Path>> {
        None
    }

    fn run(self) -> Result<T> {
        Ok(self.0())
    }
}

/// Runs any blocking closure on an executor and gives back what it returns.
///
/// What Python's `aiofiles.os.wrap` does for a function. As tokio's
/// `spawn_blocking`, but on the executor of your choice, and a call dropped
/// before it began does not run.
///
/// # Cancel safety
///
/// Dropped before its job has begun, it does not run; later, the closure goes
/// on to its end and its result is dropped.
///
/// # Errors
///
/// [`Panicked`](crate::Error::Panicked) if the closure panics,
/// [`ExecutorGone`](crate::Error::ExecutorGone) if the executor does not run it,
/// [`NoRuntime`](crate::Error::NoRuntime) without an executor.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let sum: u64 = aiofiles::delegate(|| (1..=10).sum()).await?;
/// assert_eq!(sum, 55);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub fn delegate<F, T>(f: F) -> Call<Run<F>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Call::new(Run(f))
}
