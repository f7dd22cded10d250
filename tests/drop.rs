//! Files that are dropped: dirty, busy, on any thread, while their runtime goes
//! away. All bytes are on the disk afterwards, and no descriptor is left.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;
use std::time::Duration;

use aiofiles::executor::{Executor, InlineExecutor, ManualExecutor};
use aiofiles::{BinaryFile, ThreadPoolExecutor, wrap};
use common::{Dir, Faulty, Gate, Manner, Memory, Stream, descriptors_below, on_disk};
use common::{poll_once, start_and_abandon};
use futures::FutureExt as _;
use futures::executor::block_on;
use tokio::runtime::{Builder, Runtime};

/// A file with buffered bytes that no job has seen.
async fn dirty(path: &Path) -> BinaryFile {
    let mut file = aiofiles::open(path).binary().mode("w").await.unwrap();
    file.write(b"written").await.unwrap();
    assert_eq!(on_disk(path), b"", "not yet");
    file
}

/// Ends the runtime, which runs what was handed to it.
fn end(runtime: Runtime) {
    runtime.shutdown_timeout(Duration::from_secs(60));
}

// tokio#2307, tokio#7174, async-fs#14: lost if dropped without a flush.
#[test]
fn dirty_file_dropped_on_a_multi_thread_runtime_is_written() {
    let dir = Dir::new();
    let path = dir.join("file");
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async { drop(dirty(&path).await) });
    end(runtime);
    assert_eq!(on_disk(&path), b"written");
}

// async-std#900: a flush in a drop deadlocked.
#[test]
fn dirty_file_dropped_on_a_current_thread_runtime_is_written() {
    let dir = Dir::new();
    let path = dir.join("file");
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { drop(dirty(&path).await) });
    end(runtime);
    assert_eq!(on_disk(&path), b"written");
}

#[test]
fn dirty_file_dropped_on_a_blocking_thread_is_written() {
    let dir = Dir::new();
    let path = dir.join("file");
    let runtime = Builder::new_multi_thread()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    runtime.block_on(async {
        let file = dirty(&path).await;
        tokio::task::spawn_blocking(move || drop(file))
            .await
            .unwrap();
    });
    end(runtime);
    assert_eq!(on_disk(&path), b"written");
}

#[test]
fn dirty_file_dropped_after_its_runtime_is_written_on_the_spot() {
    let dir = Dir::new();
    let path = dir.join("file");
    let runtime = Runtime::new().unwrap();
    let file = runtime.block_on(dirty(&path));
    drop(runtime);
    drop(file);
    assert_eq!(on_disk(&path), b"written");
    assert_eq!(descriptors_below(dir.path()), 0);
}

// tokio#4316: a queued write discarded at runtime shutdown.
#[test]
fn runtime_that_shuts_down_loses_none_of_a_hundred_dirty_files() {
    for threads in [1, 4] {
        let dir = Dir::new();
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(threads)
            .enable_all()
            .build()
            .unwrap();
        let paths: Vec<_> = (0..100).map(|n| dir.join(n.to_string())).collect();
        runtime.block_on(async {
            for (n, path) in paths.iter().enumerate() {
                let mut file = dirty(path).await;
                tokio::spawn(async move {
                    match n % 4 {
                        // With a flush queued or running, and more behind it.
                        0 => {
                            start_and_abandon(file.flush());
                            assert!(file.write(b" and more").now_or_never().is_none());
                        }
                        1 => start_and_abandon(file.close()),
                        _ => {}
                    }
                    std::future::pending::<()>().await;
                    drop(file);
                });
            }
            tokio::task::yield_now().await;
        });
        drop(runtime);
        for path in &paths {
            // One that was never polled has nothing more either.
            assert!(on_disk(path).starts_with(b"written"), "{threads}: {path:?}");
        }
        assert_eq!(descriptors_below(dir.path()), 0);
    }
}

#[test]
fn dirty_file_with_a_bad_executor_is_written_on_the_spot() {
    for manner in [Manner::Refuses, Manner::Drops, Manner::Panics] {
        let memory = Memory::default();
        let executor = Faulty::always(manner);
        let made = wrap(memory.stream()).mode("w").executor(executor);
        let mut file = block_on(made.into_future()).unwrap();
        block_on(file.write(b"written")).unwrap();
        assert!(block_on(file.flush()).is_err());
        drop(file);
        assert_eq!(memory.data(), b"written", "{manner:?}");
        assert!(memory.closed() && memory.dropped(), "{manner:?}");
    }
}

#[test]
fn dirty_file_with_a_pool_that_was_shut_down_is_written_on_the_spot() {
    let memory = Memory::default();
    let pool = ThreadPoolExecutor::new(1);
    let made = wrap(memory.stream()).mode("w").executor(pool.clone());
    let mut file = block_on(made.into_future()).unwrap();
    block_on(file.write(b"written")).unwrap();
    block_on(pool.shutdown());
    drop(file);
    assert_eq!(memory.data(), b"written");
}

#[test]
fn last_flush_goes_past_a_full_queue() {
    let memory = Memory::default();
    let pool = ThreadPoolExecutor::new(1).queue_limit(1);
    let made = wrap(memory.stream()).mode("w").executor(pool.clone());
    let mut file = block_on(made.into_future()).unwrap();
    block_on(file.write(b"written")).unwrap();
    let calls: Vec<_> = (0..8)
        .map(|_| {
            Box::pin(
                aiofiles::delegate(|| ())
                    .executor(pool.clone())
                    .into_future(),
            )
        })
        .map(|mut call| {
            drop(poll_once(call.as_mut()));
            call
        })
        .collect();
    drop(file);
    block_on(pool.shutdown());
    drop(calls);
    assert_eq!(memory.data(), b"written");
}

