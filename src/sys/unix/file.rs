//! Open files: opening, what they are, positional I/O, locks, closing.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{self, FileType, OFlags, RawMode};
use rustix::io::Errno;

pub(crate) use std::os::fd::AsFd as AsSystem;

use super::super::lock::Locks;
use super::super::nowait::Misses;
use super::super::{Access, Kind, Lock, Wait, linux, retry};

/// Sets the mode of a file that is created, less the umask.
pub(crate) fn set_mode_of_new(options: &mut OpenOptions, mode: u32) {
    options.mode(mode);
}

/// Passes flags of open(2) besides those that the mode asks for.
pub(crate) fn set_flags(options: &mut OpenOptions, flags: i32) {
    options.custom_flags(flags);
}

/// The flags of open(2) that stand for what a mode asks for: to read, to write, and to
/// append, truncate, create, and create only what is not there.
pub(crate) fn open_flags(read: bool, write: bool, more: [bool; 4]) -> i32 {
    let access = match (read, write) {
        (true, true) => OFlags::RDWR,
        (false, true) => OFlags::WRONLY,
        (_, false) => OFlags::RDONLY,
    };
    let [append, truncate, create, create_new] = more;
    let more = [
        (append, OFlags::APPEND),
        (truncate, OFlags::TRUNC),
        (create, OFlags::CREATE),
        (create_new, OFlags::EXCL),
    ];
    let more = more.into_iter().filter(|(asked, _)| *asked);
    let flags = more.fold(access | OFlags::CLOEXEC, |flags, (_, flag)| flags | flag);
    flags.bits() as i32
}

/// What open(2) says of a directory, where it does not say it itself.
pub(crate) fn is_a_directory() -> io::Error {
    Errno::ISDIR.into()
}

/// Opens a file to copy from. Never waits for the other end of a FIFO.
pub(crate) fn open_source(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits() as i32;
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// Makes a file to copy to; it fails if anything is there, a link to nothing too.
pub(crate) fn create_destination(path: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode).open(path)
}

/// Opens a file to copy to as it is. Never waits for the reader of a FIFO.
pub(crate) fn open_destination(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let flags = OFlags::NONBLOCK.bits() as i32;
    options.write(true).custom_flags(flags).open(path)
}

/// Permission bits, with those for set-user-ID and the like.
pub(crate) fn mode(metadata: &Metadata) -> u32 {
    metadata.mode() & 0o7777
}

/// The mode of a file that is made without being told one.
pub(crate) const DEFAULT_MODE: u32 = 0o666;

pub(crate) fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    retry(|| file.set_permissions(std::fs::Permissions::from_mode(mode)))
}

/// Whether it is a FIFO or socket: nothing whose content could be copied.
pub(crate) fn is_stream(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    kind.is_fifo() || kind.is_socket()
}

/// A descriptor of the call's own, made when the call is.
#[derive(Debug)]
pub(crate) struct Handle(Result<OwnedFd, Errno>);

impl Handle {
    pub(crate) fn new(fd: impl AsFd) -> Self {
        Self(rustix::io::fcntl_dupfd_cloexec(fd, 0))
    }

    pub(crate) fn get(&self) -> io::Result<BorrowedFd<'_>> {
        match &self.0 {
            Ok(fd) => Ok(fd.as_fd()),
            Err(errno) => Err((*errno).into()),
        }
    }

    pub(crate) fn file_id(&self) -> io::Result<FileId> {
        let handle = self.get()?;
        let stat = retry(|| Ok(fs::fstat(handle)?))?;
        // Their types differ between platforms.
        #[allow(clippy::unnecessary_cast, reason = "not unnecessary on every Unix")]
        Ok(FileId(stat.st_dev as u64, stat.st_ino as u64))
    }
}

/// What tells one file from all others: device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId(u64, u64);

impl FileId {
    fn of(metadata: &Metadata) -> Self {
        Self(metadata.dev(), metadata.ino())
    }

    /// Of an open file; other platforms need its path.
    pub(crate) fn of_open(file: &File, _path: &Path) -> io::Result<Self> {
        Ok(Self::of(&retry(|| file.metadata())?))
    }

    /// Of what is at `path`, through links.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        Ok(Self::of(&retry(|| std::fs::metadata(path))?))
    }
}

/// What belongs to an open file, whichever of its handles is used, and is not told by
/// the system.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenFile(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    locks: Locks,
    misses: Misses,
}

/// Whoever has it uses the cursor alone.
#[derive(Debug)]
pub(crate) struct Turn;

impl OpenFile {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Positional I/O does not move the cursor, so nobody waits.
    pub(crate) fn turn(&self) -> Turn {
        Turn
    }

    /// The lock of the file.
    pub(crate) fn locks(&self) -> &Locks {
        &self.0.locks
    }

