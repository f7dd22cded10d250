//! A file whose kind is decided at run time.

use std::fs::{FileTimes, Metadata, Permissions};
use std::io::{self, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::file::core::{Core, Started};
use crate::file::pending::Truncating;
use crate::file::source::sealed::Sealed;
use crate::file::{BinaryFile, NotGivenUp, RawFile, TextFile, TextPosition, TextSeek, Truncate};
use crate::raw_io::RawIo;

/// Calls the same method on the file, whatever its kind.
macro_rules! each {
    ($any:expr, $file:ident => $call:expr) => {
        match $any {
            AnyFile::Text($file) => $call,
            AnyFile::Binary($file) => $call,
            AnyFile::Raw($file) => $call,
        }
    };
}

mod std_file;

/// A file whose kind was decided at run time, by the mode string and by
/// `.buffering(0)`: what Python's `open` returns.
///
/// It has the methods that the three kinds have in common. To read and to write, which
/// differ by kind, `match` on it.
///
/// # Examples
///
/// ```
/// use aiofiles::AnyFile;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let dir = tempfile::tempdir().unwrap();
/// let path = dir.path().join("data");
/// std::fs::write(&path, "text").unwrap();
/// for (mode, is_text) in [("r", true), ("rb", false)] {
///     match aiofiles::open(&path).any().mode(mode).await? {
///         AnyFile::Text(mut file) => assert!(is_text && file.read().await? == "text"),
///         AnyFile::Binary(mut file) => assert!(!is_text && file.read().await? == b"text"),
///         AnyFile::Raw(_) => unreachable!("that takes `.buffering(0)`"),
///     }
/// }
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "a file is moved rarely; a box would cost each open"
)]
pub enum AnyFile<R: RawIo = std::fs::File> {
    /// A mode without `b`.
    Text(TextFile<R>),
    /// A mode with `b`.
    Binary(BinaryFile<R>),
    /// A mode with `b`, and `.buffering(0)`.
    Raw(RawFile<R>),
}

impl<R: RawIo> AnyFile<R> {
    /// Says whether the file is a terminal. Answered from memory.
    #[must_use]
    pub fn isatty(&self) -> bool {
        each!(self, file => file.isatty())
    }

    /// Says whether the file was opened for reading.
    #[must_use]
    pub fn readable(&self) -> bool {
        each!(self, file => file.readable())
    }

    /// Says whether the file was opened for writing.
    #[must_use]
    pub fn writable(&self) -> bool {
        each!(self, file => file.writable())
    }

    /// Says whether the file can seek. Answered from memory.
    #[must_use]
    pub fn seekable(&self) -> bool {
        each!(self, file => file.seekable())
    }

    /// Says whether the file is closed (or a close has begun).
    #[must_use]
    pub fn closed(&self) -> bool {
        each!(self, file => file.closed())
    }

    /// Returns the path as it was given; `None` for a file that was not
    /// opened by path.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::open(&path).any().mode("w").await?;
    /// file.close().await?;
    /// assert_eq!(file.name(), Some(path.as_path()));
    /// assert!(aiofiles::wrap(std::io::Cursor::new(vec![])).any().await?.name().is_none());
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&Path> {
        each!(self, file => file.name())
    }

    /// Returns the executor that the file's blocking calls run on; `None`
    /// before the first operation of a file that was made without one.
    #[must_use]
    pub fn executor(&self) -> Option<Arc<dyn Executor>> {
        each!(self, file => file.executor())
    }
}

impl<R: RawIo> AnyFile<R> {
    /// Returns the mode, as the file of that kind names it.
    #[must_use]
    pub fn mode(&self) -> &str {
        each!(self, file => file.mode())
    }

    /// Closes the file; see [`TextFile::close`].
    ///
    /// # Cancel safety
    ///
    /// Once begun, the close goes on.
    ///
    /// # Errors
    ///
    /// As [`TextFile::close`].
    pub async fn close(&mut self) -> Result<()> {
        each!(self, file => file.close().await)
    }

    /// Writes what is buffered; see [`TextFile::flush`].
    ///
    /// # Cancel safety
    ///
    /// Goes on if dropped.
    ///
    /// # Errors
    ///
    /// As [`TextFile::flush`].
    pub async fn flush(&mut self) -> Result<()> {
        each!(self, file => file.flush().await)
    }

