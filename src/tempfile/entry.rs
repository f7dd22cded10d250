//! A name that is to be removed.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use super::remove::Remove;
use crate::delegate::{Blocking, Hop, run_detached};
use crate::error::{Error, Result};
use crate::executor::Chosen;

/// A file or folder of ours. Dropping it removes it in a job, with nobody
/// waiting; on the spot where the executor refuses.
pub(super) struct Entry {
    path: Arc<Path>,
    executor: Chosen,
    remove: Remove,
    /// Whether it is still there under `path`. Locked by the jobs that change
    /// that, so that the drop of an entry that is being renamed waits, in its job,
    /// for what comes of it.
    there: Arc<Mutex<bool>>,
    delete: bool,
}

impl Entry {
    pub(super) fn new(path: Arc<Path>, executor: Chosen, remove: Remove) -> Self {
        Self {
            path,
            executor,
            remove,
            there: Arc::new(Mutex::new(true)),
            delete: true,
        }
    }

    pub(super) fn path(&self) -> &Arc<Path> {
        &self.path
    }

    /// Says whether the drop removes it.
    pub(super) fn delete(&mut self, yes: bool) {
        self.delete = yes;
    }

    /// Whether the drop would remove it.
    pub(super) fn deletes(&self) -> bool {
        self.delete
    }

    /// Removes it now. What is gone already is no error.
    pub(super) async fn remove(&mut self) -> Result<()> {
        let call = Hop::new(RemoveEntry {
            path: self.path.clone(),
            remove: self.remove,
            there: self.there.clone(),
        });
        call.on(Some(self.executor.clone())).await
    }

    /// Renames it, over whatever is at `to`, and lets it stay there.
    pub(super) async fn persist(&mut self, to: &Path) -> Result<()> {
        let to: Arc<Path> = Arc::from(to);
        let call = Hop::new(Persist {
            src: self.path.clone(),
            dst: to.clone(),
            there: self.there.clone(),
        });
        call.on(Some(self.executor.clone())).await?;
        self.path = to;
        self.delete = false;
        Ok(())
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let there = match self.there.try_lock() {
            Ok(there) => *there,
            // A job has it: the next will see.
            Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => true,
        };
        if self.delete && there {
            let last = RemoveEntry {
                path: self.path.clone(),
                remove: self.remove,
                there: self.there.clone(),
            };
            let path = Some(self.path.clone());
            run_detached(&self.executor, self.remove.op, path, move || {
                // Nobody is there to be told.
                drop(last.run());
            });
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("path", &self.path)
            .field("delete", &self.delete)
            .finish_non_exhaustive()
    }
}

struct RemoveEntry {
    path: Arc<Path>,
    remove: Remove,
    there: Arc<Mutex<bool>>,
}

impl Blocking for RemoveEntry {
    type Output = ();

    fn op(&self) -> &'static str {
        self.remove.op
    }

    fn path(&self) -> Option<&Arc<Path>> {
        Some(&self.path)
    }

    fn run(self) -> Result<()> {
        let mut there = self.there.lock().unwrap_or_else(PoisonError::into_inner);
        if *there {
            (self.remove.run)(&self.path)
                .map_err(|error| Error::os(self.remove.op, Some(&self.path), error))?;
            *there = false;
        }
        Ok(())
    }
}

struct Persist {
    src: Arc<Path>,
    dst: Arc<Path>,
    there: Arc<Mutex<bool>>,
}

impl Blocking for Persist {
    type Output = ();

    fn op(&self) -> &'static str {
        "rename"
    }

    fn path(&self) -> Option<&Arc<Path>> {
        Some(&self.src)
    }

    fn run(self) -> Result<()> {
        let mut there = self.there.lock().unwrap_or_else(PoisonError::into_inner);
        std::fs::rename(&self.src, &self.dst).map_err(|source| Error::OsPair {
            op: "rename",
            src: self.src.to_path_buf(),
            dst: self.dst.to_path_buf(),
            source,
        })?;
        *there = false;
        Ok(())
    }
}
