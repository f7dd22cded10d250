//! A task on its way to an executor and back.
//!
//! A [`Task`] goes into a [`Flight`], is run by an executor, and comes back
//! whole, whatever happens to it: run to its end, panicked, dropped by the
//! executor, or left behind by its caller.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use crate::error::{Error, Result};
use crate::executor::{Chosen, Job, Load, Outcome, Place, Work, Wrapper};
use crate::foreign::{catch, discard, wake_all};
use crate::sync::{Mutex, MutexGuard};

/// Something to run on an executor: inputs, progress and outputs in one value,
/// which goes there and comes back.
pub(crate) trait Task: Send + 'static {
    /// Blocks. A panic leaves `self` as far as it got.
    fn run(&mut self);

    /// How much it moves, as far as that is known before. It is asked under a lock, and
    /// takes none that is held while somebody waits.
    fn load(&self) -> Load {
        Load::default()
    }
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

/// How many wakers wait for the end of a task, about. A caller that comes with a new
/// one at each poll, as some combinators do, would fill the memory: those there are woken
/// and forgotten, and come again if they are still there. All at once: one for one, a
/// caller whose own they are would wake itself at each poll, without end.
const WAITERS: usize = 64;

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

/// Who gets the task at its end.
enum Receiver<T> {
    Caller,
    /// The caller has gone, and left this behind.
    Heir(Heir<T>),
    /// The caller has gone. The task is dropped.
    Nobody,
}

/// Those who wait for the end of a task.
type Wakers = (Option<Waker>, Option<Box<Vec<Waker>>>);

struct Slot<T> {
    state: State<T>,
    /// Of the task that waits for the end.
    waker: Option<Waker>,
    /// Of others that do: a file that was split has one that reads and one that
    /// writes. One task whose waker changes is woken by all that it has brought. Thousands
    /// of calls may wait, few of them for more than one.
    more: Option<Box<Vec<Waker>>>,
    receiver: Receiver<T>,
    /// Where the job waits, if an executor has told. Only while `Queued`.
    place: Option<Place>,
    /// Whether to start the task once more, should the runtime that has it end before
    /// it begins. Not with an executor that somebody asked for.
    again: bool,
}

impl<T> Slot<T> {
    fn knows(&self, waker: &Waker) -> bool {
        let more = self.more.iter().flat_map(|more| more.iter());
        let mut known = self.waker.iter().chain(more);
        known.any(|known| known.will_wake(waker))
    }

    /// Adds a waker; those that it forgets for that are to be woken.
    fn add(&mut self, waker: Waker) -> Vec<Waker> {
        if self.waker.is_none() {
            self.waker = Some(waker);
            return Vec::new();
        }
        let more = self.more.get_or_insert_default();
        let full = more.len() >= WAITERS;
        let forgotten = if full {
            std::mem::take(&mut **more)
        } else {
            Vec::new()
        };
        more.push(waker);
        forgotten
    }

    fn take_wakers(&mut self) -> Wakers {
        (self.waker.take(), self.more.take())
    }

    fn take_ended(&mut self) -> Option<(T, End)> {
        match std::mem::replace(&mut self.state, State::Empty) {
            State::Ended(task, end) => Some((task, end)),
            other @ (State::Empty | State::Queued(_) | State::Running) => {
                self.state = other;
                None
            }
        }
    }
}

/// What the caller's [`Flight`] and the executor's [`Job`] share.
///
/// Under its lock, values are moved in and out, and nothing else: no task, waker,
/// heir or wrapper is run, cloned or dropped. All of those are foreign, and may
/// panic, or come back here.
struct Cell<T> {
    slot: Mutex<Slot<T>>,
}

