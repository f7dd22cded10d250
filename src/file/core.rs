//! The machine under every kind of file: one cursor, one operation in flight.
//!
//! | state | what it holds | what may happen |
//! |---|---|---|
//! | idle | the stream; bytes read ahead, or bytes to be written, never both where it can seek | buffer operations are served here; anything else starts a job |
//! | busy | the job has the stream's next step and the buffers it needs; the task may go on filling the write buffer | the next operation waits for the job and takes over what it brought, whoever started it |
//! | closed | nothing | every operation fails with `Closed`; `close` succeeds |
//!
//! An operation never keeps bytes in its future: a read fills the read buffer
//! and takes them out in the poll that completes it; a write puts all its bytes
//! into the write buffer in one poll. So a future may be dropped at any time.
//! What a job brings back is put in place by [`Core::poll_back`], whatever its
//! end: done, failed half-way, panicked, or never begun.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::SeekFrom;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::buf::Buf;
use super::held::Held;
use super::queue::Queue;
use super::traits::Begun;
use super::work::{Pending, Stage, Then, Work};
use crate::budget;
use crate::delegate::{End, Flight, run_detached};
use crate::error::{Error, Result};
use crate::executor::Chosen;
use crate::raw_io::{self, RawIo, retry};

mod ops;
mod read;
mod write;

/// The default size of a buffer, in bytes.
pub(crate) const BUFFER: usize = 128 * 1024;

/// What a file was opened as; answered from memory.
#[derive(Clone, Debug)]
pub(crate) struct Meta {
    pub(crate) name: Option<Arc<Path>>,
    pub(crate) mode: Cow<'static, str>,
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    pub(crate) append: bool,
    pub(crate) seekable: bool,
    pub(crate) isatty: bool,
}

pub struct Core<R: RawIo> {
    /// `None` once closed, and while a close is in flight.
    held: Option<Held<R>>,
    pub(crate) meta: Meta,
    /// Settled at the first operation at the latest.
    executor: Option<Chosen>,
    /// Whether reads may be served inline: what was asked for, and whether it
    /// suits the stream (`None` until a job has looked).
    nowait_asked: Option<bool>,
    nowait_suits: Option<bool>,
    /// Size of the buffers, in bytes.
    pub(crate) capacity: usize,
    /// Bytes read and not yet asked for; the cursor is behind them.
    pub(crate) read: Buf,
    /// Left over from a job that could not write it all; before `write`.
    front: Pending,
    /// Full buffers, between `front` and `write`; the job in flight may be taking
    /// them. `None` until the first.
    queue: Option<Arc<Queue>>,
    /// Bytes accepted and not yet handed to a job.
    write: Vec<u8>,
    /// How many bytes the cursor is ahead of the logical position, besides `read`
    /// and `above`.
    rewind: u64,
    /// How many bytes before `read` the layer above has taken and not delivered,
    /// as it last said.
    pub(crate) above: u64,
    /// Changes whenever what was read ahead, `above` included, becomes void.
    pub(crate) generation: u32,
    /// Where the cursor of the stream is, if known.
    pos: Option<u64>,
    /// Whether another handle may move the cursor: then `pos` is never known.
    shared: bool,
    flight: Option<Flight<Work<R>>>,
    busy: bool,
    /// Counts the jobs: the number of the last one.
    job: Started,
    /// The verb of the job in flight.
    op: &'static str,
    /// Whether that job writes again what could not be written before.
    retrying: bool,
    /// A write that failed with nobody waiting for it.
    failed: Option<Error>,
    /// How many refills in a row have followed each other in the file.
    streak: u32,
    /// Whether the last one gave all that was asked for: there may be more.
    full: bool,
    /// Whether the stream may be read before somebody asks: a regular file
    /// (`None` until a job has looked).
    plain: Option<bool>,
    /// A read buffer that is not in use.
    spare: Buf,
    /// What the last own job has left for its operation.
    pub(crate) brought: Brought,
    pub(crate) begun: Begun,
}

