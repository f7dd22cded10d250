//! The ground floor: everything that differs between systems. Each function has the same
//! name on every system.
//!
//! Only this file and the files below it ask which system it is. The floors above have a
//! `cfg` of a system only for what is public on one system alone. And nothing here knows
//! the floors above, except for the crate's [`error`](crate::error).
//!
//! - `unix` and `windows` each have all the names that are listed below.
//! - `linux` has what only Linux has (Android has the same kernel, but does not let apps
//!   use it); `not_linux` has the same names for all other systems.
//! - `unix/linux_kernel` has what Linux and Android have in common; `unix/other_kernels`
//!   has the same names for the other Unixes.
//!
//! A new system is one more file beside `unix` and `windows`. The lists of names say what
//! it must have; `not_linux` and `by_hand` replace what it lacks.
//!
//! Paths come with the [`Dir`] that they are relative to. If a system does not have a
//! function, the function fails with a bare `ErrorKind::Unsupported`, which the caller
//! turns into [`Error::Unsupported`](crate::Error::Unsupported).

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

/// Repeats `call` as long as a signal interrupts it.
pub(crate) fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Opens a file. For a folder the error is `IsADirectory`, also on systems that report
/// another one.
pub(crate) fn open(options: &OpenOptions, path: &Path) -> io::Result<File> {
    retry(|| options.open(path)).map_err(|error| system::open_error(path, error))
}

/// The error of a function that the system does not have.
fn unsupported<T>() -> io::Result<T> {
    Err(io::ErrorKind::Unsupported.into())
}

/// What a listing tells of an entry.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a OsStr,
    /// Of the entry itself; `None` if it vanished before its type was known.
    pub(crate) kind: Option<FileType>,
    pub(crate) inode: u64,
}

/// Is called after each entry that was removed; its error stops the removal.
pub(crate) type OnRemoved<'a> = &'a mut dyn FnMut() -> io::Result<()>;

/// Asks [`access`](crate::os::access) whether the path exists.
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
    /// Whether reads and writes bypass the page cache (O_DIRECT).
    pub(crate) direct: bool,
}

/// The kind of a file. It tells what the system need not be asked any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It has a cursor, and is no terminal.
    Regular,
    Folder,
    /// A character device. It may be a terminal. It may have a cursor, which need not move
    /// by the number of bytes read and written.
    Character,
    /// A FIFO or a socket: it has no cursor, and is no terminal.
    Stream,
    /// A block device, or a file whose kind is not known.
    Other,
}

/// What is known of a file that was just opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) kind: Kind,
    /// Whether it is known to be on a local file system.
    pub(crate) local: bool,
}

/// The two locks of an open file: those of flock(2), or what the system has instead. (The
/// locks of std need a newer Rust than this crate.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// No other open file may have a lock.
    Exclusive,
    /// Other open files may have shared locks.
    Shared,
}

/// Whether a call waits for a lock, or only tries once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// It will try again until it gets the lock.
    Yes,
    /// It tries once. If it fails, the file keeps the lock that it had.
    No,
}

/// The answer to a read that must not wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "the others never answer but with `Never`")
)]
pub(crate) enum Answer {
    /// The buffer has this many bytes, at least one.
    Data(usize),
    /// There is nothing to read without waiting, or nothing at all: use a job.
    WouldWait,
    /// Such reads do not work for this file, now or later.
    Never,
}
