//! A buffer of bytes that are consumed from the front.

use std::io;
use std::task::{Context, Poll, ready};

use crate::budget::{MOST_A_POLL, OWN_PAGES, Share, poll_append};

mod taking;

use self::taking::Taking;

/// The bytes `start..end` of an allocation. All of the allocation is initialised, so it can
/// be read into again without filling it with zeros first.
#[derive(Debug, Default)]
pub(crate) struct Buf {
    data: Vec<u8>,
    /// The consumed bytes begin here, and a seek can go back to them. Before them there is
    /// free room.
    floor: usize,
    start: usize,
    end: usize,
    /// There is no `\n` between `start` and this index.
    searched: usize,
    /// `(at, from, to)`: as long as `start` is `at`, there is no `\n` between `from` and
    /// `to` bytes behind it.
    behind: (usize, usize, usize),
    /// A copy that takes more than one poll, while it is being made.
    taking: Option<Box<Taking>>,
}

/// The result of a search for a line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// The line end is at the end of the first so many bytes.
    Found(usize),
    /// Not everything was searched: the rest is for the next poll.
    Unfinished,
    /// There is no such line end yet.
    Missing,
}

impl Buf {
    /// The bytes that were not consumed.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.data[self.start..self.end]
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    #[inline]
    pub(crate) fn consume(&mut self, n: usize) {
        debug_assert!(n <= self.len(), "only what is there can be consumed");
        self.start += n;
    }

    /// Consumes the first `n` bytes and returns them.
    #[inline]
    pub(crate) fn consume_slice(&mut self, n: usize) -> &[u8] {
        let start = self.start;
        self.consume(n);
        &self.data[start..start + n]
    }

    pub(crate) fn clear(&mut self) {
        self.clear_behind(0);
    }

    /// Uses `data`, without its first `from` bytes, as the buffer, which must be empty.
    pub(crate) fn adopt(&mut self, data: Vec<u8>, from: usize) {
        debug_assert!(self.is_empty(), "nothing is behind them");
        *self = Self {
            floor: from,
            start: from,
            end: data.len(),
            data,
            ..Self::default()
        };
    }

    fn clear_behind(&mut self, room: usize) {
        self.taking = None;
        (self.floor, self.start, self.end, self.searched) = (room, room, room, 0);
        self.behind = (0, 0, 0);
    }

    /// Empties the buffer, with `before` bytes of room for [`unread`](Self::unread) and
    /// `behind` bytes for [`space`](Self::space).
    pub(crate) fn prepare(&mut self, before: usize, behind: usize) {
        if self.data.len() < before + behind {
            self.data = vec![0; before + behind];
        }
        self.clear_behind(before);
    }

    /// Returns the length of the first line with its `\n`. Bytes that were searched before
    /// are not searched again. One call searches a bounded number of bytes: `None` may mean
    /// that not everything was [`searched`](Self::searched).
    #[inline]
    pub(crate) fn find_line(&mut self) -> Option<usize> {
        let from = self.searched.max(self.start);
        let to = self.end.min(from + MOST_A_POLL);
        match memchr::memchr(b'\n', &self.data[from..to]) {
            Some(at) => Some(from + at + 1 - self.start),
            None => {
                self.searched = to;
                None
            }
        }
    }

    /// How many bytes at the start are known to have no `\n`.
    pub(crate) fn searched(&self) -> usize {
        self.searched.max(self.start) - self.start
    }

    /// Searches for the first `\n` that has at least `skip` bytes before it. Bytes that
    /// were searched before are not searched again.
    pub(crate) fn find_line_behind(&mut self, skip: usize) -> Search {
        let (start, begin, end) = self.behind;
        let known = start == self.start && begin == skip;
        let from = if known { end.max(skip) } else { skip };
        if from >= self.len() {
            return Search::Missing;
        }
        let to = self.len().min(from + MOST_A_POLL);
        match memchr::memchr(b'\n', &self.bytes()[from..to]) {
            Some(at) => Search::Found(from + at + 1),
            None => {
                self.behind = (self.start, skip, to);
                match to == self.len() {
                    true => Search::Missing,
                    false => Search::Unfinished,
                }
            }
        }
    }

    /// Moves the start by `by` bytes, perhaps back into consumed bytes. `false` if the
    /// target is not in the buffer; then nothing has changed.
    pub(crate) fn seek(&mut self, by: i128) -> bool {
        match usize::try_from(self.start as i128 + by) {
            Ok(start) if self.floor <= start && start <= self.end => {
                self.start = start;
                self.searched = 0;
                true
            }
            _ => false,
        }
    }

