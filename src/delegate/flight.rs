//! A task on its way to an executor and back.
//!
//! A [`Task`] goes into a [`Flight`], an executor runs it, and it always comes back as a
//! whole: if it runs to its end, if it panics, and if the executor drops it. If its caller
//! has gone, the heir gets it.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use crate::error::{Error, Result};
use crate::executor::{Chosen, Job, Load, Outcome, Place, Work, Wrapper};
use crate::foreign::{catch, discard, wake_all};
use crate::sync::{Mutex, MutexGuard};

/// Something to run on an executor: its input, progress and output are one value, which
/// goes there and comes back.
pub(crate) trait Task: Send + 'static {
    /// Does the work, which blocks. After a panic, `self` comes back as it was at that
    /// moment.
    fn run(&mut self);

    /// How many bytes it moves, as far as that is known before it begins. This is called
    /// under a lock, so it must not wait.
    fn load(&self) -> Load {
        Load::default()
    }
}

/// How a flight ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The task ran to its end.
    Done,
    /// The task panicked, with this message.
    Panicked(String),
    /// The executor refused or dropped the task, which did not begin.
    Lost,
}

impl End {
    /// The error of a call whose task did not run to its end.
    pub(crate) fn check(self, op: &'static str, path: Option<&Path>) -> Result<()> {
        let path = path.map(Path::to_owned);
        match self {
            Self::Done => Ok(()),
            Self::Panicked(message) => Err(Error::Panicked { op, path, message }),
            Self::Lost => Err(Error::ExecutorGone { op, path }),
        }
    }
}

/// About how many wakers may wait for the end of a task. Some combinators come with a new
/// waker at each poll, which would fill the memory. So at this number all wakers are woken
/// and forgotten; tasks that still wait poll again. They are woken all at once, not one for
/// each new waker: if all wakers belong to one task, that task would otherwise wake itself
/// at each poll, without end.
const WAITERS: usize = 64;

/// A function that gets a running task whose caller has gone, when the task ends.
type Heir<T> = Box<dyn FnOnce(T) + Send>;

enum State<T> {
    /// Before the first task, and after the caller took a task back.
    Empty,
    Queued(T),
    /// The task is on the executor's thread.
    Running,
    Ended(T, End),
}

/// Who gets the task when it ends.
enum Receiver<T> {
    Caller,
    /// The caller has gone and has left this function.
    Heir(Heir<T>),
    /// The caller has gone. The task is dropped.
    Nobody,
}

/// Those who wait for the end of a task.
type Wakers = (Option<Waker>, Option<Box<Vec<Waker>>>);

struct Slot<T> {
    state: State<T>,
    /// Wakes the first that waits for the end.
    waker: Option<Waker>,
    /// Wakers of others that wait: a file that was split has a task that reads and one that
    /// writes. A task that has come with several wakers is woken through all of them. It is
    /// boxed because thousands of calls may wait, and few of them have more than one waker.
    #[allow(clippy::box_collection, reason = "16 bytes less for each call")]
    more: Option<Box<Vec<Waker>>>,
    receiver: Receiver<T>,
    /// Where the job waits, if the executor has told it. Only while `Queued`.
    place: Option<Place>,
    /// Whether to start the task again if its runtime ends before the task begins. `false`
    /// if somebody chose the executor.
    again: bool,
}

impl<T> Slot<T> {
    fn knows(&self, waker: &Waker) -> bool {
        let more = self.more.iter().flat_map(|more| more.iter());
        let mut known = self.waker.iter().chain(more);
        known.any(|known| known.will_wake(waker))
    }

    /// Adds a waker. Returns wakers that were forgotten, and that the caller must wake.
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
/// Under its lock, values are only moved in and out. No task, waker, heir or wrapper is
/// run, cloned or dropped there: their code is foreign, and may panic or use this cell.
struct Cell<T> {
    slot: Mutex<Slot<T>>,
}

impl<T> Cell<T> {
    fn lock(&self) -> MutexGuard<'_, Slot<T>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs on the thread of the executor, which must survive a panic of what is called
    /// here.
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
                // Nobody can be told of a panic.
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
        // If nothing is queued, the caller has recalled the task.
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
        // An earlier place belongs to a line that the job has left.
        slot.place = queued.then_some(place);
        queued
    }
}

