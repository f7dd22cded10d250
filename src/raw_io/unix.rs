//! Positional I/O on Unix.

use std::fs::{File, Metadata};
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};

use rustix::fs::{FileType, OFlags, RawMode};

use super::lock::Locks;
use super::{Access, Kind, Lock, Wait};

/// What belongs to an open file, whichever of its handles is used, and is not told by
/// the system.
#[derive(Clone, Debug)]
pub(crate) struct OpenFile(Locks);

/// Whoever has it uses the cursor alone.
#[derive(Debug)]
pub(crate) struct Turn;

impl OpenFile {
    pub(crate) fn new() -> Self {
        Self(Locks::default())
    }

    /// Positional I/O does not move the cursor, so nobody waits.
    pub(crate) fn turn(&self) -> Turn {
        Turn
    }

    /// The lock of the file.
    pub(crate) fn locks(&self) -> &Locks {
        &self.0
    }
}

/// Takes a lock, in place of the one that is `held`; `false` if another open file has
/// one that is in the way.
pub(super) fn change_lock(
    file: &File,
    held: &mut Option<Lock>,
    lock: Lock,
    wait: Wait,
) -> io::Result<bool> {
    let before = held.filter(|before| *before != lock);
    let taken = try_lock(file, lock);
    if matches!(taken, Ok(true)) {
        *held = Some(lock);
        return taken;
    }
    // The system has given up the old one before it looked for the new one.
    if let Some(before) = before {
        *held = None;
        // Who waits must not keep it: two that wait for each other's would for ever.
        if wait == Wait::No || taken.is_err() {
            if !try_lock(file, before)? {
                let error = "another open file took the lock meanwhile: none is held";
                return Err(io::Error::other(error));
            }
            *held = Some(before);
        }
    }
    taken
}

pub(super) fn seek(mut file: &File, pos: SeekFrom) -> io::Result<u64> {
    file.seek(pos)
}

pub(super) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    FileExt::read_at(file, buf, offset)
}

pub(super) fn write_at(file: &File, buf: &[u8], offset: u64) -> io::Result<usize> {
    FileExt::write_at(file, buf, offset)
}

/// How a descriptor was opened. See fcntl(2).
pub(super) fn access(file: &File) -> io::Result<Access> {
    let flags = rustix::fs::fcntl_getfl(file)?;
    let access = flags & OFlags::ACCMODE;
    Ok(Access {
        readable: access != OFlags::WRONLY,
        writable: access != OFlags::RDONLY,
        append: flags.contains(OFlags::APPEND),
        direct: flags.intersects(DIRECT),
    })
}

#[cfg(target_os = "linux")]
const DIRECT: OFlags = OFlags::DIRECT;
#[cfg(not(target_os = "linux"))]
const DIRECT: OFlags = OFlags::empty();

/// A regular file that was not opened with O_DIRECT.
pub(super) fn is_plain(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file())
        && access(file).is_ok_and(|access| !access.direct)
}

pub(super) fn kind(file: &File) -> Kind {
    file_type(file).map_or(Kind::Other, kind_of_type)
}

pub(super) fn look(file: &File) -> io::Result<(Kind, Option<Metadata>)> {
    let metadata = file.metadata()?;
    let kind = kind_of_type(FileType::from_raw_mode(metadata.mode() as RawMode));
    Ok((kind, Some(metadata)))
}

fn kind_of_type(kind: FileType) -> Kind {
    match kind {
        FileType::RegularFile => Kind::Regular,
        FileType::Directory => Kind::Folder,
        FileType::CharacterDevice => Kind::Character,
        FileType::Fifo | FileType::Socket => Kind::Stream,
        FileType::Symlink | FileType::BlockDevice | FileType::Unknown => Kind::Other,
    }
}

/// From what is in memory: of a file on a network the type stays too.
#[cfg(target_os = "linux")]
fn file_type(file: &File) -> Option<FileType> {
    use rustix::fs::{AtFlags, StatxFlags};
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    match rustix::fs::statx(file, "", flags, StatxFlags::TYPE) {
        Ok(seen) => Some(FileType::from_raw_mode(seen.stx_mode.into())),
        Err(_) => {
            let seen = rustix::fs::fstat(file).ok()?;
            Some(FileType::from_raw_mode(seen.st_mode))
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn file_type(file: &File) -> Option<FileType> {
    let seen = rustix::fs::fstat(file).ok()?;
    Some(FileType::from_raw_mode(seen.st_mode))
}

/// Reads into spare capacity, which need not be cleared first.
pub(super) fn read_spare(file: &File, vec: &mut Vec<u8>) -> io::Result<usize> {
    Ok(rustix::io::read(file, rustix::buffer::spare_capacity(vec))?)
}

#[cfg(not(any(target_os = "illumos", target_os = "solaris")))]
fn try_lock(file: &File, lock: Lock) -> io::Result<bool> {
    use rustix::fs::FlockOperation;
    use rustix::io::Errno;
    let how = match lock {
        Lock::Exclusive => FlockOperation::NonBlockingLockExclusive,
        Lock::Shared => FlockOperation::NonBlockingLockShared,
    };
    match super::retry(|| Ok(rustix::fs::flock(file, how)?)) {
        Ok(()) => Ok(true),
        Err(error) if error.raw_os_error() == Some(Errno::WOULDBLOCK.raw_os_error()) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(not(any(target_os = "illumos", target_os = "solaris")))]
pub(super) fn release_lock(file: &File) -> io::Result<()> {
    super::retry(|| Ok(rustix::fs::flock(file, rustix::fs::FlockOperation::Unlock)?))
}

/// There are only locks of a whole process here, which would keep no two files of
/// one program apart.
#[cfg(any(target_os = "illumos", target_os = "solaris"))]
fn try_lock(_: &File, _: Lock) -> io::Result<bool> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(any(target_os = "illumos", target_os = "solaris"))]
pub(super) fn release_lock(_: &File) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
