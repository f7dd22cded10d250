//! Full buffers on their way from the task that fills them to the job that
//! writes them beside it.
//!
//! To start a job costs much, to keep one running costs little. So a job that writes takes
//! the next full buffer itself, instead of ending and being started again.

use std::collections::VecDeque;
use std::fmt;
use std::sync::PoisonError;
use std::task::{Context, Poll, Waker};

use crate::foreign::{discard, wake};
use crate::sync::{Mutex, MutexGuard};

/// What a task and its write job share. When no job runs, it holds the buffers that the
/// last job did not write.
///
/// Under its lock, buffers are only moved and counted. No waker is cloned, woken or dropped
/// there: its code is foreign, and may panic or call this queue.
#[derive(Default)]
pub(crate) struct Queue(Mutex<State>);

#[derive(Default)]
struct State {
    /// Whether a job is running that takes buffers until there are none.
    open: bool,
    /// Oldest first; none is empty.
    full: VecDeque<Vec<u8>>,
    /// How many bytes `full` holds.
    bytes: usize,
    /// `full` takes no more once it holds so many bytes. Also the most memory that `spare`
    /// may hold, in bytes.
    limit: usize,
    /// Emptied buffers, to be filled again, oldest first. The oldest is used first because
    /// the least of it is still in the cache of the processor that wrote it out.
    spare: VecDeque<Vec<u8>>,
    /// The task that waits for room.
    waiting: Option<Waker>,
}

impl State {
    fn push(&mut self, buffer: Vec<u8>) {
        if !buffer.is_empty() {
            self.bytes += buffer.len();
            self.full.push_back(buffer);
        }
    }

    /// Keeps an emptied buffer, or returns it if the spare buffers would hold too much
    /// memory. The caller must unlock before it frees that buffer, because the task may
    /// wait for the lock.
    fn put_spare(&mut self, mut buffer: Vec<u8>) -> Option<Vec<u8>> {
        buffer.clear();
        let kept: usize = self.spare.iter().map(Vec::capacity).sum();
        let keeps = buffer.capacity() > 0 && kept + buffer.capacity() <= self.limit;
        if !keeps {
            return Some(buffer);
        }
        self.spare.push_back(buffer);
        None
    }

    fn has_room(&self) -> bool {
        self.open && self.bytes <= self.limit / 2
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Only an allocation can panic while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Called before a job starts that takes buffers until there are none. The queue then
    /// takes up to `limit` bytes at a time. The job closes it.
    pub(crate) fn open(&self, limit: usize) {
        let mut state = self.lock();
        (state.open, state.limit) = (true, limit);
    }

    /// Gives `buffer` to the job in flight, puts an empty one in its place, and returns
    /// `true`. If the job takes no more, or has enough to write, changes nothing and
    /// returns `false`.
    pub(crate) fn offer(&self, buffer: &mut Vec<u8>) -> bool {
        let mut state = self.lock();
        let taken = state.open && state.bytes < state.limit;
        if taken {
            let spare = state.spare.pop_front().unwrap_or_default();
            state.push(std::mem::replace(buffer, spare));
        }
        taken
    }

    /// Waits until at most half of the limit is left. If the job takes no more, this stays
    /// pending: the caller also waits for the end of the job.
    pub(crate) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        {
            let mut state = self.lock();
            if state.has_room() {
                let waiting = state.waiting.take();
                drop(state);
                discard(waiting);
                return Poll::Ready(());
            }
            let known = state.waiting.as_ref();
            if known.is_some_and(|waker| waker.will_wake(cx.waker())) {
                return Poll::Pending;
            }
        }
        let waker = cx.waker().clone();
        let mut state = self.lock();
        let has_room = state.has_room();
        let unused = if has_room {
            [state.waiting.take(), Some(waker)]
        } else {
            [state.waiting.replace(waker), None]
        };
        drop(state);
        discard(unused);
        if has_room {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Puts `buffer` behind the others, even beyond the limit.
    pub(crate) fn push(&self, buffer: Vec<u8>) {
        self.lock().push(buffer);
    }

    /// For a job: returns the buffer that it has emptied and takes the next one. `None`
    /// means that there is none; the queue is closed then.
    pub(crate) fn next(&self, emptied: Vec<u8>) -> Option<Vec<u8>> {
        let mut state = self.lock();
        let unused = state.put_spare(emptied);
        let next = state.full.pop_front();
        state.bytes -= next.as_ref().map_or(0, Vec::len);
        state.open &= next.is_some();
        let has_room = state.has_room();
        let waiting = state.waiting.take_if(|_| has_room);
        drop(state);
        if let Some(waker) = waiting {
            wake(waker);
        }
        drop(unused);
        next
    }

    /// The job takes no more.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.open = false;
        let waiting = state.waiting.take();
        drop(state);
        // Dropped after unlocking: it may be the last handle of a task, whose drop may take
        // other locks.
        discard(waiting);
    }

    /// An emptied buffer, if there is one.
    pub(crate) fn spare(&self) -> Option<Vec<u8>> {
        self.lock().spare.pop_front()
    }

    /// Frees the emptied buffers.
    pub(crate) fn shrink(&self) {
        let spare = std::mem::take(&mut self.lock().spare);
        drop(spare);
    }

    /// How many bytes wait to be written.
    pub(crate) fn len(&self) -> usize {
        self.lock().bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("bytes", &self.len())
            .finish_non_exhaustive()
    }
}
