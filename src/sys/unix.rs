//! Calls by path that all Unixes have, by rustix.

use std::ffi::OsString;
use std::fs::Metadata;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{self, AtFlags, Mode, OFlags, Timespec, Timestamps};
use rustix::io::Errno;

use super::{R_OK, StatVfs, W_OK, X_OK, retry, unsupported};

mod file;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux_kernel;
mod names;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod other_kernels;
mod path;
#[cfg(feature = "tempfile")]
mod rights;
#[cfg(feature = "stdio")]
mod stdio;
mod tree;

#[cfg(any(target_os = "linux", target_os = "android"))]
use self::linux_kernel as kernel;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
use self::other_kernels as kernel;

pub(crate) use self::file::{
    AsSystem, DEFAULT_MODE, FileId, Handle, OpenFile, access_of, change_lock, close,
    close_duplicate, create_destination, is_a_directory, is_plain, is_stream, kind, look, mode,
    open_destination, open_flags, open_source, read_at, read_spare, release_lock, seek, set_flags,
    set_mode, set_mode_of_new, write_at,
};
pub(crate) use self::kernel::{Copier, next_data, sendfile};
pub(crate) use self::names::Names;
#[cfg(all(feature = "tempfile", not(target_os = "linux")))]
pub(crate) use self::path::literal;
pub(crate) use self::path::{
    abspath, canonicalize, expand_user, is_literal, is_mount, names_folder,
};
#[cfg(feature = "tempfile")]
pub(crate) use self::rights::{
    OPEN_FILES_KEEP_NAMES, Old, Rights, TEMPORARY_FOLDERS, check_folder, check_link,
    create_anonymous, create_new, create_private_folder, link_unnamed, may_link_unnamed,
    set_mode_in,
};
#[cfg(feature = "stdio")]
pub(crate) use self::stdio::Standard;
pub(crate) use self::tree::remove_tree;

/// Whether lines of a text file end in `\r\n` on this system.
pub(crate) const LINES_END_IN_CRLF: bool = false;

/// Whether other threads go on while the values of the main thread are dropped.
pub(crate) const THREADS_OUTLIVE_MAIN: bool = true;

/// The folder that a relative path starts from.
#[derive(Debug, Default)]
pub(crate) enum Dir {
    /// The current one of the process.
    #[default]
    Current,
    /// A duplicate of the caller's descriptor, or the error of the duplication.
    Given(Result<OwnedFd, Errno>),
}

impl Dir {
    pub(crate) fn new(dir: impl AsFd) -> Self {
        Self::Given(rustix::io::fcntl_dupfd_cloexec(dir, 0))
    }

    /// Whether paths start from the current folder of the process.
    pub(crate) fn is_current(&self) -> bool {
        matches!(self, Self::Current)
    }

    pub(crate) fn get(&self) -> io::Result<BorrowedFd<'_>> {
        match self {
            Self::Current => Ok(fs::CWD),
            Self::Given(Ok(fd)) => Ok(fd.as_fd()),
            Self::Given(Err(errno)) => Err((*errno).into()),
        }
    }
}

/// Makes one call of rustix, and repeats it after a signal.
fn call<T>(mut f: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    retry(|| f().map_err(io::Error::from))
}

fn flags(follow: bool) -> AtFlags {
    if follow {
        AtFlags::empty()
    } else {
        AtFlags::SYMLINK_NOFOLLOW
    }
}

fn permissions(mode: u32) -> Mode {
    // The type of a mode differs between platforms.
    #[allow(clippy::useless_conversion, reason = "not useless on every Unix")]
    Mode::from_bits_truncate((mode & 0o7777).try_into().unwrap_or_default())
}

pub(crate) fn stat(dir: &Dir, path: &Path, follow: bool) -> io::Result<Metadata> {
    match dir {
        Dir::Current if follow => retry(|| std::fs::metadata(path)),
        Dir::Current => retry(|| std::fs::symlink_metadata(path)),
        // Only an open file gives a std `Metadata` of something in `dir`.
        Dir::Given(_) => {
            let file = kernel::open_for_stat(dir.get()?, path, follow)?;
            retry(|| file.metadata())
        }
    }
}

