//! What reading costs grows with what is read, and with nothing else.
//!
//! A binary of its own: its allocator counts for the whole process, so the tests take
//! turns.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(unsafe_code, reason = "a global allocator cannot be had without")]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io;
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aiofiles::executor::InlineExecutor;
use aiofiles::{ThreadPoolExecutor, open, tempfile, wrap};
use common::Dir;
use futures::StreamExt;
use futures::executor::block_on;

const MIB: usize = 1024 * 1024;

/// Counts what is asked for: what a buffer that grows copies is as much.
struct CountingAllocator;

static BYTES: AtomicUsize = AtomicUsize::new(0);
/// The most that was asked for at once.
static LARGEST: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Whether this thread polls a task right now, whose memory is watched.
    static POLLS: Cell<bool> = const { Cell::new(false) };
    /// The longest that was freed meanwhile, or had to be moved for more room, in bytes.
    static HEAVIEST: Cell<usize> = const { Cell::new(0) };
}

/// That memory of so many bytes is freed or moved.
fn weigh(bytes: usize) {
    if POLLS.get() {
        HEAVIEST.set(HEAVIEST.get().max(bytes));
    }
}

impl CountingAllocator {
    fn count(bytes: usize) {
        BYTES.fetch_add(bytes, Ordering::Relaxed);
        LARGEST.fetch_max(bytes, Ordering::Relaxed);
    }

    fn bytes() -> usize {
        BYTES.load(Ordering::Relaxed)
    }
}

// SAFETY: everything is handed to `System`; counting does not allocate.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::count(layout.size());
        // SAFETY: as the caller has promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::count(layout.size());
        // SAFETY: as the caller has promised.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::count(size);
        if size > layout.size() {
            weigh(layout.size());
        }
        // SAFETY: as the caller has promised; it came from `System`.
        unsafe { System.realloc(ptr, layout, size) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        weigh(layout.size());
        // SAFETY: as the caller has promised; it came from `System`.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// One test counts at a time.
static TURN: Mutex<()> = Mutex::new(());

/// A file as a stream that counts what is read of it.
struct Counted {
    file: std::fs::File,
    read: Arc<AtomicUsize>,
}

impl aiofiles::RawIo for Counted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = io::Read::read(&mut self.file, buf)?;
        self.read.fetch_add(n, Ordering::Relaxed);
        Ok(n)
    }

    fn seek(&mut self, pos: io::SeekFrom) -> io::Result<u64> {
        io::Seek::seek(&mut self.file, pos)
    }
}

const METHODS: [&str; 10] = [
    "read",
    "read.size",
    "readline",
    "readlines",
    "readlines.hint",
    "next_line",
    "lines",
    "stream",
    "readinto",
    "chunks",
];

/// Reads all of a file by one method.
macro_rules! read_all {
    ($file:ident, $method:expr, $bytes:expr) => {{
        let mut buf = vec![0; 300_000];
        loop {
            let n: usize = match $method {
                "read" => $file.read().await.unwrap().len(),
                "read.size" => $file.read().size(300_000).await.unwrap().len(),
                "readline" => $file.readline().await.unwrap().len(),
                "readlines" => $file.readlines().await.unwrap().len(),
                "readlines.hint" => $file.readlines().hint(300_000).await.unwrap().len(),
                "next_line" => usize::from($file.next_line().await.unwrap().is_some()),
                "lines" => usize::from($file.lines().next().await.is_some()),
                "stream" => usize::from($file.next().await.is_some()),
                _ => $bytes(&mut $file, $method, &mut buf).await,
            };
            if n == 0 {
                break;
            }
        }
    }};
}

async fn only_bytes<R: aiofiles::RawIo>(
    file: &mut aiofiles::BinaryFile<R>,
    method: &str,
    buf: &mut [u8],
) -> usize {
    match method {
        "readinto" => file.readinto(buf).await.unwrap(),
        _ => {
            let chunk = file.chunks(buf.len()).next().await;
            chunk.map_or(0, |chunk| chunk.unwrap().len())
        }
    }
}

