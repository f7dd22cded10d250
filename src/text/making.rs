//! Keywords of readers and writers.

use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use tokio::io::{AsyncRead, AsyncWrite};

use super::reader::{Parts, Reader};
use super::writer::Writer;
use crate::budget;
use crate::codec::{Encoding, ErrorPolicy, Newline};
use crate::error::{Error, Result};
use crate::file::Lines;

/// A [`Reader`] or [`Writer`] whose keywords can still be set. Made by
/// [`reader`](super::reader()) and [`writer`](super::writer()).
///
/// `.await` gives the reader or writer, or the error of a keyword (`UnknownEncoding`,
/// `InvalidArgument`). That reads and writes nothing, and waits for nothing. You may also
/// use it without awaiting: it derefs to the reader or writer, and if a keyword was wrong,
/// the operations return its error.
pub struct Making<T>(Option<T>);

impl<T> Making<T> {
    pub(super) fn new(made: T) -> Self {
        Self(Some(made))
    }

    fn set(mut self, change: impl FnOnce(&mut T)) -> Self {
        change(&mut self);
        self
    }
}

impl<T> Deref for Making<T> {
    type Target = T;

    /// # Panics
    ///
    /// If it was awaited: the reader or writer was moved out then.
    fn deref(&self) -> &T {
        self.0.as_ref().expect("it was awaited, and is made")
    }
}

impl<T> DerefMut for Making<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("it was awaited, and is made")
    }
}

/// A reader or writer, whose keywords can be checked.
pub(super) trait Checked {
    /// Fails if a keyword was wrong.
    fn check(&self) -> Result<()>;
}

// The reader or writer is pinned only after it was moved out.
impl<T> Unpin for Making<T> {}

impl<T: Checked> Future for Making<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_turn(cx));
        let made = self.0.take().expect("it is awaited once");
        Poll::Ready(made.check().map(|()| made))
    }
}

/// Writes the keyword methods that readers and writers share.
macro_rules! keywords {
    ($Made:ident<$S:ident>) => {
        impl<$S> Making<$Made<$S>> {
            /// Sets the encoding, by its name or as an [`Encoding`] (default: `utf-8`).
            pub fn encoding<E>(self, encoding: E) -> Self
            where
                E: TryInto<Encoding, Error: Into<Error>>,
            {
                self.set(|made| made.set_encoding(encoding.try_into().map_err(Into::into)))
            }

            /// Sets what happens to bytes and characters that the encoding does not have,
            /// by the name of the policy or as an [`ErrorPolicy`] (default: `strict`, an
            /// error).
            pub fn errors<P>(self, policy: P) -> Self
            where
                P: TryInto<ErrorPolicy, Error: Into<Error>>,
            {
                self.set(|made| made.set_errors(policy.try_into().map_err(Into::into)))
            }

            /// Sets which line ends are recognised and written, as a string as in Python or
            /// as a [`Newline`] (default: universal).
            pub fn newline<N>(self, newline: N) -> Self
            where
                N: TryInto<Newline, Error: Into<Error>>,
            {
                self.set(|made| made.set_newline(newline.try_into().map_err(Into::into)))
            }

            /// Sets the size of the buffer, in bytes (default: 64 KiB). 0 is an error.
            pub fn buffering(self, size: usize) -> Self {
                self.set(|made| made.set_buffering(size))
            }

            /// Returns the stream, and drops what is buffered.
            pub fn into_inner(self) -> $S {
                self.made().into_inner()
            }
        }
    };
}

keywords!(Reader<R>);
keywords!(Writer<W>);

impl<T> Making<T> {
    fn made(self) -> T {
        self.0.expect("it was awaited, and is made")
    }
}

impl<R> Making<Reader<R>> {
    /// As [`Reader::into_parts`].
    pub fn into_parts(self) -> Parts<R> {
        self.made().into_parts()
    }
}

impl<R: AsyncRead + Unpin> Making<Reader<R>> {
    /// As [`Reader::into_lines`].
    pub fn into_lines(self) -> Lines<Reader<R>> {
        self.made().into_lines()
    }
}

impl<W> Making<Writer<W>> {
    /// Flushes after each write that has a line end in it (default: `false`).
    pub fn line_buffering(self, yes: bool) -> Self {
        self.set(|made| made.settings.line_buffering = Some(yes))
    }

    /// Flushes after each write (default: `false`).
    pub fn write_through(self, yes: bool) -> Self {
        self.set(|made| made.settings.write_through = yes)
    }
}

impl<R: AsyncRead + Unpin> Stream for Making<Reader<R>> {
    type Item = Result<String>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut **self).poll_next(cx)
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Making<Writer<W>> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        AsyncWrite::poll_write(Pin::new(&mut **self), cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        AsyncWrite::poll_flush(Pin::new(&mut **self), cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        AsyncWrite::poll_shutdown(Pin::new(&mut **self), cx)
    }
}

impl<T: fmt::Debug> fmt::Debug for Making<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Making").field(&self.0).finish()
    }
}
