//! Replaces std's locks, threads and time in a model, where a checker decides which thread
//! runs when.
//!
//! The checker (shuttle) has no time, so waits with a timeout are implemented here. Time
//! passes only when such a wait ends by its timeout, and only as the [`Pace`] allows.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Add, Deref, DerefMut};
use std::sync::PoisonError;
use std::time::Duration;

use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};
use shuttle::sync as checker;

pub(crate) use shuttle::sync::{atomic, mpsc};
pub(crate) use shuttle::{thread, thread_local};

macro_rules! global {
    ($($(#[$attr:meta])* static $name:ident: $type:ty = $value:expr;)+) => {
        shuttle::lazy_static! {
            $($(#[$attr])* static ref $name: $type = $value;)+
        }
    };
}
pub(crate) use global;

/// A lock; the checker decides who gets it. It is never poisoned, since the crate ignores
/// poison.
#[derive(Default)]
pub(crate) struct Mutex<T>(checker::Mutex<T>);

/// A guard that knows its lock, so that a wait can lock it again.
pub(crate) struct MutexGuard<'a, T> {
    guard: checker::MutexGuard<'a, T>,
    of: &'a Mutex<T>,
}

/// The same type as std's, since the crate calls `unwrap_or_else(PoisonError::into_inner)`.
type Locked<T> = Result<T, PoisonError<T>>;

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(checker::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> Locked<MutexGuard<'_, T>> {
        let guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(MutexGuard { guard, of: self })
    }
}

impl<T: fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

/// A condition variable. A notification goes first to tasks whose wait has a timeout, and
/// among those to the one that has waited longest.
#[derive(Debug, Default)]
pub(crate) struct Condvar {
    untimed: checker::Condvar,
    /// Std's lock is enough, as no other task runs while it is held.
    timed: std::sync::Mutex<Vec<TaskId>>,
}

/// Whether a wait ended by its timeout.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimedOut(bool);

impl TimedOut {
    pub(crate) fn timed_out(self) -> bool {
        self.0
    }
}

impl Condvar {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn timed(&self) -> std::sync::MutexGuard<'_, Vec<TaskId>> {
        self.timed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> Locked<MutexGuard<'a, T>> {
        let MutexGuard { guard, of } = guard;
        let guard = self.untimed.wait(guard);
        let guard = guard.unwrap_or_else(PoisonError::into_inner);
        Ok(MutexGuard { guard, of })
    }

    /// A timeout without end is no timeout.
    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        time: Duration,
    ) -> Locked<(MutexGuard<'a, T>, TimedOut)> {
        let now = Instant::now().0;
        let Some(until) = now.checked_add(time) else {
            let guard = self.wait(guard).unwrap_or_else(PoisonError::into_inner);
            return Ok((guard, TimedOut(false)));
        };
        let of = guard.of;
        // Other tasks may run before the lock is released, but not between its release and
        // the next step.
        drop(guard);
        let me = shuttle::current::me();
        self.timed().push(me);
        CLOCK.with_borrow_mut(|clock| clock.waits.insert(me, until));
        point();
        // No notification has removed the entry, so the wait ended by its timeout.
        let timed_out = self.timed().contains(&me);
        if timed_out {
            self.timed().retain(|waits| *waits != me);
            CLOCK.with_borrow_mut(|clock| {
                clock.waits.remove(&me);
                clock.now = clock.now.max(until);
            });
        }
        let guard = of.lock().unwrap_or_else(PoisonError::into_inner);
        Ok((guard, TimedOut(timed_out)))
    }

    pub(crate) fn notify_one(&self) {
        point();
        let first = self.timed().first().copied();
        match first {
            Some(first) => {
                self.timed().remove(0);
                CLOCK.with_borrow_mut(|clock| clock.waits.remove(&first));
            }
            None => self.untimed.notify_one(),
        }
    }

    pub(crate) fn notify_all(&self) {
        point();
        let all = std::mem::take(&mut *self.timed());
        CLOCK.with_borrow_mut(|clock| clock.waits.retain(|task, _| !all.contains(task)));
        self.untimed.notify_all();
    }
}

/// Tests do not run on the real main thread; a model declares one of its threads to be it.
pub(crate) fn is_main_thread() -> bool {
    crate::sys::is_main_thread() || thread::current().name() == Some("main")
}

/// Lets the checker run another task.
pub(crate) fn point() {
    thread::sleep(Duration::ZERO);
}

/// When a wait ends by its timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Only when nothing else can go on; the earliest first. So a task that was not
    /// notified, although it should have been, is seen to have waited.
    Punctual,
    /// At any moment that the checker chooses, as on a machine where any thread may be
    /// slow.
    Anyhow,
}

/// The time since the start of a run, and the timeouts of the waiting tasks.
#[derive(Debug, Default)]
struct Clock {
    now: Duration,
    waits: BTreeMap<TaskId, Duration>,
}

std::thread_local! {
    /// All tasks of a run are on one thread of the system, so this is one value per run.
    static CLOCK: RefCell<Clock> = RefCell::default();
}

/// The time since the start of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(Duration);

impl Instant {
    pub(crate) fn now() -> Self {
        Self(CLOCK.with_borrow(|clock| clock.now))
    }

    pub(crate) fn saturating_duration_since(&self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        Self(self.0 + time)
    }
}

/// How much time has passed in this run.
pub(crate) fn passed() -> Duration {
    Instant::now().0
}

/// A scheduler that lets `inner` choose among the tasks that may run at this [`Pace`].
#[derive(Debug)]
pub(crate) struct Timed<S> {
    pub(crate) inner: S,
    pub(crate) pace: Pace,
}

impl<S: Scheduler> Scheduler for Timed<S> {
    fn new_execution(&mut self) -> Option<Schedule> {
        CLOCK.take();
        self.inner.new_execution()
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        is_yielding: bool,
    ) -> Option<TaskId> {
        if self.pace == Pace::Anyhow {
            return self.inner.next_task(runnable, current, is_yielding);
        }
        let ready = CLOCK.with_borrow(|clock| {
            let waits = |task: &Task| clock.waits.get(&task.id());
            let mut ready = runnable.to_vec();
            ready.retain(|task| waits(task).is_none());
            if ready.is_empty() {
                ready.extend(runnable.iter().min_by_key(|task| waits(task)));
            }
            ready
        });
        self.inner.next_task(&ready, current, is_yielding)
    }

    fn next_u64(&mut self) -> u64 {
        self.inner.next_u64()
    }
}
