//! Executors that refuse, drop and panic, at every point of every operation; the
//! thread pool; and life without a runtime.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::SeekFrom;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aiofiles::executor::{Executor, InlineExecutor, ManualExecutor};
use aiofiles::{BinaryFile, Error, Result, ThreadPoolExecutor, TokioExecutor, delegate, wrap};
use common::{Counting, Dir, Faulty, Manner, Memory, Stream, on_disk, poll_once};
use futures::FutureExt as _;
use futures::executor::block_on;

type File = BinaryFile<Stream>;

const MANNERS: [Manner; 3] = [Manner::Refuses, Manner::Drops, Manner::Panics];

/// Every operation that takes a job, by name.
const OPERATIONS: &[&str] = &[
    "read",
    "readline",
    "readlines",
    "next_line",
    "read1",
    "peek",
    "readinto",
    "read_owned",
    "write_owned",
    "flush",
    "seek",
    "truncate",
    "sync",
    "batch",
    "close",
    "read_at",
    "write_at",
];

async fn operate(file: &mut File, operation: &str) -> Result<()> {
    match operation {
        "read" => file.read().await.map(drop),
        "readline" => file.readline().await.map(drop),
        "readlines" => file.readlines().await.map(drop),
        "next_line" => file.next_line().await.map(drop),
        "read1" => file.read1(4).await.map(drop),
        "peek" => file.peek(4).await.map(drop),
        "readinto" => file.readinto(&mut [0; 4]).await.map(drop),
        "read_owned" => file.read_owned(Vec::with_capacity(4)).await.0.map(drop),
        "write_owned" => file.write_owned(b"owned".to_vec()).await.0.map(drop),
        "flush" => file.flush().await,
        "seek" => file.seek(SeekFrom::End(0)).await.map(drop),
        "truncate" => file.truncate().size(12).await.map(drop),
        "sync" => file.sync_all().await,
        "batch" => file.batch(|_| Ok(())).await,
        "close" => file.close().await,
        "read_at" => file.read_at(0, 4).await.map(drop),
        "write_at" => file.write_at(0, b"0").await.map(drop),
        _ => unreachable!("every operation is above"),
    }
}

// tokio#8182, tokio#8291: a job that was rejected or cancelled left the file unusable.
#[test]
fn file_survives_a_bad_executor_in_every_operation() {
    for manner in MANNERS {
        for operation in OPERATIONS {
            let memory = Memory::new("0123456789");
            let executor = Faulty::once(manner, usize::MAX);
            let made = wrap(memory.stream()).mode("r+").executor(executor.clone());
            block_on(async {
                let mut file = made.await.unwrap();
                assert_eq!(file.read().size(3).await.unwrap(), b"012");
                file.write(b"abc").await.unwrap();
                executor.after(0);
                let failed = operate(&mut file, operation).await.unwrap_err();
                assert!(
                    matches!(failed, Error::ExecutorGone { .. }),
                    "{manner:?} {operation}: {failed}"
                );
                assert!(!file.closed(), "{manner:?} {operation}");
                assert_eq!(file.tell().await.unwrap(), 6, "{manner:?} {operation}");
                assert_eq!(
                    file.read().await.unwrap(),
                    b"6789",
                    "{manner:?} {operation}"
                );
                file.write(b"end").await.unwrap();
                file.close().await.unwrap();
            });
            assert_eq!(memory.data(), b"012abc6789end", "{manner:?} {operation}");
        }
    }
}

// blocking#58: a panic in a job resumes in the caller, and the file is usable.
#[test]
fn file_survives_a_panic_of_its_stream() {
    use common::{Fault, Op};
    for op in [
        Op::Read,
        Op::Write,
        Op::Seek,
        Op::Flush,
        Op::Truncate,
        Op::Sync,
    ] {
        let memory = Memory::new("0123456789");
        let made = wrap(memory.stream()).mode("r+").executor(InlineExecutor);
        block_on(async {
            let mut file = made.await.unwrap();
            assert_eq!(file.read().size(3).await.unwrap(), b"012");
            file.write(b"abc").await.unwrap();
            memory.fail_once(op, Fault::Panic);
            for operation in ["read", "seek", "truncate", "sync", "flush", "close"] {
                let before = memory.failed();
                let result = operate(&mut file, operation).await;
                if memory.failed() > before {
                    let error = result.unwrap_err();
                    assert!(matches!(error, Error::Panicked { .. }), "{op:?}: {error}");
                    assert!(!file.closed(), "{op:?} {operation}");
                } else {
                    result.unwrap();
                }
            }
            file.close().await.unwrap();
        });
        assert_eq!(&memory.data()[..10], b"012abc6789", "{op:?}");
        assert_eq!(memory.failed(), 1, "{op:?}: it happened");
    }
}

