//! What is taken out of a buffer in more than one poll.

use std::io;
use std::task::{Context, Poll, ready};

use crate::budget::{FRESH, MOST_A_POLL, Share, poll_append};

/// What a line costs to be copied, its bytes aside, in bytes that could be copied
/// meanwhile: it is an allocation.
const LINE: usize = 64;

/// The copy of the first bytes of a [`Buf`](super::Buf), in the making. They are consumed once it is
/// complete: one that is given up has taken nothing.
#[derive(Debug, Default)]
pub(super) struct Taking {
    /// Where the buffer begins: one that begins elsewhere has other bytes.
    pub(super) start: usize,
    /// How many bytes are to be taken, and whether by lines.
    pub(super) what: (usize, bool),
    pub(super) lines: Vec<Vec<u8>>,
    /// Up to where the lines are complete.
    pub(super) done: usize,
    /// How many bytes behind that have no line end.
    pub(super) searched: usize,
    /// How long the next line is; 0 as long as its end was not found.
    pub(super) line: usize,
    /// The line that is being copied, or all, if it is not by lines.
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
            // Exactly as large as it is: one that grows may be copied as a whole.
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

    /// Adds the piece as the next line, of `len` bytes in lines.
    fn push_piece(&mut self, len: usize) -> io::Result<()> {
        let count = self.lines.len();
        if count == self.lines.capacity() && count * size_of::<Vec<u8>>() > MOST_A_POLL {
            // It is copied as it grows, so at once to what it will need if the lines go
            // on like this.
            let rest = len.saturating_sub(self.done) / (self.done / count).max(1);
            self.lines.try_reserve(rest + rest / 8)?;
        }
        self.lines.try_reserve(1)?;
        self.lines.push(std::mem::take(&mut self.piece));
        (self.done, self.searched) = (self.done + self.line, 0);
        Ok(())
    }
}
