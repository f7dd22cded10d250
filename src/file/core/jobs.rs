//! A job of a file: how it starts, what it brings back, and what the drop of the
//! file leaves for one to do.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::ahead::Lost;
use super::state::{Beside, Busy, Idle, State};
use super::{Core, Started};
use crate::budget;
use crate::delegate::{End, Flight, Hold, run_detached};
use crate::error::{Error, Result};
use crate::executor::{Chosen, ThreadPoolExecutor};
use crate::file::buf::Buf;
use crate::file::queue::Queue;
use crate::file::stream::SharedStream;
use crate::file::work::{Stage, Then, Work};
use crate::raw_io::RawIo;
use crate::text::Whole;

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

/// What a job has left for the operation that started it.
pub(super) struct Product {
    pub(super) result: Result<()>,
    /// The caller's buffer, of the operations that were given one.
    pub(super) owned: Vec<u8>,
    /// Up to where `owned` was written, or was filled before the read.
    pub(super) owned_done: usize,
    /// The new size or position, of the operations that give one.
    pub(super) number: u64,
    /// Whether it has read to the end.
    pub(super) eof: bool,
    /// All that was read to the end, if it was to be decoded.
    pub(super) whole: Option<Whole>,
}

/// What a job takes along, besides what is to be written, and leaves free.
pub(super) struct Parcel {
    read: Buf,
    owned: Vec<u8>,
    beside: Beside,
}

impl Parcel {
    /// Nothing; it leaves the task so much to do.
    pub(super) fn beside(beside: Beside) -> Self {
        Self {
            read: Buf::default(),
            owned: Vec::new(),
            beside,
        }
    }

    /// The read buffer, to be filled further.
    pub(super) fn read(read: Buf) -> Self {
        Self {
            read,
            ..Self::beside(Beside::Nothing)
        }
    }

    /// A buffer of the caller's.
    pub(super) fn owned(owned: &mut Vec<u8>, beside: Beside) -> Self {
        Self {
            owned: std::mem::take(owned),
            ..Self::beside(beside)
        }
    }
}

impl<R: RawIo> Core<R> {
    /// As [`start_with`](Self::start_with), with nothing besides, and nothing beside it.
    pub(super) fn start(&mut self, op: &'static str, then: Then<R>) -> Result<Started> {
        self.start_with(op, then, Parcel::beside(Beside::Nothing))
    }

    /// Hands a job to the executor, with everything that has to be written first, and
    /// returns its number. The file is idle before, and busy after.
    pub(super) fn start_with(
        &mut self,
        op: &'static str,
        then: Then<R>,
        parcel: Parcel,
    ) -> Result<Started> {
        self.executor(op)?;
        self.inline.settled = false;
        debug_assert!(!self.is_busy(), "one operation in flight");
        let idle = self.state.take_idle();
        let Idle {
            stream,
            flight,
            last,
        } = idle.ok_or_else(|| self.closed_error(op))?;
        budget::owe();
        let Parcel {
            read,
            owned,
            beside,
        } = parcel;
        // A close takes the stream along.
        let stays = (!matches!(then, Then::Close)).then(|| stream.clone());
        let mut work = Work {
            pos: self.cursor.pos.filter(|_| !self.cursor.shared),
            private: self.is_private(),
            rewind: self.cursor.rewind,
            dirty: self.out.take_for_job(),
            queue: self.out.queue().cloned(),
            read,
            owned_done: if matches!(then, Then::WriteOwned) {
                0
            } else {
                owned.len()
            },
            owned,
            nowait: self.inline.suits,
            regular: self.ahead.is_regular(),
            usual: super::out::usual(self.capacity),
            ..Work::new(Some(stream), &self.meta, then)
        };
        if work.needs_finish() {
            let hold = self.out.hold.get_or_insert_default();
            hold.begin();
            work.hold = Some(hold.clone());
        } else if let Some(hold) = &self.out.hold {
            // Nobody need wait for this one.
            hold.release();
        }
        let goes_on = work.goes_on();
        if goes_on {
            work.given_up = Some(self.ahead.watch());
        }
        let executor = self.executor.as_mut().expect("settled just above");
        let mut flight = flight.unwrap_or_else(Flight::new);
        flight.start(executor, op, self.meta.name.as_ref(), work);
        let number = last + 1;
        self.state = State::Busy(Busy {
            flight,
            number,
            stream: stays,
            op,
            beside,
            goes_on,
        });
        Ok(number)
    }

