//! What the tests of cancellation, faults, executors, drops and load share: a
//! random generator, a stream in memory that fails on demand, and executors
//! that do what no good executor does.

#![allow(dead_code, reason = "every test binary uses a part of it")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use aiofiles::RawIo;
use aiofiles::executor::{Executor, InlineExecutor, Job, Refused};

/// A temporary directory, removed at the end of the test.
pub(crate) struct Dir(tempfile::TempDir);

impl Dir {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }
}

/// SplitMix64: small, seedable, good enough to pick operations.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `n`, which is not 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// Once in `n` times.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// The value of an environment variable as a number.
pub(crate) fn variable(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} is no number")),
    )
}

/// Polls once, with a waker that does nothing.
pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Polls a future once and gives it up.
pub(crate) fn start_and_abandon<F: Future>(future: F) {
    drop(poll_once(std::pin::pin!(future)));
}

// ---- a stream in memory -------------------------------------------------------

/// The calls of a [`RawIo`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Read,
    Write,
    Seek,
    Flush,
    Truncate,
    Sync,
    Close,
}

/// What befalls a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// At most so many bytes, at least one.
    Short(usize),
    /// EINTR; the crate never shows it.
    Interrupted,
    WouldBlock,
    Errno(i32),
    /// Before anything is done.
    Panic,
}

pub(crate) const ENOSPC: i32 = 28;
pub(crate) const EIO: i32 = 5;

type Script = Box<dyn FnMut(Op) -> Fault + Send>;
type Hook = Box<dyn FnMut(Op) + Send>;

#[derive(Default)]
struct Content {
    data: Vec<u8>,
    cursor: usize,
    append: bool,
    /// Bytes beyond this do not fit: ENOSPC after what fits.
    room: Option<usize>,
    script: Option<Script>,
    /// Called before each call, outside the lock.
    hook: Option<Hook>,
    calls: BTreeMap<&'static str, usize>,
    /// Errors and panics injected so far.
    failed: usize,
    closed: bool,
    dropped: bool,
}

/// A file in memory; clones share it, one of them goes into the file under test.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Content>>);

/// The one that goes into the file: its drop is noted.
pub(crate) struct Stream {
    memory: Memory,
    seekable: bool,
}