/// Results of a job, for the operation that started it.
#[derive(Debug, Default)]
pub(crate) struct Brought {
    pub(crate) owned: Vec<u8>,
    pub(crate) owned_done: usize,
    pub(crate) number: u64,
    pub(crate) eof: bool,
}

/// The number of the job that the polling operation has started; 0 before.
///
/// Lives in the operation's future, so a job left behind by a dropped future is
/// nobody's: its result is put in place, and its write error kept.
pub(crate) type Started = u64;

impl<R: RawIo> Core<R> {
    pub(crate) fn new(raw: R, meta: Meta, executor: Option<Chosen>) -> Self {
        Self {
            held: Some(Held::new(raw)),
            meta,
            executor,
            nowait_asked: None,
            nowait_suits: None,
            capacity: BUFFER,
            read: Buf::default(),
            front: Pending::default(),
            queue: None,
            write: Vec::new(),
            rewind: 0,
            above: 0,
            generation: 0,
            pos: None,
            shared: false,
            flight: None,
            busy: false,
            job: 0,
            op: "use",
            retrying: false,
            failed: None,
            streak: 0,
            full: false,
            plain: None,
            spare: Buf::default(),
            brought: Brought::default(),
            begun: Begun::default(),
        }
    }

    /// Of a stream that says itself what it can do.
    pub(crate) fn of(mut raw: R, capacity: usize) -> Self {
        let (mut readable, mut writable) = (raw.readable(), raw.writable());
        let mut append = false;
        if let Some((reads, writes, appends)) = raw.as_file().and_then(|f| raw_io::access(f).ok()) {
            (readable, writable, append) = (readable && reads, writable && writes, appends);
        }
        let meta = Meta {
            name: None,
            mode: Cow::Borrowed(match (readable, writable, append) {
                (true, true, true) => "ab+",
                (true, true, false) => "rb+",
                (false, _, true) => "ab",
                (false, _, false) => "wb",
                (true, false, _) => "rb",
            }),
            readable,
            writable,
            append,
            seekable: raw.seekable(),
            isatty: raw.isatty(),
        };
        // Where it can seek, that is known at once and does not wait.
        let pos = match meta.seekable {
            true => retry(|| raw.seek(SeekFrom::Current(0))).ok(),
            false => None,
        };
        let mut core = Self::new(raw, meta, None);
        core.capacity = capacity;
        core.set_pos(pos);
        core
    }

    /// Where the cursor is now, if that is known and stays so.
    pub(crate) fn set_pos(&mut self, pos: Option<u64>) {
        self.pos = pos.filter(|_| !self.shared);
    }

    pub(crate) fn set_executor(&mut self, executor: Option<Chosen>) {
        self.executor = executor;
    }

    pub(crate) fn set_nowait(&mut self, asked: Option<bool>, suits: Option<bool>) {
        (self.nowait_asked, self.nowait_suits) = (asked, suits);
    }

    // ---- what is answered from memory -------------------------------------

    pub(crate) fn path(&self) -> Option<&Path> {
        self.meta.name.as_deref()
    }

    pub(crate) fn held(&self) -> Option<&Held<R>> {
        self.held.as_ref()
    }

    pub(crate) fn closed(&self) -> bool {
        self.held.is_none()
    }

    pub(crate) fn executor(&mut self, op: &'static str) -> Result<&Chosen> {
        if self.executor.is_none() {
            self.executor = Some(Chosen::current(op)?);
        }
        Ok(self.executor.as_ref().expect("settled just above"))
    }

    pub(crate) fn executor_if_settled(&self) -> Option<&Chosen> {
        self.executor.as_ref()
    }

    pub(crate) fn closed_error(&self, op: &'static str) -> Error {
        Error::Closed {
            op,
            path: self.path().map(Path::to_owned),
        }
    }

    pub(crate) fn unsupported(&self, op: &'static str, reason: &'static str) -> Error {
        Error::Unsupported {
            op,
            path: self.path().map(Path::to_owned),
            reason,
        }
    }

    pub(crate) fn check_open(&self, op: &'static str) -> Result<()> {
        if self.closed() && !self.busy {
            Err(self.closed_error(op))
        } else {
            Ok(())
        }
    }