/// What it costs, in bytes: read from the stream and asked of the allocator.
fn cost(path: &Path, method: &str, text: bool, inline: bool) -> usize {
    let before = CountingAllocator::bytes();
    let read = Arc::<AtomicUsize>::default();
    let file = std::fs::File::open(path).unwrap();
    block_on(async {
        if inline {
            // From the page cache, where that answers.
            let opened = wrap(file).mode("r").nowait(true).executor(InlineExecutor);
            if text {
                let mut file = opened.text().newline("\n").await.unwrap();
                read_all!(file, method, async |_: &mut _, _: &str, _: &mut [u8]| 0);
            } else {
                let mut file = opened.await.unwrap();
                read_all!(file, method, only_bytes);
            }
            return;
        }
        let stream = Counted {
            file,
            read: read.clone(),
        };
        let opened = wrap(stream).mode("r").executor(InlineExecutor);
        if text {
            let mut file = opened.text().newline("\n").await.unwrap();
            read_all!(file, method, async |_: &mut _, _: &str, _: &mut [u8]| 0);
        } else {
            let mut file = opened.await.unwrap();
            read_all!(file, method, only_bytes);
        }
    });
    CountingAllocator::bytes() - before + read.load(Ordering::Relaxed)
}

#[test]
fn twice_as_much_costs_twice_as_much_by_any_method() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = Dir::new();
    let mut tried = 0;
    for line in [10, 5000, 200_000, usize::MAX] {
        let made = |size: usize| {
            let mut data = vec![b'x'; size];
            for end in data.iter_mut().skip(line.saturating_sub(1)).step_by(line) {
                *end = b'\n';
            }
            dir.file(&size.to_string(), data)
        };
        let (one, two) = (made(MIB / 2), made(MIB));
        for method in METHODS {
            for (text, inline) in [(false, false), (false, true), (true, false), (true, true)] {
                if text && matches!(method, "readinto" | "chunks") {
                    continue;
                }
                let first = cost(&one, method, text, inline);
                let second = cost(&two, method, text, inline);
                // Buffers grow by doubling, and have a size to begin with.
                assert!(
                    second <= 5 * first / 2 + MIB / 2,
                    "{method} in lines of {line}, text {text}, inline {inline}: \
                     {first}, then {second} bytes"
                );
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 4 * (8 * 4 + 2 * 2));
}

/// How often a line was moved on its way, as the time it takes shows: per byte it is
/// the same for a long line as for a short one.
#[test]
fn a_line_costs_what_its_bytes_cost_however_long_it_is() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = Dir::new();
    let moved = |size: usize| {
        let path = dir.file("f", vec![b'x'; size]);
        let mut sum = 0;
        futures::executor::block_on(async {
            let file = std::fs::File::open(&path).unwrap();
            let opened = wrap(file).nowait(false).executor(InlineExecutor);
            let mut file = opened.await.unwrap();
            let before = CountingAllocator::bytes();
            let line = file.readline().await.unwrap();
            assert_eq!(line.len(), size);
            sum += CountingAllocator::bytes() - before;
        });
        sum
    };
    let (one, two) = (moved(8 * MIB), moved(16 * MIB));
    assert!(two < 3 * one, "{one} bytes were allocated, then {two}");
}

#[test]
fn a_long_line_of_text_takes_no_more_room_than_its_bytes() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // As much as a buffer that doubles has: a byte more, and all of it is moved.
    let size = 16 * MIB;
    let dir = Dir::new();
    let path = dir.file("f", vec![b'x'; size]);
    block_on(async {
        let file = std::fs::File::open(&path).unwrap();
        let opened = wrap(file).text().nowait(false).executor(InlineExecutor);
        let mut file = opened.await.unwrap();
        LARGEST.store(0, Ordering::Relaxed);
        assert_eq!(file.next_line().await.unwrap().map(str::len), Some(size));
    });
    let largest = LARGEST.load(Ordering::Relaxed);
    assert_eq!(largest, size, "{} MiB", largest / MIB);
}

/// The longest memory that the polls of `future` free or move. What it gives is kept until
/// nobody watches.
fn heaviest<F: Future>(future: F) -> (usize, F::Output) {
    let mut future = pin!(future);
    HEAVIEST.set(0);
    let output = block_on(poll_fn(|cx| {
        POLLS.set(true);
        let polled = future.as_mut().poll(cx);
        POLLS.set(false);
        polled
    }));
    (HEAVIEST.get(), output)
}

/// That no poll of `future` frees what is long, nor moves what is very long.
#[track_caller]
fn is_light<T>(at: &str, future: impl Future<Output = aiofiles::Result<T>>) -> T {
    // Little more than there is before it is known that much will come.
    weighs_less(34 * MIB, at, future)
}

#[track_caller]
fn weighs_less<T>(most: usize, at: &str, future: impl Future<Output = aiofiles::Result<T>>) -> T {
    let (heaviest, output) = heaviest(future);
    assert!(heaviest < most, "{at}: {} MiB", heaviest / MIB);
    output.unwrap()
}

