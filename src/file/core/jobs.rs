//! A job of a file: how it starts, what it brings back, and what the drop of the
//! file leaves for one to do.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use super::{Brought, Core, Started};
use crate::budget;
use crate::delegate::{End, Flight, Hold, run_detached};
use crate::error::{Error, Result};
use crate::file::buf::Buf;
use crate::file::queue::Queue;
use crate::file::work::{Stage, Then, Work};
use crate::raw_io::RawIo;

/// What becomes of the error of a job that nobody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    /// Whoever asks again meets it again.
    Never,
    /// The next operation that reports write errors does.
    ForWrites,
    /// The next read that comes to its place does.
    ForReads,
}

impl<R: RawIo> Core<R> {
    /// Hands a job to the executor, with everything that has to be written first.
    pub(super) fn start(
        &mut self,
        op: &'static str,
        then: Then<R>,
        read: Buf,
        owned: Vec<u8>,
    ) -> Result<()> {
        debug_assert!(!self.busy, "one operation in flight");
        self.executor(op)?;
        budget::owe();
        let held = if matches!(then, Then::Close) {
            self.held.take()
        } else {
            self.held.clone()
        };
        let mut work = Work {
            pos: self.pos.filter(|_| !self.shared),
            rewind: self.rewind,
            dirty: self.take_dirty(),
            queue: self.queue.clone(),
            read,
            owned_done: if matches!(then, Then::WriteOwned) {
                0
            } else {
                owned.len()
            },
            owned,
            nowait: self.nowait_suits,
            plain: self.plain,
            ..Work::new(held, &self.meta, then)
        };
        if work.needs_finish() {
            let hold = self.hold.get_or_insert_default();
            hold.begin();
            work.hold = Some(hold.clone());
        } else if let Some(hold) = &self.hold {
            // Nobody need wait for this one.
            hold.release();
        }
        self.goes_on = work.goes_on();
        if self.goes_on {
            let given_up = self.given_up.get_or_insert_default();
            given_up.store(false, Ordering::Relaxed);
            work.given_up = Some(given_up.clone());
        }
        let executor = self.executor.as_mut().expect("settled just above");
        let flight = self.flight.get_or_insert_with(Flight::new);
        flight.start(executor, op, self.meta.name.as_ref(), work);
        (self.busy, self.op) = (true, op);
        self.job += 1;
        Ok(())
    }

    /// Whether the job in flight is the one that `started` stands for.
    pub(super) fn owns(&self, started: Started) -> bool {
        self.busy && started == self.job
    }

    /// Waits for the job in flight and puts in place what it brought. The error,
    /// if any, goes to the operation that `started` it; without one, an error
    /// about bytes to be written is kept for the next that reports such errors.
    pub(crate) fn poll_back(&mut self, cx: &mut Context<'_>, started: Started) -> Poll<Result<()>> {
        if !self.busy {
            return Poll::Ready(Ok(()));
        }
        let own = started == self.job;
        if let Some(given_up) = self.given_up.as_ref().filter(|_| self.goes_on && !own) {
            given_up.store(true, Ordering::Relaxed);
            // It may end before it is done: nobody may come back and take it for whole.
            self.job += 1;
        }
        let flight = self.flight.as_mut().expect("a busy file has a flight");
        let (work, end) = ready!(flight.poll_end(cx));
        self.busy = false;
        self.retrying = false;
        match self.put_back(work, end, own) {
            Some((error, _)) if own => Poll::Ready(Err(error)),
            Some((error, keep)) => {
                match keep {
                    Keep::Never => {}
                    Keep::ForWrites => self.failed = Some(error),
                    Keep::ForReads => self.failed_read = Some(error),
                }
                Poll::Ready(Ok(()))
            }
            None => Poll::Ready(Ok(())),
        }
    }