#[test]
fn delegated_call_tells_what_befell_it() {
    for manner in MANNERS {
        let call = delegate(|| 1).executor(Faulty::always(manner));
        let error = block_on(call).unwrap_err();
        assert!(
            matches!(error, Error::ExecutorGone { .. }),
            "{manner:?}: {error}"
        );
    }
    let call = delegate(|| panic!("so")).executor(InlineExecutor);
    let error: Error = block_on(call).unwrap_err();
    assert!(
        matches!(&error, Error::Panicked { message, .. } if message == "so"),
        "{error}"
    );
}

// aiofiles#234: the exit ignored the executor.
#[test]
fn executor_of_a_file_sees_every_job() {
    let (dir, counting) = (Dir::new(), Counting::default());
    let path = dir.join("file");
    block_on(async {
        let open = aiofiles::open(&path)
            .binary()
            .mode("w")
            .executor(counting.clone());
        open.with(async |file| file.write(b"data").await)
            .await
            .unwrap();
        assert_eq!((counting.count("open"), counting.count("close")), (1, 1));
        let file = aiofiles::open(&path)
            .binary()
            .mode("a")
            .executor(counting.clone());
        let mut file = file.await.unwrap();
        file.write(b"more").await.unwrap();
        drop(file);
        assert_eq!(counting.count("close"), 2, "the drop too");
    });
    assert_eq!(on_disk(&path), b"datamore");
}

// aiofiles#47: a hop for each line.
#[test]
fn lines_take_a_job_a_buffer() {
    let (dir, counting) = (Dir::new(), Counting::default());
    let path = dir.join("file");
    std::fs::write(&path, "a line\n".repeat(100_000)).unwrap();
    block_on(async {
        let mut file = aiofiles::open(&path)
            .executor(counting.clone())
            .await
            .unwrap();
        let mut lines = 0;
        while file.next_line().await.unwrap().is_some() {
            lines += 1;
        }
        assert_eq!(lines, 100_000);
    });
    assert!(counting.total() < 12, "{}", counting.total());
}

#[test]
fn manual_executor_steps_through_a_file() {
    let (memory, jobs) = (Memory::new("content"), ManualExecutor::new());
    let mut file = block_on(wrap(memory.stream()).executor(jobs.clone()).into_future()).unwrap();
    {
        let mut read = std::pin::pin!(file.read().size(3));
        assert!(poll_once(read.as_mut()).is_none());
        assert_eq!(jobs.len(), 1);
        assert!(jobs.run_one() && !jobs.run_one());
        assert_eq!(poll_once(read).unwrap().unwrap(), b"con");
    }
    assert_eq!(
        file.read().size(2).now_or_never().unwrap().unwrap(),
        b"te",
        "no job"
    );
    drop(jobs.take_one());
    assert_eq!(jobs.run_all(), 0);
}

#[test]
fn shared_executors_are_executors() {
    let counting = Counting::default();
    let shared: Arc<dyn Executor> = Arc::new(counting.clone());
    block_on(delegate(|| ()).executor(shared.clone())).unwrap();
    block_on(delegate(|| ()).executor(Arc::new(shared))).unwrap();
    assert_eq!(counting.total(), 2);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let on_runtime = || tokio::runtime::Handle::try_current().is_ok();
    let handle = runtime.handle().clone();
    assert!(block_on(delegate(on_runtime).executor(handle.clone())).unwrap());
    let call = delegate(on_runtime).executor(TokioExecutor::from_handle(handle));
    assert!(block_on(call).unwrap());
    // Outside a runtime it has none to refer to.
    let error = block_on(delegate(on_runtime).executor(TokioExecutor::new())).unwrap_err();
    assert!(matches!(error, Error::ExecutorGone { .. }));
}

