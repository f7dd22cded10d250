//! The standard streams of the process.
//!
//! Six functions, as Python's `aiofiles.stdin` …: [`stdin`], [`stdout`] and
//! [`stderr`] for text, [`stdin_bytes`], [`stdout_bytes`] and [`stderr_bytes`] for
//! bytes. They give cheap handles: all handles of one stream, of text and of
//! bytes, share its buffer and its order.
//!
//! - An operation of one handle is whole before that of another begins. So writes
//!   of several tasks come out whole, each task's in its order; several tasks that
//!   read lines each get whole lines.
//! - stdin is read only when somebody asks, on one thread of its own: a pending
//!   read holds up neither the shutdown of a runtime nor the end of the process.
//!   What was typed for a read that was dropped goes, whole, to the next one.
//! - stdout and stderr have such a thread each, so they need no runtime either and
//!   outlive any. stdout is block buffered (128 KiB), on a terminal line buffered;
//!   stderr is line buffered always. That holds for bytes too.
//! - Text is UTF-8: `strict`, on stderr `backslashreplace`. On Unix line ends are
//!   left alone (`"one\r\n"` stays), as in Python. A console of Windows gives UTF-8 and
//!   takes nothing else, whatever the encoding: other bytes are `InvalidData`.
//! - They do not seek, even where the descriptor could: [`wrap`](crate::wrap) a
//!   duplicate of it for that.
//!
//! # Pitfalls
//!
//! - What was written is flushed when `main` returns, as Python does it, and its errors
//!   are told to nobody: flush to learn of them. It takes the end of a thread that has
//!   used the streams: of the main thread, or, where that never had to do with this crate,
//!   of another. A call of another thread that is under way then is waited for; if it
//!   keeps its turn for a second and nothing happens, what was not flushed is lost.
//!   With `std::process::exit`, which ends the main thread at the most, or with an
//!   abort, count on nothing but what was flushed.
//! - `print!` and [`std::io::stdin`] have buffers of their own. Flush between the
//!   two; do not read by both.
//! - Rust ignores SIGPIPE: a reader that went away is an error of kind
//!   `BrokenPipe` from `flush` (or a later `write`). A tool should then end quietly.
//! - A future or a guard that is kept without being polled keeps its turn, and the
//!   others wait. Streams of lines do not.
//!
//! # Closing
//!
//! `close` closes the stream for all handles and the whole process, as in Python:
//! afterwards each operation gives [`Closed`](crate::Error::Closed). The descriptor
//! itself stays open, since 0, 1 and 2 must not become other files.

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

/// Puts `raw` in place of the standard input, for all handles, and gives back
/// what was there, with what was read ahead of it. Python: `sys.stdin = ..`.
///
/// For tests. It waits for a read that was left behind.
///
/// # Cancel safety
///
/// Dropped midway, nothing is replaced.
///
/// # Errors
///
/// That of a read that was left behind is not told.
/// [`ExecutorGone`](crate::Error::ExecutorGone) if no thread can be started.
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

/// Flushes the standard output, puts `raw` in its place, for all handles, and
/// gives back what was there. Python: `sys.stdout = ..`.
///
/// # Cancel safety
///
/// Dropped midway, nothing is replaced.
///
/// # Errors
///
/// That of the flush; nothing is replaced then.
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

/// Flushes the standard error, puts `raw` in its place, for all handles, and gives
/// back what was there. Python: `sys.stderr = ..`.
///
/// # Cancel safety
///
/// Dropped midway, nothing is replaced.
///
/// # Errors
///
/// That of the flush; nothing is replaced then.
pub async fn set_stderr(raw: impl RawIo) -> Result<Box<dyn RawIo>> {
    STDERR.replace(Box::new(raw)).await
}
