//! Temporary files, and files that are replaced: a file gets its owner and its rights from
//! the folder; what is kept is whether it may be written.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;

pub(crate) use super::super::by_hand::rights::{
    Old, check_folder, check_link, link_unnamed, may_link_unnamed,
};

/// Where Python looks for a folder of temporary files when no variable says anything.
pub(crate) const TEMPORARY_FOLDERS: [&str; 4] = [r"C:\TEMP", r"C:\TMP", r"\TEMP", r"\TMP"];

/// Whether a file that is open cannot lose its name: it goes with the file.
pub(crate) const OPEN_FILES_KEEP_NAMES: bool = true;

fn both_directions(append: bool) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).append(append);
    options.create_new(true);
    options
}

/// Makes a file, never what is there already. The folder of the user is private.
pub(crate) fn create_new(path: &Path, append: bool, _: u32) -> io::Result<File> {
    both_directions(append).open(path)
}

/// What has no name is removed by the system with its last handle, however the process
/// ends, and is kept from the disk as far as memory allows.
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

/// Of permissions there is one here: the owner's to write.
pub(crate) fn set_mode_in(permissions: &mut Permissions, mode: u32) {
    permissions.set_readonly(mode & 0o200 == 0);
}

#[derive(Debug)]
pub(crate) struct Rights(Permissions);

impl Rights {
    /// Of what stands at a path. The system puts nothing in the place of a file that may
    /// not be written: better told while nothing was done for it.
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
