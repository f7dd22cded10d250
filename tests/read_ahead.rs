//! How much a refill asks for, and chunks that are read before somebody asks.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{self, SeekFrom};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use aiofiles::executor::{InlineExecutor, ManualExecutor};
use aiofiles::{BinaryFile, RawIo, open, wrap};
use common::{Dir, Memory, poll_once};
use futures::FutureExt as _;
use futures::executor::block_on;

/// Notes how much each read asks for.
struct Asked(io::Cursor<Vec<u8>>, Arc<Mutex<Vec<usize>>>);

impl RawIo for Asked {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.1.lock().unwrap().push(buf.len() / 1024);
        io::Read::read(&mut self.0, buf)
    }

    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        io::Seek::seek(&mut self.0, pos)
    }

    fn seekable(&mut self) -> bool {
        true
    }
}

#[test]
fn refills_start_small_grow_and_start_again_behind_a_seek() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let lines = "0123456789abcde\n".repeat(1024 * 1024 / 16);
    let raw = Asked(io::Cursor::new(lines.into_bytes()), asked.clone());
    let made = wrap(raw).text().executor(InlineExecutor);
    block_on(async {
        let mut file = made.await.unwrap();
        let take = || std::mem::take(&mut *asked.lock().unwrap());
        file.next_line().await.unwrap();
        assert_eq!(take(), [32]);
        for _ in 0..300 * 1024 / 16 {
            file.next_line().await.unwrap();
        }
        assert_eq!(take(), [64, 128, 128]);
        let mut file = file.detach().await.unwrap();
        file.seek(SeekFrom::Start(900 * 1024)).await.unwrap();
        file.read().size(10).await.unwrap();
        assert_eq!(take(), [32]);
    });
}

const SIZE: usize = 2 * 1024 * 1024;

/// A file of numbered lines of 16 bytes.
fn lines(dir: &Dir) -> PathBuf {
    let path = dir.join("lines");
    let lines: String = (0..SIZE / 16).map(|n| format!("{n:015}\n")).collect();
    std::fs::write(&path, lines).unwrap();
    path
}

/// Opens `path` so that every read takes a job.
fn reader(path: &PathBuf, mode: &'static str, jobs: &ManualExecutor) -> BinaryFile {
    let made = open(path).binary().mode(mode).nowait(false);
    let mut opening = pin!(made.executor(jobs.clone()).into_future());
    loop {
        match poll_once(opening.as_mut()) {
            Some(file) => break file.unwrap(),
            None => assert!(jobs.run_one()),
        }
    }
}

/// Takes lines from number `from` on until one waits for a job, or `to`; returns
/// the number of the next.
fn take_lines(file: &mut BinaryFile, from: usize, to: usize) -> usize {
    for number in from..to {
        match file.next_line().into_future().now_or_never() {
            None => return number,
            Some(line) => {
                let line = line.unwrap().expect("not at the end");
                assert_eq!(line, format!("{number:015}").as_bytes());
            }
        }
    }
    to
}

/// Takes lines until the next chunk is being fetched.
fn until_fetching(file: &mut BinaryFile, jobs: &ManualExecutor) -> usize {
    let mut number = 0;
    loop {
        number = take_lines(file, number, number + 1);
        match jobs.len() {
            0 => {}
            1 if take_lines(file, number, number + 1) > number => return number + 1,
            // The line waits for the job: there was nothing ahead.
            _ => assert!(jobs.run_one() && number < SIZE / 32),
        }
    }
}

#[test]
fn next_chunk_is_fetched_while_this_one_is_taken_in() {
    let dir = Dir::new();
    let path = lines(&dir);
    let jobs = ManualExecutor::new();
    let mut file = reader(&path, "r", &jobs);
    let mut number = until_fetching(&mut file, &jobs);
    let (mut waits, mut ran) = (0, 0);
    loop {
        // Run as soon as it is there, the job is never waited for.
        ran += jobs.run_all();
        let before = number;
        number = take_lines(&mut file, number, SIZE / 16);
        if number == SIZE / 16 {
            break;
        }
        waits += usize::from(number == before);
    }
    assert_eq!(waits, 0);
    assert!((12..=16).contains(&ran), "{ran} chunks of 128 KiB");
    let mut line = pin!(file.next_line().into_future());
    while poll_once(line.as_mut()).is_none_or(|end| end.unwrap().is_some()) {
        assert!(jobs.run_one());
    }
}

