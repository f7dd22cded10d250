//! What text is decoded from.

use std::path::Path;
use std::task::{Context, Poll};

use crate::error::Result;
use crate::file::buf::Buf;
use crate::file::core::{BUFFER, Started};

use super::decoded::{Plan, Whole};

/// Bytes under a text: a buffer, and what fills it. A file is one, and a stream.
pub(crate) trait Below {
    /// What was read and not decoded.
    fn bytes(&mut self) -> &mut Buf;

    /// The first `n` of these have been decoded.
    fn consume(&mut self, n: usize);

    /// How much a refill asks for, in bytes.
    fn chunk(&self) -> usize;

    /// Reads until `min` bytes are there or the end, which is `true`. Calls ask for
    /// `chunk` bytes, or for all that is missing if that is more. What was read stays
    /// here, whatever becomes of the caller.
    fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        min: usize,
        chunk: usize,
        started: &mut Started,
    ) -> Poll<Result<bool>>;

    /// Reads to the end. Where a job does, that decodes it too, as `plan` says: `Some` is
    /// all of it, and none of it is here.
    fn poll_fill_all(
        &mut self,
        cx: &mut Context<'_>,
        plan: impl Fn() -> Option<Plan>,
        started: &mut Started,
    ) -> Poll<Result<Option<Whole>>> {
        let _ = plan;
        self.poll_fill(cx, usize::MAX, BUFFER, started)
            .map_ok(|_| None)
    }

    /// How many bytes are still to be decoded, at the most, as far as that is known: a hint.
    fn undecoded_hint(&self) -> Option<u64> {
        None
    }

    /// Frees memory that may be much.
    fn free(&self, memory: Vec<u8>) {
        drop(memory);
    }

    /// Fails if it cannot be read.
    fn check_readable(&self) -> Result<()>;

    fn path(&self) -> Option<&Path>;

    /// Text begins to be decoded, with none waiting: where that is, in bytes from the
    /// start, if it may be elsewhere than behind what was decoded last.
    fn begin(&mut self) -> Option<u64> {
        None
    }

    /// Where the next read takes place, if known.
    fn position(&self) -> Option<u64> {
        None
    }

    /// Changes whenever what was decoded becomes void.
    fn generation(&self) -> u32 {
        0
    }

    fn is_closed(&self) -> bool {
        false
    }

    /// Whether a job is in flight, of which nobody knows where it leads.
    fn is_busy(&self) -> bool {
        false
    }

    /// Waits for that job.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let _ = cx;
        Poll::Ready(Ok(()))
    }
}
