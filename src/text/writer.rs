//! Writing text to a stream of bytes.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::io::AsyncWrite;

use super::encode::{LONG, encode_error, encode_long};
use super::input::BUFFER;
use super::making::Checked;
use super::refused::{Refused, check_size};
use super::{Changes, Reconfigure, TextSettings};
use crate::budget::{self, MOST_A_POLL};
use crate::codec::{Encoder, Encoding, ErrorPolicy, Newline, count_chars, translate_out};
use crate::error::{Error, Result};

mod bytes;

pin_project! {
    /// Encodes text into a stream of bytes. Python: a `TextIOWrapper` over a stream that is
    /// only written.
    ///
    /// Made by [`writer`](super::writer()) and [`futures_writer`](super::futures_writer).
    /// It is also an `AsyncWrite` of tokio, which takes text as bytes of UTF-8. The methods
    /// need a stream that is `Unpin`; if yours is not, give `Box::pin(stream)`. (The
    /// `AsyncWrite` works without.)
    ///
    /// A drop loses what was not flushed, so [`close`](Self::close) it.
    pub struct Writer<W> {
        #[pin]
        stream: W,
        // Encoded text; the stream has taken the bytes before `done`.
        out: Vec<u8>,
        done: usize,
        capacity: usize,
        pub(super) settings: TextSettings,
        // Whether the next write begins with a byte order mark.
        bom: bool,
        // The first bytes of a character whose other bytes did not come through
        // `AsyncWrite` yet.
        carry: Vec<u8>,
        refused: Option<Refused>,
        // Whether a close was begun and has flushed everything.
        ending: bool,
        closed: bool,
    }
}

impl<W> Writer<W> {
    pub(super) fn new(stream: W) -> Self {
        Self {
            stream,
            out: Vec::new(),
            done: 0,
            capacity: BUFFER,
            settings: TextSettings::default(),
            bom: false,
            carry: Vec::new(),
            refused: None,
            ending: false,
            closed: false,
        }
    }

    /// Returns the encoding as it was given. Python: `encoding`.
    #[must_use]
    pub fn encoding(&self) -> &str {
        self.settings.encoding.label()
    }

    /// Returns the error policy's name. Python: `errors`.
    #[must_use]
    pub fn errors(&self) -> &str {
        self.settings.errors.as_str()
    }

    /// Says whether the writer is closed.
    #[must_use]
    pub fn closed(&self) -> bool {
        self.closed
    }

    /// Returns the stream.
    pub fn get_ref(&self) -> &W {
        &self.stream
    }

    /// Returns the stream. What you write to it goes out before what is buffered.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.stream
    }

    /// Returns the encoded bytes that the stream has not taken yet.
    #[must_use]
    pub fn buffer(&self) -> &[u8] {
        &self.out[self.done..]
    }

    /// Returns the stream, and drops what is buffered. Call [`flush`](Self::flush) before,
    /// or look at the [`buffer`](Self::buffer).
    pub fn into_inner(self) -> W {
        self.stream
    }

    /// Changes the settings that its keyword methods name, for what is written later:
    /// `encoding`, `errors`, `newline`, `line_buffering`, `write_through` (default: no
    /// change). Python: `reconfigure`.
    ///
    /// # Errors
    ///
    /// The error of a keyword with an invalid value; `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let mut writer = aiofiles::text::writer(Vec::new()).await?;
    /// writer.write("\u{e9}").await?;
    /// writer.reconfigure().encoding("latin-1").await?;
    /// writer.write("\u{e9}").await?;
    /// writer.flush().await?;
    /// assert_eq!(writer.into_inner(), b"\xc3\xa9\xe9");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn reconfigure(&mut self) -> Reconfigure<'_>
    where
        W: Send,
    {
        Reconfigure::new(async |changes| self.apply(changes))
    }

    fn apply(&mut self, changes: Changes) -> Result<()> {
        self.check_open("reconfigure")?;
        let codec = changes.codec();
        changes.change(&mut self.settings, None)?;
        if codec && self.bom {
            self.bom = self.settings.encoding.has_bom();
        }
        Ok(())
    }

    // ---- keywords -----------------------------------------------------------------

    pub(super) fn set_encoding(&mut self, encoding: Result<Encoding>) {
        Refused::keep(&mut self.refused, encoding, &mut self.settings.encoding);
        self.bom = self.settings.encoding.has_bom();
    }

    pub(super) fn set_errors(&mut self, errors: Result<ErrorPolicy>) {
        Refused::keep(&mut self.refused, errors, &mut self.settings.errors);
    }

    pub(super) fn set_newline(&mut self, newline: Result<Newline>) {
        Refused::keep(&mut self.refused, newline, &mut self.settings.newline);
    }

    pub(super) fn set_buffering(&mut self, size: usize) {
        Refused::keep(&mut self.refused, check_size(size), &mut self.capacity);
    }

    fn check_open(&self, op: &'static str) -> Result<()> {
        self.check()?;
        if self.closed {
            return Err(Error::Closed { op, path: None });
        }
        Ok(())
    }

    /// Fails if `AsyncWrite` was given only the first bytes of a character: what is written
    /// now would come before that character.
    fn check_whole(&self) -> Result<()> {
        if self.carry.is_empty() {
            return Ok(());
        }
        let error = not_text("a character that was begun as bytes has to be completed first");
        Err(Error::os("write", None, error))
    }

    /// Whether a write of `text` must be followed by a flush.
    fn flushes(&self, text: &str) -> bool {
        let line_end = || memchr::memchr2(b'\n', b'\r', text.as_bytes()).is_some();
        let settings = &self.settings;
        settings.write_through || (settings.line_buffering == Some(true) && line_end())
    }
}

