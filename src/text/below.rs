//! The bytes that text is decoded from.

use std::path::Path;
use std::task::{Context, Poll};

use crate::error::Result;
use crate::file::buf::Buf;
use crate::file::core::{BUFFER, Started};

use super::decoded::{Plan, Whole};

/// The bytes below a text: a buffer, and what fills it. There are two: a file, and the
/// stream of a reader.
pub(crate) trait Below {
    /// The bytes that were read and not decoded.
    fn bytes(&mut self) -> &mut Buf;

    /// Consumes the first `n` of these bytes, which were decoded.
    fn consume(&mut self, n: usize);

    /// How much a refill asks for, in bytes.
    fn chunk(&self) -> usize;

    /// Reads until `min` bytes are there (`false`) or the stream ends (`true`). Each read
    /// asks for `chunk` bytes, or for all that is missing if that is more. What was read
    /// stays here even if the caller is dropped.
    fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        min: usize,
        chunk: usize,
        started: &mut Started,
    ) -> Poll<Result<bool>>;

    /// Reads to the end. If a job does that, it decodes everything as `plan` says. Then the
    /// result is `Some`, and the bytes are not here.
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

    /// The number of bytes that are still to be decoded at most, if it is known. It may be
    /// out of date.
    fn undecoded_hint(&self) -> Option<u64> {
        None
    }

    /// Frees `memory`, which may be large.
    fn free(&self, memory: Vec<u8>) {
        drop(memory);
    }

    /// Fails if reading is not possible.
    fn check_readable(&self) -> Result<()>;

    fn path(&self) -> Option<&Path>;

    /// Called before text is decoded while no decoded text is waiting. Returns where that
    /// text begins, in bytes from the start, if it may be elsewhere than behind what was
    /// decoded last.
    fn begin(&mut self) -> Option<u64> {
        None
    }

    /// The position of the next read, if it is known.
    fn position(&self) -> Option<u64> {
        None
    }

    /// A number that changes when the decoded text becomes void.
    fn generation(&self) -> u32 {
        0
    }

    fn is_closed(&self) -> bool {
        false
    }

    /// Whether a job is in flight, which may move the position.
    fn is_busy(&self) -> bool {
        false
    }

    /// Waits for this job.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let _ = cx;
        Poll::Ready(Ok(()))
    }
}
