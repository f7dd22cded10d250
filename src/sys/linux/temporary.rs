//! Files that never have a name (O_TMPFILE), and folders that are made accessible, by
//! descriptors.

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

/// A file without a name, open for both directions; `None` where the file system, or an
/// old kernel, has none.
pub(crate) fn unnamed(dir: &Path, append: bool, mode: u32) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).append(append).mode(mode);
    options.custom_flags(OFlags::TMPFILE.bits() as i32);
    match retry(|| options.open(dir)) {
        Ok(file) => Ok(Some(file)),
        Err(error) => match error.raw_os_error().map(Errno::from_raw_os_error) {
            // The three ways to say that it is not supported; see open(2). A folder
            // that is not there says the third too: creating in it says it again.
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
    /// Device and inode, to know it again.
    id: (u64, u64),
    /// The folders in it that were not entered yet.
    folders: Vec<CString>,
}

/// Gives the user all rights on `root` and every folder below. A symbolic link
/// that takes the place of a folder meanwhile is not followed.
///
/// Only the innermost folder is open, however deep or wide the tree is; the one
/// above is opened again by `..`, if that is still the same.
pub(crate) fn make_accessible(root: &Path) -> io::Result<()> {
    let mut open = open_up(open_below(CWD, root)?)?;
    let mut frames = vec![frame(&open)?];
    while let Some(innermost) = frames.last_mut() {
        if let Some(name) = innermost.folders.pop() {
            // One that is gone, or somebody else's, is for the removal to tell of.
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
        // Some file systems do not say: opening it as a folder does.
        let maybe = matches!(entry.file_type(), FileType::Directory | FileType::Unknown);
        if maybe && name != c"." && name != c".." {
            folders.push(name.to_owned());
        }
    }
    let id = id(folder)?;
    Ok(Frame { id, folders })
}

/// Sets the mode of a folder that perhaps cannot be opened: by the link in /proc,
/// which leads to just this folder.
fn open_up(folder: OwnedFd) -> io::Result<OwnedFd> {
    let link = format!("/proc/self/fd/{}", folder.as_raw_fd());
    retry(|| set_permissions(&link, Permissions::from_mode(0o700)))?;
    let flags = FOLDER | OFlags::RDONLY;
    retry(|| Ok(openat(&folder, c".", flags, Mode::empty())?))
}
