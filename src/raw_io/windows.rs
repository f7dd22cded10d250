//! Positional I/O on Windows, where it moves the cursor: put back afterwards.

use std::fs::{File, Metadata};
use std::io::{self, Seek, SeekFrom};
use std::os::windows::fs::FileExt;

use super::{Access, Kind, Lock};

pub(super) fn read_at(mut file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    let back = file.stream_position()?;
    let result = file.seek_read(buf, offset);
    file.seek(SeekFrom::Start(back))?;
    result
}

pub(super) fn write_at(mut file: &File, buf: &[u8], offset: u64) -> io::Result<usize> {
    let back = file.stream_position()?;
    let result = file.seek_write(buf, offset);
    file.seek(SeekFrom::Start(back))?;
    result
}

/// Positional I/O moves the cursor meanwhile.
pub(super) fn is_plain(_: &File) -> bool {
    false
}

/// How a handle was opened cannot be asked for: taken as readable and writable.
pub(super) fn access(_: &File) -> io::Result<Access> {
    Ok(Access {
        readable: true,
        writable: true,
        append: false,
        direct: false,
    })
}

/// A handle of a folder cannot be read either way; all else is asked.
pub(super) fn kind(file: &File) -> Kind {
    file.metadata()
        .map_or(Kind::Other, |metadata| kind_of(&metadata))
}

pub(super) fn kind_of(metadata: &Metadata) -> Kind {
    if metadata.is_dir() {
        Kind::Folder
    } else {
        Kind::Other
    }
}

/// Reads into spare capacity.
pub(super) fn read_spare(mut file: &File, vec: &mut Vec<u8>) -> io::Result<usize> {
    let before = vec.len();
    vec.resize(vec.capacity(), 0);
    let result = io::Read::read(&mut file, &mut vec[before..]);
    vec.truncate(before + result.as_ref().map_or(0, |n| *n));
    result
}

/// Over a lock that the handle has already: in its place, as flock(2) does. The
/// system would keep both, and let a handle wait for itself.
pub(super) fn try_lock(file: &File, lock: Lock) -> io::Result<bool> {
    drop(unlock(file));
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
pub(super) fn unlock(file: &File) -> io::Result<()> {
    match fs4::FileExt::unlock(file) {
        Err(error) if error.raw_os_error() == Some(ERROR_NOT_LOCKED) => Ok(()),
        done => done,
    }
}

const ERROR_NOT_LOCKED: i32 = 158;
