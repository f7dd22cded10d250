//! A task whose reads never have to wait lets others run.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::cell::Cell;
use std::io::SeekFrom;
use std::rc::Rc;
use std::time::{Duration, Instant};

use aiofiles::{BinaryFile, RawFile, TextFile, open};
use common::cache_answers;
use common::{Count, Dir, run};
use futures::StreamExt;
use tokio::io::{AsyncBufReadExt, AsyncReadExt};
use tokio::task::{JoinSet, LocalSet, yield_now};

const TICKS: usize = 30;

/// Runs `busy` beside a ticker of 1 ms on one thread, until it has ticked often enough; `busy`
/// looks at the count between its turns.
fn keeps_ticking(at: &str, busy: impl AsyncFnOnce(Count)) {
    let ticks = Count::default();
    let counted = ticks.clone();
    let start = Instant::now();
    run(async move {
        let ticker = tokio::spawn(async move {
            let mut interval = tokio::time::interval(Duration::from_millis(1));
            for _ in 0..TICKS {
                interval.tick().await;
                counted.add();
            }
        });
        busy(ticks.clone()).await;
        assert_eq!(ticks.get(), TICKS, "{at}: it ticked meanwhile");
        ticker.await.unwrap();
    });
    // 30 ms where nothing else runs; far more than the slowest of machines takes.
    assert!(start.elapsed() < Duration::from_secs(20), "{at}");
}

/// Fails rather than to go on for ever: a task that is never interrupted sees no tick.
fn go_on(ticks: &Count, turns: &mut usize) -> bool {
    *turns += 1;
    assert!(*turns < 500_000_000, "no tick, ever");
    ticks.get() < TICKS
}

async fn text(dir: &Dir) -> TextFile {
    let path = dir.file("f", "a line\n".repeat(10_000));
    open(&path).await.unwrap()
}

async fn bytes(dir: &Dir) -> BinaryFile {
    text(dir).await.detach().await.unwrap()
}

/// Calls `$step`, which gives whether it is at the end, until the ticker is through.
macro_rules! busy {
    ($at:literal, $open:ident, $file:ident, $step:expr) => {
        keeps_ticking($at, async |ticks| {
            let dir = Dir::new();
            let mut $file = $open(&dir).await;
            let mut turns = 0;
            while go_on(&ticks, &mut turns) {
                if $step {
                    $file.seek(SeekFrom::Start(0)).await.unwrap();
                }
            }
        });
    };
}

#[test]
fn reads_from_the_buffer_let_others_run() {
    busy!("next_line", text, f, f.next_line().await.unwrap().is_none());
    busy!("next", text, f, f.next().await.is_none());
    busy!("readline", text, f, f.readline().await.unwrap().is_empty());
    busy!("read", text, f, f.read().size(1).await.unwrap().is_empty());
    busy!("lines", text, f, f.lines().next().await.is_none());
    busy!("bytes", bytes, f, f.next_line().await.unwrap().is_none());
    busy!("read1", bytes, f, f.read1(1).await.unwrap().is_empty());
    busy!("peek", bytes, f, f.peek(1).await.unwrap().is_empty());
    busy!(
        "readinto",
        bytes,
        f,
        f.readinto(&mut [0]).await.unwrap() == 0
    );
    busy!(
        "AsyncRead",
        bytes,
        f,
        AsyncReadExt::read(&mut f, &mut [0]).await.unwrap() == 0
    );
    busy!("AsyncBufRead", bytes, f, {
        let n = AsyncBufReadExt::fill_buf(&mut f).await.unwrap().len();
        AsyncBufReadExt::consume(&mut f, n.min(1));
        n == 0
    });
}

#[test]
fn writes_to_the_buffer_let_others_run() {
    keeps_ticking("write", async |ticks| {
        let dir = Dir::new();
        let mut file = open(dir.join("f")).mode("w").await.unwrap();
        let mut turns = 0;
        while go_on(&ticks, &mut turns) {
            file.write("").await.unwrap();
        }
    });
}

const TASKS: usize = 8;

/// What a task copies in one turn: the 128 units of tokio's budget, 16 KiB each,
/// and what begins when there is one left.
const TURN: usize = 128 * 16 * 1024 + 128 * 1024;

/// Has eight tasks read the file at `path` from the page cache, each with `step`,
/// and gives the most that they read between two turns of a ninth.
fn most_between_turns(
    path: &std::path::Path,
    step: impl AsyncFn(&mut RawFile) -> usize + Clone + 'static,
) -> usize {
    let bytes = Rc::new(Cell::new(0));
    run(LocalSet::new().run_until(async {
        let mut tasks = JoinSet::new();
        for _ in 0..TASKS {
            let (path, bytes, step) = (path.to_owned(), bytes.clone(), step.clone());
            tasks.spawn_local(async move {
                let mut file = open(&path).raw().await.unwrap();
                loop {
                    let n = step(&mut file).await;
                    bytes.set(bytes.get() + n);
                    if n == 0 {
                        file.seek(SeekFrom::Start(0)).await.unwrap();
                    }
                }
            });
        }
        let (mut most, mut turns) = (0, 0);
        while turns < 25 {
            let before = bytes.get();
            yield_now().await;
            let read = bytes.get() - before;
            most = most.max(read);
            turns += usize::from(read > 0);
        }
        most
    }))
}

#[test]
fn streaming_tasks_copy_little_between_two_turns_of_another() {
    let dir = Dir::new();
    let path = dir.file("f", vec![b'x'; 4 << 20]);
    if !cache_answers(&path) {
        return;
    }
    let sizes = [4 * 1024, 64 * 1024, 128 * 1024];
    for size in sizes {
        let into = most_between_turns(&path, async move |file| {
            file.readinto(&mut vec![0; size]).await.unwrap()
        });
        let owned = most_between_turns(&path, async move |file| {
            file.read_owned(Vec::with_capacity(size)).await.0.unwrap()
        });
        let at = most_between_turns(&path, async move |file| {
            file.read_at(0, size).await.unwrap().len()
        });
        let into_at = most_between_turns(&path, async move |file| {
            file.readinto_at(0, &mut vec![0; size]).await.unwrap()
        });
        for (way, most) in [
            ("readinto", into),
            ("read_owned", owned),
            ("read_at", at),
            ("readinto_at", into_at),
        ] {
            assert!(most > 0, "{way} of {size}");
            // A task that came to the end and had a job look has a second turn.
            assert!(most <= TASKS * 2 * TURN, "{way} of {size}: {most} bytes");
        }
    }
}
