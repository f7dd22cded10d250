//! The pool under the model checker: every accepted job runs once or is dropped once;
//! everyone who waits is told; every thread ends; the counts are right.

use std::panic::resume_unwind;

use futures::future::join_all;

use super::*;
use crate::delegate::run_detached;
use crate::error::Error;
use crate::executor::Chosen;
use crate::model::{
    Count, PACES, Visits, begin, begin_alone, block_on, explore, join, visitor, with_bad_waker,
};
use crate::sync::checked::{Pace, passed, point};
use crate::{Delegate, delegate};

/// A call that takes a while and counts.
fn call(pool: &ThreadPoolExecutor, ran: &Count) -> Delegate<()> {
    let ran = ran.clone();
    let job = move || {
        point();
        ran.add();
    };
    delegate(job).executor(pool.clone())
}

/// Shuts the pool down and checks that all threads have ended, nothing is left, and `done`
/// jobs have run.
fn end(pool: ThreadPoolExecutor, done: usize) {
    block_on(pool.shutdown());
    let stats = pool.stats();
    assert_eq!(
        (stats.waiting, stats.queued, stats.running, stats.done),
        (0, 0, 0, done as u64)
    );
    let state = pool.owner.pool.lock();
    assert_eq!((state.workers, state.idle), (0, 0));
    assert_eq!(state.shutdown.len(), 0);
}

/// Holds everyone who comes until there are two of them.
#[derive(Default)]
struct Pair {
    come: Mutex<usize>,
    both: Condvar,
}

