//! The only door to blocking code: a [`Hop`] takes a [`Blocking`] call to an
//! executor and brings its result back. Every pending call stands on it.

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, ready};

use crate::budget;
use crate::call::{Call, Request};
use crate::error::Result;
use crate::executor::{Chosen, Load};

mod flight;
mod last;

pub(crate) use self::flight::{End, Flight, Task};
pub(crate) use self::last::{Hold, run_detached, watch_main};
#[cfg(feature = "stdio")]
pub(crate) use self::last::{set_streams, watch};

/// A blocking call with its arguments.
pub(crate) trait Blocking: Send + 'static {
    /// What it gives.
    type Output: Send + 'static;

    /// How much it moves, as far as that is known before.
    fn load(&self) -> Load {
        Load::default()
    }
    /// The verb for jobs and errors.
    fn op(&self) -> &'static str;
    /// The path for jobs and errors.
    fn path(&self) -> Option<&Arc<Path>>;
    /// Learns which executor it goes to, before anything is run: what it gives may
    /// go on there.
    fn settle(&mut self, executor: &Chosen) {
        let _ = executor;
    }
    /// Blocks.
    fn run(self) -> Result<Self::Output>;
    /// Does it without blocking, if that is possible right now (or fails, if that
    /// is certain); `allowed` says whether the executor lets it touch files so.
    fn run_nowait(&mut self, allowed: bool) -> Option<Result<Self::Output>> {
        let _ = allowed;
        None
    }
}

/// A [`Blocking`] call that is to be made: a future that takes it to an executor
/// at its first poll, and gives what it gave.
///
/// `T` is what `B` gives; the bounds stand where they are needed, so that types
/// that hold one need none.
pub(crate) struct Hop<B, T> {
    /// Never locked: the lock makes a state that cannot be shared between threads
    /// a part of a future that can.
    state: Mutex<State<B, T>>,
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

enum State<B, T> {
    Waiting(B),
    Flying(Flight<CallTask<B, T>>, &'static str, Option<Arc<Path>>),
    Over,
}

/// A call, and what it gave: never both, as thousands may wait.
enum CallTask<B, T> {
    Input(B),
    /// It runs, or has panicked.
    Begun,
    Output(Result<T>),
}

impl<B: Blocking> Task for CallTask<B, B::Output> {
    fn run(&mut self) {
        if let Self::Input(input) = std::mem::replace(self, Self::Begun) {
            *self = Self::Output(input.run());
        }
    }

    fn load(&self) -> Load {
        match self {
            Self::Input(input) => input.load(),
            Self::Begun | Self::Output(_) => Load::default(),
        }
    }
}

impl<B, T> Hop<B, T> {
    pub(crate) fn new(blocking: B) -> Self {
        Self {
            state: Mutex::new(State::Waiting(blocking)),
            executor: None,
            _caller: None,
        }
    }

    /// A hop whose job may stop early once its caller has dropped it.
    pub(crate) fn watched(build: impl FnOnce(Caller) -> B) -> Self {
        let caller = Arc::new(());
        let blocking = build(Caller(Arc::downgrade(&caller)));
        Self {
            _caller: Some(caller),
            ..Self::new(blocking)
        }
    }

    /// Goes to `executor`, or if it is `None`, to the default one of the first poll.
    pub(crate) fn on(mut self, executor: Option<Chosen>) -> Self {
        self.executor = executor;
        self
    }

    /// The arguments, for keyword methods; `None` once it has begun.
    pub(crate) fn args(&mut self) -> Option<&mut B> {
        match self.state() {
            State::Waiting(blocking) => Some(blocking),
            State::Flying(..) | State::Over => None,
        }
    }

    /// Settles on an executor, at the first poll.
    pub(crate) fn chosen(&mut self, op: &'static str, path: Option<&Path>) -> Result<&mut Chosen> {
        if self.executor.is_none() {
            self.executor = Some(Chosen::current(op, path)?);
        }
        Ok(self.executor.as_mut().expect("chosen just above"))
    }

    fn state(&mut self) -> &mut State<B, T> {
        self.state.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

// Nothing in it is pinned: the flight is behind an `Arc`.
impl<B, T> Unpin for Hop<B, T> {}

impl<B: Blocking> Future for Hop<B, B::Output> {
    type Output = Result<B::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_spend(cx));
        let this = &mut *self;
        loop {
            match std::mem::replace(this.state(), State::Over) {
                State::Waiting(mut blocking) => {
                    let (op, path) = (blocking.op(), blocking.path().cloned());
                    let executor = this.chosen(op, path.as_deref())?;
                    blocking.settle(executor);
                    if let Some(result) = blocking.run_nowait(executor.get().allows_nowait()) {
                        executor.get().nowait_hit();
                        return Poll::Ready(result);
                    }
                    let mut flight = Flight::new();
                    flight.start(executor, op, path.as_ref(), CallTask::Input(blocking));
                    *this.state() = State::Flying(flight, op, path);
                }
                State::Flying(mut flight, op, path) => {
                    let Poll::Ready((task, end)) = flight.poll_end(cx, op, path.as_ref()) else {
                        *this.state() = State::Flying(flight, op, path);
                        return Poll::Pending;
                    };
                    end.check(op, path.as_deref())?;
                    let CallTask::Output(output) = task else {
                        unreachable!("a task that ran to its end has an output");
                    };
                    return Poll::Ready(output);
                }
                State::Over => panic!("a call was polled after it had completed"),
            }
        }
    }
}

impl<B, T> fmt::Debug for Hop<B, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nobody else ever has the lock.
        let state = match self.state.try_lock().as_deref() {
            Ok(State::Waiting(_)) => "waiting",
            Ok(State::Flying(_, op, _)) => op,
            Ok(State::Over) | Err(_) => "over",
        };
        f.debug_tuple("Hop").field(&state).finish()
    }
}

/// The pending call of [`delegate`].
///
/// Keyword: `executor` (the default one).
pub type Delegate<T> = Call<T>;

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
#[doc(alias("spawn_blocking", "asyncify", "to_thread", "run_in_executor"))]
pub fn delegate<F, T>(f: F) -> Delegate<T>
where
    F: FnOnce() -> T + Send + 'static,
{
    Call::new(Request::none("run", (), |()| Ok(f())))
}
