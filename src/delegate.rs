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
    /// The type of its result.
    type Output: Send + 'static;

    /// How many bytes it moves, as far as that is known before it begins.
    fn load(&self) -> Load {
        Load::default()
    }
    /// The name of the operation, for jobs and errors.
    fn op(&self) -> &'static str;
    /// The path for jobs and errors.
    fn path(&self) -> Option<&Arc<Path>>;
    /// Learns which executor it goes to, before anything is run. Its result may need the
    /// same executor later.
    fn settle(&mut self, executor: &Chosen) {
        let _ = executor;
    }
    /// Makes the call, which blocks.
    fn run(self) -> Result<Self::Output>;
    /// Makes the call without blocking, if that is possible right now, or returns an error
    /// that is certain. `allowed` says whether the executor allows inline calls of the
    /// system.
    fn run_nowait(&mut self, allowed: bool) -> Option<Result<Self::Output>> {
        let _ = allowed;
        None
    }
}

/// The future of a [`Blocking`] call. The first poll takes the call to an executor; the
/// future gives the result of the call.
///
/// `T` is the result of `B`. The type has no bounds, so the types that contain it need none
/// either.
pub(crate) struct Hop<B, T> {
    /// Never locked. The state may not be `Sync`; the mutex makes the future `Sync` all the
    /// same.
    state: Mutex<State<B, T>>,
    executor: Option<Chosen>,
    /// The [`Caller`] of the job watches this; `None` if it has none.
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

/// A call or its result. Never both, because thousands of calls may wait.
enum CallTask<B, T> {
    Input(B),
    /// The call runs, or has panicked.
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

    /// A hop whose job can learn that the hop was dropped, and stop early.
    pub(crate) fn watched(build: impl FnOnce(Caller) -> B) -> Self {
        let caller = Arc::new(());
        let blocking = build(Caller(Arc::downgrade(&caller)));
        Self {
            _caller: Some(caller),
            ..Self::new(blocking)
        }
    }

    /// Sets the executor. With `None`, it is the default one at the first poll.
    pub(crate) fn on(mut self, executor: Option<Chosen>) -> Self {
        self.executor = executor;
        self
    }

    /// The arguments, for keyword methods; `None` if the hop has begun.
    pub(crate) fn args(&mut self) -> Option<&mut B> {
        match self.state() {
            State::Waiting(blocking) => Some(blocking),
            State::Flying(..) | State::Over => None,
        }
    }

    /// Returns the executor; if nobody set one, chooses the default one.
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

// No field is pinned: what is in flight is behind an `Arc`.
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
        // It is never locked otherwise.
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

/// Runs any blocking closure on an executor and returns its result, a `Result<T>`.
///
/// Python: `aiofiles.os.wrap`. It is like `spawn_blocking` of tokio, but it runs on the
/// executor of your choice, and a call that is dropped before it begins does not run.
///
/// # Cancel safety
///
/// If the call is dropped before its job begins, the closure does not run. If it is dropped
/// later, the closure still runs to its end, and its result is dropped.
///
/// # Errors
///
/// [`Panicked`](crate::Error::Panicked) if the closure panics,
/// [`ExecutorGone`](crate::Error::ExecutorGone) if the executor does not run it,
/// [`NoRuntime`](crate::Error::NoRuntime) if there is neither a runtime nor a default
/// executor.
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
