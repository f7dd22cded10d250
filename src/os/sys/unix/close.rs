//! What a close has to say.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs;
use rustix::io::Errno;

use crate::os::sys::retry;

/// Closes, and tells what the system says: of writes that failed late, as those over a
/// quota or over a network do, that may be the only word. Closed it is in any case,
/// and never closed again.
pub(crate) fn close(file: impl Into<OwnedFd>) -> io::Result<()> {
    match nix::unistd::close(file.into()) {
        // The descriptor is gone, and somebody else may have its number by now.
        Ok(()) | Err(nix::errno::Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Tells what a close would say, for a file that stays open, or that others close: a
/// duplicate is closed. Where there are too many open files for one, the bytes are
/// brought to the device, which says no less.
pub(crate) fn close_duplicate(file: impl AsFd) -> io::Result<()> {
    match rustix::io::fcntl_dupfd_cloexec(&file, 0) {
        Ok(duplicate) => close(duplicate),
        Err(_) => match retry(|| Ok(fs::fsync(&file)?)) {
            // A pipe or a terminal has no device; see fsync(2).
            Err(error)
                if matches!(
                    error.raw_os_error().map(Errno::from_raw_os_error),
                    Some(Errno::INVAL | Errno::ROFS | Errno::NOTSUP)
                ) =>
            {
                Ok(())
            }
            done => done,
        },
    }
}
