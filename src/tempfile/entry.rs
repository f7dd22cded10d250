//! A name that is to be removed.

use std::fmt;
use std::fs::{File, Permissions};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use super::remove::{OnError, Remove};
use crate::delegate::{Blocking, Hop, run_detached};
use crate::error::{Error, Result};
use crate::executor::Chosen;
use crate::sys;

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
    pub(super) async fn remove(&mut self, on_error: OnError) -> Result<()> {
        let call = Hop::new(RemoveEntry {
            path: self.path.clone(),
            remove: self.remove,
            on_error,
            there: self.there.clone(),
        });
        call.on(Some(self.executor.clone())).await
    }

    /// Renames it, over whatever is at `to`, with the mode given, and lets it stay
    /// there.
    pub(super) async fn persist(
        &mut self,
        to: Arc<Path>,
        mode: Option<u32>,
        open: Option<Arc<File>>,
    ) -> Result<()> {
        let call = Hop::new(Persist {
            src: self.path.clone(),
            dst: to.clone(),
            mode,
            open,
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
                // Nobody is there to be told.
                on_error: OnError::GoOn,
                there: self.there.clone(),
            };
            let path = Some(self.path.clone());
            run_detached(&self.executor, self.remove.op, path, move || {
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
    on_error: OnError,
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
            let removed = self.remove.run(&self.path, self.on_error);
            removed.map_err(|error| Error::os(self.remove.op, Some(&self.path), error))?;
            *there = false;
        }
        Ok(())
    }
}

struct Persist {
    src: Arc<Path>,
    dst: Arc<Path>,
    mode: Option<u32>,
    /// The file, where it is open.
    open: Option<Arc<File>>,
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
        if let Some(open) = &self.open {
            // What could not be kept of the bytes: better told than renamed.
            sys::close_duplicate(&**open)
                .map_err(|error| Error::os("write", Some(&self.src), error))?;
        }
        // Before it has its new name, so that it never has other rights under it.
        let before = match self.mode {
            Some(mode) => Some(
                change_mode(&self.src, mode)
                    .map_err(|error| Error::os("chmod", Some(&self.src), error))?,
            ),
            None => None,
        };
        sys::retry(|| std::fs::rename(&self.src, &self.dst)).map_err(|source| {
            if let Some(before) = before {
                // It stays what it was; that the rename failed is told.
                drop(std::fs::set_permissions(&self.src, before));
            }
            Error::OsPair {
                op: "rename",
                src: self.src.to_path_buf(),
                dst: self.dst.to_path_buf(),
                source,
            }
        })?;
        *there = false;
        Ok(())
    }
}

/// Gives the permissions that it had before.
fn change_mode(path: &Path, mode: u32) -> io::Result<Permissions> {
    let before = sys::retry(|| std::fs::metadata(path))?.permissions();
    let mut permissions = before.clone();
    sys::set_mode_in(&mut permissions, mode);
    sys::retry(|| std::fs::set_permissions(path, permissions.clone()))?;
    Ok(before)
}
