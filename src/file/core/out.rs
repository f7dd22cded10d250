//! The bytes that were given to a file to write.

use std::io;
use std::mem;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::delegate::Hold;
use crate::error::Error;
use crate::file::queue::Queue;
use crate::file::work::{LARGE, Pending};

/// Bytes that were accepted and not written yet, oldest first: `front`, the queue,
/// `buffer`.
///
/// - Bytes never overtake each other: all of `front` was accepted before all of the queue,
///   and that before all of `buffer`.
/// - A job takes `front` and `buffer` along, and shares the queue. Each byte is either with
///   the job or here, never in both places.
/// - While no job is in flight, `front` and the queue hold only what the last job could not
///   write. Until that is written, no more is accepted than fits into the buffer; otherwise
///   a caller that ignores errors would fill the memory.
#[derive(Default)]
pub(crate) struct Out {
    front: Pending,
    /// Full buffers; the job in flight may be taking them. `None` until the first job that
    /// does.
    queue: Option<Arc<Queue>>,
    /// The buffer that is being filled.
    buffer: Vec<u8>,
    /// The error of a write for which nobody waited. The next operation that reports write
    /// errors returns it.
    pub(super) failed: Option<Box<Error>>,
    /// The error of a sync on `&self`, until somebody was told of it. Empty until the first
    /// sync.
    failed_sync: OnceLock<FailedSync>,
    /// Shared with the job in flight if that has bytes to write: the end of the process
    /// waits for it. `None` until the first such job.
    pub(super) hold: Option<Arc<Hold>>,
}

/// The error of a sync. The system reports it only once, so it must be kept.
pub(crate) type FailedSync = Arc<Mutex<Option<io::Error>>>;

/// The largest capacity, in bytes, of an emptied buffer that is filled again.
pub(super) fn usual(capacity: usize) -> usize {
    capacity.saturating_mul(2)
}

impl Out {
    /// How many bytes wait here.
    pub(super) fn len(&self) -> usize {
        self.stuck() + self.buffer.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.front.is_empty() && self.buffer.is_empty() && self.queued() == 0
    }

    /// How many bytes are not in the buffer. While no job is in flight, these are bytes
    /// that could not be written.
    pub(super) fn stuck(&self) -> usize {
        self.front.rest().len() + self.queued()
    }

