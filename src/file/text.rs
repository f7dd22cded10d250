//! Text files: decoding, encoding and line ends over a binary file.
//!
//! Reading: bytes in the buffer of the binary file are decoded, a piece at a time, into a
//! [`Decoded`], which can tell the position in the file of each place in its text. There
//! the line ends are still those of the file; they are translated when text is delivered.
//! Writing: the line ends of a string are translated, it is encoded, and put into the
//! buffer of the binary file.

use std::fmt;

use super::binary::BinaryFile;
use super::lines::{Lines, LinesOf};
use super::pending::{NextLine, NextLines, Read, Readline, Readlines};
use super::{File, Text};
use crate::codec::Encoder;
use crate::error::Result;
use crate::raw_io::RawIo;
use crate::text::{Decoded, TextSettings};
pub use crate::text::{Reconfigure, TextPosition, TextSeek};

mod layer;
mod read;
mod reconfigure;
mod seeking;
mod write;

/// A text file. Python: `TextIOWrapper`.
///
/// Made by [`open`](crate::open()), [`wrap(..).text()`](crate::wrap) or [`new`](File::new).
/// Sizes of reads are in characters (Unicode scalar values). In a file that is open in both
/// directions you may mix reads, writes and seeks freely. It has one position: a write goes
/// behind the text that was returned, not behind what was read ahead.
///
/// Defaults: UTF-8 and `strict`; `\n`, `\r` and `\r\n` are read as `\n`; the buffer has 128
/// KiB; a file that is a terminal is line buffered. [`Open`](crate::Open) has the keywords
/// that change them.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let dir = tempfile::tempdir().unwrap();
/// let path = dir.path().join("notes.txt");
/// std::fs::write(&path, "one\r\ntwo\r\n").unwrap();
///
/// let mut file = aiofiles::open(&path).await?;
/// assert_eq!(file.readline().await?, "one\n");
/// assert_eq!(file.next_line().await?, Some("two"));
/// assert_eq!(file.newlines(), ["\r\n"]);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub type TextFile<R = std::fs::File> = File<Text, R>;

/// What a text file keeps: the binary file below, and the text that was decoded from it.
pub struct Decoding<R: Send> {
    binary: BinaryFile<R>,
    settings: TextSettings,
    mode: String,
    line_buffering: bool,
    encoder: Encoder,
    decoded: Decoded,
    /// Text while it is encoded, before it goes into the buffer. Kept so that its memory is
    /// reused.
    scratch: Vec<u8>,
    bom: Bom,
}

impl<R: RawIo> fmt::Debug for Decoding<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoding")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Whether the next write may have to begin with a byte order mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bom {
    /// It depends on where the write goes, which nobody has looked at yet.
    Unknown,
    /// Yes: the write goes to the start of the file.
    Due,
    No,
}

impl<R: RawIo> File<Text, R> {
    /// Returns the mode as it was given. If none was given, it is derived from what the
    /// file can do (`r`, `w`, `r+` …).
    #[must_use]
    pub fn mode(&self) -> &str {
        &self.layer.mode
    }

    /// Returns the encoding as it was given. Python: `encoding`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::open(&path).mode("w").encoding("latin-1").await?;
    /// assert_eq!((file.encoding(), file.errors(), file.mode()), ("latin-1", "strict", "w"));
    /// file.close().await?;
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn encoding(&self) -> &str {
        self.layer.settings.encoding.label()
    }

    /// Returns the error policy's name. Python: `errors`.
    #[must_use]
    pub fn errors(&self) -> &str {
        self.layer.settings.errors.as_str()
    }

