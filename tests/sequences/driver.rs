//! Drives the future of one operation, and gives it up at a random moment: before
//! its first poll, with its job queued, running, or done and not looked at.

use std::pin::pin;
use std::sync::Arc;

use aiofiles::{Error, Executor, Result};

use super::common::{Fault, Gate, Memory, Op, Random, Stepped, poll_once};
use super::model::Model;

/// What an operation does to the model, once.
pub(crate) type Effect<T> = Box<dyn FnOnce(&mut Model<T>)>;

/// When an operation has its effect, besides when it succeeds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// When its job succeeds, with nobody waiting.
    Done,
    /// As soon as the caller has gone, even if the job is lost or fails:
    /// `write_owned`, whose bytes are the file's then.
    Given,
    /// When its job ends, however it does: the effect knows how far that got.
    Ended,
}

/// The job that will do something to the model when it runs.
struct Due<T> {
    job: usize,
    effect: Effect<T>,
    when: When,
    /// It was lost or has failed.
    failed: bool,
}

/// How an operation ended.
pub(crate) enum Outcome<V> {
    Value(V),
    Failed,
    Abandoned,
}

impl<V> Outcome<V> {
    pub(crate) fn value(self) -> Option<V> {
        match self {
            Self::Value(value) => Some(value),
            Self::Failed | Self::Abandoned => None,
        }
    }
}

/// What may go wrong besides being abandoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Faults {
    None,
    /// Jobs are dropped by the executor.
    LostJobs,
    /// The stream fails.
    Stream,
}

pub(crate) struct Driver<T> {
    pub(crate) random: Random,
    pub(crate) model: Model<T>,
    pub(crate) memory: Memory,
    pub(crate) jobs: Stepped,
    /// What the file is given: it leads to `jobs`.
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) faults: Faults,
    gate: std::rc::Rc<Gate>,
    /// The job at the gate, and how many faults there were when it began.
    running: Option<(usize, usize)>,
    due: Option<Due<T>>,
    /// Whether the one who started `due` is still there.
    awaited: bool,
    /// Errors that nobody has been told of.
    unreported: usize,
    /// What was done, for the report of a failure.
    pub(crate) log: Vec<String>,
    pub(crate) abandoned: usize,
}

impl<T> Driver<T> {
    pub(crate) fn new(
        seed: u64,
        model: Model<T>,
        memory: Memory,
        gate: std::rc::Rc<Gate>,
        faults: Faults,
    ) -> Self {
        let random = Random::new(seed);
        let jobs = Stepped::default();
        Self {
            random,
            model,
            memory,
            executor: Arc::new(jobs.clone()),
            jobs,
            faults,
            gate,
            running: None,
            due: None,
            awaited: false,
            unreported: 0,
            log: Vec::new(),
            abandoned: 0,
        }
    }

    /// Begins with the faults. Short writes are not for a raw file, whose abandoned
    /// writes do not tell how much they took.
    pub(crate) fn begin(&mut self, short_writes: bool) {
        let append = self.model.append;
        let mut fault = Random::new(self.random.next());
        let stream = self.faults == Faults::Stream;
        self.memory
            .set_script(move |op| match (op, fault.below(24)) {
                (Op::Read, 0..12) => Fault::Short(1 + fault.below(5)),
                (Op::Write, 0..12) if short_writes => Fault::Short(1 + fault.below(5)),
                (_, 12) => Fault::Interrupted,
                (Op::Close, _) => Fault::None,
                // Without the answer it does not know where an append has led; that
                // is no error of the append.
                (Op::Where, _) if append => Fault::None,
                (_, 13) if stream => Fault::Errno(super::common::EIO),
                (Op::Write, 14) if stream => Fault::Errno(super::common::ENOSPC),
                (Op::Read | Op::Write, 15) if stream => Fault::WouldBlock,
                (_, 16) if stream && fault.one_in(3) => Fault::Panic,
                _ => Fault::None,
            });
    }

    /// Takes the faults away; what was lost before may still be told.
    pub(crate) fn heal(&mut self) {
        self.faults = Faults::None;
        self.memory.heal();
    }

    /// A job has ended; `failed` says that it was lost or met a fault.
    fn ended(&mut self, job: usize, failed: bool) {
        self.unreported += usize::from(failed);
        let Some(mut due) = self.due.take_if(|due| due.job == job) else {
            return;
        };
        if failed && due.when != When::Ended {
            due.failed = true;
            self.due = Some(due).filter(|_| self.awaited);
        } else {
            (due.effect)(&mut self.model);
        }
    }

    /// Whether no abandoned job is to change the model yet.
    pub(crate) fn is_settled(&self) -> bool {
        self.due.is_none()
    }

    /// Lets the job at the gate go on to its end.
    pub(crate) fn finish_running(&mut self) {
        if let Some((job, before)) = self.running.take() {
            self.gate.finish();
            self.ended(job, self.memory.failed() > before);
        }
    }

