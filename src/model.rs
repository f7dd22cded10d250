//! Models of the concurrent parts. A model is a few threads and the conditions that must
//! hold in every order of their steps; a checker ([shuttle](https://docs.rs/shuttle)) runs
//! it under many schedules. This file has what the models share; each model stands beside
//! its part, in a `model.rs`.
//!
//! `just model` runs the models, as CI does, from the same seed each time; `just long` runs
//! more schedules, from another seed. The package `tests/model` compiles the source for it
//! with `cfg(model)`: locks, threads and time are then those of `sync/checked.rs`.
//!
//! A model that fails prints a line that makes it fail again:
//! `AIOFILES_SEED=.. AIOFILES_SCHEDULES=.. just model`. For schedules "by steps" it also
//! prints the seed of the schedule that failed; with that seed, one schedule is enough.
//!
//! # What a model finds
//!
//! A deadlock (a lost wake becomes one), a panic, and a thread that never ends. It also
//! finds waits that end only by their timeout: at [`Pace::Punctual`] time passes only when
//! nothing else can go on, so a thread that was not notified is seen to have waited. It
//! does not find faults that need weaker orderings of atomics than `SeqCst`, nor faults
//! between two steps that use nothing of `sync`.
//!
//! # Which faults they find
//!
//! These faults were put in, and the models on the right found them in the short run:
//!
//! | fault | found by |
//! |---|---|
//! | a job that comes to a full queue starts no worker | `thread_pool::{jobs_in_the_line_have_all_the_workers, workers_that_wait_take_what_comes_to_a_full_queue}` |
//! | … or wakes none | `thread_pool::jobs_in_the_line_have_all_the_workers` |
//! | of two who wait for a task, the second replaces the first | `flight::two_who_want_the_task_are_woken_and_one_has_it`, `file::both_halves_of_a_split_file_go_on` and two more |
//! | … if the second only looks | `flight::all_who_wait_are_woken` and two more |
//! | the panic of a waker is not caught | `flight::waker_that_panics_keeps_nobody_waiting`, `timer::waker_that_panics_leaves_the_thread_to_the_others` and five more |
//! | … of its drop | `flight::task_that_is_left_behind_goes_to_one` and seven more |
//! | wakers are woken under the lock of a flight | `flight::waker_may_come_back_to_what_wakes_it` |
//! | a waiter does not look again once its waker is known | all of `flight`, and more |
//! | a worker whose wait ended by its timeout ignores a job that has come | `thread_pool::job_that_comes_as_workers_give_up_waiting_is_run` and five more |
//! | a waiting worker is counted for a new job although another job is meant for it | `thread_pool::workers_that_wait_take_what_comes_to_a_full_queue` |
//! | the end of a pool wakes only one worker | the same |
//! | a call that is given up leaves its job in the line | `thread_pool::calls_that_are_given_up_while_none_can_run_are_gone` |
//! | … or drops it under the lock of the pool | the same |
//! | only one of those who wait for a shutdown is woken | `thread_pool::shutdown_that_is_given_up_goes_on` and two more |
//! | the timer is not told of an earlier time | `timer::sleepers_wake_in_time` and two more |
//! | its thread wakes a task under its lock | `timer::waker_may_come_back_to_the_timer` (the run ends there) |
//! | its thread releases the lock before it says that it ends | `timer::sleeper_that_comes_as_the_thread_ends_has_another` and one more |
//! | the wake of one who watches a stream is lost if he gives up | `stream::one_that_watches_and_gives_up_keeps_nobody_waiting` and two more (a real fault, since mended) |
//! | … does not look again once its waker is known | `stream::those_who_watch_share_what_there_is` and three more |
//! | a place in the line that is given up does not pass its turn on | `stream::place_that_is_given_up_keeps_the_turn_from_nobody` |
//! | the end of `main` does not wait | `last::end_of_main_waits_for_what_was_dropped` and five more |
//! | … for a job that a dropped file left running | `last::hold_keeps_the_end_until_it_is_released` and one more |
//! | … or does not make the last writes that no executor runs | `last::executors_that_do_not_run_them_lose_no_last_write` |
//! | a wrapper that skips a last write loses it | the same |
//! | a running job does not tell its flight that it runs | `flight::task_that_is_left_behind_goes_to_one` |
//! | a write job does not report that there is room again | `file::writer_goes_on_once_half_is_written` |

