//! Copies out of a buffer that take more than one poll.

use std::io;
use std::task::{Context, Poll, ready};

use crate::budget::{FRESH, MOST_A_POLL, Share, poll_append};

/// The cost of one line besides its bytes, which is an allocation, in bytes that could be
/// copied in the same time.
const LINE: usize = 64;

/// A copy of the first bytes of a [`Buf`](super::Buf) while it is being made. The bytes are
/// consumed when it is complete, so an abandoned copy has consumed nothing.
#[derive(Debug, Default)]
pub(super) struct Taking {
    /// The start of the buffer when the copy began. If the start has changed, the copy is
    /// of other bytes.
    pub(super) start: usize,
    /// How many bytes are to be copied, and whether as lines.
    pub(super) what: (usize, bool),
    pub(super) lines: Vec<Vec<u8>>,
    /// How many bytes were copied in complete lines.
    pub(super) done: usize,
    /// How many bytes behind `done` are known to have no line end.
    pub(super) searched: usize,
    /// The length of the next line; 0 until its end is found.
    pub(super) line: usize,
    /// The line that is being copied; without lines, everything.
    pub(super) piece: Vec<u8>,
}

impl Taking {
    pub(super) fn poll_copy_lines(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        share: &mut Share,
    ) -> Poll<io::Result<()>> {
        while self.done < bytes.len() {
            if self.line == 0 {
                let from = self.done + self.searched;
                let rest = &bytes[from..bytes.len().min(from + MOST_A_POLL)];
                let end = memchr::memchr(b'\n', rest).map(|at| at + 1);
                self.searched += end.unwrap_or(rest.len());
                if end.is_none() && from + rest.len() < bytes.len() {
                    ready!(share.poll_take(cx, rest.len()));
                    continue;
                }
                self.line = self.searched;
            }
            // The memory is reserved exactly, because a `Vec` that grows may copy
            // everything.
            let line = &bytes[self.done..self.done + self.line];
            if line.len() > MOST_A_POLL {
                ready!(poll_append(cx, line, &mut self.piece, share))?;
            } else {
                self.piece.try_reserve_exact(line.len())?;
                self.piece.extend_from_slice(line);
            }
            self.push_piece(bytes.len())?;
            let n = std::mem::take(&mut self.line).min(MOST_A_POLL);
            if self.done < bytes.len() {
                ready!(share.poll_take(cx, FRESH * n + LINE));
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Adds the piece as the next line. `len` is the number of bytes in all lines.
    fn push_piece(&mut self, len: usize) -> io::Result<()> {
        let count = self.lines.len();
        if count == self.lines.capacity() && count * size_of::<Vec<u8>>() > MOST_A_POLL {
            // The list of lines is copied when it grows. So it grows at once to what it
            // will need if the other lines are about as long.
            let rest = len.saturating_sub(self.done) / (self.done / count).max(1);
            self.lines.try_reserve(rest + rest / 8)?;
        }
        self.lines.try_reserve(1)?;
        self.lines.push(std::mem::take(&mut self.piece));
        (self.done, self.searched) = (self.done + self.line, 0);
        Ok(())
    }
}
