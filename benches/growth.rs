//! How cost grows with the number of tasks, and what waiting takes.
//!
//! ```text
//! cargo bench --bench growth [-- NAME ..] [--readme PATH]
//! ```
//!
//! For 1 to 4,096 tasks on pools of 1 to 64 threads and on tokio's: the time of an
//! operation beside that of one task on the same pool. Then the memory of an open idle
//! file and of a call that waits, and what it takes to queue and to give up 100,000.
//! `NAME` picks the tables whose name contains it (`memory`, `operations`); `--readme` puts
//! the last column of the operations into that file (`just figures`).

#[path = "support/counting.rs"]
mod counting;
#[path = "support/median.rs"]
mod median;
#[path = "support/readme.rs"]
mod readme;

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Barrier};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use aiofiles::{BinaryFile, Executor, ThreadPoolExecutor, TokioExecutor, os};
use median::median;
use tokio::runtime::Runtime;

const TASKS: [usize; 5] = [1, 8, 64, 512, 4_096];
const POOLS: [Option<usize>; 5] = [Some(1), Some(2), Some(8), Some(64), None];
const ROUNDS: usize = 3;
/// Operations in all, whatever the number of tasks.
const OPERATIONS: usize = 8_192;
const PAGE: usize = 4_096;
const LARGE: usize = 64 << 20;
const SMALL: usize = 1_024;
const WAITING: usize = 100_000;

fn fail<T>(error: impl std::fmt::Display) -> T {
    panic!("a call of the benchmark failed: {error}")
}

struct Site {
    runtime: Runtime,
    large: PathBuf,
    small: Vec<PathBuf>,
    dir: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap_or_else(fail);
        let large = dir.path().join("large");
        std::fs::write(&large, vec![7; LARGE]).unwrap_or_else(fail);
        let small = (0..SMALL).map(|n| {
            let path = dir.path().join(format!("{n:04}"));
            std::fs::write(&path, vec![7; 1_000]).unwrap_or_else(fail);
            path
        });
        Self {
            runtime: Runtime::new().unwrap_or_else(fail),
            large,
            small: small.collect(),
            dir,
        }
    }
}

/// What a task does; `number` is that of the operation among all.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Read,
    SmallFile,
    Stat,
    Append,
}

/// What the tasks of a run share.
struct Shared {
    file: BinaryFile,
    small: Vec<PathBuf>,
    executor: Arc<dyn Executor>,
}

impl Shared {
    async fn call(&self, operation: Operation, number: usize, log: Option<&mut BinaryFile>) {
        let executor = || self.executor.clone();
        match operation {
            Operation::Read => {
                let page = number * 40_503 % (LARGE / PAGE);
                let data = self.file.read_at((page * PAGE) as u64, PAGE).await;
                assert_eq!(data.unwrap_or_else(fail).len(), PAGE);
            }
            Operation::SmallFile => {
                let data = aiofiles::read(&self.small[number % SMALL]).executor(executor());
                assert_eq!(data.await.unwrap_or_else(fail).len(), 1_000);
            }
            Operation::Stat => {
                let metadata = os::stat(&self.small[number % SMALL]).executor(executor());
                assert_eq!(metadata.await.unwrap_or_else(fail).len(), 1_000);
            }
            Operation::Append => {
                let log = log.expect("each task that appends has a file");
                log.write(&[b'x'; 100]).await.unwrap_or_else(fail);
                log.flush().await.unwrap_or_else(fail);
            }
        }
    }
}

fn executor(pool: Option<usize>, site: &Site) -> Arc<dyn Executor> {
    match pool {
        Some(workers) => Arc::new(ThreadPoolExecutor::new(workers)),
        None => Arc::new(TokioExecutor::from_handle(site.runtime.handle().clone())),
    }
}

/// The time of an operation, of so many tasks at once.
fn time(site: &Site, operation: Operation, tasks: usize, executor: &Arc<dyn Executor>) -> Duration {
    site.runtime.block_on(async {
        let open = aiofiles::open(&site.large)
            .binary()
            .executor(executor.clone());
        let shared = Arc::new(Shared {
            file: open.await.unwrap_or_else(fail),
            small: site.small.clone(),
            executor: executor.clone(),
        });
        let mut logs = Vec::new();
        for task in 0..tasks {
            logs.push(match operation {
                Operation::Append => {
                    // Some files, however many tasks: a descriptor each is not the matter.
                    let path = site.dir.path().join(format!("log-{}", task % 512));
                    let open = aiofiles::open(path).binary().mode("a");
                    Some(open.executor(executor.clone()).await.unwrap_or_else(fail))
                }
                _ => None,
            });
        }
        let start = Instant::now();
        let tasks: Vec<_> = logs
            .into_iter()
            .enumerate()
            .map(|(task, mut log)| {
                let shared = shared.clone();
                tokio::spawn(async move {
                    for number in (task..OPERATIONS).step_by(tasks) {
                        shared.call(operation, number, log.as_mut()).await;
                    }
                    log
                })
            })
            .collect();
        let mut logs = Vec::new();
        for task in tasks {
            logs.push(task.await.unwrap_or_else(fail));
        }
        let took = start.elapsed();
        for log in logs.iter_mut().flatten() {
            log.close().await.unwrap_or_else(fail);
        }
        took / OPERATIONS as u32
    })
}

