//! The end of the process under the model checker: what was dropped before `main`
//! returned is written, once, when it has.

use super::*;
use crate::ThreadPoolExecutor;
use crate::executor::{Executor, InlineExecutor, Refused};
use crate::model::{Count, PACES, Threads, block_on, explore, give_up, join};
use crate::sync::checked::{Pace, point};
use crate::sync::{Mutex, MutexGuard};

/// Runs `program` on a thread that counts as the main one; everything is over then that
/// the end of the process waits for.
fn process(program: impl FnOnce() + Send + 'static) {
    let main = thread::Builder::new().name("main".to_owned());
    join(main.spawn(program).unwrap());
}

fn write(executor: &Chosen, written: &Count) {
    let written = written.clone();
    run_detached(executor, "close", None, move || {
        point();
        written.add();
    });
}

#[test]
fn end_of_main_waits_for_what_was_dropped() {
    explore(&PACES, || {
        let written = Count::default();
        let counts = written.clone();
        process(move || {
            watch_main();
            let pool = Chosen::new(ThreadPoolExecutor::new(1));
            write(&pool, &counts);
            let (pool, beside) = (pool.clone(), counts.clone());
            let other = thread::spawn(move || write(&pool, &beside));
            join(other);
            write(
                &Chosen::new(ThreadPoolExecutor::new(1).queue_limit(1)),
                &counts,
            );
        });
        assert_eq!(written.get(), 3);
        assert!(!written.is_shared());
    });
}

#[test]
fn end_of_another_thread_waits_for_its_own() {
    explore(&PACES, || {
        let written = Count::default();
        let threads = [(); 2].map(|()| {
            let counts = written.clone();
            // The main thread has no contact with the crate.
            thread::spawn(move || {
                let pool = Chosen::new(ThreadPoolExecutor::new(1));
                write(&pool, &counts);
                write(&pool, &counts);
            })
        });
        threads.into_iter().for_each(join);
        assert_eq!(written.get(), 4);
    });
}

/// Keeps its jobs, and drops them with itself.
#[derive(Default)]
struct Keeps(std::sync::Mutex<Vec<Job>>);

impl Executor for Keeps {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.push(job);
        Ok(())
    }
}

/// Wraps them in what does not run them.
struct Skips(Arc<Threads>);

impl Executor for Skips {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        self.0.execute(job.wrap(|_| point()))
    }
}

#[test]
fn executors_that_do_not_run_them_lose_no_last_write() {
    explore(&[Pace::Punctual], || {
        let written = Count::default();
        let counts = written.clone();
        // It outlives the process.
        let stays = Arc::<Keeps>::default();
        let keeps = stays.clone();
        process(move || {
            watch_main();
            write(&Chosen::new(keeps.clone()), &counts);
            write(&Chosen::new(Skips(Threads::new(Job::run))), &counts);
            write(&Chosen::new(Threads::new(drop)), &counts);
            let job = keeps.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
            // Some of it may go on elsewhere.
            thread::spawn(move || drop(job));
            write(&Chosen::new(keeps), &counts);
        });
        assert_eq!(written.get(), 4);
        drop(stays);
    });
}

#[test]
fn panic_of_a_last_write_ends_with_it() {
    explore(&[Pace::Punctual], || {
        let written = Count::default();
        let counts = written.clone();
        process(move || {
            watch_main();
            let pool = Chosen::new(ThreadPoolExecutor::new(1));
            let panics = || std::panic::resume_unwind(Box::new("a last write"));
            run_detached(&pool, "close", None, panics);
            write(&pool, &counts);
        });
        assert_eq!(written.get(), 1);
        assert!(list().entries.is_empty());
    });
}

#[test]
fn hold_keeps_the_end_until_it_is_released() {
    explore(&[Pace::Punctual], || {
        let written = Count::default();
        let counts = written.clone();
        process(move || {
            watch_main();
            let hold = Arc::<Hold>::default();
            hold.begin();
            let job = hold.clone();
            // A job that writes, and then reads from what nobody writes to: the process
            // ends beside it.
            thread::spawn(move || {
                point();
                counts.add();
                job.release();
                point();
            });
            hold.leave();
        });
        assert_eq!(written.get(), 1);
        assert!(list().entries.is_empty());
    });
}

#[test]
fn file_that_is_dropped_last_is_written() {
    struct Sink(Arc<Mutex<Vec<u8>>>);
    impl crate::RawIo for Sink {
        fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
            point();
            let n = buf.len().min(2);
            lock(&self.0).extend_from_slice(&buf[..n]);
            Ok(n)
        }
    }
    fn lock(sink: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
        sink.lock().unwrap_or_else(PoisonError::into_inner)
    }
    explore(&[Pace::Punctual], || {
        let sink = Arc::<Mutex<Vec<u8>>>::default();
        let raw = Sink(sink.clone());
        let other = Sink(Arc::default());
        process(move || {
            // The main thread uses a stream itself: what it keeps for that may be gone
            // before it makes the last writes.
            block_on(async {
                let made = crate::wrap(other).executor(InlineExecutor);
                made.await.unwrap().close().await.unwrap();
            });
            let pool = ThreadPoolExecutor::new(1);
            block_on(async {
                let mut file = crate::wrap(raw).buffering(4).executor(pool).await.unwrap();
                file.write(b"abc").await.unwrap();
                file.write(b"def").await.unwrap();
                drop(give_up(file.flush()));
                file.write(b"ghi").await.unwrap();
            });
        });
        assert_eq!(*lock(&sink), b"abcdefghi");
    });
}