impl<W> Checked for Writer<W> {
    fn check(&self) -> Result<()> {
        Refused::check(self.refused.as_ref())
    }
}

fn not_text(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// Translates and encodes `text` and appends it to `out`, behind a byte order mark if
/// `bom`.
fn encode(settings: &TextSettings, bom: bool, text: &str, out: &mut Vec<u8>) -> Result<()> {
    let translated = translate_out(settings.newline, text);
    let encoder = Encoder::new(&settings.encoding, settings.errors);
    let encoded = encoder.encode(&translated, bom, out);
    encoded.map_err(|error| encode_error(settings, error, text, 0, None))
}

/// Appends `bytes` to `out`. The first `done` bytes of `out`, which the stream has taken,
/// are removed when they are the larger part. Otherwise flushes that are abandoned again
/// and again, each with something left, would make the memory grow without end.
fn append(out: &mut Vec<u8>, done: &mut usize, bytes: &[u8]) {
    if *done > out.len() / 2 {
        out.drain(..std::mem::take(done));
    }
    out.extend_from_slice(bytes);
}

/// Repeats a call of the stream as long as it is interrupted.
fn poll_uninterrupted(
    cx: &mut Context<'_>,
    mut call: impl FnMut(&mut Context<'_>) -> Poll<io::Result<()>>,
) -> Poll<io::Result<()>> {
    let mut share = budget::Share::default();
    loop {
        match ready!(call(cx)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                ready!(share.poll_call(cx, 0));
            }
            done => return Poll::Ready(done),
        }
    }
}

impl<W: AsyncWrite> Writer<W> {
    /// Hands what is buffered to the stream.
    fn poll_drain(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        let mut share = budget::Share::default();
        while *this.done < this.out.len() {
            let rest = &this.out[*this.done..];
            let n = match ready!(this.stream.as_mut().poll_write(cx, rest)) {
                Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                Ok(n) if n > rest.len() => Err(io::Error::other(
                    "the stream took more bytes than it was given",
                )),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    ready!(share.poll_call(cx, 0));
                    continue;
                }
                written => written,
            }?;
            *this.done += n;
            if *this.done < this.out.len() {
                ready!(share.poll_call(cx, n));
            }
        }
        *this.done = 0;
        this.out.clear();
        if this.out.capacity() > this.capacity.saturating_mul(2) {
            *this.out = Vec::new();
        }
        Poll::Ready(Ok(()))
    }

    /// Waits until `n` more bytes fit into the buffer, or the buffer is empty.
    fn poll_room(self: Pin<&mut Self>, cx: &mut Context<'_>, n: usize) -> Poll<io::Result<()>> {
        let waiting = self.out.len() - self.done;
        if waiting == 0 || waiting + n <= self.capacity {
            return Poll::Ready(Ok(()));
        }
        self.poll_drain(cx)
    }

    fn poll_out(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_drain(cx))?;
        let mut stream = self.project().stream;
        poll_uninterrupted(cx, |cx| stream.as_mut().poll_flush(cx))
    }

    /// Flushes and shuts the stream down. The writer is closed then, even if this failed.
    fn poll_end(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.closed {
            return Poll::Ready(Ok(()));
        }
        let flushed = if self.ending {
            Ok(())
        } else {
            ready!(self.as_mut().poll_out(cx))
        };
        let this = self.project();
        *this.ending = flushed.is_ok();
        let ended = match flushed {
            Ok(()) => {
                let mut stream = this.stream;
                ready!(poll_uninterrupted(cx, |cx| stream
                    .as_mut()
                    .poll_shutdown(cx)))
            }
            failed => failed,
        };
        *this.closed = true;
        let whole = std::mem::take(this.carry).is_empty();
        Poll::Ready(ended.and_then(|()| match whole {
            true => Ok(()),
            false => Err(not_text("the last character was never completed")),
        }))
    }
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    fn pinned(&mut self) -> Pin<&mut Self> {
        Pin::new(self)
    }

    /// Writes `text` into the buffer, with its line ends translated and encoded; returns
    /// the number of its characters. The buffer goes to the stream when the next text does
    /// not fit, and at a flush or a close. Python: `write`.
    ///
    /// # Cancel safety
    ///
    /// A dropped write has either not begun or is complete in the buffer.
    ///
    /// # Errors
    ///
    /// [`Encode`](Error::Encode) for a character that the encoding does not have, and the
    /// errors of the stream, if it must take what is buffered first: then nothing of `text`
    /// is stored, and what is buffered stays. With line buffering or write through also the
    /// error of the flush; then `text` is in the buffer. `InvalidData` if `AsyncWrite` was
    /// given only the first bytes of a character. `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let mut writer = aiofiles::text::writer(Vec::new()).encoding("ascii").await?;
    /// assert_eq!(writer.write("plain\n").await?, 6);
    /// let error = writer.write("caf\u{e9}\n").await.unwrap_err();
    /// assert!(matches!(error, aiofiles::Error::Encode { character: '\u{e9}', index: 3, .. }));
    /// writer.flush().await?;
    /// assert_eq!(writer.get_ref(), b"plain\n");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub async fn write(&mut self, text: &str) -> Result<usize> {
        budget::turn().await;
        self.check_open("write")?;
        self.check_whole()?;
        let (bytes, chars) = if text.len() > LONG {
            // The future owns the encoded bytes until they are complete, so a write that is
            // dropped before has not begun.
            encode_long(&self.settings, self.bom, text, None).await?
        } else {
            let mut bytes = Vec::new();
            encode(&self.settings, self.bom, text, &mut bytes)?;
            (bytes, count_chars(text))
        };
        self.accept(bytes).await?;
        if self.flushes(text) {
            self.flush().await?;
        }
        Ok(chars)
    }

    /// Waits until `bytes` fit, then puts them into the buffer.
    async fn accept(&mut self, bytes: Vec<u8>) -> Result<()> {
        let fits = poll_fn(|cx| self.pinned().poll_room(cx, bytes.len())).await;
        fits.map_err(|error| Error::os("write", None, error))?;
        budget::moved(bytes.len().min(MOST_A_POLL));
        if self.out.is_empty() && bytes.len() > self.capacity {
            self.out = bytes;
        } else {
            append(&mut self.out, &mut self.done, &bytes);
        }
        (self.bom, self.ending) = (false, false);
        Ok(())
    }

    /// Writes every item, one after the other, and adds no line ends. Python: `writelines`.
    ///
    /// # Cancel safety
    ///
    /// After a drop midway, each item is in the buffer as a whole or not at all.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); the items before have been written.
    pub async fn writelines<I>(&mut self, lines: I) -> Result<()>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        budget::turn().await;
        self.check_open("write")?;
        let mut items = budget::Items::default();
        for line in lines {
            let line = line.as_ref();
            self.write(line).await?;
            if items.are_enough(line.len()) {
                budget::pause().await;
            }
        }
        Ok(())
    }

    /// Hands everything that is buffered to the stream, and flushes the stream. Python:
    /// `flush`.
    ///
    /// # Cancel safety
    ///
    /// After a drop midway, the stream has taken a part; the next flush goes on with the
    /// rest.
    ///
    /// # Errors
    ///
    /// Those of the stream. What it did not take stays in the buffer, and the next flush
    /// tries again: do not write it again. `Closed`.
    pub async fn flush(&mut self) -> Result<()> {
        budget::turn().await;
        self.check_open("flush")?;
        let flushed = poll_fn(|cx| self.pinned().poll_out(cx)).await;
        flushed.map_err(|error| Error::os("flush", None, error))
    }

    /// Flushes, and shuts the stream down. Does nothing to a closed writer. Afterwards
    /// every other operation gives `Closed`. Python: `close`.
    ///
    /// # Cancel safety
    ///
    /// After a drop midway, the writer is not closed; the next close goes on.
    ///
    /// # Errors
    ///
    /// Those of the stream. The writer is closed even then, and the
    /// [`buffer`](Self::buffer) has what the stream did not take. `InvalidData` if
    /// `AsyncWrite` was given only the first bytes of a character; the stream is shut down
    /// all the same.
    pub async fn close(&mut self) -> Result<()> {
        budget::turn().await;
        self.check()?;
        let ended = poll_fn(|cx| self.pinned().poll_end(cx)).await;
        ended.map_err(|error| Error::os("close", None, error))
    }
}

impl<W> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("encoding", &self.encoding())
            .field("errors", &self.errors())
            .field("newline", &self.settings.newline)
            .field("buffered", &self.buffer().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
