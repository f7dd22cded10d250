//! What a job is for, as data.

use std::io::{self, SeekFrom};

use crate::file::stream::SharedStream;
use crate::text::Plan;

/// What a [`Then::Call`] runs.
type Run<R> = Box<dyn FnOnce(Call<'_, R>) -> io::Result<()> + Send>;

/// What a job does after it has set the cursor right and drained the buffers.
pub(crate) enum Then<R> {
    Nothing,
    /// Reads into [`Work::read`](super::Work::read) until it holds `min` bytes or the stream ends,
    /// asking for `chunk` bytes or for all that is missing, whichever is more.
    /// What was read to the end is decoded as `plan` says, into [`Work::whole`](super::Work::whole).
    Fill {
        min: usize,
        chunk: usize,
        plan: Option<Plan>,
    },
    /// Reads into [`Work::read`](super::Work::read) until it ends with a line end behind its first
    /// `min` bytes, holds `max` bytes, or the stream ends; the cursor is left
    /// behind what it holds.
    FillLine {
        min: usize,
        max: usize,
    },
    /// Reads once, into the spare capacity of [`Work::owned`](super::Work::owned).
    ReadOwned,
    /// Writes [`Work::owned`](super::Work::owned).
    WriteOwned,
    Seek(SeekFrom),
    /// Asks for the cursor.
    Where,
    /// To this size, or to where the cursor is.
    Truncate(Option<u64>),
    /// Asks for the size; the largest number for what has none.
    Size,
    Flush,
    /// A flush that also tells what a close would say.
    Shutdown,
    Close,
    /// Anything else; `keep` says that an error must not get lost.
    Call {
        run: Run<R>,
        keep: bool,
    },
}

impl<R> Then<R> {
    /// Whether it has bytes to write, or to send on, or makes room for more to be
    /// written behind it.
    pub(super) fn writes(&self) -> bool {
        match self {
            Self::Nothing | Self::WriteOwned | Self::Flush | Self::Shutdown | Self::Close => true,
            Self::Fill { .. }
            | Self::FillLine { .. }
            | Self::ReadOwned
            | Self::Seek(_)
            | Self::Where
            | Self::Truncate(_)
            | Self::Size
            | Self::Call { .. } => false,
        }
    }

    pub(super) fn keeps_error(&self) -> bool {
        match self {
            Self::Nothing | Self::WriteOwned | Self::Flush | Self::Shutdown | Self::Close => true,
            Self::Fill { .. }
            | Self::FillLine { .. }
            | Self::ReadOwned
            | Self::Seek(_)
            | Self::Where
            | Self::Truncate(_)
            | Self::Size => false,
            Self::Call { keep, .. } => *keep,
        }
    }
}

/// What a [`Then::Call`] works on.
pub(crate) struct Call<'a, R> {
    pub(crate) stream: &'a SharedStream<R>,
    /// The cursor, if known; `None` says it was moved.
    pub(crate) pos: &'a mut Option<u64>,
    /// Whether nothing else uses it.
    pub(crate) private: bool,
}
