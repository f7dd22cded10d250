//! Reading: how the read buffer is filled.

use std::fs::Metadata;
use std::io::Seek;
use std::task::{Context, Poll, ready};

use super::jobs::Parcel;
use super::state::Beside;
use super::{Core, Started};
use crate::budget::{self, AHEAD};
use crate::delegate::run_detached;
use crate::error::{Error, Result};
use crate::file::buf::Buf;
use crate::file::stream::SharedStream;
use crate::file::work::Then;
use crate::raw_io::RawIo;
use crate::sys::nowait::{self, Misses};
use crate::text::{Plan, Whole};

/// A job frees memory of more than this many bytes; the task frees less itself.
const LONG: usize = 4 * 1024 * 1024;

impl<R: RawIo> Core<R> {
    /// How much a refill asks for, in bytes.
    pub(crate) fn chunk(&self) -> usize {
        self.ahead.chunk(self.capacity)
    }

    /// Starts a job that reads the next chunk while the task works on this one, if the file
    /// is being read from one end to the other by jobs.
    fn fetch_ahead(&mut self) {
        let wanted = self.ahead.wants_more()
            && !(self.is_busy() || self.cursor.shared || self.is_dirty())
            && self.cursor.rewind == 0
            && self.capacity > 0;
        if wanted {
            let chunk = self.chunk();
            let read = self.ahead.take_to_fetch(chunk);
            let fill = Then::Fill {
                min: 1,
                chunk,
                plan: None,
            };
            // If this cannot be started, the next read meets the same error.
            drop(self.start_fill(fill, read));
        }
    }

    /// The number of bytes in the file behind the cursor, if it is known without a job. It
    /// may be out of date, so use it only to reserve memory.
    pub(crate) fn rest_hint(&self) -> Option<u64> {
        let local = || self.stream().and_then(SharedStream::file)?.metadata().ok();
        let size = match self.inline.local {
            true => local().map(|metadata| metadata.len()),
            false => self.cursor.size,
        };
        Some(size?.saturating_sub(self.cursor.pos?))
    }

    /// Call this before `room` more bytes are put into the read buffer. If the buffer holds
    /// much and would have to be moved for them, this reserves room for the rest of the file.
    pub(super) fn expect_rest(&mut self, room: usize) {
        if self.ahead.buffer().has_to_move(room) {
            let hint = self.rest_hint();
            if hint.is_none() && !self.ahead.buffer().has_own_pages() {
                // It gets those first.
                return;
            }
            let much = || (AHEAD * self.ahead.buffer().len()) as u64;
            let rest = hint.unwrap_or_else(much);
            let rest = rest.saturating_add(room as u64);
            self.ahead.buffer_mut().expect(rest);
        }
    }

    /// Frees the memory of the read buffer if that is empty and much larger than `usual`
    /// bytes.
    pub(crate) fn shrink_read(&mut self, usual: usize) {
        let unused = self.ahead.buffer_mut().shrink(usual);
        self.free(unused);
    }

    /// Frees `memory`; if it is large, in a job, because that takes milliseconds.
    pub(crate) fn free(&self, memory: Vec<u8>) {
        let long = memory.capacity() > LONG;
        if let Some(executor) = self.executor.as_ref().filter(|_| long) {
            run_detached(executor, "free", None, move || drop(memory));
        }
    }

