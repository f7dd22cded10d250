//! Reads and writes at an offset: pread(2) and pwrite(2), on `&self`.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};

use super::core::Core;
use super::stream::SharedStream;
use super::work::LARGE;
use super::{Bytes, File};
use crate::budget;
use crate::delegate::{Blocking, Hop};
use crate::error::{Error, Result};
use crate::executor::Load;
use crate::raw_io::{RawIo, given};
use crate::sys::{nowait, retry};

mod write;

pub use self::write::WriteAt;

/// The most bytes that one job reads when they are copied to a buffer of the caller.
const PIECE: usize = 4 * 1024 * 1024;

/// What a positional call takes from its file. The call runs independently of the other
/// operations of the file, and goes on even if the file is dropped.
struct At<R> {
    /// The stream, or the error that the call fails with. `None` once that error was
    /// returned.
    stream: std::result::Result<SharedStream<R>, Option<Error>>,
    path: Option<Arc<Path>>,
    offset: u64,
    nowait: Option<bool>,
}

impl<R: RawIo> At<R> {
    fn new(core: &Core<R>, offset: u64, check: Result<()>) -> Self {
        let stream = check.and_then(|()| {
            core.stream()
                .cloned()
                .ok_or_else(|| core.closed_error("use"))
        });
        Self {
            stream: stream.map_err(Some),
            path: core.meta.name.clone(),
            offset,
            nowait: core.nowait_at(),
        }
    }

    fn stream(&mut self) -> Result<&SharedStream<R>> {
        match &mut self.stream {
            Ok(stream) => Ok(stream),
            Err(error) => Err(error.take().expect("a call fails once")),
        }
    }

    fn fail(&self, op: &'static str, mut error: io::Error) -> Error {
        if error.kind() == io::ErrorKind::NotSeekable {
            error = io::ErrorKind::Unsupported.into();
        }
        Error::os(op, self.path.as_deref(), error)
    }
}

/// The pending call of `read_at` and `read_exact_at`. It gives a `Result<Vec<u8>>`.
///
/// It borrows nothing, and runs at the same time as other operations of the file.
#[must_use = "a call does nothing unless you `.await` it"]
pub struct ReadAt<R>(Hop<Reading<R>, Vec<u8>>);

impl<R: RawIo> Future for ReadAt<R> {
    type Output = Result<Vec<u8>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<R> fmt::Debug for ReadAt<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadAt").field(&self.0).finish()
    }
}

struct Reading<R> {
    at: At<R>,
    len: usize,
    exact: bool,
    /// What was read so far: perhaps by a nowait read, then by the job.
    data: Vec<u8>,
    filled: usize,
}

impl<R: RawIo> Blocking for Reading<R> {
    type Output = Vec<u8>;

    fn load(&self) -> Load {
        Load {
            reads: self.len as u64,
            ..Load::default()
        }
    }

    fn op(&self) -> &'static str {
        "read"
    }

    fn path(&self) -> Option<&Arc<Path>> {
        self.at.path.as_ref()
    }

    fn run_nowait(&mut self, allowed: bool) -> Option<Result<Vec<u8>>> {
        let (offset, nowait) = (self.at.offset, self.at.nowait);
        let stream = match self.at.stream() {
            Ok(stream) => stream,
            Err(error) => return Some(Err(error)),
        };
        if self.len == 0 {
            return Some(Ok(Vec::new()));
        }
        let may = nowait.unwrap_or(allowed) && self.len <= nowait::MOST;
        let file = stream.file().filter(|_| may)?;
        let misses = stream.open_file().misses();
        if !misses.may_ask() {
            return None;
        }
        self.data = vec![0; self.len];
        if let nowait::Answer::Data(n) = nowait::read_at(file, &mut self.data, offset) {
            budget::copied(n);
            self.filled = n;
        }
        // If the page cache has only a part, a job is needed too, so that is a miss.
        misses.learn(self.filled == self.len);
        (self.filled == self.len).then(|| Ok(std::mem::take(&mut self.data)))
    }

    fn run(mut self) -> Result<Vec<u8>> {
        let offset = self.at.offset;
        let stream = self.at.stream()?.clone();
        self.reserve(stream.file())
            .map_err(|error| self.at.fail("read", error))?;
        while self.filled < self.len {
            let room = self.len.min(self.filled + LARGE) - self.data.len();
            if let Err(error) = self.data.try_reserve(room) {
                return Err(self.at.fail("read", error.into()));
            }
            self.data.resize(self.data.len() + room, 0);
            let at = offset.saturating_add(self.filled as u64);
            let rest = &mut self.data[self.filled..];
            let read = stream.with(|raw| retry(|| raw.read_at(rest, at)));
            match read.and_then(|n| given(n, rest.len())) {
                Ok(0) if self.exact => {
                    return Err(self.at.fail("read", io::ErrorKind::UnexpectedEof.into()));
                }
                Ok(0) => break,
                Ok(n) => self.filled += n,
                Err(error) => return Err(self.at.fail("read", error)),
            }
        }
        self.data.truncate(self.filled);
        Ok(self.data)
    }
}

