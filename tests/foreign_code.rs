//! Wakers, closures, results, payloads and executors that panic where nobody
//! expects it, or come back to the crate from there: the threads that met them
//! serve the others, and no byte is lost.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

use aiofiles::executor::{Executor, InlineExecutor, Job, ManualExecutor, Refused};
use aiofiles::{BinaryFile, Error, RawIo, ThreadPoolExecutor, delegate, wrap};
use common::{Dir, Memory, on_disk, poll_once};
use futures::executor::block_on;
use futures::{FutureExt, StreamExt};

/// Its drop panics with another one, `self.0` times.
struct Bomb(u32);

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 > 0 {
            resume_unwind(Box::new(Bomb(self.0 - 1)));
        }
    }
}

/// A waker that tells that it was used, and panics.
struct BadWaker(Mutex<Sender<()>>);

impl Wake for BadWaker {
    fn wake(self: Arc<Self>) {
        self.0.lock().unwrap().send(()).ok();
        resume_unwind(Box::new(Bomb(2)));
    }
}

fn bad_waker() -> (Waker, Receiver<()>) {
    let (sender, receiver) = channel();
    (Arc::new(BadWaker(Mutex::new(sender))).into(), receiver)
}

fn poll_with<F: Future>(future: Pin<&mut F>, waker: &Waker) -> bool {
    future.poll(&mut Context::from_waker(waker)).is_ready()
}

/// The pool has its thread, and its counts are right.
fn assert_alive(pool: ThreadPoolExecutor) {
    assert_eq!(block_on(delegate(|| 7).executor(pool.clone())).unwrap(), 7);
    block_on(pool.shutdown());
    assert_eq!((pool.stats().running, pool.stats().queued), (0, 0));
}

#[test]
fn waker_that_panics_leaves_the_worker() {
    let pool = ThreadPoolExecutor::new(1);
    for _ in 0..10 {
        let (waker, woken) = bad_waker();
        let (go, goes) = channel::<()>();
        let job = delegate(move || goes.recv().is_err()).executor(pool.clone());
        let mut call = Box::pin(job);
        assert!(!poll_with(call.as_mut(), &waker));
        drop(go);
        woken.recv().unwrap();
        assert!(block_on(call).unwrap(), "the result is there");
    }
    assert_alive(pool);
}

#[test]
fn waker_of_a_shutdown_that_panics_leaves_the_others() {
    let pool = ThreadPoolExecutor::new(1);
    let (go, goes) = channel::<()>();
    let mut call = Box::pin(delegate(move || goes.recv().is_err()).executor(pool.clone()));
    assert!(poll_once(call.as_mut()).is_none());
    let (waker, woken) = bad_waker();
    let mut first = Box::pin(pool.shutdown());
    assert!(!poll_with(first.as_mut(), &waker));
    let waits = std::thread::spawn({
        let pool = pool.clone();
        move || block_on(pool.shutdown())
    });
    drop(go);
    woken.recv().unwrap();
    waits.join().unwrap();
    assert!(block_on(call).unwrap());
}

#[test]
fn result_that_panics_in_its_drop_leaves_the_worker() {
    for depth in [1, 2, 5] {
        let pool = ThreadPoolExecutor::new(1);
        let (begun, begins) = channel();
        let (go, goes) = channel::<()>();
        let job = delegate(move || {
            begun.send(()).unwrap();
            goes.recv().ok();
            Bomb(depth)
        });
        let mut call = Box::pin(job.executor(pool.clone()));
        assert!(poll_once(call.as_mut()).is_none());
        begins.recv().unwrap();
        drop(call);
        drop(go);
        assert_alive(pool);
    }
}

#[test]
fn payload_that_panics_in_its_drop_leaves_the_worker() {
    for depth in [0, 1, 2, 5] {
        let pool = ThreadPoolExecutor::new(1);
        let call = delegate(move || resume_unwind(Box::new(Bomb(depth))));
        let error: Error = block_on(call.executor(pool.clone())).unwrap_err();
        assert!(matches!(error, Error::Panicked { .. }), "{error}");
        let wrapped = Wrapping(pool.clone(), depth);
        assert_eq!(block_on(delegate(|| 1).executor(wrapped)).unwrap(), 1);
        assert_alive(pool);
    }
}

