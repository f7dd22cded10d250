//! Every operation of a file on an executor that does something odd with one of the
//! jobs that the operation hands in, each in turn.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use aiofiles::executor::{Executor, InlineExecutor, Job, Refused};
use aiofiles::{Error, delegate, wrap};
use futures::executor::block_on;

use super::odd::{Bomb, Memory};
use super::operations::{
    BEFORE, BINARY, CONTENT, Operation, RAW, TEXT, Went, try_binary, try_raw, try_text,
};

/// What an executor does with the job whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Runs,
    Refuses,
    Drops,
    DropsLate,
    Panics,
    PanicsWithBomb,
    PanicsWhenItRan,
    RefusesAnother,
    RunsLate,
    RunsInItsDrop,
    WrapsAndSkips,
    WrapsAndRunsTwice,
    WrapsAndPanics,
    ComesBack,
}

impl Manner {
    const ALL: [Self; 14] = [
        Self::Runs,
        Self::Refuses,
        Self::Drops,
        Self::DropsLate,
        Self::Panics,
        Self::PanicsWithBomb,
        Self::PanicsWhenItRan,
        Self::RefusesAnother,
        Self::RunsLate,
        Self::RunsInItsDrop,
        Self::WrapsAndSkips,
        Self::WrapsAndRunsTwice,
        Self::WrapsAndPanics,
        Self::ComesBack,
    ];

    /// Whether the job never begins.
    fn loses(self) -> bool {
        matches!(
            self,
            Self::Refuses
                | Self::Drops
                | Self::DropsLate
                | Self::Panics
                | Self::PanicsWithBomb
                | Self::WrapsAndSkips
                | Self::WrapsAndPanics
        )
    }
}

/// Runs jobs in place, but for one.
#[derive(Clone)]
struct Strange {
    manner: Manner,
    /// How many jobs come before that one; no number any more once it was there.
    good: Arc<AtomicUsize>,
    jobs: Arc<AtomicUsize>,
    late: Arc<Mutex<Sender<(Job, bool)>>>,
}

const NEVER: usize = usize::MAX;

impl Strange {
    fn new(manner: Manner) -> Self {
        let (late, jobs) = channel::<(Job, bool)>();
        // Ends with the last handle.
        std::thread::spawn(move || {
            for (job, runs) in jobs {
                if runs {
                    job.run();
                }
            }
        });
        Self {
            manner,
            good: Arc::new(AtomicUsize::new(NEVER)),
            jobs: Arc::default(),
            late: Arc::new(Mutex::new(late)),
        }
    }

    fn jobs(&self) -> usize {
        self.jobs.load(Ordering::SeqCst)
    }
}

/// Runs its job when it goes.
struct RunsInDrop(Option<Job>);

impl Drop for RunsInDrop {
    fn drop(&mut self) {
        self.0.take().unwrap().run();
    }
}

impl Executor for Strange {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        self.jobs.fetch_add(1, Ordering::SeqCst);
        let good = self.good.load(Ordering::SeqCst);
        if good != 0 {
            if good != NEVER {
                self.good.store(good - 1, Ordering::SeqCst);
            }
            return InlineExecutor.execute(job);
        }
        self.good.store(NEVER, Ordering::SeqCst);
        match self.manner {
            Manner::Runs => job.run(),
            Manner::Refuses => return Err(Refused::new(job)),
            Manner::Drops => drop(job),
            Manner::DropsLate => self.late.lock().unwrap().send((job, false)).unwrap(),
            Manner::RunsLate => self.late.lock().unwrap().send((job, true)).unwrap(),
            Manner::Panics => {
                let _job = job;
                std::panic::resume_unwind(Box::new("the executor panics"));
            }
            Manner::PanicsWithBomb => {
                let _job = job;
                std::panic::resume_unwind(Box::new(Bomb(2)));
            }
            Manner::PanicsWhenItRan => {
                job.run();
                std::panic::resume_unwind(Box::new(Bomb(2)));
            }
            Manner::RefusesAnother => {
                // Of another call, which gets to know by that; this one is run.
                let other = Arc::new(Mutex::new(None));
                let mut call = Box::pin(delegate(|| ()).executor(Takes(other.clone())));
                assert!(crate::common::poll_once(call.as_mut()).is_none());
                let other = other.lock().unwrap().take().unwrap();
                job.run();
                return Err(Refused::new(other));
            }
            Manner::RunsInItsDrop => drop(RunsInDrop(Some(job))),
            Manner::WrapsAndSkips => job.wrap(|_| {}).run(),
            Manner::WrapsAndRunsTwice => job
                .wrap(|run| {
                    run();
                    run();
                })
                .run(),
            Manner::WrapsAndPanics => {
                let wrapper =
                    |_: &mut dyn FnMut() -> _| std::panic::resume_unwind(Box::new(Bomb(1)));
                job.wrap(wrapper).run();
            }
            Manner::ComesBack => {
                let inner = self.clone();
                smol::block_on(async {
                    let memory = Memory::new(CONTENT);
                    let made = wrap(memory.stream()).executor(inner);
                    let mut other = made.await.unwrap();
                    other.write(b"x").await.unwrap();
                    other.close().await.unwrap();
                });
                job.run();
            }
        }
        Ok(())
    }
}