    fn queued(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.len())
    }

    pub(super) fn queue(&self) -> Option<&Arc<Queue>> {
        self.queue.as_ref()
    }

    /// Whether the last job has left something unwritten.
    pub(super) fn has_front(&self) -> bool {
        !self.front.is_empty()
    }

    /// Takes out what a job writes before the queue and what it writes behind it. The
    /// second is empty if the queue has something: then it went into the queue.
    pub(super) fn take_for_job(&mut self) -> [Pending; 2] {
        if let Some(queue) = self.queue.as_ref().filter(|queue| !queue.is_empty()) {
            queue.push(mem::take(&mut self.buffer));
        }
        let back = Pending {
            data: mem::take(&mut self.buffer),
            start: 0,
        };
        [mem::take(&mut self.front), back]
    }

    /// Puts what a job could not write in front of everything else.
    pub(super) fn put_back(&mut self, left: Pending) {
        debug_assert!(self.front.is_empty(), "the job has taken it along");
        self.front = left;
    }

    /// Uses the buffer that a job has emptied again, unless a long write made it huge.
    pub(super) fn reuse(&mut self, mut emptied: Vec<u8>, capacity: usize) {
        if self.buffer.capacity() == 0 && emptied.capacity() <= usual(capacity) {
            emptied.clear();
            self.buffer = emptied;
        }
    }

    /// Closes the queue after a job. A job does that itself, but not if it panicked or
    /// never began.
    pub(super) fn close_queue(&self) {
        if let Some(queue) = &self.queue {
            queue.close();
        }
    }

    /// Lets the next job take what is offered to it while it runs, up to `limit` bytes at a
    /// time.
    pub(super) fn open_queue(&mut self, limit: usize) {
        self.queue.get_or_insert_default().open(limit);
    }

    /// Gives the full buffer to the job in flight, which writes it after its own. `false`
    /// if the job has enough to write, or is about to end.
    pub(super) fn offer(&mut self) -> bool {
        let queue = self.queue.as_ref();
        queue.is_some_and(|queue| queue.offer(&mut self.buffer))
    }

    /// Whether `n` more bytes fit into the buffer. If the user asked for a huge buffer, it
    /// also makes sure that there is memory for them.
    #[inline]
    pub(super) fn fits(&mut self, n: usize, capacity: usize) -> bool {
        n <= capacity.saturating_sub(self.buffer.len())
            && (n <= self.buffer.capacity() - self.buffer.len() || self.grows(n))
    }

    #[cold]
    fn grows(&mut self, n: usize) -> bool {
        // A buffer without memory gets all of it at once, from `make_room`.
        self.buffer.capacity() == 0
            || self.buffer.try_reserve(n).is_ok()
            || self.buffer.try_reserve_exact(n).is_ok()
    }

    /// Whether the buffer holds more than it should.
    pub(super) fn is_over(&self, capacity: usize) -> bool {
        self.buffer.len() > capacity
    }

    /// Whether there are bytes in the buffer and nothing keeps more from being added. Bytes
    /// in the buffer also mean that the file is open for writing and that nothing was read
    /// ahead.
    #[inline]
    pub(super) fn is_filling(&self) -> bool {
        !self.buffer.is_empty() && self.front.is_empty() && self.failed.is_none()
    }

    /// Puts `data` behind everything else, even if it does not fit.
    pub(super) fn append(&mut self, data: &[u8], capacity: usize) {
        self.make_room(data.len(), capacity);
        self.buffer.extend_from_slice(data);
    }

    /// If the buffer has no memory, allocates it, for at least `n` bytes, even if that is
    /// more than its size.
    pub(super) fn make_room(&mut self, n: usize, capacity: usize) {
        if self.buffer.capacity() == 0 {
            let spare = self.queue.as_ref().and_then(|queue| queue.spare());
            self.buffer = spare.unwrap_or_default();
            // A buffer for which the user asked a huge size grows as it is filled.
            let usual = n.max(capacity.min(LARGE));
            if self.buffer.try_reserve_exact(usual).is_err() {
                self.buffer.reserve_exact(n);
            }
        }
    }

    /// As [`append`](Self::append), for a buffer that has room.
    #[inline]
    pub(super) fn extend(&mut self, data: &[u8]) {
        self.buffer.extend_from_slice(data);
    }

    /// Puts `data` behind everything else without a copy.
    pub(super) fn append_owned(&mut self, data: Vec<u8>) {
        let queue = self.queue.get_or_insert_default();
        queue.push(mem::take(&mut self.buffer));
        queue.push(data);
    }

    /// Makes `data`, which must fit, the buffer, without a copy. Nothing may be buffered
    /// before.
    pub(super) fn adopt(&mut self, data: Vec<u8>) {
        debug_assert!(self.is_empty(), "nothing is overtaken");
        self.buffer = data;
    }

    /// Takes out what the buffer holds, for the last job of a file that is dropped.
    pub(super) fn take_buffer(&mut self) -> Vec<u8> {
        mem::take(&mut self.buffer)
    }

    /// Frees the buffers that are not in use.
    pub(super) fn shrink(&self) {
        if let Some(queue) = &self.queue {
            queue.shrink();
        }
    }

    /// The place where a sync leaves its error.
    pub(crate) fn failed_sync(&self) -> &FailedSync {
        self.failed_sync.get_or_init(Arc::default)
    }

    /// Takes the error of a sync whose caller has gone.
    pub(crate) fn take_failed_sync(&self) -> Option<io::Error> {
        let slot = self.failed_sync.get()?;
        slot.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Forgets everything. It could not be written, and that was reported.
    pub(super) fn clear(&mut self) {
        (self.front, self.queue, self.buffer) = Default::default();
    }
}
