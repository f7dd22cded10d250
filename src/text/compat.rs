//! An adapter: streams of futures as streams of tokio.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pin_project! {
    /// A stream of `futures::io` with the traits of tokio. Made by
    /// [`futures_reader`](super::futures_reader) and
    /// [`futures_writer`](super::futures_writer).
    #[derive(Clone, Debug)]
    pub struct Compat<S> {
        #[pin]
        stream: S,
    }
}

impl<S> Compat<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream }
    }

    /// Returns the stream inside.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Returns the stream inside.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Takes the adapter apart and returns the stream inside.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: futures_io::AsyncRead> AsyncRead for Compat<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = buf.remaining();
        let n = ready!(
            self.project()
                .stream
                .poll_read(cx, buf.initialize_unfilled())
        )?;
        if n > room {
            let error = "the stream gave more bytes than asked for";
            return Poll::Ready(Err(io::Error::other(error)));
        }
        buf.advance(n);
        Poll::Ready(Ok(()))
    }
}

impl<S: futures_io::AsyncWrite> AsyncWrite for Compat<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.project().stream.poll_write(cx, data)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().stream.poll_write_vectored(cx, slices)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_close(cx)
    }
}
