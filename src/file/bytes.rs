//! What files of bytes share: reads, lines and positions over the machine.
//!
//! `exact` says that nothing may be read ahead of what was asked for: a raw file.

use std::task::{Context, Poll, ready};

use super::core::{BUFFER, Core, Started};
use super::source::Span;
use crate::budget::Share;
use crate::error::{Error, Result};
use crate::raw_io::RawIo;

mod methods;

impl<R: RawIo> Core<R> {
    /// `size` bytes or up to the end; exactly one system call if `exact`.
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
        ready!(self.poll_fill(cx, min, chunk, started))?;
        let n = size.unwrap_or(usize::MAX).min(self.read.len());
        let taken = self.read.take(n);
        self.read.shrink(self.capacity);
        Poll::Ready(Ok(taken))
    }

    /// Fills `buf`, short only at the end; with one system call if `exact`.
    pub(super) fn poll_read_into(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
        exact: bool,
        started: &mut Started,
    ) -> Poll<Result<usize>> {
        // Past the buffer where it would only be in the way.
        if self.read.is_empty() && (exact || buf.len() >= self.capacity / 4) {
            self.check_readable("read")?;
            match self.read_nowait(buf) {
                Some(n) if exact || n == buf.len() => return Poll::Ready(Ok(n)),
                Some(n) => self.read.push(&buf[..n]),
                None => {}
            }
        }
        let (min, chunk) = if exact {
            (buf.len().min(1), buf.len())
        } else {
            (buf.len(), self.chunk())
        };
        ready!(self.poll_fill(cx, min, chunk, started))?;
        let n = buf.len().min(self.read.len());
        buf[..n].copy_from_slice(self.read.consume_slice(n));
        self.read.shrink(self.capacity);
        Poll::Ready(Ok(n))
    }

    /// Some bytes, with one system call at the most.
    pub(super) fn poll_read_some(
        &mut self,
        cx: &mut Context<'_>,
        size: usize,
        started: &mut Started,
    ) -> Poll<Result<Vec<u8>>> {
        ready!(self.poll_fill(cx, size.min(1), size, started))?;
        let n = size.min(self.read.len());
        Poll::Ready(Ok(self.read.take(n)))
    }

    /// One line with its `\n`, or `size` bytes of it.
    pub(super) fn poll_read_line(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<usize>,
        exact: bool,
        started: &mut Started,
    ) -> Poll<Result<Vec<u8>>> {
        let max = size.unwrap_or(usize::MAX);
        if exact {
            ready!(self.poll_fill_line(cx, 0, max, started))?;
            let n = self.read.find_line().unwrap_or(self.read.len());
            return Poll::Ready(Ok(self.read.take(n.min(max))));
        }
        let mut share = Share::default();
        loop {
            self.check_readable("read")?;
            let n = match self.read.find_line() {
                Some(n) => n.min(max),
                None if self.read.len() >= max => max,
                None => {
                    let before = self.read.len();
                    if !ready!(self.poll_fill(cx, before + 1, self.chunk(), started))? {
                        ready!(share.poll_take(cx, self.read.len() - before));
                        continue;
                    }
                    self.read.len()
                }
            };
            return Poll::Ready(Ok(self.read.take(n)));
        }
    }

    /// Lines until their total exceeds `hint` bytes, or to the end. They stay in
    /// the buffer until all are there.
    pub(super) fn poll_read_lines(
        &mut self,
        cx: &mut Context<'_>,
        hint: Option<usize>,
        exact: bool,
        started: &mut Started,
    ) -> Poll<Result<Vec<Vec<u8>>>> {
        if let Some(hint) = hint.filter(|_| exact) {
            ready!(self.poll_fill_line(cx, hint, usize::MAX, started))?;
        }
        let end = loop {
            let Some(hint) = hint else {
                ready!(self.poll_fill(cx, usize::MAX, BUFFER, started))?;
                break self.read.len();
            };
            self.check_readable("read")?;
            // The first line end behind which more than `hint` bytes lie.
            if let Some(end) = self.read.find_line_behind(hint) {
                break end;
            }
            let more = self.read.len() + 1;
            if exact || ready!(self.poll_fill(cx, more, self.chunk(), started))? {
                break self.read.len();
            }
        };
        let mut lines = Vec::new();
        let mut rest = &self.read.bytes()[..end];
        while !rest.is_empty() {
            let n = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            lines.push(rest[..n].to_vec());
            rest = &rest[n..];
        }
        self.read.consume(end);
        self.read.shrink(self.capacity);
        Poll::Ready(Ok(lines))
    }

    /// Has the next line in the buffer.
    #[inline]
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
            let span = match self.read.find_line() {
                Some(total) => Span {
                    content: total - 1,
                    total,
                },
                None if self.read.len() > max => Span {
                    content: max + 1,
                    total: 0,
                },
                None => {
                    let before = self.read.len();
                    if !ready!(self.poll_fill(cx, before + 1, self.chunk(), started))? {
                        ready!(share.poll_take(cx, self.read.len() - before));
                        continue;
                    }
                    let rest = self.read.len();
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
