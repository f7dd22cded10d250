//! What the tests of cancellation, faults, executors, drops and load share: a
//! random generator, a stream in memory that fails on demand, and executors
//! that do what no good executor does.

#![allow(dead_code, reason = "every test binary uses a part of it")]

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

mod cache;
mod executors;
mod memory;
mod wavering;

#[allow(unused_imports, reason = "every test binary uses a part of them")]
pub(crate) use self::{cache::*, executors::*, memory::*, wavering::*};

/// A temporary directory, removed at the end of the test.
pub(crate) struct Dir(tempfile::TempDir);

impl Dir {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
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
