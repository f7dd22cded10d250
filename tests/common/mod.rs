//! What the tests share: a folder, a random generator, streams in memory that come in
//! chunks or fail on demand, executors that count and such as do what no good one does.
//!
//! What stands beside this file and is no module of it, a test that wants it takes by its
//! path.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test binary uses a part of it; a test fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use aiofiles::Error;

mod cache;
mod chunks;
mod executors;
mod memory;
mod wavering;

#[allow(unused_imports, reason = "every test binary uses a part of them")]
pub(crate) use self::{cache::*, chunks::*, executors::*, memory::*, wavering::*};

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

/// SplitMix64: small, seedable, good enough to pick operations.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `n`, which is not 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// Once in `n` times.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// The value of an environment variable as a number.
pub(crate) fn variable(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} is no number")),
    )
}

/// Runs `future` on a current-thread tokio runtime.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Polls once, with a waker that does nothing.
pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Polls a future once and gives it up.
pub(crate) fn start_and_abandon<F: Future>(future: F) {
    drop(poll_once(std::pin::pin!(future)));
}

/// The descriptors of this process that are open on something below `dir`; 0 where
/// the system does not tell, which is everywhere but on Linux.
pub(crate) fn descriptors_below(dir: &Path) -> usize {
    let links = std::fs::read_dir("/proc/self/fd");
    assert!(links.is_ok() || !cfg!(target_os = "linux"));
    links
        .into_iter()
        .flatten()
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .filter(|target| target.starts_with(dir))
        .count()
}

/// How many reads bring `len` bytes into a buffer of `size` bytes, the end not
/// counted: the first asks for 32 KiB, each further one for twice as much.
pub(crate) fn refills(len: usize, size: usize) -> usize {
    let (mut chunk, mut got, mut reads) = (32 * 1024, 0, 0);
    while got < len {
        got += size.min(chunk);
        chunk *= 2;
        reads += 1;
    }
    reads
}

/// Reads what is on the disk.
pub(crate) fn on_disk(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

/// Whether the error is [`Error::Closed`].
pub(crate) fn is_closed<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Closed { .. }))
}

/// Whether the error is [`Error::Unsupported`].
pub(crate) fn is_unsupported<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Unsupported { .. }))
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
