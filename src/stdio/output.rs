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
use crate::futures_traits::by_tokio;

/// A handle on stdout or stderr, as text. Python: `aiofiles.stdout`.
///
/// Made by [`stdout`](crate::stdout) and [`stderr`](crate::stderr). All handles of one
/// stream are equal: see the [module](crate::stdio).
#[derive(Clone)]
pub struct TextOutput {
    stream: &'static Stream,
}

/// A handle on stdout or stderr, as bytes. Python: `aiofiles.stdout_bytes`.
///
/// Made by [`stdout_bytes`](crate::stdout_bytes) and [`stderr_bytes`](crate::stderr_bytes).
/// All handles of one stream are equal: see the [module](crate::stdio). It is also an
/// `AsyncWrite` of tokio and futures. If the stream is line buffered, a write through these
/// traits that has a line end begins a flush, which the next `poll_flush` completes.
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

            /// Hands everything that was written through any handle to the system, and
            /// waits for that. Afterwards it is out, even if the process is killed. Python:
            /// `flush`.
            ///
            /// # Cancel safety
            ///
            /// A flush that has begun is completed. Its error is kept for the next
            /// operation that reports write errors.
            ///
            /// # Errors
            ///
            /// The error of the write: `BrokenPipe` if the reader has gone. The bytes stay
            /// in the buffer, and the next flush tries again. `Closed`.
            pub async fn flush(&self) -> Result<()> {
                self.stream.turn().await.flush().await
            }

            /// Writes what is buffered and closes the stream for the whole process; the
            /// descriptor stays open. Does nothing to a closed stream. Python: `close`.
            ///
            /// # Cancel safety
            ///
            /// A close that has begun is completed.
            ///
            /// # Errors
            ///
            /// The error of the write. The stream is closed even then.
            pub async fn close(&self) -> Result<()> {
                self.stream.turn().await.close().await
            }

            /// Says whether a flush follows each write that has a line end in it. It does
            /// on a terminal and on stderr, unless the stream was reconfigured.
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
    /// Writes all of `text` into the buffer; returns the number of its characters. With
    /// line buffering, a flush follows if `text` has a line end. Python: `write`.
    ///
    /// # Cancel safety
    ///
    /// A dropped write has either not begun or is complete in the buffer.
    ///
    /// # Errors
    ///
    /// The error of writing what was buffered before: then nothing of `text` is stored.
    /// [`Encode`](crate::Error::Encode) for a character that the encoding does not have.
    /// With line buffering also the error of the flush. `Closed`.
    pub async fn write(&self, text: &str) -> Result<usize> {
        self.stream.turn().await.write(text).await
    }

    /// Writes every item, one after the other, and adds no line ends. Writes of other tasks
    /// do not come in between. Python: `writelines`.
    ///
    /// # Cancel safety
    ///
    /// After a drop midway, each item is in the buffer as a whole or not at all.
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

    /// Flushes, then changes the settings that its keyword methods name, for all handles:
    /// `encoding`, `errors`, `newline`, `line_buffering`, `write_through` (default: no
    /// change). Python: `sys.stdout.reconfigure`.
    ///
    /// # Cancel safety
    ///
    /// After a drop midway, either everything or nothing is changed.
    ///
    /// # Errors
    ///
    /// Those of a flush; the error of a keyword with an invalid value; `Closed`. After an
    /// error nothing has changed.
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
    /// Writes all of `data` into the buffer; returns its length. With line buffering, a
    /// flush follows if `data` has a line end. Python: `write`.
    ///
    /// # Cancel safety
    ///
    /// A dropped write has either not begun or is complete in the buffer.
    ///
    /// # Errors
    ///
    /// The error of writing what was buffered before: then nothing of `data` is stored.
    /// With line buffering also the error of the flush. `Closed`.
    pub async fn write(&self, data: &[u8]) -> Result<usize> {
        let mut turn = self.stream.turn().await;
        let n = turn.bytes().write(data).await?;
        turn.flush_line(data).await?;
        Ok(n)
    }

    /// Writes every item, one after the other, and adds no line ends. Writes of other tasks
    /// do not come in between. Python: `writelines`.
    ///
    /// # Cancel safety
    ///
    /// After a drop midway, each item is in the buffer as a whole or not at all.
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

    /// Writes all of `data` without a copy, after what is in the buffer, and waits for
    /// that; returns the number of bytes written and `data`. If the system fails after a
    /// part, the number is that part, and the next write meets the error again.
    ///
    /// # Cancel safety
    ///
    /// A write that has begun is completed.
    ///
    /// # Errors
    ///
    /// Those of the system, if nothing of `data` was written; `Closed`.
    pub async fn write_owned(&self, data: Vec<u8>) -> (Result<usize>, Vec<u8>) {
        self.stream.turn().await.bytes().write_owned(data).await
    }

    fn poll_write(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.stream.poll_with(cx, |file, cx| {
            // The write below takes no more than this.
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
                // The flush only begins here. The next operation waits for it and returns
                // its error.
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

by_tokio!(AsyncWrite, [] BytesOutput);
