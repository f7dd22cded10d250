//! Jobs on threads of our own.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use super::{Executor, Job, Place, Refused};

/// A pool of threads of its own: it needs no runtime, so the crate works under
/// any, and it can be bounded, named, watched and shut down.
///
/// Threads start when there is work, up to `max_workers`, and end after
/// [`keep_alive`](Self::keep_alive) without any. A cheap handle: clones share the
/// pool; when the last one goes, accepted jobs are still run. Python:
/// `concurrent.futures.ThreadPoolExecutor`.
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
    /// Accepted, not begun.
    queue: VecDeque<Job>,
    /// Jobs before the full queue, first come first. They are here and not with
    /// their callers: one that is busy with something else (or that gave up an
    /// operation of a file, which goes on) must not keep its turn from others.
    line: VecDeque<(u64, Job)>,
    /// Numbers the places in the line.
    places: u64,
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
    /// Callers that wait for a place in the queue.
    pub waiting: usize,
    /// Jobs accepted and not begun.
    pub queued: usize,
    /// Jobs that run.
    pub running: usize,
    /// Jobs that have run. Each is counted when its thread is free again, shortly
    /// after its caller was told.
    pub done: u64,
    /// Reads that needed no job, because the page cache had the data.
    pub nowait_hits: u64,
}

impl ThreadPoolExecutor {
    /// Creates a pool of at most `max_workers` threads (at least one); none is
    /// started yet.
    #[must_use]
    pub fn new(max_workers: usize) -> Self {
        let state = State {
            max_workers: max_workers.max(1),
            prefix: "aiofiles".to_owned(),
            queue_limit: usize::MAX,
            keep_alive: Duration::from_secs(10),
            queue: VecDeque::new(),
            line: VecDeque::new(),
            places: 0,
            workers: 0,
            idle: 0,
            started: 0,
            running: 0,
            done: 0,
            closed: false,
            shutdown: Vec::new(),
        };
        let state = Mutex::new(state);
        let pool = Pool {
            state,
            work: Condvar::new(),
            nowait_hits: AtomicU64::new(0),
        };
        Self {
            owner: Arc::new(Owner {
                pool: Arc::new(pool),
            }),
        }
    }

    /// Names the threads `prefix-0`, `prefix-1` … (`aiofiles`). A NUL, which the
    /// name of a thread cannot have, is left out.
    #[must_use]
    pub fn thread_name_prefix(self, prefix: impl Into<String>) -> Self {
        self.owner.pool.lock().prefix = prefix.into().replace('\0', "");
        self
    }

    /// Accepts at most `limit` jobs that have not begun (unlimited); at least
    /// one. A call that finds the queue full waits for a place, in order, and
    /// leaves nothing behind if it is dropped meanwhile; an operation of a file
    /// that was given up keeps its place. Only the last flush of a dropped file,
    /// which cannot wait, goes past the limit.
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

    /// Refuses further jobs, and waits until every accepted one has run and
    /// every thread is about to end.
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
        poll_fn(|cx| {
            let mut state = pool.lock();
            if state.workers == 0 && state.queue.is_empty() {
                return Poll::Ready(());
            }
            if !state
                .shutdown
                .iter()
                .any(|waker| waker.will_wake(cx.waker()))
            {
                state.shutdown.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }

    /// Returns what the pool has done and is doing.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let pool = &self.owner.pool;
        let state = pool.lock();
        Stats {
            waiting: state.line.len(),
            queued: state.queue.len(),
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
        // No code of ours panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: &Arc<Self>, job: Job) -> Result<(), Refused> {
        let mut state = self.lock();
        if state.closed {
            drop(state);
            return Err(Refused(job));
        }
        let full = state.queue.len() >= state.queue_limit;
        if job.awaited && (full || !state.line.is_empty()) {
            state.places += 1;
            let number = state.places;
            let ticket = Ticket {
                pool: self.clone(),
                number,
            };
            return Err(Refused(job.wait_in_line(|waiting| {
                state.line.push_back((number, waiting));
                Box::new(ticket)
            })));
        }
        if state.idle > state.queue.len() {
            state.queue.push_back(job);
        } else {
            let grow = state.workers < state.max_workers;
            if grow && !self.start_worker(&mut state) && state.workers == 0 {
                drop(state);
                return Err(Refused(job));
            }
            // A worker that was about to wait may have been counted as busy.
            state.queue.push_back(job);
        }
        drop(state);
        self.work.notify_one();
        Ok(())
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
            if let Some(job) = state.queue.pop_front() {
                state.running += 1;
                state.admit_next();
                drop(state);
                job.run();
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
            if timeout.timed_out() && state.queue.is_empty() {
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
        wakers.into_iter().for_each(Waker::wake);
    }

    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let line = std::mem::take(&mut state.line);
        drop(state);
        self.work.notify_all();
        // Their drop tells their callers.
        drop(line);
    }
}

impl State {
    /// Lets the first in the line into the queue, if there is room.
    fn admit_next(&mut self) {
        if self.queue.len() < self.queue_limit
            && let Some((_, job)) = self.line.pop_front()
        {
            self.queue.push_back(job);
        }
    }
}

/// A job's place in the line, held by its caller.
struct Ticket {
    pool: Arc<Pool>,
    number: u64,
}

impl Place for Ticket {
    fn leave(&mut self) -> Option<Job> {
        let line = &mut self.pool.lock().line;
        let at = line.iter().position(|(number, _)| *number == self.number)?;
        line.remove(at).map(|(_, job)| job)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // Not dropped under the lock: that may take others.
        drop(self.leave());
    }
}
