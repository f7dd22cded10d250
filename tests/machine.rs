//! The states of a file, and what each event does in each: the table in the docs of
//! the machine, walked.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::future::{Future, IntoFuture};
use std::io::{self, SeekFrom};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aiofiles::executor::ManualExecutor;
use aiofiles::raw_io::RawIo;
use aiofiles::{BinaryFile, Error, Result};
use common::{Chunks, Dir, poll_once};

/// The lines of the table, each cell without blanks around it.
fn table() -> Vec<Vec<&'static str>> {
    let docs = include_str!("../src/file/core.rs");
    let lines = docs.lines().filter_map(|line| line.strip_prefix("//! | "));
    let lines = lines.map(|line| line.trim_end_matches('|').split('|').map(str::trim));
    lines.map(Iterator::collect).collect()
}

const BUFFER: usize = 4096;

/// What became of the first poll of an event.
fn outcome<T>(polled: Option<Result<T>>, before: usize, jobs: &ManualExecutor) -> &'static str {
    let busy = before > 0;
    let started = jobs.len() > before;
    match polled {
        Some(Err(Error::Closed { .. })) => "closed",
        Some(Err(_)) => "error",
        Some(Ok(_)) if busy && !started => "beside",
        Some(Ok(_)) if started => "starts",
        Some(Ok(_)) => "here",
        None if busy && !started => "waits",
        None if started => "job",
        None => "hangs",
    }
}

/// Polls the event once, and then lets it come to its end, whatever that is.
fn walk<T>(event: impl Future<Output = Result<T>>, jobs: &ManualExecutor) -> &'static str {
    let mut event = pin!(event);
    let before = jobs.len();
    let polled = poll_once(event.as_mut());
    let pending = polled.is_none();
    let outcome = outcome(polled, before, jobs);
    let mut comes_back = || {
        jobs.run_all();
        poll_once(event.as_mut()).is_some()
    };
    assert!(!pending || (0..10).any(|_| comes_back()), "it never ends");
    outcome
}

fn happen<R: RawIo>(file: &mut BinaryFile<R>, event: &str, jobs: &ManualExecutor) -> &'static str {
    match event {
        "read" => walk(file.read().size(2), jobs),
        "write" => walk(file.write(b"xy"), jobs),
        "write much" => walk(file.write(&[b'z'; 2 * BUFFER]), jobs),
        "flush" => walk(file.flush(), jobs),
        "seek" => walk(file.seek(SeekFrom::Start(1)), jobs),
        "tell" => walk(file.tell(), jobs),
        "truncate" => walk(file.truncate().size(9), jobs),
        "close" => walk(file.close(), jobs),
        other => panic!("what does `{other}` do?"),
    }
}

/// Polls it once and drops it.
fn begin<T>(event: impl Future<Output = T>) -> Option<T> {
    poll_once(pin!(event))
}

/// Bytes in memory that cannot be written while that is said.
#[derive(Clone, Default)]
struct Disk {
    chunks: Chunks,
    full: Arc<AtomicBool>,
}

impl RawIo for Disk {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.chunks.read(buf)
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.full.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.chunks.write(buf)
    }

    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        self.chunks.seek(pos)
    }

    fn truncate(&mut self, size: u64) -> io::Result<()> {
        self.chunks.truncate(size)
    }
}

/// A file over `raw`, whose jobs are run by hand.
fn file<R: RawIo>(raw: R, jobs: &ManualExecutor) -> BinaryFile<R> {
    let wrap = aiofiles::wrap(raw).mode("r+").buffering(BUFFER);
    let mut wrap = pin!(wrap.executor(jobs.clone()).into_future());
    if let Some(file) = poll_once(wrap.as_mut()) {
        return file.unwrap();
    }
    assert_eq!(jobs.run_all(), 1);
    match poll_once(wrap.as_mut()) {
        Some(file) => file.unwrap(),
        None => panic!("it took one job"),
    }
}

/// Brings a file from idle into the state.
fn bring<R: RawIo>(
    file: &mut BinaryFile<R>,
    state: &str,
    jobs: &ManualExecutor,
    full: &AtomicBool,
) {
    match state {
        "idle" => {}
        "idle, read ahead" => {
            assert!(begin(file.read().size(2)).is_none());
            jobs.run_all();
            assert!(begin(file.read().size(2)).is_some());
        }
        "idle, dirty" => assert!(begin(file.write(b"ab")).is_some()),
        "idle, a write failed" => {
            full.store(true, Ordering::SeqCst);
            assert!(begin(file.write(b"ab")).is_some());
            assert!(begin(file.flush()).is_none());
            jobs.run_all();
            // It looks, and reports no such errors.
            assert!(begin(file.tell()).is_some());
            full.store(false, Ordering::SeqCst);
        }
        "busy, reading" => assert!(begin(file.read().size(2)).is_none()),
        "busy, fetching ahead" => {
            // It takes a few refills in a row until a file is read ahead of.
            let mut reads = 0;
            while jobs.is_empty() {
                let read = begin(file.read().size(BUFFER / 2));
                if read.is_none() {
                    jobs.run_all();
                }
                reads += 1;
                assert!(reads < 50, "it is never read ahead");
            }
        }
        "busy, writing" => assert!(begin(file.write(&[b'z'; 2 * BUFFER])).is_some()),
        "busy, anything else" => assert!(begin(file.sync_data()).is_none()),
        "closed" => {
            assert!(begin(file.close()).is_none());
            jobs.run_all();
            assert!(matches!(begin(file.close()), Some(Ok(()))));
        }
        other => panic!("how does a file come to be `{other}`?"),
    }
    let busy = state.starts_with("busy");
    assert_eq!(jobs.len(), usize::from(busy), "{state}");
    assert_eq!(file.closed(), state == "closed");
}

fn check<R: RawIo>(raw: impl Fn() -> R, state: &str, full: &AtomicBool, cells: &[(&str, &str)]) {
    for (event, expected) in cells {
        let jobs = ManualExecutor::new();
        let mut file = file(raw(), &jobs);
        bring(&mut file, state, &jobs, full);
        assert_eq!(
            happen(&mut file, event, &jobs),
            *expected,
            "{event} of `{state}`"
        );
        // Whatever it was, the file can be closed, and is closed then.
        let close = walk(file.close(), &jobs);
        assert!(["here", "job", "waits"].contains(&close), "{close}");
        assert!(file.closed());
        drop(file);
        assert!(jobs.is_empty());
    }
}

#[test]
fn every_event_in_every_state_does_what_the_table_says() {
    let dir = Dir::new();
    let path = dir.join("f");
    let mut table = table().into_iter();
    let events = table.next().unwrap();
    let mut states = 0;
    for line in table {
        let (state, outcomes) = line.split_first().unwrap();
        assert_eq!(outcomes.len(), events.len() - 1, "{state}");
        let cells: Vec<_> = events[1..]
            .iter()
            .copied()
            .zip(outcomes.iter().copied())
            .collect();
        let full = Arc::new(AtomicBool::new(false));
        if *state == "idle, a write failed" {
            let disk = || Disk {
                chunks: Chunks::new(vec![b'.'; 64 * BUFFER], BUFFER),
                full: full.clone(),
            };
            check(disk, state, &full, &cells);
        } else {
            let open = || {
                std::fs::write(&path, vec![b'.'; 64 * BUFFER]).unwrap();
                let mut options = std::fs::File::options();
                options.read(true).write(true).open(&path).unwrap()
            };
            check(open, state, &full, &cells);
        }
        states += 1;
    }
    assert_eq!(states, 9, "the table was found");
}
