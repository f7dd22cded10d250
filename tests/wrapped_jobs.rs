//! Jobs that an executor wraps before it hands them on: what the wrapper sees,
//! and that nothing else is other than without it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use aiofiles::executor::{Executor, InlineExecutor, Job, ManualExecutor, Outcome, Refused};
use aiofiles::{Error, ThreadPoolExecutor, delegate, wrap};
use common::{Dir, Faulty, Manner, Memory, poll_once};
use futures::FutureExt as _;
use futures::executor::block_on;

/// What a wrapper does with the function it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Calls,
    CallsTwice,
    Skips,
    PanicsBefore,
    PanicsAfter,
    /// Not even its drop is harmless.
    PanicsInDrop,
}

/// Notes what becomes of each job that it hands to another executor.
#[derive(Clone)]
struct Watched<E> {
    inner: E,
    way: Way,
    notes: Notes,
}

#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn add(&self, note: String) {
        self.0.lock().unwrap().push(note);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Notes, when it goes, that the job was not begun.
struct Unbegun {
    op: &'static str,
    notes: Notes,
    begun: bool,
    panics: bool,
}

impl Unbegun {
    /// A method, so that a closure captures the whole.
    fn begins(&mut self) {
        self.begun = true;
    }
}

impl Drop for Unbegun {
    fn drop(&mut self) {
        if !self.begun {
            self.notes.add(format!("{} unbegun", self.op));
            assert!(!self.panics, "in the drop of a wrapper");
        }
    }
}

impl<E> Watched<E> {
    fn new(inner: E) -> Self {
        Self {
            inner,
            way: Way::Calls,
            notes: Notes::default(),
        }
    }

    fn that(self, way: Way) -> Self {
        Self { way, ..self }
    }
}

impl<E: Executor> Executor for Watched<E> {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        let (way, notes, op) = (self.way, self.notes.clone(), job.op());
        let mut unbegun = Unbegun {
            op,
            notes: notes.clone(),
            begun: false,
            panics: way == Way::PanicsInDrop,
        };
        self.inner.execute(job.wrap(move |run| {
            unbegun.begins();
            assert_ne!(way, Way::PanicsBefore);
            if way != Way::Skips {
                let outcome = run();
                notes.add(format!("{op} {outcome:?}"));
            }
            if way == Way::CallsTwice {
                run();
            }
            assert_ne!(way, Way::PanicsAfter);
        }))
    }
}

#[test]
fn record_is_there_before_the_result() {
    let pool = Watched::new(ThreadPoolExecutor::new(2));
    for n in 0..200 {
        let call = delegate(move || n).executor(pool.clone());
        assert_eq!(block_on(call).unwrap(), n);
        assert_eq!(pool.notes.take(), ["run Done"]);
    }
    let dir = Dir::new();
    let path = dir.join("file");
    block_on(async {
        let open = aiofiles::open(&path).mode("w").executor(pool.clone());
        open.with(async |file| file.write("text").await)
            .await
            .unwrap();
        assert_eq!(pool.notes.take(), ["open Done", "close Done"]);
        let error = aiofiles::open(dir.join("none")).executor(pool.clone());
        assert_eq!(
            error.await.unwrap_err().kind(),
            std::io::ErrorKind::NotFound
        );
        assert_eq!(pool.notes.take(), ["open Done"], "a failure is an end, too");
    });
}

#[test]
fn wrapper_sees_a_panic_and_the_caller_gets_it() {
    let pool = Watched::new(ThreadPoolExecutor::new(1));
    let call = delegate(|| panic!("so")).executor(pool.clone());
    let error: Error = block_on(call).unwrap_err();
    assert!(
        matches!(&error, Error::Panicked { message, .. } if message == "so"),
        "{error}"
    );
    assert_eq!(pool.notes.take(), ["run Panicked"]);
    assert_eq!(block_on(delegate(|| 1).executor(pool.clone())).unwrap(), 1);
}

#[test]
fn recalled_job_is_not_begun() {
    for way in [Way::Calls, Way::PanicsInDrop] {
        let jobs = ManualExecutor::new();
        let watched = Watched::new(jobs.clone()).that(way);
        let mut call = Box::pin(delegate(|| ()).executor(watched.clone()));
        assert!(poll_once(call.as_mut()).is_none());
        drop(call);
        assert_eq!(watched.notes.take(), [""; 0], "it is still in the queue");
        assert!(jobs.run_one());
        assert_eq!(watched.notes.take(), ["run unbegun"], "{way:?}");
    }
}