impl<R> Reading<R> {
    /// If much is to be read, reserves memory for all that the file says it has behind the
    /// offset. So a read that does not fit into memory fails before anything is read.
    fn reserve(&mut self, file: Option<&Arc<std::fs::File>>) -> io::Result<()> {
        if self.len <= LARGE {
            return Ok(());
        }
        if let Some(metadata) = file.and_then(|file| file.metadata().ok()) {
            let rest = metadata.len().saturating_sub(self.at.offset);
            let rest = usize::try_from(rest).unwrap_or(usize::MAX).min(self.len);
            self.data
                .try_reserve_exact(rest.saturating_sub(self.data.len()))?;
        }
        Ok(())
    }
}

/// A call on the stream that runs at the same time as other operations of the file.
struct Beside<R, F> {
    at: At<R>,
    op: &'static str,
    run: F,
}

impl<R, T, F> Blocking for Beside<R, F>
where
    R: RawIo,
    T: Send + 'static,
    F: FnOnce(&mut dyn RawIo) -> io::Result<T> + Send + 'static,
{
    type Output = T;

    fn op(&self) -> &'static str {
        self.op
    }

    fn path(&self) -> Option<&Arc<Path>> {
        self.at.path.as_ref()
    }

    fn run(mut self) -> Result<T> {
        let stream = self.at.stream()?.clone();
        stream
            .with(self.run)
            .map_err(|error| self.at.fail(self.op, error))
    }
}

impl<R: RawIo> Core<R> {
    /// Runs `f` on the stream, after the writes that were given to the file before, but at
    /// the same time as its other operations.
    pub(super) async fn beside<T, F>(&self, op: &'static str, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn RawIo) -> io::Result<T> + Send + 'static,
    {
        poll_fn(|cx| self.poll_written(cx, op)).await?;
        let at = At::new(self, 0, self.check_open(op));
        self.hop(Beside { at, op, run: f }).await
    }

    /// Takes the error of a sync whose caller has gone. The system reports such an error
    /// only once, so it was kept.
    pub(super) fn take_failed_sync(&self, op: &'static str) -> Option<Error> {
        let error = self.out.take_failed_sync()?;
        Some(Error::os(op, self.path(), error))
    }

    /// A sync at the same time as everything else. Its error is kept until somebody was
    /// told of it: the caller, or if that has gone, the next sync or the close.
    pub(super) async fn sync_beside(
        &self,
        sync: impl FnOnce(&mut dyn RawIo) -> io::Result<()> + Send + 'static,
    ) -> Result<()> {
        if let Some(error) = self.take_failed_sync("sync") {
            return Err(error);
        }
        let slot = self.out.failed_sync().clone();
        let synced = self.beside("sync", move |raw| {
            sync(raw).inspect_err(|error| {
                let copy = match error.raw_os_error() {
                    Some(code) => io::Error::from_raw_os_error(code),
                    None => error.kind().into(),
                };
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(copy);
            })
        });
        synced.await.inspect_err(|_| {
            // The caller is told of it now.
            drop(self.take_failed_sync("sync"));
        })
    }

    /// As [`beside`](Self::beside), on the file behind the stream.
    pub(super) async fn beside_file<T: Send + 'static>(
        &self,
        op: &'static str,
        f: impl FnOnce(&std::fs::File) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.beside(op, |raw| match raw.as_file() {
            Some(file) => f(file),
            None => Err(io::ErrorKind::Unsupported.into()),
        })
        .await
    }

    pub(super) fn read_at(&self, offset: u64, len: usize, exact: bool) -> ReadAt<R> {
        let at = At::new(self, offset, self.check_readable("read"));
        self.read_from(at, len, exact)
    }

    fn read_from(&self, at: At<R>, len: usize, exact: bool) -> ReadAt<R> {
        ReadAt(self.hop(Reading {
            at,
            len,
            exact,
            data: Vec::new(),
            filled: 0,
        }))
    }

    /// Makes a call that runs on the executor of the file.
    fn hop<B: Blocking>(&self, blocking: B) -> Hop<B, B::Output> {
        Hop::new(blocking).on(self.executor_if_settled().cloned())
    }
}