    /// Returns the error, and what becomes of it if nobody waits for the job.
    fn put_back(&mut self, mut work: Work<R>, end: End, own: bool) -> Option<(Error, Keep)> {
        if work.closing {
            // A close that did not get so far as to close leaves the file open.
            self.held = work.held.take();
        }
        if matches!(end, End::Panicked(_)) {
            // Nobody knows where the stream has got to, nor how much of a buffer
            // to be filled is more than zeros.
            work.pos = None;
            if !work.owned_out {
                work.owned.truncate(work.owned_done);
            }
        }
        self.set_pos(work.pos);
        (self.rewind, self.nowait_suits) = (work.rewind, work.nowait);
        (self.full, self.plain) = (work.full, work.plain);
        self.streak += u32::from(work.full);
        self.tells_size |= work.tells_size;
        if let Some(queue) = &self.queue {
            // A job that panicked or never began did not close the queue.
            queue.close();
        }
        let had_dirty =
            work.has_dirty() || work.dirty.iter().any(|pending| !pending.data.is_empty());
        if self.write.capacity() == 0 && work.dirty[1].is_empty() {
            // The buffer itself is used again, unless a long write made it huge.
            let mut spare = std::mem::take(&mut work.dirty[1]).data;
            spare.clear();
            if spare.capacity() <= self.capacity.saturating_mul(2) {
                self.write = spare;
            }
        }
        if own {
            self.brought = Brought {
                owned: std::mem::take(&mut work.owned),
                owned_done: work.owned_done,
                number: work.number,
                eof: work.eof,
            };
            work.owned_out = false;
        }
        // What it could not write stays first in line.
        debug_assert!(self.front.is_empty(), "the job has taken it along");
        self.front = work.leftover();
        self.take_in(work.read);
        if !self.full {
            // Nothing is fetched ahead for now.
            self.spare = Buf::default();
        }
        // Read for a caller that has gone: the next read's.
        if work.owned.len() > work.owned_done {
            if self.read.is_empty() {
                self.read.adopt(work.owned, work.owned_done);
            } else {
                self.read.push(&work.owned[work.owned_done..]);
            }
        }

        let (op, about_writes) = match work.stage {
            Stage::Begin => (self.op, had_dirty),
            Stage::Rewind => ("seek", had_dirty),
            Stage::Drain => ("write", true),
            Stage::Then => (self.op, false),
        };
        let read_failed = work.reads && work.stage == Stage::Then;
        let (error, keep) = match (end, work.result) {
            (End::Done, Ok(())) => return None,
            (End::Done, Err(error)) if read_failed => {
                (Error::os(op, self.path(), error), Keep::ForReads)
            }
            (End::Done, Err(error)) => (Error::os(op, self.path(), error), Keep::Never),
            (end @ (End::Lost | End::Panicked(_)), _) => {
                (end.check(op, self.path()).err()?, Keep::Never)
            }
        };
        let keep = if about_writes || work.keep {
            Keep::ForWrites
        } else {
            keep
        };
        Some((error, keep))
    }

    /// Waits until all that was given to the file is written, without taking the job
    /// back: for calls on `&self`. The error of a write that failed is told here too,
    /// and stays for the operation that reports it.
    pub(crate) fn poll_written(&self, cx: &mut Context<'_>, op: &'static str) -> Poll<Result<()>> {
        let mut failed = self.failed.as_ref().and_then(Error::raw_os_error);
        let mut left = self.is_dirty();
        if let Some(flight) = self.flight.as_ref().filter(|_| self.busy) {
            let ended = flight.poll_look(cx, |ended| match ended {
                Some((work, _)) => {
                    let result = work.result.as_ref();
                    (
                        work.has_unwritten(),
                        result.err().and_then(io::Error::raw_os_error),
                    )
                }
                None => (false, None),
            });
            let (unwritten, error) = ready!(ended);
            left |= unwritten;
            failed = failed.or(error);
        }
        if !left {
            return Poll::Ready(Ok(()));
        }
        let error = match failed {
            Some(code) => io::Error::from_raw_os_error(code),
            None => io::Error::other("what was written before is still on its way: flush first"),
        };
        Poll::Ready(Err(Error::os(op, self.path(), error)))
    }

