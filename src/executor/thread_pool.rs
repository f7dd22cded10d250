//! Jobs on threads of our own.

use std::future::poll_fn;
use std::sync::{Arc, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use self::line::Tickets;
use super::{Executor, Job, Line, Place, Refused};
use crate::budget;
use crate::delegate::watch_main;
use crate::foreign::{catch, discard, wake_all};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Condvar, Mutex, MutexGuard, thread};

mod line;

/// A pool of threads of its own: it needs no runtime, so the crate works under
/// any, and it can be bounded, named, watched and shut down.
///
/// Threads start when there is work, up to `max_workers`, and end after
/// [`keep_alive`](Self::keep_alive) without any. A cheap handle: clones share the
/// pool; when the last one goes, accepted jobs are still run. Its drop waits for
/// nothing, but the end of `main` waits for the last writes of dropped files (see
/// the [module](super#the-end-of-the-process)); other jobs that run then end with
/// the process. Python: `concurrent.futures.ThreadPoolExecutor`.
///
/// # Examples
///
/// ```
/// use aiofiles::ThreadPoolExecutor;
///
/// let pool = ThreadPoolExecutor::new(2).thread_name_prefix("disk").queue_limit(64);
/// let name = aiofiles::delegate(|| std::thread::current().name().map(String::from));
/// let name = futures::executor::block_on(name.executor(pool.clone()))?;
/// assert_eq!(name.as_deref(), Some("disk-0"));
/// futures::executor::block_on(pool.shutdown());
/// assert_eq!(pool.stats().done, 1);
/// # Ok::<(), aiofiles::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ThreadPoolExecutor {
    owner: Arc<Owner>,
}

/// What all handles share and no worker does, so that its drop is theirs.
#[derive(Debug)]
struct Owner {
    pool: Arc<Pool>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.pool.close();
    }
}

#[derive(Debug)]
struct Pool {
    /// Itself, for the places of its jobs.
    me: Weak<Pool>,
    /// Under its lock jobs and wakers are moved in and out, and threads started.
    /// No job is run or dropped and no waker cloned, woken or dropped: those are
    /// foreign. Of a job that waits, the lock of its flight is taken under it, and
    /// never the other way round.
    state: Mutex<State>,
    work: Condvar,
    nowait_hits: AtomicU64,
}

#[derive(Debug)]
struct State {
    max_workers: usize,
    prefix: String,
    queue_limit: usize,
    keep_alive: Duration,
    /// All jobs that have not begun, first come first: the first `queue_limit` are
    /// the queue, the others the line before it. They are here and not with their
    /// callers: one that is busy with something else (or that gave up an operation
    /// of a file, which goes on) must not keep its turn from others.
    jobs: Tickets<Job>,
    /// Threads that live, those of them that wait for work, and how many have
    /// been started (for their names).
    workers: usize,
    idle: usize,
    started: u64,
    running: usize,
    done: u64,
    closed: bool,
    /// Who waits for the end of a shutdown.
    shutdown: Vec<Waker>,
}

/// What a pool has done and is doing, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Jobs that wait for a place in the queue.
    pub waiting: usize,
    /// Jobs in the queue, not begun.
    pub queued: usize,
    /// Jobs that run.
    pub running: usize,
    /// Jobs that have run, and those that a thread came to just as their callers gave
    /// up. Each is counted when its thread is free again, shortly after its caller was
    /// told.
    pub done: u64,
    /// Reads that needed no job, because the page cache had the data.
    pub nowait_hits: u64,
}

impl ThreadPoolExecutor {
    /// Creates a pool of at most `max_workers` threads (at least one); none is
    /// started yet.
    #[must_use]
    pub fn new(max_workers: usize) -> Self {
        watch_main();
        let state = State {
            max_workers: max_workers.max(1),
            prefix: "aiofiles".to_owned(),
            queue_limit: usize::MAX,
            keep_alive: Duration::from_secs(10),
            jobs: Tickets::default(),
            workers: 0,
            idle: 0,
            started: 0,
            running: 0,
            done: 0,
            closed: false,
            shutdown: Vec::new(),
        };
        let pool = Arc::new_cyclic(|me| Pool {
            me: me.clone(),
            state: Mutex::new(state),
            work: Condvar::new(),
            nowait_hits: AtomicU64::new(0),
        });
        Self {
            owner: Arc::new(Owner { pool }),
        }
    }

    /// Names the threads `prefix-0`, `prefix-1` … (`aiofiles`). A NUL, which the
    /// name of a thread cannot have, is left out.
    #[must_use]
    pub fn thread_name_prefix(self, prefix: impl Into<String>) -> Self {
        self.owner.pool.lock().prefix = prefix.into().replace('\0', "");
        self
    }

    /// Has at most `limit` jobs in the queue (unlimited); at least one. A call that
    /// finds it full waits in a line for a place, in order, and never fails for it;
    /// the pool keeps the job meanwhile. What is accepted, a shutdown still runs;
    /// what waits in the line, it drops, but for the last flush of a dropped file.
    ///
    /// A call that is dropped leaves nothing behind, in the queue and in the line,
    /// however many others there are; an operation of a file that was given up keeps
    /// its place.
    ///
    /// # Examples
    ///
    /// ```
    /// use aiofiles::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(1).queue_limit(2);
    /// let calls = (0..100).map(|n| aiofiles::delegate(move || n).executor(pool.clone()));
    /// // Those without a place wait; none fails.
    /// let sum: u64 = futures::executor::block_on(futures::future::try_join_all(calls))?.iter().sum();
    /// assert_eq!(sum, 4950);
    /// # Ok::<(), aiofiles::Error>(())
    /// ```
    #[must_use]
    pub fn queue_limit(self, limit: usize) -> Self {
        self.owner.pool.lock().queue_limit = limit.max(1);
        self
    }

