//! What the files of bytes share: reading bytes and lines from the machine.
//!
//! `exact` says that nothing may be read ahead, as for a raw file.

use std::io;
use std::task::{Context, Poll, ready};

use super::buf::Search;
use super::core::{BUFFER, Core, FILLED, Started};
use super::source::Span;
use crate::budget::{self, FRESH, MOST_A_POLL, Share};
use crate::error::{Error, Result};
use crate::raw_io::RawIo;

mod methods;

impl<R: RawIo> Core<R> {
    /// Reads `size` bytes, or to the end. With `size` and `exact`, it makes one system
    /// call.
    pub(super) fn poll_read_bytes(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<usize>,
        exact: bool,
        started: &mut Started,
    ) -> Poll<Result<Vec<u8>>> {
        let (min, chunk) = match size {
            None => (usize::MAX, BUFFER),
            Some(size) if exact => (size.min(1), size),
            Some(size) => (size, self.chunk()),
        };
        if !self.has_filled(*started) {
            ready!(self.poll_fill(cx, min, chunk, started))?;
        }
        let n = size.unwrap_or(usize::MAX).min(self.ahead.buffer().len());
        let taken = ready!(self.poll_take(cx, n, &mut Share::default(), started))?;
        self.shrink_read(self.capacity);
        Poll::Ready(Ok(taken))
    }

    /// Whether the operation has all that it needs in the buffer, and is copying it out in
    /// several polls.
    fn has_filled(&self, started: Started) -> bool {
        started == FILLED && self.ahead.buffer().is_taking()
    }

    /// Takes out the first `n` bytes of the buffer, with a bounded copy in each poll.
    pub(super) fn poll_take(
        &mut self,
        cx: &mut Context<'_>,
        n: usize,
        share: &mut Share,
        started: &mut Started,
    ) -> Poll<Result<Vec<u8>>> {
        let taken = self.ahead.buffer_mut().poll_take(cx, n, share);
        if taken.is_pending() {
            *started = FILLED;
            return Poll::Pending;
        }
        budget::moved(n.min(MOST_A_POLL));
        taken.map_err(|error| self.read_error(error))
    }

    fn read_error(&self, error: io::Error) -> Error {
        Error::os("read", self.path(), error)
    }

    /// Fills `buf`, short only at the end; if `exact`, with one system call. The first
    /// `done` bytes were copied by earlier polls. The bytes are consumed when the copy is
    /// complete.
    pub(super) fn poll_read_into(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
        exact: bool,
        done: &mut usize,
        started: &mut Started,
    ) -> Poll<Result<usize>> {
        if *done == 0 {
            if let Some(n) = ready!(self.poll_fill_for(cx, buf, exact, started))? {
                return Poll::Ready(Ok(n));
            }
        }
        let n = buf.len().min(self.ahead.buffer().len());
        ready!(budget::poll_copy(
            cx,
            &self.ahead.buffer().bytes()[..n],
            buf,
            done
        ));
        budget::moved(n.min(MOST_A_POLL));
        self.ahead.buffer_mut().consume(n);
        self.shrink_read(self.capacity);
        Poll::Ready(Ok(n))
    }

    /// Reads into the buffer what is to fill `buf` (`None`), or straight into `buf` (the
    /// number of bytes).
    fn poll_fill_for(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
        exact: bool,
        started: &mut Started,
    ) -> Poll<Result<Option<usize>>> {
        // Bypass the buffer if it is no help.
        if self.ahead.buffer().is_empty() && (exact || buf.len() >= self.capacity / 4) {
            self.check_readable("read")?;
            match self.read_nowait(buf) {
                Some(n) if exact || n == buf.len() => return Poll::Ready(Ok(Some(n))),
                Some(n) => self.ahead.buffer_mut().push(&buf[..n]),
                None => {}
            }
        }
        let (min, chunk) = if exact {
            (buf.len().min(1), buf.len())
        } else {
            (buf.len(), self.chunk())
        };
        ready!(self.poll_fill(cx, min, chunk, started))?;
        Poll::Ready(Ok(None))
    }

    /// Reads some bytes, with at most one system call.
    pub(super) fn poll_read_some(
        &mut self,
        cx: &mut Context<'_>,
        size: usize,
        started: &mut Started,
    ) -> Poll<Result<Vec<u8>>> {
        if !self.has_filled(*started) {
            ready!(self.poll_fill(cx, size.min(1), size, started))?;
        }
        let n = size.min(self.ahead.buffer().len());
        self.poll_take(cx, n, &mut Share::default(), started)
    }

