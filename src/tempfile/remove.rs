//! How names are removed.

use std::fs;
use std::io;
use std::path::Path;

#[cfg_attr(target_os = "linux", path = "remove/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "remove/other.rs")]
mod platform;

/// A way to remove something, with its verb.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remove {
    pub(super) op: &'static str,
    pub(super) run: fn(&Path) -> io::Result<()>,
}

pub(super) const FILE: Remove = Remove {
    op: "remove",
    run: |path| missing_ok(fs::remove_file(path)),
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

/// Removes a folder with all in it, by descriptors: a symbolic link is removed,
/// never followed, whenever it appears. Folders that may not be read or changed
/// are made accessible first, as in Python.
fn tree(path: &Path) -> io::Result<()> {
    match missing_ok(fs::remove_dir_all(path)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            // If nothing could be done about it, the next try says so.
            drop(platform::make_accessible(path));
            missing_ok(fs::remove_dir_all(path))
        }
        done => done,
    }
}
