//! What reading costs grows with what is read, and with nothing else.
//!
//! A binary of its own, with one test: its allocator counts for the whole process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(unsafe_code, reason = "a global allocator cannot be had without")]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use aiofiles::executor::InlineExecutor;
use aiofiles::wrap;
use support::Dir;

const MIB: usize = 1024 * 1024;

/// Counts what is asked for: what a buffer that grows copies is as much.
struct CountingAllocator;

static BYTES: AtomicUsize = AtomicUsize::new(0);

impl CountingAllocator {
    fn bytes() -> usize {
        BYTES.load(Ordering::Relaxed)
    }
}

// SAFETY: everything is handed to `System`; counting does not allocate.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller has promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller has promised.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        BYTES.fetch_add(size, Ordering::Relaxed);
        // SAFETY: as the caller has promised; it came from `System`.
        unsafe { System.realloc(ptr, layout, size) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: as the caller has promised; it came from `System`.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// How often a line was moved on its way, as the time it takes shows: per byte it is
/// the same for a long line as for a short one.
#[test]
fn a_line_costs_what_its_bytes_cost_however_long_it_is() {
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
