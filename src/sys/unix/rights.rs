//! Temporary files, and the owner, attributes and mode of a file that is replaced.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use super::super::retry;
use super::file::{mode, set_mode};
use super::kernel::rights::{Attribute, access_list, set_attributes};
pub(crate) use super::kernel::rights::{
    Old, check_folder, check_link, link_unnamed, may_link_unnamed,
};

/// The folders that Python tries for temporary files if no variable is set.
pub(crate) const TEMPORARY_FOLDERS: [&str; 3] = ["/tmp", "/var/tmp", "/usr/tmp"];

/// Whether the name of an open file cannot be removed.
pub(crate) const OPEN_FILES_KEEP_NAMES: bool = false;

/// Makes a file, and fails if it exists. It is open for both directions, whatever the mode
/// of the file above is.
pub(crate) fn create_new(path: &Path, append: bool, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).append(append).mode(mode);
    retry(|| options.create_new(true).open(path))
}

/// Makes a file that will have no name.
pub(crate) fn create_anonymous(path: &Path, append: bool, mode: u32) -> io::Result<File> {
    create_new(path, append, mode)
}

/// Makes a folder that only its user can enter.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    retry(|| DirBuilder::new().mode(0o700).create(path))
}

/// Puts the bits of a mode into permissions.
pub(crate) fn set_mode_in(permissions: &mut Permissions, mode: u32) {
    permissions.set_mode(mode & 0o7777);
}

/// Owner, mode and extended attributes of a file.
#[derive(Debug)]
pub(crate) struct Rights {
    /// User and group; `None`: those of the process that makes the file.
    owner: Option<(u32, u32)>,
    mode: u32,
    attributes: Vec<Attribute>,
}

impl Rights {
    /// The rights of the file at a path, which will be replaced.
    pub(crate) fn of_old(old: &Old) -> io::Result<Self> {
        let metadata = old.metadata();
        Ok(Self {
            owner: Some((metadata.uid(), metadata.gid())),
            mode: mode(metadata),
            attributes: old.attributes()?,
        })
    }

    /// The rights of a file that was just made.
    pub(crate) fn of_new(file: &File) -> io::Result<Self> {
        Ok(Self {
            owner: None,
            mode: mode(&retry(|| file.metadata())?),
            attributes: access_list(file)?.into_iter().collect(),
        })
    }

    /// Sets these rights on `file`, which only its user could open until now.
    ///
    /// The order matters. The `user.*` attributes come first, as long as the file is
    /// certainly ours. Then the owner, since that call removes set-user-ID bits and
    /// capabilities. Then the other attributes, which include the ACL. The mode comes last,
    /// as its group bits are the mask of the ACL.
    pub(crate) fn set(&self, file: &File) -> io::Result<()> {
        set_attributes(file, &self.attributes, true)?;
        let mode = match self.owner {
            Some((uid, gid)) => self.mode_as_owned_by(file, uid, gid)?,
            None => self.mode,
        };
        set_attributes(file, &self.attributes, false)?;
        set_mode(file, mode)
    }

    /// Changes the owner, as far as that is allowed, and returns a mode with which nobody
    /// has more rights than on the old file.
    fn mode_as_owned_by(&self, file: &File, uid: u32, gid: u32) -> io::Result<u32> {
        let new = retry(|| file.metadata())?;
        if (new.uid(), new.gid()) == (uid, gid)
            || retry(|| fchown(file, Some(uid), Some(gid))).is_ok()
        {
            return Ok(self.mode);
        }
        // The owner is another one, so drop the set-user-ID bit and its like: they would
        // lend the rights of the new owner.
        let mode = self.mode & 0o777;
        // A process may give its file to any group that it is a member of.
        if new.gid() == gid || retry(|| fchown(file, None, Some(gid))).is_ok() {
            return Ok(mode);
        }
        if self.attributes.iter().any(Attribute::is_access_list) {
            let error = "the ACL is of a group that a new file cannot be given to";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, error));
        }
        // The group is another one: the group and others get only the rights that both had.
        let both = (mode >> 3) & mode & 0o7;
        Ok(mode & 0o700 | both << 3 | both)
    }
}
