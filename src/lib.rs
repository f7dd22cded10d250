//! Async file I/O: a port of Python's [aiofiles], with the whole text layer of
//! Python's `open`.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! # let dir = tempfile::tempdir().unwrap();
//! # let path = dir.path().join("notes.txt");
//! let mut file = aiofiles::open(&path).mode("w").await?;
//! file.write("one\ntwo\n").await?;
//! file.close().await?;
//!
//! let mut lines = aiofiles::open(&path).await?;
//! while let Some(line) = lines.next_line().await? {
//!     assert!(line == "one" || line == "two"); // &str, no allocation
//! }
//! # Ok::<(), aiofiles::Error>(()) }).unwrap();
//! ```
//!
//! # Call, keyword arguments, await
//!
//! Python's keyword arguments are methods on the pending call, under the same
//! names; `.await` runs it. A pending call does nothing before its first poll.
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
//! | text that comes out of a child process, a socket, a decompressor or a body, or goes there | [`text::reader`] and [`text::writer`] |
//! | bytes, buffered, with the I/O traits of tokio and futures | [`open(..).binary()`](Open::binary): [`BinaryFile`] |
//! | one system call for one operation | [`open(..).raw()`](Open::raw): [`RawFile`] |
//! | the kind decided at run time by a mode string | [`open(..).any()`](Open::any): [`AnyFile`] |
//! | a file over an open descriptor, a buffer in memory or a mock | [`wrap`] and [`RawIo`] |
//! | a whole file at once, in one hop | [`read`], [`read_to_string`], [`write()`], [`write_atomic`], [`copy`] |
//! | content that takes the place of a file's, whole, once it is complete | [`tempfile::atomic_file`] |
//! | folders, links, metadata, trees | [`os`] and [`ospath`] |
//! | files and folders that go away | [`tempfile`] |
//! | the standard streams | [`stdio`] |
//! | any other blocking call | [`delegate`] |
//! | to choose, bound, watch or step what runs the blocking calls | [`executor`] |
//!
//! # Text
//!
//! A [`TextFile`] is Python's: UTF-8 unless `.encoding(..)` says otherwise (never
//! what the locale says), every line end read as `\n` unless `.newline(..)` does,
//! and text that is not in the encoding an error, unless `.errors(..)` replaces it.
//! Sizes are in characters, and a position is opaque: it comes from
//! [`tell`](TextFile::tell) and goes to [`seek`](TextFile::seek). `next_line` lends
//! a line without its end; `readline` and the file as a `Stream` keep the end, as in
//! Python. Which encodings, policies and line ends there are: [`codec`].
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
//! Blocking calls run on an [`Executor`]: tokio's `spawn_blocking` unless you say
//! otherwise, per call (`.executor(..)`) or once ([`executor::set_default`]). With
//! a [`ThreadPoolExecutor`] the crate needs no runtime at all. A file keeps its
//! executor for all it does, its drop included; only where nobody chose one, and the
//! runtime that it was used in first is gone, it goes on with that of the next call.
//! One user-level operation is one
//! job; what the buffer can serve takes none, and on Linux a read that the page
//! cache can serve takes none either (see [`Executor::allows_nowait`]).
//!
//! # Cancellation
//!
//! Dropping any pending operation leaves a working file. Bytes that an abandoned
//! read has read are returned by the next one; an abandoned `write` has either not
//! begun or is complete in the buffer; the next operation waits for the abandoned
//! one, so nothing overtakes it. `select!` and timeouts need no care.
//!
//! # Fairness
//!
//! One poll copies or searches 1 MiB of bytes at the most, or encodes or decodes
//! 256 KiB of text, however long a line or a write is; then the task lets others run,
//! the timers and sockets of tokio included, and goes on. Until the last share is
//! done nothing is consumed, and nothing is in the buffer. Calls that memory answers
//! (a line, a seek, a small write) spend tokio's budget, so a loop over them yields
//! too. What this cannot bound: the drop of what a call gave you, the copy that
//! [`write`](crate::write()) makes of borrowed bytes before it returns (of a `Vec` or a
//! `String` it makes none), the `String`s or the
//! `String` that a read of long text gives at its end, and an
//! [`InlineExecutor`](executor::InlineExecutor), which runs whole jobs on the task.
//!
//! # Errors
//!
//! An [`Error`] names operation and path, and keeps kind and errno. Write errors
//! are kept: what a failed flush could not write stays in the buffer, the error
//! comes with the next operation that reports write errors if nobody waited for
//! it, and flushing again tries again: do not write them again.
//!
//! # Testing your code
//!
//! Write your functions over [`TextFile<R>`](TextFile) or [`BinaryFile<R>`](BinaryFile)
//! and give them memory: [`wrap`] makes a file of a `Cursor<Vec<u8>>`, or of a
//! [`RawIo`] of yours that fails when you like. With a
//! [`ManualExecutor`](executor::ManualExecutor) no job runs before you say so, so a
//! test can stop, drop or reorder things at any point, without sleeping:
//!
//! ```
//! use aiofiles::executor::ManualExecutor;
//! use aiofiles::{RawIo, TextFile, wrap};
//! use futures::FutureExt;
//!
//! /// What is tested.
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
//! // What the abandoned read brought is not lost.
//! assert_eq!(title(&mut file).now_or_never().unwrap()?, "Title");
//! # Ok::<(), aiofiles::Error>(())
//! ```
//!
//! To see which blocking calls your code makes, [wrap](executor::Job::wrap) them: the
//! example `trace` logs each with its path, its wait and its duration.
//!
//! # Pitfalls
//!
//! - Close a file, or flush it, to learn whether it was written. A dropped file
//!   writes what it has buffered, on its executor and before the process ends (see
//!   [`executor`](executor#the-end-of-the-process)), but nobody can be told of an
//!   error. `std::process::exit` drops nothing.
//! - Sizes of text reads are in characters; a text position is opaque.
//! - Positional calls (`read_at`, `write_at`) bypass the buffer.
//! - Where the cursor is, is remembered. Who moves it by another handle of the
//!   same open file must `seek` before going on.
//! - A path is copied when a call is made, by every function that takes one. A guard
//!   that is given by value, as a `TempPath`, is dropped then, and its file is gone
//!   before the call runs: lend it (`open(&guard)`).
//! - A file as a `Stream` gives lines, as in Python. What wants the bytes, such as the
//!   body of a response (`Body::from_stream`), takes
//!   [`into_chunks`](BinaryFile::into_chunks).
//! - What takes an argument in Python may take a keyword here, and the compiler only says
//!   that there is an argument too many: `read().size(10)`, `readline().size(n)`,
//!   `readlines().hint(n)`, `truncate().size(5)`, `mkdir(path).mode(0o700)`. To remove the
//!   argument, as it proposes, is to read or cut off something else.
//! - Opening a FIFO waits for its other end on a thread of the executor.
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
