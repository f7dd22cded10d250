//! How names are removed.

use std::fs;
use std::io;
use std::path::Path;

use crate::sys;

/// A way to remove something, with its verb.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remove {
    pub(super) op: &'static str,
    run: fn(&Path, OnError) -> io::Result<()>,
}

/// What an error means to who removes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnError {
    /// It ends the removal, and is told.
    Stop,
    /// All that can be removed goes.
    GoOn,
}

impl Remove {
    /// Blocks. What is gone already is no error.
    pub(super) fn run(self, path: &Path, on_error: OnError) -> io::Result<()> {
        missing_ok((self.run)(path, on_error))
    }
}

pub(super) const FILE: Remove = Remove {
    op: "remove",
    run: |path, _| sys::retry(|| fs::remove_file(path)),
};

pub(super) const TREE: Remove = Remove {
    op: "rmtree",
    run: tree,
};

fn missing_ok(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Removes a folder with all in it, however deep, by descriptors: a symbolic link is
/// removed, never followed, whenever it appears. Folders that may not be read or
/// changed are made accessible first, as in Python.
fn tree(path: &Path, on_error: OnError) -> io::Result<()> {
    let remove = || sys::remove_tree(path, on_error == OnError::GoOn, &mut || Ok(()));
    let is_left = match remove() {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => true,
        Err(error) => return Err(error),
        Ok(()) => on_error == OnError::GoOn && sys::retry(|| fs::symlink_metadata(path)).is_ok(),
    };
    if is_left {
        // If nothing could be done about it, the next try says so.
        drop(sys::make_accessible(path));
        remove()?;
    }
    Ok(())
}
