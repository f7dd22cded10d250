//! The states of a file: idle, busy with a job, or closed.

use super::Started;
use crate::delegate::Flight;
use crate::file::stream::SharedStream;
use crate::file::work::Work;

/// Each variant holds what exists only in that state. The table in the
/// [module above](super) says what each operation does in each state.
pub(super) enum State<R> {
    /// Nothing is in flight.
    Idle(Idle<R>),
    /// A job is in flight, or has ended and was not taken back yet.
    Busy(Busy<R>),
    /// For ever.
    Closed,
}

/// A stream that no job uses.
pub(super) struct Idle<R> {
    pub(super) stream: SharedStream<R>,
    /// Kept from the last job, to be used by the next one. `None` before the first.
    pub(super) flight: Option<Flight<Work<R>>>,
    /// The number of the last job; 0 before the first.
    pub(super) last: Started,
}

/// A job in flight, as the task knows it.
pub(super) struct Busy<R> {
    /// The job itself.
    pub(super) flight: Flight<Work<R>>,
    /// The operation that started the job knows it by this number.
    pub(super) number: Started,
    /// The stream, for calls beside the job and for the time after it. `None` while a job
    /// closes the file: only that job can tell whether the stream is still open.
    pub(super) stream: Option<SharedStream<R>>,
    /// The verb of the job, for its errors.
    pub(super) op: &'static str,
    pub(super) beside: Beside,
    /// Whether it is a read of several system calls, which may stop early if nobody waits
    /// for so many bytes any more.
    pub(super) goes_on: bool,
}

/// What the task may do while a job runs.
///
/// It may always take bytes from the read buffer. (A job that reads for an operation has
/// taken that buffer along; only a job that fetches ahead leaves it here.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    /// Nothing else, as the job uses the cursor.
    Nothing,
    /// Fill the write buffer, and hand full buffers to the job, which writes them after its
    /// own.
    Write,
}

impl<R> Idle<R> {
    pub(super) fn new(stream: SharedStream<R>) -> Self {
        Self {
            stream,
            flight: None,
            last: 0,
        }
    }
}

impl<R> State<R> {
    /// The stream; `None` if it is closed or is being closed.
    #[inline]
    pub(super) fn stream(&self) -> Option<&SharedStream<R>> {
        match self {
            Self::Idle(idle) => Some(&idle.stream),
            Self::Busy(busy) => busy.stream.as_ref(),
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

    /// Takes the state out, and leaves the file closed.
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
