//! The I/O traits of tokio and of futures, on the temporary files themselves.

use std::fs::File;
use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::{AtomicFile, NamedTemporaryFile, Spool, SpooledTemporaryFile};
use crate::error::Result;
use crate::file::{BinaryFile, RawFile, Read};
use crate::futures_traits::by_tokio;
use crate::open::{Binary, Kind, Raw};

/// Writes the traits for reading and seeking, each of which calls that of the file below.
macro_rules! reads_and_seeks {
    ([$($K:ident)?] $File:ty, $Inner:ty) => {
        impl $(<$K: Kind>)? tokio::io::AsyncRead for $File
        where
            $Inner: tokio::io::AsyncRead + Unpin,
        {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut tokio::io::ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut **self.get_mut()).poll_read(cx, buf)
            }
        }

        impl $(<$K: Kind>)? tokio::io::AsyncBufRead for $File
        where
            $Inner: tokio::io::AsyncBufRead + Unpin,
        {
            fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
                Pin::new(&mut **self.get_mut()).poll_fill_buf(cx)
            }

            fn consume(self: Pin<&mut Self>, n: usize) {
                tokio::io::AsyncBufRead::consume(Pin::new(&mut **self.get_mut()), n);
            }
        }

        impl $(<$K: Kind>)? tokio::io::AsyncSeek for $File
        where
            $Inner: tokio::io::AsyncSeek + Unpin,
        {
            fn start_seek(self: Pin<&mut Self>, pos: SeekFrom) -> io::Result<()> {
                Pin::new(&mut **self.get_mut()).start_seek(pos)
            }

            fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
                Pin::new(&mut **self.get_mut()).poll_complete(cx)
            }
        }

        by_tokio!(AsyncRead, [$($K: Kind)?] $File where $Inner: tokio::io::AsyncRead + Unpin);
        by_tokio!(AsyncBufRead, [$($K: Kind)?] $File where $Inner: tokio::io::AsyncBufRead + Unpin);
        by_tokio!(AsyncSeek, [$($K: Kind)?] $File where $Inner: tokio::io::AsyncSeek + Unpin);
    };
}

/// Writes the traits for writing, each of which calls that of the file below.
macro_rules! writes {
    ($File:ty, $Inner:ty) => {
        impl<K: Kind> tokio::io::AsyncWrite for $File
        where
            $Inner: tokio::io::AsyncWrite + Unpin,
        {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                data: &[u8],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut **self.get_mut()).poll_write(cx, data)
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                slices: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut **self.get_mut()).poll_write_vectored(cx, slices)
            }

            fn is_write_vectored(&self) -> bool {
                (**self).is_write_vectored()
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Pin::new(&mut **self.get_mut()).poll_flush(cx)
            }

            /// Flushes. The file stays open.
            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Pin::new(&mut **self.get_mut()).poll_shutdown(cx)
            }
        }

        by_tokio!(AsyncWrite, [K: Kind] $File where $Inner: tokio::io::AsyncWrite + Unpin);
    };
}

reads_and_seeks!([K] NamedTemporaryFile<K>, K::Of<File>);
writes!(NamedTemporaryFile<K>, K::Of<File>);
reads_and_seeks!([K] AtomicFile<K>, K::Of<File>);
writes!(AtomicFile<K>, K::Of<File>);
reads_and_seeks!([] SpooledTemporaryFile<Binary>, BinaryFile<Spool>);

impl tokio::io::AsyncWrite for SpooledTemporaryFile<Binary> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_expect(cx, data.len()))?;
        tokio::io::AsyncWrite::poll_write(Pin::new(&mut **this), cx, data)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let len = slices.iter().map(|slice| slice.len());
        ready!(this.poll_expect(cx, len.fold(0, usize::saturating_add)))?;
        tokio::io::AsyncWrite::poll_write_vectored(Pin::new(&mut **this), cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        tokio::io::AsyncWrite::poll_flush(Pin::new(&mut **self.get_mut()), cx)
    }

    /// Flushes. The file stays open.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        tokio::io::AsyncWrite::poll_shutdown(Pin::new(&mut **self.get_mut()), cx)
    }
}

by_tokio!(AsyncWrite, [] SpooledTemporaryFile<Binary>);

/// Writes those methods of the file below whose names the extension traits (such as
/// `AsyncReadExt`) have too. Without them, `file.read()` would be the trait's method
/// wherever the trait is imported; it must be the file's.
macro_rules! own_methods {
    ($File:ty, $Inner:ty) => {
        impl $File {
            /// As that of the file it derefs to.
            pub fn read(&mut self) -> Read<&mut $Inner> {
                (**self).read()
            }

            /// As that of the file it derefs to.
            ///
            /// # Cancel safety
            ///
            /// As that of the file.
            ///
            /// # Errors
            ///
            /// As that of the file.
            pub async fn flush(&mut self) -> Result<()> {
                (**self).flush().await
            }

            /// As that of the file it derefs to.
            ///
            /// # Cancel safety
            ///
            /// As that of the file.
            ///
            /// # Errors
            ///
            /// As that of the file.
            pub async fn seek(&mut self, pos: SeekFrom) -> Result<u64> {
                (**self).seek(pos).await
            }
        }
    };
    ($File:ty, $Inner:ty, write) => {
        own_methods!($File, $Inner);

        impl $File {
            /// As that of the file it derefs to.
            ///
            /// # Cancel safety
            ///
            /// As that of the file.
            ///
            /// # Errors
            ///
            /// As that of the file.
            pub async fn write(&mut self, data: &[u8]) -> Result<usize> {
                (**self).write(data).await
            }
        }
    };
}

own_methods!(NamedTemporaryFile<Binary>, BinaryFile, write);
own_methods!(NamedTemporaryFile<Raw>, RawFile, write);
own_methods!(AtomicFile<Binary>, BinaryFile, write);
own_methods!(AtomicFile<Raw>, RawFile, write);
own_methods!(SpooledTemporaryFile<Binary>, BinaryFile<Spool>);
