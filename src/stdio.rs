//! The standard streams of the process.
//!
//! Six functions return handles, as in Python's aiofiles: [`stdin`], [`stdout`] and
//! [`stderr`] for text, [`stdin_bytes`], [`stdout_bytes`] and [`stderr_bytes`] for bytes.
//! Handles are cheap. All handles of one stream, for text and for bytes, share one buffer
//! and one order.
//!
//! - The operations on a stream never mix: one is complete before the next begins. So if
//!   several tasks write, each write comes out in one piece; if several tasks read lines,
//!   each gets complete lines.
//! - stdin is read only when somebody asks, on a thread of its own. So a pending read
//!   delays neither the shutdown of a runtime nor the end of the process. What was typed
//!   for a dropped read is returned by the next one. On Linux, what is already in a pipe is
//!   read without that thread.
//! - stdout and stderr also have a thread each, so they need no runtime. stdout has a
//!   buffer of 128 KiB, and on a terminal it is line buffered; stderr is always line
//!   buffered. This is the same for text and bytes.
//! - Text is UTF-8, unless you [reconfigure](TextInput::reconfigure) it. The error policy
//!   is `strict`, on stderr `backslashreplace`. On Unix line ends are not translated
//!   (`"one\r\n"` stays), as in Python. A console of Windows gives UTF-8 and takes only
//!   UTF-8, whatever the encoding; other bytes are the error `InvalidData`.
//! - They cannot seek, even if the descriptor can. If you need that, [`wrap`](crate::wrap)
//!   a duplicate of the descriptor.
//!
//! # Pitfalls
//!
//! - What was written is flushed when `main` returns, as in Python, but nobody learns of an
//!   error then: flush to learn of it. The end of the main thread does this, or if that
//!   thread has never used this crate, the end of each other thread that has used the
//!   streams. It waits for a call of another thread that is under way; if that call keeps
//!   its turn for a second in which nothing happens, what was not flushed is lost.
//!   `std::process::exit` and an abort may end no such thread, so before them only what you
//!   flushed is sure to be out.
//! - `print!` and [`std::io::stdin`] have other buffers. If you write with both, flush in
//!   between; do not read with both.
//! - Rust ignores SIGPIPE: if the reader has gone away, `flush` (or a later `write`)
//!   returns an error of kind `BrokenPipe`. A tool should then end quietly.
//! - A pending operation has its turn at the stream, and others wait for it. So do not keep
//!   such a future without polling it. (Streams of lines, and the I/O traits, take no turn
//!   while they wait.)
//!
//! # Closing
//!
//! `close` closes the stream for all handles in the process, as in Python: afterwards every
//! operation gives [`Closed`](crate::Error::Closed). The descriptor itself stays open, so
//! that no other file gets the number 0, 1 or 2.

use std::sync::LazyLock;

use self::stream::{Spec, Stream};
use crate::error::Result;
use crate::raw_io::RawIo;

mod at_end;
mod daemon;
mod facts;
mod input;
mod output;
mod reading;
mod standard;
mod stream;

pub use self::input::{BytesInput, Lines, TextInput};
pub use self::output::{BytesOutput, TextOutput};
pub use self::reading::{Bytes, InTurn, Side, Text};

static STDIN: LazyLock<Stream> = LazyLock::new(|| Stream::new(Spec::Stdin));
static STDOUT: LazyLock<Stream> = LazyLock::new(|| Stream::new(Spec::Stdout));
static STDERR: LazyLock<Stream> = LazyLock::new(|| Stream::new(Spec::Stderr));

/// Returns a handle on the standard input, as text. Python: `aiofiles.stdin`.
///
/// # Examples
///
/// ```no_run
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut stdin = aiofiles::stdin();
/// while let Some(line) = stdin.next_line().await? {
///     println!("{} characters", line.chars().count());
/// }
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[must_use]
pub fn stdin() -> TextInput {
    TextInput::new(&STDIN)
}

/// Returns a handle on the standard input, as bytes. Python:
/// `aiofiles.stdin_bytes`.
#[must_use]
pub fn stdin_bytes() -> BytesInput {
    BytesInput::new(&STDIN)
}

/// Returns a handle on the standard output, as text. Python: `aiofiles.stdout`.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::stdout().write("caf\u{e9}, ").await?;
/// aiofiles::stdout_bytes().write(b"and bytes in between\n").await?;
/// aiofiles::stdout().flush().await?;
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[must_use]
pub fn stdout() -> TextOutput {
    TextOutput::new(&STDOUT)
}

/// Returns a handle on the standard output, as bytes. Python:
/// `aiofiles.stdout_bytes`.
#[must_use]
pub fn stdout_bytes() -> BytesOutput {
    BytesOutput::new(&STDOUT)
}

/// Returns a handle on the standard error, as text. Python: `aiofiles.stderr`.
#[must_use]
pub fn stderr() -> TextOutput {
    TextOutput::new(&STDERR)
}

/// Returns a handle on the standard error, as bytes. Python:
/// `aiofiles.stderr_bytes`.
#[must_use]
pub fn stderr_bytes() -> BytesOutput {
    BytesOutput::new(&STDERR)
}

/// Replaces the standard input, for all handles, by `raw`. Returns the old stream, which
/// still gives the bytes that were read ahead. Python: `sys.stdin = ..`.
///
/// For tests. It waits until an abandoned read has ended.
///
/// # Cancel safety
///
/// A dropped call has replaced nothing.
///
/// # Errors
///
/// [`ExecutorGone`](crate::Error::ExecutorGone) if no thread can be started. The error of
/// an abandoned read is not returned.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let typed = aiofiles::raw_io::reader(&b"yes\n"[..]);
/// let old = aiofiles::stdio::set_stdin(typed).await?;
/// assert_eq!(aiofiles::stdin().readline().await?, "yes\n");
/// aiofiles::stdio::set_stdin(old).await?;
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub async fn set_stdin(raw: impl RawIo) -> Result<Box<dyn RawIo>> {
    STDIN.replace(Box::new(raw)).await
}

/// Flushes the standard output and replaces it, for all handles, by `raw`. Returns the old
/// stream. Python: `sys.stdout = ..`.
///
/// # Cancel safety
///
/// A dropped call has replaced nothing.
///
/// # Errors
///
/// The error of the flush; nothing is replaced then.
///
/// # Examples
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// struct Captured(Arc<Mutex<Vec<u8>>>);
///
/// impl aiofiles::RawIo for Captured {
///     fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
///         self.0.lock().unwrap().extend_from_slice(bytes);
///         Ok(bytes.len())
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let captured = Arc::default();
/// let old = aiofiles::stdio::set_stdout(Captured(Arc::clone(&captured))).await?;
/// aiofiles::stdout().write("seen").await?;
/// aiofiles::stdio::set_stdout(old).await?;
/// assert_eq!(*captured.lock().unwrap(), b"seen");
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub async fn set_stdout(raw: impl RawIo) -> Result<Box<dyn RawIo>> {
    STDOUT.replace(Box::new(raw)).await
}

/// Flushes the standard error and replaces it, for all handles, by `raw`. Returns the old
/// stream. Python: `sys.stderr = ..`.
///
/// # Cancel safety
///
/// A dropped call has replaced nothing.
///
/// # Errors
///
/// The error of the flush; nothing is replaced then.
pub async fn set_stderr(raw: impl RawIo) -> Result<Box<dyn RawIo>> {
    STDERR.replace(Box::new(raw)).await
}
