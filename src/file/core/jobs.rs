//! The jobs of a file: how one starts, what it brings back, and what the drop of the file
//! leaves to do.

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

/// What happens to the error of a job for which nobody waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    /// It is dropped: an operation that tries the same meets it again.
    Never,
    /// The next operation that reports write errors returns it.
    ForWrites,
    /// The next read at that place returns it.
    ForReads,
}

/// What a job has brought for the operation that started it.
pub(super) struct Product {
    pub(super) result: Result<()>,
    /// The buffer of the caller, for the `*_owned` operations.
    pub(super) owned: Vec<u8>,
    /// How many bytes of `owned` were written, or were there before the read.
    pub(super) owned_done: usize,
    /// The new size or position, for the operations that return one.
    pub(super) number: u64,
    /// Whether the job has read to the end.
    pub(super) eof: bool,
    /// The decoded text, if the job has read to the end and was told to decode.
    pub(super) whole: Option<Whole>,
}

/// What a job takes along besides the bytes to be written, and what the task may do beside
/// it.
pub(super) struct Parcel {
    read: Buf,
    owned: Vec<u8>,
    beside: Beside,
}

impl Parcel {
    /// Takes nothing along; `beside` says what the task may do.
    pub(super) fn beside(beside: Beside) -> Self {
        Self {
            read: Buf::default(),
            owned: Vec::new(),
            beside,
        }
    }

    /// Takes the read buffer along, to read more into it.
    pub(super) fn read(read: Buf) -> Self {
        Self {
            read,
            ..Self::beside(Beside::Nothing)
        }
    }

    /// Takes a buffer of the caller along.
    pub(super) fn owned(owned: &mut Vec<u8>, beside: Beside) -> Self {
        Self {
            owned: std::mem::take(owned),
            ..Self::beside(beside)
        }
    }
}

impl<R: RawIo> Core<R> {
    /// As [`start_with`](Self::start_with), for a job that takes nothing along and leaves
    /// the task nothing to do.
    pub(super) fn start(&mut self, op: &'static str, then: Then<R>) -> Result<Started> {
        self.start_with(op, then, Parcel::beside(Beside::Nothing))
    }

    /// Hands a job to the executor, together with everything that must be written first,
    /// and returns its number. The file must be idle, and is busy afterwards.
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
        // A job that closes takes the stream along.
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
            // The end of the process need not wait for this job.
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

    /// Whether `started` is the number of the job in flight.
    pub(super) fn owns(&self, started: Started) -> bool {
        let busy = self.state.busy();
        busy.is_some_and(|busy| busy.number == started)
    }

