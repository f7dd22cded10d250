//! Writing: what goes into the write buffer, and how it is drained.

use std::task::{Context, Poll, ready};

use super::{Core, Started};
use crate::budget;
use crate::error::Result;
use crate::file::buf::Buf;
use crate::file::held::Held;
use crate::file::work::{LARGE, Then};
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
        self.check_writable(op)?;
        self.executor(op)?;
        loop {
            self.check_writable(op)?;
            if let Some(error) = self.failed.take() {
                return Poll::Ready(Err(error));
            }
            let fits = self.write.len() + data.len() <= self.capacity;
            if self.busy {
                // A job that writes does not mind; any other has the cursor.
                if self.may_write_behind() && (fits || self.hand_over()) {
                    break;
                }
                ready!(self.poll_handed_over(cx))?;
                continue;
            }
            self.drop_read_ahead();
            // What failed, with all that was queued behind it.
            let stuck = self.front.rest().len() + self.queued() >= self.capacity.max(1);
            if fits && !stuck {
                break;
            }
            if !self.front.is_empty() {
                // What failed before must go first: without it, nothing more, or
                // a caller that ignores errors would fill the memory.
                self.start_drain()?;
                self.retrying = true;
                continue;
            }
            if data.len() <= self.capacity {
                self.start_write_behind()?;
            }
            break;
        }
        if self.write.capacity() == 0 {
            let spare = self.queue.as_ref().and_then(|queue| queue.spare());
            self.write = spare.unwrap_or_default();
            // A buffer that is said to be huge grows as it is filled.
            let usual = self.capacity.min(LARGE);
            self.write.reserve_exact(data.len().max(usual));
        }
        self.write.extend_from_slice(data);
        if self.write.len() > self.capacity && !(self.busy && self.hand_over()) {
            // It need not wait for more; but what failed goes first.
            let idle = self.poll_back(cx, 0).is_ready();
            if idle && self.failed.is_none() {
                self.start_write_behind()?;
            }
        }
        Poll::Ready(Ok(()))
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
            self.write = std::mem::take(data);
            return Poll::Ready(Ok(()));
        }
        let queue = self.queue.get_or_insert_default();
        queue.push(std::mem::take(&mut self.write));
        queue.push(std::mem::take(data));
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
            if self.front.is_empty() && self.queued() == 0 {
                return Poll::Ready(Ok(()));
            }
            // Under another name than the write that waits for it.
            self.start("flush", Then::Nothing, Buf::default(), Vec::new())?;
            self.retrying = true;
        }
    }

    /// Gives the full buffer to the job in flight, which writes it after its own;
    /// `false` if it has enough to do, or ends.
    fn hand_over(&mut self) -> bool {
        let queue = self.queue.as_ref();
        queue.is_some_and(|queue| queue.offer(&mut self.write))
    }

    /// Waits until the job in flight has ended, or takes more.
    fn poll_handed_over(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        match self.poll_idle(cx) {
            Poll::Pending if self.may_write_behind() => match &self.queue {
                Some(queue) => queue.poll_room(cx).map(Ok),
                None => Poll::Pending,
            },
            back => back,
        }
    }

    /// Whether the job in flight leaves it to the task to fill the next buffer.
    pub(super) fn may_write_behind(&self) -> bool {
        self.op == "write" && !self.retrying
    }

    /// Adds `data` to what is in the buffer already; `false` if that is nothing,
    /// or if there is more to do. Bytes in the buffer say that the file may be
    /// written to and that nothing is read ahead.
    #[inline]
    pub(crate) fn write_more(&mut self, data: &[u8]) -> bool {
        let ready = !self.write.is_empty()
            && self.front.is_empty()
            && data.len() <= self.capacity.saturating_sub(self.write.len())
            && self.failed.is_none()
            && (!self.busy || self.may_write_behind());
        if ready {
            self.write.extend_from_slice(data);
        }
        ready
    }

    /// Starts a job that writes what there is, and goes on with what is handed over.
    fn start_write_behind(&mut self) -> Result<()> {
        if self.capacity > 0 {
            let limit = self.capacity.saturating_mul(BEHIND);
            self.queue.get_or_insert_default().open(limit);
        }
        self.start_drain()
    }

    pub(super) fn start_drain(&mut self) -> Result<()> {
        self.start("write", Then::Nothing, Buf::default(), Vec::new())
    }

    /// Writes everything that is buffered, and has the stream send it on.
    pub(crate) fn poll_flush(
        &mut self,
        cx: &mut Context<'_>,
        started: &mut Started,
    ) -> Poll<Result<()>> {
        loop {
            let own = self.owns(*started);
            ready!(self.poll_back(cx, *started))?;
            if let Some(error) = self.failed.take() {
                return Poll::Ready(Err(error));
            }
            self.check_open("flush")?;
            let unflushed = self.held.as_ref().is_some_and(Held::unflushed);
            if !self.is_dirty() && (own || !unflushed) {
                if let Some(queue) = &self.queue {
                    queue.shrink();
                }
                return Poll::Ready(Ok(()));
            }
            self.start("flush", Then::Flush, Buf::default(), Vec::new())?;
            *started = self.job;
        }
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
            self.start(
                "write",
                Then::WriteOwned,
                Buf::default(),
                std::mem::take(owned),
            )?;
            *started = self.job;
        }
        let result = ready!(self.poll_back(cx, *started));
        let brought = std::mem::take(&mut self.brought);
        *owned = brought.owned;
        match result {
            // What was written counts; the next write meets the error again.
            Err(_) if brought.owned_done > 0 => Poll::Ready(Ok(brought.owned_done)),
            result => Poll::Ready(result.map(|()| brought.owned_done)),
        }
    }
}
