//! What all Unixes have, by rustix.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{self, AtFlags, Mode, OFlags, Timespec, Timestamps};
use rustix::io::Errno;

use super::{retry, unsupported};
use crate::os::{R_OK, StatVfs, W_OK, X_OK};

mod close;

pub(crate) use self::close::{close, close_duplicate};

/// The folder that a relative path starts from.
#[derive(Debug, Default)]
pub(crate) enum Dir {
    /// The current one of the process.
    #[default]
    Current,
    /// A duplicate of the caller's, or why there is none.
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

pub(crate) use std::os::fd::AsFd as AsSystem;

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
        let stat = fs::fstat(self.get()?)?;
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
        Ok(Self::of(&file.metadata()?))
    }

    /// Of what is at `path`, through links.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        Ok(Self::of(&retry(|| std::fs::metadata(path))?))
    }
}

/// One call of rustix, again after a signal.
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
        Dir::Given(_) => open_for_stat(dir.get()?, path, follow)?.metadata(),
    }
}

/// Opens with flags that the platform has for it.
pub(super) fn open_at(
    dir: BorrowedFd<'_>,
    path: impl rustix::path::Arg + Copy,
    flags: OFlags,
) -> io::Result<OwnedFd> {
    call(|| fs::openat(dir, path, flags | OFlags::CLOEXEC, Mode::empty()))
}

use super::open_for_stat;

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
        // Without Linux's mark that the flags are valid, which libc hides too.
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
    // All ones means "leave it", which is what `None` is for.
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

pub(crate) fn rmdir(dir: &Dir, path: &Path) -> io::Result<()> {
    let dir = dir.get()?;
    call(|| fs::unlinkat(dir, path, AtFlags::REMOVEDIR))
}

pub(crate) fn mkdir(dir: &Dir, path: &Path, mode: u32) -> io::Result<()> {
    let dir = dir.get()?;
    call(|| fs::mkdirat(dir, path, permissions(mode)))
}

/// The inode, known from the listing itself.
pub(crate) fn inode(entry: &std::fs::DirEntry) -> u64 {
    std::os::unix::fs::DirEntryExt::ino(entry)
}

/// Opens a file to copy from. Never waits for the other end of a FIFO.
pub(crate) fn open_source(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits() as i32;
    std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
}

/// Makes a file to copy to; it fails if anything is there, a link to nothing too.
pub(crate) fn create_destination(path: &Path, mode: u32) -> io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(mode).open(path)
}

/// Opens a file to copy to as it is. Never waits for the reader of a FIFO.
pub(crate) fn open_destination(path: &Path) -> io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
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
    file.set_permissions(std::fs::Permissions::from_mode(mode))
}

pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    retry(|| file.read_at(buffer, offset))
}

pub(crate) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    file.write_all_at(bytes, offset)
}

/// Whether it is a FIFO or socket: nothing whose content could be copied.
pub(crate) fn is_stream(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    kind.is_fifo() || kind.is_socket()
}

/// The error of a path that goes on behind what is no folder.
pub(crate) fn not_a_directory() -> io::Error {
    Errno::NOTDIR.into()
}

/// The error of links that lead back to where they start. Its `ErrorKind` has no
/// stable name.
pub(crate) fn link_loop() -> io::Error {
    Errno::LOOP.into()
}

/// The error of an open; elsewhere it takes a look to say what is meant.
pub(crate) fn open_error(_path: &Path, error: io::Error) -> io::Error {
    error
}

/// Makes the names in a folder durable.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    Folder::open(path)?.sync()
}

/// A folder whose names are to be brought to the device.
#[derive(Debug)]
pub(crate) struct Folder(File);

impl Folder {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        // Nothing else is opened: a FIFO would wait.
        let flags = OFlags::DIRECTORY.bits() as i32;
        let mut options = std::fs::OpenOptions::new();
        retry(|| options.read(true).custom_flags(flags).open(path)).map(Self)
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        retry(|| self.0.sync_all())
    }
}

/// Joins with the current folder and resolves `.` and `..` by name only, as
/// Python's `posixpath.abspath`.
pub(crate) fn abspath(path: &Path) -> io::Result<PathBuf> {
    let path = if path.is_absolute() {
        path.to_path_buf()
    } else {
        std::env::current_dir()?.join(path)
    };
    Ok(normpath(&path))
}

fn normpath(path: &Path) -> PathBuf {
    let bytes = path.as_os_str().as_bytes();
    // POSIX gives exactly two slashes a meaning of their own.
    let two = bytes.starts_with(b"//") && !bytes.starts_with(b"///");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in bytes.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    let mut normal = if two { b"//".to_vec() } else { b"/".to_vec() };
    normal.extend_from_slice(&parts.join(&b'/'));
    OsString::from_vec(normal).into()
}

/// Whether something is mounted at `path`, as Python's `posixpath.ismount`.
pub(crate) fn is_mount(path: &Path) -> io::Result<bool> {
    let here = retry(|| std::fs::symlink_metadata(path))?;
    if here.is_symlink() {
        return Ok(false);
    }
    let above = retry(|| std::fs::symlink_metadata(path.join("..")))?;
    Ok(here.dev() != above.dev() || here.ino() == above.ino())
}

/// The path with `~` or `~user` at its start replaced by a home folder, and all that is
/// behind as it is; `None` where there is nothing to replace. As CPython's `posixpath`.
#[allow(
    deprecated,
    reason = "`home_dir` is as it should be; deprecated before Rust 1.87"
)]
pub(crate) fn expand_user(path: &Path) -> Option<PathBuf> {
    let bytes = path.as_os_str().as_bytes();
    let behind = bytes.strip_prefix(b"~")?;
    let end = behind.iter().position(|&byte| byte == b'/');
    let (user, rest) = behind.split_at(end.unwrap_or(behind.len()));
    let home = if user.is_empty() {
        std::env::home_dir()?
    } else {
        home_of(OsStr::from_bytes(user))?
    };
    let mut home = home.into_os_string().into_vec();
    while home.last() == Some(&b'/') {
        home.pop();
    }
    home.extend_from_slice(rest);
    if home.is_empty() {
        home.push(b'/');
    }
    Some(OsString::from_vec(home).into())
}

/// The home of a user by name, from `/etc/passwd`.
fn home_of(user: &std::ffi::OsStr) -> Option<PathBuf> {
    let table = std::fs::read("/etc/passwd").ok()?;
    table.split(|&byte| byte == b'\n').find_map(|line| {
        let mut fields = line.split(|&byte| byte == b':');
        if fields.next()? != user.as_bytes() {
            return None;
        }
        let home = fields.nth(4)?;
        Some(OsString::from_vec(home.to_vec()).into())
    })
}

/// Whether a path ends so that only a folder can be meant.
pub(crate) fn names_folder(path: &Path) -> bool {
    path.as_os_str().as_bytes().ends_with(b"/")
}
