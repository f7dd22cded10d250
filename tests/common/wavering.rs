//! An executor that changes its mind about inline work.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aiofiles::executor::{Executor, Job, Refused};

use super::Random;

/// Says yes or no, as it comes, each time it is asked whether something may be
/// served without a job: an operation that began in place goes on in a job, and
/// the other way round, as where the page cache has one part of a file and not
/// the next. Jobs go to another executor.
#[derive(Clone)]
pub(crate) struct Wavering {
    jobs: Arc<dyn Executor>,
    random: Arc<Mutex<Random>>,
    begun: Arc<AtomicUsize>,
    hits: Arc<AtomicUsize>,
}

impl Wavering {
    pub(crate) fn new(jobs: impl Executor, seed: u64) -> Self {
        Self {
            jobs: Arc::new(jobs),
            random: Arc::new(Mutex::new(Random::new(seed))),
            begun: Arc::default(),
            hits: Arc::default(),
        }
    }

    /// How many jobs there were.
    pub(crate) fn jobs(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }

    /// How much was served without one.
    pub(crate) fn hits(&self) -> usize {
        self.hits.load(Ordering::Relaxed)
    }
}

impl Executor for Wavering {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.jobs.execute(job)
    }

    fn allows_nowait(&self) -> bool {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        random.one_in(2)
    }

    fn nowait_hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }
}