    pub(crate) fn check_readable(&self, op: &'static str) -> Result<()> {
        self.check_open(op)?;
        if self.meta.readable {
            Ok(())
        } else {
            Err(self.unsupported(op, "the file is not open for reading"))
        }
    }

    pub(crate) fn check_writable(&self, op: &'static str) -> Result<()> {
        self.check_open(op)?;
        if self.meta.writable {
            Ok(())
        } else {
            Err(self.unsupported(op, "the file is not open for writing"))
        }
    }

    pub(crate) fn check_seekable(&self, op: &'static str) -> Result<()> {
        self.check_open(op)?;
        if self.meta.seekable {
            Ok(())
        } else {
            Err(self.unsupported(op, "the file cannot seek"))
        }
    }

    /// Whether a job is in flight, or has ended and was not looked at.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy
    }

    fn is_dirty(&self) -> bool {
        !self.front.is_empty() || !self.write.is_empty() || self.queued() > 0
    }

    /// How many bytes wait in the queue.
    fn queued(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.len())
    }

    /// Where the next read or write takes place, in bytes from the start, if known.
    pub(crate) fn position(&self) -> Option<u64> {
        if self.busy || self.shared {
            return None;
        }
        let dirty = self.front.rest().len() + self.queued() + self.write.len();
        Some(self.pos?.checked_sub(self.behind())? + dirty as u64)
    }

    /// How many bytes the cursor is ahead of the logical position.
    fn behind(&self) -> u64 {
        self.rewind + self.above + self.read.len() as u64
    }

    /// Everything that is to be written before the queue and behind it, of which
    /// one is empty.
    fn take_dirty(&mut self) -> [Pending; 2] {
        if let Some(queue) = self.queue.as_ref().filter(|queue| !queue.is_empty()) {
            queue.push(std::mem::take(&mut self.write));
        }
        let back = Pending {
            data: std::mem::take(&mut self.write),
            start: 0,
        };
        [std::mem::take(&mut self.front), back]
    }

    // ---- jobs ---------------------------------------------------------------

    /// Hands a job to the executor, with everything that has to be written first.
    fn start(&mut self, op: &'static str, then: Then<R>, read: Buf, owned: Vec<u8>) -> Result<()> {
        debug_assert!(!self.busy, "one operation in flight");
        self.executor(op)?;
        budget::owe();
        let held = if matches!(then, Then::Close) {
            self.held.take()
        } else {
            self.held.clone()
        };
        let work = Work {
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
        let executor = self.executor.as_ref().expect("settled just above");
        let flight = self.flight.get_or_insert_with(Flight::new);
        flight.start(executor, op, self.meta.name.as_ref(), work);
        (self.busy, self.op) = (true, op);
        self.job += 1;
        Ok(())
    }

    /// Whether the job in flight is the one that `started` stands for.
    fn owns(&self, started: Started) -> bool {
        self.busy && started == self.job
    }

    /// Waits for the job in flight and puts in place what it brought. The error,
    /// if any, goes to the operation that `started` it; without one, an error
    /// about bytes to be written is kept for the next that reports such errors.
    pub(crate) fn poll_back(&mut self, cx: &mut Context<'_>, started: Started) -> Poll<Result<()>> {
        if !self.busy {
            return Poll::Ready(Ok(()));
        }
        let flight = self.flight.as_mut().expect("a busy file has a flight");
        let (work, end) = ready!(flight.poll_end(cx));
        self.busy = false;
        self.retrying = false;
        let own = started == self.job;
        let error = self.put_back(work, end, own);
        match error {
            Some((error, _)) if own => Poll::Ready(Err(error)),
            Some((error, true)) => {
                self.failed = Some(error);
                Poll::Ready(Ok(()))
            }
            Some((_, false)) | None => Poll::Ready(Ok(())),
        }
    }

    /// Returns the error, and whether it must not get lost.
    fn put_back(&mut self, mut work: Work<R>, end: End, own: bool) -> Option<(Error, bool)> {
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
        if let Some(queue) = &self.queue {
            // One that panicked or did not begin has not.
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
        // Read for a caller that has gone: the next read's.
        self.read
            .push(work.owned.get(work.owned_done..).unwrap_or_default());

        let (op, about_writes) = match work.stage {
            Stage::Begin => (self.op, had_dirty),
            Stage::Rewind => ("seek", had_dirty),
            Stage::Drain => ("write", true),
            Stage::Then => (self.op, false),
        };
        let error = match (end, work.result) {
            (End::Done, Ok(())) => return None,
            (End::Done, Err(error)) => Error::os(op, self.path(), error),
            (end @ (End::Lost | End::Panicked(_)), _) => end.check(op, self.path()).err()?,
        };
        Some((error, about_writes || work.keep))
    }

    /// Waits until nothing is in flight; for operations that report write errors,
    /// the kept one.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        ready!(self.poll_back(cx, 0))?;
        Poll::Ready(self.failed.take().map_or(Ok(()), Err))
    }

    /// Drops what was read ahead; the next job moves the cursor back over it.
    pub(crate) fn drop_read_ahead(&mut self) {
        self.streak = 0;
        let ahead = self.read.len() as u64 + self.above;
        if self.meta.seekable && ahead > 0 {
            self.rewind += ahead;
            self.void_read_ahead();
        }
        self.forget_consumed();
    }

    /// The cursor is about to move past the read buffer: what was consumed of
    /// it, which a seek could go back to, will not be what is before the cursor.
    fn forget_consumed(&mut self) {
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

    fn void_read_ahead(&mut self) {
        self.read.clear();
        self.above = 0;
        self.generation = self.generation.wrapping_add(1);
    }

    /// Runs one job and waits for it: the common course of every operation that
    /// is not about the buffers.
    fn poll_job(
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

impl<R: RawIo> Drop for Core<R> {
    /// Sends what is buffered on its way, with nobody waiting; a clean file is
    /// closed here and now.
    fn drop(&mut self) {
        let Some(flight) = self.flight.take().filter(|_| self.busy) else {
            let work = Work {
                pos: self.pos,
                rewind: self.rewind,
                dirty: self.take_dirty(),
                queue: self.queue.take(),
                ..Work::new(self.held.take(), &self.meta, Then::Nothing)
            };
            if work.needs_finish() {
                self.finish(work, Arc::default());
            }
            return;
        };
        // Behind all that the job still has to write.
        let rest = Arc::new(Queue::default());
        rest.push(std::mem::take(&mut self.write));
        let behind = rest.clone();
        // Should it be running, the thread it runs on goes on with the rest.
        let back = flight.leave(move |work: Work<R>| work.finish(&behind));
        if let Some(work) = back
            && (work.needs_finish() || !rest.is_empty())
        {
            self.finish(work, rest);
        }
    }
}

impl<R: RawIo> Core<R> {
    /// Has the executor do the last of a file that is being dropped.
    fn finish(&mut self, work: Work<R>, rest: Arc<Queue>) {
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

impl<R: RawIo> fmt::Debug for Core<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.debug("Core", &self.meta.mode, f)
    }
}

impl<R: RawIo> Core<R> {
    /// The `Debug` of every kind of file.
    pub(crate) fn debug(&self, kind: &str, mode: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match (self.busy, self.closed()) {
            (true, _) => "busy",
            (false, true) => "closed",
            (false, false) => "idle",
        };
        f.debug_struct(kind)
            .field("name", &self.meta.name)
            .field("mode", &mode)
            .field("state", &state)
            .finish_non_exhaustive()
    }
}

impl Core<File> {
    /// Another handle of the same open file.
    pub(crate) fn clone_with(&mut self, file: File) -> Self {
        let mut core = Self::new(file, self.meta.clone(), self.executor.clone());
        (core.shared, self.shared, self.pos) = (true, true, None);
        (core.nowait_asked, core.nowait_suits) = (self.nowait_asked, self.nowait_suits);
        core.capacity = self.capacity;
        core
    }
}
