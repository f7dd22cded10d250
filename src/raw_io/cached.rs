//! Opening files and asking for metadata without a job: `openat2(RESOLVE_CACHED)`
//! on Linux 5.12 and later.
//!
//! The kernel is asked to resolve a path from what it has in memory and to refuse
//! where a lookup would have to wait. That says nothing about what opening does
//! then, so a path is looked at first, with O_PATH, which has no effect on
//! anything: only a regular file, on a mount known to be local, is opened, and by
//! way of the descriptor that was looked at. What another process puts in its
//! place meanwhile, a FIFO for one, is not touched.
//!
//! A job finds out which mounts are local ([`learn`], [`learn_path`]); nothing
//! here asks a device. Anything but success is left to a job.
//!
//! Overlays (the root of most containers) are not trusted, though most are local.
//! The lookup would be safe: the layers check their names without waiting, or
//! refuse. But to open a file of an overlay, or to ask for its metadata, is to do
//! so in the layer below, which waits if that is a network's, and to find the data
//! of a file of which only metadata was copied up takes a lookup on the disk. What
//! the layers are cannot be told from inside: statfs(2) answers for the overlay;
//! `/proc/self/mountinfo` has the paths that were valid for whoever mounted it,
//! often relative, and in a container they lead nowhere or, worse, to something
//! else of that name. Volumes of a local file system are as fast as ever.

use std::fs::{File, Metadata};
use std::path::Path;

#[cfg(target_os = "linux")]
#[path = "cached/linux.rs"]
mod platform;
#[cfg(not(target_os = "linux"))]
#[path = "cached/other.rs"]
mod platform;

/// Opens a regular file for reading; `None` leaves it to a job.
pub(crate) fn open(path: &Path) -> Option<File> {
    platform::open(path)
}

/// The same with its size in bytes, and with O_NONBLOCK left on, which means
/// nothing to a regular file: for one that nobody else gets to see. Only where
/// `wanted` says so of the size; otherwise nothing is opened.
pub(crate) fn open_nonblocking(
    path: &Path,
    wanted: impl FnOnce(u64) -> bool,
) -> Option<(File, u64)> {
    platform::open_nonblocking(path, wanted)
}

/// The metadata of what is at `path`, or of the link there; `None` leaves it to
/// a job.
pub(crate) fn metadata(path: &Path, follow: bool) -> Option<Metadata> {
    platform::metadata(path, follow)
}

/// Finds out whether the mount that an open file is on is local, unless that is
/// known; `metadata` is the file's. Blocks: only in a job.
pub(crate) fn learn(file: &File, metadata: &Metadata) {
    platform::learn(file, metadata);
}

/// The same of what is at `path`, or of the link there. Blocks: only in a job.
pub(crate) fn learn_path(path: &Path, follow: bool, metadata: &Metadata) {
    platform::learn_path(path, follow, metadata);
}
