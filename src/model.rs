//! Models of the concurrent parts: each a few threads, and what must hold whatever runs
//! when. A checker runs them under many schedules.
//!
//! (table of teeth: below)

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

/// How many schedules of each kind a model is run under, unless `AIOFILES_SCHEDULES`
/// says otherwise.
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

/// Runs `model` under random schedules, at each of these paces: some that choose at each
/// step, some that give the threads ranks and change them a few times. A deadlock, a
/// panic and a thread that never ends fail the test.
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
    /// More than that are too many for a test.
    const MOST: usize = 20_000;
    let all = DfsScheduler::new(Some(MOST), false);
    let runs = run(all, Pace::Punctual, "all in order".to_owned(), model);
    assert!(runs < MOST, "the model has too many schedules");
}

/// Does the same with each job, on a thread of its own.
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

    /// Waits until all of them have ended, as they do whatever the job did.
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

/// Calls `f` with a waker that panics: of those that it keeps, the last drop does.
pub(crate) fn with_bad_waker<T>(f: impl FnOnce(&mut Context<'_>) -> T) -> T {
    let waker = Waker::from(Arc::new(Bad));
    let value = f(&mut Context::from_waker(&waker));
    discard(waker);
    value
}

/// A waker that comes back: woken, and dropped, it does something with what it was given
/// to. That would wait for ever if a lock were held meanwhile.
struct Visitor {
    visit: Box<dyn Fn() + Send + Sync>,
    came: Count,
    went: Count,
}

/// How often a [`Visitor`] came, and went again.
pub(crate) struct Visits(Count, Count);

/// A [`Visitor`] that does this.
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
    /// Waits until it is gone: it has come, and no visit has ended in a panic, as one does
    /// that finds itself locked out.
    pub(crate) fn all_went_well(&self) {
        while self.0.is_shared() {
            thread::yield_now();
        }
        assert!(self.0.get() > 0);
        assert_eq!(self.0.get(), self.1.get());
    }
}

/// Polls `future` once: the rest of it.
pub(crate) fn begin<F>(mut future: F, cx: &mut Context<'_>) -> Either<Ready<F::Output>, F>
where
    F: Future + Unpin,
{
    match Pin::new(&mut future).poll(cx) {
        Poll::Ready(value) => Either::Left(ready(value)),
        Poll::Pending => Either::Right(future),
    }
}

/// The same, with nobody to be woken.
pub(crate) fn begin_alone<F>(future: F) -> Either<Ready<F::Output>, F>
where
    F: Future + Unpin,
{
    begin(future, &mut Context::from_waker(Waker::noop()))
}

/// Polls `future` once and drops it: what it gave, if it did.
pub(crate) fn give_up<F: Future>(future: F) -> Option<F::Output> {
    match begin_alone(Box::pin(future)) {
        Either::Left(ready) => Some(ready.into_inner()),
        Either::Right(_) => None,
    }
}

/// Waits for the thread, and panics as it did.
pub(crate) fn join<T>(thread: thread::JoinHandle<T>) -> T {
    thread
        .join()
        .unwrap_or_else(|payload| resume_unwind(payload))
}

/// Counts. No step of the checker: looking at it changes no schedule.
#[derive(Clone, Debug, Default)]
pub(crate) struct Count(Arc<AtomicUsize>);

impl Count {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Whether somebody else could still count.
    pub(crate) fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}
