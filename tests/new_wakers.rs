//! A caller that comes with a new waker at each poll, as some combinators do: it is woken
//! when its job has ended, and hardly ever before.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake};

use aiofiles::executor::ManualExecutor;
use aiofiles::{delegate, wrap};

struct Counts(Arc<AtomicUsize>);

impl Wake for Counts {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Polls `future` as a task would that is woken, and `more` times besides, with a new
/// waker each time, before its jobs run; says how often it was woken before that.
fn woken<F: Future>(jobs: &ManualExecutor, more: usize, future: F) -> (usize, F::Output) {
    let mut future = pin!(future);
    let woken = Arc::new(AtomicUsize::new(0));
    let mut poll = || {
        let waker = Arc::new(Counts(woken.clone())).into();
        future.as_mut().poll(&mut Context::from_waker(&waker))
    };
    for _ in 0..more {
        let before = woken.load(Ordering::SeqCst);
        assert!(poll().is_pending());
        // Woken any number of times at once, a task is polled once more.
        let mut seen = before;
        for polls in 0.. {
            let now = woken.load(Ordering::SeqCst);
            if now == seen {
                break;
            }
            assert!(polls < 10, "it wakes itself at each poll");
            seen = now;
            assert!(poll().is_pending());
        }
    }
    let before = woken.load(Ordering::SeqCst);
    loop {
        assert!(jobs.run_all() > 0, "it waits for a job");
        assert!(woken.load(Ordering::SeqCst) > before, "nobody was woken");
        if let Poll::Ready(output) = poll() {
            return (before, output);
        }
    }
}

#[test]
fn operations_of_files_and_calls_do_not_wake_themselves() {
    let jobs = ManualExecutor::new();
    let made = wrap(std::io::Cursor::new(b"content".to_vec())).executor(jobs.clone());
    let mut file = futures::executor::block_on(made).unwrap();
    let (early, read) = woken(&jobs, 1_000, file.read());
    assert_eq!(read.unwrap(), b"content");
    assert!(early <= 1_000, "woken {early} times");
    let (early, value) = woken(&jobs, 1_000, delegate(|| 7).executor(jobs.clone()));
    assert_eq!(value.unwrap(), 7);
    assert!(early <= 1_000, "woken {early} times");
}
