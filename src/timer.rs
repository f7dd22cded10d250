//! Waiting for time to pass, or for files to change, under any runtime. One thread serves
//! everyone who waits; it lives only as long as somebody waits.

use std::collections::BTreeMap;
use std::fs::File;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::foreign::{discard, wake, wake_all};
use crate::sync::{Condvar, Instant, Mutex, MutexGuard, global, thread};

/// The time between two looks at the watched files. The thread looks at all of them at
/// once, so it wakes ten times a second for any number of files.
pub(crate) const LOOK: Duration = Duration::from_millis(100);

/// How many files are looked at before the lock is released for a moment.
const AT_ONCE: usize = 64;

global! {
    /// Under this lock, wakers are moved in and out, the thread is started, and watched
    /// files are asked for their size, which the files of a [`Growth`] tell without
    /// waiting. No waker is cloned, woken or dropped under it: that is foreign code, which
    /// may panic or call this module again.
    static TIMER: Mutex<Timer> = Mutex::new(Timer {
        sleepers: BTreeMap::new(),
        watched: BTreeMap::new(),
        next: 0,
        running: false,
    });
    static CHANGED: Condvar = Condvar::new();
}

struct Timer {
    sleepers: BTreeMap<(Instant, u64), Waker>,
    watched: BTreeMap<u64, Watched>,
    next: u64,
    running: bool,
}

struct Watched {
    /// The file. It is kept open no longer than its [`Growth`] lives, since the drop of
    /// that removes this entry.
    file: Arc<File>,
    size: u64,
    waker: Waker,
}

impl Timer {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Starts the thread, unless it runs. Returns `false` if the system has no more
    /// threads.
    fn start(&mut self) -> bool {
        if !self.running {
            let thread = thread::Builder::new().name("aiofiles-timer".to_owned());
            self.running = thread.spawn(run).is_ok();
        }
        self.running
    }
}

fn lock() -> MutexGuard<'static, Timer> {
    TIMER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The body of the thread. Nothing that it calls may panic, since everybody depends on it.
///
/// It clears `running` under the lock in the same step in which it finds nothing to wait
/// for. So whoever adds an entry under the lock either is seen here or starts a new thread.
fn run() {
    let mut look = Instant::now() + LOOK;
    let mut timer = lock();
    loop {
        let now = Instant::now();
        while let Some(entry) = timer.sleepers.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let waker = entry.remove();
            drop(timer);
            wake(waker);
            timer = lock();
        }
        if now >= look {
            drop(timer);
            look_at_files();
            look = Instant::now() + LOOK;
            timer = lock();
        }
        let due = match (timer.sleepers.first_key_value(), timer.watched.is_empty()) {
            (None, true) => {
                timer.running = false;
                return;
            }
            (Some((&(due, _), _)), true) => due,
            (None, false) => look,
            (Some((&(due, _), _)), false) => due.min(look),
        };
        let wait = due.saturating_duration_since(Instant::now());
        let (back, _) = CHANGED
            .wait_timeout(timer, wait)
            .unwrap_or_else(PoisonError::into_inner);
        timer = back;
    }
}

/// Wakes the tasks whose file has another size than before.
fn look_at_files() {
    let mut from = 0;
    loop {
        let mut timer = lock();
        let some = timer.watched.range(from..).take(AT_ONCE);
        let mut last = None;
        let mut changed = Vec::new();
        for (&number, watched) in some {
            last = Some(number);
            if size(&watched.file) != watched.size {
                changed.push(number);
            }
        }
        let changed = changed.iter().filter_map(|at| timer.watched.remove(at));
        let changed: Vec<_> = changed.collect();
        drop(timer);
        // The files are dropped before their users are woken, so no user sees its file kept
        // open by this thread.
        wake_all(changed.into_iter().map(|watched| watched.waker));
        match last {
            Some(last) => from = last + 1,
            None => return,
        }
    }
}

/// The size of a file. An error counts as a change of size: the operation that follows
/// finds the error.
fn size(file: &File) -> u64 {
    file.metadata().map_or(u64::MAX, |metadata| metadata.len())
}

/// Without a thread, the task has to poll again, or it would never be woken. It blocks for
/// a moment first, so that a system that is short of threads has no spinning task.
fn pause_and_poll_again(left: Duration, cx: &Context<'_>) {
    thread::sleep(left.min(Duration::from_millis(1)));
    cx.waker().wake_by_ref();
}

/// A future that is ready once its time has come.
#[derive(Debug)]
pub(crate) struct Sleep {
    due: Instant,
    id: Option<u64>,
}

