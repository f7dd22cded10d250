//! What a file is doing: nothing, waiting for a job, or nothing any more.

use crate::file::held::Held;

/// Each state holds what there is only then. The [module above](super) has the table
/// of what each event does in each.
pub(super) enum State<R> {
    /// Nothing is in flight.
    Idle(Held<R>),
    /// A job is in flight, or has ended and was not looked at.
    Busy(Busy<R>),
    /// For ever.
    Closed,
}

/// A job in flight, as the task knows it. The job itself is in the core's flight.
pub(super) struct Busy<R> {
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

impl<R> State<R> {
    /// The stream; `None` once it is closed, or being closed.
    pub(super) fn held(&self) -> Option<&Held<R>> {
        match self {
            Self::Idle(held) => Some(held),
            Self::Busy(busy) => busy.held.as_ref(),
            Self::Closed => None,
        }
    }

    pub(super) fn busy(&self) -> Option<&Busy<R>> {
        match self {
            Self::Busy(busy) => Some(busy),
            Self::Idle(_) | Self::Closed => None,
        }
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy().is_some()
    }

    /// Takes the stream out and leaves the file closed.
    pub(super) fn close(&mut self) -> Option<Held<R>> {
        match std::mem::replace(self, Self::Closed) {
            Self::Idle(held) => Some(held),
            Self::Busy(busy) => busy.held,
            Self::Closed => None,
        }
    }

    /// With no job in flight any more; closed without a stream.
    pub(super) fn rest(&mut self, held: Option<Held<R>>) {
        *self = held.map_or(Self::Closed, Self::Idle);
    }
}
