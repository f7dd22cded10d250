//! What only Linux has: answers from memory, without waiting. Android has the same kernel,
//! but kills an app that makes such calls.

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

/// The mode of an open file, with its type, as it is in memory. The type cannot be out of
/// date, not even that of a file on a network. `None` if the call fails.
pub(super) fn mode_in_memory(file: impl AsFd) -> Option<u32> {
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    let seen = rustix::fs::statx(file, "", flags, StatxFlags::TYPE).ok()?;
    Some(seen.stx_mode.into())
}