    /// Ends a thread that had no work for `time` (10 s).
    #[must_use]
    pub fn keep_alive(self, time: Duration) -> Self {
        self.owner.pool.lock().keep_alive = time;
        self
    }

    /// Refuses further jobs and drops those that wait for a place in the queue;
    /// waits until every one in the queue has run and every thread is about to end.
    ///
    /// # Cancel safety
    ///
    /// The shutdown goes on if the future is dropped; a later call waits for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use aiofiles::ThreadPoolExecutor;
    ///
    /// # futures::executor::block_on(async {
    /// let pool = ThreadPoolExecutor::new(1);
    /// aiofiles::delegate(|| ()).executor(pool.clone()).await?;
    /// pool.shutdown().await;
    /// let error = aiofiles::delegate(|| ()).executor(pool).await.unwrap_err();
    /// assert!(matches!(error, aiofiles::Error::ExecutorGone { .. }));
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub async fn shutdown(&self) {
        let pool = &self.owner.pool;
        pool.close();
        budget::turn().await;
        poll_fn(|cx| pool.poll_over(cx)).await;
    }

    /// Returns what the pool has done and is doing.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let pool = &self.owner.pool;
        let state = pool.lock();
        let queued = state.jobs.len().min(state.queue_limit);
        Stats {
            waiting: state.jobs.len() - queued,
            queued,
            running: state.running,
            done: state.done,
            nowait_hits: pool.nowait_hits.load(Ordering::Relaxed),
        }
    }
}

impl Executor for ThreadPoolExecutor {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        self.owner.pool.accept(job)
    }

    fn nowait_hit(&self) {
        self.owner.pool.nowait_hits.fetch_add(1, Ordering::Relaxed);
    }
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: &Arc<Self>, job: Job) -> Result<(), Refused> {
        let mut state = self.lock();
        let state = &mut *state;
        if state.closed {
            return Err(Refused(job));
        }
        // A worker that is about to wait may still count as busy: then there is a
        // thread too many for a while.
        if state.idle <= state.jobs.len()
            && state.workers < state.max_workers
            && !self.start_worker(state)
            && state.workers == 0
        {
            return Err(Refused(job));
        }
        // Before the job is in the line, so that no worker has it before its caller
        // knows where it is; no other one gets that ticket meanwhile.
        let place = Place {
            line: self.me.clone(),
            ticket: state.jobs.next(),
        };
        if job.wait_at(place) {
            state.jobs.push(job);
            self.work.notify_one();
            Ok(())
        } else {
            // Its caller has gone. Handed back, it is dropped outside of the lock.
            Err(Refused(job))
        }
    }

    /// Starts a thread; `false` if the system has none left, in which case those
    /// that live go on with the queue.
    fn start_worker(self: &Arc<Self>, state: &mut State) -> bool {
        let pool = self.clone();
        let name = format!("{}-{}", state.prefix, state.started);
        let started = thread::Builder::new()
            .name(name)
            .spawn(move || pool.run_worker())
            .is_ok();
        state.workers += usize::from(started);
        state.started += u64::from(started);
        started
    }

    fn run_worker(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop() {
                state.running += 1;
                drop(state);
                // It catches its own panics; this is for the counts, come what may.
                drop(catch(|| job.run()));
                state = self.lock();
                state.running -= 1;
                state.done += 1;
                continue;
            }
            if state.closed {
                break;
            }
            state.idle += 1;
            let keep_alive = state.keep_alive;
            let (back, timeout) = self
                .work
                .wait_timeout(state, keep_alive)
                .unwrap_or_else(PoisonError::into_inner);
            state = back;
            state.idle -= 1;
            if timeout.timed_out() && state.jobs.len() == 0 {
                break;
            }
        }
        state.workers -= 1;
        let wakers = if state.workers == 0 {
            std::mem::take(&mut state.shutdown)
        } else {
            Vec::new()
        };
        drop(state);
        wake_all(wakers);
    }

    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let limit = state.queue_limit;
        let refused = state.jobs.split(limit, |job| job.awaited);
        drop(state);
        self.work.notify_all();
        // Their drop tells their callers.
        drop(refused);
    }

    /// Waits until the last job of a closed pool has run.
    fn poll_over(&self, cx: &mut Context<'_>) -> Poll<()> {
        let over = |state: &State| state.workers == 0 && state.jobs.len() == 0;
        {
            let state = self.lock();
            if over(&state) {
                return Poll::Ready(());
            }
            let mut known = state.shutdown.iter();
            if known.any(|waker| waker.will_wake(cx.waker())) {
                return Poll::Pending;
            }
        }
        let waker = cx.waker().clone();
        let mut state = self.lock();
        if over(&state) {
            drop(state);
            discard(waker);
            return Poll::Ready(());
        }
        state.shutdown.push(waker);
        Poll::Pending
    }
}

impl Line for Pool {
    fn leave(&self, ticket: u64) {
        let job = self.lock().jobs.take(ticket);
        // Here, and not under the lock.
        drop(job);
    }
}

#[cfg(all(test, model))]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod model;