// tokio#386, tokio#1356, tokio#2411: a panic outside a runtime.
#[test]
fn no_runtime_and_no_executor_is_an_error() {
    let dir = Dir::new();
    let error = block_on(aiofiles::open(dir.join("file")).into_future()).unwrap_err();
    assert!(matches!(error, Error::NoRuntime { .. }), "{error}");
    block_on(async {
        let mut file = BinaryFile::new(Memory::new("data").stream());
        assert!(matches!(file.read().await, Err(Error::NoRuntime { .. })));
        assert!(matches!(
            file.write(b"x").await,
            Err(Error::NoRuntime { .. })
        ));
        assert!(matches!(file.flush().await, Ok(())));
        file.close().await.unwrap();
    });
}

#[test]
fn files_work_under_any_runtime() {
    async fn round_trip(pool: ThreadPoolExecutor) {
        let dir = Dir::new();
        let path = dir.join("file");
        let mut file = aiofiles::open(&path)
            .mode("w+")
            .executor(pool)
            .await
            .unwrap();
        file.write("one\ntwo\n").await.unwrap();
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.readlines().await.unwrap(), ["one\n", "two\n"]);
        file.close().await.unwrap();
    }
    let pool = ThreadPoolExecutor::new(2);
    block_on(round_trip(pool.clone()));
    smol::block_on(round_trip(pool.clone()));
    let mut local = futures::executor::LocalPool::new();
    local.run_until(round_trip(pool.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(round_trip(pool));
}

// ---- the thread pool --------------------------------------------------------------

/// Holds a worker until the sender goes.
fn hold(pool: &ThreadPoolExecutor) -> std::sync::mpsc::Sender<()> {
    let (sender, receiver) = channel::<()>();
    let (begun, begins) = channel();
    let job = delegate(move || {
        begun.send(()).unwrap();
        let _ = receiver.recv();
    });
    let mut job = Box::pin(job.executor(pool.clone()).into_future());
    assert!(poll_once(job.as_mut()).is_none());
    begins.recv().unwrap();
    std::mem::forget(job);
    sender
}

#[test]
fn pool_names_its_threads_and_reuses_them() {
    let pool = ThreadPoolExecutor::new(3).thread_name_prefix("disk");
    let name = || std::thread::current().name().unwrap().to_owned();
    for _ in 0..20 {
        let name = block_on(delegate(name).executor(pool.clone())).unwrap();
        assert!(["disk-0", "disk-1", "disk-2"].contains(&&*name), "{name}");
    }
    block_on(pool.shutdown());
    assert_eq!(pool.stats().done, 20);
    let error = block_on(delegate(name).executor(pool)).unwrap_err();
    assert!(matches!(error, Error::ExecutorGone { .. }));
}

#[test]
fn full_queue_admits_in_order() {
    let pool = ThreadPoolExecutor::new(1).queue_limit(1);
    let held = hold(&pool);
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut calls: Vec<_> = (0..10)
        .map(|i| {
            let order = order.clone();
            let call = delegate(move || order.lock().unwrap().push(i));
            Box::pin(call.executor(pool.clone()).into_future())
        })
        .collect();
    for call in &mut calls {
        assert!(poll_once(call.as_mut()).is_none());
    }
    assert_eq!((pool.stats().queued, pool.stats().waiting), (1, 9));
    // The fifth gives up.
    drop(calls.remove(5));
    assert_eq!(pool.stats().waiting, 8, "it leaves nothing");
    drop(held);
    for result in block_on(futures::future::join_all(calls)) {
        result.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4, 6, 7, 8, 9]);
    assert_eq!((pool.stats().queued, pool.stats().waiting), (0, 0));
}

#[test]
fn nobody_who_was_admitted_and_does_not_look_holds_up_the_others() {
    let pool = ThreadPoolExecutor::new(1).queue_limit(1);
    let held = hold(&pool);
    let mut queued = Box::pin(delegate(|| ()).executor(pool.clone()).into_future());
    assert!(poll_once(queued.as_mut()).is_none());
    // Its buffer is full and goes to the line, and nobody polls for that.
    let memory = Memory::default();
    let made = wrap(memory.stream())
        .mode("w")
        .buffering(4)
        .executor(pool.clone());
    let mut file = block_on(made.into_future()).unwrap();
    file.write(b"more than that")
        .now_or_never()
        .unwrap()
        .unwrap();
    // An abandoned operation of another file waits in the line, too.
    let other = wrap(Memory::new("other").stream()).executor(pool.clone());
    let mut other = block_on(other.into_future()).unwrap();
    common::start_and_abandon(other.read());
    assert_eq!(pool.stats().waiting, 2);
    drop(held);
    assert_eq!(block_on(delegate(|| 7).executor(pool.clone())).unwrap(), 7);
    assert_eq!(memory.data(), b"more than that");
    assert_eq!(block_on(other.read()).unwrap(), b"other");
}

