//! The I/O traits of tokio and futures, and the stream of lines.
//!
//! These calls have no future of their own, so their state between two polls is in the
//! file. Therefore a combinator may be dropped at any time, and the file still works.

use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::core::{BUFFER, Core, Started};
use super::source::Source;
use super::{Bytes, File, FileKind};
use crate::budget::{self, MOST_A_POLL};
use crate::error::{Error, Result};
use crate::futures_traits::by_tokio;
use crate::raw_io::RawIo;

/// The most slices that one write takes, as IOV_MAX of Linux: one poll looks at each of
/// them.
const MOST_SLICES: usize = 1024;

/// What was begun by calls that have no future to keep their state in, as those of the I/O
/// traits. As always, there is at most one job.
#[derive(Debug, Default)]
pub(crate) struct HalfDone {
    job: Started,
    /// The kind of call that has started the job. A poll of another kind must not take it
    /// for its own.
    by: Option<By>,
    seek: Option<SeekFrom>,
}

/// The calls that keep the number of their job in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Read,
    Fill,
    Flush,
    Shutdown,
    Seek,
    Line,
    /// The question whether a text must begin with a byte order mark.
    Mark,
}

impl HalfDone {
    /// The number of the job that the last poll of `by` has started; 0 if another kind of
    /// call was polled since.
    pub(super) fn job(&self, by: By) -> Started {
        if self.by == Some(by) { self.job } else { 0 }
    }

    /// Ends a seek that was begun.
    #[inline]
    pub(super) fn end_seek(&mut self) {
        self.seek = None;
    }

    pub(super) fn set_job(&mut self, by: By, job: Started) {
        (self.by, self.job) = (Some(by), job);
    }
}

fn io<T>(poll: Poll<Result<T>>) -> Poll<io::Result<T>> {
    poll.map_err(Error::into_bare)
}

impl<R: RawIo> Core<R> {
    /// The most bytes that one call of the traits moves.
    fn most_at_once(&self) -> usize {
        match self.capacity {
            0 => MOST_A_POLL,
            size => size.clamp(BUFFER, MOST_A_POLL),
        }
    }

    pub(super) fn io_read(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        ready!(budget::poll_turn(cx));
        // The traits may read less than there is room for, so one poll reads no more than a
        // buffer holds, however large `buf` is.
        let most = self.most_at_once().min(buf.len());
        let buf = &mut buf[..most];
        if self.ahead.buffer().is_empty() && buf.len() >= self.capacity / 4 {
            self.check_readable("read")?;
            if let Some(n) = self.read_nowait(buf) {
                return Poll::Ready(Ok(n));
            }
        }
        let chunk = if self.capacity == 0 {
            buf.len()
        } else {
            self.chunk().max(buf.len())
        };
        let mut job = self.half_done.job(By::Read);
        let filled = self.poll_fill(cx, buf.len().min(1), chunk, &mut job);
        self.half_done.set_job(By::Read, job);
        ready!(io(filled))?;
        let n = buf.len().min(self.ahead.buffer().len());
        buf[..n].copy_from_slice(self.ahead.buffer_mut().consume_slice(n));
        budget::moved(n);
        self.shrink_read(self.capacity.max(BUFFER));
        Poll::Ready(Ok(n))
    }

