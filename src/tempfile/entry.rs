//! [`Entry`]: the name of a temporary file or folder, which will be removed.

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

/// A file or folder that we made. Its drop removes it in a job that nobody waits for, or
/// in place if the executor refuses the job.
pub(super) struct Entry {
    path: Arc<Path>,
    executor: Chosen,
    remove: Remove,
    /// Whether it still exists under `path`. Each job that changes this holds the lock
    /// while it runs. So when an entry is dropped during a rename, the job of the drop
    /// waits for the rename, and removes nothing that was renamed.
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

    /// Removes it now. It is no error if it does not exist any more.
    pub(super) async fn remove(&mut self, on_error: OnError) -> Result<()> {
        let call = Hop::new(RemoveEntry {
            path: self.path.clone(),
            remove: self.remove,
            on_error,
            there: self.there.clone(),
        });
        call.on(Some(self.executor.clone())).await
    }

    /// Renames it to `to`, replacing a file there, and gives it `mode`; from then on the
    /// drop does not remove it.
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
            // A job holds the lock: the removal below waits for it, and looks again.
            Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => true,
        };
        if self.delete && there {
            let last = RemoveEntry {
                path: self.path.clone(),
                remove: self.remove,
                // Nobody would get the error.
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
    /// The file, if it is open.
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
            // Some file systems report lost bytes only at a close: such a file must not
            // be renamed.
            sys::close_duplicate(&**open)
                .map_err(|error| Error::os("write", Some(&self.src), error))?;
        }
        // Set the mode before the rename, so that under its new name the file never has
        // other rights.
        let before = match self.mode {
            Some(mode) => Some(
                change_mode(&self.src, mode)
                    .map_err(|error| Error::os("chmod", Some(&self.src), error))?,
            ),
            None => None,
        };
        sys::retry(|| std::fs::rename(&self.src, &self.dst)).map_err(|source| {
            if let Some(before) = before {
                // Undo the change; the error of the rename is the one to report.
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

/// Sets the mode of a file and returns the permissions that it had before.
fn change_mode(path: &Path, mode: u32) -> io::Result<Permissions> {
    let before = sys::retry(|| std::fs::metadata(path))?.permissions();
    let mut permissions = before.clone();
    sys::set_mode_in(&mut permissions, mode);
    sys::retry(|| std::fs::set_permissions(path, permissions.clone()))?;
    Ok(before)
}
