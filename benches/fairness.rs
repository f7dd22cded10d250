//! How late other tasks run while one call moves much data: a ticker of 1 ms on a runtime
//! with one thread, beside calls of this crate and of `tokio::fs`.
//!
//! `cargo bench --bench fairness`; `AIOFILES_BENCH_MIB` says how much is moved (256). Run
//! it on a quiet machine: the first row is the ticker alone, and the second beside a thread
//! that writes as much with std, which is what the machine itself adds. The processor time
//! of the longest poll, where the system tells it, does not depend on who else runs.

use std::future::{Future, poll_fn};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::LocalSet;

const PERIOD: Duration = Duration::from_millis(1);
const RUNS: usize = 3;

/// What the calls work on.
struct Site {
    /// One line without a line end.
    line: PathBuf,
    /// Lines of 50 bytes.
    lines: PathBuf,
    out: PathBuf,
    data: Arc<[u8]>,
    text: String,
}

/// How long a call took, and the processor time of its longest poll.
#[derive(Clone, Copy)]
struct Took {
    all: Duration,
    longest: Duration,
}

/// The processor time of this thread; where the system does not tell it, none.
fn cpu_time() -> Duration {
    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
    }
    #[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
    Duration::ZERO
}

/// Runs `call` beside the ticker, and prints how late that was, in milliseconds.
async fn row<T>(name: &str, mut call: impl AsyncFnMut() -> (T, Took)) {
    let (mut late, mut best, mut longest) = (Vec::new(), Duration::MAX, Duration::ZERO);
    for _ in 0..RUNS {
        let stop = Rc::new(std::cell::Cell::new(false));
        let stopped = stop.clone();
        let ticker = tokio::task::spawn_local(async move {
            let mut late = Vec::new();
            while !stopped.get() {
                let due = Instant::now() + PERIOD;
                tokio::time::sleep_until(due.into()).await;
                late.push(due.elapsed());
            }
            late
        });
        // The result is dropped after the ticker has stopped.
        let (result, took) = call().await;
        stop.set(true);
        late.extend(ticker.await.expect("a ticker that ends"));
        drop(result);
        best = best.min(took.all);
        longest = longest.max(took.longest);
    }
    late.sort_unstable();
    let at = |part: f64| late[((late.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    println!(
        "{name:34} {:7.2} {:7.2} {:7.2} {:8.2}   {:9.1?}",
        at(0.5),
        at(0.99),
        at(1.0),
        longest.as_secs_f64() * 1e3,
        best
    );
}

async fn timed<T>(call: impl Future<Output = T>) -> (T, Took) {
    let start = Instant::now();
    let mut call = pin!(call);
    let mut longest = Duration::ZERO;
    let result = poll_fn(|cx| {
        let before = cpu_time();
        let polled = call.as_mut().poll(cx);
        longest = longest.max(cpu_time() - before);
        polled
    });
    let result = result.await;
    let all = start.elapsed();
    (result, Took { all, longest })
}

fn fail<T>(error: impl std::fmt::Display) -> T {
    panic!("a call of the benchmark failed: {error}")
}

async fn open(path: &Path) -> aiofiles::BinaryFile {
    aiofiles::open(path).binary().await.unwrap_or_else(fail)
}

async fn open_text(path: &Path) -> aiofiles::TextFile {
    aiofiles::open(path).await.unwrap_or_else(fail)
}

macro_rules! rows {
    ($($name:literal: $setup:expr => |$file:ident| $call:expr;)*) => {$(
        row($name, async || {
            #[allow(unused_mut, reason = "not all calls change what they work on")]
            let mut $file = $setup;
            let (result, took) = timed(async { $call }).await;
            assert!(result.is_ok(), "{}", $name);
            ((result, $file), took)
        })
        .await;
    )*};
}

async fn all(site: &Site) {
    println!(
        "{:34} {:>7} {:>7} {:>7} {:>8}   {:>9}",
        "late by ms", "p50", "p99", "max", "poll", "took"
    );
    row("(the ticker alone)", async || {
        timed(tokio::time::sleep(Duration::from_millis(500))).await
    })
    .await;
    row("(the ticker beside std in a thread)", async || {
        let (path, data) = (site.out.clone(), site.data.clone());
        let write = move || std::fs::write(path, data).unwrap_or_else(fail);
        timed(tokio::task::spawn_blocking(write)).await
    })
    .await;
    rows! {
        "tokio::fs::read": () => |_f| tokio::fs::read(&site.line).await;
        "aiofiles::read": () => |_f| aiofiles::read(&site.line).await;
        "tokio::fs::read_to_string": () => |_f| tokio::fs::read_to_string(&site.line).await;
        "aiofiles::read_to_string": () => |_f| aiofiles::read_to_string(&site.line).await;
        "tokio::fs::write (borrowed)": () => |_f| tokio::fs::write(&site.out, &site.data).await;
        "tokio File::write_all": tokio::fs::File::create(&site.out).await.unwrap_or_else(fail)
            => |f| f.write_all(&site.data).await;
        "aiofiles write": aiofiles::open(&site.out).binary().mode("w").await.unwrap_or_else(fail)
            => |f| f.write(&site.data).await;
        "aiofiles write_all (trait)":
            aiofiles::open(&site.out).binary().mode("w").await.unwrap_or_else(fail)
            => |f| f.write_all(&site.data).await;
        "aiofiles text write": aiofiles::open(&site.out).mode("w").await.unwrap_or_else(fail)
            => |f| f.write(&site.text).await;
        "aiofiles text write, latin-1, \\r\\n":
            aiofiles::open(&site.out).mode("w").encoding("latin-1").newline("\r\n").await
                .unwrap_or_else(fail)
            => |f| f.write(&site.text).await;
        "tokio read_to_end": tokio::fs::File::open(&site.line).await.unwrap_or_else(fail)
            => |f| { let mut all = Vec::new(); f.read_to_end(&mut all).await };
        "aiofiles read": open(&site.line).await => |f| f.read().await;
        "aiofiles readline": open(&site.line).await => |f| f.readline().await;
        "aiofiles next_line": open(&site.line).await => |f| f.next_line().await.map(drop);
        "aiofiles readlines": open(&site.lines).await => |f| f.readlines().await;
        "aiofiles readlines, one line": open(&site.line).await => |f| f.readlines().await;
        "aiofiles readinto": (open(&site.line).await, vec![1; site.data.len()])
            => |f| f.0.readinto(&mut f.1).await;
        "aiofiles readinto_at": (open(&site.line).await, vec![1; site.data.len()])
            => |f| f.0.readinto_at(0, &mut f.1).await;
        "aiofiles text read": open_text(&site.line).await => |f| f.read().await;
        "aiofiles text readline": open_text(&site.line).await => |f| f.readline().await;
        "aiofiles text readlines": open_text(&site.lines).await => |f| f.readlines().await;
        "aiofiles lines().next()": open(&site.line).await
            => |f| f.lines().next().await.transpose();
        "aiofiles spooled write":
            aiofiles::tempfile::spooled_temporary_file().max_size(1 << 40).await
                .unwrap_or_else(fail)
            => |f| f.write(&site.data).await;
    }
}

fn main() {
    let mib = std::env::var("AIOFILES_BENCH_MIB").ok();
    let size = mib.and_then(|mib| mib.parse().ok()).unwrap_or(256) * 1024 * 1024;
    let dir = tempfile::tempdir().unwrap_or_else(fail);
    let data = vec![b'x'; size];
    let site = Site {
        line: dir.path().join("line"),
        lines: dir.path().join("lines"),
        out: dir.path().join("out"),
        text: "x".repeat(size),
        data: data.into(),
    };
    std::fs::write(&site.line, &site.data).unwrap_or_else(fail);
    let lines = "this line has fifty bytes, its end with the rest.\n".repeat(size / 50);
    std::fs::write(&site.lines, lines).unwrap_or_else(fail);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap_or_else(fail);
    LocalSet::new().block_on(&runtime, all(&site));
}
