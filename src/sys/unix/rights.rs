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

/// Where Python looks for a folder of temporary files when no variable says anything.
pub(crate) const TEMPORARY_FOLDERS: [&str; 3] = ["/tmp", "/var/tmp", "/usr/tmp"];

/// Whether a file that is open cannot lose its name.
pub(crate) const OPEN_FILES_KEEP_NAMES: bool = false;

/// Makes a file, never what is there already. For both directions, whatever the mode of
/// the file above.
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

/// Who may do what with a file, and what else is noted about it.
#[derive(Debug)]
pub(crate) struct Rights {
    /// `None`: of the user who makes it.
    owner: Option<(u32, u32)>,
    mode: u32,
    attributes: Vec<Attribute>,
}

impl Rights {
    /// Of what stands at a path.
    pub(crate) fn of_old(old: &Old) -> io::Result<Self> {
        let metadata = old.metadata();
        Ok(Self {
            owner: Some((metadata.uid(), metadata.gid())),
            mode: mode(metadata),
            attributes: old.attributes()?,
        })
    }

    /// Of a file that was just made.
    pub(crate) fn of_new(file: &File) -> io::Result<Self> {
        Ok(Self {
            owner: None,
            mode: mode(&retry(|| file.metadata())?),
            attributes: access_list(file)?.into_iter().collect(),
        })
    }

    /// Gives them to `file`, which so far only its user can open.
    ///
    /// The user's own attributes come first, while the file certainly is ours; then
    /// the owner, which takes set-user-ID bits and capabilities away; then the other
    /// attributes, the ACL among them; then the mode, whose bits of the group are the
    /// mask of the ACL.
    pub(crate) fn set(&self, file: &File) -> io::Result<()> {
        set_attributes(file, &self.attributes, true)?;
        let mode = match self.owner {
            Some((uid, gid)) => self.mode_as_owned_by(file, uid, gid)?,
            None => self.mode,
        };
        set_attributes(file, &self.attributes, false)?;
        set_mode(file, mode)
    }

    /// Changes the owner, as far as that is allowed, and tells the mode that gives
    /// nobody more than the old file did.
    fn mode_as_owned_by(&self, file: &File, uid: u32, gid: u32) -> io::Result<u32> {
        let new = retry(|| file.metadata())?;
        if (new.uid(), new.gid()) == (uid, gid)
            || retry(|| fchown(file, Some(uid), Some(gid))).is_ok()
        {
            return Ok(self.mode);
        }
        // A file of another owner does not lend that owner's rights.
        let mode = self.mode & 0o777;
        // A member may give a file to a group.
        if new.gid() == gid || retry(|| fchown(file, None, Some(gid))).is_ok() {
            return Ok(mode);
        }
        if self.attributes.iter().any(Attribute::is_access_list) {
            let error = "the ACL is of a group that a new file cannot be given to";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, error));
        }
        // Its group is another: for the members of both only what both may do.
        let both = (mode >> 3) & mode & 0o7;
        Ok(mode & 0o700 | both << 3 | both)
    }
}
