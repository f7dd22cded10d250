//! Reads from the page cache without a job: `preadv2(RWF_NOWAIT)` on Linux.
//!
//! This is the only place where the thread of a task reads a file. The kernel returns what
//! it has in memory and refuses where it would have to wait. File systems that are only
//! memory, such as tmpfs, do not support such reads; if the machine has no swap, a normal
//! read of them does not wait. A job does what the kernel refuses, and also what its
//! answers cannot be trusted for:
//!
//! - 0 bytes: Linux 5.9 and 5.10 may say so before the end of the file;
//! - any error: the job meets it again and reports it;
//! - files opened with O_DIRECT, where the call would go to the device.

use std::fs::File;

pub(crate) use super::Answer;
use super::{is_plain, linux};

/// The most that is read inline at a time, in bytes: it is a copy, about 20 µs.
pub(crate) const MOST: usize = 128 * 1024;

/// Says whether it is worth trying on `file`. Blocks: only in a job.
pub(crate) fn suits(file: &File) -> bool {
    suits_regular() && is_plain(file)
}

/// The same of a regular file that was opened without O_DIRECT; asks nobody.
pub(crate) fn suits_regular() -> bool {
    linux::nowait::suits_regular()
}

/// Reads at the cursor and moves it.
pub(crate) fn read(file: &File, buf: &mut [u8]) -> Answer {
    linux::nowait::read(file, buf, None)
}

/// Reads at `offset`.
pub(crate) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> Answer {
    linux::nowait::read(file, buf, Some(offset))
}
