//! Files on Windows, where positional I/O moves the cursor, and locks belong to a
//! handle that can wait for itself.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::windows::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::lock::Locks;
use super::{Access, Kind, Lock, Wait};

/// What belongs to an open file, whichever of its handles is used, and is not kept by
/// the system.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenFile {
    cursor: Arc<Mutex<()>>,
    locks: Locks,
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
        Turn(self.cursor.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The lock of the file.
    pub(crate) fn locks(&self) -> &Locks {
        &self.locks
    }
}

/// Takes a lock, in place of the one that is `held`; `false` if another open file has
/// one that is in the way. The system would keep both, and let a handle wait for itself.
pub(super) fn change_lock(
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
pub(super) fn release_lock(file: &File) -> io::Result<()> {
    const ERROR_NOT_LOCKED: i32 = 158;
    // What Wine says instead.
    const ERROR_LOCK_VIOLATION: i32 = 33;
    match fs4::FileExt::unlock(file).map_err(|error| (error.raw_os_error(), error)) {
        Ok(()) | Err((Some(ERROR_NOT_LOCKED | ERROR_LOCK_VIOLATION), _)) => Ok(()),
        Err((_, error)) => Err(error),
    }
}

/// The system says of a place before the start what no error kind stands for.
pub(super) fn seek(mut file: &File, pos: SeekFrom) -> io::Result<u64> {
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
pub(super) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    there_and_back(file, |file| file.seek_read(buf, offset))
}

/// As [`read_at`].
pub(super) fn write_at(file: &File, buf: &[u8], offset: u64) -> io::Result<usize> {
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
pub(super) fn is_plain(file: &File) -> bool {
    kind(file) == Kind::Regular
}

/// How a handle was opened cannot be asked for. But the system looks at the rights of a
/// handle before it looks at what it is asked to do: to read or write no bytes, or to
/// make a file `-1` bytes long, does nothing in any case, and says whether it would have
/// been allowed. Of pipes and devices everything is taken to be: a pipe carries empty
/// messages too.
pub(super) fn access(mut file: &File) -> io::Result<Access> {
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

pub(super) fn kind(file: &File) -> Kind {
    look(file).map_or(Kind::Other, |(kind, _)| kind)
}

pub(super) fn look(file: &File) -> io::Result<(Kind, Option<Metadata>)> {
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
pub(super) fn read_spare(mut file: &File, vec: &mut Vec<u8>) -> io::Result<usize> {
    let before = vec.len();
    vec.resize(vec.capacity(), 0);
    let result = file.read(&mut vec[before..]);
    vec.truncate(before + result.as_ref().map_or(0, |n| *n));
    result
}