#[test]
fn job_that_is_refused_or_dropped_is_not_begun() {
    for manner in [Manner::Refuses, Manner::Drops, Manner::Panics] {
        for way in [Way::Calls, Way::PanicsInDrop] {
            let faulty = Faulty::once(manner, usize::MAX);
            let watched = Watched::new(faulty.clone()).that(way);
            let memory = Memory::new("0123456789");
            let made = wrap(memory.stream()).mode("r+").executor(watched.clone());
            block_on(async {
                let mut file = made.await.unwrap();
                assert_eq!(file.read().size(3).await.unwrap(), b"012");
                file.write(b"abc").await.unwrap();
                watched.notes.take();
                faulty.after(0);
                let error = file.flush().await.unwrap_err();
                assert!(matches!(error, Error::ExecutorGone { .. }), "{error}");
                let notes = watched.notes.take();
                assert_eq!(notes, ["flush unbegun"], "{manner:?} {way:?}");
                file.close().await.unwrap();
            });
            assert_eq!(memory.data(), b"012abc6789", "{manner:?} {way:?}");
        }
    }
}

#[test]
fn job_that_is_not_begun_by_its_wrapper_is_as_one_dropped() {
    for way in [Way::Skips, Way::PanicsBefore] {
        let memory = Memory::new("0123456789");
        let watched = Watched::new(InlineExecutor).that(way);
        let mut file = block_on(
            wrap(memory.stream())
                .executor(watched.clone())
                .into_future(),
        );
        let file = file.as_mut().unwrap();
        let error = block_on(file.read()).unwrap_err();
        assert!(
            matches!(error, Error::ExecutorGone { .. }),
            "{way:?}: {error}"
        );
        assert_eq!(memory.calls("read"), 0, "{way:?}");
        assert!(!file.closed(), "{way:?}");
    }
}

#[test]
fn work_is_done_once_and_stands_whatever_its_wrapper_does_then() {
    for way in [Way::Calls, Way::CallsTwice, Way::PanicsAfter] {
        let memory = Memory::new("");
        let watched = Watched::new(ThreadPoolExecutor::new(1)).that(way);
        let made = wrap(memory.stream()).mode("w").executor(watched.clone());
        block_on(async {
            let mut file = made.await.unwrap();
            for part in [b"one", b"two"] {
                file.write(part).await.unwrap();
                file.flush().await.unwrap();
            }
            file.close().await.unwrap();
        });
        assert_eq!(memory.data(), b"onetwo", "{way:?}");
    }
}

#[test]
fn last_flush_of_a_dropped_file_happens_in_any_case() {
    let ways = [
        (Way::Calls, "close Done"),
        (Way::PanicsAfter, "close Done"),
        (Way::Skips, ""),
        (Way::PanicsBefore, ""),
    ];
    for (way, note) in ways {
        for manner in [None, Some(Manner::Refuses), Some(Manner::Drops)] {
            let memory = Memory::new("");
            let faulty = match manner {
                None => Faulty::once(Manner::Drops, usize::MAX),
                Some(manner) => Faulty::always(manner),
            };
            let watched = Watched::new(faulty).that(way);
            let made = wrap(memory.stream()).mode("w").executor(watched.clone());
            let mut file = block_on(made.into_future()).unwrap();
            block_on(file.write(b"bytes")).unwrap();
            drop(file);
            assert_eq!(memory.data(), b"bytes", "{way:?} {manner:?}");
            assert_eq!(watched.notes.take().join(", "), note, "{way:?} {manner:?}");
        }
    }
}

/// Holds a worker until the sender goes.
fn hold(pool: &ThreadPoolExecutor) -> (impl Future<Output = ()>, std::sync::mpsc::Sender<()>) {
    let (sender, receiver) = channel::<()>();
    let (begun, begins) = channel();
    let job = delegate(move || {
        begun.send(()).unwrap();
        let _ = receiver.recv();
    });
    let mut job = Box::pin(job.executor(pool.clone()));
    assert!(poll_once(job.as_mut()).is_none());
    begins.recv().unwrap();
    (job.map(Result::unwrap), sender)
}

