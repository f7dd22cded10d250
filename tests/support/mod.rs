//! What the feature tests share: a folder, executors that count, streams that chunk.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test binary uses a part of it; a test fails by panicking"
)]

use std::future::Future;
use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use aiofiles::executor::{Executor, InlineExecutor, Job, Refused};
use aiofiles::{Error, RawIo};

/// Runs `future` on a current-thread tokio runtime.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Polls `future` once, with a waker that does nothing.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(std::task::Waker::noop()))
}

/// A temporary folder.
pub(crate) struct Dir(tempfile::TempDir);

impl Dir {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The path of `name` in it; nothing is made.
    pub(crate) fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file of it with these contents.
    pub(crate) fn file(&self, name: &str, data: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        std::fs::write(&path, data).unwrap();
        path
    }
}

/// Whether the error is [`Error::Closed`].
pub(crate) fn is_closed<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Closed { .. }))
}

/// Whether the error is [`Error::Unsupported`].
pub(crate) fn is_unsupported<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Unsupported { .. }))
}

/// Runs jobs in place and notes their verbs.
#[derive(Clone, Default)]
pub(crate) struct Counting(Arc<Mutex<Vec<&'static str>>>);

impl Counting {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// How many jobs there were since the last call.
    pub(crate) fn take(&self) -> usize {
        self.ops().len()
    }

    /// The verbs of the jobs since the last call.
    pub(crate) fn ops(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Executor for Counting {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        self.0.lock().unwrap().push(job.op());
        InlineExecutor.execute(job)
    }
}

/// Bytes in memory that come and go in chunks, and counts of the calls.
#[derive(Clone, Default)]
pub(crate) struct Chunks(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    data: Vec<u8>,
    at: usize,
    /// The sizes of the next reads; then `chunk`.
    sizes: Vec<usize>,
    chunk: usize,
    seekable: bool,
    reads: usize,
    writes: usize,
}

impl Chunks {
    /// At most `chunk` bytes a call.
    pub(crate) fn new(data: impl Into<Vec<u8>>, chunk: usize) -> Self {
        let data = data.into();
        Self(Arc::new(Mutex::new(Inner {
            data,
            chunk,
            seekable: true,
            ..Inner::default()
        })))
    }

    /// The first reads give so many bytes each.
    pub(crate) fn sizes(self, sizes: &[usize]) -> Self {
        self.0.lock().unwrap().sizes = sizes.to_vec();
        self
    }

    /// As a pipe: it cannot seek.
    pub(crate) fn pipe(self) -> Self {
        self.0.lock().unwrap().seekable = false;
        self
    }

    pub(crate) fn data(&self) -> Vec<u8> {
        self.0.lock().unwrap().data.clone()
    }

    /// What somebody else appends.
    pub(crate) fn push(&self, data: &[u8]) {
        self.0.lock().unwrap().data.extend_from_slice(data);
    }

    /// How often it was read and written.
    pub(crate) fn calls(&self) -> (usize, usize) {
        let inner = self.0.lock().unwrap();
        (inner.reads, inner.writes)
    }
}

impl RawIo for Chunks {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut inner = self.0.lock().unwrap();
        inner.reads += 1;
        let most = if inner.sizes.is_empty() {
            inner.chunk
        } else {
            inner.sizes.remove(0)
        };
        let at = inner.at.min(inner.data.len());
        let n = most.min(buf.len()).min(inner.data.len() - at);
        buf[..n].copy_from_slice(&inner.data[at..at + n]);
        inner.at += n;
        Ok(n)
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let mut inner = self.0.lock().unwrap();
        inner.writes += 1;
        let n = buf.len().min(inner.chunk);
        let at = inner.at;
        if inner.data.len() < at + n {
            inner.data.resize(at + n, 0);
        }
        inner.data[at..at + n].copy_from_slice(&buf[..n]);
        inner.at += n;
        Ok(n)
    }

    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        let mut inner = self.0.lock().unwrap();
        if !inner.seekable {
            return Err(io::ErrorKind::NotSeekable.into());
        }
        let to = match pos {
            SeekFrom::Start(to) => i64::try_from(to).map_err(|_| io::ErrorKind::InvalidInput)?,
            SeekFrom::Current(by) => inner.at as i64 + by,
            SeekFrom::End(by) => inner.data.len() as i64 + by,
        };
        inner.at = usize::try_from(to).map_err(|_| io::ErrorKind::InvalidInput)?;
        Ok(inner.at as u64)
    }

    fn truncate(&mut self, size: u64) -> io::Result<()> {
        let size = usize::try_from(size).unwrap();
        self.0.lock().unwrap().data.resize(size, 0);
        Ok(())
    }
}

/// A number that only grows, shared.
#[derive(Clone, Default)]
pub(crate) struct Count(Arc<AtomicUsize>);

impl Count {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}