impl Memory {
    pub(crate) fn new(data: impl Into<Vec<u8>>) -> Self {
        let memory = Self::default();
        memory.lock().data = data.into();
        memory
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stream(&self) -> Stream {
        let memory = self.clone();
        Stream {
            memory,
            seekable: true,
        }
    }

    /// Of a stream that cannot seek, as a pipe.
    pub(crate) fn pipe(&self) -> Stream {
        let memory = self.clone();
        Stream {
            memory,
            seekable: false,
        }
    }

    pub(crate) fn data(&self) -> Vec<u8> {
        self.lock().data.clone()
    }

    pub(crate) fn append_mode(&self) {
        self.lock().append = true;
    }

    pub(crate) fn set_room(&self, room: Option<usize>) {
        self.lock().room = room;
    }

    pub(crate) fn set_script(&self, script: impl FnMut(Op) -> Fault + Send + 'static) {
        self.lock().script = Some(Box::new(script));
    }

    /// The next call of `op` fails so, the others do not.
    pub(crate) fn fail_once(&self, op: Op, fault: Fault) {
        let mut fault = Some(fault);
        self.set_script(move |now| {
            if now == op {
                fault.take().unwrap_or(Fault::None)
            } else {
                Fault::None
            }
        });
    }

    /// Every call of `op` fails so.
    pub(crate) fn fail(&self, op: Op, fault: Fault) {
        self.set_script(move |now| if now == op { fault } else { Fault::None });
    }

    pub(crate) fn heal(&self) {
        self.lock().script = None;
    }

    pub(crate) fn set_hook(&self, hook: impl FnMut(Op) + Send + 'static) {
        self.lock().hook = Some(Box::new(hook));
    }

    pub(crate) fn failed(&self) -> usize {
        self.lock().failed
    }

    pub(crate) fn closed(&self) -> bool {
        self.lock().closed
    }

    pub(crate) fn dropped(&self) -> bool {
        self.lock().dropped
    }

    pub(crate) fn calls(&self, op: &'static str) -> usize {
        self.lock().calls.get(op).copied().unwrap_or(0)
    }
}

impl Stream {
    /// Runs `call` on the content with the most bytes it may move.
    fn call<T>(
        &self,
        op: Op,
        name: &'static str,
        call: impl FnOnce(&mut Content, usize) -> io::Result<T>,
    ) -> io::Result<T> {
        let hook = self.memory.lock().hook.take();
        if let Some(mut hook) = hook {
            hook(op);
            self.memory.lock().hook.get_or_insert(hook);
        }
        let mut content = self.memory.lock();
        assert!(!content.closed, "{op:?} after close");
        *content.calls.entry(name).or_insert(0) += 1;
        let fault = content
            .script
            .as_mut()
            .map_or(Fault::None, |script| script(op));
        match fault {
            Fault::None => call(&mut content, usize::MAX),
            Fault::Short(most) => call(&mut content, most.max(1)),
            Fault::Interrupted => Err(io::ErrorKind::Interrupted.into()),
            Fault::WouldBlock => {
                content.failed += 1;
                Err(io::ErrorKind::WouldBlock.into())
            }
            Fault::Errno(errno) => {
                content.failed += 1;
                Err(io::Error::from_raw_os_error(errno))
            }
            Fault::Panic => {
                content.failed += 1;
                drop(content);
                std::panic::resume_unwind(Box::new("injected"));
            }
        }
    }
}

impl RawIo for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.call(Op::Read, "read", |content, most| {
            let rest = content.data.get(content.cursor..).unwrap_or_default();
            let n = rest.len().min(buf.len()).min(most);
            buf[..n].copy_from_slice(&rest[..n]);
            content.cursor += n;
            Ok(n)
        })
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.call(Op::Write, "write", |content, most| {
            if content.append {
                content.cursor = content.data.len();
            }
            let at = content.cursor;
            let room = content.room.unwrap_or(usize::MAX).saturating_sub(at);
            let n = buf.len().min(most).min(room);
            if n == 0 && !buf.is_empty() {
                content.failed += 1;
                return Err(io::Error::from_raw_os_error(ENOSPC));
            }
            if content.data.len() < at + n {
                content.data.resize(at + n, 0);
            }
            content.data[at..at + n].copy_from_slice(&buf[..n]);
            content.cursor += n;
            Ok(n)
        })
    }

    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        if !self.seekable {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.call(Op::Seek, "seek", |content, _| {
            let target = match pos {
                SeekFrom::Start(at) => i128::from(at),
                SeekFrom::Current(by) => content.cursor as i128 + i128::from(by),
                SeekFrom::End(by) => content.data.len() as i128 + i128::from(by),
            };
            content.cursor =
                usize::try_from(target).map_err(|_| io::Error::from_raw_os_error(22))?;
            Ok(content.cursor as u64)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.call(Op::Flush, "flush", |_, _| Ok(()))
    }

    fn truncate(&mut self, size: u64) -> io::Result<()> {
        self.call(Op::Truncate, "truncate", |content, _| {
            content.data.resize(size as usize, 0);
            Ok(())
        })
    }

    fn sync_all(&mut self) -> io::Result<()> {
        self.call(Op::Sync, "sync", |_, _| Ok(()))
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.sync_all()
    }

    fn close(&mut self) -> io::Result<()> {
        let result = self.call(Op::Close, "close", |_, _| Ok(()));
        self.memory.lock().closed = true;
        result
    }

    fn seekable(&mut self) -> bool {
        self.seekable
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut content = self.memory.lock();
        content.dropped = true;
    }
}

// ---- executors ------------------------------------------------------------------

/// Queues jobs, and shows what they are.
#[derive(Clone, Default)]
pub(crate) struct Stepped(Arc<Mutex<Steps>>);

#[derive(Default)]
struct Steps {
    queue: std::collections::VecDeque<(usize, Job)>,
    /// The verb of each job handed in, by number.
    log: Vec<&'static str>,
}

impl Stepped {
    fn lock(&self) -> MutexGuard<'_, Steps> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn take(&self) -> Option<(usize, Job)> {
        self.lock().queue.pop_front()
    }

    /// How many jobs were ever handed in.
    pub(crate) fn count(&self) -> usize {
        self.lock().log.len()
    }

    pub(crate) fn verb(&self, job: usize) -> &'static str {
        self.lock().log[job]
    }
}

impl Executor for Stepped {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        let mut steps = self.lock();
        let number = steps.log.len();
        steps.log.push(job.op());
        steps.queue.push_back((number, job));
        Ok(())
    }
}