    /// What reads without a job found, through all handles: what the page cache has is
    /// that of the file.
    pub(crate) fn misses(&self) -> &Misses {
        &self.0.misses
    }
}

/// Takes a lock, in place of the one that is `held`; `false` if another open file has
/// one that is in the way.
pub(crate) fn change_lock(
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

/// Moves the cursor; to before the start is `InvalidInput`.
pub(crate) fn seek(mut file: &File, pos: SeekFrom) -> io::Result<u64> {
    file.seek(pos)
}

/// Does not move the cursor.
pub(crate) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    FileExt::read_at(file, buf, offset)
}

/// Does not move the cursor.
pub(crate) fn write_at(file: &File, buf: &[u8], offset: u64) -> io::Result<usize> {
    FileExt::write_at(file, buf, offset)
}

/// How a descriptor was opened. Does not wait. See fcntl(2).
pub(crate) fn access_of(file: &File) -> io::Result<Access> {
    let flags = fs::fcntl_getfl(file)?;
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

/// Whether a read at the cursor that nobody asked for has no effect on anything else:
/// a regular file, with a page cache (not opened with O_DIRECT), and a cursor of its own.
pub(crate) fn is_plain(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file())
        && access_of(file).is_ok_and(|access| !access.direct)
}

/// What an open file is. Does not wait where the system has a way to ask so.
pub(crate) fn kind(file: &File) -> Kind {
    file_type(file).map_or(Kind::Other, kind_of_type)
}

/// The same, with all else that the system tells of it.
pub(crate) fn look(file: &File) -> io::Result<(Kind, Option<Metadata>)> {
    let metadata = retry(|| file.metadata())?;
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

/// From what is in memory, where the system tells that: of a file on a network the type
/// stays too.
fn file_type(file: &File) -> Option<FileType> {
    if let Some(mode) = linux::mode_in_memory(file) {
        return Some(FileType::from_raw_mode(mode as RawMode));
    }
    let seen = fs::fstat(file).ok()?;
    Some(FileType::from_raw_mode(seen.st_mode))
}

/// Reads into spare capacity, which need not be cleared first.
pub(crate) fn read_spare(file: &File, vec: &mut Vec<u8>) -> io::Result<usize> {
    Ok(rustix::io::read(file, rustix::buffer::spare_capacity(vec))?)
}

#[cfg(not(any(target_os = "illumos", target_os = "solaris")))]
fn try_lock(file: &File, lock: Lock) -> io::Result<bool> {
    use rustix::fs::FlockOperation;
    let how = match lock {
        Lock::Exclusive => FlockOperation::NonBlockingLockExclusive,
        Lock::Shared => FlockOperation::NonBlockingLockShared,
    };
    match retry(|| Ok(fs::flock(file, how)?)) {
        Ok(()) => Ok(true),
        Err(error) if error.raw_os_error() == Some(Errno::WOULDBLOCK.raw_os_error()) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(not(any(target_os = "illumos", target_os = "solaris")))]
/// Gives up the lock, if there is one.
pub(crate) fn release_lock(file: &File) -> io::Result<()> {
    retry(|| Ok(fs::flock(file, fs::FlockOperation::Unlock)?))
}

/// There are only locks of a whole process here, which would keep no two files of
/// one program apart.
#[cfg(any(target_os = "illumos", target_os = "solaris"))]
fn try_lock(_: &File, _: Lock) -> io::Result<bool> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(any(target_os = "illumos", target_os = "solaris"))]
pub(crate) fn release_lock(_: &File) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Closes, and tells what the system says: of writes that failed late, as those over a
/// quota or over a network do, that may be the only word. Closed it is in any case,
/// and never closed again.
pub(crate) fn close(file: impl Into<OwnedFd>) -> io::Result<()> {
    match nix::unistd::close(file.into()) {
        // The descriptor is gone, and somebody else may have its number by now.
        Ok(()) | Err(nix::errno::Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Tells what a close would say, for a file that stays open, or that others close: a
/// duplicate is closed. Where there are too many open files for one, the bytes are
/// brought to the device, which says no less.
pub(crate) fn close_duplicate(file: impl AsFd) -> io::Result<()> {
    match rustix::io::fcntl_dupfd_cloexec(&file, 0) {
        Ok(duplicate) => close(duplicate),
        Err(_) => match retry(|| Ok(fs::fsync(&file)?)) {
            // A pipe or a terminal has no device; see fsync(2).
            Err(error)
                if matches!(
                    error.raw_os_error().map(Errno::from_raw_os_error),
                    Some(Errno::INVAL | Errno::ROFS | Errno::NOTSUP)
                ) =>
            {
                Ok(())
            }
            done => done,
        },
    }
}
