//! The ground floor: all that differs between systems, under one name on each.
//!
//! Which system it is, is asked here and in the files below, and nowhere above: what
//! stands above has a `cfg` of a system only for what is public on one of them. And
//! nothing here knows what stands above, but for the crate's [`error`](crate::error).
//!
//! - `unix`, `windows`: each has all of the names that are listed below.
//! - `linux`: what only Linux has, and Android lets no app do; `not_linux` answers the
//!   same questions where there is nothing of the kind.
//! - `unix/linux_kernel`: what Linux and Android have in common, and `unix/other_kernels`
//!   what the other Unixes have instead.
//!
//! A new system is one more file beside `unix` and `windows`: the lists of names say
//! what it must have, and `not_linux` and `by_hand` are there for what it lacks.
//!
//! Paths come with the [`Dir`] they are relative to. What a system does not have fails
//! with a bare `ErrorKind::Unsupported`, which the caller turns into
//! [`Error::Unsupported`](crate::Error::Unsupported).

use std::ffi::OsStr;
use std::fs::{File, FileType, OpenOptions};
use std::io;
use std::path::Path;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod by_hand;
#[cfg(target_os = "linux")]
mod linux;
mod listing;
mod lock;
#[cfg(not(target_os = "linux"))]
mod not_linux;
pub(crate) mod nowait;
mod statvfs;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(not(target_os = "linux"))]
use self::not_linux as linux;
#[cfg(unix)]
use self::unix as system;
#[cfg(windows)]
use self::windows as system;

pub(crate) use self::listing::{Listing, list};
pub(crate) use self::lock::{Asked, Reply};
pub use self::statvfs::StatVfs;

// Paths.
pub(crate) use self::linux::Entries;
pub(crate) use self::system::Names;
pub(crate) use self::system::{
    Dir, abspath, access, canonicalize, chmod, chown, ctime, expand_user, inode, is_literal,
    is_mount, link, links_to_folder, mkdir, names_folder, readlink, remove_tree, rename, replace,
    rmdir, stat, statvfs, symlink, sync_dir, unlink, utime,
};
// Open files.
pub(crate) use self::system::{
    AsSystem, FileId, Handle, OpenFile, access_of, close, close_duplicate, is_plain, kind, look,
    read_at, read_spare, seek, write_at,
};
// Opening, and copying.
pub(crate) use self::system::{
    Copier, DEFAULT_MODE, create_destination, fills_blocks, is_stream, mode, next_data,
    open_destination, open_source, set_flags, set_mode, set_mode_of_new,
};
// Errors in the system's own words.
pub(crate) use self::system::{is_a_directory, link_loop, not_a_directory};
// What holds for the whole process.
pub(crate) use self::linux::is_main_thread;
pub(crate) use self::system::{LINES_END_IN_CRLF, THREADS_OUTLIVE_MAIN};
// Without waiting.
pub(crate) use self::linux::{cached, tells_size_at_once};

// Temporary files, and files that take the place of others.
#[cfg(feature = "tempfile")]
pub(crate) use self::linux::{make_accessible, unnamed};
#[cfg(feature = "tempfile")]
pub(crate) use self::system::{
    Folder, OPEN_FILES_KEEP_NAMES, Old, Rights, TEMPORARY_FOLDERS, check_folder, check_link,
    create_anonymous, create_new, create_private_folder, link_unnamed, may_link_unnamed,
    set_mode_in,
};

// The standard streams.
#[cfg(feature = "stdio")]
pub(crate) use self::system::Standard;

// What only Unix has, in public as well.
#[cfg(unix)]
pub(crate) use self::system::{open_flags, sendfile};

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
    retry(|| options.open(path)).map_err(|error| system::open_error(path, error))
}

/// The error of what the system does not have.
fn unsupported<T>() -> io::Result<T> {
    Err(io::ErrorKind::Unsupported.into())
}

/// What a listing tells of an entry.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a OsStr,
    /// Of the entry itself; `None` if it vanished before it was known.
    pub(crate) kind: Option<FileType>,
    pub(crate) inode: u64,
}

/// Told of each entry that is gone; an error of it stops the removal.
pub(crate) type OnRemoved<'a> = &'a mut dyn FnMut() -> io::Result<()>;

/// Asks [`access`](crate::os::access) whether the path is there.
pub const F_OK: u32 = 0;
/// Asks [`access`](crate::os::access) whether the path may be executed, or a folder
/// passed through.
pub const X_OK: u32 = 1;
/// Asks [`access`](crate::os::access) whether the path may be written.
pub const W_OK: u32 = 2;
/// Asks [`access`](crate::os::access) whether the path may be read.
pub const R_OK: u32 = 4;

/// How a file was opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    pub(crate) append: bool,
    /// Past the page cache.
    pub(crate) direct: bool,
}

/// What a file is, as far as that says which questions are to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It has a cursor, and is no terminal.
    Regular,
    Folder,
    /// A character device: perhaps a terminal, perhaps with a cursor, which need
    /// not count what is read and written.
    Character,
    /// A FIFO or a socket: no cursor, and no terminal.
    Stream,
    /// A block device, or what cannot be told.
    Other,
}

/// Who may have a lock of an open file at the same time: flock(2), or what the system
/// has instead. (Those of std want a newer Rust than this crate.)
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

/// What a system said that was asked to read without waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "the others never answer but with `Never`")
)]
pub(crate) enum Answer {
    /// This many bytes, at least one, are in the buffer.
    Data(usize),
    /// Nothing without waiting, or nothing at all: ask by a job.
    WouldWait,
    /// Not for this file, now or later.
    Never,
}
