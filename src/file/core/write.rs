//! Writing: what goes into the write buffer, and how it is drained.

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

/// How many full buffers may wait for the job that writes them.
const BEHIND: usize = 8;

impl<R: RawIo> Core<R> {
    /// Accepts all of `data`, or nothing: pending, it has not begun; ready, it is
    /// in a buffer. Full buffers are written by a job meanwhile, of which
    /// [`BEHIND`] at the most wait for it.
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

    /// As [`poll_write`](Self::poll_write), of the first `len` bytes of all `slices`.
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

    /// Waits until `len` bytes more may be put behind all else.
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
                // A job that writes does not mind; any other has the cursor.
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

    /// Has a job write what is in the buffer, if that is more than it should hold.
    fn write_if_over(&mut self, cx: &mut Context<'_>) -> Result<()> {
        if self.out.is_over(self.capacity) && !(self.is_busy() && self.out.offer()) {
            // It need not wait for more; but what failed goes first.
            let idle = self.poll_back(cx).is_ready();
            if idle && self.out.failed.is_none() {
                self.start_write_behind()?;
            }
        }
        Ok(())
    }

    /// Accepts all of `data`, which is long, without a copy: it is taken once this is
    /// ready. Where it does not fit into the buffer, a job writes it meanwhile.
    pub(crate) fn poll_write_long(
        &mut self,
        cx: &mut Context<'_>,
        data: &mut Vec<u8>,
    ) -> Poll<Result<()>> {
        ready!(self.poll_settled(cx))?;
        if data.len() <= self.capacity && !self.is_dirty() {
            // As any other write: a buffer of that size was asked for.
            self.out.adopt(std::mem::take(data));
            return Poll::Ready(Ok(()));
        }
        self.out.append_owned(std::mem::take(data));
        Poll::Ready(self.start_write_behind())
    }

    /// Waits until nothing is in flight and nothing is left of what a job could not
    /// write: that must go first, and without it nothing more is taken, or a caller that
    /// ignores errors would fill the memory.
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
            // Under another name than the write that waits for it.
            self.start_again("flush")?;
        }
    }

    /// Has a job try to write what failed before, and nothing beside it: that must go
    /// first, and without it no more is taken, or a caller that ignores errors would
    /// fill the memory.
    fn start_again(&mut self, op: &'static str) -> Result<()> {
        self.start(op, Then::Nothing).map(drop)
    }

    /// Waits until the job in flight has ended, or takes more.
    fn poll_handed_over(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        match self.poll_idle(cx) {
            Poll::Pending if self.may_write_behind() => match self.out.queue() {
                Some(queue) => queue.poll_room(cx).map(Ok),
                None => Poll::Pending,
            },
            back => back,
        }
    }

    /// Whether the job in flight leaves it to the task to fill the next buffer.
    fn may_write_behind(&self) -> bool {
        let busy = self.state.busy();
        busy.is_some_and(|busy| busy.beside == Beside::Write)
    }

    /// Whether so many bytes may be added to what is in the buffer already, with nothing
    /// else to do.
    #[inline]
    fn takes_more(&mut self, len: usize) -> bool {
        self.out.is_filling()
            && self.out.fits(len, self.capacity)
            && (!self.is_busy() || self.may_write_behind())
    }

    /// Adds `data` to what is in the buffer already; `false` if that is nothing,
    /// or if there is more to do.
    #[inline]
    pub(crate) fn write_more(&mut self, data: &[u8]) -> bool {
        let ready = self.takes_more(data.len());
        if ready {
            self.out.extend(data);
        }
        ready
    }

    /// Starts a job that writes what there is, and goes on with what is handed over.
    fn start_write_behind(&mut self) -> Result<()> {
        if self.capacity > 0 {
            self.out.open_queue(self.capacity.saturating_mul(BEHIND));
        }
        let parcel = Parcel::beside(Beside::Write);
        self.start_with("write", Then::Nothing, parcel).map(drop)
    }

    /// Writes everything that is buffered, and has the stream send it on.
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

    /// As [`poll_flush`](Self::poll_flush), and tells what a close would say: on some
    /// file systems that is the only word of writes that failed late. The file stays
    /// open. One that was opened in place is on a file system whose close cannot fail.
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

    /// Writes all of `owned` without copying it; gives it back.
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
            // What was written counts; the next write meets the error again.
            Err(_) if product.owned_done > 0 => Poll::Ready(Ok(product.owned_done)),
            result => Poll::Ready(result.map(|()| product.owned_done)),
        }
    }
}
