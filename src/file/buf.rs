//! A byte buffer with a consumed front.

use std::io;
use std::task::{Context, Poll, ready};

use crate::budget::{MOST_A_POLL, OWN_PAGES, Share, poll_append};

mod taking;

use self::taking::Taking;

/// Bytes `start..end` of an allocation that is initialised throughout, so that
/// it can be read into again without being cleared first.
#[derive(Debug, Default)]
pub(crate) struct Buf {
    data: Vec<u8>,
    /// What was consumed begins here; before it, there is room.
    floor: usize,
    start: usize,
    end: usize,
    /// No line end is before this index, unless it is before `start`.
    searched: usize,
    /// As long as `start` is the first of these, no line end is between the second and
    /// the third many bytes behind it.
    behind: (usize, usize, usize),
    /// What is being taken out of it, if that needs more than one poll.
    taking: Option<Box<Taking>>,
}

/// What a search for a line end has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// It ends the first so many bytes.
    Found(usize),
    /// Not all was searched: that is for the next poll.
    Unfinished,
    /// There is none yet.
    Missing,
}

impl Buf {
    /// What is in it.
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

    /// Bytes that came in a `Vec`, behind the first `from`; it must be empty.
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

    /// Empty, with `before` bytes of room for [`unread`](Self::unread) and `behind`
    /// for [`space`](Self::space).
    pub(crate) fn prepare(&mut self, before: usize, behind: usize) {
        if self.data.len() < before + behind {
            self.data = vec![0; before + behind];
        }
        self.clear_behind(before);
    }

    /// The length of the first line, its `\n` included. What was searched in vain
    /// is not searched again; of what was not, a share is searched: see
    /// [`searched`](Self::searched).
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

    /// How many of its bytes are known to have no line end.
    pub(crate) fn searched(&self) -> usize {
        self.searched.max(self.start) - self.start
    }

    /// The length of all up to the first `\n` that has `skip` bytes before it. What was
    /// searched in vain is not searched again.
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

    /// Moves by `by` bytes within what is there, consumed bytes included; `false`
    /// if that leads out of it.
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

    /// Puts `bytes` in front.
    pub(crate) fn unread(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            // What was searched stays so.
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

    /// How many bytes it holds without more memory.
    pub(crate) fn room(&self) -> usize {
        self.data.len()
    }

    /// Takes the first `n` bytes out as text, with the allocation, in whose place comes
    /// `spare`. Gives that back, and all stays as it was, if they are not UTF-8 or were
    /// not read to the front of the allocation.
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

    /// Whether it has memory of its own.
    pub(crate) fn is_allocated(&self) -> bool {
        !self.data.is_empty()
    }

    /// Gives its memory out if it is far more than `usual` bytes and unused.
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

    /// As [`space`](Self::space), but fails as `OutOfMemory` where that much memory
    /// is not to be had, and leaves all as it was.
    pub(crate) fn try_space(&mut self, room: usize) -> io::Result<&mut [u8]> {
        /// Less than this is had, or nothing works any more.
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
            // Twice as much may be too much where that much is not.
            if self.data.try_reserve(more).is_err() {
                self.data.try_reserve_exact(more)?;
            }
        } else if need > SMALL && self.data.len() < need {
            // Zeroed memory cannot be asked for in a way that may fail; whether it
            // would be given can be: the same amount, uncleared and given back.
            let size = self.grown(need);
            Vec::<u8>::new().try_reserve_exact(size)?;
        }
        Ok(self.space(room))
    }

    /// How large an allocation is that is to hold `need` bytes. Doubling while it
    /// grows step by step; exact at first.
    fn grown(&self, need: usize) -> usize {
        if self.is_empty() {
            need
        } else {
            need.max(self.data.len().saturating_mul(2))
        }
    }

    /// Whether it holds so much that no poll may copy it to another place: it grows
    /// where it is.
    fn stays(&self) -> bool {
        self.len() > MOST_A_POLL
    }

    /// Whether room for `room` more bytes takes another allocation, to which much is moved:
    /// a page at a time, but the system takes milliseconds for that.
    pub(crate) fn has_to_move(&self, room: usize) -> bool {
        let free = self.data.capacity() - self.end;
        self.stays() && free < room.max(MOST_A_POLL) && self.data.capacity() >= OWN_PAGES
    }

    /// Has an allocation that `rest` more bytes fit, and the look at the end behind them, if
    /// that much is to be had: then nothing is moved again. What is not filled takes no
    /// memory.
    pub(crate) fn expect(&mut self, rest: u64) {
        let rest = usize::try_from(rest).unwrap_or(usize::MAX);
        let size = rest.saturating_add(self.end).saturating_add(MOST_A_POLL);
        drop(
            self.data
                .try_reserve_exact(size.saturating_sub(self.data.len())),
        );
    }

    /// Room for at least `room` more bytes behind what is in it; tell
    /// [`filled`](Self::filled) how many were put there.
    pub(crate) fn space(&mut self, room: usize) -> &mut [u8] {
        if self.start > self.floor && self.is_empty() {
            self.clear();
        }
        if self.data.len() - self.end < room && self.stays() {
            // The allocator knows how to move what is long: by its pages.
            let size = self.end + room.max(MOST_A_POLL);
            if self.data.capacity() < OWN_PAGES {
                // Where not even that is to be had, it grows as it can.
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

    /// The first `n` bytes of the last [`space`](Self::space) hold data now.
    pub(crate) fn filled(&mut self, n: usize) {
        debug_assert!(
            n <= self.data.len() - self.end,
            "only what there was room for"
        );
        self.end += n;
    }

    /// As [`push`](Self::push), but fails as `OutOfMemory` where there is no memory for
    /// it, and leaves all as it was.
    pub(crate) fn try_push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.try_space(bytes.len())?[..bytes.len()].copy_from_slice(bytes);
        self.filled(bytes.len());
        Ok(())
    }

    /// Appends `bytes`, which are few.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.filled(bytes.len());
    }

    /// Takes the first `n` bytes out; the allocation goes with them where that
    /// saves the copy of a large part.
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

    /// Whether the first `n` bytes are had without a copy: only what is behind them is
    /// copied, if anything.
    fn gives_all(&self, n: usize) -> bool {
        let rest = self.len() - n;
        let little = rest == 0 || (rest <= n / 2 && rest < MOST_A_POLL && n > MOST_A_POLL);
        self.start == 0 && little && n >= self.data.len() / 2
    }

    /// As [`take`](Self::take), a share a poll: until it is complete, all is there. It
    /// stays so where there is no memory for a copy, which is an error.
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

    /// Takes the first `n` bytes out, in lines with their `\n`, a share a poll: until
    /// all are complete, all is there. It stays so where there is no memory for them.
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

    /// Whether bytes are being taken out of it, by a call that needs more polls.
    pub(crate) fn is_taking(&self) -> bool {
        let taking = self.taking.as_ref();
        taking.is_some_and(|taking| taking.start == self.start)
    }

    /// The copy in the making of the first `n` bytes, a new one unless it is of these.
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
