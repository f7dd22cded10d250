//! Reading text from a stream of bytes.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use pin_project_lite::pin_project;
use tokio::io::AsyncRead;

use super::decoded::{Decoded, Keep};
use super::input::{Filling, Input};
use super::making::Checked;
use super::reconfigure::TOO_LATE;
use super::refused::{Refused, check_size};
use super::{Changes, Reconfigure, TextPosition, TextSettings};
use crate::budget;
use crate::codec::{Encoding, ErrorPolicy, Newline};
use crate::error::{Error, Result};
use crate::file::core::Started;
use crate::file::source::sealed::Sealed;
use crate::file::source::{Source, Span};
use crate::file::{Lines, LinesOf, NextLine, NextLines, Read, Readline, Readlines};

pin_project! {
    /// Decodes text from a stream of bytes, a piece at a time. Python: a `TextIOWrapper`
    /// over a stream that is only read.
    ///
    /// Made by [`reader`](super::reader()) and [`futures_reader`](super::futures_reader).
    /// It is also a `Stream` of lines with their terminators. The methods need a stream
    /// that is `Unpin`; if yours is not, give `Box::pin(stream)`. (The `Stream` of lines
    /// works without.)
    ///
    /// # Errors
    ///
    /// All methods that read can fail with the errors of the stream; with
    /// [`Decode`](crate::Error::Decode), after which the next read goes on behind the bad
    /// bytes; and with the error of a wrong keyword. An error of the stream or of decoding
    /// is returned once, by the read that cannot be completed because of it. What that read
    /// has read already is returned by the next one.
    ///
    /// # Cancel safety
    ///
    /// What a dropped read has read is returned by the next one.
    pub struct Reader<R> {
        #[pin]
        stream: R,
        input: Input,
        decoded: Decoded,
        settings: TextSettings,
        refused: Option<Refused>,
        // The read of the stream of lines.
        started: Started,
    }
}

/// The parts of a [`Reader`], from [`into_parts`](Reader::into_parts).
#[derive(Debug)]
#[non_exhaustive]
pub struct Parts<R> {
    /// The stream.
    pub inner: R,
    /// Text that was decoded and not delivered. Its line ends are not translated.
    pub text: String,
    /// Bytes that were read behind this text and not decoded: at most as many as the buffer
    /// holds, unless a read of more than that was abandoned.
    pub bytes: Vec<u8>,
    /// Whether the line that was delivered last ends in a `\r` behind which nothing had
    /// come yet: if a `\n` is next in `bytes` and `inner`, it belongs to the end of that
    /// line. Only with universal line ends.
    pub after_cr: bool,
}

