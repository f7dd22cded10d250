//! The I/O traits of futures, for types that have those of tokio.

/// Implements a trait of `futures_io` for a type, by the trait of tokio with the same name:
/// `by_tokio!(AsyncRead, [R: RawIo] File<Raw, R>)`. In brackets are the generics of the
/// type; its `where` clause, if there is one, stands behind the type.
macro_rules! by_tokio {
    (AsyncRead, [$($generics:tt)*] $Type:ty $(where $($bounds:tt)*)?) => {
        impl<$($generics)*> futures_io::AsyncRead for $Type $(where $($bounds)*)? {
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &mut [u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let mut buf = tokio::io::ReadBuf::new(buf);
                std::task::ready!(tokio::io::AsyncRead::poll_read(self, cx, &mut buf))?;
                std::task::Poll::Ready(Ok(buf.filled().len()))
            }
        }
    };
    (AsyncBufRead, [$($generics:tt)*] $Type:ty $(where $($bounds:tt)*)?) => {
        impl<$($generics)*> futures_io::AsyncBufRead for $Type $(where $($bounds)*)? {
            fn poll_fill_buf(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<&[u8]>> {
                tokio::io::AsyncBufRead::poll_fill_buf(self, cx)
            }

            /// Consumes at most what is buffered, however large `n` is.
            fn consume(self: std::pin::Pin<&mut Self>, n: usize) {
                tokio::io::AsyncBufRead::consume(self, n);
            }
        }
    };
    (AsyncSeek, [$($generics:tt)*] $Type:ty $(where $($bounds:tt)*)?) => {
        impl<$($generics)*> futures_io::AsyncSeek for $Type $(where $($bounds)*)? {
            /// If `pos` is that of a seek which was begun, this poll continues it. So if a
            /// seek is abandoned midway and the same seek follows at once, only one is made.
            fn poll_seek(
                mut self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                pos: std::io::SeekFrom,
            ) -> std::task::Poll<std::io::Result<u64>> {
                tokio::io::AsyncSeek::start_seek(self.as_mut(), pos)?;
                tokio::io::AsyncSeek::poll_complete(self, cx)
            }
        }
    };
    (AsyncWrite, [$($generics:tt)*] $Type:ty $(where $($bounds:tt)*)?) => {
        impl<$($generics)*> futures_io::AsyncWrite for $Type $(where $($bounds)*)? {
            fn poll_write(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                data: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                tokio::io::AsyncWrite::poll_write(self, cx, data)
            }

            /// Writes the slices as one, as far as one write takes them.
            fn poll_write_vectored(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                slices: &[std::io::IoSlice<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                tokio::io::AsyncWrite::poll_write_vectored(self, cx, slices)
            }

            fn poll_flush(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                tokio::io::AsyncWrite::poll_flush(self, cx)
            }

            /// As `poll_shutdown` of tokio's trait: flushes, and leaves the file open.
            fn poll_close(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                tokio::io::AsyncWrite::poll_shutdown(self, cx)
            }
        }
    };
}

pub(crate) use by_tokio;
