//! Async file I/O: a port of Python's [aiofiles], with the whole text layer of
//! Python's `open`.
//!
//! ```
//! use aiofiles::{open, tempfile::temporary_directory};
//!
//! #[tokio::main]
//! async fn main() -> aiofiles::Result<()> {
//!     let dir = temporary_directory().await?;
//!     let path = dir.path().join("notes.txt");
//!
//!     let mut file = open(&path).mode("w").await?;
//!     file.write("one\ntwo\n").await?;
//!     file.close().await?;
//!
//!     let mut lines = open(&path).await?;
//!     while let Some(line) = lines.next_line().await? {
//!         assert!(line == "one" || line == "two"); // &str, no allocation
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Call, keyword arguments, await
//!
//! Python's keyword arguments are methods on the pending call, with the same names;
//! `.await` runs the call. A pending call does nothing before its first poll.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! # let dir = tempfile::tempdir().unwrap();
//! # let path = dir.path().join("log.txt");
//! let mut log = aiofiles::open(&path).mode("a+").encoding("latin-1").newline("\r\n").await?;
//! log.write("caf\u{e9}\n").await?;
//! log.close().await?;
//! assert_eq!(std::fs::read(&path).unwrap(), b"caf\xe9\r\n");
//! # Ok::<(), aiofiles::Error>(()) }).unwrap();
//! ```
//!
//! # Which part you need
//!
//! | you want | you need |
//! |---|---|
//! | text, by lines or whole | [`open()`], which gives a [`TextFile`] |
//! | text from or to a child process, a socket, a decompressor, an HTTP body | [`text::reader`] and [`text::writer`] |
//! | bytes, buffered, with the I/O traits of tokio and futures | [`open(..).binary()`](Open::binary): [`BinaryFile`] |
//! | one system call for one operation | [`open(..).raw()`](Open::raw): [`RawFile`] |
//! | the kind decided at run time by a mode string | [`open(..).any()`](Open::any): [`AnyFile`] |
//! | a file over an open descriptor, a buffer in memory or a mock | [`wrap`] and [`RawIo`] |
//! | a whole file at once, in one hop | [`read`], [`read_to_string`], [`write()`], [`write_atomic`], [`copy`] |
//! | to replace a file in one step, once its new content is complete | [`tempfile::atomic_file`] |
//! | folders, links, metadata, trees | [`os`] and [`ospath`] |
//! | files and folders that are removed after use | [`tempfile`] |
//! | the standard streams | [`stdio`] |
//! | any other blocking call | [`delegate`] |
//! | to choose, bound, watch or step what runs the blocking calls | [`executor`] |
//!
//! # Text
//!
//! A [`TextFile`] behaves as in Python. Its encoding is UTF-8 unless `.encoding(..)` says
//! otherwise; the locale has no influence. Every line end is read as `\n`, unless
//! `.newline(..)` says otherwise. Bytes that cannot be decoded are an error, unless
//! `.errors(..)` says otherwise. Sizes are in characters. A position is opaque: it comes
//! from [`tell`](TextFile::tell) and goes to [`seek`](TextFile::seek). `next_line` lends a
//! line without its end; `readline`, and the file as a `Stream`, keep the end, as in
//! Python. The encodings, error policies and line ends are listed in [`codec`].
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! # let dir = tempfile::tempdir().unwrap();
//! # let path = dir.path().join("notes.txt");
//! std::fs::write(&path, b"caf\xe9\r\nth\xff\xe9\r\n").unwrap();
//! let error = aiofiles::open(&path).await?.read().await.unwrap_err();
//! assert!(error.to_string().contains("at byte 3"), "{error}");
//!
//! let mut file = aiofiles::open(&path).encoding("ascii").errors("replace").await?;
//! assert_eq!(file.read().size(5).await?, "caf\u{fffd}\n");
//! let second = file.tell().await?;
//! assert_eq!(file.readline().await?, "th\u{fffd}\u{fffd}\n");
//! file.seek(second).await?;
//! assert_eq!(file.next_line().await?, Some("th\u{fffd}\u{fffd}"));
//! # Ok::<(), aiofiles::Error>(()) }).unwrap();
//! ```
//!
//! # Executors
//!
//! Blocking calls run on an [`Executor`]: tokio's `spawn_blocking` unless you choose
//! another, per call (`.executor(..)`) or once ([`executor::set_default`]). With a
//! [`ThreadPoolExecutor`] the crate needs no runtime at all. A file keeps its executor for
//! all its operations and for its drop. (If nobody chose an executor and the runtime of
//! the file is gone, the file goes on with the runtime of the next call.)
//!
//! Four words are used throughout these pages. A *job* is a blocking call on its way to an
//! executor; as a rule, one operation is one job. A *hop* is the way of a job to a thread and
//! back. An operation that memory can answer takes no job: it is served *inline*. On Linux,
//! so are reads that the page cache can serve: these are *nowait* reads (see
//! [`Executor::allows_nowait`]).
//!
//! # Cancellation
//!
//! You may drop any pending operation; the file still works. Bytes that an abandoned read
//! has read are returned by the next read. An abandoned `write` has either not begun or is
//! complete in the buffer. The next operation waits for the abandoned one, so nothing
//! overtakes it. So `select!` and timeouts need no special care.
//!
//! # Fairness
//!
//! One poll copies or searches at most 1 MiB of bytes, or encodes or decodes at most
//! 256 KiB of text, however long a line or a write is. Then the task lets others run, also
//! the timers and sockets of tokio, and goes on. Until the last part is done nothing is
//! consumed, and nothing is in the buffer. Calls that memory answers (a line, a seek, a
//! small write) spend tokio's budget, so a loop over them yields too. These are not
//! bounded: the drop of a result, the copy that [`write`](crate::write()) makes of borrowed
//! bytes before it returns (of a `Vec` or a `String` it makes none), the `String` or the
//! `String`s that a read of long text makes at its end, and an
//! [`InlineExecutor`](executor::InlineExecutor), which runs whole jobs on the task.
//!
//! # Errors
//!
//! An [`Error`] names operation and path, and keeps kind and errno. Write errors are kept:
//! the bytes that a failed flush could not write stay in the buffer, so flush again, and
//! do not write them again. If nobody waited for the flush, the next operation that
//! reports write errors returns the error.
//!
//! # Testing your code
//!
//! Write your functions for any [`TextFile<R>`](TextFile) or [`BinaryFile<R>`](BinaryFile),
//! and test them with files in memory: [`wrap`] makes a file of a `Cursor<Vec<u8>>`, or of
//! your own [`RawIo`] that fails when you want it to. With a
//! [`ManualExecutor`](executor::ManualExecutor) no job runs before you say so, so a test can
//! stop, drop or reorder operations at any point, without sleeping:
//!
//! ```
//! use aiofiles::executor::ManualExecutor;
//! use aiofiles::{RawIo, TextFile, wrap};
//! use futures::FutureExt;
//!
//! /// The function to test.
//! async fn title<R: RawIo>(file: &mut TextFile<R>) -> aiofiles::Result<String> {
//!     Ok(file.next_line().await?.unwrap_or_default().trim().to_owned())
//! }
//!
//! let jobs = ManualExecutor::new();
//! let memory = std::io::Cursor::new(b" Title \ntext".to_vec());
//! let opened = wrap(memory).text().executor(jobs.clone());
//! let mut file = futures::executor::block_on(opened)?;
//!
//! let mut first = Box::pin(title(&mut file));
//! assert!(first.as_mut().now_or_never().is_none(), "it waits for the read");
//! drop(first); // as a timeout does
//! assert_eq!(jobs.run_all(), 1);
//! // The bytes of the abandoned read are not lost.
//! assert_eq!(title(&mut file).now_or_never().unwrap()?, "Title");
//! # Ok::<(), aiofiles::Error>(())
//! ```
//!
//! To see which blocking calls your code makes, use an executor that
//! [wraps](executor::Job::wrap) its jobs: the example `trace` logs each job with its path,
//! its time in the queue and its duration.
//!
//! # Pitfalls
//!
//! - Close a file, or flush it, to learn whether it was written. A dropped file
//!   writes what it has buffered, on its executor and before the process ends (see
//!   [`executor`](executor#the-end-of-the-process)), but nobody can be told of an
//!   error. `std::process::exit` drops nothing.
//! - Sizes of text reads are in characters; a text position is opaque.
//! - Positional calls (`read_at`, `write_at`) bypass the buffer.
//! - A file remembers where its cursor is. If you move the cursor through another handle of
//!   the same open file, `seek` before you go on.
//! - Every function that takes a path copies it when the call is made. If you pass a guard
//!   such as a `TempPath` by value, it is dropped then, and its file is gone before the call
//!   runs: pass `open(&guard)`.
//! - A file as a `Stream` gives lines, as in Python. If you need a stream of bytes, for the
//!   body of a response (`Body::from_stream`), for instance, use
//!   [`into_chunks`](BinaryFile::into_chunks).
//! - Some arguments of Python's methods are keywords here: `read().size(10)`,
//!   `readline().size(n)`, `readlines().hint(n)`, `truncate().size(5)`,
//!   `mkdir(path).mode(0o700)`. For `read(10)` the compiler proposes to remove the argument;
//!   then it compiles, but reads everything.
//! - An open of a FIFO waits for its other end, on a thread of the executor.
//!
//! [aiofiles]: https://github.com/Tinche/aiofiles

