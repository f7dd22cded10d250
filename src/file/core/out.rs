//! What was given to a file to write.

use std::io;
use std::mem;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::delegate::Hold;
use crate::error::Error;
use crate::file::queue::Queue;
use crate::file::work::{LARGE, Pending};

/// Bytes that were accepted and that no job has written yet, oldest first: `front`,
/// the queue, `buffer`.
///
/// - Nothing overtakes: all in `front` was accepted before all in the queue, and that
///   before all in `buffer`.
/// - A job takes `front` and `buffer` along, and shares the queue: bytes are with the
///   job or here, never in both places.
/// - With no job in flight, `front` and the queue hold only what a job could not
///   write. Then nothing more is accepted than fits the buffer, until that is written:
///   a caller that ignores errors must not fill the memory.
#[derive(Default)]
pub(crate) struct Out {
    front: Pending,
    /// Full buffers, which the job in flight may be taking. `None` until the first.
    queue: Option<Arc<Queue>>,
    /// What is being filled.
    buffer: Vec<u8>,
    /// A write that failed with nobody waiting for it: the next operation that reports
    /// such errors does.
    pub(super) failed: Option<Error>,
    /// A sync on `&self` that failed, until somebody was told. `None` until the first
    /// sync.
    failed_sync: OnceLock<FailedSync>,
    /// Shared with the job in flight, where that has bytes to write: the end of the
    /// process waits for it. `None` until the first.
    pub(super) hold: Option<Arc<Hold>>,
}

/// The error of a sync: the system tells it once.
pub(crate) type FailedSync = Arc<Mutex<Option<io::Error>>>;

/// How large a buffer may be, in bytes, that is filled again.
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

    /// How many bytes are not in the buffer: with no job in flight, those that could
    /// not be written.
    pub(super) fn stuck(&self) -> usize {
        self.front.rest().len() + self.queued()
    }

    fn queued(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.len())
    }

    pub(super) fn queue(&self) -> Option<&Arc<Queue>> {
        self.queue.as_ref()
    }

    /// Whether the last job has left a part of what it was to write.
    pub(super) fn has_front(&self) -> bool {
        !self.front.is_empty()
    }

    /// Everything that is to be written before the queue and behind it, of which one
    /// is empty.
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

    /// Puts in front what a job could not write.
    pub(super) fn put_back(&mut self, left: Pending) {
        debug_assert!(self.front.is_empty(), "the job has taken it along");
        self.front = left;
    }

    /// The buffer that a job has emptied is filled again, unless a long write made it
    /// huge.
    pub(super) fn reuse(&mut self, mut emptied: Vec<u8>, capacity: usize) {
        if self.buffer.capacity() == 0 && emptied.capacity() <= usual(capacity) {
            emptied.clear();
            self.buffer = emptied;
        }
    }

    /// Takes no more into the queue beside the job that was in flight. One that
    /// panicked, or never began, did not say so.
    pub(super) fn close_queue(&self) {
        if let Some(queue) = &self.queue {
            queue.close();
        }
    }

    /// Has the next job go on with what is offered to it meanwhile, up to `limit`
    /// bytes at a time.
    pub(super) fn open_queue(&mut self, limit: usize) {
        self.queue.get_or_insert_default().open(limit);
    }

    /// Gives the full buffer to the job in flight, which writes it after its own;
    /// `false` if it has enough to do, or ends.
    pub(super) fn offer(&mut self) -> bool {
        let queue = self.queue.as_ref();
        queue.is_some_and(|queue| queue.offer(&mut self.buffer))
    }

    /// Whether `n` bytes more fit the buffer; one that is said to be huge may outgrow the
    /// memory.
    #[inline]
    pub(super) fn fits(&mut self, n: usize, capacity: usize) -> bool {
        n <= capacity.saturating_sub(self.buffer.len())
            && (n <= self.buffer.capacity() - self.buffer.len() || self.grows(n))
    }

    #[cold]
    fn grows(&mut self, n: usize) -> bool {
        // One that has no memory yet gets it as a whole.
        self.buffer.capacity() == 0
            || self.buffer.try_reserve(n).is_ok()
            || self.buffer.try_reserve_exact(n).is_ok()
    }

    /// Whether the buffer holds more than it should.
    pub(super) fn is_over(&self, capacity: usize) -> bool {
        self.buffer.len() > capacity
    }

    /// Whether there are bytes in the buffer, and nothing that must go before more:
    /// the file may be written to, and nothing is read ahead.
    #[inline]
    pub(super) fn is_filling(&self) -> bool {
        !self.buffer.is_empty() && self.front.is_empty() && self.failed.is_none()
    }

    /// Puts `data` behind all else. It may be more than fits.
    pub(super) fn append(&mut self, data: &[u8], capacity: usize) {
        self.make_room(data.len(), capacity);
        self.buffer.extend_from_slice(data);
    }

    /// Has the buffer take `n` bytes at once. It may be more than fits.
    pub(super) fn make_room(&mut self, n: usize, capacity: usize) {
        if self.buffer.capacity() == 0 {
            let spare = self.queue.as_ref().and_then(|queue| queue.spare());
            self.buffer = spare.unwrap_or_default();
            // A buffer that is said to be huge grows as it is filled.
            let usual = n.max(capacity.min(LARGE));
            if self.buffer.try_reserve_exact(usual).is_err() {
                self.buffer.reserve_exact(n);
            }
        }
    }

    /// As [`append`](Self::append), into a buffer that has room.
    #[inline]
    pub(super) fn extend(&mut self, data: &[u8]) {
        self.buffer.extend_from_slice(data);
    }

    /// Puts `data` behind all else without a copy.
    pub(super) fn append_owned(&mut self, data: Vec<u8>) {
        let queue = self.queue.get_or_insert_default();
        queue.push(mem::take(&mut self.buffer));
        queue.push(data);
    }

    /// Takes `data`, which fits, for the buffer, without a copy: nothing is before it.
    pub(super) fn adopt(&mut self, data: Vec<u8>) {
        debug_assert!(self.is_empty(), "nothing is overtaken");
        self.buffer = data;
    }

    /// What the buffer holds, for a job that is left behind with all else.
    pub(super) fn take_buffer(&mut self) -> Vec<u8> {
        mem::take(&mut self.buffer)
    }

    /// Frees the buffers that are not in use.
    pub(super) fn shrink(&self) {
        if let Some(queue) = &self.queue {
            queue.shrink();
        }
    }

    /// Where a sync leaves its error.
    pub(crate) fn failed_sync(&self) -> &FailedSync {
        self.failed_sync.get_or_init(Arc::default)
    }

    /// The error of a sync whose caller has gone.
    pub(crate) fn take_failed_sync(&self) -> Option<io::Error> {
        let slot = self.failed_sync.get()?;
        slot.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Forgets everything: it could not be written, and was reported.
    pub(super) fn clear(&mut self) {
        (self.front, self.queue, self.buffer) = Default::default();
    }
}
