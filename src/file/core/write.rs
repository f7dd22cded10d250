//! Writing: how bytes get into the write buffer, and how that is written out.

use std::io::IoSlice;
use std::task::{Context, Poll, ready};

use super::jobs::Parcel;
use super::state::Beside;
use super::{Core, Started};
use crate::budget;
use crate::error::Result;
use crate::file::stream::SharedStream;
use crate::file::work::Then;
use crate::raw_io::RawIo;

/// How many full buffers at most may wait for the job that writes them.
const BEHIND: usize = 8;

impl<R: RawIo> Core<R> {
    /// Accepts all of `data` or nothing: while this is pending, the write has not begun;
    /// when it is ready, all bytes are in the buffer. Meanwhile a job writes the full
    /// buffers, of which at most [`BEHIND`] wait for it.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        op: &'static str,
        data: &[u8],
    ) -> Poll<Result<()>> {
        ready!(self.poll_room(cx, op, data.len()))?;
        self.out.append(data, self.capacity);
        Poll::Ready(self.write_if_over(cx))
    }

    /// As [`poll_write`](Self::poll_write), for the first `len` bytes of `slices`.
    pub(crate) fn poll_write_slices(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
        len: usize,
    ) -> Poll<Result<()>> {
        if !self.takes_more(len) {
            ready!(self.poll_room(cx, "write", len))?;
            self.out.make_room(len, self.capacity);
        }
        let mut left = len;
        for slice in slices {
            let n = left.min(slice.len());
            self.out.extend(&slice[..n]);
            left -= n;
        }
        Poll::Ready(self.write_if_over(cx))
    }

    /// Waits until `len` more bytes may be put into the buffer.
    fn poll_room(
        &mut self,
        cx: &mut Context<'_>,
        op: &'static str,
        len: usize,
    ) -> Poll<Result<()>> {
        self.check_writable(op)?;
        self.executor(op)?;
        loop {
            self.check_writable(op)?;
            if let Some(error) = self.out.failed.take() {
                return Poll::Ready(Err(*error));
            }
            let fits = self.out.fits(len, self.capacity);
            if self.is_busy() {
                // Beside a job that only writes, bytes may be added; any other job uses the
                // cursor.
                if self.may_write_behind() && (fits || self.out.offer()) {
                    return Poll::Ready(Ok(()));
                }
                ready!(self.poll_handed_over(cx))?;
                continue;
            }
            self.drop_read_ahead();
            if fits && self.out.stuck() < self.capacity.max(1) {
                return Poll::Ready(Ok(()));
            }
            if self.out.has_front() {
                self.start_again("write")?;
                continue;
            }
            if len <= self.capacity {
                self.start_write_behind()?;
            }
            return Poll::Ready(Ok(()));
        }
    }

    /// If the buffer holds more than it should, lets a job write it.
    fn write_if_over(&mut self, cx: &mut Context<'_>) -> Result<()> {
        if self.out.is_over(self.capacity) && !(self.is_busy() && self.out.offer()) {
            // There is no need to wait for anything. But what failed before must go first.
            let idle = self.poll_back(cx).is_ready();
            if idle && self.out.failed.is_none() {
                self.start_write_behind()?;
            }
        }
        Ok(())
    }

    /// Accepts all of `data`, which is long, without a copy. `data` is taken when this is
    /// ready. If it does not fit into the buffer, a job begins to write it.
    pub(crate) fn poll_write_long(
        &mut self,
        cx: &mut Context<'_>,
        data: &mut Vec<u8>,
    ) -> Poll<Result<()>> {
        ready!(self.poll_settled(cx))?;
        if data.len() <= self.capacity && !self.is_dirty() {
            // The user asked for so large a buffer, so it stays there, as in any other
            // write.
            self.out.adopt(std::mem::take(data));
            return Poll::Ready(Ok(()));
        }
        self.out.append_owned(std::mem::take(data));
        Poll::Ready(self.start_write_behind())
    }

    /// Waits until nothing is in flight, and nothing is left of what a job could not write.
    /// That must go first. Nothing more is accepted before, or a caller that ignores errors
    /// would fill the memory.
    fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        loop {
            self.check_writable("write")?;
            self.executor("write")?;
            ready!(self.poll_idle(cx))?;
            self.check_writable("write")?;
            self.drop_read_ahead();
            if self.out.stuck() == 0 {
                return Poll::Ready(Ok(()));
            }
            // Its name is not "write", as it is not the write that waits here.
            self.start_again("flush")?;
        }
    }

    /// Lets a job try again to write what failed before. Nothing is accepted beside this
    /// job, for the reason that [`poll_settled`](Self::poll_settled) has.
    fn start_again(&mut self, op: &'static str) -> Result<()> {
        self.start(op, Then::Nothing).map(drop)
    }

    /// Waits until the job in flight has ended, or has room for more.
    fn poll_handed_over(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        match self.poll_idle(cx) {
            Poll::Pending if self.may_write_behind() => match self.out.queue() {
                Some(queue) => queue.poll_room(cx).map(Ok),
                None => Poll::Pending,
            },
            back => back,
        }
    }

    /// Whether the task may fill the write buffer beside the job in flight.
    fn may_write_behind(&self) -> bool {
        let busy = self.state.busy();
        busy.is_some_and(|busy| busy.beside == Beside::Write)
    }

    /// Whether `len` bytes may be added to what is in the buffer, and nothing else is to be
    /// done.
    #[inline]
    fn takes_more(&mut self, len: usize) -> bool {
        self.out.is_filling()
            && self.out.fits(len, self.capacity)
            && (!self.is_busy() || self.may_write_behind())
    }

    /// The quick way of a write: adds `data` to what is in the buffer. `false` if the
    /// buffer is empty or anything else is to be done first; then nothing was added.
    #[inline]
    pub(crate) fn write_more(&mut self, data: &[u8]) -> bool {
        let ready = self.takes_more(data.len());
        if ready {
            self.out.extend(data);
        }
        ready
    }

    /// Starts a job that writes what is buffered, and takes full buffers as long as there
    /// are some.
    fn start_write_behind(&mut self) -> Result<()> {
        if self.capacity > 0 {
            self.out.open_queue(self.capacity.saturating_mul(BEHIND));
        }
        let parcel = Parcel::beside(Beside::Write);
        self.start_with("write", Then::Nothing, parcel).map(drop)
    }

    /// Writes everything that is buffered, and flushes the stream.
    pub(crate) fn poll_flush(
        &mut self,
        cx: &mut Context<'_>,
        started: &mut Started,
    ) -> Poll<Result<()>> {
        loop {
            let own = self.owns(*started);
            if own {
                ready!(self.poll_number(cx))?;
            } else {
                ready!(self.poll_back(cx));
            }
            if let Some(error) = self.out.failed.take() {
                return Poll::Ready(Err(*error));
            }
            self.check_open("flush")?;
            let unflushed = self.stream().is_some_and(SharedStream::unflushed);
            if !self.is_dirty() && (own || !unflushed) {
                self.out.shrink();
                return Poll::Ready(Ok(()));
            }
            *started = self.start("flush", Then::Flush)?;
        }
    }

    /// As [`poll_flush`](Self::poll_flush), and returns the error that a close would have:
    /// on some file systems only the close reports writes that failed late. The file stays
    /// open. For a file that was opened inline there is no need to ask: the close of its
    /// file system cannot fail.
    pub(crate) fn poll_shutdown(
        &mut self,
        cx: &mut Context<'_>,
        started: &mut Started,
    ) -> Poll<Result<()>> {
        if !self.owns(*started) {
            ready!(self.poll_idle(cx))?;
            self.check_open("flush")?;
            let clean = !self.is_dirty() && !self.stream().is_some_and(SharedStream::unflushed);
            if clean && (self.inline.local || !self.meta.writable) {
                return Poll::Ready(Ok(()));
            }
            *started = self.start("close", Then::Shutdown)?;
        }
        self.poll_number(cx).map_ok(drop)
    }

    /// Writes all of `owned` without copying it; `owned` is back when this is ready.
    pub(crate) fn poll_write_owned(
        &mut self,
        cx: &mut Context<'_>,
        owned: &mut Vec<u8>,
        started: &mut Started,
    ) -> Poll<Result<usize>> {
        if !self.owns(*started) {
            ready!(budget::poll_spend(cx));
            ready!(self.poll_settled(cx))?;
            let parcel = Parcel::owned(owned, Beside::Write);
            *started = self.start_with("write", Then::WriteOwned, parcel)?;
        }
        let product = ready!(self.poll_product(cx));
        *owned = product.owned;
        match product.result {
            // The number of bytes is the result; the next write meets the error again.
            Err(_) if product.owned_done > 0 => Poll::Ready(Ok(product.owned_done)),
            result => Poll::Ready(result.map(|()| product.owned_done)),
        }
    }
}
