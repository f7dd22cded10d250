//! Making folders accessible on Linux, by descriptors.

use std::fs::{Permissions, set_permissions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, openat};

/// Gives the user all rights on `root` and every folder below. A symbolic link
/// that takes the place of a folder meanwhile is not followed.
pub(super) fn make_accessible(root: &Path) -> io::Result<()> {
    const FOLDER: OFlags = OFlags::DIRECTORY
        .union(OFlags::NOFOLLOW)
        .union(OFlags::CLOEXEC);
    let mut folders = vec![openat(CWD, root, FOLDER | OFlags::PATH, Mode::empty())?];
    while let Some(folder) = folders.pop() {
        let Ok(folder) = open_up(&folder, FOLDER) else {
            continue;
        };
        for entry in Dir::read_from(&folder)?.filter_map(Result::ok) {
            let name = entry.file_name();
            if entry.file_type() == FileType::Directory && name != c"." && name != c".." {
                folders.extend(openat(&folder, name, FOLDER | OFlags::PATH, Mode::empty()));
            }
        }
    }
    Ok(())
}

/// Sets the mode of a folder that perhaps cannot be opened: by the link in /proc,
/// which leads to just this folder.
fn open_up(folder: &OwnedFd, flags: OFlags) -> io::Result<OwnedFd> {
    let link = format!("/proc/self/fd/{}", folder.as_raw_fd());
    set_permissions(link, Permissions::from_mode(0o700))?;
    Ok(openat(
        folder.as_fd(),
        c".",
        flags | OFlags::RDONLY,
        Mode::empty(),
    )?)
}
