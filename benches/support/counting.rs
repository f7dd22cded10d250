//! How much memory is in use, as far as it was asked for while somebody counted.

#![allow(unsafe_code, reason = "a global allocator cannot be had without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};

struct Counting;

/// Only then: a number that all threads change would slow down what is timed.
static COUNTS: AtomicBool = AtomicBool::new(false);
static IN_USE: AtomicIsize = AtomicIsize::new(0);

fn add(bytes: isize) {
    if COUNTS.load(Ordering::Relaxed) {
        IN_USE.fetch_add(bytes, Ordering::Relaxed);
    }
}

// SAFETY: everything is handed to `System`; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size() as isize);
        // SAFETY: as the caller has promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        add(-(layout.size() as isize));
        // SAFETY: as the caller has promised; it came from `System`.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(size as isize - layout.size() as isize);
        // SAFETY: as the caller has promised; it came from `System`.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// By how many bytes `f` has changed what is in use.
pub(crate) fn growth<T>(f: impl FnOnce() -> T) -> (isize, T) {
    COUNTS.store(true, Ordering::Relaxed);
    let before = IN_USE.load(Ordering::Relaxed);
    let value = f();
    let grown = IN_USE.load(Ordering::Relaxed) - before;
    COUNTS.store(false, Ordering::Relaxed);
    (grown, value)
}
