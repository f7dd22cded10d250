//! A table of how files end: mode × buffering × what was done before × executor × the
//! way it ends. Whatever was accepted is on the disk, once and in its place: as soon as a
//! flush, a shutdown or a close says so, and after the rest has come to its end.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::SeekFrom;
use std::pin::pin;

use aiofiles::executor::{Executor, InlineExecutor, ManualExecutor};
use aiofiles::{BinaryFile, RawFile, ThreadPoolExecutor};
use common::{Dir, poll_once};

const MODES: [&str; 4] = ["w", "r+", "a", "w+"];
const SIZES: [usize; 3] = [0, 8, 100_000];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    Written,
    Flushed,
    /// A write of more than a buffer, polled once and dropped.
    WriteGivenUp,
    FlushGivenUp,
    SeekGivenUp,
}

const BEFORE: [Before; 6] = [
    Before::Nothing,
    Before::Written,
    Before::Flushed,
    Before::WriteGivenUp,
    Before::FlushGivenUp,
    Before::SeekGivenUp,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    TokioShutdown,
    FuturesClose,
    Close,
    CloseGivenUp,
    Drop,
}

const ENDS: [End; 5] = [
    End::TokioShutdown,
    End::FuturesClose,
    End::Close,
    End::CloseGivenUp,
    End::Drop,
];

/// Polls `future` to its end; `step` does what it waits for.
fn finish<T>(future: impl Future<Output = T>, step: &dyn Fn()) -> T {
    let mut future = pin!(future);
    loop {
        if let Some(value) = poll_once(future.as_mut()) {
            return value;
        }
        step();
    }
}

/// Does it on a file of either kind; what must be there, and what may be besides, which
/// `$check` looks for as soon as it was promised.
macro_rules! played {
    ($file:ident, $before:expr, $end:expr, $step:expr, $check:expr) => {{
        let (mut sure, mut perhaps) = (Vec::new(), Vec::new());
        let part = b"accepted, ";
        if $before != Before::Nothing {
            let n = finish($file.write(part), $step).unwrap();
            sure.extend_from_slice(&part[..n]);
        }
        match $before {
            Before::Nothing | Before::Written => {}
            Before::Flushed => {
                finish($file.flush(), $step).unwrap();
                $check(&sure, &perhaps);
            }
            Before::WriteGivenUp => match poll_once(pin!($file.write(b"given up"))) {
                Some(n) => sure.extend_from_slice(&b"given up"[..n.unwrap()]),
                // Nothing of it, or all: what is left is the file's.
                None => perhaps.extend_from_slice(b"given up"),
            },
            Before::FlushGivenUp => drop(poll_once(pin!($file.flush()))),
            Before::SeekGivenUp => drop(poll_once(pin!($file.seek(SeekFrom::Start(2))))),
        }
        match $end {
            End::TokioShutdown => {
                finish(tokio::io::AsyncWriteExt::shutdown(&mut $file), $step).unwrap();
                // The way of the traits leaves it open.
                assert!(!$file.closed());
                let n = finish($file.write(b""), $step).unwrap();
                assert_eq!(n, 0);
            }
            End::FuturesClose => {
                finish(futures::AsyncWriteExt::close(&mut $file), $step).unwrap();
                assert!(!$file.closed());
            }
            End::Close => {
                finish($file.close(), $step).unwrap();
                assert!($file.closed());
                finish($file.close(), $step).unwrap();
            }
            End::CloseGivenUp => drop(poll_once(pin!($file.close()))),
            End::Drop => {}
        }
        if !matches!($end, End::CloseGivenUp | End::Drop) {
            $check(&sure, &perhaps);
        }
        drop($file);
        (sure, perhaps)
    }};
}

/// Plays the whole table on one executor; how many files that were.
fn table(executor: impl Executor + Clone, step: &dyn Fn(), settle: &dyn Fn()) -> usize {
    let dir = Dir::new();
    let mut count = 0;
    for mode in MODES {
        for size in SIZES {
            for before in BEFORE {
                for end in ENDS {
                    let at = format!("{mode}, buffering {size}, {before:?}, {end:?}");
                    let path = dir.join(count.to_string());
                    std::fs::write(&path, "old content, long enough for all").unwrap();
                    let old: &[u8] = match mode {
                        "w" | "w+" => b"",
                        _ => b"old content, long enough for all",
                    };
                    let expected = |written: &[u8]| {
                        let mut data = old.to_vec();
                        match mode {
                            "a" => data.extend_from_slice(written),
                            _ => {
                                data.resize(data.len().max(written.len()), 0);
                                data[..written.len()].copy_from_slice(written);
                            }
                        }
                        data
                    };
                    let check = |sure: &[u8], perhaps: &[u8]| {
                        let there = std::fs::read(&path).unwrap();
                        let both = [expected(sure), expected(&[sure, perhaps].concat())];
                        let told = String::from_utf8_lossy(&there);
                        assert!(both.contains(&there), "{at}: {told}");
                    };
                    let open = || aiofiles::open(&path).mode(mode).executor(executor.clone());
                    let (sure, perhaps) = if size == 0 {
                        let open = open().raw().into_future();
                        let mut file: RawFile = finish(open, step).unwrap();
                        played!(file, before, end, step, check)
                    } else {
                        let open = open().binary().buffering(size).into_future();
                        let mut file: BinaryFile = finish(open, step).unwrap();
                        played!(file, before, end, step, check)
                    };
                    settle();
                    check(&sure, &perhaps);
                    count += 1;
                }
            }
        }
    }
    assert_eq!(common::descriptors_below(dir.path()), 0);
    count
}

#[test]
fn every_ending_in_place() {
    assert_eq!(table(InlineExecutor, &|| panic!("it waits"), &|| {}), 360);
}

#[test]
fn every_ending_by_hand() {
    let jobs = ManualExecutor::new();
    let step = || assert!(jobs.run_one(), "it waits for nothing");
    // Last writes of dropped files are jobs, too.
    let settle = || while jobs.run_all() > 0 {};
    assert_eq!(table(jobs.clone(), &step, &settle), 360);
}

#[test]
fn every_ending_on_a_pool() {
    let pool = ThreadPoolExecutor::new(1);
    let settle = || {
        // Behind the last job of the file, on the one thread there is.
        let behind = aiofiles::delegate(|| ()).executor(pool.clone());
        futures::executor::block_on(behind).unwrap();
    };
    assert_eq!(table(pool.clone(), &settle, &settle), 360);
}
