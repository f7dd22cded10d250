//! The bytes that a reader has read from its stream.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use super::below::Below;
use crate::budget::{self, MOST_A_POLL, Share};
use crate::error::{Error, Result};
use crate::file::buf::Buf;
use crate::file::core::Started;

/// How many bytes the first read asks for. After each read that gave all, the next asks for
/// twice as much, up to the size of the buffer.
const FIRST: usize = 8 * 1024;

/// The default size of a buffer, in bytes.
pub(super) const BUFFER: usize = 64 * 1024;

/// The bytes that were read and not decoded.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) bytes: Buf,
    pub(super) capacity: usize,
    chunk: usize,
}

impl Default for Input {
    fn default() -> Self {
        Self {
            bytes: Buf::default(),
            capacity: BUFFER,
            chunk: FIRST,
        }
    }
}

/// An [`Input`] together with its stream, for one poll.
pub(super) struct Filling<'a, R> {
    pub(super) stream: Pin<&'a mut R>,
    pub(super) input: &'a mut Input,
}

impl<R: AsyncRead> Filling<'_, R> {
    /// Reads once, at most `room` bytes; 0 is the end.
    fn poll_read(&mut self, cx: &mut Context<'_>, room: usize) -> Poll<io::Result<usize>> {
        let space = &mut self.input.bytes.try_space(room)?[..room];
        let place = space.as_ptr();
        let mut buf = ReadBuf::new(space);
        ready!(self.stream.as_mut().poll_read(cx, &mut buf))?;
        // A wrong stream may have replaced the buffer; then the bytes are not in ours.
        if buf.filled().as_ptr() != place || buf.filled().len() > room {
            let error = "the stream has replaced the buffer that it was to fill";
            return Poll::Ready(Err(io::Error::other(error)));
        }
        Poll::Ready(Ok(buf.filled().len()))
    }
}

impl<R: AsyncRead> Below for Filling<'_, R> {
    fn bytes(&mut self) -> &mut Buf {
        &mut self.input.bytes
    }

    fn consume(&mut self, n: usize) {
        self.input.bytes.consume(n);
        drop(self.input.bytes.shrink(self.input.capacity));
    }

    fn chunk(&self) -> usize {
        self.input.chunk.min(self.input.capacity)
    }

    fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        min: usize,
        _: usize,
        started: &mut Started,
    ) -> Poll<Result<bool>> {
        let mut share = Share::default();
        loop {
            let len = self.input.bytes.len();
            if len >= min {
                // Tells the caller's next poll that this read was made.
                *started = 1;
                return Poll::Ready(Ok(false));
            }
            // Never ask for much more than what was read so far, since the stream may end.
            let chunk = self.chunk();
            let room = (min - len).max(chunk.saturating_sub(len));
            let room = room.min(len.max(chunk)).min(MOST_A_POLL);
            match ready!(self.poll_read(cx, room)) {
                Ok(0) => {
                    *started = 1;
                    return Poll::Ready(Ok(true));
                }
                Ok(n) => {
                    self.input.bytes.filled(n);
                    // A stream in memory spends no budget of its own.
                    budget::moved(n);
                    if n == room {
                        self.input.chunk = self.input.chunk.saturating_mul(2).min(MOST_A_POLL);
                    }
                    ready!(share.poll_call(cx, n));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    ready!(share.poll_call(cx, 0));
                }
                Err(error) => return Poll::Ready(Err(Error::os("read", None, error))),
            }
        }
    }

    fn check_readable(&self) -> Result<()> {
        Ok(())
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}
