//! What is to be on the disk before it goes on, beside std on as many threads.
//!
//! ```text
//! cargo bench --bench sync
//! ```
//!
//! `TMPDIR` says where the files go (the target directory, else): a RAM disk has nothing
//! to wait for.

#[path = "support/rounds.rs"]
mod rounds;

use std::fs::{self, File};
use std::future::Future;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use rounds::{case, compare};
use tokio::runtime::Runtime;
use tokio::task::spawn_blocking;

const ROUNDS: usize = 5;
const WRITERS: usize = 16;
const RECORDS: usize = 64;
const RECORD: [u8; 100] = [b'x'; 100];
const FILES: usize = 1_000;
const CONTENT: [u8; 4_000] = [b'y'; 4_000];

fn fail<T>(error: impl std::fmt::Display) -> T {
    panic!("a call of the benchmark failed: {error}")
}

/// Runs `body` in as many threads as there are writers.
fn threads(body: impl Fn(usize) -> u64 + Sync) -> u64 {
    let body = &body;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..WRITERS).map(|n| scope.spawn(move || body(n))).collect();
        let done = threads.into_iter().map(|thread| thread.join());
        done.map(|done| done.expect("a thread that ends")).sum()
    })
}

/// Runs `body` in as many tasks as there are writers.
fn tasks<F>(runtime: &Runtime, body: impl Fn(usize) -> F) -> u64
where
    F: Future<Output = u64> + Send + 'static,
{
    runtime.block_on(async {
        let tasks: Vec<_> = (0..WRITERS).map(|n| tokio::spawn(body(n))).collect();
        let mut done = 0;
        for task in tasks {
            done += task.await.unwrap_or_else(fail);
        }
        done
    })
}

/// Each writer has a file of its own, and each record is on the disk before the next.
fn append(runtime: &Runtime, dir: &Arc<PathBuf>) {
    let log = |n: usize| dir.join(format!("log-{n}"));
    let std = || {
        threads(|n| {
            let mut file = File::options().append(true).create(true).open(log(n));
            let file = file.as_mut().unwrap_or_else(fail);
            for _ in 0..RECORDS {
                file.write_all(&RECORD).unwrap_or_else(fail);
                file.sync_data().unwrap_or_else(fail);
            }
            RECORDS as u64
        })
    };
    let ours = || {
        tasks(runtime, |n| {
            let path = log(n);
            async move {
                let open = aiofiles::open(path).binary().mode("a");
                let mut file = open.await.unwrap_or_else(fail);
                for _ in 0..RECORDS {
                    file.write(&RECORD).await.unwrap_or_else(fail);
                    file.sync_data().await.unwrap_or_else(fail);
                }
                file.close().await.unwrap_or_else(fail);
                RECORDS as u64
            }
        })
    };
    let bare = || {
        tasks(runtime, |n| {
            let path = log(n);
            async move {
                let file = File::options().append(true).create(true).open(path);
                let mut file = file.unwrap_or_else(fail);
                for _ in 0..RECORDS {
                    file = spawn_blocking(move || {
                        file.write_all(&RECORD).unwrap_or_else(fail);
                        file.sync_data().unwrap_or_else(fail);
                        file
                    })
                    .await
                    .unwrap_or_else(fail);
                }
                RECORDS as u64
            }
        })
    };
    let cases = vec![
        case("std, 16 threads", std),
        case("aiofiles, 16 tasks", ours),
        case("bare spawn_blocking, 16 tasks", bare),
    ];
    let title = "16 writers, 64 records of 100 bytes, sync_data after each";
    compare(title, ROUNDS, |_| (), cases);
}

fn files(runtime: &Runtime, dir: &Arc<PathBuf>) {
    let share = |n: usize| (n..FILES).step_by(WRITERS);
    let path = |dir: &PathBuf, number: usize| dir.join(format!("file-{number}"));
    let std = || {
        threads(|n| {
            for number in share(n) {
                let mut file = File::create(path(dir, number)).unwrap_or_else(fail);
                file.write_all(&CONTENT).unwrap_or_else(fail);
                file.sync_all().unwrap_or_else(fail);
            }
            share(n).len() as u64
        })
    };
    let ours = || {
        tasks(runtime, |n| {
            let dir = dir.clone();
            async move {
                for number in share(n) {
                    let open = aiofiles::open(path(&dir, number)).binary().mode("w");
                    let mut file = open.await.unwrap_or_else(fail);
                    file.write(&CONTENT).await.unwrap_or_else(fail);
                    file.sync_all().await.unwrap_or_else(fail);
                    file.close().await.unwrap_or_else(fail);
                }
                share(n).len() as u64
            }
        })
    };
    let cases = vec![
        case("std, 16 threads", std),
        case("aiofiles, 16 tasks", ours),
    ];
    let prepare = |_: &str| {
        for number in 0..FILES {
            drop(fs::remove_file(path(dir, number)));
        }
    };
    compare(
        "1,000 new files of 4,000 bytes, synced",
        ROUNDS,
        prepare,
        cases,
    );
}

fn main() {
    let target = concat!(env!("CARGO_MANIFEST_DIR"), "/target");
    let place = std::env::var_os("TMPDIR").unwrap_or_else(|| target.into());
    fs::create_dir_all(&place).unwrap_or_else(fail);
    let temporary = tempfile::tempdir_in(place).unwrap_or_else(fail);
    let dir = Arc::new(temporary.path().to_owned());
    let runtime = Runtime::new().unwrap_or_else(fail);
    append(&runtime, &dir);
    files(&runtime, &dir);
}