/// Puts a panic around each job.
struct Wrapping(ThreadPoolExecutor, u32);

impl Executor for Wrapping {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        let depth = self.1;
        self.0.execute(job.wrap(move |run| {
            run();
            resume_unwind(Box::new(Bomb(depth)));
        }))
    }
}

/// Allows page-cache reads, or says so; panics where it is told to.
#[derive(Clone)]
struct Touchy {
    asked: bool,
    told: bool,
    hits: Arc<AtomicUsize>,
}

impl Executor for Touchy {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        InlineExecutor.execute(job)
    }

    fn allows_nowait(&self) -> bool {
        if self.asked {
            resume_unwind(Box::new(Bomb(1)));
        }
        true
    }

    fn nowait_hit(&self) {
        self.hits.fetch_add(1, Ordering::SeqCst);
        if self.told {
            resume_unwind(Box::new(Bomb(1)));
        }
    }
}

#[test]
fn executor_that_panics_when_asked_about_reads_costs_no_byte() {
    let dir = Dir::new();
    let path = dir.path("file");
    let content: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(&path, &content).unwrap();
    for (asked, told) in [(true, false), (false, true), (true, true)] {
        let hits = Arc::default();
        let executor = Touchy { asked, told, hits };
        block_on(async {
            let open = aiofiles::open(&path).binary().executor(executor.clone());
            let mut file = open.await.unwrap();
            let mut got = Vec::new();
            loop {
                let part = file.read1(10_000).await.unwrap();
                if part.is_empty() {
                    break;
                }
                got.extend(part);
            }
            assert!(got == content);
            assert_eq!(file.read_at(100, 50).await.unwrap(), content[100..150]);
            let mut part = [0; 50];
            assert_eq!(file.readinto_at(200, &mut part).await.unwrap(), 50);
            assert_eq!(part, content[200..250]);
            let stat = aiofiles::os::stat(&path).executor(executor.clone());
            assert_eq!(stat.await.unwrap().len(), 300_000);
        });
    }
}

#[test]
fn waker_that_panics_while_buffers_are_written_costs_no_byte() {
    let pool = ThreadPoolExecutor::new(1);
    let memory = Memory::default();
    let made = wrap(memory.stream())
        .mode("w")
        .buffering(1_000)
        .executor(pool.clone());
    let mut file = block_on(made.into_future()).unwrap();
    let mut content = Vec::new();
    for n in 0..3_000_u32 {
        let part = [n as u8; 500];
        content.extend(part);
        let (waker, _woken) = bad_waker();
        let mut write = Box::pin(file.write(&part));
        if !poll_with(write.as_mut(), &waker) {
            // The panic goes to the waker, or comes too late: this one waits on.
            assert_eq!(block_on(write).unwrap(), 500);
        }
    }
    block_on(file.close()).unwrap();
    assert!(memory.data() == content);
    assert_alive(pool);
}

/// A waker that comes back to the pool when it is woken, and when it is dropped.
struct Returning(ThreadPoolExecutor, Sender<()>);

impl Wake for Returning {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut call = Box::pin(delegate(|| ()).executor(self.0.clone()));
        drop(poll_once(call.as_mut()));
    }
}

impl Drop for Returning {
    fn drop(&mut self) {
        let mut call = Box::pin(delegate(|| ()).executor(self.0.clone()));
        drop(poll_once(call.as_mut()));
        self.1.send(()).ok();
    }
}