    /// Puts `bytes` in front of the others.
    pub(crate) fn unread(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            // The results of searches stay valid.
        } else if bytes.len() <= self.floor && self.start == self.floor {
            self.start -= bytes.len();
            self.data[self.start..self.floor].copy_from_slice(bytes);
            (self.floor, self.searched, self.taking) = (self.start, 0, None);
            self.behind = (0, 0, 0);
        } else {
            let mut data = bytes.to_vec();
            data.extend_from_slice(self.bytes());
            *self = Self {
                end: data.len(),
                data,
                ..Self::default()
            };
        }
    }

    /// The size of the allocation that is in use, in bytes.
    pub(crate) fn room(&self) -> usize {
        self.data.len()
    }

    /// Takes the first `n` bytes out as text, together with the allocation; `spare` becomes
    /// the new allocation. If the bytes are not UTF-8, or are not at the front of the
    /// allocation, nothing changes and `spare` is returned.
    pub(crate) fn take_text(&mut self, n: usize, mut spare: Vec<u8>) -> Result<String, Vec<u8>> {
        if self.start > 0 {
            return Err(spare);
        }
        let (room, end) = (self.data.len(), self.end);
        let behind = self.data[n..end].to_vec();
        let mut data = std::mem::take(&mut self.data);
        data.truncate(n);
        match String::from_utf8(data) {
            Ok(text) => {
                if spare.capacity() < room {
                    spare = vec![0; room];
                } else {
                    spare.resize(room, 0);
                }
                self.data = spare;
                self.clear();
                self.push(&behind);
                Ok(text)
            }
            Err(error) => {
                self.data = error.into_bytes();
                self.data.extend_from_slice(&behind);
                self.data.resize(room, 0);
                Err(spare)
            }
        }
    }

    /// Whether the buffer has an allocation.
    pub(crate) fn is_allocated(&self) -> bool {
        !self.data.is_empty()
    }

    /// If the buffer is empty and much larger than `usual` bytes, takes its memory out, so
    /// that the caller can free it.
    #[must_use]
    pub(crate) fn shrink(&mut self, usual: usize) -> Vec<u8> {
        if self.is_empty() {
            self.clear();
            if self.data.len() > usual.saturating_mul(2) {
                return std::mem::take(&mut self.data);
            }
        }
        Vec::new()
    }

    /// As [`space`](Self::space), but without enough memory it fails with `OutOfMemory` and
    /// changes nothing.
    pub(crate) fn try_space(&mut self, room: usize) -> io::Result<&mut [u8]> {
        /// If there is no memory for less than this, nothing works any more, so it is not
        /// checked.
        const SMALL: usize = 1024 * 1024;
        let Some(need) = self.len().checked_add(room) else {
            return Err(io::ErrorKind::OutOfMemory.into());
        };
        if self.data.len() - self.end >= room {
            return Ok(self.space(room));
        }
        if self.stays() {
            let size = self.end.saturating_add(room.max(MOST_A_POLL));
            let more = size - self.data.len();
            // `try_reserve` may ask for twice as much, so if it fails, try the exact
            // amount.
            if self.data.try_reserve(more).is_err() {
                self.data.try_reserve_exact(more)?;
            }
        } else if need > SMALL && self.data.len() < need {
            // Std has no way to ask for zeroed memory that may fail. So ask for the same
            // amount that is not zeroed, and free it: that tells whether the memory is
            // there.
            let size = self.grown(need);
            Vec::<u8>::new().try_reserve_exact(size)?;
        }
        Ok(self.space(room))
    }

    /// The size of a new allocation for `need` bytes. The first one is exact; later ones at
    /// least double, so that growing step by step copies little.
    fn grown(&self, need: usize) -> usize {
        if self.is_empty() {
            need
        } else {
            need.max(self.data.len().saturating_mul(2))
        }
    }

    /// Whether the buffer holds so much that one poll must not copy it. Then it is grown by
    /// the allocator, which can move its pages.
    fn stays(&self) -> bool {
        self.len() > MOST_A_POLL
    }

    /// Whether the buffer holds much and would have to move to another allocation to make
    /// room for `room` more bytes. When it is large, that takes the system milliseconds, and
    /// an allocator that copies it tens of them.
    pub(crate) fn has_to_move(&self, room: usize) -> bool {
        let free = self.data.capacity() - self.end;
        self.stays() && free < room.max(MOST_A_POLL)
    }

    /// Whether the allocator can move the buffer by its pages.
    pub(crate) fn has_own_pages(&self) -> bool {
        self.data.capacity() >= OWN_PAGES
    }

    /// Reserves room for `rest` more bytes and for the read behind them that finds the end,
    /// so that the buffer need not move again. Does nothing if there is not enough memory.
    /// Pages that are never filled cost no memory.
    pub(crate) fn expect(&mut self, rest: u64) {
        let rest = usize::try_from(rest).unwrap_or(usize::MAX);
        let size = rest.saturating_add(self.end).saturating_add(MOST_A_POLL);
        drop(
            self.data
                .try_reserve_exact(size.saturating_sub(self.data.len())),
        );
    }

    /// Returns room for at least `room` more bytes behind the others. Tell
    /// [`filled`](Self::filled) how many bytes were put there.
    pub(crate) fn space(&mut self, room: usize) -> &mut [u8] {
        if self.start > self.floor && self.is_empty() {
            self.clear();
        }
        if self.data.len() - self.end < room && self.stays() {
            // The allocator can move a long buffer by its pages, without copying bytes.
            let size = self.end + room.max(MOST_A_POLL);
            if !self.has_own_pages() {
                // If there is not even so much memory, it grows as far as it can.
                drop(self.data.try_reserve_exact(OWN_PAGES - self.data.len()));
            }
            self.data.resize(size, 0);
        } else if self.data.len() - self.end < room {
            let need = self.len() + room;
            self.taking = None;
            if self.data.len() >= need {
                self.data.copy_within(self.start..self.end, 0);
            } else {
                // A new zeroed allocation costs less than clearing an old one.
                let mut data = vec![0; self.grown(need)];
                data[..self.len()].copy_from_slice(self.bytes());
                self.data = data;
            }
            self.searched = self.searched.saturating_sub(self.start);
            (self.floor, self.start, self.end) = (0, 0, self.len());
        }
        &mut self.data[self.end..]
    }

    /// The first `n` bytes of the last [`space`](Self::space) now hold data.
    pub(crate) fn filled(&mut self, n: usize) {
        debug_assert!(
            n <= self.data.len() - self.end,
            "only what there was room for"
        );
        self.end += n;
    }

    /// As [`push`](Self::push), but without enough memory it fails with `OutOfMemory` and
    /// changes nothing.
    pub(crate) fn try_push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.try_space(bytes.len())?[..bytes.len()].copy_from_slice(bytes);
        self.filled(bytes.len());
        Ok(())
    }

    /// Appends `bytes`. For a few bytes: it aborts if there is no memory.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.filled(bytes.len());
    }

    /// Takes the first `n` bytes out. If they are the larger part of the allocation, they
    /// are not copied: the allocation is taken out, and only the rest is copied.
    pub(crate) fn take(&mut self, n: usize) -> Vec<u8> {
        debug_assert!(n <= self.len(), "only what is there can be taken");
        self.taking = None;
        if self.gives_all(n) {
            let rest = self.bytes()[n..].to_vec();
            let mut data = std::mem::take(&mut self.data);
            self.clear();
            (self.end, self.data) = (rest.len(), rest);
            data.truncate(n);
            if n > MOST_A_POLL && data.capacity() / 2 > n {
                data.shrink_to_fit();
            }
            return data;
        }
        let taken = self.bytes()[..n].to_vec();
        self.consume(n);
        taken
    }

    /// Whether the first `n` bytes can be taken out with the allocation, without a copy;
    /// only the bytes behind them, if any, are copied.
    fn gives_all(&self, n: usize) -> bool {
        let rest = self.len() - n;
        let little = rest == 0 || (rest <= n / 2 && rest < MOST_A_POLL && n > MOST_A_POLL);
        self.start == 0 && little && n >= self.data.len() / 2
    }

    /// As [`take`](Self::take), with a bounded copy in each poll. Nothing is consumed
    /// before the copy is complete, nor if it fails because there is no memory.
    pub(crate) fn poll_take(
        &mut self,
        cx: &mut Context<'_>,
        n: usize,
        share: &mut Share,
    ) -> Poll<io::Result<Vec<u8>>> {
        if n <= MOST_A_POLL || self.gives_all(n) {
            return Poll::Ready(Ok(self.take(n)));
        }
        let start = self.start;
        let taking = self.taking(n, false);
        let mut piece = std::mem::take(&mut taking.piece);
        let copied = poll_append(cx, &self.data[start..start + n], &mut piece, share);
        if copied.is_pending() {
            self.taking(n, false).piece = piece;
            return Poll::Pending;
        }
        self.taking = None;
        ready!(copied)?;
        self.consume(n);
        Poll::Ready(Ok(piece))
    }

    /// Takes the first `n` bytes out as lines with their `\n`, with a bounded copy in each
    /// poll. Nothing is consumed before all lines are complete, nor if there is no memory
    /// for them.
    pub(crate) fn poll_take_lines(
        &mut self,
        cx: &mut Context<'_>,
        n: usize,
        share: &mut Share,
    ) -> Poll<io::Result<Vec<Vec<u8>>>> {
        let start = self.start;
        let mut taking = std::mem::take(self.taking(n, true));
        let bytes = &self.data[start..start + n];
        let copied = taking.poll_copy_lines(cx, bytes, share);
        if copied.is_pending() {
            *self.taking(n, true) = Taking {
                start,
                what: (n, true),
                ..taking
            };
            return Poll::Pending;
        }
        self.taking = None;
        ready!(copied)?;
        self.consume(n);
        Poll::Ready(Ok(taking.lines))
    }

    /// Whether a copy from the current start is being made that needs more polls.
    pub(crate) fn is_taking(&self) -> bool {
        let taking = self.taking.as_ref();
        taking.is_some_and(|taking| taking.start == self.start)
    }

    /// The copy of the first `n` bytes that is being made. If the last one was of other
    /// bytes, a new one begins.
    fn taking(&mut self, n: usize, by_lines: bool) -> &mut Taking {
        let (start, what) = (self.start, (n, by_lines));
        let taking = self.taking.get_or_insert_default();
        if (taking.start, taking.what) != (start, what) {
            **taking = Taking {
                start,
                what,
                ..Taking::default()
            };
        }
        taking
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
