//! Handles on the standard output and the standard error.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::facts::facts;
use super::stream::Stream;
use crate::budget;
use crate::budget::MOST_A_POLL;
use crate::error::Result;
use crate::file::Reconfigure;

/// A handle on stdout or stderr, as text. Python: `aiofiles.stdout`.
///
/// Made by [`stdout`](crate::stdout) and [`stderr`](crate::stderr); cheap, and all
/// of one stream are the same: see the [module](crate::stdio).
#[derive(Clone)]
pub struct TextOutput {
    stream: &'static Stream,
}

/// A handle on stdout or stderr, as bytes. Python: `aiofiles.stdout_bytes`.
///
/// Made by [`stdout_bytes`](crate::stdout_bytes) and
/// [`stderr_bytes`](crate::stderr_bytes); cheap, and all of one stream are the
/// same: see the [module](crate::stdio). `AsyncWrite` of tokio and of futures, too;
/// there too line ends are flushed where the stream is line buffered, by the next
/// `poll_flush` at the latest.
#[derive(Clone)]
pub struct BytesOutput {
    stream: &'static Stream,
}

/// Writes what both handles have; a trait would have to be imported by users.
macro_rules! output {
    ($Handle:ident, $mode:literal) => {
        impl $Handle {
            pub(super) fn new(stream: &'static Stream) -> Self {
                Self { stream }
            }

            /// Hands everything that any handle has written to the system, and
            /// waits for that: then it is out, whatever becomes of the process.
            /// Python: `flush`.
            ///
            /// # Cancel safety
            ///
            /// Goes on if dropped; its error is kept for the next operation that
            /// reports write errors.
            ///
            /// # Errors
            ///
            /// That of the write: `BrokenPipe` if the reader has gone. The bytes
            /// stay, and another flush tries again. `Closed`.
            pub async fn flush(&self) -> Result<()> {
                self.stream.turn().await.flush().await
            }

            /// Writes what is buffered and closes the stream for the whole process;
            /// the descriptor stays open. Idempotent. Python: `close`.
            ///
            /// # Cancel safety
            ///
            /// Once begun, the close goes on.
            ///
            /// # Errors
            ///
            /// That of the write; the stream is closed nevertheless.
            pub async fn close(&self) -> Result<()> {
                self.stream.turn().await.close().await
            }

            /// Says whether a write with a line end in it is flushed: on a terminal,
            /// and on stderr.
            #[must_use]
            pub fn line_buffering(&self) -> bool {
                self.stream.facts().line_buffering
            }

            #[doc = concat!("Returns the mode, `", $mode, "`.")]
            #[must_use]
            pub fn mode(&self) -> &str {
                $mode
            }
        }
    };
}

output!(TextOutput, "w");
output!(BytesOutput, "wb");
facts!(TextOutput, reads: false);
facts!(BytesOutput, reads: false);

impl TextOutput {
    /// Writes `text` into the buffer, whole; returns how many characters it has.
    /// With line buffering, a line end in it is followed by a flush. Python:
    /// `write`.
    ///
    /// # Cancel safety
    ///
    /// A dropped write has either not begun or is complete in the buffer.
    ///
    /// # Errors
    ///
    /// One that was kept of an earlier write, in which case nothing of `text` is
    /// stored; with line buffering, that of the flush; `Closed`.
    pub async fn write(&self, text: &str) -> Result<usize> {
        self.stream.turn().await.write(text).await
    }