#[test]
fn what_was_fetched_ahead_is_neither_lost_nor_in_the_way() {
    let dir = Dir::new();
    let path = lines(&dir);
    for (what, runs) in [
        ("tell", true),
        ("tell", false),
        ("seek", true),
        ("seek back", true),
        ("read_at", true),
        ("write", true),
        ("into_std", true),
        ("lost", false),
        ("drop", false),
    ] {
        let jobs = ManualExecutor::new();
        let mut file = reader(&path, "r+", &jobs);
        let number = until_fetching(&mut file, &jobs);
        let at = number as u64 * 16;
        if runs {
            assert!(jobs.run_one());
        }
        // Runs whatever comes up, and gives what the call gives.
        macro_rules! end {
            ($call:expr) => {{
                let mut call = pin!($call);
                loop {
                    match poll_once(call.as_mut()) {
                        Some(result) => break result.unwrap(),
                        None => assert!(jobs.run_one(), "{what}: pending"),
                    }
                }
            }};
        }
        match what {
            "tell" => assert_eq!(end!(file.tell()), at),
            "seek" => {
                assert_eq!(end!(file.seek(SeekFrom::Start(160))), 160);
                assert_eq!(end!(file.readline()), b"000000000000010\n");
                continue;
            }
            "seek back" => {
                assert_eq!(end!(file.seek(SeekFrom::Current(-16))), at - 16);
                let line = format!("{:015}\n", number - 1);
                assert_eq!(end!(file.readline()), line.as_bytes());
            }
            "read_at" => assert_eq!(end!(file.read_at(16, 15).into_future()), b"000000000000001"),
            "write" => {
                let line = format!("{number:015}\n");
                end!(file.write(line.as_bytes()));
                assert_eq!(end!(file.tell()), at + 16);
                end!(file.seek(SeekFrom::Current(-16)));
            }
            "into_std" => {
                let mut std = end!(file.into_std());
                assert_eq!(io::Seek::stream_position(&mut std).unwrap(), at);
                continue;
            }
            "lost" => drop(jobs.take_one().unwrap()),
            _ => {
                drop(file);
                assert_eq!(common::descriptors_below(dir.path()), 0, "recalled");
                jobs.run_all();
                continue;
            }
        }
        let rest = end!(file.read());
        assert_eq!(rest.len(), SIZE - number * 16, "{what}");
        assert!(
            rest.starts_with(format!("{number:015}\n").as_bytes()),
            "{what}"
        );
    }
}

#[test]
fn nothing_is_fetched_where_it_might_be_seen_or_is_not_wanted() {
    let dir = Dir::new();
    let path = lines(&dir);
    // A stream of somebody's own.
    let jobs = ManualExecutor::new();
    let memory = Memory::new(std::fs::read(&path).unwrap());
    let made = wrap(memory.stream()).mode("r").executor(jobs.clone());
    let mut file = made.into_future().now_or_never().unwrap().unwrap();
    let mut number = 0;
    while number < SIZE / 16 {
        let mut line = pin!(file.next_line().into_future());
        if poll_once(line.as_mut()).is_none() {
            assert!(jobs.run_one());
            continue;
        }
        number += 1;
        assert!(jobs.is_empty(), "of a stream");
    }
    // Another handle sees the cursor.
    let mut file = reader(&path, "r", &jobs);
    {
        let mut clone = pin!(file.try_clone());
        while poll_once(clone.as_mut()).is_none() {
            assert!(jobs.run_one());
        }
    }
    for _ in 0..5000 {
        let mut read = pin!(file.read().size(100).into_future());
        while poll_once(read.as_mut()).is_none() {
            assert!(jobs.run_one());
        }
        assert!(jobs.is_empty(), "of a clone");
    }
    // Reads here and there.
    let mut file = reader(&path, "r", &jobs);
    for number in (0..1000).map(|n| n * 7919 % (SIZE as u64 - 100)) {
        for step in 0..2 {
            let mut call = pin!(async {
                match step {
                    0 => file.seek(SeekFrom::Start(number)).await.map(drop),
                    _ => file.read().size(100).await.map(drop),
                }
            });
            while poll_once(call.as_mut()).is_none() {
                assert!(jobs.run_one());
            }
        }
        assert!(jobs.is_empty(), "at random");
    }
}
