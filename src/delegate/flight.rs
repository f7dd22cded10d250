//! A task on its way to an executor and back.
//!
//! A [`Task`] goes into a [`Flight`], is run by an executor, and comes back
//! whole, whatever happens to it: run to its end, panicked, dropped by the
//! executor, or left behind by its caller.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::error::{Error, Result};
use crate::executor::{Chosen, Job, Outcome, Place, Refused, Work, Wrapper, catch};

/// Something to run on an executor: inputs, progress and outputs in one value,
/// which goes there and comes back.
pub(crate) trait Task: Send + 'static {
    /// Blocks. A panic leaves `self` as far as it got.
    fn run(&mut self);
}

/// How a flight ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The task ran to its end.
    Done,
    /// It panicked, with this message.
    Panicked(String),
    /// The executor refused or dropped it; it did not begin.
    Lost,
}

impl End {
    /// The error of a call that did not get to its end.
    pub(crate) fn check(self, op: &'static str, path: Option<&Path>) -> Result<()> {
        let path = path.map(Path::to_owned);
        match self {
            Self::Done => Ok(()),
            Self::Panicked(message) => Err(Error::Panicked { op, path, message }),
            Self::Lost => Err(Error::ExecutorGone { op, path }),
        }
    }
}

/// What a caller that leaves a running task behind wants done with it.
type Heir<T> = Box<dyn FnOnce(T) + Send>;

enum State<T> {
    /// Before the first use, and after the caller took the task back.
    Empty,
    Queued(T),
    /// The task is on the executor's thread.
    Running,
    Ended(T, End),
}

struct Slot<T> {
    state: State<T>,
    waker: Option<Waker>,
    /// Set once the caller has gone.
    heir: Option<Heir<T>>,
}

struct Cell<T> {
    slot: Mutex<Slot<T>>,
}

impl<T> Cell<T> {
    fn lock(&self) -> MutexGuard<'_, Slot<T>> {
        // No code that can panic runs while it is held.
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, task: T, end: End) {
        let mut slot = self.lock();
        if let Some(heir) = slot.heir.take() {
            drop(slot);
            // Nobody is left to be told of a panic; the thread must survive it.
            drop(catch(|| heir(task)));
            return;
        }
        slot.state = State::Ended(task, end);
        let waker = slot.waker.take();
        drop(slot);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn take_queued(&self) -> Option<T> {
        let mut slot = self.lock();
        match std::mem::replace(&mut slot.state, State::Empty) {
            State::Queued(task) => {
                slot.state = State::Running;
                Some(task)
            }
            other @ (State::Empty | State::Running | State::Ended(..)) => {
                slot.state = other;
                None
            }
        }
    }
}

impl<T: Task> Work for Cell<T> {
    fn run(self: Arc<Self>, wrapper: Option<Wrapper>) {
        // Nothing queued: the caller has recalled it.
        let Some(mut task) = self.take_queued() else {
            return discard(wrapper);
        };
        let end = run_wrapped(wrapper, || task.run());
        self.end(task, end);
    }

    fn lost(self: Arc<Self>, wrapper: Option<Wrapper>) {
        discard(wrapper);
        if let Some(task) = self.take_queued() {
            self.end(task, End::Lost);
        }
    }
}

/// Runs `f`, once, in the wrapper if there is one.
fn run_wrapped(wrapper: Option<Wrapper>, mut f: impl FnMut()) -> End {
    let mut end = End::Lost;
    let mut run = || {
        if matches!(end, End::Lost) {
            end = catch(&mut f).map_or_else(End::Panicked, |()| End::Done);
        }
        match end {
            End::Done | End::Lost => Outcome::Done,
            End::Panicked(_) => Outcome::Panicked,
        }
    };
    match wrapper {
        None => drop(run()),
        // The thread must survive its panic, and the caller asked for `f` alone.
        Some(wrapper) => drop(catch(|| wrapper(&mut run))),
    }
    end
}

/// Drops the wrapper of what does not run.
fn discard(wrapper: Option<Wrapper>) {
    // What is somebody else's may panic, and we may be in a drop.
    drop(catch(|| drop(wrapper)));
}