    /// Writes every item, with nothing between them, and nothing of another task.
    /// Python: `writelines`.
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, the items so far are in the buffer, whole.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub async fn writelines<I>(&self, lines: I) -> Result<()>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        self.stream.turn().await.writelines(lines).await
    }

    /// Returns the canonical name of the encoding, `utf-8` unless
    /// [reconfigured](Self::reconfigure).
    #[must_use]
    pub fn encoding(&self) -> &str {
        self.stream.facts().encoding
    }

    /// Returns the error policy: `strict`, on stderr `backslashreplace`, unless
    /// [reconfigured](Self::reconfigure).
    #[must_use]
    pub fn errors(&self) -> &str {
        self.stream.facts().errors.as_str()
    }

    /// Changes the encoding, the error policy, the line ends or the buffering, for all
    /// handles, behind what was written. Python: `sys.stdout.reconfigure`.
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, all of it is changed or nothing.
    ///
    /// # Errors
    ///
    /// Those of a flush; an unknown label or name; `Closed`. Nothing has changed then.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let stdout = aiofiles::stdout();
    /// stdout.reconfigure().encoding("ascii").errors("backslashreplace").await?;
    /// stdout.write("caf\u{e9}\n").await?; // caf\xe9
    /// stdout.flush().await?;
    /// assert_eq!(stdout.encoding(), "ascii");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn reconfigure(&self) -> Reconfigure<'static> {
        self.stream.reconfigure()
    }
}

impl BytesOutput {
    /// Writes `data` into the buffer, whole; returns its length. With line
    /// buffering, a line end in it is followed by a flush. Python: `write`.
    ///
    /// # Cancel safety
    ///
    /// A dropped write has either not begun or is complete in the buffer.
    ///
    /// # Errors
    ///
    /// One that was kept of an earlier write, in which case nothing of `data` is
    /// stored; with line buffering, that of the flush; `Closed`.
    pub async fn write(&self, data: &[u8]) -> Result<usize> {
        let mut turn = self.stream.turn().await;
        let n = turn.bytes().write(data).await?;
        turn.flush_line(data).await?;
        Ok(n)
    }

    /// Writes every item, with nothing between them, and nothing of another task.
    /// Python: `writelines`.
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, the items so far are in the buffer, whole.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub async fn writelines<I>(&self, lines: I) -> Result<()>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        let mut turn = self.stream.turn().await;
        let mut items = budget::Items::default();
        for line in lines {
            let line = line.as_ref();
            turn.bytes().write(line).await?;
            turn.flush_line(line).await?;
            if items.are_enough(line.len()) {
                budget::pause().await;
            }
        }
        Ok(())
    }

    /// Writes all of `data` without a copy, past the buffer and after what is in
    /// it, waits for that, and gives `data` back with the number of bytes.
    ///
    /// # Cancel safety
    ///
    /// Once begun it goes on to its end.
    ///
    /// # Errors
    ///
    /// Those of the system, where nothing of `data` was written.
    pub async fn write_owned(&self, data: Vec<u8>) -> (Result<usize>, Vec<u8>) {
        self.stream.turn().await.bytes().write_owned(data).await
    }

    fn poll_write(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.stream.poll_with(cx, |file, cx| {
            // No more than that is taken.
            let mut left = MOST_A_POLL;
            let mut ends_line = |slice: &IoSlice<'_>| {
                let taken = &slice[..slice.len().min(left)];
                left -= taken.len();
                memchr::memchr(b'\n', taken).is_some()
            };
            let lines = file.line_buffering() && slices.iter().any(&mut ends_line);
            let mut binary = Pin::new(file.undecoded());
            let written = tokio::io::AsyncWrite::poll_write_vectored(binary.as_mut(), cx, slices);
            if lines && matches!(written, Poll::Ready(Ok(_))) {
                // Begun here; the next operation waits for it, and tells its error.
                drop(tokio::io::AsyncWrite::poll_flush(binary, cx));
            }
            written
        })
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_with(cx, |file, cx| {
            tokio::io::AsyncWrite::poll_flush(Pin::new(file.undecoded()), cx)
        })
    }
}

impl tokio::io::AsyncWrite for BytesOutput {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        (*self).poll_write(cx, &[IoSlice::new(data)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        (*self).poll_write(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        (*self).poll_flush(cx)
    }

    /// Flushes. The stream stays open: [`close`](BytesOutput::close) closes it.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        (*self).poll_flush(cx)
    }
}

impl futures_io::AsyncWrite for BytesOutput {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        (*self).poll_write(cx, &[IoSlice::new(data)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        (*self).poll_write(cx, slices)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        (*self).poll_flush(cx)
    }

    /// Flushes. The stream stays open: [`close`](BytesOutput::close) closes it.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        (*self).poll_flush(cx)
    }
}
