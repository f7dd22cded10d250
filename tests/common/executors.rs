//! Executors that show what they do, and such as do what no good one does.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aiofiles::executor::{Executor, InlineExecutor, Job, Refused};

use super::Memory;

/// Queues jobs, and shows what they are.
#[derive(Clone, Default)]
pub(crate) struct Stepped(Arc<Mutex<Steps>>);

#[derive(Default)]
struct Steps {
    queue: VecDeque<(usize, Job)>,
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

/// Runs jobs in place and notes their verbs.
#[derive(Clone, Default)]
pub(crate) struct Counting(Arc<Mutex<Verbs>>);

#[derive(Default)]
struct Verbs {
    all: Vec<&'static str>,
    /// How many of them were told.
    told: usize,
}

impl Counting {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// How many jobs there were.
    pub(crate) fn total(&self) -> usize {
        self.0.lock().unwrap().all.len()
    }

    /// How many of them had this verb.
    pub(crate) fn count(&self, op: &str) -> usize {
        let verbs = self.0.lock().unwrap();
        verbs.all.iter().filter(|verb| **verb == op).count()
    }

    /// The verbs of the jobs since the last call.
    pub(crate) fn ops(&self) -> Vec<&'static str> {
        let mut verbs = self.0.lock().unwrap();
        let new = verbs.all[verbs.told..].to_vec();
        verbs.told = verbs.all.len();
        new
    }

    /// How many jobs there were since the last call.
    pub(crate) fn take(&self) -> usize {
        self.ops().len()
    }
}

impl Executor for Counting {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        self.0.lock().unwrap().all.push(job.op());
        InlineExecutor.execute(job)
    }
}

/// The same, and lets files be touched in place, as the default executor does.
#[derive(Clone, Default)]
pub(crate) struct Caching(pub(crate) Counting);

impl Executor for Caching {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        self.0.execute(job)
    }

    fn allows_nowait(&self) -> bool {
        true
    }
}

/// Refuses all jobs.
pub(crate) struct Refusing;

impl Executor for Refusing {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        Err(Refused(job))
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
