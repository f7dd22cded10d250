//! Streams that are in the middle of a call when `main` returns.

use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use aiofiles::{RawIo, ThreadPoolExecutor};
use futures::executor::block_on;

use super::common::poll_once;
use super::content;

/// A stream over a file, open in both directions, whose calls can be held up.
struct Held {
    file: std::fs::File,
    /// What a read does. Nothing is behind what was written.
    read: fn(&Sender<()>),
    /// What a write does first.
    write: fn(&Sender<()>),
    begun: Sender<()>,
}

impl RawIo for Held {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        (self.read)(&self.begun);
        Ok(0)
    }

    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        (self.write)(&self.begun);
        std::io::Write::write(&mut self.file, buf)
    }

    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        std::io::Seek::seek(&mut self.file, to)
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
    // It neither ends nor gives anything, and tells of each read that begins.
    let silent = Held {
        file,
        read: |begun| {
            begun.send(()).unwrap();
            loop {
                std::thread::park();
            }
        },
        write: |_| {},
        begun,
    };
    let made = aiofiles::wrap(silent).mode("r+").executor(pool);
    let mut file = block_on(made.into_future()).unwrap();
    block_on(file.write(&content(0))).unwrap();
    assert!(poll_once(std::pin::pin!(file.read())).is_none());
    begins.recv().unwrap();
}

/// A file that goes while its job writes: the end of `main` waits for that.
pub(crate) fn write_slowly(dir: &Path) {
    let file = std::fs::File::create(dir.join("0")).unwrap();
    let pool = ThreadPoolExecutor::new(1);
    let (begun, begins) = channel();
    // It takes its time for each write, and tells when it begins to.
    let slow = Held {
        file,
        read: |_| {},
        write: |begun| {
            begun.send(()).unwrap();
            // `main` has returned long before.
            std::thread::sleep(Duration::from_millis(300));
        },
        begun,
    };
    let made = aiofiles::wrap(slow).mode("r+").executor(pool);
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