#[test]
fn waker_may_come_back_when_it_is_woken_or_dropped() {
    let pool = ThreadPoolExecutor::new(1).queue_limit(1);
    let (sender, dropped) = channel();
    let waker = || Waker::from(Arc::new(Returning(pool.clone(), sender.clone())));
    for given_up in [false, true] {
        let (go, goes) = channel::<()>();
        let mut call = Box::pin(delegate(move || goes.recv().is_err()).executor(pool.clone()));
        let mut shutdown = Box::pin(pool.shutdown());
        // Each poll replaces the waker of the one before.
        for _ in 0..3 {
            assert!(!poll_with(call.as_mut(), &waker()));
        }
        if given_up {
            drop(call);
            drop(go);
        } else {
            drop(go);
            assert!(block_on(call).unwrap());
        }
        for _ in 0..3 {
            dropped.recv().unwrap();
        }
        if given_up {
            // Each poll replaces or adds one.
            let mut polls = (0..3).map(|_| poll_with(shutdown.as_mut(), &waker()));
            assert!(polls.all(|ready| !ready) || pool.stats().running == 0);
        }
    }
    block_on(pool.shutdown());
}

#[test]
fn followers_and_locks_go_on_beside_wakers_that_panic() {
    let dir = Dir::new();
    let path = dir.path("log");
    std::fs::write(&path, "one\n").unwrap();
    let holder = std::fs::File::open(&path).unwrap();
    holder.lock().unwrap();
    let open = || async {
        let open = aiofiles::open(&path).executor(InlineExecutor);
        open.await.unwrap()
    };
    let (waker, woken) = bad_waker();
    let mut bad = block_on(open()).into_lines().follow();
    assert_eq!(block_on(bad.next()).unwrap().unwrap(), "one");
    // First for a while, then for a change of the file.
    assert!(!poll_with(bad.next().as_mut_pin(), &waker));
    woken.recv().unwrap();
    assert!(!poll_with(bad.next().as_mut_pin(), &waker));
    let mut file = block_on(open());
    let mut lock = Box::pin(file.lock());
    assert!(!poll_with(lock.as_mut(), &waker));
    woken.recv().unwrap();
    std::fs::write(&path, "one\ntwo\n").unwrap();
    woken.recv().unwrap();
    holder.unlock().unwrap();
    block_on(lock).unwrap();
    assert_eq!(block_on(bad.next()).unwrap().unwrap(), "two");
}

/// To poll what is made in place.
trait AsMutPin: Unpin {
    fn as_mut_pin(&mut self) -> Pin<&mut Self> {
        Pin::new(self)
    }
}

impl<T: Unpin> AsMutPin for T {}

/// Takes bytes, and panics at every third call.
struct Stumbling(Arc<Mutex<Vec<u8>>>, usize);

impl RawIo for Stumbling {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        self.1 += 1;
        if self.1 % 3 == 1 {
            resume_unwind(Box::new(Bomb(3)));
        }
        self.0.lock().unwrap().extend_from_slice(buf);
        Ok(buf.len())
    }

    fn writable(&self) -> bool {
        true
    }
}

#[test]
fn standard_output_survives_what_panics_on_its_thread() {
    let data = Arc::new(Mutex::new(Vec::new()));
    block_on(aiofiles::stdio::set_stdout(Stumbling(data.clone(), 0))).unwrap();
    let out = aiofiles::stdout_bytes();
    let mut expected = Vec::new();
    for n in 0..9_u8 {
        let line = [b'a' + n, b'\n'];
        expected.extend(line);
        let (waker, _woken) = bad_waker();
        // A turn that is waited for, and a write, by a waker that panics.
        let mut write = Box::pin(out.write(&line));
        if !poll_with(write.as_mut(), &waker) {
            block_on(write).ok();
        } else {
            drop(write);
        }
        while let Err(error) = block_on(out.flush()) {
            assert!(matches!(error, Error::Panicked { .. }), "{error}");
        }
    }
    assert_eq!(*data.lock().unwrap(), expected);
}

// ---- executors that do what none should ---------------------------------------------

/// Keeps its jobs, and runs them when it goes.
#[derive(Clone, Default)]
struct RunsInDrop(Arc<Keeps>);

#[derive(Default)]
struct Keeps(Mutex<Vec<Job>>);

impl Executor for RunsInDrop {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        self.0.0.lock().unwrap().push(job);
        Ok(())
    }
}

impl Drop for Keeps {
    fn drop(&mut self) {
        for job in std::mem::take(&mut *self.0.lock().unwrap()) {
            job.run();
        }
    }
}