/// A writable file on `memory`, with `abc` in its buffer.
fn filled(memory: &Memory, executor: impl Executor) -> BinaryFile<Stream> {
    let made = wrap(memory.stream())
        .mode("r+")
        .buffering(8)
        .executor(executor);
    let mut file = block_on(made.into_future()).unwrap();
    file.write(b"abc").now_or_never().unwrap().unwrap();
    file
}

type Start = fn(&mut BinaryFile<Stream>);

/// What may be in flight when the file goes, and what must have been written.
const IN_FLIGHT: &[(&str, Start, &[u8])] = &[
    ("flush", |file| start_and_abandon(file.flush()), b"abc"),
    ("close", |file| start_and_abandon(file.close()), b"abc"),
    ("sync", |file| start_and_abandon(file.sync_all()), b"abc"),
    ("read", |file| start_and_abandon(file.read()), b"abc"),
    (
        "write_owned",
        |file| start_and_abandon(file.write_owned(b"defghijkl".to_vec())),
        b"abcdefghijkl",
    ),
    (
        "drain",
        |file| {
            file.write(b"defghi").now_or_never().unwrap().unwrap();
            file.write(b"jk").now_or_never().unwrap().unwrap();
        },
        b"abcdefghijk",
    ),
];

#[test]
fn file_dropped_with_a_queued_job_is_written() {
    for (name, start, expected) in IN_FLIGHT {
        let (memory, jobs) = (Memory::default(), ManualExecutor::new());
        let mut file = filled(&memory, jobs.clone());
        start(&mut file);
        drop(file);
        jobs.run_all();
        assert_eq!(memory.data(), *expected, "{name}");
        assert!(memory.closed() && memory.dropped(), "{name}");
        // The same, by an executor that drops what it has.
        let (memory, jobs) = (Memory::default(), ManualExecutor::new());
        let mut file = filled(&memory, jobs.clone());
        start(&mut file);
        drop(file);
        while let Some(job) = jobs.take_one() {
            drop(job);
        }
        assert_eq!(memory.data(), *expected, "{name}, dropped");
        assert!(memory.closed() && memory.dropped(), "{name}, dropped");
    }
}

// compio@7e39c989, tokio-uring#2: closed before what was in flight had ended.
#[test]
fn file_dropped_with_a_running_job_is_written() {
    let (gate, attach) = Gate::new();
    for (name, start, expected) in IN_FLIGHT {
        let (memory, jobs) = (Memory::default(), ManualExecutor::new());
        attach(&memory);
        let mut file = filled(&memory, jobs.clone());
        start(&mut file);
        assert!(gate.start(jobs.take_one().unwrap()), "{name}");
        drop(file);
        assert!(!memory.dropped(), "{name}: in use");
        gate.finish();
        jobs.run_all();
        assert_eq!(memory.data(), *expected, "{name}");
        assert!(memory.closed() && memory.dropped(), "{name}");
    }
}

#[test]
fn file_dropped_with_a_done_job_is_written() {
    for (name, start, expected) in IN_FLIGHT {
        let (memory, jobs) = (Memory::default(), ManualExecutor::new());
        let mut file = filled(&memory, jobs.clone());
        start(&mut file);
        assert!(jobs.run_one(), "{name}");
        drop(file);
        jobs.run_all();
        assert_eq!(memory.data(), *expected, "{name}");
        // Behind a flush nothing is pending: no `close` is due.
        assert!(memory.closed() || *name == "flush", "{name}");
        assert!(memory.dropped(), "{name}");
    }
}

// tokio#7983, aiofiles#157: a cancelled open leaked its descriptor.
#[test]
fn cancelled_opens_leave_no_descriptor() {
    let dir = Dir::new();
    let path = dir.join("file");
    std::fs::write(&path, "data").unwrap();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        for n in 0..1_000 {
            let open = tokio::spawn(aiofiles::open(path.clone()).into_future());
            if n % 3 == 0 {
                tokio::task::yield_now().await;
            }
            open.abort();
            drop(open.await);
        }
    });
    end(runtime);
    assert_eq!(descriptors_below(dir.path()), 0);
}

// tokio#2307, async-fs#14: ETXTBSY, as the drop did not close now.
#[cfg(target_os = "linux")]
#[test]
fn clean_file_is_closed_at_once() {
    let dir = Dir::new();
    let path = dir.join("file");
    let jobs = ManualExecutor::new();
    let open = aiofiles::open(&path)
        .binary()
        .mode("w")
        .executor(jobs.clone());
    let mut open = std::pin::pin!(open.into_future());
    assert!(poll_once(open.as_mut()).is_none());
    jobs.run_all();
    let mut file = poll_once(open).unwrap().unwrap();
    assert_eq!(descriptors_below(dir.path()), 1);
    start_and_abandon(file.flush());
    // A read that did not begin is no reason to wait.
    start_and_abandon(file.metadata());
    drop(file);
    assert_eq!(descriptors_below(dir.path()), 0);
}

#[test]
fn panic_of_a_stream_in_a_drop_stays_there() {
    use common::{Fault, Op};
    let memory = Memory::default();
    let file = filled(&memory, InlineExecutor);
    memory.fail(Op::Write, Fault::Panic);
    drop(file);
    assert!(memory.dropped());
}