/// Runs `f` once, inside the wrapper if there is one.
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
        // The thread must survive a panic of the wrapper, and the caller wants only the
        // result of `f`.
        Some(wrapper) => drop(catch(|| wrapper(&mut run))),
    }
    end
}

/// A task on its way to an executor and back. It can be used again: a file has one for all
/// its operations.
///
/// The drop recalls a task that has not begun. A task that runs is completed and then
/// dropped.
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

    /// Hands `task` to the executor. The last task must have been taken back.
    /// [`poll_end`](Self::poll_end) tells how this one ends, even if the executor refuses
    /// it.
    ///
    /// If `executor` is a runtime that nobody chose, and that is gone, it is replaced by
    /// the default executor here.
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
        // A refused job is dropped, which ends the flight as `Lost`. An executor that
        // panics has dropped the job or still runs it. The panic must not go on to the
        // caller, whose state is in the task.
        drop(catch(|| executor.get().execute(job)));
        // A runtime that is gone drops the job at once.
        let other = self.start_again(op, path);
        if let Some(other) = other.filter(|_| matches!(executor, Chosen::Tokio(_))) {
            *executor = other;
        }
    }

    /// If the runtime has ended before the task began, starts the task on the default
    /// executor here, and returns that executor. If that is the same runtime, the task is
    /// lost again, at once.
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
                // Somebody else has changed the state between the two locks.
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

    /// Waits until the task has ended or was lost.
    fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<(T, End)> {
        self.poll_slot(cx, Slot::take_ended)
    }

    /// Waits until the task is neither queued nor running, and calls `look` with it, if it
    /// has ended and was not taken back. `look` runs under the lock. `op` and `path` are
    /// those that the task was started with.
    pub(crate) fn poll_look<V>(
        &self,
        cx: &mut Context<'_>,
        op: &'static str,
        path: Option<&Arc<Path>>,
        look: impl Fn(Option<(&T, &End)>) -> V,
    ) -> Poll<V> {
        self.start_again(op, path);
        self.poll_slot(cx, |slot| match &slot.state {
            State::Queued(_) | State::Running => None,
            State::Ended(task, end) => Some(look(Some((task, end)))),
            State::Empty => Some(look(None)),
        })
    }

    /// Waits until `look`, which runs under the lock, finds something.
    fn poll_slot<V>(
        &self,
        cx: &mut Context<'_>,
        look: impl Fn(&mut Slot<T>) -> Option<V>,
    ) -> Poll<V> {
        // Cloned before it is known to be needed: the thread that runs the task wants the
        // lock too, mostly at this very moment.
        let waker = cx.waker().clone();
        let mut slot = self.cell.lock();
        let found = look(&mut slot);
        if found.is_some() || slot.knows(&waker) {
            drop(slot);
            discard(waker);
            return found.map_or(Poll::Pending, Poll::Ready);
        }
        let forgotten = slot.add(waker);
        drop(slot);
        wake_all(forgotten);
        Poll::Pending
    }

    /// The caller goes for good. A task that has not begun or has ended is returned. A task
    /// that runs goes to `heir`, on the thread of the executor, as soon as it ends.
    pub(crate) fn leave(self, heir: impl FnOnce(T) + Send + 'static) -> Option<T> {
        self.go(Receiver::Heir(Box::new(heir)))
    }
}

impl<T> Flight<T> {
    /// Returns the task unless it runs; in that case `receiver` gets it. A job that waits
    /// in a line leaves the line.
    fn go(&self, receiver: Receiver<T>) -> Option<T> {
        let mut slot = self.cell.lock();
        let (place, wakers) = (slot.place.take(), slot.take_wakers());
        let (task, unused) = match std::mem::replace(&mut slot.state, State::Empty) {
            State::Queued(task) | State::Ended(task, _) => (Some(task), Some(receiver)),
            State::Empty => (None, Some(receiver)),
            State::Running => {
                slot.state = State::Running;
                // If an heir was left already, this is the drop after it, which changes
                // nothing.
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