    /// Returns the position: for bytes the offset, for text what [`TextFile::tell`]
    /// returns. Python: `tell`.
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, nothing is lost.
    ///
    /// # Errors
    ///
    /// As [`TextFile::tell`].
    pub async fn tell(&mut self) -> Result<TextPosition> {
        match self {
            Self::Text(file) => file.tell().await,
            Self::Binary(file) => file.tell().await.map(TextPosition::of_bytes),
            Self::Raw(file) => file.tell().await.map(TextPosition::of_bytes),
        }
    }

    /// Moves to a position that [`tell`](Self::tell) returned, or to one counted from the
    /// start, the end or the current position; returns the new position. A text file
    /// accepts only what [`TextFile::seek`] accepts. Python: `seek`.
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, the position is the old one or the new one.
    ///
    /// # Errors
    ///
    /// As [`TextFile::seek`]; for a file of bytes also `InvalidArgument`, for a text
    /// position that is not at a byte offset but within the text of a decoder.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// use std::io::SeekFrom;
    ///
    /// std::fs::write(&path, "0123456789").unwrap();
    /// for mode in ["r", "rb"] {
    ///     let mut file = aiofiles::open(&path).any().mode(mode).await?;
    ///     let start = file.tell().await?;
    ///     let end = file.seek(SeekFrom::End(0)).await?;
    ///     assert_eq!(end.to_string(), "10");
    ///     file.seek(start).await?;
    ///     assert_eq!(file.tell().await?, start);
    /// }
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub async fn seek(&mut self, to: impl Into<TextSeek>) -> Result<TextPosition> {
        let to = to.into();
        match self {
            Self::Text(file) => file.seek(to).await,
            Self::Binary(file) => {
                let to = offset(to, file.name())?;
                file.seek(to).await.map(TextPosition::of_bytes)
            }
            Self::Raw(file) => {
                let to = offset(to, file.name())?;
                file.seek(to).await.map(TextPosition::of_bytes)
            }
        }
    }