/// Opens a path relative to `dir`; it adds O_CLOEXEC to the flags.
fn open_at(
    dir: BorrowedFd<'_>,
    path: impl rustix::path::Arg + Copy,
    flags: OFlags,
) -> io::Result<OwnedFd> {
    call(|| fs::openat(dir, path, flags | OFlags::CLOEXEC, Mode::empty()))
}

pub(crate) fn statvfs(path: &Path) -> io::Result<StatVfs> {
    let vfs = call(|| fs::statvfs(path))?;
    Ok(StatVfs {
        f_bsize: vfs.f_bsize,
        f_frsize: vfs.f_frsize,
        f_blocks: vfs.f_blocks,
        f_bfree: vfs.f_bfree,
        f_bavail: vfs.f_bavail,
        f_files: vfs.f_files,
        f_ffree: vfs.f_ffree,
        f_favail: vfs.f_favail,
        // Drop the bit by which Linux says that the flags are valid, as libc does.
        f_flag: vfs.f_flag.bits() & !0x20,
        f_namemax: vfs.f_namemax,
        f_fsid: vfs.f_fsid,
    })
}

pub(crate) fn access(
    dir: &Dir,
    path: &Path,
    mode: u32,
    effective_ids: bool,
    follow: bool,
) -> io::Result<bool> {
    let dir = dir.get()?;
    if mode & !(R_OK | W_OK | X_OK) != 0 {
        return Ok(false);
    }
    // Bit by bit: the type of a mode differs between platforms.
    let mut asked = fs::Access::EXISTS;
    asked.set(fs::Access::READ_OK, mode & R_OK != 0);
    asked.set(fs::Access::WRITE_OK, mode & W_OK != 0);
    asked.set(fs::Access::EXEC_OK, mode & X_OK != 0);
    // Android's C library has no such flag.
    #[cfg(target_os = "android")]
    let effective = None;
    #[cfg(not(target_os = "android"))]
    let effective = Some(AtFlags::EACCESS);
    let flags = match effective {
        _ if !effective_ids => flags(follow),
        Some(effective) => flags(follow) | effective,
        None => return unsupported(),
    };
    Ok(call(|| fs::accessat(dir, path, asked, flags)).is_ok())
}

pub(crate) fn chmod(dir: &Dir, path: &Path, mode: u32, follow: bool) -> io::Result<()> {
    let dir = dir.get()?;
    match call(|| fs::chmodat(dir, path, permissions(mode), flags(follow))) {
        Err(error) if error.raw_os_error() == Some(Errno::OPNOTSUPP.raw_os_error()) => {
            unsupported()
        }
        result => result,
    }
}

pub(crate) fn chown(
    dir: &Dir,
    path: &Path,
    uid: Option<u32>,
    gid: Option<u32>,
    follow: bool,
) -> io::Result<()> {
    // To the system this number means "do not change", which is `None` here.
    if uid == Some(u32::MAX) || gid == Some(u32::MAX) {
        return Err(Errno::INVAL.into());
    }
    let dir = dir.get()?;
    let uid = uid.map(fs::Uid::from_raw);
    let gid = gid.map(fs::Gid::from_raw);
    call(|| fs::chownat(dir, path, uid, gid, flags(follow)))
}

pub(crate) fn utime(
    dir: &Dir,
    path: &Path,
    times: Option<(SystemTime, SystemTime)>,
    follow: bool,
) -> io::Result<()> {
    let dir = dir.get()?;
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: fs::UTIME_NOW,
    };
    let times = match times {
        None => Timestamps {
            last_access: now,
            last_modification: now,
        },
        Some((accessed, modified)) => Timestamps {
            last_access: timespec(accessed)?,
            last_modification: timespec(modified)?,
        },
    };
    call(|| fs::utimensat(dir, path, &times, flags(follow)))
}

fn timespec(time: SystemTime) -> io::Result<Timespec> {
    let (seconds, nanos) = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => (i64::try_from(after.as_secs()).ok(), after.subsec_nanos()),
        // Nanoseconds count forward from a second before 1970.
        Err(error) => {
            let before = error.duration();
            let seconds = i64::try_from(before.as_secs()).ok().map(|s| -s);
            match before.subsec_nanos() {
                0 => (seconds, 0),
                nanos => (seconds.map(|s| s - 1), 1_000_000_000 - nanos),
            }
        }
    };
    Ok(Timespec {
        tv_sec: seconds.ok_or(Errno::OVERFLOW)?,
        tv_nsec: nanos.into(),
    })
}