    pub(super) fn io_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        ready!(budget::poll_turn(cx));
        let mut job = self.half_done.job(By::Fill);
        let filled = self.poll_fill(cx, 1, self.chunk(), &mut job);
        self.half_done.set_job(By::Fill, job);
        ready!(io(filled))?;
        Poll::Ready(Ok(self.ahead.buffer().bytes()))
    }

    pub(super) fn io_write(
        &mut self,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(budget::poll_turn(cx));
        // The traits may take less than they are given, so one poll takes no more than a
        // buffer holds.
        let data = &data[..self.most_at_once().min(data.len())];
        if !self.write_more(data) {
            ready!(io(self.poll_write(cx, "write", data)))?;
        }
        budget::moved(data.len());
        Poll::Ready(Ok(data.len()))
    }

    /// As [`io_write`](Self::io_write), for all `slices` together. A raw file writes them
    /// with one system call.
    pub(super) fn io_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(budget::poll_turn(cx));
        // A result of 0 would mean that nothing more can be written. So empty slices in
        // front do not count.
        let first = slices.iter().position(|slice| !slice.is_empty());
        let slices = &slices[first.unwrap_or(slices.len())..];
        let slices = &slices[..slices.len().min(MOST_SLICES)];
        let most = self.most_at_once();
        let len = slices
            .iter()
            .fold(0, |len, slice| most.min(slice.len().saturating_add(len)));
        ready!(io(self.poll_write_slices(cx, slices, len)))?;
        budget::moved(len);
        Poll::Ready(Ok(len))
    }

    pub(super) fn io_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(budget::poll_turn(cx));
        let mut job = self.half_done.job(By::Flush);
        let flushed = self.poll_flush(cx, &mut job);
        self.half_done.set_job(By::Flush, job);
        io(flushed)
    }

    pub(super) fn io_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(budget::poll_turn(cx));
        let mut job = self.half_done.job(By::Shutdown);
        let done = self.poll_shutdown(cx, &mut job);
        self.half_done.set_job(By::Shutdown, job);
        io(done)
    }

    pub(super) fn io_start_seek(&mut self, pos: SeekFrom) -> io::Result<()> {
        self.check_seekable("seek")?;
        if self.half_done.seek.replace(pos) != Some(pos) {
            // It is another seek than the one that was begun, so a running job is not its
            // own.
            self.half_done.by = None;
        }
        Ok(())
    }

    pub(super) fn io_seek(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        ready!(budget::poll_turn(cx));
        let mut job = self.half_done.job(By::Seek);
        let sought = match self.half_done.seek {
            Some(pos) => self.poll_seek(cx, pos, &mut job),
            // No seek was begun: return the position.
            None => self.poll_tell(cx, &mut job),
        };
        self.half_done.set_job(By::Seek, job);
        if sought.is_ready() {
            self.half_done.seek = None;
        }
        io(sought)
    }
}

impl<K: Bytes, R: RawIo> tokio::io::AsyncRead for File<K, R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Only as many bytes are filled with zeros as one poll reads.
        let most = self.core().most_at_once().min(buf.remaining());
        let n = ready!(self.descend().io_read(cx, buf.initialize_unfilled_to(most)))?;
        buf.advance(n);
        Poll::Ready(Ok(()))
    }
}

impl<K: Bytes, R: RawIo> tokio::io::AsyncWrite for File<K, R> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.descend().io_write(cx, data)
    }

    /// Writes at most 1,024 slices as one, and at most as many bytes as one write takes.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.descend().io_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.descend().io_flush(cx)
    }

    /// Flushes, and returns the error that close(2) would have. The file stays open:
    /// [`close`](Self::close) closes it.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.descend().io_shutdown(cx)
    }
}

impl<K: Bytes, R: RawIo> tokio::io::AsyncSeek for File<K, R> {
    fn start_seek(mut self: Pin<&mut Self>, pos: SeekFrom) -> io::Result<()> {
        self.descend_in_seek().io_start_seek(pos)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.descend_in_seek().io_seek(cx)
    }
}

// Without the `ReadBuf` of tokio's trait: it would cost a tenth of a small read.
impl<K: Bytes, R: RawIo> futures_io::AsyncRead for File<K, R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.descend().io_read(cx, buf)
    }
}

by_tokio!(AsyncWrite, [K: Bytes, R: RawIo] File<K, R>);
by_tokio!(AsyncSeek, [K: Bytes, R: RawIo] File<K, R>);

/// A stream of lines with their terminators, as `readline` returns them. Python:
/// `async for line in file`.
///
/// For the body of a response (`Body::from_stream`) use
/// [`into_chunks`](crate::BinaryFile::into_chunks) instead. This stream would send the file
/// line by line, and the lines of a text file with changed line ends and in UTF-8.
impl<K: FileKind, R: RawIo> futures_core::Stream for File<K, R>
where
    Self: Source,
{
    type Item = Result<<Self as Source>::Piece>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        ready!(crate::budget::poll_turn(cx));
        let mut job = self.core().half_done.job(By::Line);
        let line = self.poll_read_line(cx, None, &mut job);
        let job = if line.is_ready() { 0 } else { job };
        self.descend().half_done.set_job(By::Line, job);
        Poll::Ready(match ready!(line) {
            Ok(line) if Self::is_empty(&line) => None,
            line => Some(line),
        })
    }
}