#[test]
fn shutdown_runs_what_was_accepted_and_refuses_who_waits() {
    let pool = ThreadPoolExecutor::new(1).queue_limit(1);
    let held = hold(&pool);
    let start = |n| Box::pin(delegate(move || n).executor(pool.clone()).into_future());
    let (mut accepted, mut waiting) = (start(1), start(2));
    assert!(poll_once(accepted.as_mut()).is_none());
    assert!(poll_once(waiting.as_mut()).is_none());
    let mut shutdown = Box::pin(pool.shutdown());
    assert!(poll_once(shutdown.as_mut()).is_none());
    assert!(matches!(block_on(waiting), Err(Error::ExecutorGone { .. })));
    // It goes on without anybody who waits for it.
    drop(shutdown);
    drop(held);
    assert_eq!(block_on(accepted).unwrap(), 1);
    block_on(pool.shutdown());
    assert_eq!((pool.stats().running, pool.stats().done), (0, 2));
}

#[test]
fn idle_threads_end_and_come_again() {
    let pool = ThreadPoolExecutor::new(4).keep_alive(Duration::ZERO);
    for n in 0..200 {
        assert_eq!(
            block_on(delegate(move || n).executor(pool.clone())).unwrap(),
            n
        );
    }
    block_on(pool.shutdown());
    assert_eq!(pool.stats().done, 200);
}

// async-std#475, tokio#8056: pools that hung, or stayed at one thread.
#[test]
fn jobs_that_need_each_other_run_side_by_side() {
    for _ in 0..50 {
        let pool = ThreadPoolExecutor::new(8);
        let barrier = Arc::new(std::sync::Barrier::new(8));
        let calls = (0..8).map(|_| {
            let barrier = barrier.clone();
            delegate(move || barrier.wait().is_leader()).executor(pool.clone())
        });
        for result in block_on(futures::future::join_all(calls)) {
            result.unwrap();
        }
    }
}

// caio@f8b5ecb: an operation claimed twice.
#[test]
fn bounded_pool_runs_each_of_many_jobs_once() {
    let pool = ThreadPoolExecutor::new(3).queue_limit(2);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let count = Arc::new(std::sync::atomic::AtomicU64::new(0));
    runtime.block_on(async {
        let tasks: Vec<_> = (0..64)
            .map(|task| {
                let (pool, count) = (pool.clone(), count.clone());
                tokio::spawn(async move {
                    for n in 0..100 {
                        let count = count.clone();
                        let add = move || count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        let mut call = Box::pin(delegate(add).executor(pool.clone()).into_future());
                        if (task + n) % 7 == 0 {
                            drop(poll_once(call.as_mut()));
                        } else {
                            call.await.unwrap();
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        pool.shutdown().await;
    });
    let (stats, ran) = (
        pool.stats(),
        count.load(std::sync::atomic::Ordering::Relaxed),
    );
    assert_eq!((stats.queued, stats.waiting, stats.running), (0, 0, 0));
    assert!((5_400..=6_400).contains(&ran) && ran <= stats.done, "{ran}");
}

#[test]
fn last_line_without_end_takes_one_look_at_the_end() {
    let pool = ThreadPoolExecutor::new(1);
    let memory = Memory::new("one\ntwo");
    block_on(async {
        let mut file = wrap(memory.stream()).executor(pool.clone()).await.unwrap();
        assert_eq!(file.readline().await.unwrap(), b"one\n");
        assert_eq!(file.readline().await.unwrap(), b"two");
    });
    assert_eq!(memory.calls("read"), 2);
}

#[test]
fn tokio_given_as_executor_has_reads_of_the_page_cache_in_place_as_by_default() {
    let dir = Dir::new();
    let path = dir.join("f");
    std::fs::write(&path, "cached").unwrap();
    if !common::cache_answers(&path) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(async {
        let bare = tokio::runtime::Handle::current();
        let given: [Arc<dyn Executor>; 2] = [Arc::new(TokioExecutor::new()), Arc::new(bare)];
        for given in given {
            let mut file = aiofiles::open(&path).executor(given).await.unwrap();
            let read = file.read().size(6).into_future().now_or_never();
            assert_eq!(read.expect("no job is waited for").unwrap(), "cached");
        }
    });
}
