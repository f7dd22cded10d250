//! What files of bytes share: reads, lines and positions over the machine.
//!
//! `exact` says that nothing may be read ahead of what was asked for: a raw file.

use std::task::{Context, Poll, ready};

use super::core::{BUFFER, Core, Started};
use super::source::Span;
use crate::error::{Error, Result};
use crate::raw_io::RawIo;

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
        loop {
            self.check_readable("read")?;
            let n = match self.read.find_line() {
                Some(n) => n.min(max),
                None if self.read.len() >= max => max,
                None => {
                    let more = self.read.len() + 1;
                    if !ready!(self.poll_fill(cx, more, self.chunk(), started))? {
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
            let bytes = self.read.bytes();
            let at = bytes
                .get(hint..)
                .and_then(|rest| memchr::memchr(b'\n', rest));
            if let Some(at) = at {
                break hint + at + 1;
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
                    let more = self.read.len() + 1;
                    if !ready!(self.poll_fill(cx, more, self.chunk(), started))? {
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

/// Writes the methods and traits that files of bytes share; `$exact` is as above.
///
/// Needs `core` and `core_mut`, as `common_methods!`.
macro_rules! byte_methods {
    ($File:ident, $exact:literal) => {
        impl<R: RawIo> $File<R> {
            /// Returns the mode as CPython names it: `rb+` for `w+b`.
            #[must_use]
            pub fn mode(&self) -> &str {
                &self.core().meta.mode
            }

            /// Reads one line, up to and including `\n`; the last may lack it, and
            /// empty is the end. `.size(n)` limits it to `n` bytes. Only `\n`
            /// ends a line. Python: `readline`.
            ///
            /// # Cancel safety
            ///
            /// What a dropped read has read is returned by the next one.
            ///
            /// # Errors
            ///
            /// Those of the system; `Unsupported` if not open for reading; `Closed`.
            pub fn readline(&mut self) -> Readline<'_, Self> {
                Readline::new(self)
            }

            /// Reads all lines, as [`readline`](Self::readline) gives them.
            /// `.hint(n)` stops after the line that makes the total exceed `n`
            /// bytes. Python: `readlines`.
            ///
            /// # Cancel safety
            ///
            /// As [`readline`](Self::readline).
            ///
            /// # Errors
            ///
            /// As [`readline`](Self::readline).
            pub fn readlines(&mut self) -> Readlines<'_, Self> {
                Readlines::new(self)
            }

            /// Returns the next line without its `\n`, lent from the buffer: no
            /// copy, no allocation. `None` is the end. A `\r` before the `\n` is
            /// kept: bytes are bytes. `.max_len(n)` bounds its length.
            ///
            /// # Cancel safety
            ///
            /// As [`readline`](Self::readline).
            ///
            /// # Errors
            ///
            /// As [`readline`](Self::readline).
            pub fn next_line(&mut self) -> NextLine<'_, Self> {
                NextLine::new(self)
            }

            /// Returns a stream of owned lines without their `\n`.
            pub fn lines(&mut self) -> LinesOf<'_, Self> {
                Lines::new(self)
            }

            /// Returns a stream of owned lines without their `\n` that owns the
            /// file.
            pub fn into_lines(self) -> Lines<Self> {
                Lines::new(self)
            }

            /// Appends to `buf`, into its spare capacity and without a copy, what
            /// one read gives (or what is buffered), and gives `buf` back with the
            /// number of bytes; 0 at the end, or without spare capacity.
            ///
            /// # Cancel safety
            ///
            /// `buf` is lost to a dropped read; what was read for it is returned by
            /// the next read.
            ///
            /// # Errors
            ///
            /// As [`readline`](Self::readline); `buf` comes back as it was.
            pub async fn read_owned(&mut self, mut buf: Vec<u8>) -> (Result<usize>, Vec<u8>) {
                let core = self.core_mut();
                let mut started = 0;
                let result =
                    std::future::poll_fn(|cx| core.poll_read_owned(cx, &mut buf, &mut started));
                (result.await, buf)
            }

            /// Writes all of `data` without a copy and gives it back, with the
            /// number of bytes: fewer than all only if the next write will fail.
            /// What was buffered goes before it.
            ///
            /// # Cancel safety
            ///
            /// Once begun it goes on to its end.
            ///
            /// # Errors
            ///
            /// Those of the system, where nothing of `data` was written.
            pub async fn write_owned(&mut self, mut data: Vec<u8>) -> (Result<usize>, Vec<u8>) {
                let core = self.core_mut();
                let mut started = 0;
                let result =
                    std::future::poll_fn(|cx| core.poll_write_owned(cx, &mut data, &mut started));
                (result.await, data)
            }

            /// Moves the position and returns it, in bytes from the start. A
            /// position in the read buffer takes no hop. Python: `seek`.
            ///
            /// # Cancel safety
            ///
            /// Dropped midway, the position may have moved; nothing is lost.
            ///
            /// # Errors
            ///
            /// EINVAL for a position before the start; `Unsupported` if the file
            /// cannot seek; that of a write of what was buffered.
            pub async fn seek(&mut self, pos: std::io::SeekFrom) -> Result<u64> {
                let core = self.core_mut();
                let mut started = 0;
                std::future::poll_fn(|cx| core.poll_seek(cx, pos, &mut started)).await
            }

            /// Returns the position, in bytes from the start, pending writes
            /// counted; from memory unless somebody else may have moved it.
            ///
            /// # Cancel safety
            ///
            /// Dropped midway, nothing has happened.
            ///
            /// # Errors
            ///
            /// `Unsupported` if the file cannot seek.
            pub async fn tell(&mut self) -> Result<u64> {
                let core = self.core_mut();
                let mut started = 0;
                std::future::poll_fn(|cx| core.poll_tell(cx, &mut started)).await
            }

            /// Makes the file end at the position, or be [`size`](Truncate::size)
            /// bytes long; returns the new size. The position does not move; what
            /// is added is zeros. Python: `truncate`.
            ///
            /// # Cancel safety
            ///
            /// Once begun it goes on to its end; nothing else is lost.
            ///
            /// # Errors
            ///
            /// `Unsupported` if not open for writing; those of the system, and of
            /// a write of what was buffered.
            pub fn truncate(&mut self) -> Truncate<'_, Self> {
                Truncate::new(self)
            }
        }

        impl<R: RawIo> Truncating for $File<R> {
            fn poll_truncate(
                &mut self,
                cx: &mut Context<'_>,
                size: Option<u64>,
                started: &mut Started,
            ) -> Poll<Result<u64>> {
                self.core_mut().poll_truncate(cx, size, started)
            }
        }

        impl<R: RawIo> Source for $File<R> {
            type Piece = Vec<u8>;
            type Line<'a> = &'a [u8];

            fn poll_read_piece(
                &mut self,
                cx: &mut Context<'_>,
                size: Option<usize>,
                started: &mut Started,
            ) -> Poll<Result<Vec<u8>>> {
                self.core_mut().poll_read_bytes(cx, size, $exact, started)
            }

            fn poll_read_line(
                &mut self,
                cx: &mut Context<'_>,
                size: Option<usize>,
                started: &mut Started,
            ) -> Poll<Result<Vec<u8>>> {
                self.core_mut().poll_read_line(cx, size, $exact, started)
            }

            fn poll_read_lines(
                &mut self,
                cx: &mut Context<'_>,
                hint: Option<usize>,
                started: &mut Started,
            ) -> Poll<Result<Vec<Vec<u8>>>> {
                self.core_mut().poll_read_lines(cx, hint, $exact, started)
            }

            #[inline]
            fn poll_find(
                &mut self,
                cx: &mut Context<'_>,
                max: Option<usize>,
                whole: bool,
                started: &mut Started,
            ) -> Poll<Result<Option<Span>>> {
                self.core_mut().poll_find_line(cx, max, whole, started)
            }

            #[inline]
            fn line(&mut self, span: Span) -> &[u8] {
                &self.core_mut().read.consume_slice(span.total)[..span.content]
            }

            fn poll_size(
                &mut self,
                cx: &mut Context<'_>,
                started: &mut Started,
            ) -> Poll<Result<(u64, u64)>> {
                self.core_mut().poll_size(cx, started)
            }

            fn poll_rewind(
                &mut self,
                cx: &mut Context<'_>,
                started: &mut Started,
            ) -> Poll<Result<()>> {
                self.core_mut()
                    .poll_seek(cx, std::io::SeekFrom::Start(0), started)
                    .map_ok(drop)
            }

            fn is_empty(piece: &Vec<u8>) -> bool {
                piece.is_empty()
            }
        }
    };
}

pub(super) use byte_methods;
