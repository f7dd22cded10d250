//! The last writes of dropped files. Nobody waits for them, but none may be lost when the
//! process ends.
//!
//! `main` may return, and the process may end, while such a write waits in the queue of an
//! executor or runs on one of its threads. A pool cannot prevent that itself: a pool in a
//! static is never dropped. So all last writes are listed here. When a thread ends, the
//! drop of a thread-local value makes the last writes that have not begun, and waits for
//! those that run.
//!
//! - The end of the main thread does that for all last writes. It needs a thread-local
//!   value on that thread; each use of the crate tries to make it ([`watch_main`]).
//! - If the main thread has never used the crate, the end of each other thread does it for
//!   the last writes that began on that thread. The threads of a runtime end before the
//!   drop of the runtime returns, and a thread that was joined has ended.
//!
//! Before that, the end of the main thread writes what the standard streams have buffered.
//! If the main thread has never used the crate, the end of each thread that has used the
//! streams does it.
//!
//! One case is not covered: a thread that never ends drops a file, in a process whose main
//! thread has never used the crate. Only atexit(3) could help, which needs unsafe code.
//!
//! On Windows the other threads are gone before the values of the main thread are dropped,
//! so nothing can be waited for: last writes that have not begun are made, but one that
//! runs may be cut off.

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
    /// Under its lock, entries are only moved in and out. An entry that is dropped there
    /// contains nothing foreign any more: see [`Detached::take`].
    static LIST: Mutex<List> = Mutex::new(List {
        next: 0,
        entries: BTreeMap::new(),
    });

    /// Notified whenever an entry is removed.
    static GONE: Condvar = Condvar::new();

    /// Whether the end of the main thread looks after the whole list.
    static MAIN_LOOKS: AtomicBool = AtomicBool::new(false);

    /// Writes what the standard streams have buffered, before the list is looked after. The
    /// argument says whether the main thread ends.
    static STREAMS: Mutex<Option<fn(main: bool)>> = Mutex::new(None);
}

struct List {
    next: u64,
    entries: BTreeMap<u64, Entry>,
}

struct Entry {
    /// The thread that dropped the file.
    thread: ThreadId,
    /// The write, if it has not begun.
    work: Option<Arc<Detached>>,
}

fn list() -> MutexGuard<'static, List> {
    LIST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An entry of the list. The drop removes the entry.
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

/// Makes the last writes that have not begun, and waits for those that run. With a
/// `thread`, only those that began on it.
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

/// A thread-local value. Its drop, when the thread ends, looks after last writes.
struct AtEnd {
    thread: ThreadId,
    main: bool,
}

impl Drop for AtEnd {
    fn drop(&mut self) {
        if self.main {
            finish_streams(true);
            finish(None);
            // If this thread drops more files, they are written at once.
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

/// Registers the function that the end of the main thread (or of each thread that calls
/// [`watch`]) calls to write what the standard streams have buffered.
#[cfg(feature = "stdio")]
pub(crate) fn set_streams(write: fn(main: bool)) {
    *STREAMS.lock().unwrap_or_else(PoisonError::into_inner) = Some(write);
}

/// Makes sure that the end of the main thread, or else of this thread, writes what the
/// standard streams have buffered.
#[cfg(feature = "stdio")]
pub(crate) fn watch() {
    is_looked_after();
}

thread_local! {
    /// Whether [`watch_main`] has already looked which thread this is.
    static SEEN: Cell<bool> = const { Cell::new(false) };

    static AT_END: AtEnd = AtEnd {
        thread: thread::current().id(),
        main: is_main_thread(),
    };
}

/// If this is the main thread, makes sure that its end looks after last writes. Called at
/// each use of the crate, so it must cost next to nothing.
pub(crate) fn watch_main() {
    if MAIN_LOOKS.load(Ordering::Relaxed) || SEEN.try_with(|seen| seen.replace(true)) != Ok(false) {
        return;
    }
    if is_main_thread() && AT_END.try_with(|_| ()).is_ok() {
        MAIN_LOOKS.store(true, Ordering::Relaxed);
    }
}

/// Whether the end of a thread will look after what this thread puts into the list. It must
/// cost next to nothing.
fn is_looked_after() -> bool {
    watch_main();
    MAIN_LOOKS.load(Ordering::Relaxed) || AT_END.try_with(|_| ()).is_ok()
}

/// A last write. Its job or the end of a thread makes it, whichever comes first.
struct Detached {
    /// `None` when somebody has taken it. Under this lock it is only moved, not run.
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
        // Nobody can be told of a panic. If the wrapper did not run it, it is run here,
        // because its bytes must be written.
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
        // Nobody can recall a last write.
        true
    }
}

/// Runs `last` on the executor, and nobody waits for it. If the executor refuses or drops
/// the job, `last` runs where the job is dropped. In any case it runs before the process
/// ends (see the [module](self)).
pub(crate) fn run_detached(
    executor: &Chosen,
    op: &'static str,
    path: Option<Arc<Path>>,
    last: impl FnOnce() + Send + 'static,
) {
    if !is_looked_after() {
        // This thread is about to end, and perhaps the process too.
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
    // If the executor refuses the job or panics, the job is dropped, and its drop runs
    // `last`. So the panic can be ignored: it must not leave the drop of a file.
    drop(catch(|| {
        executor.get().execute(Job::new(op, path, work, false))
    }));
}

/// Shared by a file and its job. It makes the end of the process wait for a job whose file
/// is gone, as long as the job has bytes to write, but not while the job waits for
/// something to read.
///
/// Under its lock, only the list is changed.
#[derive(Debug, Default)]
pub(crate) struct Hold(Mutex<Holding>);

#[derive(Debug, Default)]
struct Holding {
    /// The job has written its bytes, or never will write them.
    written: bool,
    /// The file was dropped before the job had written its bytes.
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

    /// The job has written its bytes, or never will write them.
    pub(crate) fn release(&self) {
        let mut holding = self.lock();
        holding.written = true;
        drop(holding.left.take());
    }
}

#[cfg(all(test, model))]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod model;