    /// Whether the job in flight is the one that `started` stands for.
    pub(super) fn owns(&self, started: Started) -> bool {
        let busy = self.state.busy();
        busy.is_some_and(|busy| busy.number == started)
    }

    /// Waits for the job in flight, whoever started it, and puts in place what it has
    /// done. An error about bytes to be written is kept for the next operation that
    /// reports such errors, and that of a read for the read that comes to its place.
    pub(crate) fn poll_back(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let State::Busy(busy) = &mut self.state else {
            return Poll::Ready(());
        };
        if busy.goes_on {
            self.ahead.give_up();
            // It may end before it is done: nobody may come back and take it for whole.
            busy.number += 1;
        }
        let (work, end) = ready!(busy.flight.poll_end(cx));
        let (_, failed) = self.put_back(work, end, false);
        if let Some((error, keep)) = failed {
            match keep {
                Keep::Never => {}
                Keep::ForWrites => self.out.failed = Some(Box::new(error)),
                Keep::ForReads => self.ahead.fail(error),
            }
        }
        Poll::Ready(())
    }

    /// Waits for the job in flight, which this operation has started, and puts in place
    /// what it has done. What it has for the operation is returned.
    pub(super) fn poll_product(&mut self, cx: &mut Context<'_>) -> Poll<Product> {
        let State::Busy(busy) = &mut self.state else {
            unreachable!("an operation waits for the job that it has started");
        };
        let (work, end) = ready!(busy.flight.poll_end(cx));
        let (mut product, failed) = self.put_back(work, end, true);
        product.result = failed.map_or(Ok(()), |(error, _)| Err(error));
        Poll::Ready(product)
    }

    /// Puts everything in its place; the file is idle then, or closed. Returns what is
    /// for the operation, if the job is its `own`, and the error, with what becomes of
    /// that if nobody waits for the job.
    fn put_back(
        &mut self,
        mut work: Work<R>,
        end: End,
        own: bool,
    ) -> (Product, Option<(Error, Keep)>) {
        let State::Busy(busy) = self.state.close() else {
            unreachable!("only a busy file has a job that comes back");
        };
        // A close that did not get so far as to close leaves the file open.
        let stream = if work.closing {
            work.stream.take()
        } else {
            busy.stream
        };
        if let Some(stream) = stream {
            self.state = State::Idle(Idle {
                stream,
                flight: Some(busy.flight),
                last: busy.number,
            });
        }
        if matches!(end, End::Panicked(_)) {
            // Nobody knows where the stream has got to, nor how much of a buffer
            // to be filled is more than zeros.
            work.pos = None;
            if !work.owned_out {
                work.owned.truncate(work.owned_done);
            }
        }
        self.cursor.set(work.pos);
        self.cursor.rewind = work.rewind;
        self.cursor.tells_size |= work.tells_size;
        self.inline.suits = work.nowait;
        self.cursor.size = work.size.or(self.cursor.size);
        self.out.close_queue();
        let had_dirty =
            work.has_dirty() || work.dirty.iter().any(|pending| !pending.data.is_empty());
        if work.dirty[1].is_empty() {
            let emptied = std::mem::take(&mut work.dirty[1]).data;
            self.out.reuse(emptied, self.capacity);
        }
        let mut product = Product {
            result: Ok(()),
            owned: Vec::new(),
            owned_done: work.owned_done,
            number: work.number,
            eof: work.eof,
            whole: None,
        };
        if own {
            product.owned = std::mem::take(&mut work.owned);
            product.whole = work.whole.take();
            work.owned_out = false;
        }
        // What it could not write stays first in line.
        self.out.put_back(work.leftover());
        if let Some(whole) = work.whole {
            // Nobody has come for the text.
            work.read.adopt(whole.into_bytes(), 0);
        }
        self.expect_rest(work.read.len());
        let Lost(lost) = self.ahead.put_back(work.read, work.gave_all, work.regular);
        // It is read again, by a job that tells what is wrong: what is fetched ahead is of a
        // file that can seek.
        self.cursor.rewind += lost;
        // Read for a caller that has gone: the next read's.
        if work.owned.len() > work.owned_done {
            self.ahead.adopt(work.owned, work.owned_done);
        }

        let (op, about_writes) = match work.stage {
            Stage::Begin => (busy.op, had_dirty),
            Stage::Rewind => ("seek", had_dirty),
            Stage::Drain => ("write", true),
            Stage::Then => (busy.op, false),
        };
        let read_failed = work.reads && work.stage == Stage::Then;
        let (error, keep) = match (end, work.result) {
            (End::Done, Ok(())) => return (product, None),
            (End::Done, Err(error)) if read_failed => {
                (Error::os(op, self.path(), error), Keep::ForReads)
            }
            (End::Done, Err(error)) => (Error::os(op, self.path(), error), Keep::Never),
            (end @ (End::Lost | End::Panicked(_)), _) => match end.check(op, self.path()) {
                Ok(()) => return (product, None),
                Err(error) => (error, Keep::Never),
            },
        };
        let keep = if about_writes || work.keep {
            Keep::ForWrites
        } else {
            keep
        };
        (product, Some((error, keep)))
    }