#[test]
fn executor_that_runs_its_jobs_in_its_drop_is_late_and_no_more() {
    let executor = RunsInDrop::default();
    let mut call = Box::pin(delegate(|| 4).executor(executor.clone()));
    assert!(poll_once(call.as_mut()).is_none());
    let given_up = {
        let ran = Arc::new(AtomicUsize::new(0));
        let job = ran.clone();
        let job = delegate(move || job.fetch_add(1, Ordering::SeqCst));
        let mut call = Box::pin(job.executor(executor.clone()));
        assert!(poll_once(call.as_mut()).is_none());
        ran
    };
    // The call has a handle itself, as has the queue of the given-up job none.
    let jobs = std::mem::take(&mut *executor.0.0.lock().unwrap());
    drop(executor);
    jobs.into_iter().for_each(Job::run);
    assert_eq!(call.now_or_never().unwrap().unwrap(), 4);
    assert_eq!(given_up.load(Ordering::SeqCst), 0);
}

#[test]
fn job_that_is_dropped_late_tells_its_caller_or_nobody() {
    let jobs = ManualExecutor::new();
    let mut waits = Box::pin(delegate(|| 1).executor(jobs.clone()));
    let mut gone = Box::pin(delegate(|| 2).executor(jobs.clone()));
    assert!(poll_once(waits.as_mut()).is_none() && poll_once(gone.as_mut()).is_none());
    drop(gone);
    while let Some(job) = jobs.take_one() {
        drop(job);
    }
    let error = waits.now_or_never().unwrap().unwrap_err();
    assert!(matches!(error, Error::ExecutorGone { .. }));
}

/// Loses its jobs.
#[derive(Clone)]
struct Forgets;

impl Executor for Forgets {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        std::mem::forget(job);
        Ok(())
    }
}

#[test]
fn call_that_waits_for_ever_can_be_dropped() {
    let ran = Arc::new(());
    let held = ran.clone();
    let mut call = Box::pin(delegate(move || drop(held)).executor(Forgets));
    assert!(poll_once(call.as_mut()).is_none());
    drop(call);
    assert_eq!(Arc::strong_count(&ran), 1, "what it was to run is gone");
}

/// Does not return before its job has run, on another thread.
#[derive(Clone)]
struct Blocks;

impl Executor for Blocks {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        std::thread::spawn(move || job.run()).join().unwrap();
        Ok(())
    }
}

/// Uses the crate, by itself and in its jobs.
#[derive(Clone)]
struct Returns(ThreadPoolExecutor);

impl Executor for Returns {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        let pool = self.0.clone();
        // In a poll of another `block_on`, which that of `futures` does not allow.
        smol::block_on(delegate(|| ()).executor(pool.clone())).unwrap();
        self.0.execute(job.wrap(move |run| {
            block_on(delegate(|| ()).executor(pool.clone())).unwrap();
            run();
            block_on(delegate(|| ()).executor(pool)).unwrap();
        }))
    }
}

async fn round_trip(executor: impl Executor) {
    let dir = Dir::new();
    let path = dir.path("file");
    let open = aiofiles::open(&path).binary().mode("w+").executor(executor);
    let mut file: BinaryFile = open.await.unwrap();
    for n in 0..50_u8 {
        file.write(&[n; 10_000]).await.unwrap();
    }
    file.seek(std::io::SeekFrom::Start(9_999)).await.unwrap();
    assert_eq!(file.read().size(2).await.unwrap(), [0, 1]);
    file.close().await.unwrap();
    assert_eq!(on_disk(&path).len(), 500_000);
}

#[test]
fn executors_that_block_or_come_back_serve_files() {
    block_on(round_trip(Blocks));
    block_on(round_trip(Returns(ThreadPoolExecutor::new(2))));
}

#[test]
fn job_may_use_another_file_on_the_same_pool() {
    let pool = ThreadPoolExecutor::new(2).queue_limit(1);
    let inner = pool.clone();
    let call = delegate(move || block_on(round_trip(inner)));
    block_on(call.executor(pool.clone())).unwrap();
    block_on(pool.shutdown());
    assert_eq!(pool.stats().running, 0);
}
