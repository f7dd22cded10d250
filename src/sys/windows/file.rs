//! Files on Windows, where positional I/O moves the cursor, and locks belong to a
//! handle that can wait for itself.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::windows::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use std::os::windows::io::AsHandle as AsSystem;

use super::super::lock::Locks;
use super::super::nowait::Misses;
use super::super::{Access, Kind, Lock, Wait};
use super::open_any;

/// Windows has no such mode.
pub(crate) fn set_mode_of_new(_: &mut OpenOptions, _: u32) {}

/// Passes flags of `CreateFile` besides those that the mode asks for.
pub(crate) fn set_flags(options: &mut OpenOptions, flags: i32) {
    options.custom_flags(flags as u32);
}

/// What a directory is refused with.
pub(crate) fn is_a_directory() -> io::Error {
    io::ErrorKind::IsADirectory.into()
}

pub(crate) fn open_source(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Makes a file to copy to; it fails if anything is there, a link to nothing too.
pub(crate) fn create_destination(path: &Path, _mode: u32) -> io::Result<File> {
    File::create_new(path)
}

/// Opens a file to copy to as it is.
pub(crate) fn open_destination(path: &Path) -> io::Result<File> {
    File::options().write(true).open(path)
}

/// Of permissions there is one here: the owner's to write.
pub(crate) fn mode(metadata: &Metadata) -> u32 {
    if metadata.permissions().readonly() {
        0o444
    } else {
        DEFAULT_MODE
    }
}

pub(crate) const DEFAULT_MODE: u32 = 0o666;

pub(crate) fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    let mut permissions = file.metadata()?.permissions();
    permissions.set_readonly(mode & 0o200 == 0);
    file.set_permissions(permissions)
}

pub(crate) fn is_stream(_metadata: &Metadata) -> bool {
    false
}

/// What tells one file from all others: its volume, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId(u64, u64);

impl FileId {
    pub(crate) fn of_open(file: &File, _path: &Path) -> io::Result<Self> {
        let information = winapi_util::file::information(file)?;
        Ok(Self(
            information.volume_serial_number(),
            information.file_index(),
        ))
    }

    /// Of what is at `path`, through links.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        Self::of_open(&open_any(path, 0, true)?, path)
    }
}

/// A handle of the call's own, made when the call is.
#[derive(Debug)]
pub(crate) struct Handle(io::Result<File>);

impl Handle {
    pub(crate) fn new(handle: impl AsSystem) -> Self {
        Self(handle.as_handle().try_clone_to_owned().map(File::from))
    }

    pub(crate) fn file_id(self) -> io::Result<FileId> {
        FileId::of_open(&self.0?, Path::new(""))
    }
}

/// What belongs to an open file, whichever of its handles is used, and is not kept by
/// the system.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenFile(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    cursor: Mutex<()>,
    locks: Locks,
    misses: Misses,
}

/// Whoever has it uses the cursor alone.
#[derive(Debug)]
pub(crate) struct Turn<'a>(
    #[allow(dead_code, reason = "held, never looked at")] MutexGuard<'a, ()>,
);

impl OpenFile {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Waits for whoever uses the cursor: a positional call has it elsewhere for a
    /// moment, and what read or wrote there meanwhile would do so in a wrong place.
    pub(crate) fn turn(&self) -> Turn<'_> {
        Turn(self.0.cursor.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The lock of the file.
    pub(crate) fn locks(&self) -> &Locks {
        &self.0.locks
    }

    /// What reads without a job found, through all handles.
    pub(crate) fn misses(&self) -> &Misses {
        &self.0.misses
    }
}

/// Takes a lock, in place of the one that is `held`; `false` if another open file has
/// one that is in the way. The system would keep both, and let a handle wait for itself.
pub(crate) fn change_lock(
    file: &File,
    held: &mut Option<Lock>,
    lock: Lock,
    wait: Wait,
) -> io::Result<bool> {
    match (*held, lock) {
        (Some(Lock::Exclusive), Lock::Exclusive) | (Some(Lock::Shared), Lock::Shared) => Ok(true),
        (Some(Lock::Exclusive), Lock::Shared) => {
            // A handle may have both, and the first unlock gives up the exclusive
            // one: nobody can come between.
            if !take(file, Lock::Shared)? {
                return Ok(false);
            }
            release_lock(file)?;
            *held = Some(Lock::Shared);
            Ok(true)
        }
        (Some(Lock::Shared), Lock::Exclusive) => {
            release_lock(file)?;
            *held = None;
            let taken = take(file, Lock::Exclusive);
            if !matches!(taken, Ok(true)) && wait == Wait::No {
                if !take(file, Lock::Shared)? {
                    let error = "another open file took the lock meanwhile: none is held";
                    return Err(io::Error::other(error));
                }
                *held = Some(Lock::Shared);
                return taken;
            }
            *held = matches!(taken, Ok(true)).then_some(lock);
            taken
        }
        (None, _) => {
            let taken = take(file, lock)?;
            *held = taken.then_some(lock);
            Ok(taken)
        }
    }
}

fn take(file: &File, lock: Lock) -> io::Result<bool> {
    let taken = match lock {
        Lock::Exclusive => fs4::FileExt::try_lock(file),
        Lock::Shared => fs4::FileExt::try_lock_shared(file),
    };
    match taken {
        Ok(()) => Ok(true),
        Err(fs4::TryLockError::WouldBlock) => Ok(false),
        Err(fs4::TryLockError::Error(error)) => Err(error),
    }
}

/// Does nothing without a lock, as flock(2).
pub(crate) fn release_lock(file: &File) -> io::Result<()> {
    const ERROR_NOT_LOCKED: i32 = 158;
    // What Wine says instead.
    const ERROR_LOCK_VIOLATION: i32 = 33;
    match fs4::FileExt::unlock(file).map_err(|error| (error.raw_os_error(), error)) {
        Ok(()) | Err((Some(ERROR_NOT_LOCKED | ERROR_LOCK_VIOLATION), _)) => Ok(()),
        Err((_, error)) => Err(error),
    }
}

/// The system says of a place before the start what no error kind stands for.
pub(crate) fn seek(mut file: &File, pos: SeekFrom) -> io::Result<u64> {
    const ERROR_NEGATIVE_SEEK: i32 = 131;
    file.seek(pos).map_err(|error| {
        if error.raw_os_error() == Some(ERROR_NEGATIVE_SEEK) {
            io::Error::new(io::ErrorKind::InvalidInput, error)
        } else {
            error
        }
    })
}

/// Only with the [`Turn`] of the file: the cursor is elsewhere meanwhile.
pub(crate) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    there_and_back(file, |file| file.seek_read(buf, offset))
}