    /// Waits until all that was given to the file is written, without taking the job
    /// back: for calls on `&self`. The error of a write that failed is told here too,
    /// and stays for the operation that reports it.
    pub(crate) fn poll_written(&self, cx: &mut Context<'_>, op: &'static str) -> Poll<Result<()>> {
        let mut failed = self.out.failed.as_deref().and_then(Error::raw_os_error);
        let mut left = self.is_dirty();
        if let Some(busy) = self.state.busy() {
            let ended = busy.flight.poll_look(cx, |ended| match ended {
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
        ready!(self.poll_back(cx));
        Poll::Ready(self.out.failed.take().map_or(Ok(()), |error| Err(*error)))
    }

    /// Drops what was read ahead; the next job moves the cursor back over it.
    pub(crate) fn drop_read_ahead(&mut self) {
        self.ahead.break_off();
        if self.meta.seekable {
            // What is read after this may be something else.
            self.ahead.take_failed();
        }
        if self.meta.seekable && !self.ahead.is_empty() {
            self.cursor.rewind += self.ahead.len();
            self.ahead.clear();
        }
        self.ahead.forget_consumed();
    }

    /// The same, unless a job is using it.
    pub(crate) fn drop_read_ahead_if_idle(&mut self) {
        if !self.is_busy() {
            self.drop_read_ahead();
        }
    }

    /// Runs one job and waits for it: the common course of every operation that
    /// is not about the buffers. Returns the size or position that it gives, if it does.
    pub(super) fn poll_job(
        &mut self,
        cx: &mut Context<'_>,
        op: &'static str,
        started: &mut Started,
        job: impl FnOnce(&mut Self) -> Result<Then<R>>,
    ) -> Poll<Result<u64>> {
        if !self.owns(*started) {
            ready!(budget::poll_spend(cx));
            ready!(self.poll_idle(cx))?;
            self.check_open(op)?;
            let then = job(self)?;
            *started = self.start(op, then)?;
        }
        self.poll_number(cx)
    }

    /// As [`poll_product`](Self::poll_product), of which the new size or position is all
    /// that counts.
    pub(super) fn poll_number(&mut self, cx: &mut Context<'_>) -> Poll<Result<u64>> {
        let product = ready!(self.poll_product(cx));
        Poll::Ready(product.result.map(|()| product.number))
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
        let (stream, flight) = match self.state.close() {
            State::Idle(idle) => (Some(idle.stream), None),
            State::Busy(busy) => (None, Some(busy.flight)),
            State::Closed => (None, None),
        };
        let Some(flight) = flight else {
            let work = Work {
                pos: self.cursor.pos,
                rewind: self.cursor.rewind,
                dirty: self.out.take_for_job(),
                queue: self.out.queue().cloned(),
                ..Work::new(stream, &self.meta, Then::Nothing)
            };
            if work.needs_finish() {
                self.finish_work(work, Arc::default());
            }
            return;
        };
        // Behind all that the job still has to write.
        let rest = Arc::new(Queue::default());
        rest.push(self.out.take_buffer());
        let behind = rest.clone();
        let hold = self.out.hold.take();
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
            _ if work.stream.is_none() => {}
            Some(mut executor) => {
                let name = self.meta.name.take();
                // A call of the stream has dropped its own file. In place, what is left
                // could not be written before that call is over.
                if work
                    .stream
                    .as_ref()
                    .is_some_and(SharedStream::is_in_use_here)
                {
                    executor = Chosen::new(ThreadPoolExecutor::new(1));
                }
                run_detached(&executor, "close", name, move || work.finish(&rest));
            }
            // Never used: nothing can be buffered.
            None => work.finish(&rest),
        }
    }
}