impl<R> Reader<R> {
    pub(super) fn new(stream: R) -> Self {
        let settings = TextSettings::default();
        Self {
            stream,
            input: Input::default(),
            decoded: decoded(&settings),
            settings,
            refused: None,
            started: 0,
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

    /// Returns the kinds of line ends that were found so far, in the order `"\r"`, `"\n"`,
    /// `"\r\n"`. As text is decoded ahead, these may be line ends that were not returned
    /// yet. Always empty if the keyword `newline` names one line end. Python: `newlines`.
    #[must_use]
    pub fn newlines(&self) -> &[&str] {
        self.decoded.newlines()
    }

    /// Returns the stream.
    pub fn get_ref(&self) -> &R {
        &self.stream
    }

    /// Returns the stream. If you read from it, those bytes are missing in the text.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.stream
    }

    /// Returns the stream, and drops what was read and not delivered.
    /// [`into_parts`](Self::into_parts) returns that too.
    pub fn into_inner(self) -> R {
        self.stream
    }

    /// Returns the stream, and what was read from it and not delivered.
    ///
    /// Where another protocol goes on behind a line, mind [`after_cr`](Parts::after_cr):
    /// the end `\r\n` of that line may have come in two pieces.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let mut reader = aiofiles::text::reader(&b"head\nbody\xff"[..]).await?;
    /// assert_eq!(reader.next_line().await?, Some("head"));
    /// let parts = reader.into_parts();
    /// assert_eq!((parts.text.as_str(), parts.bytes.as_slice()), ("body", &b"\xff"[..]));
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn into_parts(self) -> Parts<R> {
        let mut bytes = self.decoded.bad_bytes().to_vec();
        bytes.extend_from_slice(self.input.bytes.bytes());
        Parts {
            text: self.decoded.rest().to_owned(),
            bytes,
            after_cr: self.decoded.is_after_early_line(),
            inner: self.stream,
        }
    }

    /// Changes the settings that its keyword methods name: `encoding`, `errors`, `newline`
    /// (default: no change), before anything was read. The keywords about writing have no
    /// effect here. Python: `reconfigure`.
    ///
    /// # Errors
    ///
    /// `Unsupported` after something was read; the error of a keyword with an invalid
    /// value.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let mut reader = aiofiles::text::reader(&b"caf\xe9"[..]).await?;
    /// reader.reconfigure().encoding("latin-1").await?;
    /// assert_eq!(reader.read().await?, "caf\u{e9}");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn reconfigure(&mut self) -> Reconfigure<'_>
    where
        R: Send,
    {
        Reconfigure::new(async |changes| self.apply(changes))
    }

    fn apply(&mut self, changes: Changes) -> Result<()> {
        self.check()?;
        if self.decoded.has_begun() && changes.codec() {
            return Err(Error::Unsupported {
                op: "reconfigure",
                path: None,
                reason: TOO_LATE,
            });
        }
        changes.change(&mut self.settings, None)?;
        self.renew();
        Ok(())
    }

    // ---- keywords -----------------------------------------------------------------

    fn renew(&mut self) {
        if !self.decoded.has_begun() {
            self.decoded = decoded(&self.settings);
        }
    }

    pub(super) fn set_encoding(&mut self, encoding: Result<Encoding>) {
        Refused::keep(&mut self.refused, encoding, &mut self.settings.encoding);
        self.renew();
    }

    pub(super) fn set_errors(&mut self, errors: Result<ErrorPolicy>) {
        Refused::keep(&mut self.refused, errors, &mut self.settings.errors);
        self.renew();
    }

    pub(super) fn set_newline(&mut self, newline: Result<Newline>) {
        Refused::keep(&mut self.refused, newline, &mut self.settings.newline);
        self.renew();
    }

    pub(super) fn set_buffering(&mut self, size: usize) {
        Refused::keep(
            &mut self.refused,
            check_size(size),
            &mut self.input.capacity,
        );
    }
}

fn decoded(settings: &TextSettings) -> Decoded {
    Decoded::new(settings, TextPosition::START, Keep::Text, 0)
}

impl<R> Checked for Reader<R> {
    fn check(&self) -> Result<()> {
        Refused::check(self.refused.as_ref())
    }
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// Reads to the end, or `.size(n)` characters, fewer only at the end; returns a
    /// `String`, empty at the end. Python: `read`.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let mut reader = aiofiles::text::reader(&b"caf\xc3\xa9 noir"[..]).await?;
    /// assert_eq!(reader.read().size(4).await?, "caf\u{e9}");
    /// assert_eq!(reader.read().await?, " noir");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn read(&mut self) -> Read<&mut Self> {
        Read::new(self)
    }

    /// Reads one line with its terminator, which the keyword `newline` may have translated
    /// to `\n`; returns a `String`, empty at the end. `.size(n)` reads at most `n`
    /// characters of it. Python: `readline`.
    pub fn readline(&mut self) -> Readline<&mut Self> {
        Readline::new(self)
    }

    /// Reads all lines, as [`readline`](Self::readline) gives them; returns a
    /// `Vec<String>`. `.hint(n)` stops after the line with which the total exceeds `n`
    /// characters. Python: `readlines`.
    pub fn readlines(&mut self) -> Readlines<&mut Self> {
        Readlines::new(self)
    }

    /// Returns the next line without its terminator as a `&str` into the buffer: no copy,
    /// no allocation. `None` is the end. With `.max_len(n)`, a line longer than `n` bytes
    /// of UTF-8 is an error (default: no limit).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// // A tool that draws its progress over itself: `\r` ends a line.
    /// let child = &b"10%\r20%\rdone\r\n"[..];
    /// let mut lines = aiofiles::text::reader(child).await?;
    /// let mut seen = Vec::new();
    /// while let Some(line) = lines.next_line().max_len(1000).await? {
    ///     seen.push(line.to_owned());
    /// }
    /// assert_eq!(seen, ["10%", "20%", "done"]);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn next_line(&mut self) -> NextLine<'_, Self> {
        NextLine::new(self)
    }

    /// Returns all complete lines that are decoded, at least one, without their
    /// terminators: an iterator of `&str`. This is the fastest way to go through lines.
    /// `None` is the end. With `.max_len(n)`, a line longer than `n` bytes of UTF-8 is an
    /// error (default: no limit).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let mut reader = aiofiles::text::reader(&b"1\n2\n3"[..]).await?;
    /// let mut sum = 0;
    /// while let Some(block) = reader.next_lines().await? {
    ///     sum += block.filter_map(|line| line.parse::<u32>().ok()).sum::<u32>();
    /// }
    /// assert_eq!(sum, 6);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn next_lines(&mut self) -> NextLines<'_, Self> {
        NextLines::new(self)
    }

    /// Returns a stream of owned lines without their terminators.
    pub fn lines(&mut self) -> LinesOf<'_, Self> {
        Lines::new(self)
    }

    /// Returns a stream of owned lines without their terminators. The stream owns the
    /// reader.
    pub fn into_lines(self) -> Lines<Self> {
        Lines::new(self)
    }
}

