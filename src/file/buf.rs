//! A byte buffer with a consumed front.

use std::io;

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

    fn clear_behind(&mut self, room: usize) {
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
    /// is not searched again.
    #[inline]
    pub(crate) fn find_line(&mut self) -> Option<usize> {
        let from = self.searched.max(self.start);
        match memchr::memchr(b'\n', &self.data[from..self.end]) {
            Some(at) => Some(from + at + 1 - self.start),
            None => {
                self.searched = self.end;
                None
            }
        }
    }

    /// The length of all up to the first `\n` that has `skip` bytes before it. What was
    /// searched in vain is not searched again.
    pub(crate) fn find_line_behind(&mut self, skip: usize) -> Option<usize> {
        let (start, begin, end) = self.behind;
        let known = start == self.start && begin == skip;
        let from = if known { end.max(skip) } else { skip };
        let rest = self.bytes().get(from..)?;
        let found = memchr::memchr(b'\n', rest);
        if found.is_none() {
            self.behind = (self.start, skip, self.len());
        }
        found.map(|at| from + at + 1)
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
        if bytes.len() <= self.floor && self.start == self.floor {
            self.start -= bytes.len();
            self.data[self.start..self.floor].copy_from_slice(bytes);
            (self.floor, self.searched) = (self.start, 0);
            self.behind = (0, 0, 0);
        } else if !bytes.is_empty() {
            let mut data = bytes.to_vec();
            data.extend_from_slice(self.bytes());
            *self = Self {
                floor: 0,
                start: 0,
                end: data.len(),
                searched: 0,
                behind: (0, 0, 0),
                data,
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

    /// Gives the memory back if it is far more than `usual` bytes and unused.
    pub(crate) fn shrink(&mut self, usual: usize) {
        if self.is_empty() {
            self.clear();
            if self.data.len() > usual.saturating_mul(2) {
                self.data = Vec::new();
            }
        }
    }

    /// As [`space`](Self::space), but fails as `OutOfMemory` where that much memory
    /// is not to be had, and leaves all as it was.
    pub(crate) fn try_space(&mut self, room: usize) -> io::Result<&mut [u8]> {
        /// Less than this is had, or nothing works any more.
        const SMALL: usize = 1024 * 1024;
        let Some(need) = self.len().checked_add(room) else {
            return Err(io::ErrorKind::OutOfMemory.into());
        };
        if need > SMALL && self.data.len() - self.end < room && self.data.len() < need {
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

    /// Room for at least `room` more bytes behind what is in it; tell
    /// [`filled`](Self::filled) how many were put there.
    pub(crate) fn space(&mut self, room: usize) -> &mut [u8] {
        if self.start > self.floor && self.is_empty() {
            self.clear();
        }
        if self.data.len() - self.end < room {
            let need = self.len() + room;
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

    /// Appends `bytes`.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.filled(bytes.len());
    }

    /// Takes the first `n` bytes out; the allocation goes with them where that
    /// saves the copy of a large part.
    pub(crate) fn take(&mut self, n: usize) -> Vec<u8> {
        debug_assert!(n <= self.len(), "only what is there can be taken");
        if n == self.len() && self.start == 0 && n >= self.data.len() / 2 {
            let mut data = std::mem::take(&mut self.data);
            self.clear();
            data.truncate(n);
            return data;
        }
        let taken = self.bytes()[..n].to_vec();
        self.consume(n);
        taken
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::Buf;

    #[test]
    fn space_keeps_what_is_there() {
        let mut buf = Buf::default();
        buf.push(b"abcdef");
        buf.consume(4);
        assert!(buf.space(100).len() >= 100);
        assert_eq!(buf.bytes(), b"ef");
        buf.push(b"gh");
        assert_eq!(buf.take(3), b"efg");
        assert_eq!(buf.bytes(), b"h");
    }

    #[test]
    fn memory_that_is_not_to_be_had_is_an_error_and_changes_nothing() {
        let mut buf = Buf::default();
        buf.push(b"abc");
        buf.consume(1);
        for room in [1 << 60, usize::MAX / 2, usize::MAX - 2, usize::MAX] {
            let error = buf.try_space(room).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::OutOfMemory);
            assert_eq!(buf.bytes(), b"bc");
        }
        assert!(buf.try_space(2 << 20).unwrap().len() >= 2 << 20);
        assert_eq!(buf.bytes(), b"bc");
    }

    #[test]
    fn what_is_put_in_front_uses_the_room_there() {
        let mut buf = Buf::default();
        buf.prepare(4, 8);
        buf.push(b"cdef");
        let at = buf.bytes().as_ptr();
        buf.unread(b"ab");
        assert_eq!(buf.bytes(), b"abcdef");
        assert_eq!(buf.bytes()[2..].as_ptr(), at, "in place");
        buf.consume(5);
        assert!(!buf.seek(-6), "there is nothing before the first");
        assert!(buf.seek(-5));
        buf.unread(b"123");
        assert_eq!(buf.bytes(), b"123abcdef", "more than there is room for");
        buf.consume(1);
        buf.unread(b"x");
        assert_eq!(buf.bytes(), b"x23abcdef", "behind what was consumed");
    }

    #[test]
    fn take_of_everything_moves_the_allocation() {
        let mut buf = Buf::default();
        buf.push(&[7; 1000]);
        let before = buf.bytes().as_ptr();
        let taken = buf.take(1000);
        assert_eq!(taken.as_ptr(), before);
        assert!(buf.is_empty());
    }
}