impl<T> Cell<T> {
    fn lock(&self) -> MutexGuard<'_, Slot<T>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// On the executor's thread, which must survive what is called here.
    fn end(&self, task: T, end: End) {
        let mut slot = self.lock();
        match std::mem::replace(&mut slot.receiver, Receiver::Nobody) {
            Receiver::Caller => {
                slot.receiver = Receiver::Caller;
                slot.state = State::Ended(task, end);
                let (waker, more) = slot.take_wakers();
                drop(slot);
                wake_all(waker);
                wake_all(more.into_iter().flat_map(|more| *more));
            }
            Receiver::Heir(heir) => {
                drop(slot);
                // Nobody is left to be told of a panic.
                drop(catch(|| heir(task)));
            }
            Receiver::Nobody => {
                drop(slot);
                discard(task);
            }
        }
    }

    fn take_queued(&self) -> Option<T> {
        let mut slot = self.lock();
        match std::mem::replace(&mut slot.state, State::Empty) {
            State::Queued(task) => {
                slot.state = State::Running;
                slot.place = None;
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

    fn load(&self) -> Load {
        match &self.lock().state {
            State::Queued(task) => task.load(),
            State::Empty | State::Running | State::Ended(..) => Load::default(),
        }
    }

    fn wait_at(&self, place: Place) -> bool {
        let mut slot = self.lock();
        let queued = matches!(slot.state, State::Queued(_));
        // The one before, if any, is of a line that the job has left.
        slot.place = queued.then_some(place);
        queued
    }
}

/// Runs `f`, once, in the wrapper if there is one.
pub(super) fn run_wrapped(wrapper: Option<Wrapper>, mut f: impl FnMut()) -> End {
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

/// A task on its way to an executor and back. Reusable: a file has one for all
/// its operations.
///
/// Dropping it recalls a task that has not begun; one that runs is finished by
/// its executor and then dropped.
pub(crate) struct Flight<T> {
    cell: Arc<Cell<T>>,
}

impl<T: Task> Flight<T> {
    pub(crate) fn new() -> Self {
        let slot = Slot {
            state: State::Empty,
            waker: None,
            more: None,
            receiver: Receiver::Caller,
            place: None,
            again: false,
        };
        Self {
            cell: Arc::new(Cell {
                slot: Mutex::new(slot),
            }),
        }
    }

    /// Hands `task` to the executor. What becomes of it, a refusal included, is
    /// told by [`poll_end`](Self::poll_end), which must have taken the last one back.
    ///
    /// Where `executor` is a runtime that nobody asked for and that is gone, it is
    /// replaced by the default executor of this place.
    pub(crate) fn start(
        &mut self,
        executor: &mut Chosen,
        op: &'static str,
        path: Option<&Arc<Path>>,
        task: T,
    ) {
        {
            let mut slot = self.cell.lock();
            debug_assert!(matches!(slot.state, State::Empty), "one task at a time");
            slot.state = State::Queued(task);
            slot.again = executor.runtime().is_some();
        }
        let job = Job::new(op, path.cloned(), self.cell.clone(), true);
        // A refused job is dropped, which ends the flight as lost. An executor that
        // panics has dropped it too, or runs it yet. The caller's state is in the
        // task: it must not unwind past that.
        drop(catch(|| executor.get().execute(job)));
        // A runtime that is gone drops a job at once.
        let other = self.start_again(op, path);
        if let Some(other) = other.filter(|_| matches!(executor, Chosen::Tokio(_))) {
            *executor = other;
        }
    }

    /// Starts a task that a runtime did not come to before its end on the default
    /// executor of this place, and returns that. Should that be the same runtime, the
    /// task is lost once more, at once.
    fn start_again(&self, op: &'static str, path: Option<&Arc<Path>>) -> Option<Chosen> {
        {
            let slot = self.cell.lock();
            if !slot.again || !matches!(slot.state, State::Ended(_, End::Lost)) {
                return None;
            }
        }
        let executor = Chosen::current(op, None).ok()?;
        {
            let mut slot = self.cell.lock();
            let slot = &mut *slot;
            if executor.runtime().is_none() {
                slot.again = false;
            }
            match std::mem::replace(&mut slot.state, State::Empty) {
                State::Ended(task, End::Lost) => slot.state = State::Queued(task),
                // Somebody else was here between the two locks.
                other => {
                    slot.state = other;
                    return None;
                }
            }
        }
        let job = Job::new(op, path.cloned(), self.cell.clone(), true);
        drop(catch(|| executor.get().execute(job)));
        Some(executor)
    }

    /// Waits until the task is back. `op` and `path` are those of its start, for another.
    pub(crate) fn poll_end(
        &mut self,
        cx: &mut Context<'_>,
        op: &'static str,
        path: Option<&Arc<Path>>,
    ) -> Poll<(T, End)> {
        let (task, end) = ready!(self.poll_ended(cx));
        if !matches!(end, End::Lost) {
            return Poll::Ready((task, end));
        }
        self.cell.lock().state = State::Ended(task, end);
        self.start_again(op, path);
        self.poll_ended(cx)
    }

    /// Waits until this start of the task has come to its end.
    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<(T, End)> {
        // Cloned before it is known to be needed: the thread that runs the task wants the
        // lock too, mostly at this very moment.
        let waker = cx.waker().clone();
        let mut slot = self.cell.lock();
        let ended = slot.take_ended();
        if ended.is_some() || slot.knows(&waker) {
            drop(slot);
            discard(waker);
            return ended.map_or(Poll::Pending, Poll::Ready);
        }
        let forgotten = slot.add(waker);
        drop(slot);
        wake_all(forgotten);
        Poll::Pending
    }

    /// Waits until the task is neither on its way nor running, and shows it to `look`
    /// if it has ended and was not taken back. `look` runs under the lock. `op` and `path`
    /// are those of its start.
    pub(crate) fn poll_look<V>(
        &self,
        cx: &mut Context<'_>,
        op: &'static str,
        path: Option<&Arc<Path>>,
        look: impl Fn(Option<(&T, &End)>) -> V,
    ) -> Poll<V> {
        self.start_again(op, path);
        let seen = |slot: &Slot<T>| match &slot.state {
            State::Queued(_) | State::Running => None,
            State::Ended(task, end) => Some(look(Some((task, end)))),
            State::Empty => Some(look(None)),
        };
        {
            let slot = self.cell.lock();
            if let Some(value) = seen(&slot) {
                return Poll::Ready(value);
            }
            if slot.knows(cx.waker()) {
                return Poll::Pending;
            }
        }
        let waker = cx.waker().clone();
        let mut slot = self.cell.lock();
        if let Some(value) = seen(&slot) {
            drop(slot);
            discard(waker);
            return Poll::Ready(value);
        }
        let forgotten = slot.add(waker);
        drop(slot);
        wake_all(forgotten);
        Poll::Pending
    }

    /// Leaves for good. A task that has not begun, or has ended, is given back;
    /// one that runs goes to `heir` on the executor's thread, right after.
    pub(crate) fn leave(self, heir: impl FnOnce(T) + Send + 'static) -> Option<T> {
        self.go(Receiver::Heir(Box::new(heir)))
    }
}

impl<T> Flight<T> {
    /// The task, unless it runs: then `receiver` gets it. A job that waits in a
    /// line leaves it.
    fn go(&self, receiver: Receiver<T>) -> Option<T> {
        let mut slot = self.cell.lock();
        let (place, wakers) = (slot.place.take(), slot.take_wakers());
        let (task, unused) = match std::mem::replace(&mut slot.state, State::Empty) {
            State::Queued(task) | State::Ended(task, _) => (Some(task), Some(receiver)),
            State::Empty => (None, Some(receiver)),
            State::Running => {
                slot.state = State::Running;
                // Whoever was left behind before stays: this is the drop after it.
                match slot.receiver {
                    Receiver::Caller => {
                        slot.receiver = receiver;
                        (None, None)
                    }
                    Receiver::Heir(_) | Receiver::Nobody => (None, Some(receiver)),
                }
            }
        };
        drop(slot);
        discard((wakers, unused));
        if let Some(place) = place {
            place.leave();
        }
        task
    }
}

impl<T> Drop for Flight<T> {
    fn drop(&mut self) {
        drop(self.go(Receiver::Nobody));
    }
}

impl<T> fmt::Debug for Flight<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Flight")
    }
}

#[cfg(all(test, model))]
mod model;