use std::future::{Future, Ready, ready};
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures::future::Either;
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, FailurePersistence, Runner};

use crate::executor::{Executor, Job, Refused};
use crate::foreign::discard;
use crate::sync::checked::{Pace, Timed, point};
use crate::sync::thread;

pub(crate) use shuttle::future::block_on;

/// The number of schedules of each kind for each model, unless `AIOFILES_SCHEDULES` says
/// otherwise.
const SCHEDULES: usize = 100;

/// Where random schedules begin, unless `AIOFILES_SEED` says otherwise.
const SEED: u64 = 0x00a1_0f11_e500;

/// How often a schedule of threads by rank changes the ranks. Most faults need one or
/// two changes.
const CHANGES: usize = 3;

/// The paces, for models to which it matters.
pub(crate) const PACES: [Pace; 2] = [Pace::Punctual, Pace::Anyhow];

fn number<T: std::str::FromStr>(name: &str, usual: T) -> T {
    match std::env::var(name) {
        Ok(value) => match value.parse() {
            Ok(value) => value,
            Err(_) => panic!("{name} is to be a number, not {value:?}"),
        },
        Err(_) => usual,
    }
}

/// Says with what a schedule that failed can be had again.
struct Note(String);

impl Drop for Note {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}

fn run<F>(scheduler: impl Scheduler + 'static, pace: Pace, note: String, model: F) -> usize
where
    F: Fn() + Send + Sync + 'static,
{
    let _note = Note(format!("{note}, {pace:?}"));
    let mut config = Config::new();
    // Futures of files are deep where nothing is optimized.
    config.stack_size = 512 * 1024;
    config.failure_persistence = FailurePersistence::None;
    config.silence_warnings = true;
    let scheduler = Timed {
        inner: scheduler,
        pace,
    };
    Runner::new(scheduler, config).run(model)
}

/// Runs `model` under random schedules, at each of these paces. Some schedules choose a
/// thread at each step; others give the threads ranks, and change the ranks a few times. A
/// deadlock, a panic and a thread that never ends fail the test.
pub(crate) fn explore<F>(paces: &[Pace], model: F)
where
    F: Fn() + Send + Sync + Clone + 'static,
{
    let seed = number("AIOFILES_SEED", SEED);
    let schedules = number("AIOFILES_SCHEDULES", SCHEDULES);
    for &pace in paces {
        let again = |how| format!("AIOFILES_SEED={seed} AIOFILES_SCHEDULES={schedules}, {how}");
        let steps = RandomScheduler::new_from_seed(seed, schedules);
        run(steps, pace, again("by steps"), model.clone());
        let ranks = PctScheduler::new_from_seed(seed, CHANGES, schedules);
        run(ranks, pace, again("by ranks"), model.clone());
    }
}

/// Runs `model` under every schedule there is.
pub(crate) fn exhaust<F>(model: F)
where
    F: Fn() + Send + Sync + 'static,
{
    /// More schedules would be too many for a test.
    const MOST: usize = 20_000;
    let all = DfsScheduler::new(Some(MOST), false);
    let runs = run(all, Pace::Punctual, "all in order".to_owned(), model);
    assert!(runs < MOST, "the model has too many schedules");
}

/// An executor that calls `with` with each job, on a new thread.
pub(crate) struct Threads {
    with: fn(Job),
    started: std::sync::Mutex<Vec<thread::JoinHandle<()>>>,
}

impl Threads {
    pub(crate) fn new(with: fn(Job)) -> Arc<Self> {
        let started = std::sync::Mutex::default();
        Arc::new(Self { with, started })
    }

    fn started(&self) -> std::sync::MutexGuard<'_, Vec<thread::JoinHandle<()>>> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until all threads have ended.
    pub(crate) fn join(&self) {
        loop {
            let thread = self.started().pop();
            match thread {
                Some(thread) => assert!(thread.join().is_ok()),
                None => return,
            }
        }
    }
}

impl Executor for Threads {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        let with = self.with;
        let thread = thread::spawn(move || with(job));
        self.started().push(thread);
        Ok(())
    }
}