    /// Returns the kinds of line ends that were found so far, in the order `"\r"`, `"\n"`,
    /// `"\r\n"`. As text is decoded ahead, these may be line ends that were not returned
    /// yet. Always empty if the keyword `newline` names one line end. A seek to the start
    /// begins anew. Python: `newlines`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, "dos\r\nunix\n").unwrap();
    /// let mut file = aiofiles::open(&path).await?;
    /// assert!(file.newlines().is_empty(), "none was seen yet");
    /// file.read().await?;
    /// assert_eq!(file.newlines(), ["\n", "\r\n"]);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn newlines(&self) -> &[&str] {
        self.layer.decoded.newlines()
    }

    /// The canonical name of the encoding, and the error policy.
    #[cfg(feature = "stdio")]
    pub(crate) fn codec_names(&self) -> (&'static str, crate::codec::ErrorPolicy) {
        let settings = &self.layer.settings;
        (settings.encoding.static_name(), settings.errors)
    }

    /// Says whether a flush follows each write that has a line end in it.
    #[must_use]
    pub fn line_buffering(&self) -> bool {
        self.layer.line_buffering
    }

    /// Says whether every write is handed to the system at once.
    #[must_use]
    pub fn write_through(&self) -> bool {
        self.layer.settings.write_through
    }

    /// Returns the binary file below, at the position of the text. (If the stream cannot
    /// seek, it is behind the text that was decoded ahead.) You may write text and bytes in
    /// turns, as they go into the same buffer. Python: `buffer`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::open(&path).mode("w").await?;
    /// file.write("text, then ").await?;
    /// file.buffer().write(b"\xff").await?;
    /// file.close().await?;
    /// assert_eq!(std::fs::read(&path).unwrap(), b"text, then \xff");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn buffer(&mut self) -> &mut BinaryFile<R> {
        self.descend().drop_read_ahead_if_idle();
        &mut self.layer.binary
    }

    /// As [`buffer`](Self::buffer), for a stream that cannot seek: the bytes of text that
    /// was decoded and not delivered are put back, so the binary file is at the position of
    /// the text.
    #[cfg(feature = "stdio")]
    pub(crate) fn undecoded(&mut self) -> &mut BinaryFile<R> {
        debug_assert!(!self.core().meta.seekable, "`buffer` is for those");
        if self.descend().ahead.has_undelivered() {
            let (decoded, core) = self.parts();
            core.ahead.take_back(&decoded.undelivered_bytes());
            decoded.sync(core);
        }
        &mut self.layer.binary
    }

    /// Writes what is buffered and returns the binary file below, at the position of the
    /// text. Python: `detach`.
    ///
    /// # Cancel safety
    ///
    /// The call owns the file. Dropping it midway is the same as dropping the file.
    ///
    /// # Errors
    ///
    /// Those of [`flush`](Self::flush); the file is dropped then. `Closed`.
    pub async fn detach(mut self) -> Result<BinaryFile<R>> {
        self.core().check_open("detach")?;
        self.flush().await?;
        self.descend().drop_read_ahead();
        let (decoded, core) = self.parts();
        if !core.meta.seekable {
            core.ahead.take_back(&decoded.undelivered_bytes());
        }
        Ok(self.layer.binary)
    }

    /// Reads to the end of the file, or `.size(n)` characters, fewer only at the end;
    /// returns a `String`. At the end it is empty. If the file grows later, the next read
    /// returns what was added. Python: `read`.
    ///
    /// # Cancel safety
    ///
    /// What a dropped read has read is returned by the next one.
    ///
    /// # Errors
    ///
    /// [`Decode`](crate::Error::Decode), once, for bytes that are not text in the encoding.
    /// Only these bytes are lost: the next read returns the text before them, even if that
    /// is less than was asked for, and the read after it returns the text behind them.
    ///
    /// Those of the system; `Unsupported` if the file is not open for reading; `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, "caf\u{e9} au lait").unwrap();
    /// let mut file = aiofiles::open(&path).await?;
    /// assert_eq!(file.read().size(4).await?, "caf\u{e9}", "characters, not bytes");
    /// assert_eq!(file.read().await?, " au lait");
    /// assert_eq!(file.read().await?, "");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias("read_to_string", "read_to_end"))]
    pub fn read(&mut self) -> Read<&mut Self> {
        Read::new(self)
    }

    /// Reads one line with its terminator, which the keyword `newline` may have translated
    /// to `\n`; returns a `String`, empty at the end. The last line may have no terminator.
    /// `.size(n)` reads at most `n` characters of it. Python: `readline`.
    ///
    /// # Cancel safety
    ///
    /// As [`read`](Self::read).
    ///
    /// # Errors
    ///
    /// As [`next_line`](Self::next_line).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, "one\r\ntwo").unwrap();
    /// let mut file = aiofiles::open(&path).await?;
    /// assert_eq!(file.readline().await?, "one\n");
    /// assert_eq!(file.readline().await?, "two");
    /// assert_eq!(file.readline().await?, "");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn readline(&mut self) -> Readline<&mut Self> {
        Readline::new(self)
    }

    /// Reads all lines, as [`readline`](Self::readline) gives them; returns a
    /// `Vec<String>`. `.hint(n)` stops after the line with which the total exceeds `n`
    /// characters. Python: `readlines`.
    ///
    /// # Cancel safety
    ///
    /// As [`read`](Self::read): no line is consumed before all of them are there.
    ///
    /// # Errors
    ///
    /// As [`next_line`](Self::next_line); after [`Decode`](crate::Error::Decode) the next
    /// call returns the lines before the bad one, if there are any.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, "one\ntwo\nthree\n").unwrap();
    /// let mut file = aiofiles::open(&path).await?;
    /// assert_eq!(file.readlines().hint(5).await?, ["one\n", "two\n"]);
    /// assert_eq!(file.readlines().await?, ["three\n"]);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn readlines(&mut self) -> Readlines<&mut Self> {
        Readlines::new(self)
    }

    /// Returns the next line without its terminator as a `&str` into the buffer: no copy,
    /// no allocation. `None` is the end. With `.max_len(n)`, a line longer than `n` bytes
    /// of UTF-8 is an error (default: no limit).
    ///
    /// # Cancel safety
    ///
    /// As [`read`](Self::read).
    ///
    /// # Errors
    ///
    /// [`Decode`](crate::Error::Decode), once for each line that has bytes which are not
    /// text. The next call for a line skips the whole bad line, so a loop that ignores
    /// these errors gets only complete lines. (A [`read`](Self::read) at that place would
    /// return the good part of the bad line.)
    ///
    /// `LineTooLong` with `.max_len(n)`; otherwise as [`read`](Self::read).
    ///
    /// # Examples
    ///
    /// Skipping the lines that are not text:
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("mixed.txt");
    /// use aiofiles::Error;
    ///
    /// std::fs::write(&path, b"one\nt\xffwo\nthree\n").unwrap();
    /// let mut file = aiofiles::open(&path).await?;
    /// let mut good = Vec::new();
    /// loop {
    ///     match file.next_line().await {
    ///         Ok(Some(line)) => good.push(line.to_owned()),
    ///         Ok(None) => break,
    ///         Err(Error::Decode { .. }) => continue,
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// assert_eq!(good, ["one", "three"]);
    /// # Ok::<(), Error>(()) }).unwrap();
    /// ```
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("big.txt");
    /// # std::fs::write(&path, "one\ntwo\nthree").unwrap();
    /// let mut file = aiofiles::open(&path).await?;
    /// let mut longest = 0;
    /// while let Some(line) = file.next_line().await? {
    ///     longest = longest.max(line.len());
    /// }
    /// assert_eq!(longest, 5);
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
    /// # Cancel safety
    ///
    /// What a dropped read has read is returned by the next one.
    ///
    /// # Errors
    ///
    /// As [`next_line`](Self::next_line); the lines before a bad line are returned first.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, "one\r\ntwo\nthree").unwrap();
    /// let mut file = aiofiles::open(&path).await?;
    /// let mut all = Vec::new();
    /// while let Some(block) = file.next_lines().await? {
    ///     all.extend(block.map(str::to_uppercase));
    /// }
    /// assert_eq!(all, ["ONE", "TWO", "THREE"]);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn next_lines(&mut self) -> NextLines<'_, Self> {
        NextLines::new(self)
    }

    /// Returns a stream of owned lines without their terminators.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// use futures::TryStreamExt;
    ///
    /// std::fs::write(&path, "one\ntwo\n").unwrap();
    /// let mut file = aiofiles::open(&path).await?;
    /// let lines: Vec<String> = file.lines().max_len(80).try_collect().await?;
    /// assert_eq!(lines, ["one", "two"]);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn lines(&mut self) -> LinesOf<'_, Self> {
        Lines::new(self)
    }

    /// Returns a stream of owned lines without their terminators. The stream owns the file.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// use futures::StreamExt;
    ///
    /// std::fs::write(&path, "one\ntwo\n").unwrap();
    /// let mut lines = aiofiles::open(&path).await?.into_lines();
    /// assert_eq!(lines.next().await.transpose()?.as_deref(), Some("one"));
    /// assert_eq!(lines.into_inner().read().await?, "two\n");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn into_lines(self) -> Lines<Self> {
        Lines::new(self)
    }
}