/// When the inode changed, Python's `st_ctime` on Unix.
pub(crate) fn ctime(metadata: &Metadata) -> io::Result<SystemTime> {
    let nanos = Duration::from_nanos(metadata.ctime_nsec().unsigned_abs());
    let seconds = Duration::from_secs(metadata.ctime().unsigned_abs());
    Ok(if metadata.ctime() < 0 {
        UNIX_EPOCH - seconds + nanos
    } else {
        UNIX_EPOCH + seconds + nanos
    })
}

pub(crate) fn rename(src_dir: &Dir, src: &Path, dst_dir: &Dir, dst: &Path) -> io::Result<()> {
    let (src_dir, dst_dir) = (src_dir.get()?, dst_dir.get()?);
    call(|| fs::renameat(src_dir, src, dst_dir, dst))
}

/// On Unix the same as `rename`.
pub(crate) fn replace(src_dir: &Dir, src: &Path, dst_dir: &Dir, dst: &Path) -> io::Result<()> {
    rename(src_dir, src, dst_dir, dst)
}

pub(crate) fn link(
    src_dir: &Dir,
    src: &Path,
    dst_dir: &Dir,
    dst: &Path,
    follow: bool,
) -> io::Result<()> {
    let (src_dir, dst_dir) = (src_dir.get()?, dst_dir.get()?);
    let flags = if follow {
        AtFlags::SYMLINK_FOLLOW
    } else {
        AtFlags::empty()
    };
    call(|| fs::linkat(src_dir, src, dst_dir, dst, flags))
}

pub(crate) fn symlink(
    target: &Path,
    dir: &Dir,
    path: &Path,
    _target_is_directory: bool,
) -> io::Result<()> {
    let dir = dir.get()?;
    call(|| fs::symlinkat(target, dir, path))
}

pub(crate) fn readlink(dir: &Dir, path: &Path) -> io::Result<PathBuf> {
    let dir = dir.get()?;
    let target = call(|| fs::readlinkat(dir, path, Vec::new()))?;
    Ok(OsString::from_vec(target.into_bytes()).into())
}

pub(crate) fn unlink(dir: &Dir, path: &Path) -> io::Result<()> {
    let dir = dir.get()?;
    call(|| fs::unlinkat(dir, path, AtFlags::empty()))
}

/// Only Windows has links that are for folders.
pub(crate) fn links_to_folder(_metadata: &Metadata) -> bool {
    false
}

pub(crate) fn rmdir(dir: &Dir, path: &Path) -> io::Result<()> {
    let dir = dir.get()?;
    call(|| fs::unlinkat(dir, path, AtFlags::REMOVEDIR))
}

pub(crate) fn mkdir(dir: &Dir, path: &Path, mode: u32) -> io::Result<()> {
    let dir = dir.get()?;
    call(|| fs::mkdirat(dir, path, permissions(mode)))
}

/// Whether a file has at least as many blocks as its size takes.
pub(crate) fn fills_blocks(metadata: &Metadata) -> bool {
    metadata.blocks().saturating_mul(512) >= metadata.len()
}

/// The inode, which the listing tells.
pub(crate) fn inode(entry: &std::fs::DirEntry) -> u64 {
    std::os::unix::fs::DirEntryExt::ino(entry)
}

/// The error of a path that goes through something that is no folder.
pub(crate) fn not_a_directory() -> io::Error {
    Errno::NOTDIR.into()
}

/// The error of links that lead back to where they start. Its `ErrorKind` has no
/// stable name.
pub(crate) fn link_loop() -> io::Error {
    Errno::LOOP.into()
}

/// The error of an open, unchanged; on other systems it has to be translated.
pub(crate) fn open_error(_path: &Path, error: io::Error) -> io::Error {
    error
}

/// Makes the names in a folder durable.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    Folder::open(path)?.sync()
}

/// A folder whose names are to be brought to the device.
#[derive(Debug)]
pub(crate) struct Folder(std::fs::File);

impl Folder {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        // O_DIRECTORY: an open of a FIFO would wait.
        let flags = OFlags::DIRECTORY.bits() as i32;
        let mut options = std::fs::OpenOptions::new();
        retry(|| options.read(true).custom_flags(flags).open(path)).map(Self)
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        retry(|| self.0.sync_all())
    }
}
