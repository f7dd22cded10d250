//! More of what can be read without waiting: RWF_NOWAIT, which pipes know.

use std::io::IoSliceMut;
use std::os::fd::BorrowedFd;

use rustix::io::{ReadWriteFlags, preadv2};

/// Where the cursor is, to preadv2(2).
const HERE: u64 = u64::MAX;

/// `None` where there is nothing, or where that cannot be told: the next read
/// sees which.
pub(super) fn read(fd: BorrowedFd<'_>, buf: &mut [u8]) -> Option<usize> {
    let read = preadv2(
        fd,
        &mut [IoSliceMut::new(buf)],
        HERE,
        ReadWriteFlags::NOWAIT,
    );
    read.ok().filter(|n| *n > 0)
}
