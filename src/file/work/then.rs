//! The operation of a job, as data.

use std::io::{self, SeekFrom};

use crate::file::stream::SharedStream;
use crate::text::Plan;

/// What a [`Then::Call`] runs.
type Run<R> = Box<dyn FnOnce(Call<'_, R>) -> io::Result<()> + Send>;

/// What a job does after it has moved the cursor to the position of the file and written
/// what was buffered.
pub(crate) enum Then<R> {
    Nothing,
    /// Reads into [`Work::read`](super::Work::read) until that holds `min` bytes or the
    /// stream ends. Each read asks for `chunk` bytes, or for all that is missing if that is
    /// more. If it has read to the end and there is a `plan`, decodes everything as that
    /// says, into [`Work::whole`](super::Work::whole).
    Fill {
        min: usize,
        chunk: usize,
        plan: Option<Plan>,
    },
    /// Reads into [`Work::read`](super::Work::read) until that ends with a line end behind
    /// its first `min` bytes, or holds `max` bytes, or the stream ends. Leaves the cursor
    /// right behind these bytes.
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
    /// Sets the size to this one, or to the position of the cursor.
    Truncate(Option<u64>),
    /// Asks for the size; `u64::MAX` stands for a stream that has none.
    Size,
    Flush,
    /// A flush that also returns the error that a close would have.
    Shutdown,
    Close,
    /// Anything else; with `keep`, its error is kept if nobody waits for it.
    Call {
        run: Run<R>,
        keep: bool,
    },
}

impl<R> Then<R> {
    /// Whether the operation itself writes or flushes, or is there to let more be written.
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

    /// Whether its error must be kept if nobody waits for it.
    pub(super) fn keeps_error(&self) -> bool {
        self.writes() || matches!(self, Self::Call { keep: true, .. })
    }
}

/// What a [`Then::Call`] can use.
pub(crate) struct Call<'a, R> {
    pub(crate) stream: &'a SharedStream<R>,
    /// The cursor, if it is known. The call sets `None` if it has moved the cursor.
    pub(crate) pos: &'a mut Option<u64>,
    /// Whether nothing else uses it.
    pub(crate) private: bool,
}
