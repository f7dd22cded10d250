//! A call with keywords that is a future itself: arguments until the first poll,
//! from then on what they ask for.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use crate::error::Result;

/// The arguments of a pending call.
pub(crate) trait Begin: Send + 'static {
    /// What the call gives.
    type Output;

    /// Does what the arguments ask for.
    fn begin(self) -> impl Future<Output = Result<Self::Output>> + Send + 'static;
}

/// Arguments that can be changed until the first poll.
pub(crate) struct Lazy<A: Begin> {
    /// Never locked: the lock makes arguments that cannot be shared between
    /// threads (closures, streams) a part of a future that can.
    state: Mutex<State<A>>,
}

enum State<A: Begin> {
    Asked(A),
    Begun(Pin<Box<dyn Future<Output = Result<A::Output>> + Send>>),
    Over,
}

impl<A: Begin> Lazy<A> {
    pub(crate) fn new(args: A) -> Self {
        Self {
            state: Mutex::new(State::Asked(args)),
        }
    }

    /// The arguments; `None` once it has begun.
    pub(crate) fn args(&mut self) -> Option<&mut A> {
        match self.state() {
            State::Asked(args) => Some(args),
            State::Begun(_) | State::Over => None,
        }
    }

    /// The same call for other arguments.
    ///
    /// # Panics
    ///
    /// If it has begun.
    #[track_caller]
    pub(crate) fn map<B: Begin>(self, change: impl FnOnce(A) -> B) -> Lazy<B> {
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

    /// Shows the arguments, while there are some: nobody else ever has the lock.
    pub(crate) fn inspect<T>(&self, look: impl FnOnce(&A) -> T) -> Option<T> {
        match self.state.try_lock().as_deref() {
            Ok(State::Asked(args)) => Some(look(args)),
            Ok(State::Begun(_) | State::Over) | Err(_) => None,
        }
    }

    fn state(&mut self) -> &mut State<A> {
        self.state.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

// Nothing in it is pinned: what has begun is in a box.
impl<A: Begin> Unpin for Lazy<A> {}

impl<A: Begin> Future for Lazy<A> {
    type Output = Result<A::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let state = self.state();
        let mut future = match std::mem::replace(state, State::Over) {
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