/// Measures and prints; what it returns is the table of README.md.
fn operations(site: &Site) -> String {
    let mut table = "| 4,096 tasks beside 8 | pool of 1 | 2 | 8 | 64 | tokio's |\n\
                     |---|---|---|---|---|---|\n"
        .to_owned();
    for operation in [
        Operation::Read,
        Operation::SmallFile,
        Operation::Stat,
        Operation::Append,
    ] {
        println!(
            "\n| {operation:?}, time of an operation beside one task's | 1, µs | 8 | 64 | 512 | 4,096 | 4,096 beside 8 |"
        );
        println!("|---|---|---|---|---|---|---|");
        table.push_str(match operation {
            Operation::Read => "| random reads of 4 KiB |",
            Operation::SmallFile => "| small files |",
            Operation::Stat => "| `stat` |",
            Operation::Append => "| appends of 100 bytes, flushed |",
        });
        for pool in POOLS {
            let executor = executor(pool, site);
            // A round without a number: threads start, files come into the page cache.
            time(site, operation, 8, &executor);
            let mut times = TASKS.map(|_| Vec::new());
            for _ in 0..ROUNDS {
                for (tasks, times) in TASKS.into_iter().zip(&mut times) {
                    times.push(time(site, operation, tasks, &executor).as_secs_f64());
                }
            }
            let [one, eight, more @ ..] = times.map(median);
            let name = pool.map_or("tokio's".to_owned(), |workers| format!("pool of {workers}"));
            let growth = more[more.len() - 1] / eight;
            table.push_str(&format!(" {growth:.2} |"));
            let more_ratios = more.map(|time| format!("{:.2}", time / one)).join(" | ");
            println!(
                "| {name} | {:.1} | {:.2} | {more_ratios} | {growth:.2} |",
                one * 1e6,
                eight / one
            );
        }
        table.push('\n');
    }
    table
}

/// Bytes of memory that `count` of what `make` gives take, each; they are given to `then`.
fn memory_of<T>(count: usize, mut make: impl FnMut() -> T) -> (f64, Vec<T>) {
    let mut all = Vec::with_capacity(count);
    let (grown, ()) = counting::growth(|| all.extend((0..count).map(|_| make())));
    let each = grown as f64 / count as f64;
    (each + size_of::<T>() as f64, all)
}

fn memory(site: &Site) {
    const FILES: usize = 512;
    println!("\n| memory | bytes | bar |\n|---|---|---|");
    let runtime = &site.runtime;
    let path = &site.small[0];
    let open = || runtime.block_on(async { aiofiles::open(path).binary().await });
    drop(open());
    let (idle, files) = memory_of(FILES, || open().unwrap_or_else(fail));
    println!("| an open idle file | {idle:.0} | 700 |");
    drop(files);
    let (read, files) = memory_of(FILES, || {
        runtime.block_on(async {
            let mut file = aiofiles::open(path).binary().await.unwrap_or_else(fail);
            file.next_line().await.unwrap_or_else(fail);
            file
        })
    });
    println!("| one that a line was read from | {read:.0} | |");
    drop(files);

    let (pool, gate) = stuck(2);
    waits("a `delegate`", &pool, || aiofiles::delegate(|| ()));
    waits("a `stat`", &pool, || os::stat(path));
    waits("a `read` of a whole file", &pool, || aiofiles::read(path));
    let mut cx = Context::from_waker(Waker::noop());
    let start = Instant::now();
    let (waiting, calls) = memory_of(WAITING, || {
        let mut call = aiofiles::open(path).binary().executor(pool.clone());
        assert!(pin!(&mut call).poll(&mut cx).is_pending());
        call
    });
    let queued = start.elapsed();
    let start = Instant::now();
    // Not in their order, which would be the easiest.
    let mut calls: Vec<_> = calls.into_iter().map(Some).collect();
    for number in 0..WAITING {
        drop(calls[number * 7_919 % WAITING].take());
    }
    let given_up = start.elapsed();
    println!("| an open that waits | {waiting:.0} | 600 |");
    let each = |time: Duration| time.as_secs_f64() * 1e9 / WAITING as f64;
    println!(
        "\n100,000 opens on a pool of 2: to queue one takes {:.0} ns, to give one up {:.0} ns.",
        each(queued),
        each(given_up)
    );
    gate.wait();
}

/// The memory of a call that waits for its turn.
fn waits<T, K>(name: &str, pool: &ThreadPoolExecutor, call: impl Fn() -> aiofiles::Call<T, K>)
where
    T: Send + 'static,
    K: Send + 'static,
{
    let mut cx = Context::from_waker(Waker::noop());
    let (bytes, calls) = memory_of(WAITING / 10, || {
        let mut call = call().executor(pool.clone());
        assert!(pin!(&mut call).poll(&mut cx).is_pending());
        call
    });
    println!("| {name} that waits | {bytes:.0} | 600 |");
    drop(calls);
}

/// A pool whose threads all wait for the barrier.
fn stuck(workers: usize) -> (ThreadPoolExecutor, Arc<Barrier>) {
    let pool = ThreadPoolExecutor::new(workers);
    let gate = Arc::new(Barrier::new(workers + 1));
    for _ in 0..workers {
        let (started, seen) = std::sync::mpsc::channel();
        let gate = gate.clone();
        let call = aiofiles::delegate(move || {
            started.send(()).unwrap_or_else(fail);
            gate.wait();
        });
        let mut call = call.executor(pool.clone());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(pin!(&mut call).poll(&mut cx).is_pending());
        seen.recv().unwrap_or_else(fail);
    }
    (pool, gate)
}

fn main() {
    let (readme, wanted) = readme::argument(std::env::args().skip(1)).unwrap_or_else(fail);
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|want| name.contains(want));
    let site = Site::new();
    if wants("memory") {
        memory(&site);
    }
    if wants("operations") {
        let table = operations(&site);
        if let Some(path) = readme {
            readme::put(&path, "growth", &table).unwrap_or_else(fail);
        }
    }
}
