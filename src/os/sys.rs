//! The system calls: one place, the same functions on every platform.
//!
//! Paths come with the [`Dir`] they are relative to. What a platform does not
//! have fails with a bare `ErrorKind::Unsupported`, which the caller turns into
//! [`Error::Unsupported`](crate::Error::Unsupported).

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use self::unix::*;

#[cfg(unix)]
mod remove_tree;
#[cfg(unix)]
pub(crate) use self::remove_tree::remove_tree;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use self::linux::*;

#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
mod other_unix;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
pub(crate) use self::other_unix::*;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use self::windows::*;

/// Does it again as long as a signal interrupts it.
pub(crate) fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Opens a file. A folder is `IsADirectory`, where the system says so or means it.
pub(crate) fn open(options: &OpenOptions, path: &Path) -> io::Result<File> {
    retry(|| options.open(path)).map_err(|error| open_error(path, error))
}

/// The path without links.
#[cfg(unix)]
pub(crate) fn canonicalize(path: &Path) -> io::Result<std::path::PathBuf> {
    retry(|| std::fs::canonicalize(path))
}

/// The error of what the platform does not have.
pub(crate) fn unsupported<T>() -> io::Result<T> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Told of each entry that is gone; an error of it stops the removal.
pub(crate) type OnRemoved<'a> = &'a mut dyn FnMut() -> io::Result<()>;
