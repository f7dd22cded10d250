//! The last writes of what was dropped: nobody waits for them, and yet none may be
//! lost when the process ends.
//!
//! `main` may return, and the process end, while such a write waits in the queue of
//! an executor, or runs on one of its threads. Pools cannot see to that by
//! themselves: one in a static is never dropped. So all last writes are listed
//! here, and the end of a thread looks after them, by the drop of a thread-local
//! value: it makes those that have not begun, and waits for those that run.
//!
//! - The end of the main thread looks after all of them. That takes a thread-local
//!   value there, which each contact with the crate tries to make ([`watch_main`]).
//! - Where the main thread has had no contact, the end of each other thread looks
//!   after those that began on it. The threads of a runtime end before the drop of
//!   the runtime returns, and a thread that was joined has ended.
//!
//! What the standard streams hold is written before, by the same ends of threads: of the
//! main thread, or else of each that has used them.
//!
//! What is left: a thread that never ends drops a file, in a process whose main
//! thread never had to do with the crate. Only atexit(3) could help there, which
//! takes unsafe code.
//!
//! On Windows the other threads are gone before the values of the main thread are
//! dropped, so nobody can be waited for: what has not begun is written, what runs
//! may be cut off.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use super::flight::{End, run_wrapped};
use crate::executor::{Chosen, Job, Place, Work, Wrapper};
use crate::foreign::{catch, discard};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::thread::{self, ThreadId};
use crate::sync::{Condvar, Mutex, MutexGuard, global, is_main_thread, thread_local};
use crate::sys;

global! {
    /// All last writes that have not ended.
    ///
    /// Under its lock entries are moved in and out, and nothing else. An entry that is
    /// dropped there has nothing foreign in it any more: see [`Detached::take`].
    static LIST: Mutex<List> = Mutex::new(List {
        next: 0,
        entries: BTreeMap::new(),
    });

    /// Told whenever an entry goes.
    static GONE: Condvar = Condvar::new();

    /// Whether the end of the main thread looks after the list.
    static MAIN_LOOKS: AtomicBool = AtomicBool::new(false);

    /// Has the standard streams write what they hold, before their threads' last writes
    /// are looked after; told whether it is the main thread that ends.
    static STREAMS: Mutex<Option<fn(main: bool)>> = Mutex::new(None);
}

struct List {
    next: u64,
    entries: BTreeMap<u64, Entry>,
}

struct Entry {
    /// Where the file was dropped.
    thread: ThreadId,
    /// What may be taken and made here; `None` if it is being made.
    work: Option<Arc<Detached>>,
}

fn list() -> MutexGuard<'static, List> {
    LIST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stands for an entry of the list. Its drop takes the entry out.
#[derive(Debug)]
struct Listed(u64);

impl Listed {
    fn new() -> Self {
        let thread = thread::current().id();
        let mut list = list();
        list.next += 1;
        let number = list.next;
        list.entries.insert(number, Entry { thread, work: None });
        Self(number)
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        let entry = list().entries.remove(&self.0);
        GONE.notify_all();
        drop(entry);
    }
}