/// As [`read_at`].
pub(crate) fn write_at(file: &File, buf: &[u8], offset: u64) -> io::Result<usize> {
    there_and_back(file, |file| file.seek_write(buf, offset))
}

fn there_and_back(
    mut file: &File,
    call: impl FnOnce(&File) -> io::Result<usize>,
) -> io::Result<usize> {
    let back = file.stream_position()?;
    let result = call(file);
    file.seek(SeekFrom::Start(back))?;
    result
}

/// Positional calls and others of this crate keep out of its way.
pub(crate) fn is_plain(file: &File) -> bool {
    kind(file) == Kind::Regular
}

/// How a handle was opened cannot be asked for. But the system looks at the rights of a
/// handle before it looks at what it is asked to do: to read or write no bytes, or to
/// make a file `-1` bytes long, does nothing in any case, and says whether it would have
/// been allowed. Of pipes and devices everything is taken to be: a pipe carries empty
/// messages too.
pub(crate) fn access_of(mut file: &File) -> io::Result<Access> {
    let mut access = Access {
        readable: true,
        writable: true,
        append: false,
        direct: false,
    };
    if kind(file) == Kind::Regular {
        let denied = |error: io::Error| error.kind() == io::ErrorKind::PermissionDenied;
        access.readable = !file.read(&mut []).is_err_and(denied);
        access.writable = !file.write(&[]).is_err_and(denied);
        access.append = access.writable && file.set_len(u64::MAX).is_err_and(denied);
    }
    Ok(access)
}

/// What an open file is.
pub(crate) fn kind(file: &File) -> Kind {
    look(file).map_or(Kind::Other, |(kind, _)| kind)
}

/// The same, with all else that the system tells of it; of some kinds that is nothing.
pub(crate) fn look(file: &File) -> io::Result<(Kind, Option<Metadata>)> {
    let kind = winapi_util::file::typ(file)?;
    if kind.is_char() {
        return Ok((Kind::Character, None));
    }
    if kind.is_pipe() {
        return Ok((Kind::Stream, None));
    }
    let metadata = file.metadata()?;
    let kind = if metadata.is_dir() {
        Kind::Folder
    } else {
        Kind::Regular
    };
    Ok((kind, Some(metadata)))
}

/// Reads into spare capacity.
pub(crate) fn read_spare(mut file: &File, vec: &mut Vec<u8>) -> io::Result<usize> {
    into_spare(vec, |spare| file.read(spare))
}

/// Fills spare capacity, which is cleared first.
pub(super) fn into_spare(
    vec: &mut Vec<u8>,
    read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    let before = vec.len();
    vec.resize(vec.capacity(), 0);
    let result = read(&mut vec[before..]);
    vec.truncate(before + result.as_ref().map_or(0, |n| *n));
    result
}

/// Closes. The system tells nothing by that.
#[allow(
    clippy::unnecessary_wraps,
    reason = "a close can fail elsewhere, and its callers go by that"
)]
pub(crate) fn close(file: File) -> io::Result<()> {
    drop(file);
    Ok(())
}

/// Tells what a close would say: nothing.
#[allow(
    clippy::unnecessary_wraps,
    reason = "a close can fail elsewhere, and its callers go by that"
)]
pub(crate) fn close_duplicate(_: &File) -> io::Result<()> {
    Ok(())
}
