//! [`Lazy`]: a call with keywords that is a future itself. Until its first poll it holds
//! the arguments; from then on it runs what they ask for.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use crate::budget;
use crate::error::Result;

/// A value that can be used only through `&mut`. So the struct that contains it is `Sync`
/// even if the value (a closure of the caller) is not.
pub(crate) struct Exclusive<T>(Mutex<T>);

impl<T> Exclusive<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The arguments of a pending call.
pub(crate) trait Begin: Send {
    /// What the call gives.
    type Output;

    /// Does what the arguments ask for.
    fn begin(self) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// Arguments that can be changed until the first poll; they may borrow for `'a`.
pub(crate) struct Lazy<'a, A: Begin + 'a> {
    /// The lock is never used as a lock: it makes the future `Sync` although its arguments
    /// (closures, streams) may not be.
    state: Mutex<State<'a, A>>,
}

enum State<'a, A: Begin + 'a> {
    Asked(A),
    Begun(Pin<Box<dyn Future<Output = Result<A::Output>> + Send + 'a>>),
    Over,
}

impl<'a, A: Begin + 'a> Lazy<'a, A> {
    pub(crate) fn new(args: A) -> Self {
        Self {
            state: Mutex::new(State::Asked(args)),
        }
    }

    /// Changes the arguments; does nothing to a call that has begun.
    pub(crate) fn set(mut self, change: impl FnOnce(&mut A)) -> Self {
        if let State::Asked(args) = self.state() {
            change(args);
        }
        self
    }

    /// Makes the same call with other arguments.
    ///
    /// # Panics
    ///
    /// If it has begun.
    #[track_caller]
    pub(crate) fn map<B: Begin + 'a>(self, change: impl FnOnce(A) -> B) -> Lazy<'a, B> {
        match self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
        {
            State::Asked(args) => Lazy::new(change(args)),
            State::Begun(_) | State::Over => {
                panic!("the kind of file is chosen before the call is polled")
            }
        }
    }

    /// Shows the arguments to `look`, unless the call has begun. `try_lock` succeeds, since
    /// nobody else holds the lock.
    pub(crate) fn inspect<T>(&self, look: impl FnOnce(&A) -> T) -> Option<T> {
        match self.state.try_lock().as_deref() {
            Ok(State::Asked(args)) => Some(look(args)),
            Ok(State::Begun(_) | State::Over) | Err(_) => None,
        }
    }

    fn state(&mut self) -> &mut State<'a, A> {
        self.state.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

// Nothing in it is pinned: a call that has begun is in a box.
impl<'a, A: Begin + 'a> Unpin for Lazy<'a, A> {}

impl<'a, A: Begin + 'a> Future for Lazy<'a, A> {
    type Output = Result<A::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let state = self.state();
        if matches!(state, State::Asked(_)) {
            ready!(budget::poll_turn(cx));
        }
        let mut future: Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>> =
            match std::mem::replace(state, State::Over) {
                State::Asked(args) => Box::pin(args.begin()),
                State::Begun(future) => future,
                State::Over => panic!("a call was polled after it had completed"),
            };
        let result = future.as_mut().poll(cx);
        if result.is_pending() {
            *self.state() = State::Begun(future);
        }
        result
    }
}