    /// Waits until nothing is in flight; for operations that report write errors,
    /// the kept one.
    pub(super) fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        ready!(self.poll_back(cx, 0))?;
        Poll::Ready(self.failed.take().map_or(Ok(()), Err))
    }

    /// Drops what was read ahead; the next job moves the cursor back over it.
    pub(crate) fn drop_read_ahead(&mut self) {
        self.streak = 0;
        if self.meta.seekable {
            // What is read after this may be something else.
            self.failed_read = None;
        }
        let ahead = self.read.len() as u64 + self.above;
        if self.meta.seekable && ahead > 0 {
            self.rewind += ahead;
            self.void_read_ahead();
        }
        self.forget_consumed();
    }

    /// The cursor is about to move past the read buffer: what was consumed of
    /// it, which a seek could go back to, will not be what is before the cursor.
    pub(super) fn forget_consumed(&mut self) {
        if self.read.is_empty() {
            self.read.clear();
        }
    }

    /// The same, unless a job is using it.
    pub(crate) fn drop_read_ahead_if_idle(&mut self) {
        if !self.busy {
            self.drop_read_ahead();
        }
    }

    pub(super) fn void_read_ahead(&mut self) {
        self.read.clear();
        self.above = 0;
        self.generation = self.generation.wrapping_add(1);
    }

    /// Runs one job and waits for it: the common course of every operation that
    /// is not about the buffers.
    pub(super) fn poll_job(
        &mut self,
        cx: &mut Context<'_>,
        op: &'static str,
        started: &mut Started,
        job: impl FnOnce(&mut Self) -> Result<(Then<R>, Vec<u8>)>,
    ) -> Poll<Result<()>> {
        if !self.owns(*started) {
            ready!(budget::poll_spend(cx));
            ready!(self.poll_idle(cx))?;
            self.check_open(op)?;
            let (then, owned) = job(self)?;
            self.start(op, then, Buf::default(), owned)?;
            *started = self.job;
        }
        self.poll_back(cx, *started)
    }
}

/// Releases the hold when it goes.
struct Release(Option<Arc<Hold>>);

impl Drop for Release {
    fn drop(&mut self) {
        if let Some(hold) = &self.0 {
            hold.release();
        }
    }
}

impl<R> Drop for Core<R> {
    fn drop(&mut self) {
        (self.finish)(self);
    }
}

impl<R: RawIo> Core<R> {
    /// Sends what is buffered on its way, with nobody waiting; a clean file is
    /// closed here and now.
    pub(super) fn finish(&mut self) {
        let Some(flight) = self.flight.take().filter(|_| self.busy) else {
            let work = Work {
                pos: self.pos,
                rewind: self.rewind,
                dirty: self.take_dirty(),
                queue: self.queue.take(),
                ..Work::new(self.held.take(), &self.meta, Then::Nothing)
            };
            if work.needs_finish() {
                self.finish_work(work, Arc::default());
            }
            return;
        };
        // Behind all that the job still has to write.
        let rest = Arc::new(Queue::default());
        rest.push(std::mem::take(&mut self.write));
        let behind = rest.clone();
        let hold = self.hold.take();
        if let Some(hold) = &hold {
            hold.leave();
        }
        // Should it be running, the thread it runs on goes on with the rest. Dropped
        // last, and also where the executor drops a job midway, `release` tells the
        // end of the process that it need not wait any longer.
        let release = Release(hold);
        let back = flight.leave(move |work: Work<R>| {
            work.finish(&behind);
            drop(release);
        });
        let unfinished = |work: &Work<R>| work.needs_finish() || !rest.is_empty();
        if let Some(work) = back.filter(unfinished) {
            self.finish_work(work, rest);
        }
    }
}

impl<R: RawIo> Core<R> {
    /// Has the executor do the last of a file that is being dropped.
    fn finish_work(&mut self, work: Work<R>, rest: Arc<Queue>) {
        match self.executor.take() {
            _ if work.held.is_none() => {}
            Some(executor) => {
                let name = self.meta.name.take();
                run_detached(&executor, "close", name, move || work.finish(&rest));
            }
            // Never used: nothing can be buffered.
            None => work.finish(&rest),
        }
    }
}