#![forbid(unsafe_code)]

mod budget;
mod call;
pub mod codec;
mod delegate;
mod error;
pub mod executor;
pub mod file;
mod foreign;
mod futures_traits;
mod lazy;
#[cfg(all(test, model))]
mod model;
pub mod open;
pub mod os;
pub mod ospath;
pub mod raw_io;
#[cfg(feature = "tempfile")]
mod replace;
#[cfg(feature = "stdio")]
pub mod stdio;
mod sync;
mod sys;
#[cfg(feature = "tempfile")]
pub mod tempfile;
pub mod text;
mod timer;
mod whole;

#[doc(inline)]
pub use crate::call::Call;
#[doc(inline)]
pub use crate::delegate::{Delegate, delegate};
pub use crate::error::{Error, Result};
#[doc(inline)]
pub use crate::executor::{Executor, ThreadPoolExecutor, TokioExecutor};
#[doc(inline)]
pub use crate::file::{BinaryFile, File, RawFile, TextFile, TextPosition, TextSeek};
#[doc(inline)]
pub use crate::open::{AnyFile, Open, Wrap, open, wrap};
#[doc(inline)]
pub use crate::raw_io::RawIo;
#[cfg(feature = "stdio")]
#[doc(inline)]
pub use crate::stdio::{stderr, stderr_bytes, stdin, stdin_bytes, stdout, stdout_bytes};
pub use crate::whole::{
    Content, ReadFile, ReadToString, ReadToStringKeywords, WriteFile, copy, read, read_to_string,
    write,
};
#[cfg(feature = "tempfile")]
pub use crate::whole::{WriteAtomic, write_atomic};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
