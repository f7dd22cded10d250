//! Files that never have a name (O_TMPFILE), and a way to make folders accessible that
//! works by descriptors.

use std::ffi::CString;
use std::fs::{File, OpenOptions, Permissions, set_permissions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, fstat, openat};
use rustix::io::Errno;
use rustix::path::Arg;

use super::super::retry;

/// Makes a file without a name, open for both directions. `None` if the file system or the
/// kernel does not support that.
pub(crate) fn unnamed(dir: &Path, append: bool, mode: u32) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).append(append).mode(mode);
    options.custom_flags(OFlags::TMPFILE.bits() as i32);
    match retry(|| options.open(dir)) {
        Ok(file) => Ok(Some(file)),
        Err(error) => match error.raw_os_error().map(Errno::from_raw_os_error) {
            // These three errors mean that it is not supported; see open(2). The third
            // one also means that the folder is missing: then the next attempt, with a
            // name, fails with it again.
            Some(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT) => Ok(None),
            _ => Err(error),
        },
    }
}

const FOLDER: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// A folder on the way to the one that is open.
struct Frame {
    /// Device and inode, to recognise the folder.
    id: (u64, u64),
    /// The folders in it that were not entered yet.
    folders: Vec<CString>,
}

/// Gives the user all rights on `root` and every folder below it. It does not follow a
/// symbolic link, not even one that takes the place of a folder meanwhile.
///
/// Only the innermost folder is open, however deep or wide the tree is. The folder above it
/// is opened again by `..`, and must still be the same folder.
pub(crate) fn make_accessible(root: &Path) -> io::Result<()> {
    let mut open = open_up(open_below(CWD, root)?)?;
    let mut frames = vec![frame(&open)?];
    while let Some(innermost) = frames.last_mut() {
        if let Some(name) = innermost.folders.pop() {
            // Skip a folder that is gone or belongs to another user: the removal reports it.
            let below = open_below(&open, &*name).and_then(open_up);
            if let Ok(below) = below {
                if let Ok(frame) = frame(&below) {
                    frames.push(frame);
                    open = below;
                }
            }
            continue;
        }
        frames.pop();
        if let Some(above) = frames.last() {
            open = retry(|| {
                Ok(openat(
                    &open,
                    c"..",
                    FOLDER | OFlags::RDONLY,
                    Mode::empty(),
                )?)
            })?;
            if id(&open)? != above.id {
                return Err(io::Error::other("the folder was moved"));
            }
        }
    }
    Ok(())
}

/// Opens a folder for what can be done without any right on it.
fn open_below(folder: impl AsFd, name: impl Arg + Copy) -> io::Result<OwnedFd> {
    retry(|| Ok(openat(&folder, name, FOLDER | OFlags::PATH, Mode::empty())?))
}

fn id(folder: &OwnedFd) -> io::Result<(u64, u64)> {
    let stat = retry(|| Ok(fstat(folder)?))?;
    // Their types differ between processors.
    #[allow(
        clippy::unnecessary_cast,
        reason = "not unnecessary on every processor"
    )]
    Ok((stat.st_dev as u64, stat.st_ino as u64))
}

fn frame(folder: &OwnedFd) -> io::Result<Frame> {
    let mut folders = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        // Some file systems do not tell the type; to open the entry as a folder tells it.
        let maybe = matches!(entry.file_type(), FileType::Directory | FileType::Unknown);
        if maybe && name != c"." && name != c".." {
            folders.push(name.to_owned());
        }
    }
    let id = id(folder)?;
    Ok(Frame { id, folders })
}

/// Sets the mode of a folder that may not be readable. It uses the link in /proc, which
/// leads to exactly this folder.
fn open_up(folder: OwnedFd) -> io::Result<OwnedFd> {
    let link = format!("/proc/self/fd/{}", folder.as_raw_fd());
    retry(|| set_permissions(&link, Permissions::from_mode(0o700)))?;
    let flags = FOLDER | OFlags::RDONLY;
    retry(|| Ok(openat(&folder, c".", flags, Mode::empty())?))
}
