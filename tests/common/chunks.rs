//! A stream in memory that gives and takes its bytes in chunks, and counts the calls.

use std::io::{self, SeekFrom};
use std::sync::{Arc, Mutex};

use aiofiles::RawIo;

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