#[test]
fn wrapped_jobs_keep_their_places_in_a_full_queue() {
    let pool = ThreadPoolExecutor::new(1).queue_limit(1);
    let watched = Watched::new(pool.clone());
    let (held, release) = hold(&pool);
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut calls: Vec<_> = (0..6)
        .map(|i| {
            let order = order.clone();
            let call = delegate(move || order.lock().unwrap().push(i));
            Box::pin(call.executor(watched.clone()))
        })
        .collect();
    for call in &mut calls {
        assert!(poll_once(call.as_mut()).is_none());
    }
    assert_eq!((pool.stats().queued, pool.stats().waiting), (1, 5));
    drop(calls.remove(3));
    assert_eq!(watched.notes.take(), ["run unbegun"]);
    assert_eq!(pool.stats().waiting, 4, "it leaves nothing");
    drop(release);
    block_on(held);
    for result in block_on(futures::future::join_all(calls)) {
        result.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 4, 5]);
    assert_eq!(watched.notes.take(), ["run Done"; 5]);
}

#[test]
fn wrapped_job_that_is_refused_can_be_run_elsewhere() {
    /// Wraps again what comes back.
    struct OrInPlace(Watched<ThreadPoolExecutor>, Watched<InlineExecutor>);
    impl Executor for OrInPlace {
        fn execute(&self, job: Job) -> Result<(), Refused> {
            let refused = self.0.execute(job);
            refused.or_else(|refused| self.1.execute(refused.into_job()))
        }
    }
    let pool = ThreadPoolExecutor::new(1);
    block_on(pool.shutdown());
    let (inside, outside) = (Watched::new(pool), Watched::new(InlineExecutor));
    let call = delegate(|| 5).executor(OrInPlace(inside.clone(), outside.clone()));
    assert_eq!(call.now_or_never().unwrap().unwrap(), 5);
    assert_eq!(inside.notes.take(), ["run Done"]);
    assert_eq!(outside.notes.take(), ["run Done"]);
}

#[test]
fn later_wrapper_is_outside() {
    let notes = Notes::default();
    let around = |name: &'static str, way| {
        let notes = notes.clone();
        move |run: &mut dyn FnMut() -> Outcome| {
            notes.add(format!("{name} begins"));
            assert_ne!(way, Way::PanicsBefore);
            if way != Way::Skips {
                notes.add(format!("{name} {:?}", run()));
            }
            assert_ne!(way, Way::PanicsAfter);
        }
    };
    for (way, told, ran) in [
        (Way::Calls, "in begins, work, in Done, out Done", true),
        (Way::PanicsAfter, "in begins, work, in Done, out Done", true),
        (Way::PanicsBefore, "in begins, out Skipped", false),
        (Way::Skips, "in begins, out Skipped", false),
    ] {
        let jobs = ManualExecutor::new();
        let work = notes.clone();
        let mut call = Box::pin(delegate(move || work.add("work".into())).executor(jobs.clone()));
        assert!(poll_once(call.as_mut()).is_none());
        let job = jobs.take_one().unwrap();
        job.wrap(around("in", way))
            .wrap(around("out", Way::Calls))
            .run();
        let result = call.now_or_never().unwrap();
        assert_eq!(result.is_ok(), ran, "{way:?}");
        let told = format!("out begins, {told}");
        assert_eq!(notes.take().join(", "), told, "{way:?}");
    }
}

#[test]
fn a_job_says_what_it_does_and_to_which_path() {
    #[derive(Clone, Default)]
    struct Told(Arc<Mutex<Vec<String>>>);
    impl Executor for Told {
        fn execute(&self, job: Job) -> std::result::Result<(), Refused> {
            let name = job
                .path()
                .and_then(|path| path.file_name())
                .map(|name| name.to_owned());
            let told = format!("{} {name:?}", job.op());
            self.0.lock().unwrap().push(told);
            InlineExecutor.execute(job)
        }
    }
    let (dir, told) = (Dir::new(), Told::default());
    let path = dir.join("f");
    block_on(async {
        let made = aiofiles::open(&path).mode("w").executor(told.clone());
        let mut file = made.await.unwrap();
        file.write("text").await.unwrap();
        file.close().await.unwrap();
        aiofiles::os::remove(&path)
            .executor(told.clone())
            .await
            .unwrap();
        delegate(|| ()).executor(told.clone()).await.unwrap();
    });
    let told = told.0.lock().unwrap();
    let expected = [
        r#"open Some("f")"#,
        r#"close Some("f")"#,
        r#"remove Some("f")"#,
        "run None",
    ];
    assert_eq!(*told, expected);
}
