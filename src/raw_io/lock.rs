//! Locks of open files: flock(2), or what the system has instead. (Those of std want
//! a newer Rust than this crate.) They are taken and given up by
//! [`OpenFile`](super::OpenFile).

/// Who may have a lock at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// Nobody else.
    Exclusive,
    /// Others that ask for a shared one too.
    Shared,
}

/// Whether somebody waits for a lock, or only tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// It will try again.
    Yes,
    /// What it has it keeps, should it not get what it asks for.
    No,
}
