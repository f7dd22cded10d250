//! What was read of a stream before somebody asked for it.

use std::mem;
use std::sync::Arc;

use super::BUFFER;
use crate::error::Error;
use crate::file::buf::Buf;
use crate::sync::atomic::{AtomicBool, Ordering};

/// What the first refill asks for, in bytes, and one after a seek: twice as much
/// each time the file is read on, up to the size of the buffer.
const FIRST: usize = 32 * 1024;

/// Room in front of what is fetched ahead, in bytes, for the rest of what was before it.
const ROOM: usize = 4 * 1024;

/// Bytes that were read and not yet asked for, and how the stream is read on.
///
/// - In the order of the stream there come: the bytes that the layer above (text) has
///   taken and not delivered, of which only the number is here; `buffer`; the cursor. So
///   the cursor is [`len`](Self::len) bytes ahead of where the user is, besides what the
///   next job steps back anyway.
/// - A job that reads for an operation takes `buffer` along, so that nothing is in it
///   until the job is back. One that fetches ahead takes `spare` instead, and what it
///   brings is put behind what is left in `buffer`. Bytes are with the job or here,
///   never in both places.
/// - The layer above holds text of the bytes that it has taken. `generation` changes
///   whenever that text becomes void, and at no other time.
/// - `failed` comes behind `buffer`: no read goes on to the stream before it was told.
#[derive(Default)]
pub(crate) struct Ahead {
    buffer: Buf,
    /// How many bytes before `buffer` the layer above has taken and not delivered, as it
    /// last said.
    undelivered: u64,
    generation: u32,
    /// How many refills in a row have followed each other in the stream.
    streak: u32,
    /// Whether the last one gave all that was asked for, so that there may be more.
    more: bool,
    /// Whether the stream may be read before somebody asks: a regular file. `None`
    /// until a job has looked.
    regular: Option<bool>,
    /// A buffer that is not in use.
    spare: Buf,
    /// A read that failed with nobody waiting for it: the system may tell of it once
    /// (a connection that was reset), so the read that comes to its place does.
    failed: Option<Error>,
    /// Tells a read job that goes on until it has so many bytes that nobody waits for
    /// so many any more. `None` until the first such job.
    given_up: Option<Arc<AtomicBool>>,
}

/// What was to be put behind the buffer and had no room in the memory: so many bytes.
#[must_use = "they must be read again"]
pub(super) struct Lost(pub(super) u64);

impl Ahead {
    /// What waits, to be looked at.
    #[inline]
    pub(crate) fn buffer(&self) -> &Buf {
        &self.buffer
    }

    /// What waits, to be searched and taken from its front.
    #[inline]
    pub(crate) fn buffer_mut(&mut self) -> &mut Buf {
        &mut self.buffer
    }

