//! Full buffers on their way from the task that fills them to the job that
//! writes them beside it.
//!
//! A job is cheap to keep and dear to start: while one is writing, it takes the
//! next full buffer itself instead of ending and being started again.

use std::collections::VecDeque;
use std::fmt;
use std::sync::PoisonError;
use std::task::{Context, Poll, Waker};

use crate::foreign::{discard, wake};
use crate::sync::{Mutex, MutexGuard};

/// What a task and its write job share. At rest, it holds what a job has left.
///
/// Under its lock buffers are moved and counted. No waker is cloned, woken or
/// dropped there: that may panic, or come back here.
#[derive(Default)]
pub(crate) struct Queue(Mutex<State>);

#[derive(Default)]
struct State {
    /// Whether a job goes on as long as there is something.
    open: bool,
    /// Oldest first; none is empty.
    full: VecDeque<Vec<u8>>,
    /// How many bytes `full` holds.
    bytes: usize,
    /// How many bytes are enough; also, how many emptied buffers may hold.
    limit: usize,
    /// Emptied buffers, to be filled again, oldest first: the longer ago one was
    /// written, the less of it has to come from the caches of another processor.
    spare: VecDeque<Vec<u8>>,
    /// Wants to be woken once there is room.
    waiting: Option<Waker>,
}

impl State {
    fn push(&mut self, buffer: Vec<u8>) {
        if !buffer.is_empty() {
            self.bytes += buffer.len();
            self.full.push_back(buffer);
        }
    }

    /// Keeps an emptied buffer, or gives it back where it is too much: it is freed without
    /// the lock, which the task may want meanwhile.
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
        // No code that can panic runs while it is held, but for allocations.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Before a job starts that is to go on as long as there is something, `limit`
    /// bytes at a time; the job closes it.
    pub(crate) fn open(&self, limit: usize) {
        let mut state = self.lock();
        (state.open, state.limit) = (true, limit);
    }

    /// For the job in flight: `false`, and `buffer` is as before, where it takes
    /// no more, or has enough to write. Otherwise `buffer` is another now, empty.
    pub(crate) fn offer(&self, buffer: &mut Vec<u8>) -> bool {
        let mut state = self.lock();
        let taken = state.open && state.bytes < state.limit;
        if taken {
            let spare = state.spare.pop_front().unwrap_or_default();
            state.push(std::mem::replace(buffer, spare));
        }
        taken
    }

    /// Waits until half of what is enough has been written. Of a job that takes no
    /// more only the end will tell.
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

    /// Puts `buffer` behind the others, whatever there is already.
    pub(crate) fn push(&self, buffer: Vec<u8>) {
        self.lock().push(buffer);
    }

    /// For a job: takes the next buffer, for the one it has emptied. `None` says
    /// that there is none, and closes.
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
        // Its drop may be that of a task, which has locks of its own to take.
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
