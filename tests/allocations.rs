//! What is allocated: nothing for a line that is lent, next to nothing for a hop.
//!
//! A binary of its own, with one test: its allocator counts for the whole process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(unsafe_code, reason = "a global allocator cannot be had without")]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::SeekFrom;
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};
use std::task::{Context, Waker};

use aiofiles::executor::{InlineExecutor, ManualExecutor};
use aiofiles::{Call, delegate, open, os};
use common::{Dir, cache_answers, run};

struct CountingAllocator;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
/// In use.
static BYTES: AtomicIsize = AtomicIsize::new(0);

// SAFETY: everything is handed to `System`; counting does not allocate.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size() as isize, Ordering::Relaxed);
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller has promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: as the caller has promised; it came from `System`.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        BYTES.fetch_add(size as isize - layout.size() as isize, Ordering::Relaxed);
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller has promised; it came from `System`.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn allocations() -> usize {
    ALLOCATIONS.load(Ordering::Relaxed)
}

/// What the page cache serves takes no job, and no memory but the caller's.
fn reads_in_place(path: &Path) {
    run(async {
        let mut file = open(path).raw().await.unwrap();
        let mut buf = [0; 160];
        let mut owned = Vec::with_capacity(160);
        // Until it has yielded once: tokio's list of those who do is made then.
        for _ in 0..1000 {
            file.readinto_at(320, &mut buf).await.unwrap();
        }
        let before = allocations();
        for _ in 0..1000 {
            assert_eq!(file.readinto(&mut buf).await.unwrap(), 160);
            assert_eq!(file.readinto_at(320, &mut buf).await.unwrap(), 160);
            let (read, back) = file.read_owned(owned).await;
            assert_eq!(read.unwrap(), 160);
            owned = back;
            owned.clear();
        }
        assert_eq!(allocations() - before, 0, "raw");

        let mut file = open(path).binary().buffering(4096).await.unwrap();
        file.next_line().await.unwrap();
        let before = allocations();
        for _ in 0..10_000 {
            file.next_line().await.unwrap().unwrap();
        }
        assert_eq!(allocations() - before, 0, "40 bufferfuls of bytes");
        let mut file = open(path).buffering(4096).await.unwrap();
        for _ in 0..1_000 {
            file.next_line().await.unwrap();
        }
        let before = allocations();
        for _ in 0..10_000 {
            file.next_line().await.unwrap().unwrap();
        }
        assert_eq!(allocations() - before, 0, "40 bufferfuls of text");
    });
}

/// Names and types of a folder come in pieces of a thousand, each with a few allocations.
fn entries_share_their_memory(dir: &Dir) {
    const ENTRIES: usize = 5_000;
    let folder = dir.join("entries");
    std::fs::create_dir(&folder).unwrap();
    for n in 0..ENTRIES {
        std::fs::write(folder.join(format!("entry number {n}")), "").unwrap();
    }
    run(async {
        // The first file of its type is asked for it.
        for most in [usize::MAX, 300] {
            let before = allocations();
            let mut entries = os::scandir(&folder).executor(InlineExecutor).await.unwrap();
            let mut count = 0;
            while let Some(entry) = entries.next_entry().await.unwrap() {
                count += usize::from(entry.is_file() && !entry.clone().name().is_empty());
            }
            assert_eq!(count, ENTRIES);
            let allocated = allocations() - before;
            // Elsewhere std's listing takes some for each.
            if cfg!(target_os = "linux") {
                assert!(allocated <= most, "{allocated} for {ENTRIES} entries");
            }
        }
    });
}

/// How many bytes each of many of what `make` gives takes, and all of them.
fn bytes_each<T>(mut make: impl FnMut() -> T) -> (usize, Vec<T>) {
    // One that is left over from a table that has just grown is a part of it.
    const MANY: usize = 500;
    let mut all = Vec::with_capacity(MANY);
    let before = BYTES.load(Ordering::Relaxed);
    all.extend((0..MANY).map(|_| make()));
    let bytes = BYTES.load(Ordering::Relaxed) - before;
    (usize::try_from(bytes).unwrap() / MANY + size_of::<T>(), all)
}

/// A call that waits for its turn.
fn bytes_of_waiting<T: Send + 'static, K: Send + 'static>(call: impl Fn() -> Call<T, K>) -> usize {
    let jobs = ManualExecutor::new();
    let mut cx = Context::from_waker(Waker::noop());
    let (bytes, calls) = bytes_each(|| {
        let mut call = call().executor(jobs.clone());
        assert!(pin!(&mut call).poll(&mut cx).is_pending());
        call
    });
    drop(calls);
    bytes
}

/// Thousands of files are open, and thousands of calls wait.
fn what_waits_is_small(path: &Path) {
    let open = || open(path).binary().executor(InlineExecutor);
    let open = || futures::executor::block_on(open()).unwrap();
    drop(open());
    let (bytes, files) = bytes_each(open);
    drop(files);
    let name = path.as_os_str().len();
    assert!(bytes <= 640 + name, "{bytes} for an idle file");
    let bytes = bytes_of_waiting(|| delegate(|| ()));
    assert!(bytes <= 580, "{bytes} for a delegated call");
    let bytes = bytes_of_waiting(|| os::stat(path));
    assert!(bytes <= 720 + name, "{bytes} for a stat");
}

#[test]
fn lines_are_lent_and_hops_are_cheap() {
    let dir = Dir::new();
    let path = dir.file("lines", "a line of text\r\n".repeat(100_000));
    for crlf in [false, true] {
        let path = match crlf {
            true => path.clone(),
            false => dir.file("lf", "a line of text\n".repeat(100_000)),
        };
        run(async {
            for binary in [false, true] {
                let open = open(&path).executor(InlineExecutor).nowait(false);
                let mut lines = 0;
                let allocated = if binary {
                    let mut file = open.binary().await.unwrap();
                    file.next_line().await.unwrap();
                    let before = allocations();
                    while file.next_line().await.unwrap().is_some() {
                        lines += 1;
                    }
                    allocations() - before
                } else {
                    let mut file = open.await.unwrap();
                    file.next_line().await.unwrap();
                    let before = allocations();
                    while file.next_line().await.unwrap().is_some() {
                        lines += 1;
                    }
                    allocations() - before
                };
                assert_eq!(lines, 99_999);
                // Thirteen refills, each with its job; nothing by the line.
                assert!(allocated <= 60, "binary {binary}, crlf {crlf}: {allocated}");
            }
        });
    }
    if cache_answers(&path) {
        reads_in_place(&path);
    }
    entries_share_their_memory(&dir);
    if cfg!(target_pointer_width = "64") {
        what_waits_is_small(&path);
    }
    // One hop after the other, on tokio's pool.
    run(async {
        let mut file = open(&path).binary().nowait(false).await.unwrap();
        let mut buf = [0; 16];
        let mut hop = async || {
            file.seek(SeekFrom::End(-16)).await.unwrap();
            file.readinto(&mut buf).await.unwrap();
        };
        for _ in 0..20 {
            hop().await;
        }
        let before = allocations();
        for _ in 0..1000 {
            hop().await;
        }
        let each = (allocations() - before) as f64 / 2000.0;
        // Tokio's task is one, the box of its closure another.
        assert!(each <= 2.1, "{each} allocations a hop");
    });
}