/// Puts its jobs there.
struct Takes(Arc<Mutex<Option<Job>>>);

impl Executor for Takes {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        *self.0.lock().unwrap() = Some(job);
        Ok(())
    }
}

fn row<F>(
    kind: &str,
    (name, operation): (&str, Operation<F>),
    tried: impl Fn(Operation<F>, &str, &Strange, usize) -> Went,
) -> usize {
    let mut happened = 0;
    for before in BEFORE {
        let plain = Strange::new(Manner::Runs);
        let good = tried(operation, before, &plain, NEVER);
        let expected = good.result.expect("nothing odd happens");
        let mut untouched = CONTENT.to_vec();
        if before == "written" {
            untouched[..3].copy_from_slice(b"new");
        }
        for manner in Manner::ALL {
            for job in 0..plain.jobs() {
                let at = format!("{kind} {name} after {before}, {manner:?} job {job}");
                let strange = Strange::new(manner);
                let went = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    tried(operation, before, &strange, job)
                }));
                let went = went.unwrap_or_else(|_| panic!("{at}"));
                happened += usize::from(went.happened);
                let whole = match &went.result {
                    Ok(given) => {
                        assert_eq!(*given, expected, "{at}");
                        went.data == good.data
                    }
                    Err(error) => {
                        let gone = matches!(error, Error::ExecutorGone { .. });
                        assert!(gone && manner.loses(), "{at}: {error}");
                        // Items of bytes that stand in no buffer are written one by one.
                        let partly = kind == "raw" && name == "writelines";
                        partly || went.data == untouched || went.data == good.data
                    }
                };
                let data = String::from_utf8_lossy(&went.data);
                assert!(whole, "{at}: {:?}: {data}", went.result);
            }
        }
    }
    happened
}

#[test]
fn an_executor_that_is_odd_once_costs_no_byte_and_no_file() {
    let plan = |strange: &Strange, good: usize| {
        let good = good.min(NEVER - 1);
        strange.jobs.store(0, Ordering::SeqCst);
        strange.good.store(good, Ordering::SeqCst);
    };
    let heal = |strange: &Strange| strange.good.swap(NEVER, Ordering::SeqCst) == NEVER;
    let mut happened = 0;
    for &entry in BINARY {
        happened += row("binary", entry, |operation, before, strange, good| {
            let (plan, heal) = (|_: &Memory| plan(strange, good), |_: &Memory| heal(strange));
            try_binary(operation, before, strange, plan, heal)
        });
    }
    for &entry in RAW {
        happened += row("raw", entry, |operation, before, strange, good| {
            let (plan, heal) = (|_: &Memory| plan(strange, good), |_: &Memory| heal(strange));
            try_raw(operation, before, strange, plan, heal)
        });
    }
    for &entry in TEXT {
        happened += row("text", entry, |operation, before, strange, good| {
            let (plan, heal) = (|_: &Memory| plan(strange, good), |_: &Memory| heal(strange));
            try_text(operation, before, strange, plan, heal)
        });
    }
    assert!(happened > 2_000, "only {happened} things happened");
}

#[test]
fn a_job_that_comes_back_for_another_is_told_to_its_own_caller() {
    /// Refuses the job before, and keeps this one.
    #[derive(Clone, Default)]
    struct Swaps(Arc<Mutex<Option<Job>>>);
    impl Executor for Swaps {
        fn execute(&self, job: Job) -> Result<(), Refused> {
            match self.0.lock().unwrap().replace(job) {
                Some(before) => Err(Refused::new(before)),
                None => Ok(()),
            }
        }
    }
    let swaps = Swaps::default();
    let mut first = Box::pin(delegate(|| 1).executor(swaps.clone()));
    assert!(crate::common::poll_once(first.as_mut()).is_none());
    let mut second = Box::pin(delegate(|| 2).executor(swaps.clone()));
    assert!(crate::common::poll_once(second.as_mut()).is_none());
    let error = block_on(first).unwrap_err();
    assert!(matches!(error, Error::ExecutorGone { .. }), "{error}");
    swaps.0.lock().unwrap().take().unwrap().run();
    assert_eq!(block_on(second).unwrap(), 2);
}
