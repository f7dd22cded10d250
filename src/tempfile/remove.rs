//! How the names of temporary files and folders are removed.

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

/// What a removal does at an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnError {
    /// It ends, and returns the error.
    Stop,
    /// It removes everything else that it can.
    GoOn,
}

impl Remove {
    /// Blocks. It is no error if the name does not exist any more.
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

/// Removes a folder and everything in it, at any depth. It works with descriptors, so a
/// symbolic link is removed and never followed, even if it appears during the removal.
/// If rights are missing, it gives itself the rights on the folders and tries again, as
/// Python does.
fn tree(path: &Path, on_error: OnError) -> io::Result<()> {
    let remove = || sys::remove_tree(path, on_error == OnError::GoOn, &mut || Ok(()));
    let is_left = match remove() {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => true,
        Err(error) => return Err(error),
        Ok(()) => on_error == OnError::GoOn && sys::retry(|| fs::symlink_metadata(path)).is_ok(),
    };
    if is_left {
        // An error here needs no report: the second try will fail then.
        drop(sys::make_accessible(path));
        remove()?;
    }
    Ok(())
}