/// Runs jobs in place and counts them by verb.
#[derive(Clone, Default)]
pub(crate) struct Counting(Arc<Mutex<BTreeMap<&'static str, usize>>>);

impl Counting {
    pub(crate) fn count(&self, op: &str) -> usize {
        self.0.lock().unwrap().get(op).copied().unwrap_or(0)
    }

    pub(crate) fn total(&self) -> usize {
        self.0.lock().unwrap().values().sum()
    }
}

impl Executor for Counting {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        *self.0.lock().unwrap().entry(job.op()).or_insert(0) += 1;
        InlineExecutor.execute(job)
    }
}

/// What a [`Faulty`] executor does with the job whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Refuses,
    /// Accepts the job and drops it.
    Drops,
    /// Panics while it has the job.
    Panics,
}

/// Runs jobs in place, but for the one after `good` others (and all behind it,
/// if `for_ever`).
#[derive(Clone)]
pub(crate) struct Faulty {
    manner: Manner,
    good: Arc<AtomicUsize>,
    for_ever: bool,
}

impl Faulty {
    pub(crate) fn once(manner: Manner, good: usize) -> Self {
        Self {
            manner,
            good: Arc::new(AtomicUsize::new(good)),
            for_ever: false,
        }
    }

    pub(crate) fn always(manner: Manner) -> Self {
        Self {
            for_ever: true,
            ..Self::once(manner, 0)
        }
    }

    /// Counts anew: the fault comes after `good` more jobs.
    pub(crate) fn after(&self, good: usize) {
        self.good.store(good, Ordering::SeqCst);
    }
}

impl Executor for Faulty {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        let left = self.good.load(Ordering::SeqCst);
        if left > 0 {
            self.good.store(left - 1, Ordering::SeqCst);
            return InlineExecutor.execute(job);
        }
        if !self.for_ever {
            self.good.store(usize::MAX, Ordering::SeqCst);
        }
        match self.manner {
            Manner::Refuses => Err(Refused::new(job)),
            Manner::Drops => {
                drop(job);
                Ok(())
            }
            // Without the noise of the panic hook.
            Manner::Panics => {
                let _job = job;
                std::panic::resume_unwind(Box::new("the executor panicked"))
            }
        }
    }
}

/// A thread that runs jobs and can be stopped inside one, at its next call of
/// the stream: "the job is running".
pub(crate) struct Gate {
    jobs: Option<Sender<Job>>,
    events: Receiver<Event>,
    release: Sender<()>,
    armed: Arc<Mutex<bool>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

enum Event {
    Entered,
    Done,
}

impl Gate {
    /// Of a thread that stops at calls of `memory`.
    pub(crate) fn new() -> (Self, impl Fn(&Memory)) {
        let (jobs, queue) = channel::<Job>();
        let (event, events) = channel();
        let (release, released) = channel::<()>();
        let released = Arc::new(Mutex::new(released));
        let armed = Arc::new(Mutex::new(false));
        let done = event.clone();
        let thread = std::thread::spawn(move || {
            while let Ok(job) = queue.recv() {
                job.run();
                done.send(Event::Done).unwrap();
            }
        });
        let gate = Self {
            jobs: Some(jobs),
            events,
            release,
            armed: armed.clone(),
            thread: Some(thread),
        };
        let attach = move |memory: &Memory| {
            let (armed, event, released) = (armed.clone(), event.clone(), released.clone());
            memory.set_hook(move |_| {
                if std::mem::take(&mut *armed.lock().unwrap()) {
                    event.send(Event::Entered).unwrap();
                    released.lock().unwrap().recv().unwrap();
                }
            });
        };
        (gate, attach)
    }

    /// Starts a job; `true` if it stands at the gate, `false` if it is done.
    pub(crate) fn start(&self, job: Job) -> bool {
        *self.armed.lock().unwrap() = true;
        self.jobs.as_ref().unwrap().send(job).unwrap();
        match self.events.recv().unwrap() {
            Event::Entered => true,
            Event::Done => {
                *self.armed.lock().unwrap() = false;
                false
            }
        }
    }

    /// Lets the job at the gate go on, and waits for its end.
    pub(crate) fn finish(&self) {
        self.release.send(()).unwrap();
        assert!(matches!(self.events.recv().unwrap(), Event::Done));
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take()
            && !std::thread::panicking()
        {
            thread.join().unwrap();
        }
    }
}

/// The descriptors of this process that are open on something below `dir`.
pub(crate) fn descriptors_below(dir: &Path) -> usize {
    let links = std::fs::read_dir("/proc/self/fd").unwrap();
    links
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .filter(|target| target.starts_with(dir))
        .count()
}

/// Reads what is on the disk.
pub(crate) fn on_disk(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

/// A plain file for reading and writing.
pub(crate) fn std_file(path: &Path) -> File {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    options.open(path).unwrap()
}