/// To free memory, or to move it where it has to grow, takes a millisecond for a few MiB.
#[test]
fn a_task_neither_frees_nor_moves_what_is_long() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // A buffer that doubles is moved at 66 MiB the last time.
    let size = 70 * MIB;
    let dir = Dir::new();
    let path = dir.join("f");
    std::fs::File::create(&path)
        .unwrap()
        .set_len(size as u64)
        .unwrap();
    let lines = dir.join("lines");
    let mut content = vec![0; size];
    for end in content.iter_mut().skip(MIB - 1).step_by(MIB) {
        *end = b'\n';
    }
    std::fs::write(&lines, &content).unwrap();
    let pool = ThreadPoolExecutor::new(1);
    for nowait in [true, false] {
        let at = |name: &str| format!("{name}, nowait {nowait}");
        let bytes = || {
            let opened = open(&path).binary().executor(pool.clone()).nowait(nowait);
            block_on(opened.into_future()).unwrap()
        };
        let texts = |path: &Path| {
            let opened = open(path).executor(pool.clone()).nowait(nowait);
            block_on(opened.into_future()).unwrap()
        };
        let mut f = bytes();
        let line = is_light(&at("readline"), f.readline());
        assert_eq!(line.len(), size);
        let mut f = bytes();
        let len = async { f.next_line().await.map(|line| line.unwrap().len()) };
        assert_eq!(is_light(&at("next_line"), len), size);
        let mut f = bytes();
        let line = is_light(&at("lines"), async { f.lines().next().await.unwrap() });
        assert_eq!(line.len(), size);
        let mut buf = vec![1; size];
        let mut f = bytes();
        let n = is_light(&at("readinto_at"), f.readinto_at(0, &mut buf));
        assert_eq!(n, size);
        assert_eq!(is_light(&at("readinto"), f.readinto(&mut buf)), size);
        let mut f = texts(&path);
        let line = is_light(&at("text readline"), f.readline());
        assert_eq!(line.len(), size);
        let mut f = texts(&path);
        let line = is_light(&at("text lines"), async { f.lines().next().await.unwrap() });
        assert_eq!(line.len(), size);
        let mut f = texts(&path);
        assert_eq!(block_on(f.read().size(1)).unwrap().len(), 1);
        let rest = is_light(&at("the rest of a text"), f.read());
        assert_eq!(rest.len(), size - 1);
        let mut f = texts(&lines);
        let all = is_light(&at("text readlines"), f.readlines());
        assert_eq!(all.iter().map(String::len).sum::<usize>(), size);
    }
    let out = dir.join("out");
    let text = "x".repeat(size);
    let opened = || open(&out).mode("w").executor(pool.clone());
    let mut f = block_on(opened().binary().into_future()).unwrap();
    is_light("write", async {
        f.write(text.as_bytes()).await?;
        f.flush().await
    });
    let mut f = block_on(opened().into_future()).unwrap();
    is_light("text write", async {
        f.write(&text).await?;
        f.flush().await
    });
    let spooled = tempfile::spooled_temporary_file().max_size(1 << 40);
    let mut f = block_on(spooled.executor(pool.clone()).into_future()).unwrap();
    is_light("spooled write", f.write(text.as_bytes()));
}

/// Where it is known how much may come, it has its place before it is long.
#[test]
fn a_line_of_a_file_whose_size_is_known_is_hardly_moved() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let size = 70 * MIB;
    let dir = Dir::new();
    let path = dir.join("f");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(size as u64).unwrap();
    // The first one tells what file system it is.
    drop(block_on(open(&path).executor(InlineExecutor).into_future()).unwrap());
    let text = || {
        let opened = open(&path).executor(InlineExecutor).nowait(true);
        block_on(opened.into_future()).unwrap()
    };
    let binary = || {
        let opened = open(&path).binary().executor(InlineExecutor).nowait(true);
        block_on(opened.into_future()).unwrap()
    };
    if !common::cache_answers(&path) {
        eprintln!("skipped: what is not opened in place does not tell its size");
        return;
    }
    // What there is when it is seen that it is long, with what is read at a time.
    let most = 4 * MIB;
    let mut f = binary();
    let line = weighs_less(most, "readline", f.readline());
    assert_eq!(line.len(), size);
    let mut f = binary();
    let len = async { f.next_line().await.map(|line| line.unwrap().len()) };
    assert_eq!(weighs_less(most, "next_line", len), size);
    let mut f = text();
    let line = weighs_less(most, "text readline", f.readline());
    assert_eq!(line.len(), size);
    let mut f = text();
    let len = async { f.next_line().await.map(|line| line.unwrap().len()) };
    assert_eq!(weighs_less(most, "text next_line", len), size);
}