    /// Sets the size to the position, or to `.size(n)` bytes, and returns it; the position
    /// does not move. See [`TextFile::truncate`]. Python: `truncate`.
    ///
    /// # Cancel safety
    ///
    /// Once begun, it goes on.
    ///
    /// # Errors
    ///
    /// As [`TextFile::truncate`].
    pub fn truncate(&mut self) -> Truncate<'_, Self> {
        Truncate::new(self)
    }

    /// Sets the size of the file in bytes; see [`TextFile::set_len`].
    ///
    /// # Cancel safety
    ///
    /// Once begun, it goes on.
    ///
    /// # Errors
    ///
    /// As [`TextFile::set_len`].
    pub async fn set_len(&mut self, size: u64) -> Result<()> {
        each!(self, file => file.set_len(size).await)
    }

    /// Brings contents and metadata to the device; see [`TextFile::sync_all`] and, for a
    /// raw file, [`RawFile::sync_all`].
    ///
    /// # Cancel safety
    ///
    /// Once begun, it goes on.
    ///
    /// # Errors
    ///
    /// As [`TextFile::sync_all`].
    pub async fn sync_all(&mut self) -> Result<()> {
        each!(self, file => file.sync_all().await)
    }

    /// Brings contents to the device; as [`sync_all`](Self::sync_all) otherwise.
    ///
    /// # Cancel safety
    ///
    /// As [`sync_all`](Self::sync_all).
    ///
    /// # Errors
    ///
    /// As [`sync_all`](Self::sync_all).
    pub async fn sync_data(&mut self) -> Result<()> {
        each!(self, file => file.sync_data().await)
    }

    /// Returns the metadata of the file; see [`TextFile::metadata`].
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, nothing is lost.
    ///
    /// # Errors
    ///
    /// As [`TextFile::metadata`].
    pub async fn metadata(&mut self) -> Result<Metadata> {
        each!(self, file => file.metadata().await)
    }

    /// Sets the permissions of the file; see [`TextFile::set_permissions`].
    ///
    /// # Cancel safety
    ///
    /// Once begun, it goes on.
    ///
    /// # Errors
    ///
    /// As [`TextFile::set_permissions`].
    pub async fn set_permissions(&mut self, permissions: Permissions) -> Result<()> {
        each!(self, file => file.set_permissions(permissions).await)
    }

    /// Sets the times of the file; see [`TextFile::set_times`].
    ///
    /// # Cancel safety
    ///
    /// Once begun, it goes on.
    ///
    /// # Errors
    ///
    /// As [`TextFile::set_times`].
    pub async fn set_times(&mut self, times: FileTimes) -> Result<()> {
        each!(self, file => file.set_times(times).await)
    }

    /// Takes an exclusive lock on the file; see [`TextFile::lock`].
    ///
    /// # Cancel safety
    ///
    /// As [`TextFile::lock`].
    ///
    /// # Errors
    ///
    /// As [`TextFile::lock`].
    pub async fn lock(&mut self) -> Result<()> {
        each!(self, file => file.lock().await)
    }

    /// Takes a shared lock on the file; see [`TextFile::lock_shared`].
    ///
    /// # Cancel safety
    ///
    /// As [`TextFile::lock`].
    ///
    /// # Errors
    ///
    /// As [`TextFile::lock`].
    pub async fn lock_shared(&mut self) -> Result<()> {
        each!(self, file => file.lock_shared().await)
    }

    /// Takes an exclusive lock if that needs no waiting; see [`TextFile::try_lock`].
    ///
    /// # Cancel safety
    ///
    /// As [`TextFile::lock`].
    ///
    /// # Errors
    ///
    /// As [`TextFile::lock`].
    pub async fn try_lock(&mut self) -> Result<bool> {
        each!(self, file => file.try_lock().await)
    }

    /// Takes a shared lock if that needs no waiting; see
    /// [`TextFile::try_lock_shared`].
    ///
    /// # Cancel safety
    ///
    /// As [`TextFile::lock`].
    ///
    /// # Errors
    ///
    /// As [`TextFile::lock`].
    pub async fn try_lock_shared(&mut self) -> Result<bool> {
        each!(self, file => file.try_lock_shared().await)
    }

    /// Releases the lock, after a flush; see [`TextFile::unlock`].
    ///
    /// # Cancel safety
    ///
    /// Goes on if dropped.
    ///
    /// # Errors
    ///
    /// As [`TextFile::unlock`].
    pub async fn unlock(&mut self) -> Result<()> {
        each!(self, file => file.unlock().await)
    }

    /// Runs any number of blocking calls on the stream in one hop; see
    /// [`TextFile::batch`].
    ///
    /// # Cancel safety
    ///
    /// Once begun it goes on to its end; its value is dropped.
    ///
    /// # Errors
    ///
    /// As [`TextFile::batch`].
    pub async fn batch<T, F>(&mut self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut R) -> io::Result<T> + Send + 'static,
    {
        each!(self, file => file.batch(f).await)
    }

    /// Writes what is buffered and gives the stream back; see [`TextFile::into_raw`].
    ///
    /// # Cancel safety
    ///
    /// Owns the file: dropped midway, it is as if the file was dropped.
    ///
    /// # Errors
    ///
    /// As [`TextFile::into_raw`]: the file comes back with the error.
    pub async fn into_raw(self) -> Result<R, NotGivenUp<Self>> {
        match self {
            Self::Text(file) => file.into_raw().await.map_err(|e| e.map(Self::Text)),
            Self::Binary(file) => file.into_raw().await.map_err(|e| e.map(Self::Binary)),
            Self::Raw(file) => file.into_raw().await.map_err(|e| e.map(Self::Raw)),
        }
    }

    pub(super) fn core(&self) -> &Core<R> {
        each!(self, file => file.core())
    }

    pub(super) fn descend(&mut self) -> &mut Core<R> {
        each!(self, file => file.descend())
    }
}

/// Turns a seek of a text position into one of a file of bytes.
fn offset(to: TextSeek, path: Option<&Path>) -> Result<SeekFrom> {
    match to {
        TextSeek::From(from) => Ok(from),
        TextSeek::Position(position) => {
            position
                .bytes()
                .map(SeekFrom::Start)
                .ok_or_else(|| Error::InvalidArgument {
                    op: "seek",
                    path: path.map(Path::to_owned),
                    reason: "a file of bytes has no positions within what is decoded".to_owned(),
                })
        }
    }
}

impl<R: RawIo> Sealed for AnyFile<R> {}

impl<R: RawIo> Truncating for AnyFile<R> {
    fn poll_truncate(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<u64>,
        started: &mut Started,
    ) -> Poll<Result<u64>> {
        each!(self, file => file.poll_truncate(cx, size, started))
    }
}
