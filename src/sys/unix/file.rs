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
use super::super::{Access, Kind, Lock, Seen, Wait, linux, retry};

/// Sets the mode of a file that is created, less the umask.
pub(crate) fn set_mode_of_new(options: &mut OpenOptions, mode: u32) {
    options.mode(mode);
}

/// Passes flags of open(2) besides those that the mode asks for.
pub(crate) fn set_flags(options: &mut OpenOptions, flags: i32) {
    options.custom_flags(flags);
}

/// The flags of open(2) for a mode. `more` says whether to append, to truncate, to create,
/// and to fail if the file exists.
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

/// The error of open(2) for a directory, for opens that do not fail by themselves.
pub(crate) fn is_a_directory() -> io::Error {
    Errno::ISDIR.into()
}

/// Opens a file to copy from. Never waits for the other end of a FIFO.
pub(crate) fn open_source(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits() as i32;
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// Makes a file to copy to. It fails if anything exists at the path, even a link to nothing.
pub(crate) fn create_destination(path: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode).open(path)
}

/// Opens an existing file to copy to, without truncating it. It never waits for the reader
/// of a FIFO.
pub(crate) fn open_destination(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let flags = OFlags::NONBLOCK.bits() as i32;
    options.write(true).custom_flags(flags).open(path)
}

/// The permission bits, with set-user-ID, set-group-ID and the sticky bit.
pub(crate) fn mode(metadata: &Metadata) -> u32 {
    metadata.mode() & 0o7777
}

/// The mode of a new file unless one is given, before the umask.
pub(crate) const DEFAULT_MODE: u32 = 0o666;

pub(crate) fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    retry(|| file.set_permissions(std::fs::Permissions::from_mode(mode)))
}

/// Whether it is a FIFO or a socket, whose content cannot be copied.
pub(crate) fn is_stream(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    kind.is_fifo() || kind.is_socket()
}

/// A duplicate of the caller's descriptor, or the error of the duplication. It is made when
/// the call is made, so the call borrows nothing.
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

/// The identity of a file: device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId(u64, u64);

impl FileId {
    fn of(metadata: &Metadata) -> Self {
        Self(metadata.dev(), metadata.ino())
    }

    /// The identity of an open file. (Other platforms need its path.)
    pub(crate) fn of_open(file: &File, _path: &Path) -> io::Result<Self> {
        Ok(Self::of(&retry(|| file.metadata())?))
    }

    /// The identity of what is at `path`; links are followed.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        Ok(Self::of(&retry(|| std::fs::metadata(path))?))
    }
}

/// What all handles of one open file share and the system does not tell.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenFile(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    locks: Locks,
    misses: Misses,
}

/// While it lives, nobody else uses the cursor.
#[derive(Debug)]
pub(crate) struct Turn;

impl OpenFile {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Positional calls do not move the cursor here, so nobody has to wait.
    pub(crate) fn turn(&self) -> Turn {
        Turn
    }

    /// The lock of the file.
    pub(crate) fn locks(&self) -> &Locks {
        &self.0.locks
    }

    /// The results of nowait reads through all handles: what the page cache has is
    /// that of the file.
    pub(crate) fn misses(&self) -> &Misses {
        &self.0.misses
    }
}

/// Takes a lock, which replaces the one that is `held`. Returns `false` if the lock of
/// another open file is in the way.
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
    // The system releases the old lock before it tries to take the new one, so the file has
    // no lock now.
    if let Some(before) = before {
        *held = None;
        // Take the old lock back, unless the call waits: two calls that kept their locks
        // and waited for each other would wait for ever.
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

/// Moves the cursor. A position before the start is `InvalidInput`.
pub(crate) fn seek(mut file: &File, pos: SeekFrom) -> io::Result<u64> {
    file.seek(pos)
}

/// Reads at `offset`; the cursor does not move.
pub(crate) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    FileExt::read_at(file, buf, offset)
}

/// Writes at `offset`; the cursor does not move.
pub(crate) fn write_at(file: &File, buf: &[u8], offset: u64) -> io::Result<usize> {
    FileExt::write_at(file, buf, offset)
}

/// How a descriptor was opened; see fcntl(2). It does not wait.
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

/// Whether a file can be read ahead without any effect on others: it is a regular file with
/// a cursor of its own, and uses the page cache (it was not opened with O_DIRECT).
pub(crate) fn is_plain(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file())
        && access_of(file).is_ok_and(|access| !access.direct)
}

/// The kind of an open file. It does not wait, if the system has such a call.
pub(crate) fn kind(file: &File) -> Kind {
    file_type(file).map_or(Kind::Other, kind_of_type)
}

/// What was opened, and where. It blocks: call it only in a job.
pub(crate) fn look(file: &File) -> io::Result<Seen> {
    let (mode, local) = match linux::look(file) {
        Some(seen) => seen,
        None => (retry(|| file.metadata())?.mode(), false),
    };
    let kind = kind_of_type(FileType::from_raw_mode(mode as RawMode));
    Ok(Seen { kind, local })
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

/// The type of an open file: as it is in memory, if the system tells that, since it cannot
/// be out of date, not even on a network.
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
/// Releases the lock, if there is one.
pub(crate) fn release_lock(file: &File) -> io::Result<()> {
    retry(|| Ok(fs::flock(file, fs::FlockOperation::Unlock)?))
}

/// This system only has locks that belong to the whole process: they would not work between
/// two files of one program.
#[cfg(any(target_os = "illumos", target_os = "solaris"))]
fn try_lock(_: &File, _: Lock) -> io::Result<bool> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(any(target_os = "illumos", target_os = "solaris"))]
pub(crate) fn release_lock(_: &File) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Closes, and returns the error of the system. A write that fails late, because of a quota
/// or on a network, may be reported here and nowhere else. The descriptor is closed even if
/// this fails, and must not be closed again.
pub(crate) fn close(file: impl Into<OwnedFd>) -> io::Result<()> {
    match nix::unistd::close(file.into()) {
        // Even then the descriptor is closed, and another thread may have got its number.
        Ok(()) | Err(nix::errno::Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Returns the error that a close would report, for a file that stays open or that others
/// will close: it closes a duplicate. If there are too many open files for a duplicate, it
/// flushes the file to the device, which reports at least as much.
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
