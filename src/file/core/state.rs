//! What a file is doing: nothing, waiting for a job, or nothing any more.

use super::Started;
use crate::delegate::Flight;
use crate::file::held::Held;
use crate::file::work::Work;

/// Each state holds what there is only then. The [module above](super) has the table
/// of what each event does in each.
pub(super) enum State<R> {
    /// Nothing is in flight.
    Idle(Idle<R>),
    /// A job is in flight, or has ended and was not looked at.
    Busy(Busy<R>),
    /// For ever.
    Closed,
}

/// A stream that no job uses.
pub(super) struct Idle<R> {
    pub(super) held: Held<R>,
    /// Of the last job, for the next one. `None` before the first.
    pub(super) flight: Option<Flight<Work<R>>>,
    /// The number of the last job; 0 before the first.
    pub(super) last: Started,
}

/// A job in flight, as the task knows it.
pub(super) struct Busy<R> {
    /// The job itself.
    pub(super) flight: Flight<Work<R>>,
    /// What the operation that started it knows it by.
    pub(super) number: Started,
    /// The stream, for calls beside the job and for what comes after it. `None` while
    /// the job closes it: only the job can tell whether it came to that.
    pub(super) held: Option<Held<R>>,
    /// The verb of the job, for its errors.
    pub(super) op: &'static str,
    pub(super) beside: Beside,
    /// Whether it reads on until it has what it was asked for, so that it can end
    /// before, once nobody waits for so much.
    pub(super) goes_on: bool,
}

/// What the task may do beside a job.
///
/// It may always take from the read buffer what is there: a job that reads for an
/// operation has taken that buffer along, so something is there only beside one that
/// fetches ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    /// Nothing more: the job has the cursor.
    Nothing,
    /// Fill the write buffer, and hand full ones to the job, which writes them after
    /// its own.
    Write,
}

impl<R> Idle<R> {
    pub(super) fn new(held: Held<R>) -> Self {
        Self {
            held,
            flight: None,
            last: 0,
        }
    }
}

impl<R> State<R> {
    /// The stream; `None` once it is closed, or being closed.
    #[inline]
    pub(super) fn held(&self) -> Option<&Held<R>> {
        match self {
            Self::Idle(idle) => Some(&idle.held),
            Self::Busy(busy) => busy.held.as_ref(),
            Self::Closed => None,
        }
    }

    #[inline]
    pub(super) fn busy(&self) -> Option<&Busy<R>> {
        match self {
            Self::Busy(busy) => Some(busy),
            Self::Idle(_) | Self::Closed => None,
        }
    }

    #[inline]
    pub(super) fn is_busy(&self) -> bool {
        self.busy().is_some()
    }

    /// Takes all out and leaves the file closed.
    pub(super) fn close(&mut self) -> Self {
        std::mem::replace(self, Self::Closed)
    }

    /// Takes the stream out if nothing is in flight, and leaves the file closed.
    pub(super) fn take_idle(&mut self) -> Option<Idle<R>> {
        match self.close() {
            Self::Idle(idle) => Some(idle),
            other => {
                *self = other;
                None
            }
        }
    }
}
