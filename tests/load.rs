//! Many tasks on many files for a few seconds: everything is written, and
//! descriptors and threads stay few.
//!
//! A binary of its own: it counts the threads of the process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::SeekFrom;
use std::path::Path;
use std::sync::Arc;

use aiofiles::BinaryFile;
use common::{Dir, Random, descriptors_below, poll_once, start_and_abandon};
use tokio::sync::Mutex;

const FILES: usize = 200;
const TASKS: usize = 1_000;
const OPERATIONS: usize = 25;
const WORKERS: usize = 2;
const BLOCKING: usize = 6;

/// A file, and what must be in it.
struct Shared {
    file: BinaryFile,
    expected: Vec<u8>,
}

/// How many threads this process has; 0 where the system does not tell.
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u64 {
    let step = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// As `assert_eq`, without thousands of bytes on the terminal.
fn check(read: &[u8], there: &[u8]) {
    let same = read.iter().zip(there).take_while(|(a, b)| a == b).count();
    let lengths = (read.len(), there.len());
    assert!(
        read == there,
        "{lengths:?} bytes, the first {same} the same"
    );
}

async fn operate(shared: &mut Shared, random: &mut Random) {
    let Shared { file, expected } = shared;
    let size = random.below(3_000);
    let at = random.below(expected.len() + 1);
    let there = || &expected[at..(at + size).min(expected.len())];
    match random.below(10) {
        0..=2 => {
            file.seek(SeekFrom::End(0)).await.unwrap();
            let data = vec![random.next() as u8; size];
            let abandon = random.one_in(4);
            let mut write = std::pin::pin!(file.write(&data));
            let written = match poll_once(write.as_mut()) {
                Some(written) => written,
                // It has not begun.
                None if abandon => return,
                None => write.await,
            };
            assert_eq!(written.unwrap(), size);
            expected.extend_from_slice(&data);
        }
        3 => {
            file.seek(SeekFrom::End(0)).await.unwrap();
            let data = vec![random.next() as u8; size];
            let (written, data) = file.write_owned(data).await;
            assert_eq!(written.unwrap(), size);
            expected.extend_from_slice(&data);
        }
        4 | 5 => {
            file.seek(SeekFrom::Start(at as u64)).await.unwrap();
            let first = random.one_in(3).then(|| {
                let read = std::pin::pin!(file.read().size(size));
                poll_once(read)
            });
            // Given up, unless the page cache had it at once.
            let read = match first.flatten() {
                Some(read) => read,
                None => file.read().size(size).await,
            };
            check(&read.unwrap(), there());
        }
        6 => {
            file.flush().await.unwrap();
            let read = file.read_at(at as u64, size).await.unwrap();
            check(&read, there());
        }
        7 => start_and_abandon(file.flush()),
        8 => start_and_abandon(file.readline()),
        _ => start_and_abandon(file.seek(SeekFrom::Start(at as u64))),
    }
}

async fn open(path: &Path) -> BinaryFile {
    let open = aiofiles::open(path).binary().mode("w+").buffering(4 * 1024);
    open.await.unwrap()
}

async fn soak(dir: &Dir, before: usize) {
    let mut files = Vec::new();
    for n in 0..FILES {
        let file = open(&dir.join(n.to_string())).await;
        let expected = Vec::new();
        files.push(Arc::new(Mutex::new(Shared { file, expected })));
    }
    let most = before + WORKERS + BLOCKING;
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let files = files.clone();
            tokio::spawn(async move {
                let mut random = Random::new(task as u64);
                for _ in 0..OPERATIONS {
                    let shared = &files[random.below(FILES)];
                    operate(&mut *shared.lock().await, &mut random).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
        assert!(threads() <= most, "{} threads", threads());
    }
    if cfg!(target_os = "linux") {
        assert_eq!(descriptors_below(dir.path()), FILES);
    }
    for (n, shared) in files.into_iter().enumerate() {
        let Shared { mut file, expected } = Arc::into_inner(shared).unwrap().into_inner();
        match n % 3 {
            0 => file.close().await.unwrap(),
            1 => drop(file),
            _ => {
                start_and_abandon(file.flush());
                drop(file);
            }
        }
        // A later job on one thread more or less: the disk is looked at in the end.
        std::fs::write(
            dir.join(format!("{n}.sum")),
            checksum(&expected).to_le_bytes(),
        )
        .unwrap();
    }
}

// langflow#12525, xet-core#20: contexts and descriptors that were never freed.
#[test]
fn a_thousand_tasks_on_two_hundred_files_lose_nothing() {
    let dir = Dir::new();
    let before = threads();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING)
        .build()
        .unwrap();
    runtime.block_on(soak(&dir, before));
    drop(runtime);
    assert_eq!(descriptors_below(dir.path()), 0);
    assert_eq!(threads(), before);
    for n in 0..FILES {
        let content = std::fs::read(dir.join(n.to_string())).unwrap();
        let sum = std::fs::read(dir.join(format!("{n}.sum"))).unwrap();
        assert_eq!(checksum(&content).to_le_bytes()[..], sum, "file {n}");
    }
}
