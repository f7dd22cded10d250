//! [`ThreadPoolExecutor`]: runs jobs on threads of its own.

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

/// Runs jobs on a pool of threads of its own. It needs no runtime, so with it the crate
/// works under any async runtime. The pool can be bounded, named, watched and shut down.
///
/// Threads start when there is work, up to `max_workers`, and end after
/// [`keep_alive`](Self::keep_alive) without work. It is a cheap handle: clones share the
/// pool; after the drop of the last one, accepted jobs are still run. That drop waits for
/// nothing. But the end of `main` waits for the last writes of dropped files (see the
/// [module](super#the-end-of-the-process)); other jobs that still run then end with the
/// process. Python: `concurrent.futures.ThreadPoolExecutor`.
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

/// All handles share it, and no worker does: so its drop is the drop of the last handle.
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
    /// The pool itself, for the [`Place`] of each job.
    me: Weak<Pool>,
    /// Under this lock, jobs and wakers are moved in and out, and threads are started. No
    /// job is run or dropped under it, and no waker is cloned, woken or dropped, since
    /// those are foreign code. The lock of a flight may be taken under this lock (by
    /// `wait_at`), but never this lock under that of a flight.
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
    /// All jobs that have not begun, oldest first. The first `queue_limit` of them are the
    /// queue; the others are the line that waits for a place in it. The pool keeps the
    /// jobs of the line too, and not their callers: a caller may be busy elsewhere, or may
    /// have abandoned an operation of a file, and others must not wait for it.
    jobs: Tickets<Job>,
    /// The number of living threads, of those that wait for work, and of all threads that
    /// were ever started (for their names).
    workers: usize,
    idle: usize,
    started: u64,
    running: usize,
    done: u64,
    closed: bool,
    /// The tasks that wait for the end of a shutdown.
    shutdown: Vec<Waker>,
}

/// The counts of a [`ThreadPoolExecutor`] at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Jobs that wait for a place in the queue.
    pub waiting: usize,
    /// Jobs in the queue, not begun.
    pub queued: usize,
    /// Jobs that run.
    pub running: usize,
    /// Jobs that have run, and jobs whose call was dropped just as a thread took them.
    /// Each is counted when its thread is free again, which is shortly after its caller
    /// got the result.
    pub done: u64,
    /// Reads that needed no job, because the page cache had the data.
    pub nowait_hits: u64,
}

impl ThreadPoolExecutor {
    /// Creates a pool of at most `max_workers` threads (0 counts as 1). It starts no
    /// thread yet.
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

    /// Names the threads `prefix-0`, `prefix-1` … (`aiofiles`). A NUL is left out, since the
    /// name of a thread cannot have one.
    #[must_use]
    pub fn thread_name_prefix(self, prefix: impl Into<String>) -> Self {
        self.owner.pool.lock().prefix = prefix.into().replace('\0', "");
        self
    }

    /// Limits the queue to `limit` jobs (no limit; 0 counts as 1). A call that finds the
    /// queue full never fails: its job waits in a line, in order, for a place in the queue.
    /// A shutdown still runs the jobs in the queue, and drops those in the line, except
    /// for the last flush of a dropped file.
    ///
    /// The job of a call that is dropped leaves the queue or the line at once. An
    /// abandoned operation of a file keeps its place.
    ///
    /// # Examples
    ///
    /// ```
    /// use aiofiles::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(1).queue_limit(2);
    /// let calls = (0..100).map(|n| aiofiles::delegate(move || n).executor(pool.clone()));
    /// // Calls that find the queue full wait; none fails.
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

    /// Refuses new jobs, drops the jobs that wait for a place in the queue, and waits until
    /// every job in the queue has run and every thread is about to end.
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

    /// Returns the counts of the pool.
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
        // A worker that is about to wait may still count as busy. Then this starts one
        // thread too many, which does no harm: it ends after `keep_alive`.
        if state.idle <= state.jobs.len()
            && state.workers < state.max_workers
            && !self.start_worker(state)
            && state.workers == 0
        {
            return Err(Refused(job));
        }
        // Tell the caller the place before the job is in the line, so that no worker takes
        // the job before the caller knows where it is. The lock is held, so nobody else
        // gets this ticket meanwhile.
        let place = Place {
            line: self.me.clone(),
            ticket: state.jobs.next(),
        };
        if job.wait_at(place) {
            state.jobs.push(job);
            self.work.notify_one();
            Ok(())
        } else {
            // The call was dropped. The job is returned so that it is dropped without the
            // lock.
            Err(Refused(job))
        }
    }

    /// Starts a thread. Returns `false` if the system has no more threads; the living ones
    /// then go on with the queue.
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
                // A job catches its own panics. The `catch` here protects the counts.
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
        // The drop tells their callers. It is foreign code, so it comes after the lock.
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
        // Drop it here, and not under the lock.
        drop(job);
    }
}

#[cfg(all(test, model))]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod model;

#[cfg(all(test, not(model)))]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::future::Future;
    use std::pin::Pin;
    use std::sync::{Barrier, RwLock};

    use futures::executor::block_on;
    use futures::future::join_all;

    use super::*;

    /// The models know the rest; this is about the threads that are started.
    #[test]
    fn no_more_threads_are_started_than_there_may_be_and_each_has_its_name() {
        for most in [1, 2, 5] {
            let pool = ThreadPoolExecutor::new(most).thread_name_prefix("worker");
            let held = Arc::new(RwLock::new(()));
            let hold = held.write().unwrap();
            let all = Arc::new(Barrier::new(most));
            let mut calls = Vec::new();
            for n in 1..=3 * most {
                // The first are in one thread each: they wait for each other.
                let all = (n <= most).then(|| all.clone());
                let held = held.clone();
                let job = crate::delegate(move || {
                    drop(held.read());
                    all.map(|all| all.wait());
                    std::thread::current().name().map(str::to_owned)
                });
                let mut call = Box::pin(job.executor(pool.clone()));
                let mut cx = Context::from_waker(Waker::noop());
                assert!(Pin::as_mut(&mut call).poll(&mut cx).is_pending());
                calls.push(call);
                assert_eq!(pool.owner.pool.lock().workers, n.min(most), "of {most}");
            }
            drop(hold);
            let names = block_on(join_all(calls)).into_iter().take(most);
            let mut names: Vec<_> = names.map(|name| name.unwrap().unwrap()).collect();
            names.sort_unstable();
            let expected: Vec<_> = (0..most).map(|n| format!("worker-{n}")).collect();
            assert_eq!(names, expected);
            assert_eq!(pool.owner.pool.lock().workers, most);
            block_on(pool.shutdown());
            assert_eq!(pool.owner.pool.lock().workers, 0);
        }
    }
}