impl<K: Bytes, R: RawIo> File<K, R> {
    /// Reads `len` bytes at `offset`, fewer only at the end of the file; gives a `Vec<u8>`.
    /// The position does not move. Any number of such calls may run at the same time. The
    /// call bypasses the buffer: flush first to see your own buffered writes. See pread(2).
    ///
    /// # Cancel safety
    ///
    /// A dropped call has changed nothing.
    ///
    /// # Errors
    ///
    /// Those of the system; `Unsupported` if the file is not open for reading or the stream
    /// cannot seek; `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, b"0123456789").unwrap();
    /// let file = aiofiles::open(&path).binary().await?;
    /// // Side by side, on one `&file`.
    /// let (a, b) = futures::try_join!(file.read_at(2, 3), file.read_at(8, 100))?;
    /// assert_eq!((a.as_slice(), b.as_slice()), (&b"234"[..], &b"89"[..]));
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias("pread", "seek_read"))]
    pub fn read_at(&self, offset: u64, len: usize) -> ReadAt<R> {
        self.core().read_at(offset, len, false)
    }

    /// As [`read_at`](Self::read_at), but fewer bytes than `len` are an error.
    ///
    /// # Cancel safety
    ///
    /// A dropped call has changed nothing.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the file ends before; otherwise as [`read_at`](Self::read_at).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, b"0123456789").unwrap();
    /// let file = aiofiles::open(&path).binary().await?;
    /// assert_eq!(file.read_exact_at(4, 2).await?, b"45");
    /// let error = file.read_exact_at(9, 2).await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn read_exact_at(&self, offset: u64, len: usize) -> ReadAt<R> {
        self.core().read_at(offset, len, true)
    }

    /// As [`read_at`](Self::read_at), but fills `buf` and returns the number of bytes,
    /// which is less than its length only at the end of the file.
    ///
    /// # Cancel safety
    ///
    /// A dropped call has not changed the file; `buf` may hold anything.
    ///
    /// # Errors
    ///
    /// As [`read_at`](Self::read_at).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, b"0123456789").unwrap();
    /// let file = aiofiles::open(&path).binary().await?;
    /// let mut buf = [0; 4];
    /// assert_eq!(file.readinto_at(7, &mut buf).await?, 3);
    /// assert_eq!(&buf[..3], b"789");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub async fn readinto_at(&self, offset: u64, buf: &mut [u8]) -> Result<usize> {
        let asked = self.core().read_at_nowait(offset, buf);
        if let Some(nowait::Answer::Data(n)) = asked {
            poll_fn(budget::poll_spend).await;
            return Ok(n);
        }
        // Read in pieces, so that memory for a second copy of all the bytes is neither needed
        // nor freed here, which takes milliseconds.
        let core = self.core();
        let mut filled = 0;
        loop {
            let end = buf.len().min(filled + PIECE);
            let piece = &mut buf[filled..end];
            let from = offset.saturating_add(filled as u64);
            let mut at = At::new(core, from, core.check_readable("read"));
            if asked.is_some() {
                at.nowait = Some(false);
            }
            let data = core.read_from(at, piece.len(), false).await?;
            let mut done = 0;
            poll_fn(|cx| budget::poll_copy(cx, &data, piece, &mut done)).await;
            filled += data.len();
            if filled < end || end == buf.len() {
                return Ok(filled);
            }
        }
    }

    /// Writes at `offset` with one system call and gives the number of bytes that the
    /// system took, perhaps not all. The position does not move. The call bypasses the
    /// buffer. See pwrite(2): if the file was opened to append, it appends, whatever the
    /// offset.
    ///
    /// # Cancel safety
    ///
    /// A call that is dropped before all of `data` was copied has written nothing. A write
    /// that has begun is completed.
    ///
    /// # Errors
    ///
    /// Those of the system; `Unsupported` if the file is not open for writing or the stream
    /// cannot seek; `Closed`.
    #[doc(alias("pwrite", "seek_write"))]
    pub fn write_at<'a>(&self, offset: u64, data: &'a [u8]) -> WriteAt<'a, R> {
        self.core().write_at(offset, Vec::new(), Some(data), false)
    }

    /// As [`write_at`](Self::write_at), but writes all of `data`, with as many system calls
    /// as that takes.
    ///
    /// `data` is copied first, in several polls if it is long.
    /// [`write_owned_at`](Self::write_owned_at) makes no copy and borrows nothing.
    ///
    /// # Cancel safety
    ///
    /// A call that is dropped before all of `data` was copied has written nothing. A write
    /// that has begun is completed.
    ///
    /// # Errors
    ///
    /// As [`write_at`](Self::write_at); a part of the data may have been written.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let file = aiofiles::open(&path).binary().mode("w").await?;
    /// futures::try_join!(file.write_all_at(3, b"def"), file.write_all_at(0, b"abc"))?;
    /// assert_eq!(std::fs::read(&path).unwrap(), b"abcdef");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn write_all_at<'a>(&self, offset: u64, data: &'a [u8]) -> WriteAt<'a, R> {
        self.core().write_at(offset, Vec::new(), Some(data), true)
    }

    /// As [`write_all_at`](Self::write_all_at), but without a copy of the data.
    ///
    /// # Cancel safety
    ///
    /// A write that has begun is completed.
    ///
    /// # Errors
    ///
    /// As [`write_at`](Self::write_at); a part of the data may have been written.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let file = aiofiles::open(&path).binary().mode("w").await?;
    /// let piece = vec![7; 4 << 20];
    /// assert_eq!(file.write_owned_at(100, piece).await?, 4 << 20);
    /// assert_eq!(std::fs::metadata(&path).unwrap().len(), 100 + (4 << 20));
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn write_owned_at(&self, offset: u64, data: Vec<u8>) -> WriteAt<'static, R> {
        self.core().write_at(offset, data, None, true)
    }
}
