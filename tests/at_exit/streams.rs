//! Streams that are in the middle of a call when `main` returns.

use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use aiofiles::{RawIo, ThreadPoolExecutor};
use futures::executor::block_on;

use super::common::poll_once;
use super::content;

/// A stream that neither ends nor gives anything; it tells of each read that begins.
/// What is written to it goes to a file.
struct Silent(std::fs::File, Sender<()>);

impl RawIo for Silent {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        self.1.send(()).unwrap();
        loop {
            std::thread::park();
        }
    }

    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        std::io::Write::write(&mut self.0, buf)
    }

    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        std::io::Seek::seek(&mut self.0, to)
    }

    fn seekable(&mut self) -> bool {
        true
    }

    fn readable(&self) -> bool {
        true
    }

    fn writable(&self) -> bool {
        true
    }
}

/// A read that never ends, behind a write: the end of `main` waits for the write
/// and not for the read.
pub(crate) fn read_for_ever(dir: &Path) {
    let file = std::fs::File::create(dir.join("0")).unwrap();
    let pool = ThreadPoolExecutor::new(1);
    let (begun, begins) = channel();
    let made = aiofiles::wrap(Silent(file, begun))
        .mode("r+")
        .executor(pool);
    let mut file = block_on(made.into_future()).unwrap();
    block_on(file.write(&content(0))).unwrap();
    assert!(poll_once(std::pin::pin!(file.read())).is_none());
    begins.recv().unwrap();
}

/// A stream that takes its time to write, and tells when it begins to. Nothing is behind
/// what was written.
struct Slow(std::fs::File, Sender<()>);

impl RawIo for Slow {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Ok(0)
    }

    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        self.1.send(()).unwrap();
        // `main` has returned long before.
        std::thread::sleep(Duration::from_millis(300));
        std::io::Write::write(&mut self.0, buf)
    }

    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        std::io::Seek::seek(&mut self.0, to)
    }

    fn seekable(&mut self) -> bool {
        true
    }

    fn readable(&self) -> bool {
        true
    }

    fn writable(&self) -> bool {
        true
    }
}

/// A file that goes while its job writes: the end of `main` waits for that.
pub(crate) fn write_slowly(dir: &Path) {
    let file = std::fs::File::create(dir.join("0")).unwrap();
    let pool = ThreadPoolExecutor::new(1);
    let (begun, begins) = channel();
    let made = aiofiles::wrap(Slow(file, begun)).mode("r+").executor(pool);
    let mut file = block_on(made.into_future()).unwrap();
    let content = content(0);
    let (first, second) = content.split_at(2);
    // That an earlier write has come to its end, and nobody need wait for a read, says
    // nothing of this one.
    block_on(async {
        file.write(first).await.unwrap();
        file.flush().await.unwrap();
        assert_eq!(file.read().await.unwrap(), b"");
        file.write(second).await.unwrap();
    });
    begins.recv().unwrap();
    assert!(poll_once(std::pin::pin!(file.flush())).is_none());
    begins.recv().unwrap();
}
