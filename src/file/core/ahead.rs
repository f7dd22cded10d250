//! The bytes that were read from the stream before somebody asked for them.

use std::mem;
use std::sync::Arc;

use super::BUFFER;
use crate::error::Error;
use crate::file::buf::Buf;
use crate::sync::atomic::{AtomicBool, Ordering};

/// How many bytes the first refill asks for, and the first after a seek. Each refill that
/// follows in the stream asks for twice as much, up to the size of the buffer.
const FIRST: usize = 32 * 1024;

/// Room in front of a chunk that is fetched ahead, in bytes, so that the rest of the chunk
/// before can be copied there.
const ROOM: usize = 4 * 1024;

/// Bytes that were read and not yet asked for, and how to read on.
///
/// - The order in the stream is: first the bytes that the layer above (text) has taken and
///   not delivered, of which only the number is here; then `buffer`; then the cursor. So
///   the cursor is [`len`](Self::len) bytes ahead of the position of the file (and besides
///   by those that the next job steps back).
/// - A job that reads for an operation takes `buffer` along, so nothing is in it until the
///   job is back. A job that fetches ahead takes `spare` instead, and what it brings is put
///   behind the rest of `buffer`. Each byte is either with the job or here, never in both
///   places.
/// - The layer above holds the text of the bytes that it has taken. `generation` changes
///   when that text becomes void, and only then.
/// - The error in `failed` belongs behind `buffer`. It must be returned before the stream
///   is read again.
#[derive(Default)]
pub(crate) struct Ahead {
    buffer: Buf,
    /// How many bytes before `buffer` the layer above has taken and not delivered, as it
    /// has told last.
    undelivered: u64,
    generation: u32,
    /// How many refills in a row were each followed by the next in the stream.
    streak: u32,
    /// Whether the last refill gave all that it asked for, so that there may be more.
    more: bool,
    /// Whether the stream is a regular file, which may be read before somebody asks. `None`
    /// until a job has looked.
    regular: Option<bool>,
    /// A buffer that is not in use.
    spare: Option<Box<Buf>>,
    /// The error of a read for which nobody waited. The system may report such an error
    /// only once (a connection that was reset), so the next read at that place returns it.
    failed: Option<Box<Error>>,
    /// Tells a read job of several system calls that it may stop early, as nobody waits for
    /// so many bytes any more. `None` until the first such job.
    given_up: Option<Arc<AtomicBool>>,
}

/// The number of bytes that a job brought and that were dropped because there was no memory
/// for them.
#[must_use = "they must be read again"]
pub(super) struct Lost(pub(super) u64);

impl Ahead {
    /// The bytes that were read ahead, to be looked at.
    #[inline]
    pub(crate) fn buffer(&self) -> &Buf {
        &self.buffer
    }

    /// The bytes that were read ahead, to be searched and consumed.
    #[inline]
    pub(crate) fn buffer_mut(&mut self) -> &mut Buf {
        &mut self.buffer
    }