    /// Waits for the job in flight, whoever started it, takes it back, and puts what it
    /// brings in its place. An error of a write is kept for the next operation that reports
    /// write errors, the error of a read for the next read at that place.
    pub(crate) fn poll_back(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let State::Busy(busy) = &mut self.state else {
            return Poll::Ready(());
        };
        if busy.goes_on {
            self.ahead.give_up();
            // The job may now stop early. The new number makes sure that the operation that
            // started it does not take a part for the whole.
            busy.number += 1;
        }
        let (work, end) = ready!(busy.flight.poll_end(cx, busy.op, self.meta.name.as_ref()));
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

    /// Waits for the job in flight, which the calling operation has started, takes it back,
    /// and puts what it brings in its place. Returns what is for the operation.
    pub(super) fn poll_product(&mut self, cx: &mut Context<'_>) -> Poll<Product> {
        let State::Busy(busy) = &mut self.state else {
            unreachable!("an operation waits for the job that it has started");
        };
        let (work, end) = ready!(busy.flight.poll_end(cx, busy.op, self.meta.name.as_ref()));
        let (mut product, failed) = self.put_back(work, end, true);
        product.result = failed.map_or(Ok(()), |(error, _)| Err(error));
        Poll::Ready(product)
    }

    /// Puts everything that a job brings in its place. The file is idle then, or closed.
    /// `own` says that the operation which started the job is the one that takes it back.
    /// Returns what is for that operation, and the error, with what must happen to it if
    /// nobody waits for the job.
    fn put_back(
        &mut self,
        mut work: Work<R>,
        end: End,
        own: bool,
    ) -> (Product, Option<(Error, Keep)>) {
        let State::Busy(busy) = self.state.close() else {
            unreachable!("only a busy file has a job that comes back");
        };
        // If a closing job never came to close the stream, the file is open again.
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
            // After a panic nobody knows where the cursor is, nor how much of a buffer that
            // was being filled is data.
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
        // What the job could not write must be written before everything else.
        self.out.put_back(work.leftover());
        if let Some(whole) = work.whole {
            // Nobody waits for the text: its bytes are for the next read.
            work.read.adopt(whole.into_bytes(), 0);
        }
        self.expect_rest(work.read.len());
        let Lost(lost) = self.ahead.put_back(work.read, work.gave_all, work.regular);
        // The next job moves the cursor back over these bytes and reads them again, and
        // reports if there is still no memory. Only files that can seek are fetched ahead.
        self.cursor.rewind += lost;
        // Bytes that were read for a caller that has gone are for the next read.
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

    /// For calls on `&self`: waits until everything that was given to the file is written,
    /// without taking the job back. If a write has failed, this returns its error too, and
    /// the error also stays for the next operation that reports write errors.
    pub(crate) fn poll_written(&self, cx: &mut Context<'_>, op: &'static str) -> Poll<Result<()>> {
        let mut failed = self.out.failed.as_deref().and_then(Error::raw_os_error);
        let mut left = self.is_dirty();
        if let Some(busy) = self.state.busy() {
            let ended = busy
                .flight
                .poll_look(cx, busy.op, self.meta.name.as_ref(), |ended| match ended {
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

    /// Waits until nothing is in flight, and then returns the kept write error, if there is
    /// one. For operations that report write errors.
    pub(super) fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        ready!(self.poll_back(cx));
        Poll::Ready(self.out.failed.take().map_or(Ok(()), |error| Err(*error)))
    }

    /// Drops what was read ahead. The next job moves the cursor back over it.
    pub(crate) fn drop_read_ahead(&mut self) {
        self.ahead.break_off();
        if self.meta.seekable {
            // The read that failed may not be at the place of the next read.
            self.ahead.take_failed();
        }
        if self.meta.seekable && !self.ahead.is_empty() {
            self.cursor.rewind += self.ahead.len();
            self.ahead.clear();
        }
        self.ahead.forget_consumed();
    }

    /// As [`drop_read_ahead`](Self::drop_read_ahead); does nothing while a job is in
    /// flight.
    pub(crate) fn drop_read_ahead_if_idle(&mut self) {
        if !self.is_busy() {
            self.drop_read_ahead();
        }
    }

    /// Runs one job and waits for it: the way of each operation that is not about the
    /// buffers. Returns the new size or position, if the job gives one.
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

    /// As [`poll_product`](Self::poll_product), but returns only the new size or position.
    pub(super) fn poll_number(&mut self, cx: &mut Context<'_>) -> Poll<Result<u64>> {
        let product = ready!(self.poll_product(cx));
        Poll::Ready(product.result.map(|()| product.number))
    }
}

/// Releases the hold when this is dropped.
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
    /// For the drop: lets a job write what is buffered, and waits for nothing. If there is
    /// nothing to write, closes the stream at once.
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
        // Comes behind everything that the job still has to write.
        let rest = Arc::new(Queue::default());
        rest.push(self.out.take_buffer());
        let behind = rest.clone();
        let hold = self.out.hold.take();
        if let Some(hold) = &hold {
            hold.leave();
        }
        // If the job is running, its thread goes on with the rest. The drop of `release`
        // tells the end of the process that it need not wait any longer. It is dropped
        // last, and also if the executor drops the job.
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
    /// Lets the executor do the last work of a file that is being dropped.
    fn finish_work(&mut self, work: Work<R>, rest: Arc<Queue>) {
        match self.executor.take() {
            _ if work.stream.is_none() => {}
            Some(mut executor) => {
                let name = self.meta.name.take();
                // The file is dropped from within a call of its own stream. On this thread
                // the rest could not be written before that call is over, so it needs
                // another thread.
                if work
                    .stream
                    .as_ref()
                    .is_some_and(SharedStream::is_in_use_here)
                {
                    executor = Chosen::new(ThreadPoolExecutor::new(1));
                }
                run_detached(&executor, "close", name, move || work.finish(&rest));
            }
            // A file without an executor was never used, so nothing is buffered.
            None => work.finish(&rest),
        }
    }
}
