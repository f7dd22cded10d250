//! What only Linux has: answers from memory, without waiting. Android has the same kernel,
//! but kills an app that makes such calls.

use std::fs::File;
use std::os::fd::AsFd;

use rustix::fs::{AtFlags, StatxFlags};

pub(crate) mod cached;
mod entries;
mod mounts;
pub(super) mod nowait;
#[cfg(feature = "tempfile")]
mod temporary;

pub(crate) use self::entries::Entries;
pub(crate) use self::mounts::tells_size_at_once;
#[cfg(feature = "stdio")]
pub(super) use self::nowait::read_more;
#[cfg(feature = "tempfile")]
pub(crate) use self::temporary::{make_accessible, unnamed};

pub(crate) fn is_main_thread() -> bool {
    rustix::thread::gettid() == rustix::process::getpid()
}

/// The type of an open file, as in its mode, and whether its mount is local, which is found
/// out unless it is known: with one call, mostly. `None` if the kernel does not tell. It
/// blocks: call it only in a job.
pub(super) fn look(file: &File) -> Option<(u32, bool)> {
    let look = mounts::look(file.as_fd())?;
    let local = cached::learn_mount(file, &look);
    Some((look.kind.as_raw_mode(), local))
}

/// The mode of an open file, with its type, as it is in memory. The type cannot be out of
/// date, not even that of a file on a network. `None` if the call fails.
pub(super) fn mode_in_memory(file: impl AsFd) -> Option<u32> {
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    let seen = rustix::fs::statx(file, "", flags, StatxFlags::TYPE).ok()?;
    Some(seen.stx_mode.into())
}