    /// How many bytes the cursor is ahead of the position of the file.
    #[inline]
    pub(super) fn len(&self) -> u64 {
        self.undelivered + self.buffer.len() as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there are bytes here, and none with the layer above.
    pub(super) fn has_only_bytes(&self) -> bool {
        self.undelivered == 0 && !self.buffer.is_empty()
    }

    // ---- the layer above ----------------------------------------------------

    /// The layer above remembers this number for its text. The text is void if the number
    /// has changed.
    #[inline]
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    /// Notes how many bytes the layer above has taken and not delivered.
    #[inline]
    pub(crate) fn set_undelivered(&mut self, bytes: u64) {
        self.undelivered = bytes;
    }

    #[cfg(feature = "stdio")]
    pub(crate) fn has_undelivered(&self) -> bool {
        self.undelivered > 0
    }

    /// Takes back the bytes that the layer above has not delivered. Its text becomes void.
    pub(crate) fn take_back(&mut self, undelivered: &[u8]) {
        self.buffer.unread(undelivered);
        self.undelivered = 0;
        self.renew();
    }

    fn renew(&mut self) {
        self.generation = self.generation.wrapping_add(1);
    }

    /// Takes out all bytes, for a caller that goes on with the stream itself.
    #[cfg(feature = "stdio")]
    pub(crate) fn take_all(&mut self) -> Vec<u8> {
        self.buffer.take(self.buffer.len())
    }

    // ---- what becomes void --------------------------------------------------

    /// Forgets what was read, here and in the layer above, because the cursor moves
    /// elsewhere.
    pub(super) fn clear(&mut self) {
        self.buffer.clear();
        self.undelivered = 0;
        self.renew();
    }

    /// As [`clear`](Self::clear), and frees the memory.
    pub(super) fn close(&mut self) {
        self.clear();
        self.buffer = Buf::default();
    }

    /// Call this before something is read that bypasses the buffer. Then the consumed
    /// bytes, to which a seek within the buffer could go back, are no longer those right
    /// before the cursor.
    pub(super) fn forget_consumed(&mut self) {
        if self.buffer.is_empty() {
            self.buffer.clear();
        }
    }

    /// The next refill will not follow the last one in the stream.
    pub(super) fn break_off(&mut self) {
        self.streak = 0;
    }

    // ---- refills ------------------------------------------------------------

    /// How much a refill asks for, in bytes. If a raw file, which has capacity 0, must read
    /// ahead (its line streams do), it uses the default size.
    pub(super) fn chunk(&self, capacity: usize) -> usize {
        let most = match capacity {
            0 => BUFFER,
            size => size,
        };
        most.min(FIRST << self.streak.min(16))
    }

    /// Takes out the buffer, so that more can be read into it.
    pub(super) fn take_to_fill(&mut self) -> Buf {
        mem::take(&mut self.buffer)
    }

    /// Takes out an empty buffer with room for `chunk` bytes, for a job that fetches ahead.
    pub(super) fn take_to_fetch(&mut self, chunk: usize) -> Buf {
        let mut spare = self.spare.take().map_or_else(Buf::default, |spare| *spare);
        spare.prepare(ROOM, chunk);
        spare
    }

    /// Puts back a buffer that went into no job.
    pub(super) fn give_back(&mut self, buffer: Buf) {
        if self.buffer.is_allocated() {
            self.spare = Some(Box::new(buffer));
        } else {
            self.buffer = buffer;
        }
    }

    /// Notes that a nowait read has given something.
    pub(super) fn filled_in_place(&mut self) {
        self.streak += 1;
    }

    /// Puts what a job has read behind what is here, and notes whether the last read of the
    /// job gave all that it asked for, and whether the file is a regular one.
    pub(super) fn put_back(&mut self, read: Buf, gave_all: bool, regular: Option<bool>) -> Lost {
        (self.more, self.regular) = (gave_all, regular);
        self.streak += u32::from(gave_all);
        let lost = self.take_in(read);
        if !self.more {
            // Nothing will be fetched ahead for now.
            self.spare = None;
        }
        lost
    }

    fn take_in(&mut self, read: Buf) -> Lost {
        let mut lost = 0;
        if read.is_empty() && !self.buffer.is_empty() {
            return Lost(lost);
        }
        if self.buffer.len() > ROOM {
            // This is a long line that is not complete. Copy only what is new: otherwise
            // the line would be copied again for each of its chunks.
            if self.buffer.try_push(read.bytes()).is_err() {
                lost = read.len() as u64;
            }
            self.spare = Some(Box::new(read));
        } else if read.is_allocated() {
            let before = mem::replace(&mut self.buffer, read);
            self.buffer.unread(before.bytes());
            if before.is_allocated() {
                self.spare = Some(Box::new(before));
            }
        }
        Lost(lost)
    }

    /// Puts `data`, without its first `from` bytes, behind what is here. It was read for a
    /// caller that has gone.
    pub(crate) fn adopt(&mut self, data: Vec<u8>, from: usize) {
        if self.buffer.is_empty() {
            self.buffer.adopt(data, from);
        } else {
            self.buffer.push(&data[from..]);
        }
    }

    /// Whether the stream is a regular file; `None` until a job has looked.
    pub(super) fn is_regular(&self) -> Option<bool> {
        self.regular
    }

    /// Whether the stream may have more.
    pub(super) fn may_have_more(&self) -> bool {
        self.more
    }

    /// Notes that the stream has no more for now.
    pub(super) fn ends(&mut self) {
        self.more = false;
    }

    /// Whether to fetch ahead: the file is being read from one end to the other. To be
    /// asked once for each refill.
    pub(super) fn wants_more(&mut self) -> bool {
        mem::take(&mut self.more) && self.streak > 1 && self.regular == Some(true)
    }

    // ---- reads that nobody waits for ----------------------------------------

    pub(super) fn fail(&mut self, error: Error) {
        self.failed = Some(Box::new(error));
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// Takes the error of the read that was to bring the next bytes. The caller must return
    /// it.
    #[inline]
    pub(super) fn take_failed(&mut self) -> Option<Error> {
        self.failed.take().map(|error| *error)
    }

    /// A flag for a new read job, which [`give_up`](Self::give_up) sets.
    pub(super) fn watch(&mut self) -> Arc<AtomicBool> {
        let given_up = self.given_up.get_or_insert_default();
        given_up.store(false, Ordering::Relaxed);
        given_up.clone()
    }

    /// Tells the read job in flight to stop early, with what it has.
    pub(super) fn give_up(&self) {
        if let Some(given_up) = &self.given_up {
            given_up.store(true, Ordering::Relaxed);
        }
    }
}
