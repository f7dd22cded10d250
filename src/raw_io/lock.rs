//! Locks of open files: flock(2), or what the system has instead. (Those of std want
//! a newer Rust than this crate.)

use std::fs::File;
use std::io;

/// Who may have a lock at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// Nobody else.
    Exclusive,
    /// Others that ask for a shared one too.
    Shared,
}

/// Takes a lock; `false` if another open file has one that is in the way. Does not
/// wait.
pub(crate) fn try_lock(file: &File, lock: Lock) -> io::Result<bool> {
    super::platform::try_lock(file, lock)
}

/// Gives up the lock, if there is one.
pub(crate) fn unlock(file: &File) -> io::Result<()> {
    super::platform::unlock(file)
}
