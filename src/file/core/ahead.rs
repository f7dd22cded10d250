//! How a file is read ahead.

use std::sync::Arc;

use crate::error::Error;
use crate::file::buf::Buf;
use crate::sync::atomic::{AtomicBool, Ordering};

/// What is known of a file that is read from one end to the other, and what is kept
/// for it. The bytes are in the core's read buffer, behind which the cursor is.
#[derive(Default)]
pub(super) struct Ahead {
    /// How many refills in a row have followed each other in the file.
    pub(super) streak: u32,
    /// Whether the last one gave all that was asked for: there may be more.
    pub(super) full: bool,
    /// Whether the stream may be read before somebody asks: a regular file (`None`
    /// until a job has looked).
    pub(super) plain: Option<bool>,
    /// A read buffer that is not in use, if there is one.
    pub(super) spare: Option<Box<Buf>>,
    /// A read that failed with nobody waiting for it: the system may tell of it once
    /// (a connection that was reset), so the read that comes to its place does.
    pub(super) failed: Option<Box<Error>>,
    /// Tells a read job that goes on until it has so many bytes that nobody waits for
    /// so many any more. `None` until the first such job.
    given_up: Option<Arc<AtomicBool>>,
}

impl Ahead {
    /// For a job that goes on; [`give_up`](Self::give_up) tells it.
    pub(super) fn watch(&mut self) -> Arc<AtomicBool> {
        let given_up = self.given_up.get_or_insert_default();
        given_up.store(false, Ordering::Relaxed);
        given_up.clone()
    }

    /// Has the job that goes on end with what it has.
    pub(super) fn give_up(&self) {
        if let Some(given_up) = &self.given_up {
            given_up.store(true, Ordering::Relaxed);
        }
    }
}
