//! More of what can be read without waiting: RWF_NOWAIT, which pipes know.

use std::io::IoSliceMut;
use std::os::fd::BorrowedFd;

use rustix::io::{Errno, ReadWriteFlags, preadv2};

/// Where the cursor is, to preadv2(2).
const HERE: u64 = u64::MAX;

/// `None` where there is nothing, or where that cannot be told: the next read
/// sees which. An error that the system tells but once is told.
pub(super) fn read(fd: BorrowedFd<'_>, buf: &mut [u8]) -> Result<Option<usize>, Errno> {
    let read = preadv2(
        fd,
        &mut [IoSliceMut::new(buf)],
        HERE,
        ReadWriteFlags::NOWAIT,
    );
    match read {
        Ok(n) => Ok(Some(n).filter(|n| *n > 0)),
        // About the way of asking, or about now.
        Err(
            Errno::AGAIN
            | Errno::INTR
            | Errno::INVAL
            | Errno::NOSYS
            | Errno::OPNOTSUPP
            | Errno::PERM
            | Errno::SPIPE,
        ) => Ok(None),
        Err(error) => Err(error),
    }
}
