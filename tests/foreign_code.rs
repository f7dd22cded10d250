//! Wakers, closures, results, payloads and executors that panic where nobody
//! expects it, or come back to the crate from there: the threads that met them
//! serve the others, and no byte is lost.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    unsafe_code,
    reason = "a waker whose clone is its own takes a vtable of its own"
)]

mod common;

use std::mem::ManuallyDrop;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, RawWaker, RawWakerVTable, Wake, Waker};

use aiofiles::executor::{Executor, InlineExecutor, Job, Refused};
use aiofiles::{Error, RawIo, ThreadPoolExecutor, delegate, wrap};
use common::{Dir, Memory, poll_once};
use futures::StreamExt;
use futures::executor::block_on;

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
    let path = dir.join("file");
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

type Hook = dyn Fn() + Send + Sync;

/// A waker that calls `hook` when it is cloned, woken and dropped. No two are one.
fn hooked(hook: &Arc<Hook>) -> Waker {
    unsafe fn data(data: *const ()) -> ManuallyDrop<Arc<Arc<Hook>>> {
        // SAFETY: every waker of this table is made from `Arc::into_raw` of that type.
        ManuallyDrop::new(unsafe { Arc::from_raw(data.cast()) })
    }
    static TABLE: RawWakerVTable = RawWakerVTable::new(
        |at| {
            // SAFETY: as above; the clone has a count of its own.
            let hook = unsafe { data(at) };
            hook();
            RawWaker::new(Arc::into_raw(Arc::clone(&hook)).cast(), &TABLE)
        },
        |at| {
            // SAFETY: as above; a wake uses the waker up.
            let hook = ManuallyDrop::into_inner(unsafe { data(at) });
            hook();
        },
        // SAFETY: as above.
        |at| unsafe { data(at) }(),
        |at| {
            // SAFETY: as above; the drop uses the waker up.
            let hook = ManuallyDrop::into_inner(unsafe { data(at) });
            hook();
        },
    );
    // SAFETY: the table counts as `Arc` does, and `Hook` is `Send` and `Sync`.
    unsafe { Waker::new(Arc::into_raw(Arc::new(hook.clone())).cast(), &TABLE) }
}

/// An input that waits for each byte.
struct Typed(Receiver<u8>);

impl RawIo for Typed {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        buf[0] = self.0.recv().unwrap();
        Ok(1)
    }

    fn readable(&self) -> bool {
        true
    }
}

#[test]
fn no_waker_is_cloned_or_dropped_under_a_lock() {
    let dir = Dir::new();
    let path = dir.join("file");
    std::fs::write(&path, "one\n").unwrap();
    let holder = std::fs::File::open(&path).unwrap();
    holder.lock().unwrap();
    let pool = ThreadPoolExecutor::new(2);
    let open = || {
        let open = aiofiles::open(&path).executor(InlineExecutor);
        block_on(open.into_future()).unwrap()
    };
    let (mut waiting, mut other) = (open(), open());
    // What takes the locks of the pool, of the timer and of a standard stream.
    let calls = Arc::new(AtomicUsize::new(0));
    let locked = dir.join("locked");
    let other_holder = std::fs::File::create(&locked).unwrap();
    other_holder.lock().unwrap();
    let made = aiofiles::open(&locked).executor(InlineExecutor);
    let third = Mutex::new(block_on(made.into_future()).unwrap());
    let hook: Arc<Hook> = Arc::new({
        let (pool, calls) = (pool.clone(), calls.clone());
        move || {
            calls.fetch_add(1, Ordering::SeqCst);
            let mut call = Box::pin(delegate(|| ()).executor(pool.clone()));
            drop(poll_once(call.as_mut()));
            drop(call);
            let mut file = third.lock().unwrap();
            assert!(poll_once(std::pin::pin!(file.lock())).is_none());
            assert!(!aiofiles::stdin_bytes().closed());
        }
    });
    let (go, goes) = channel::<()>();
    let mut call = Box::pin(delegate(move || goes.recv().is_err()).executor(pool.clone()));
    let mut lock = Box::pin(waiting.lock());
    let mut given_up = Box::pin(other.lock());
    for _ in 0..3 {
        assert!(!poll_with(call.as_mut(), &hooked(&hook)));
        assert!(!poll_with(lock.as_mut(), &hooked(&hook)));
        assert!(!poll_with(given_up.as_mut(), &hooked(&hook)));
    }
    // A turn of a standard stream that another one has, by which it is woken.
    let (type_it, typed) = channel();
    block_on(aiofiles::stdio::set_stdin(Typed(typed))).unwrap();
    let (first, second) = (aiofiles::stdin_bytes(), aiofiles::stdin_bytes());
    let mut has_it = Box::pin(first.read().size(1));
    assert!(poll_once(has_it.as_mut()).is_none());
    let mut waits = Box::pin(second.read().size(1));
    let mut leaves = Box::pin(second.read().size(1));
    for _ in 0..3 {
        assert!(!poll_with(waits.as_mut(), &hooked(&hook)));
        assert!(!poll_with(leaves.as_mut(), &hooked(&hook)));
    }
    drop(leaves);
    drop(given_up);
    type_it.send(b'1').unwrap();
    type_it.send(b'2').unwrap();
    assert_eq!(block_on(has_it).unwrap(), b"1");
    assert_eq!(block_on(waits).unwrap(), b"2");
    drop(go);
    assert!(block_on(call).unwrap());
    let mut shutdown = Box::pin(pool.shutdown());
    if !poll_with(shutdown.as_mut(), &hooked(&hook)) {
        block_on(shutdown);
    }
    drop(holder);
    block_on(lock).unwrap();
    assert!(calls.load(Ordering::SeqCst) > 30);
}

#[test]
fn followers_and_locks_go_on_beside_wakers_that_panic() {
    let dir = Dir::new();
    let path = dir.join("log");
    std::fs::write(&path, "one\n").unwrap();
    let mut holder = std::fs::OpenOptions::new();
    let mut holder = holder.append(true).open(&path).unwrap();
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
    // By this handle: on Windows its lock keeps the others from writing.
    std::io::Write::write_all(&mut holder, b"two\n").unwrap();
    woken.recv().unwrap();
    drop(holder);
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