/// A waker that panics when it is woken, and when it is dropped.
struct Bad;

impl Wake for Bad {
    fn wake(self: Arc<Self>) {
        point();
        resume_unwind(Box::new("a waker"));
    }
}

impl Drop for Bad {
    fn drop(&mut self) {
        point();
        if !std::thread::panicking() {
            resume_unwind(Box::new("the drop of a waker"));
        }
    }
}

/// Calls `f` with a waker that panics. If `f` keeps clones, the drop of the last one
/// panics.
pub(crate) fn with_bad_waker<T>(f: impl FnOnce(&mut Context<'_>) -> T) -> T {
    let waker = Waker::from(Arc::new(Bad));
    let value = f(&mut Context::from_waker(&waker));
    discard(waker);
    value
}

/// A waker that calls back: when it is woken or dropped, it uses the thing that it was
/// given to. If a lock of that thing were held then, it would wait for ever.
struct Visitor {
    visit: Box<dyn Fn() + Send + Sync>,
    came: Count,
    went: Count,
}

/// How often a [`Visitor`] has begun and has ended a visit.
pub(crate) struct Visits(Count, Count);

/// Makes a waker that is a [`Visitor`] with this visit.
pub(crate) fn visitor(visit: impl Fn() + Send + Sync + 'static) -> (Waker, Visits) {
    let visits = Visits(Count::default(), Count::default());
    let visitor = Visitor {
        visit: Box::new(visit),
        came: visits.0.clone(),
        went: visits.1.clone(),
    };
    (Waker::from(Arc::new(visitor)), visits)
}

impl Visitor {
    fn come(&self) {
        self.came.add();
        (self.visit)();
        self.went.add();
    }
}

impl Wake for Visitor {
    fn wake(self: Arc<Self>) {
        self.come();
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        self.come();
    }
}

impl Visits {
    /// Waits until the visitor is dropped, and checks that it has made a visit and that no
    /// visit has panicked (which it does if it cannot get a lock).
    pub(crate) fn all_went_well(&self) {
        while self.0.is_shared() {
            thread::yield_now();
        }
        assert!(self.0.get() > 0);
        assert_eq!(self.0.get(), self.1.get());
    }
}

/// Polls `future` once, and returns a future for the rest.
pub(crate) fn begin<F>(mut future: F, cx: &mut Context<'_>) -> Either<Ready<F::Output>, F>
where
    F: Future + Unpin,
{
    match Pin::new(&mut future).poll(cx) {
        Poll::Ready(value) => Either::Left(ready(value)),
        Poll::Pending => Either::Right(future),
    }
}

/// The same, with a waker that does nothing.
pub(crate) fn begin_alone<F>(future: F) -> Either<Ready<F::Output>, F>
where
    F: Future + Unpin,
{
    begin(future, &mut Context::from_waker(Waker::noop()))
}

/// Polls `future` once and drops it; returns its output if it was ready.
pub(crate) fn give_up<F: Future>(future: F) -> Option<F::Output> {
    match begin_alone(Box::pin(future)) {
        Either::Left(ready) => Some(ready.into_inner()),
        Either::Right(_) => None,
    }
}

/// Waits for the thread, and panics if it has panicked.
pub(crate) fn join<T>(thread: thread::JoinHandle<T>) -> T {
    thread
        .join()
        .unwrap_or_else(|payload| resume_unwind(payload))
}

/// A counter. Its use is no step of the checker, so it changes no schedule.
#[derive(Clone, Debug, Default)]
pub(crate) struct Count(Arc<AtomicUsize>);

impl Count {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Whether another handle could still count.
    pub(crate) fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}
