//! Temporary files, and files that replace others. A new file gets its owner and its rights
//! from the folder; of the old file, only whether it may be written is kept.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;

pub(crate) use super::super::by_hand::rights::{
    Old, check_folder, check_link, link_unnamed, may_link_unnamed,
};

/// The folders that Python tries for temporary files if no variable is set.
pub(crate) const TEMPORARY_FOLDERS: [&str; 4] = [r"C:\TEMP", r"C:\TMP", r"\TEMP", r"\TMP"];

/// Whether the name of an open file cannot be removed: it disappears with the file.
pub(crate) const OPEN_FILES_KEEP_NAMES: bool = true;

fn both_directions(append: bool) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).append(append);
    options.create_new(true);
    options
}

/// Makes a file, and fails if it exists. There is no mode: the folder decides who may open
/// it, and the temporary folder of a user is private.
pub(crate) fn create_new(path: &Path, append: bool, _: u32) -> io::Result<File> {
    both_directions(append).open(path)
}

/// Makes a file that the system removes with its last handle, however the process ends, and
/// that it keeps in memory as far as possible.
pub(crate) fn create_anonymous(path: &Path, append: bool, _: u32) -> io::Result<File> {
    const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
    const FILE_ATTRIBUTE_TEMPORARY: u32 = 0x100;
    both_directions(append)
        .custom_flags(FILE_FLAG_DELETE_ON_CLOSE)
        .attributes(FILE_ATTRIBUTE_TEMPORARY)
        .open(path)
}

pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().create(path)
}

/// Puts a mode into permissions. The only permission here is that of the owner to write.
pub(crate) fn set_mode_in(permissions: &mut Permissions, mode: u32) {
    permissions.set_readonly(mode & 0o200 == 0);
}

#[derive(Debug)]
pub(crate) struct Rights(Permissions);

impl Rights {
    /// The rights of the file at a path, which will be replaced. The system does not replace
    /// a file that may not be written, so that is reported before anything is done.
    pub(crate) fn of_old(old: &Old) -> io::Result<Self> {
        let permissions = old.metadata().permissions();
        if permissions.readonly() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(Self(permissions))
    }

    pub(crate) fn of_new(file: &File) -> io::Result<Self> {
        Ok(Self(file.metadata()?.permissions()))
    }

    pub(crate) fn set(&self, file: &File) -> io::Result<()> {
        file.set_permissions(self.0.clone())
    }
}