impl Pair {
    fn meet(&self) {
        let mut come = self.come.lock().unwrap_or_else(PoisonError::into_inner);
        *come += 1;
        self.both.notify_all();
        while *come < 2 {
            come = self.both.wait(come).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[test]
fn jobs_in_the_line_have_all_the_workers() {
    explore(&[Pace::Punctual], || {
        let pool = ThreadPoolExecutor::new(2).queue_limit(1);
        // Each job ends only if another one runs at the same time.
        let pairs = [(); 2].map(|()| Arc::<Pair>::default());
        let calls = [0, 0, 1, 1].map(|at: usize| {
            let pair = pairs[at].clone();
            delegate(move || pair.meet()).executor(pool.clone())
        });
        let results = block_on(join_all(calls));
        assert!(results.iter().all(Result::is_ok));
        assert_eq!(
            passed(),
            Duration::ZERO,
            "nothing had to wait for a timeout"
        );
        end(pool, 4);
    });
}

#[test]
fn workers_that_wait_take_what_comes_to_a_full_queue() {
    explore(&[Pace::Punctual], || {
        let ran = Count::default();
        let pool = ThreadPoolExecutor::new(2).queue_limit(1);
        // One worker waits when the first two jobs come, and both when the others come.
        block_on(call(&pool, &ran)).unwrap();
        for _ in 0..2 {
            let pair = Arc::<Pair>::default();
            let calls = [(); 2].map(|()| {
                let pair = pair.clone();
                delegate(move || pair.meet()).executor(pool.clone())
            });
            let results = block_on(join_all(calls));
            assert!(results.iter().all(Result::is_ok));
        }
        end(pool, 5);
        assert_eq!(
            passed(),
            Duration::ZERO,
            "nothing had to wait for a timeout"
        );
    });
}

#[test]
fn job_that_comes_as_workers_give_up_waiting_is_run() {
    explore(&PACES, || {
        let ran = Count::default();
        let pool = ThreadPoolExecutor::new(2).keep_alive(Duration::from_millis(1));
        let callers = [(); 2].map(|()| {
            let (pool, ran) = (pool.clone(), ran.clone());
            thread::spawn(move || {
                for _ in 0..2 {
                    block_on(call(&pool, &ran)).unwrap();
                }
            })
        });
        callers.into_iter().for_each(join);
        assert_eq!(ran.get(), 4);
        end(pool, 4);
    });
}

#[test]
fn workers_without_work_end_by_themselves() {
    explore(&[Pace::Punctual], || {
        let ran = Count::default();
        let pool = ThreadPoolExecutor::new(2).keep_alive(Duration::from_millis(7));
        let calls = [(); 2].map(|()| call(&pool, &ran));
        block_on(join_all(calls));
        // Every other thread ends while this one waits, since this wait is longer.
        let (lock, never) = (Mutex::new(()), Condvar::new());
        let guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
        drop(never.wait_timeout(guard, Duration::from_secs(1)));
        assert_eq!(pool.owner.pool.lock().workers, 0);
        assert_eq!(ran.get(), 2);
        // The pool works as if it were new.
        block_on(call(&pool, &ran)).unwrap();
        end(pool, 3);
    });
}

#[test]
fn calls_beside_a_shutdown_run_or_are_told() {
    explore(&PACES, || {
        let ran = Count::default();
        let pool = ThreadPoolExecutor::new(2).queue_limit(1);
        let callers = [(); 2].map(|()| {
            let (pool, ran) = (pool.clone(), ran.clone());
            thread::spawn(move || {
                let calls = [(); 2].map(|()| call(&pool, &ran));
                let results = block_on(join_all(calls));
                let done = |result: &&crate::Result<()>| match result {
                    Ok(()) => true,
                    Err(Error::ExecutorGone { .. }) => false,
                    Err(error) => panic!("{error}"),
                };
                results.iter().filter(done).count()
            })
        });
        let other = pool.clone();
        let other = thread::spawn(move || block_on(other.shutdown()));
        block_on(pool.shutdown());
        let before = ran.get();
        let done = callers.into_iter().map(join).sum();
        join(other);
        assert_eq!(ran.get(), done);
        assert_eq!(before, done, "nothing runs after a shutdown");
        let late = block_on(call(&pool, &ran));
        assert!(matches!(late, Err(Error::ExecutorGone { .. })));
        assert!(!ran.is_shared());
        end(pool, done);
    });
}

#[test]
fn shutdown_that_is_given_up_goes_on() {
    explore(&PACES, || {
        let ran = Count::default();
        let pool = ThreadPoolExecutor::new(1);
        let first = begin_alone(call(&pool, &ran));
        drop(begin_alone(Box::pin(pool.shutdown())));
        with_bad_waker(|cx| drop(begin(Box::pin(pool.shutdown()), cx)));
        block_on(first).unwrap();
        assert!(block_on(call(&pool, &ran)).is_err());
        end(pool, 1);
    });
}

#[test]
fn last_handle_may_go_in_a_worker() {
    explore(&PACES, || {
        let ran = Count::default();
        let pool = ThreadPoolExecutor::new(2);
        let own = pool.clone();
        let job = {
            let ran = ran.clone();
            move || {
                point();
                drop(own);
                ran.add();
            }
        };
        let calls = join_all([delegate(job).executor(pool.clone()), call(&pool, &ran)]);
        drop(pool);
        let results = block_on(calls);
        assert!(results.iter().all(Result::is_ok));
        assert_eq!(ran.get(), 2);
    });
}

#[test]
fn calls_that_are_given_up_leave_nothing() {
    explore(&PACES, || {
        let (ran, kept) = (Count::default(), Count::default());
        let pool = ThreadPoolExecutor::new(1).queue_limit(1);
        let calls: Vec<_> = (0..3).map(|_| begin_alone(call(&pool, &ran))).collect();
        let other = begin_alone(call(&pool, &kept));
        let gone = thread::spawn(move || drop(calls));
        // The jobs after them have their turn.
        block_on(other).unwrap();
        assert_eq!(kept.get(), 1);
        join(gone);
        let before = ran.get();
        block_on(pool.shutdown());
        assert_eq!(ran.get(), before, "what was given up does not begin");
        assert!(!ran.is_shared(), "the jobs are gone, too");
        // A worker may have taken a job just before its caller would have taken it back.
        let done = pool.stats().done;
        assert!(done > before as u64 && done <= 4);
        end(pool, usize::try_from(done).unwrap());
    });
}

#[test]
fn calls_that_are_given_up_while_none_can_run_are_gone() {
    /// Wraps each job in a value whose drop calls the pool again.
    struct Around(ThreadPoolExecutor, std::sync::Mutex<Vec<Visits>>);
    impl Executor for Around {
        fn execute(&self, job: Job) -> Result<(), Refused> {
            let own = self.0.clone();
            let (waker, visits) = visitor(move || assert_eq!(own.stats().done, 0));
            self.1.lock().unwrap().push(visits);
            self.0.execute(job.wrap(move |run| {
                run();
                drop(waker);
            }))
        }
    }
    explore(&[Pace::Punctual], || {
        let ran = Count::default();
        let pool = ThreadPoolExecutor::new(1).queue_limit(1);
        let pair = Arc::<Pair>::default();
        let own = pair.clone();
        let held = begin_alone(delegate(move || own.meet()).executor(pool.clone()));
        let around = Arc::new(Around(pool.clone(), std::sync::Mutex::default()));
        let calls = [(); 3].map(|()| begin_alone(call(&pool, &ran).executor(around.clone())));
        let [first, others @ ..] = calls;
        let gone = thread::spawn(move || drop(others));
        drop(first);
        join(gone);
        assert!(!ran.is_shared());
        for visits in around.1.lock().unwrap().iter() {
            visits.all_went_well();
        }
        let stats = pool.stats();
        // A worker may not have taken the first job yet; this holds for no other job.
        assert_eq!(stats.waiting + stats.queued + stats.running, 1);
        pair.meet();
        block_on(held).unwrap();
        end(pool, 1);
    });
}

#[test]
fn counts_are_whole_after_panics() {
    /// Wraps each job in a wrapper that panics, and panics itself once the pool has the job.
    struct Rude(ThreadPoolExecutor);
    impl Executor for Rude {
        fn execute(&self, job: Job) -> Result<(), Refused> {
            let wrapped = job.wrap(|run| {
                run();
                resume_unwind(Box::new("a wrapper"));
            });
            self.0.execute(wrapped).ok();
            resume_unwind(Box::new("an executor"));
        }
    }
    explore(&PACES, || {
        let ran = Count::default();
        let pool = ThreadPoolExecutor::new(2).queue_limit(1);
        let panics = || resume_unwind(Box::new("a job"));
        let bad = delegate(panics).executor(pool.clone());
        let bad = with_bad_waker(|cx| begin(bad, cx));
        let polite = call(&pool, &ran);
        let rude = call(&pool, &ran).executor(Rude(pool.clone()));
        let (polite, rude, bad) = block_on(async { futures::join!(polite, rude, bad) });
        assert!(polite.is_ok() && rude.is_ok());
        let bad: crate::Result<()> = bad;
        assert!(matches!(bad, Err(Error::Panicked { .. })));
        assert_eq!(ran.get(), 2);
        end(pool, 3);
    });
}

#[test]
fn waker_may_come_back_to_its_pool() {
    explore(&PACES, || {
        let ran = Count::default();
        let pool = ThreadPoolExecutor::new(1).queue_limit(1);
        let own = pool.clone();
        let (waker, visits) = visitor(move || drop((own.stats(), call(&own, &Count::default()))));
        let mut context = Context::from_waker(&waker);
        let first = begin(call(&pool, &ran), &mut context);
        let second = begin(call(&pool, &ran), &mut context);
        let shutdown = begin(Box::pin(pool.shutdown()), &mut context);
        drop((waker, second));
        block_on(first).unwrap();
        block_on(shutdown);
        let done = pool.stats().done;
        end(pool, usize::try_from(done).unwrap());
        visits.all_went_well();
    });
}

#[test]
fn job_may_hand_another_to_its_own_pool() {
    explore(&PACES, || {
        let ran = Count::default();
        let pool = ThreadPoolExecutor::new(1).queue_limit(1);
        let (own, inner) = (pool.clone(), ran.clone());
        let job = move || {
            let call = begin_alone(call(&own, &inner));
            inner.add();
            call
        };
        let call = block_on(delegate(job).executor(pool.clone())).unwrap();
        block_on(call).unwrap();
        assert_eq!(ran.get(), 2);
        end(pool, 2);
    });
}

#[test]
fn last_writes_are_made_once_whatever_becomes_of_the_pool() {
    explore(&PACES, || {
        let (ran, last) = (Count::default(), Count::default());
        let pool = ThreadPoolExecutor::new(1).queue_limit(1);
        let droppers = [(); 2].map(|()| {
            let (pool, last) = (pool.clone(), last.clone());
            thread::spawn(move || {
                let pool = Chosen::new(pool);
                for _ in 0..2 {
                    let last = last.clone();
                    run_detached(&pool, "close", None, move || last.add());
                }
            })
        });
        let beside = block_on(call(&pool, &ran));
        block_on(pool.shutdown());
        droppers.into_iter().for_each(join);
        assert_eq!(last.get(), 4);
        assert_eq!(ran.get(), usize::from(beside.is_ok()));
    });
}
