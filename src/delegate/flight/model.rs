//! A task on its way, under the model checker: it comes home, or goes to its heir, once,
//! and all who wait for it are woken.

use std::future::poll_fn;
use std::panic::resume_unwind;

use super::*;
use crate::executor::{Executor, Refused};
use crate::model::{Count, Threads, block_on, exhaust, explore, join, visitor, with_bad_waker};
use crate::sync::checked::{Pace, point};
use crate::sync::thread;

const PACE: &[Pace] = &[Pace::Punctual];

/// A task that tells how often it was run and dropped.
struct Trip {
    panics: bool,
    ran: Count,
    dropped: Count,
}

impl Task for Trip {
    fn run(&mut self) {
        point();
        self.ran.add();
        if self.panics {
            resume_unwind(Box::new("a task"));
        }
    }
}

impl Drop for Trip {
    fn drop(&mut self) {
        point();
        self.dropped.add();
    }
}

/// How often a task was run and dropped.
struct Log {
    ran: Count,
    dropped: Count,
}

impl Log {
    fn read(&self) -> (usize, usize) {
        (self.ran.get(), self.dropped.get())
    }
}

fn start(executor: impl Executor, panics: bool) -> (Flight<Trip>, Log) {
    let (ran, dropped) = (Count::default(), Count::default());
    let log = Log {
        ran: ran.clone(),
        dropped: dropped.clone(),
    };
    let task = Trip {
        panics,
        ran,
        dropped,
    };
    let mut flight = Flight::new();
    flight.start(&mut Chosen::new(executor), "run", None, task);
    (flight, log)
}

fn home(flight: &mut Flight<Trip>) -> (Trip, End) {
    block_on(poll_fn(|cx| flight.poll_end(cx, "call", None)))
}

#[test]
fn task_comes_home() {
    exhaust(|| {
        let (mut flight, log) = start(Threads::new(Job::run), false);
        let (task, end) = home(&mut flight);
        assert!(matches!(end, End::Done));
        assert_eq!(log.read(), (1, 0));
        drop(task);
    });
}

#[test]
fn task_that_panics_comes_home() {
    exhaust(|| {
        let (mut flight, log) = start(Threads::new(Job::run), true);
        let (task, end) = home(&mut flight);
        assert!(matches!(end, End::Panicked(message) if message == "a task"));
        assert_eq!(log.read(), (1, 0));
        drop(task);
    });
}

#[test]
fn task_that_is_not_run_comes_home() {
    let skip = |job: Job| job.wrap(|_| point()).run();
    let panic = |job: Job| job.wrap(|_| resume_unwind(Box::new("a wrapper"))).run();
    for with in [drop, skip, panic] {
        explore(PACE, move || {
            let threads = Threads::new(with);
            let (mut flight, log) = start(threads.clone(), false);
            let (task, end) = home(&mut flight);
            assert!(matches!(end, End::Lost));
            assert_eq!(log.read(), (0, 0));
            threads.join();
            drop(task);
        });
    }
}

#[test]
fn wrapper_that_panics_or_runs_it_twice_changes_nothing() {
    let late = |job: Job| {
        let wrapped = job.wrap(|run| {
            assert_eq!(run(), Outcome::Done);
            resume_unwind(Box::new("a wrapper"));
        });
        wrapped.run();
    };
    let twice = |job: Job| job.wrap(|run| assert_eq!(run(), run())).run();
    for with in [late, twice] {
        explore(PACE, move || {
            let threads = Threads::new(with);
            let (mut flight, log) = start(threads.clone(), false);
            let (task, end) = home(&mut flight);
            assert!(matches!(end, End::Done));
            assert_eq!(log.read(), (1, 0));
            threads.join();
            drop(task);
        });
    }
}

#[test]
fn executor_that_panics_after_it_took_the_job_changes_nothing() {
    struct Panics(Arc<Threads>);
    impl Executor for Panics {
        fn execute(&self, job: Job) -> std::result::Result<(), Refused> {
            self.0.execute(job).ok();
            point();
            resume_unwind(Box::new("an executor"));
        }
    }
    explore(PACE, || {
        let (mut flight, log) = start(Panics(Threads::new(Job::run)), false);
        let (task, end) = home(&mut flight);
        assert!(matches!(end, End::Done));
        assert_eq!(log.read(), (1, 0));
        drop(task);
    });
}