    /// Does something with the oldest job: runs it, or a part of it, or loses it.
    /// `false` if there is none.
    fn step(&mut self) -> bool {
        if self.running.is_some() {
            self.finish_running();
            return true;
        }
        let Some((number, job)) = self.jobs.take() else {
            return false;
        };
        let before = self.memory.failed();
        if self.faults == Faults::LostJobs && self.random.one_in(6) {
            drop(job);
            self.ended(number, true);
        } else if self.random.one_in(4) {
            if self.gate.start(job) {
                self.running = Some((number, before));
            } else {
                self.ended(number, self.memory.failed() > before);
            }
        } else {
            job.run();
            self.ended(number, self.memory.failed() > before);
        }
        true
    }

    /// Runs everything, as it comes.
    pub(crate) fn settle(&mut self) {
        while self.step() {}
    }

    /// Runs everything, without losing a job.
    pub(crate) fn settle_quietly(&mut self) {
        let faults = std::mem::replace(&mut self.faults, Faults::None);
        self.settle();
        self.faults = faults;
    }

    /// Drives `future` to its end, or gives it up on the way. `effect` happens
    /// when a job called `verb` that it started runs, or when it succeeds; `sure`
    /// says that it happens if the caller goes, too.
    pub(crate) fn drive<V>(
        &mut self,
        what: String,
        future: impl Future<Output = Result<V>>,
        verb: &'static str,
        effect: Option<Effect<T>>,
        sure: bool,
    ) -> Outcome<V> {
        let hurry = self.random.one_in(2);
        let when = if sure { When::Given } else { When::Done };
        self.drive_with(what, future, verb, effect, when, hurry)
    }

    /// As `drive`, with an effect that knows how far the job has come.
    pub(crate) fn drive_partly<V>(
        &mut self,
        what: String,
        future: impl Future<Output = Result<V>>,
        verb: &'static str,
        effect: Effect<T>,
    ) -> Outcome<V> {
        let hurry = self.random.one_in(2);
        self.drive_with(what, future, verb, Some(effect), When::Ended, hurry)
    }

    /// As `drive`, never given up.
    pub(crate) fn complete<V>(
        &mut self,
        what: String,
        future: impl Future<Output = Result<V>>,
    ) -> Outcome<V> {
        self.drive_with(what, future, "", None, When::Done, true)
    }

    fn drive_with<V>(
        &mut self,
        what: String,
        future: impl Future<Output = Result<V>>,
        verb: &'static str,
        mut effect: Option<Effect<T>>,
        when: When,
        to_the_end: bool,
    ) -> Outcome<V> {
        let (pos, len) = (self.model.pos, self.model.data.len());
        self.log.push(format!("{what} at {pos} of {len}"));
        if !to_the_end && self.random.one_in(8) {
            return self.give_up("before its first poll", None);
        }
        let mut future = pin!(future);
        let mut started = None;
        loop {
            let first = self.jobs.count();
            let ready = poll_once(future.as_mut());
            for job in first..self.jobs.count() {
                if self.jobs.verb(job) == verb
                    && let Some(effect) = effect.take()
                {
                    assert!(self.due.is_none(), "one operation in flight");
                    let failed = false;
                    self.due = Some(Due {
                        job,
                        effect,
                        when,
                        failed,
                    });
                    (started, self.awaited) = (Some(job), true);
                }
            }
            match ready {
                Some(Ok(value)) => {
                    let mine = self.due.take_if(|due| Some(due.job) == started);
                    assert!(
                        mine.as_ref().is_none_or(|due| due.failed),
                        "ready too early"
                    );
                    let effect = effect.take().or(mine.map(|due| due.effect));
                    if let Some(effect) = effect.filter(|_| when != When::Ended) {
                        effect(&mut self.model);
                    }
                    return Outcome::Value(value);
                }
                Some(Err(error)) => {
                    self.check_error(&error);
                    self.due.take_if(|due| Some(due.job) == started);
                    self.log.push(format!("  failed: {error}"));
                    return Outcome::Failed;
                }
                None => {}
            }
            if !to_the_end && self.random.one_in(4) {
                return self.give_up("with its job queued, or waiting", started);
            }
            assert!(self.step(), "pending, and no job that could wake it");
            if !to_the_end && self.random.one_in(4) {
                let running = self.running.is_some();
                let when = if running {
                    "with its job running"
                } else {
                    "with its job done"
                };
                return self.give_up(when, started);
            }
        }
    }

    fn give_up<V>(&mut self, when: &str, started: Option<usize>) -> Outcome<V> {
        self.log.push(format!("  given up {when}"));
        self.abandoned += 1;
        self.awaited = false;
        if let Some(due) = self.due.take_if(|due| Some(due.job) == started) {
            if due.when == When::Given {
                // As if it was in the buffer: what comes next goes behind it.
                (due.effect)(&mut self.model);
            } else {
                self.due = Some(due).filter(|due| !due.failed);
            }
        }
        Outcome::Abandoned
    }

    fn check_error(&mut self, error: &Error) {
        assert!(self.unreported > 0, "an error out of nothing: {error}");
        self.unreported -= 1;
        let lost = matches!(error, Error::ExecutorGone { .. });
        let failed = matches!(error, Error::Os { .. } | Error::Panicked { .. });
        assert!(lost || failed, "{error:?}");
    }
}