/// A task on its way to an executor and back. Reusable: a file has one for all
/// its operations.
///
/// Dropping it recalls a task that has not begun; one that runs is finished by
/// its executor and then dropped.
pub(crate) struct Flight<T> {
    cell: Arc<Cell<T>>,
    /// Of the job, once a full executor has it wait. Its drop takes the job out
    /// of the line.
    place: Option<Box<dyn Place>>,
}

impl<T: Task> Flight<T> {
    pub(crate) fn new() -> Self {
        let slot = Slot {
            state: State::Empty,
            waker: None,
            heir: None,
        };
        Self {
            cell: Arc::new(Cell {
                slot: Mutex::new(slot),
            }),
            place: None,
        }
    }

    /// Hands `task` to the executor. What becomes of it, a refusal included, is
    /// told by [`poll_end`](Self::poll_end), which must have taken the last one back.
    pub(crate) fn start(
        &mut self,
        executor: &Chosen,
        op: &'static str,
        path: Option<&Arc<Path>>,
        task: T,
    ) {
        {
            let mut slot = self.cell.lock();
            debug_assert!(matches!(slot.state, State::Empty), "one task at a time");
            slot.state = State::Queued(task);
            slot.waker = None;
        }
        self.place = None;
        self.submit(
            executor,
            Job::new(op, path.cloned(), self.cell.clone(), true),
        );
    }

    fn submit(&mut self, executor: &Chosen, job: Job) {
        // An executor that panics has dropped the job, which ends the flight as
        // lost, or runs it yet. The caller's state is in the task: it must not
        // unwind past that.
        let accepted = catch(|| executor.get().execute(job));
        if let Ok(Err(Refused(mut job))) = accepted {
            // Without a place in its line, the drop of the job ends the flight.
            self.place = job.take_place();
        }
    }

    /// Waits until the task is back.
    pub(crate) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<(T, End)> {
        let mut slot = self.cell.lock();
        match std::mem::replace(&mut slot.state, State::Empty) {
            State::Ended(task, end) => Poll::Ready((task, end)),
            other @ (State::Empty | State::Queued(_) | State::Running) => {
                slot.state = other;
                match &mut slot.waker {
                    Some(waker) => waker.clone_from(cx.waker()),
                    none => *none = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
        }
    }

    /// Leaves for good. A task that has not begun, or has ended, is given back;
    /// one that runs goes to `heir` on the executor's thread, right after.
    pub(crate) fn leave(self, heir: impl FnOnce(T) + Send + 'static) -> Option<T> {
        let mut slot = self.cell.lock();
        match std::mem::replace(&mut slot.state, State::Empty) {
            State::Empty => None,
            State::Queued(task) | State::Ended(task, _) => Some(task),
            State::Running => {
                slot.state = State::Running;
                slot.heir = Some(Box::new(heir));
                None
            }
        }
    }
}

impl<T> Drop for Flight<T> {
    fn drop(&mut self) {
        let mut slot = self.cell.lock();
        slot.waker = None;
        let state = std::mem::replace(&mut slot.state, State::Empty);
        match state {
            State::Empty | State::Queued(_) | State::Ended(..) => {}
            State::Running => slot.state = State::Running,
        }
        // The task's own drop may block or take locks: not under ours.
        drop(slot);
    }
}

impl<T> fmt::Debug for Flight<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Flight")
    }
}

/// Runs `last` on the executor with nobody waiting; on this thread if the
/// executor refuses it, and wherever it is dropped if the executor drops it.
pub(crate) fn run_detached(
    executor: &Chosen,
    op: &'static str,
    path: Option<Arc<Path>>,
    last: impl FnOnce() + Send + 'static,
) {
    struct Detached(Mutex<Option<Box<dyn FnOnce() + Send>>>);
    impl Work for Detached {
        fn run(self: Arc<Self>, wrapper: Option<Wrapper>) {
            let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
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
        }
        fn lost(self: Arc<Self>, wrapper: Option<Wrapper>) {
            self.run(wrapper);
        }
    }
    let work = Arc::new(Detached(Mutex::new(Some(Box::new(last)))));
    // A refused job runs in its drop, and so does that of an executor that
    // panics: no reason to unwind out of somebody's drop.
    drop(catch(|| {
        drop(executor.get().execute(Job::new(op, path, work, false)));
    }));
}
