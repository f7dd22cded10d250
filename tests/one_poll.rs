//! No poll does more than a share of the work, whatever the file holds: each public
//! operation on 64 MiB of the worst shape, and a table that knows them all.
//!
//! What is counted is polls: what the task copies or searches takes one for each MiB or
//! two. That no single one of them did most of it shows in the processor time of the
//! thread, compared with that of one copy of the same bytes.

// Those that tell the processor time of a thread.
#![cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_vendor = "apple"
))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "one_poll/bytes.rs"]
mod bytes;
mod common;
#[path = "one_poll/known.rs"]
mod known;
#[path = "one_poll/other.rs"]
mod other;
#[path = "common/public.rs"]
mod public;
#[path = "one_poll/text.rs"]
mod text;

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::{Condvar, Mutex};
use std::task::{Context, Poll, Wake};
use std::time::Duration;

use aiofiles::RawIo;

const MIB: usize = 1024 * 1024;
/// A build without optimizations would take minutes for as much.
const SIZE: usize = if cfg!(debug_assertions) {
    8 * MIB
} else {
    64 * MIB
};

/// A stream of so many bytes of a pattern, that takes writes into nowhere.
struct Pattern {
    pattern: &'static [u8],
    at: usize,
    size: usize,
}

impl Pattern {
    fn new(pattern: &'static [u8], size: usize) -> Self {
        Self {
            pattern,
            at: 0,
            size,
        }
    }
}

impl RawIo for Pattern {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = buf.len().min(self.size.saturating_sub(self.at));
        let mut filled = 0;
        while filled < n {
            let rest = &self.pattern[(self.at + filled) % self.pattern.len()..];
            let some = rest.len().min(n - filled);
            buf[filled..filled + some].copy_from_slice(&rest[..some]);
            filled += some;
        }
        self.at += n;
        Ok(n)
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn seek(&mut self, pos: io::SeekFrom) -> io::Result<u64> {
        let to = match pos {
            io::SeekFrom::Start(to) => to as i64,
            io::SeekFrom::Current(by) => self.at as i64 + by,
            io::SeekFrom::End(by) => self.size as i64 + by,
        };
        self.at = to as usize;
        Ok(to as u64)
    }

    fn read_at(&mut self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let at = std::mem::replace(&mut self.at, offset as usize);
        let n = self.read(buf);
        self.at = at;
        n
    }

    fn write_at(&mut self, buf: &[u8], _: u64) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn readable(&self) -> bool {
        true
    }

    fn writable(&self) -> bool {
        true
    }
}

/// Wakes the thread that waits.
#[derive(Default)]
struct Bell(Mutex<bool>, Condvar);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.0.lock().unwrap() = true;
        self.1.notify_one();
    }
}

impl Bell {
    fn wait(&self) {
        let mut rung = self.0.lock().unwrap();
        while !std::mem::take(&mut *rung) {
            let (guard, late) = self.1.wait_timeout(rung, Duration::from_secs(60)).unwrap();
            assert!(!late.timed_out(), "nobody wakes it");
            rung = guard;
        }
    }
}

fn cpu_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// What the polls of a future did.
#[derive(Debug)]
struct Polls {
    count: usize,
    /// The processor time of all of them, and of the longest.
    sum: Duration,
    longest: Duration,
}

/// Polls `future` to its end on this thread.
fn watch<F: Future>(future: F) -> (F::Output, Polls) {
    let mut future = pin!(future);
    let bell = Arc::<Bell>::default();
    let waker = bell.clone().into();
    let mut polls = Polls {
        count: 0,
        sum: Duration::ZERO,
        longest: Duration::ZERO,
    };
    loop {
        let before = cpu_time();
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        let took = cpu_time() - before;
        polls.count += 1;
        polls.sum += took;
        polls.longest = polls.longest.max(took);
        match polled {
            Poll::Ready(output) => return (output, polls),
            Poll::Pending => bell.wait(),
        }
    }
}

fn now<F: Future>(future: F) -> F::Output {
    watch(future).0
}

/// What one copy of `size` bytes takes here.
fn copy_time(size: usize) -> Duration {
    /// What was measured, by size.
    static KNOWN: Mutex<BTreeMap<usize, Duration>> = Mutex::new(BTreeMap::new());
    *KNOWN
        .lock()
        .unwrap()
        .entry(size)
        .or_insert_with(|| measure_copy(size))
}

fn measure_copy(size: usize) -> Duration {
    let data = vec![7; size];
    let before = cpu_time();
    let copy = std::hint::black_box(data.clone());
    let took = cpu_time() - before;
    drop(copy);
    took
}

impl Polls {
    /// The task moved `size` bytes itself, at most `share` a poll.
    fn by_shares(self, at: &str, size: usize, share: usize) {
        self.counted(at, size, share);
        self.bounded(at, size);
    }

    /// The same of text, whose delivery at the end is a copy by itself.
    fn counted(&self, at: &str, size: usize, share: usize) {
        assert!(self.count >= size / (2 * share), "{at}: {self:?}");
    }

    /// Jobs moved all of it, or there were shares: in any case, no poll did most.
    fn bounded(self, at: &str, size: usize) {
        let copy = copy_time(size);
        // Of few polls, no one takes much more than its part. What a poll takes on a busy
        // machine says little below this.
        let part = 4 * self.sum / u32::try_from(self.count).unwrap();
        let part = if self.count > 4 { part } else { Duration::ZERO };
        let most = copy.max(part).max(Duration::from_millis(50));
        assert!(self.longest <= most, "{at}: {self:?}; a copy is {copy:?}");
    }
}