    /// Reads one line with its `\n`, at most `size` bytes of it.
    pub(super) fn poll_read_line(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<usize>,
        exact: bool,
        started: &mut Started,
    ) -> Poll<Result<Vec<u8>>> {
        let max = size.unwrap_or(usize::MAX);
        let (mut share, mut asked) = (Share::default(), false);
        let n = loop {
            self.check_readable("read")?;
            match self.ahead.buffer_mut().find_line() {
                Some(n) => break n.min(max),
                None if self.ahead.buffer().searched() >= max => break max,
                None if self.ahead.buffer().searched() < self.ahead.buffer().len() => {
                    ready!(share.poll_take(cx, MOST_A_POLL));
                }
                None if self.has_filled(*started) => break self.ahead.buffer().len(),
                // One job reads the line, and nothing behind it.
                None if asked => break self.ahead.buffer().len(),
                None if exact => {
                    ready!(self.poll_fill_line(cx, 0, max, started))?;
                    asked = true;
                }
                None => {
                    if ready!(self.poll_more(cx, &mut share, started))? {
                        break self.ahead.buffer().len();
                    }
                }
            }
        };
        self.poll_take(cx, n, &mut share, started)
    }

    /// Reads lines until their total exceeds `hint` bytes, or to the end. They stay in the
    /// buffer until all of them are there.
    pub(super) fn poll_read_lines(
        &mut self,
        cx: &mut Context<'_>,
        hint: Option<usize>,
        exact: bool,
        started: &mut Started,
    ) -> Poll<Result<Vec<Vec<u8>>>> {
        let (mut share, mut asked) = (Share::default(), false);
        let end = loop {
            let Some(hint) = hint else {
                if !self.has_filled(*started) {
                    ready!(self.poll_fill(cx, usize::MAX, BUFFER, started))?;
                }
                break self.ahead.buffer().len();
            };
            self.check_readable("read")?;
            // The first line end with at least `hint` bytes before it.
            match self.ahead.buffer_mut().find_line_behind(hint) {
                Search::Found(end) => break end,
                Search::Unfinished => {
                    ready!(share.poll_take(cx, MOST_A_POLL));
                    continue;
                }
                Search::Missing => {}
            }
            if asked || self.has_filled(*started) {
                break self.ahead.buffer().len();
            }
            if exact {
                ready!(self.poll_fill_line(cx, hint, usize::MAX, started))?;
                asked = true;
            } else if ready!(self.poll_more(cx, &mut share, started))? {
                break self.ahead.buffer().len();
            }
        };
        let lines = self.ahead.buffer_mut().poll_take_lines(cx, end, &mut share);
        if lines.is_pending() {
            *started = FILLED;
        } else {
            self.shrink_read(self.capacity);
        }
        lines.map_err(|error| self.read_error(error))
    }

    /// Reads more for a search, whose share of the poll pays for it; `true` at the end.
    fn poll_more(
        &mut self,
        cx: &mut Context<'_>,
        share: &mut Share,
        started: &mut Started,
    ) -> Poll<Result<bool>> {
        let before = self.ahead.buffer().len();
        let eof = ready!(self.poll_fill(cx, before + 1, self.chunk(), started))?;
        if !eof {
            ready!(share.poll_take(cx, FRESH * (self.ahead.buffer().len() - before)));
        }
        Poll::Ready(Ok(eof))
    }

    /// The quick way: the next line, if it is in the buffer.
    #[inline]
    pub(super) fn find_line_here(&mut self, max: usize) -> Option<Span> {
        if self.closed() || !self.meta.readable {
            return None;
        }
        let total = self.ahead.buffer_mut().find_line()?;
        let content = total - 1;
        (content <= max).then_some(Span { content, total })
    }

    /// Reads until the next line is in the buffer; `None` at the end.
    pub(super) fn poll_find_line(
        &mut self,
        cx: &mut Context<'_>,
        max: Option<usize>,
        whole: bool,
        started: &mut Started,
    ) -> Poll<Result<Option<Span>>> {
        let max = max.unwrap_or(usize::MAX);
        let mut share = Share::default();
        loop {
            let span = match self.ahead.buffer_mut().find_line() {
                Some(total) => Span {
                    content: total - 1,
                    total,
                },
                None if self.ahead.buffer().searched() > max => Span {
                    content: max + 1,
                    total: 0,
                },
                None if self.ahead.buffer().searched() < self.ahead.buffer().len() => {
                    ready!(share.poll_take(cx, MOST_A_POLL));
                    continue;
                }
                None => {
                    if !self.has_filled(*started)
                        && !ready!(self.poll_more(cx, &mut share, started))?
                    {
                        continue;
                    }
                    let rest = self.ahead.buffer().len();
                    if rest == 0 || whole {
                        return Poll::Ready(Ok(None));
                    }
                    Span {
                        content: rest,
                        total: rest,
                    }
                }
            };
            self.check_readable("read")?;
            if span.content > max {
                let path = self.path().map(ToOwned::to_owned);
                return Poll::Ready(Err(Error::LineTooLong { limit: max, path }));
            }
            return Poll::Ready(Ok(Some(span)));
        }
    }
}