#[test]
fn job_and_its_twin_do_the_work_once() {
    struct Twins(Arc<Threads>);
    impl Executor for Twins {
        fn execute(&self, job: Job) -> std::result::Result<(), Refused> {
            let twin = job.again();
            if let Some(twin) = twin() {
                self.0.execute(twin).ok();
            }
            Err(Refused(job))
        }
    }
    explore(PACE, || {
        let threads = Threads::new(Job::run);
        let (mut flight, log) = start(Twins(threads.clone()), false);
        let (task, end) = home(&mut flight);
        threads.join();
        // Whichever came first: the twin that ran, or the job that was refused.
        let done = usize::from(matches!(end, End::Done));
        assert!(done == 1 || matches!(end, End::Lost));
        assert_eq!(log.read(), (done, 0));
        drop(task);
    });
}

/// A flight that several wait for, as those do that read and write a file that was split.
type Shared = Arc<Mutex<Flight<Trip>>>;

fn lock(flight: &Shared) -> MutexGuard<'_, Flight<Trip>> {
    flight.lock().unwrap_or_else(PoisonError::into_inner)
}

fn look(flight: &Shared) {
    block_on(poll_fn(|cx| {
        lock(flight).poll_look(cx, "call", None, |_| ())
    }));
}

#[test]
fn all_who_wait_are_woken() {
    explore(PACE, || {
        let (flight, log) = start(Threads::new(Job::run), false);
        let flight: Shared = Arc::new(Mutex::new(flight));
        let others = [(); 2].map(|()| {
            let flight = flight.clone();
            thread::spawn(move || look(&flight))
        });
        let (task, end) = block_on(poll_fn(|cx| lock(&flight).poll_end(cx, "call", None)));
        assert!(matches!(end, End::Done));
        assert_eq!(log.read(), (1, 0));
        others.into_iter().for_each(join);
        drop(task);
    });
}

#[test]
fn two_who_want_the_task_are_woken_and_one_has_it() {
    explore(PACE, || {
        let (flight, log) = start(Threads::new(Job::run), false);
        let taken = Arc::new(Mutex::new((flight, false)));
        let take = |taken: &Mutex<(Flight<Trip>, bool)>| {
            block_on(poll_fn(|cx| {
                let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
                if taken.1 {
                    return Poll::Ready(false);
                }
                drop(ready!(taken.0.poll_end(cx, "call", None)));
                taken.1 = true;
                Poll::Ready(true)
            }))
        };
        let other = taken.clone();
        let other = thread::spawn(move || take(&other));
        assert!(take(&taken) != join(other));
        assert_eq!(log.read(), (1, 1));
    });
}

#[test]
fn waker_that_panics_keeps_nobody_waiting() {
    explore(PACE, || {
        let threads = Threads::new(Job::run);
        let (flight, log) = start(threads.clone(), false);
        let flight: Shared = Arc::new(Mutex::new(flight));
        let _ = with_bad_waker(|cx| lock(&flight).poll_end(cx, "call", None).map(drop));
        look(&flight);
        threads.join();
        assert_eq!(log.ran.get(), 1);
    });
}

#[test]
fn waker_may_come_back_to_what_wakes_it() {
    explore(PACE, || {
        let threads = Threads::new(Job::run);
        let (flight, log) = start(threads.clone(), false);
        let flight: Shared = Arc::new(Mutex::new(flight));
        let comes = Arc::downgrade(&flight);
        let (waker, visits) = visitor(move || {
            if let Some(flight) = comes.upgrade() {
                let mut alone = Context::from_waker(Waker::noop());
                let _ = lock(&flight).poll_look(&mut alone, "call", None, |_| ());
            }
        });
        let _ = lock(&flight).poll_look(&mut Context::from_waker(&waker), "call", None, |_| ());
        drop(waker);
        look(&flight);
        threads.join();
        visits.all_went_well();
        drop(flight);
        assert_eq!(log.read(), (1, 1));
    });
}

#[test]
fn task_that_is_left_behind_goes_to_one() {
    for waits in [false, true] {
        explore(PACE, move || {
            let threads = Threads::new(Job::run);
            let (mut flight, log) = start(threads.clone(), false);
            let ended = waits && with_bad_waker(|cx| flight.poll_end(cx, "call", None).is_ready());
            let heirs = Count::default();
            let heir = heirs.clone();
            let back = flight.leave(move |task| {
                assert_eq!((task.ran.get(), task.dropped.get()), (1, 0));
                heir.add();
                resume_unwind(Box::new("an heir"));
            });
            let back = usize::from(back.map(drop).is_some());
            threads.join();
            assert_eq!(usize::from(ended) + back + heirs.get(), 1);
            assert!(!heirs.is_shared());
            let (ran, dropped) = log.read();
            assert!(ran <= 1 && dropped == 1);
        });
    }
}

#[test]
fn flight_that_is_dropped_drops_its_task() {
    exhaust(|| {
        let threads = Threads::new(Job::run);
        let (flight, log) = start(threads.clone(), false);
        drop(flight);
        threads.join();
        let (ran, dropped) = log.read();
        assert!(ran <= 1 && dropped == 1);
    });
}
