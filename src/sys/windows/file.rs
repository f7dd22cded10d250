//! Open files on Windows. Positional calls move the cursor here, and locks belong to a
//! handle, which may even wait for its own lock.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::windows::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use std::os::windows::io::AsHandle as AsSystem;

use super::super::lock::Locks;
use super::super::nowait::Misses;
use super::super::{Access, Kind, Lock, Seen, Wait};
use super::open_any;

/// Does nothing: Windows has no mode.
pub(crate) fn set_mode_of_new(_: &mut OpenOptions, _: u32) {}

/// Passes flags of `CreateFile` besides those that the mode asks for.
pub(crate) fn set_flags(options: &mut OpenOptions, flags: i32) {
    options.custom_flags(flags as u32);
}

/// The error for a folder.
pub(crate) fn is_a_directory() -> io::Error {
    io::ErrorKind::IsADirectory.into()
}

pub(crate) fn open_source(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Makes a file to copy to. It fails if anything exists at the path, even a link to nothing.
pub(crate) fn create_destination(path: &Path, _mode: u32) -> io::Result<File> {
    File::create_new(path)
}

/// Opens an existing file to copy to, without truncating it.
pub(crate) fn open_destination(path: &Path) -> io::Result<File> {
    File::options().write(true).open(path)
}

/// The mode of a file. The only permission here is that of the owner to write.
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

/// The identity of a file: its volume, and its number there.
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

    /// The identity of what is at `path`; links are followed.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        Self::of_open(&open_any(path, 0, true)?, path)
    }
}

/// A duplicate of the caller's handle, or the error of the duplication. It is made when the
/// call is made, so the call borrows nothing.
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

/// What all handles of one open file share and the system does not keep.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenFile(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    cursor: Mutex<()>,
    locks: Locks,
    misses: Misses,
}

/// While it lives, nobody else uses the cursor.
#[derive(Debug)]
pub(crate) struct Turn<'a>(
    #[allow(dead_code, reason = "held, never looked at")] MutexGuard<'a, ()>,
);

impl OpenFile {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Waits until nobody else uses the cursor. A positional call moves the cursor for a
    /// moment; another read or write during that time would be at the wrong place.
    pub(crate) fn turn(&self) -> Turn<'_> {
        Turn(self.0.cursor.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The lock of the file.
    pub(crate) fn locks(&self) -> &Locks {
        &self.0.locks
    }

    /// The results of nowait reads through all handles.
    pub(crate) fn misses(&self) -> &Misses {
        &self.0.misses
    }
}

/// Takes a lock, which replaces the one that is `held`. Returns `false` if the lock of
/// another open file is in the way. (The system itself would keep both locks, and let a
/// handle wait for its own lock.)
pub(crate) fn change_lock(
    file: &File,
    held: &mut Option<Lock>,
    lock: Lock,
    wait: Wait,
) -> io::Result<bool> {
    match (*held, lock) {
        (Some(Lock::Exclusive), Lock::Exclusive) | (Some(Lock::Shared), Lock::Shared) => Ok(true),
        (Some(Lock::Exclusive), Lock::Shared) => {
            // A handle may have both locks, and the first unlock releases the exclusive
            // one. So nobody else can take the lock in between.
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

/// Releases the lock. Without a lock it does nothing, as flock(2).
pub(crate) fn release_lock(file: &File) -> io::Result<()> {
    const ERROR_NOT_LOCKED: i32 = 158;
    // Wine reports this one instead.
    const ERROR_LOCK_VIOLATION: i32 = 33;
    match fs4::FileExt::unlock(file).map_err(|error| (error.raw_os_error(), error)) {
        Ok(()) | Err((Some(ERROR_NOT_LOCKED | ERROR_LOCK_VIOLATION), _)) => Ok(()),
        Err((_, error)) => Err(error),
    }
}

/// Moves the cursor. For a position before the start the system reports an error that std
/// has no kind for; here it is `InvalidInput`, as elsewhere.
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

/// Reads at `offset`. The caller must hold the [`Turn`] of the file, since the cursor is
/// elsewhere during the call.
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

/// Whether a file can be read ahead: it is a regular file. Its cursor may move during
/// positional calls, but the [`Turn`] keeps calls of this crate apart.
pub(crate) fn is_plain(file: &File) -> bool {
    kind(file) == Kind::Regular
}

/// How a handle was opened. The system cannot be asked that. But it checks the rights of a
/// handle before it does anything: a read or a write of no bytes, or setting the size to
/// `-1`, never has an effect, and its error tells whether it would be allowed. For pipes
/// and devices every right is assumed, since in a pipe even an empty write is a message.
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

/// The kind of an open file.
pub(crate) fn kind(file: &File) -> Kind {
    look(file).map_or(Kind::Other, |seen| seen.kind)
}

/// What was opened; where, is not known.
pub(crate) fn look(file: &File) -> io::Result<Seen> {
    let kind = kind_if_told(file)?;
    Ok(Seen { kind, local: false })
}

fn kind_if_told(file: &File) -> io::Result<Kind> {
    let kind = winapi_util::file::typ(file)?;
    if kind.is_char() {
        return Ok(Kind::Character);
    }
    if kind.is_pipe() {
        return Ok(Kind::Stream);
    }
    match file.metadata()?.is_dir() {
        true => Ok(Kind::Folder),
        false => Ok(Kind::Regular),
    }
}

/// Reads into spare capacity.
pub(crate) fn read_spare(mut file: &File, vec: &mut Vec<u8>) -> io::Result<usize> {
    into_spare(vec, |spare| file.read(spare))
}

/// Lets `read` fill the spare capacity, which is cleared first.
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

/// Closes. The system reports nothing then.
#[allow(
    clippy::unnecessary_wraps,
    reason = "a close can fail elsewhere, and its callers go by that"
)]
pub(crate) fn close(file: File) -> io::Result<()> {
    drop(file);
    Ok(())
}

/// Returns the error that a close would report: there is none here.
#[allow(
    clippy::unnecessary_wraps,
    reason = "a close can fail elsewhere, and its callers go by that"
)]
pub(crate) fn close_duplicate(_: &File) -> io::Result<()> {
    Ok(())
}