    /// Reads until `min` bytes are buffered (`false`) or the stream ends (`true`). Each
    /// system call asks for `chunk` bytes, or for all that is missing if that is more.
    pub(crate) fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        min: usize,
        chunk: usize,
        started: &mut Started,
    ) -> Poll<Result<bool>> {
        self.poll_fill_with(cx, min, chunk, || None, &mut None, started)
    }

    /// As [`poll_fill`](Self::poll_fill). If a job reads to the end, it decodes everything
    /// as `plan` says. Then the text is in `whole`, and its bytes are not in the buffer.
    pub(crate) fn poll_fill_with(
        &mut self,
        cx: &mut Context<'_>,
        min: usize,
        chunk: usize,
        plan: impl Fn() -> Option<Plan>,
        whole: &mut Option<Whole>,
        started: &mut Started,
    ) -> Poll<Result<bool>> {
        loop {
            if self.is_busy() {
                if self.owns(*started) {
                    let product = ready!(self.poll_product(cx));
                    product.result?;
                    *whole = product.whole;
                    self.fetch_ahead();
                    // The `min` that counts is that of the job, which has read so many
                    // bytes. The caller's may have changed: callers add to what is
                    // buffered, and the buffer was with the job.
                    return Poll::Ready(Ok(product.eof));
                }
                if self.ahead.buffer().len() >= min && min > 0 {
                    // What the job fetches comes behind these bytes.
                    return Poll::Ready(self.check_readable("read").map(|()| false));
                }
                ready!(self.poll_back(cx));
            }
            self.check_readable("read")?;
            if self.ahead.buffer().len() >= min {
                // These bytes were fetched ahead. Fetch the next ones, unless the page
                // cache will do.
                if self.ahead.may_have_more() && !self.may_nowait() {
                    self.fetch_ahead();
                }
                return Poll::Ready(Ok(false));
            }
            if let Some(error) = self.ahead.take_failed() {
                return Poll::Ready(Err(error));
            }
            if self.fill_nowait(min, chunk)? || self.fill_rest_nowait(min)? {
                continue;
            }
            if self.ends_here() {
                return Poll::Ready(Ok(true));
            }
            let read = self.ahead.take_to_fill();
            let plan = plan();
            *started = self.start_fill(Then::Fill { min, chunk, plan }, read)?;
        }
    }

    /// As [`poll_fill`](Self::poll_fill), but reads up to the first line end behind `min`
    /// bytes, and not beyond it. The caller has found no such line end in the buffer.
    pub(crate) fn poll_fill_line(
        &mut self,
        cx: &mut Context<'_>,
        min: usize,
        max: usize,
        started: &mut Started,
    ) -> Poll<Result<()>> {
        if !self.owns(*started) {
            ready!(self.poll_back(cx));
            self.check_readable("read")?;
            if let Some(error) = self.ahead.take_failed() {
                return Poll::Ready(Err(error));
            }
            let read = self.ahead.take_to_fill();
            *started = self.start_fill(Then::FillLine { min, max }, read)?;
        }
        self.poll_number(cx).map_ok(drop)
    }

    fn start_fill(&mut self, then: Then<R>, read: Buf) -> Result<Started> {
        // The buffer goes along with the job. Without an executor there is no job, so put
        // it back.
        if let Err(error) = self.executor("read") {
            self.ahead.give_back(read);
            return Err(error);
        }
        self.start_with("read", then, Parcel::read(read))
    }

    /// Whether a nowait read may be tried now. Not with a shared cursor: while another
    /// handle reads, the kernel has the cursor locked, and the read would wait for that.
    pub(super) fn may_nowait(&mut self) -> bool {
        let ready =
            !self.is_busy() && !self.cursor.shared && !self.is_dirty() && self.cursor.rewind == 0;
        if !ready || self.ahead.has_failed() || self.inline.suits != Some(true) {
            return false;
        }
        let Ok(executor) = self.executor("read") else {
            return false;
        };
        let allowed = executor.get().allows_nowait();
        self.inline.asked.unwrap_or(allowed)
    }

    /// Before a nowait read, asks the system for the cursor, under the same conditions as a
    /// job does: the file is open for reading and writing, nothing was read ahead, and the
    /// descriptor may be shared. This waits no longer than the read itself.
    fn ask_where(&mut self) {
        let known = self.cursor.pos.is_some() && self.ahead.buffer().is_empty();
        if self.meta.writable && known && !self.is_private() {
            let file = self.stream().and_then(SharedStream::file);
            let pos = file.and_then(|file| (&**file).stream_position().ok());
            self.cursor.set(pos);
        }
    }

    /// Whether the next read may be tried as a nowait read. After many misses of the page
    /// cache the answer is no for a while.
    fn may_read_now(&mut self) -> bool {
        if self.inline.settled || !self.may_nowait() {
            return false;
        }
        let misses = self.stream().map(|stream| stream.open_file().misses());
        let may = misses.is_some_and(Misses::may_ask);
        self.inline.settled = !may;
        may
    }

    pub(super) fn nowait_read(&mut self, buf: &mut [u8]) -> Option<usize> {
        let stream = self.stream()?;
        let answer = stream.read_now(buf);
        let misses = stream.open_file().misses();
        misses.learn(matches!(answer, nowait::Answer::Data(_)));
        match answer {
            nowait::Answer::Data(n) => {
                budget::copied(n);
                self.cursor.advance(n);
                if let Some(executor) = &self.executor {
                    executor.get().nowait_hit();
                }
                Some(n)
            }
            nowait::Answer::WouldWait => {
                self.inline.settled = true;
                None
            }
            nowait::Answer::Never => {
                self.inline.suits = Some(false);
                None
            }
        }
    }

    /// Reads more from the page cache; `false` if a job must do it.
    pub(super) fn fill_nowait(&mut self, min: usize, chunk: usize) -> Result<bool> {
        // For a long read, one job is faster than many nowait reads.
        let missing = min - self.ahead.buffer().len();
        if missing > nowait::MOST || !self.may_read_now() {
            return Ok(false);
        }
        self.ask_where();
        let room = chunk.max(missing).min(nowait::MOST);
        self.expect_rest(room);
        let mut read = self.ahead.take_to_fill();
        let filled = read.try_space(room).map(|space| {
            let n = self.nowait_read(&mut space[..room]);
            (n.is_some(), n.unwrap_or(0))
        });
        read.filled(filled.as_ref().map_or(0, |(_, n)| *n));
        self.ahead.give_back(read);
        let (filled, _) = filled.map_err(|error| Error::os("read", self.path(), error))?;
        if filled {
            self.ahead.filled_in_place();
        }
        Ok(filled)
    }

    /// The metadata of the file, if it takes no job.
    pub(crate) fn metadata_nowait(&mut self) -> Option<Metadata> {
        if !self.inline.local || !self.may_nowait() {
            return None;
        }
        let file = self.stream().and_then(SharedStream::file)?;
        file.metadata().ok()
    }

    /// As [`metadata_nowait`](Self::metadata_nowait), on `&self`; `None` also as long as
    /// the file has no executor.
    pub(crate) fn metadata_beside_nowait(&self) -> Option<Metadata> {
        let quiet = !self.is_busy() && !self.is_dirty();
        let executor = self.executor.as_ref()?;
        let allowed = || executor.get().allows_nowait();
        if !self.inline.local || !quiet || !self.nowait_at().unwrap_or_else(allowed) {
            return None;
        }
        self.stream().and_then(SharedStream::file)?.metadata().ok()
    }

    /// For a read of more bytes than a nowait read takes: reads the rest of the file from
    /// the page cache if the rest is small. `false` if a job must do it.
    fn fill_rest_nowait(&mut self, min: usize) -> Result<bool> {
        let here = self.ahead.buffer().len();
        let Some(pos) = self.cursor.pos.filter(|_| min - here > nowait::MOST) else {
            return Ok(false);
        };
        let rest = self.metadata_nowait().map(|metadata| metadata.len());
        let rest = rest.map_or(0, |size| size.saturating_sub(pos));
        match usize::try_from(rest) {
            Ok(rest @ 1..=nowait::MOST) => self.fill_nowait(here + rest, rest),
            Ok(_) | Err(_) => Ok(false),
        }
    }

    /// Whether it is known without a job that the file ends at the cursor. Its size tells
    /// that; that the page cache has nothing does not.
    fn ends_here(&mut self) -> bool {
        let Some(pos) = self.cursor.pos.filter(|_| self.inline.local) else {
            return false;
        };
        let ends = self.metadata_nowait();
        let ends = ends.is_some_and(|metadata| metadata.len() <= pos);
        if ends {
            self.inline.settled = false;
            self.ahead.ends();
            budget::owe();
        }
        ends
    }

    /// Reads from the page cache straight into `dst`, bypassing the buffer, which must be
    /// empty. `None` if a job must do it.
    pub(crate) fn read_nowait(&mut self, dst: &mut [u8]) -> Option<usize> {
        if !self.ahead.buffer().is_empty() || !self.may_read_now() {
            return None;
        }
        self.ask_where();
        self.ahead.forget_consumed();
        let most = dst.len().min(nowait::MOST);
        self.nowait_read(&mut dst[..most])
    }

    /// Whether a positional read may be tried as a nowait read. `None`: the executor
    /// decides.
    pub(crate) fn nowait_at(&self) -> Option<bool> {
        if self.inline.suits == Some(true) {
            self.inline.asked
        } else {
            Some(false)
        }
    }

    /// A positional nowait read. It either fills all of `buf` or gives `WouldWait`. `None`
    /// means that this was not tried, and the call may try it itself.
    pub(crate) fn read_at_nowait(&self, offset: u64, buf: &mut [u8]) -> Option<nowait::Answer> {
        let executor = self.executor.as_ref()?.get();
        if !self.meta.readable
            || buf.len() > nowait::MOST
            || !self.nowait_at().unwrap_or_else(|| executor.allows_nowait())
        {
            return None;
        }
        let stream = self.stream()?;
        let (file, misses) = (stream.file()?, stream.open_file().misses());
        if !misses.may_ask() {
            return Some(nowait::Answer::WouldWait);
        }
        let whole = nowait::Answer::Data(buf.len());
        let hit = nowait::read_at(file, buf, offset) == whole;
        misses.learn(hit);
        if !hit {
            return Some(nowait::Answer::WouldWait);
        }
        budget::copied(buf.len());
        executor.nowait_hit();
        Some(whole)
    }

    /// Reads from the page cache into the spare capacity of `owned`. The read buffer must
    /// be empty.
    fn read_owned_nowait(&mut self, owned: &mut Vec<u8>) -> Option<usize> {
        let (before, mut room) = (owned.len(), owned.capacity() - owned.len());
        if self.stream()?.file().is_none() {
            // A pipe: one job would read no more.
            room = room.min(nowait::PIPE);
        }
        // For a long read, one job is faster than many nowait reads.
        if room > nowait::MOST || !self.may_read_now() {
            return None;
        }
        self.ask_where();
        self.ahead.forget_consumed();
        // Fills the spare capacity with zeros first, because `preadv2` takes only
        // initialised memory without unsafe code. This costs a small part of the copy.
        owned.resize(before + room, 0);
        let n = self.nowait_read(&mut owned[before..]);
        owned.truncate(before + n.unwrap_or(0));
        n
    }

    /// Appends to `owned`, within its capacity: what is buffered, or if nothing is, what
    /// one read gives.
    pub(crate) fn poll_read_owned(
        &mut self,
        cx: &mut Context<'_>,
        owned: &mut Vec<u8>,
        started: &mut Started,
    ) -> Poll<Result<usize>> {
        if !self.owns(*started) {
            ready!(budget::poll_spend(cx));
            ready!(self.poll_back(cx));
            self.check_readable("read")?;
            let buffer = self.ahead.buffer_mut();
            let n = buffer.len().min(owned.capacity() - owned.len());
            // As a read of the system, this may give fewer bytes than there is room for.
            let n = n.min(budget::MOST_A_POLL);
            if n > 0 || owned.len() == owned.capacity() {
                owned.extend_from_slice(buffer.consume_slice(n));
                return Poll::Ready(Ok(n));
            }
            if let Some(error) = self.ahead.take_failed() {
                return Poll::Ready(Err(error));
            }
            if let Some(n) = self.read_owned_nowait(owned) {
                return Poll::Ready(Ok(n));
            }
            if self.ends_here() {
                return Poll::Ready(Ok(0));
            }
            self.executor("read")?;
            self.ahead.forget_consumed();
            let parcel = Parcel::owned(owned, Beside::Nothing);
            *started = self.start_with("read", Then::ReadOwned, parcel)?;
        }
        let product = ready!(self.poll_product(cx));
        *owned = product.owned;
        Poll::Ready(product.result.map(|()| owned.len() - product.owned_done))
    }
}