    /// How many bytes the cursor is ahead of where the user is.
    #[inline]
    pub(super) fn len(&self) -> u64 {
        self.undelivered + self.buffer.len() as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether nothing was taken by the layer above, and something waits here.
    pub(super) fn has_only_bytes(&self) -> bool {
        self.undelivered == 0 && !self.buffer.is_empty()
    }

    // ---- the layer above ----------------------------------------------------

    /// For which text of the layer above is good.
    #[inline]
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    /// The layer above says how many bytes it has taken and not delivered.
    #[inline]
    pub(crate) fn set_undelivered(&mut self, bytes: u64) {
        self.undelivered = bytes;
    }

    #[cfg(feature = "stdio")]
    pub(crate) fn has_undelivered(&self) -> bool {
        self.undelivered > 0
    }

    /// Takes back the bytes that the layer above has not delivered: its text is void.
    pub(crate) fn take_back(&mut self, undelivered: &[u8]) {
        self.buffer.unread(undelivered);
        self.undelivered = 0;
        self.renew();
    }

    fn renew(&mut self) {
        self.generation = self.generation.wrapping_add(1);
    }

    /// All that waits, for who goes on with the stream itself.
    #[cfg(feature = "stdio")]
    pub(crate) fn take_all(&mut self) -> Vec<u8> {
        self.buffer.take(self.buffer.len())
    }

    // ---- what becomes void --------------------------------------------------

    /// Forgets what was read, here and above: the cursor is elsewhere, or will be.
    pub(super) fn clear(&mut self) {
        self.buffer.clear();
        self.undelivered = 0;
        self.renew();
    }

    /// The same, for ever: the memory is freed.
    pub(super) fn close(&mut self) {
        self.clear();
        self.buffer = Buf::default();
    }

    /// The cursor is about to move past the buffer: what was consumed of it, which a
    /// seek could go back to, will not be what is before the cursor.
    pub(super) fn forget_consumed(&mut self) {
        if self.buffer.is_empty() {
            self.buffer.clear();
        }
    }

    /// The next refill does not follow the last one.
    pub(super) fn break_off(&mut self) {
        self.streak = 0;
    }

    // ---- refills ------------------------------------------------------------

    /// How much a refill asks for, in bytes. Where a raw file must read ahead at all (its
    /// line streams do), it does so by the usual buffer.
    pub(super) fn chunk(&self, capacity: usize) -> usize {
        let most = match capacity {
            0 => BUFFER,
            size => size,
        };
        most.min(FIRST << self.streak.min(16))
    }

    /// The buffer, to be filled further.
    pub(super) fn take_to_fill(&mut self) -> Buf {
        mem::take(&mut self.buffer)
    }

    /// An empty buffer with room for `chunk` bytes, for a job that fetches ahead.
    pub(super) fn take_to_fetch(&mut self, chunk: usize) -> Buf {
        let mut spare = mem::take(&mut self.spare);
        spare.prepare(ROOM, chunk);
        spare
    }

    /// Puts a buffer back that no job has taken along.
    pub(super) fn give_back(&mut self, buffer: Buf) {
        if self.buffer.is_allocated() {
            self.spare = buffer;
        } else {
            self.buffer = buffer;
        }
    }

    /// A refill in place has given something.
    pub(super) fn filled_in_place(&mut self) {
        self.streak += 1;
    }

    /// Puts behind what is here what a job has read, and notes how it went: whether a
    /// read of it gave all that was asked for, and whether the file is a regular one.
    pub(super) fn put_back(&mut self, read: Buf, gave_all: bool, regular: Option<bool>) -> Lost {
        (self.more, self.regular) = (gave_all, regular);
        self.streak += u32::from(gave_all);
        let lost = self.take_in(read);
        if !self.more {
            // Nothing is fetched ahead for now.
            self.spare = Buf::default();
        }
        lost
    }

    fn take_in(&mut self, read: Buf) -> Lost {
        let mut lost = 0;
        if read.is_empty() && !self.buffer.is_empty() {
            return Lost(lost);
        }
        if self.buffer.len() > ROOM {
            // A long line in the making: what is copied is what came, or a line would
            // be copied again for each chunk of it.
            if self.buffer.try_push(read.bytes()).is_err() {
                lost = read.len() as u64;
            }
            self.spare = read;
        } else if read.is_allocated() {
            let before = mem::replace(&mut self.buffer, read);
            self.buffer.unread(before.bytes());
            if before.is_allocated() {
                self.spare = before;
            }
        }
        Lost(lost)
    }

    /// Puts behind what is here what was read for a caller that has gone: `data` without
    /// its first `from` bytes.
    pub(super) fn adopt(&mut self, data: Vec<u8>, from: usize) {
        if self.buffer.is_empty() {
            self.buffer.adopt(data, from);
        } else {
            self.buffer.push(&data[from..]);
        }
    }

    /// Whether the stream may be read before somebody asks, if a job has looked.
    pub(super) fn is_regular(&self) -> Option<bool> {
        self.regular
    }

    /// Whether there may be more.
    pub(super) fn may_have_more(&self) -> bool {
        self.more
    }

    /// The stream has no more for now.
    pub(super) fn ends(&mut self) {
        self.more = false;
    }

    /// Whether it is worth while to fetch ahead: the file is read from one end to the
    /// other. Asked once for each refill.
    pub(super) fn wants_more(&mut self) -> bool {
        mem::take(&mut self.more) && self.streak > 1 && self.regular == Some(true)
    }

    // ---- reads that nobody waits for ----------------------------------------

    pub(super) fn fail(&mut self, error: Error) {
        self.failed = Some(error);
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// The error of a read that was to bring what comes next, for the one who is told.
    #[inline]
    pub(super) fn take_failed(&mut self) -> Option<Error> {
        self.failed.take()
    }

    /// For a job that goes on; [`give_up`](Self::give_up) tells it.
    pub(super) fn watch(&mut self) -> Arc<AtomicBool> {
        let given_up = self.given_up.get_or_insert_default();
        given_up.store(false, Ordering::Relaxed);
        given_up.clone()
    }

    /// Has the job that goes on end with what it has.
    pub(super) fn give_up(&self) {
        if let Some(given_up) = &self.given_up {
            given_up.store(true, Ordering::Relaxed);
        }
    }
}
