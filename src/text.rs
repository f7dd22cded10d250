//! The text layer over any async stream: it does what Python's `TextIOWrapper` does, for
//! the output of a child process, a socket, the body of a request or a decompressor.
//!
//! [`reader`] decodes what an `AsyncRead` gives, and [`writer`] encodes text for an
//! `AsyncWrite`. They have the encodings, error policies and line ends of a
//! [`TextFile`](crate::TextFile), and those of its methods that need no position. They use
//! no thread and no executor, so they run on any runtime, or without one.
//!
//! ```
//! # futures::executor::block_on(async {
//! use futures::TryStreamExt;
//!
//! // Text of Windows in Japan, a character of it in two packets.
//! let packets = [&b"\x93\xfa\x96"[..], &b"\x7b\r\nabc\r\n"[..]];
//! let socket = futures::stream::iter(packets.map(Ok::<_, std::io::Error>)).into_async_read();
//! let mut text = aiofiles::text::futures_reader(socket).encoding("shift_jis").await?;
//! assert_eq!(text.next_line().await?, Some("\u{65e5}\u{672c}"));
//! assert_eq!(text.next_line().await?, Some("abc"));
//! assert_eq!(text.next_line().await?, None);
//!
//! let mut out = Vec::new();
//! let mut text = aiofiles::text::writer(&mut out).encoding("utf-16-le").newline("\r\n").await?;
//! text.write("hi\n").await?;
//! text.close().await?;
//! assert_eq!(out, b"h\0i\0\r\0\n\0");
//! # Ok::<(), aiofiles::Error>(()) }).unwrap();
//! ```
//!
//! A reader reads ahead; [`Reader::into_parts`] returns what it has read and not delivered.
//! A writer keeps text in its buffer until it is flushed or closed. A drop cannot wait for
//! the stream, so it loses what is in the buffer.

mod below;
mod compat;
mod decoded;
mod encode;
mod input;
mod making;
mod position;
mod reader;
mod reading;
mod reconfigure;
mod refused;
mod settings;
mod writer;

use tokio::io::{AsyncRead, AsyncWrite};

pub(crate) use self::below::Below;
pub use self::compat::Compat;
pub(crate) use self::decoded::{Decoded, Keep, Plan, Sought, Whole};
pub(crate) use self::encode::{LONG, encode_error, encode_long};
pub use self::making::Making;
pub use self::position::{TextPosition, TextSeek};
pub use self::reader::{Parts, Reader};
pub use self::reconfigure::Reconfigure;
pub(crate) use self::reconfigure::{Changes, TOO_LATE};
pub(crate) use self::settings::TextSettings;
pub use self::writer::Writer;

/// Reads text from `stream`, decoded.
///
/// Keywords: [`encoding`](Making::encoding) (`utf-8`), [`errors`](Making::errors)
/// (`strict`), [`newline`](Making::newline) (universal), [`buffering`](Making::buffering)
/// (64 KiB). `.await` gives a `Result<Reader<R>>`; you may also use the [`Making`] as a
/// [`Reader`] without awaiting it.
///
/// # Errors
///
/// `UnknownEncoding` for an unknown encoding, `InvalidArgument` for any other keyword with
/// an invalid value.
///
/// # Examples
///
/// ```
/// # futures::executor::block_on(async {
/// let mut reader = aiofiles::text::reader(&b"caf\xe9\r\n"[..]).encoding("latin-1").await?;
/// assert_eq!(reader.readline().await?, "caf\u{e9}\n");
/// assert_eq!(reader.newlines(), ["\r\n"]);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub fn reader<R: AsyncRead>(stream: R) -> Making<Reader<R>> {
    Making::new(Reader::new(stream))
}

/// As [`reader`], for a stream of `futures::io`.
pub fn futures_reader<R: futures_io::AsyncRead>(stream: R) -> Making<Reader<Compat<R>>> {
    reader(Compat::new(stream))
}

/// Writes text to `stream`, encoded.
///
/// Keywords: [`encoding`](Making::encoding) (`utf-8`), [`errors`](Making::errors)
/// (`strict`), [`newline`](Making::newline) (universal: the platform's line ends),
/// [`buffering`](Making::buffering) (64 KiB), [`line_buffering`](Making::line_buffering)
/// (`false`), [`write_through`](Making::write_through) (`false`). `.await` gives a
/// `Result<Writer<W>>`; you may also use the [`Making`] as a [`Writer`] without awaiting
/// it.
///
/// # Errors
///
/// As [`reader`].
///
/// # Examples
///
/// ```
/// # futures::executor::block_on(async {
/// let mut out = Vec::new();
/// let mut writer = aiofiles::text::writer(&mut out).encoding("utf-8-sig").await?;
/// writer.writelines(["one\n", "two\n"]).await?;
/// writer.close().await?;
/// assert!(out.starts_with(b"\xef\xbb\xbfone"), "the mark stands once, at the start");
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub fn writer<W: AsyncWrite>(stream: W) -> Making<Writer<W>> {
    Making::new(Writer::new(stream))
}

/// As [`writer`], for a stream of `futures::io`.
pub fn futures_writer<W: futures_io::AsyncWrite>(stream: W) -> Making<Writer<Compat<W>>> {
    writer(Compat::new(stream))
}