/// Makes the last writes that have not begun, all of them or those of `thread`, and
/// waits for those that are being made.
fn finish(thread: Option<ThreadId>) {
    let mine = |entry: &Entry| thread.is_none_or(|thread| entry.thread == thread);
    let mut list = list();
    loop {
        let mut entries = list.entries.values_mut().filter(|entry| mine(entry));
        if let Some(work) = entries.find_map(|entry| entry.work.take()) {
            drop(list);
            work.run(None);
            list = self::list();
        } else if !sys::THREADS_OUTLIVE_MAIN || !list.entries.values().any(mine) {
            return;
        } else {
            list = GONE.wait(list).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Its drop, at the end of its thread, looks after last writes.
struct AtEnd {
    thread: ThreadId,
    main: bool,
}

impl Drop for AtEnd {
    fn drop(&mut self) {
        if self.main {
            finish_streams(true);
            finish(None);
            // What is still to come of this thread is written on the spot.
            MAIN_LOOKS.store(false, Ordering::Relaxed);
        } else if !MAIN_LOOKS.load(Ordering::Relaxed) {
            finish_streams(false);
            finish(Some(self.thread));
        }
    }
}

fn finish_streams(main: bool) {
    let streams = *STREAMS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(write) = streams {
        drop(catch(|| write(main)));
    }
}

/// Has the end of the main thread, or else of each thread that calls [`watch`], call
/// `write` for the standard streams.
#[cfg(feature = "stdio")]
pub(crate) fn set_streams(write: fn(main: bool)) {
    *STREAMS.lock().unwrap_or_else(PoisonError::into_inner) = Some(write);
}

/// Has the end of the main thread, or else of this one, look after last writes, this
/// thread's use of the standard streams among them.
#[cfg(feature = "stdio")]
pub(crate) fn watch() {
    is_looked_after();
}

thread_local! {
    /// Whether [`watch_main`] has looked which thread this is.
    static SEEN: Cell<bool> = const { Cell::new(false) };

    static AT_END: AtEnd = AtEnd {
        thread: thread::current().id(),
        main: is_main_thread(),
    };
}

/// Has the end of the main thread look after last writes, if this is that thread.
/// Called at each contact with the crate: it costs next to nothing.
pub(crate) fn watch_main() {
    if MAIN_LOOKS.load(Ordering::Relaxed) || SEEN.try_with(|seen| seen.replace(true)) != Ok(false) {
        return;
    }
    if is_main_thread() && AT_END.try_with(|_| ()).is_ok() {
        MAIN_LOOKS.store(true, Ordering::Relaxed);
    }
}

/// Whether somebody will look after what this thread leaves in the list. Costs next to
/// nothing.
fn is_looked_after() -> bool {
    watch_main();
    MAIN_LOOKS.load(Ordering::Relaxed) || AT_END.try_with(|_| ()).is_ok()
}

/// A last write, to be made by its job or by the end of a thread, whichever comes
/// first.
struct Detached {
    /// `None` once somebody makes it. Under this lock it is moved, not run.
    last: Mutex<Option<Last>>,
}

struct Last {
    run: Box<dyn FnOnce() + Send>,
    listed: Listed,
}

impl Detached {
    fn take(&self) -> Option<Last> {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Work for Detached {
    fn run(self: Arc<Self>, wrapper: Option<Wrapper>) {
        let Some(Last { run, listed }) = self.take() else {
            return discard(wrapper);
        };
        let mut last = Some(run);
        let mut run = || {
            if let Some(last) = last.take() {
                last();
            }
        };
        // Nobody is there to be told of a panic. A wrapper that would skip it
        // does not keep bytes from being written.
        if let End::Lost = run_wrapped(wrapper, &mut run) {
            drop(catch(run));
        }
        discard(last);
        drop(listed);
    }

    fn lost(self: Arc<Self>, wrapper: Option<Wrapper>) {
        self.run(wrapper);
    }

    fn wait_at(&self, _: Place) -> bool {
        // Nobody can call it off.
        true
    }
}

/// Runs `last` on the executor with nobody waiting; on this thread if the
/// executor refuses it, and wherever it is dropped if the executor drops it. Before
/// the process ends in any case (see the [module](self)).
pub(crate) fn run_detached(
    executor: &Chosen,
    op: &'static str,
    path: Option<Arc<Path>>,
    last: impl FnOnce() + Send + 'static,
) {
    if !is_looked_after() {
        // This thread is about to end, and the process perhaps with it.
        drop(catch(last));
        return;
    }
    let listed = Listed::new();
    let number = listed.0;
    let work = Arc::new(Detached {
        last: Mutex::new(Some(Last {
            run: Box::new(last),
            listed,
        })),
    });
    if let Some(entry) = list().entries.get_mut(&number) {
        entry.work = Some(work.clone());
    }
    // A refused job runs in its drop, and so does that of an executor that
    // panics: no reason to unwind out of somebody's drop.
    drop(catch(|| {
        executor.get().execute(Job::new(op, path, work, false))
    }));
}

/// What a file and its job share so that the end of the process waits for the job
/// after the file is gone: as long as it has bytes to write, and not while it waits
/// for some to read.
///
/// Under its lock the list is changed, and nothing else.
#[derive(Debug, Default)]
pub(crate) struct Hold(Mutex<Holding>);

#[derive(Debug, Default)]
struct Holding {
    /// The job has written its bytes, or never will.
    written: bool,
    /// The file was dropped before that.
    left: Option<Listed>,
}

impl Hold {
    fn lock(&self) -> MutexGuard<'_, Holding> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A job that has bytes to write is about to be handed to the executor.
    pub(crate) fn begin(&self) {
        self.lock().written = false;
    }

    /// The file is being dropped.
    pub(crate) fn leave(&self) {
        let mut holding = self.lock();
        if !holding.written && is_looked_after() {
            holding.left = Some(Listed::new());
        }
    }

    /// The job has written its bytes, or never will.
    pub(crate) fn release(&self) {
        let mut holding = self.lock();
        holding.written = true;
        drop(holding.left.take());
    }
}

#[cfg(all(test, model))]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod model;