impl Sleep {
    pub(crate) fn new(time: Duration) -> Self {
        Self {
            due: Instant::now() + time,
            id: None,
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.due {
            return Poll::Ready(());
        }
        if let Some(id) = self.id {
            let timer = lock();
            let known = timer.sleepers.get(&(self.due, id));
            if known.is_some_and(|waker| waker.will_wake(cx.waker())) {
                return Poll::Pending;
            }
        }
        let waker = cx.waker().clone();
        let mut timer = lock();
        let id = self.id.unwrap_or_else(|| timer.number());
        self.id = Some(id);
        let before = timer.sleepers.insert((self.due, id), waker);
        let started = timer.start();
        let unused = match started {
            true => None,
            false => timer.sleepers.remove(&(self.due, id)),
        };
        drop(timer);
        CHANGED.notify_one();
        discard((before, unused));
        if !started {
            pause_and_poll_again(self.due.saturating_duration_since(Instant::now()), cx);
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            let waker = lock().sleepers.remove(&(self.due, id));
            discard(waker);
        }
    }
}

/// A future that is ready once the size of a file has changed; it gives the new size. The
/// thread looks about ten times a second; the task needs no job and is not polled
/// meanwhile.
///
/// It is only for files that tell their size without waiting
/// ([`tells_size_at_once`](crate::sys::tells_size_at_once)).
#[derive(Debug)]
pub struct Growth {
    file: Arc<File>,
    size: u64,
    id: Option<u64>,
}

impl Growth {
    pub(crate) fn new(file: Arc<File>, size: u64) -> Self {
        Self {
            file,
            size,
            id: None,
        }
    }

    /// The size from which a change is counted.
    pub(crate) fn before(&self) -> u64 {
        self.size
    }
}

impl Future for Growth {
    type Output = u64;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        if let Some(id) = self.id {
            let timer = lock();
            match timer.watched.get(&id) {
                Some(known) if known.waker.will_wake(cx.waker()) => return Poll::Pending,
                Some(_) => {}
                None => {
                    drop(timer);
                    let now = size(&self.file);
                    if now != self.size {
                        return Poll::Ready(now);
                    }
                    // The size has changed and changed back: go on waiting.
                }
            }
        }
        let waker = cx.waker().clone();
        let mut timer = lock();
        let id = self.id.unwrap_or_else(|| timer.number());
        self.id = Some(id);
        let watched = Watched {
            file: self.file.clone(),
            size: self.size,
            waker,
        };
        let before = timer.watched.insert(id, watched);
        let started = timer.start();
        let unused = match started {
            true => None,
            false => timer.watched.remove(&id),
        };
        drop(timer);
        CHANGED.notify_one();
        discard((before, unused));
        if !started {
            pause_and_poll_again(LOOK, cx);
        }
        Poll::Pending
    }
}

impl Drop for Growth {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            let watched = lock().watched.remove(&id);
            discard(watched);
        }
    }
}

#[cfg(all(test, model))]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod model;

#[cfg(all(test, not(model)))]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Process-wide state: one test at a time.
    static ALONE: Mutex<()> = Mutex::new(());

    #[test]
    fn sleepers_wake_in_time_and_leave_nothing() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let start = Instant::now();
        futures::executor::block_on(async {
            let long = Sleep::new(Duration::from_secs(3600));
            futures::pin_mut!(long);
            assert!(futures::poll!(long.as_mut()).is_pending());
            Sleep::new(Duration::from_millis(5)).await;
        });
        assert!(start.elapsed() >= Duration::from_millis(5));
        assert!(lock().sleepers.is_empty());
    }

    #[test]
    fn growth_is_noticed_and_leaves_nothing() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let file = Arc::new(::tempfile::tempfile().unwrap());
        futures::executor::block_on(async {
            // A change before the file is watched, and one while it is watched.
            file.set_len(3).unwrap();
            assert_eq!(Growth::new(file.clone(), 0).await, 3);
            let mut growth = Growth::new(file.clone(), 3);
            assert!(futures::poll!(&mut growth).is_pending());
            file.set_len(1).unwrap();
            assert_eq!(growth.await, 1);
            let mut idle = Growth::new(file.clone(), 1);
            assert!(futures::poll!(&mut idle).is_pending());
        });
        assert!(lock().watched.is_empty());
        assert_eq!(Arc::strong_count(&file), 1, "it is not kept open");
    }

    #[test]
    fn wakers_that_panic_or_come_back_leave_the_thread_to_the_others() {
        struct Bad;
        impl std::task::Wake for Bad {
            fn wake(self: Arc<Self>) {
                // As another sleeper would do.
                drop(lock());
                std::panic::resume_unwind(Box::new("a waker"));
            }
        }
        impl Drop for Bad {
            fn drop(&mut self) {
                drop(lock());
            }
        }
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..3 {
            let waker = Waker::from(Arc::new(Bad));
            let mut sleep = Sleep::new(Duration::from_millis(1));
            let polled = Pin::new(&mut sleep).poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
            // Replace it by another one that does the same.
            let waker = Waker::from(Arc::new(Bad));
            let polled = Pin::new(&mut sleep).poll(&mut Context::from_waker(&waker));
            drop(waker);
            futures::executor::block_on(Sleep::new(Duration::from_millis(3)));
            assert!(polled.is_pending() || sleep.id.is_some());
        }
        assert!(lock().sleepers.is_empty());
    }
}