/// Borrows the decoded text and the bytes below at the same time.
macro_rules! parts {
    ($self:ident) => {{
        let this = &mut *$self;
        Refused::check(this.refused.as_ref())?;
        let below = Filling {
            stream: Pin::new(&mut this.stream),
            input: &mut this.input,
        };
        (&mut this.decoded, below)
    }};
}

impl<R> Sealed for Reader<R> {}

impl<R: AsyncRead + Unpin> Source for Reader<R> {
    type Piece = String;
    type Line<'a>
        = &'a str
    where
        R: 'a;
    type Block<'a>
        = crate::file::Block<'a>
    where
        R: 'a;

    fn poll_read_piece(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<usize>,
        started: &mut Started,
    ) -> Poll<Result<String>> {
        let (decoded, mut below) = parts!(self);
        decoded.poll_read_piece(&mut below, cx, size, started)
    }

    fn poll_read_line(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<usize>,
        started: &mut Started,
    ) -> Poll<Result<String>> {
        let (decoded, mut below) = parts!(self);
        decoded.poll_read_line(&mut below, cx, size, started)
    }

    fn poll_read_lines(
        &mut self,
        cx: &mut Context<'_>,
        hint: Option<usize>,
        started: &mut Started,
    ) -> Poll<Result<Vec<String>>> {
        let (decoded, mut below) = parts!(self);
        decoded.poll_read_lines(&mut below, cx, hint, started)
    }

    #[inline]
    fn find_here(&mut self, max: usize) -> Option<Span> {
        if self.refused.is_some() {
            return None;
        }
        let below = Filling {
            stream: Pin::new(&mut self.stream),
            input: &mut self.input,
        };
        self.decoded.find_here(&below, max)
    }

    fn poll_find(
        &mut self,
        cx: &mut Context<'_>,
        max: Option<usize>,
        whole: bool,
        started: &mut Started,
    ) -> Poll<Result<Option<Span>>> {
        let (decoded, mut below) = parts!(self);
        decoded.poll_find(&mut below, cx, max, whole, started)
    }

    #[inline]
    fn line(&mut self, span: Span) -> &str {
        self.decoded.deliver_line(span)
    }

    #[inline]
    fn poll_take_line(
        &mut self,
        cx: &mut Context<'_>,
        span: Span,
        _: &mut Started,
    ) -> Poll<Result<String>> {
        let (decoded, below) = parts!(self);
        decoded.poll_take_line(&below, cx, span)
    }

    fn find_block(&self, first: Span, max: usize) -> usize {
        self.decoded.find_block(first, max)
    }

    fn block(&mut self, first: Span, len: usize) -> crate::file::Block<'_> {
        self.decoded.deliver_block(first, len)
    }

    fn is_empty(piece: &String) -> bool {
        piece.is_empty()
    }
}

/// A stream of lines with their terminators, as `readline` returns them. Python:
/// `for line in stream`.
impl<R: AsyncRead> Stream for Reader<R> {
    type Item = Result<String>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        ready!(budget::poll_turn(cx));
        let this = self.project();
        if let Some(refused) = this.refused {
            return Poll::Ready(Some(Err(refused.error())));
        }
        let mut below = Filling {
            stream: this.stream,
            input: this.input,
        };
        let line = this
            .decoded
            .poll_read_line(&mut below, cx, None, this.started);
        Poll::Ready(match ready!(line) {
            Ok(line) if line.is_empty() => None,
            line => Some(line),
        })
    }
}

impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("encoding", &self.encoding())
            .field("errors", &self.errors())
            .field("newline", &self.settings.newline)
            .finish_non_exhaustive()
    }
}
