//! Owner, attributes and mode of a file that is replaced.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;

use crate::os::sys;
use crate::raw_io::retry;

#[cfg_attr(any(target_os = "linux", target_os = "android"), path = "linux.rs")]
#[cfg_attr(
    not(any(target_os = "linux", target_os = "android")),
    path = "other_unix.rs"
)]
mod system;

use self::system::{Attribute, set_attributes};
pub(super) use self::system::{Old, check_folder, check_link, link, unnamed};

/// Makes a file that is not there yet, open for both directions.
pub(super) fn create(path: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(mode);
    retry(|| options.open(path))
}

/// Who may do what with a file, and what else is noted about it.
#[derive(Debug)]
pub(super) struct Rights {
    /// `None`: of the user who makes it.
    owner: Option<(u32, u32)>,
    mode: u32,
    attributes: Vec<Attribute>,
}

impl Rights {
    fn of_old(metadata: &Metadata, attributes: Vec<Attribute>) -> Self {
        Self {
            owner: Some((metadata.uid(), metadata.gid())),
            mode: sys::mode(metadata),
            attributes,
        }
    }

    /// Of a file that was just made.
    pub(super) fn of_new(file: &File) -> io::Result<Self> {
        Ok(Self {
            owner: None,
            mode: sys::mode(&file.metadata()?),
            attributes: system::access_list(file)?.into_iter().collect(),
        })
    }

    /// Gives them to `file`, which so far only its user can open.
    ///
    /// The user's own attributes come first, while the file certainly is ours; then
    /// the owner, which takes set-user-ID bits and capabilities away; then the other
    /// attributes, the ACL among them; then the mode, whose bits of the group are the
    /// mask of the ACL.
    pub(super) fn set(&self, file: &File) -> io::Result<()> {
        set_attributes(file, &self.attributes, true)?;
        let mode = match self.owner {
            Some((uid, gid)) => self.mode_as_owned_by(file, uid, gid)?,
            None => self.mode,
        };
        set_attributes(file, &self.attributes, false)?;
        sys::set_mode(file, mode)
    }

    /// Changes the owner, as far as that is allowed, and tells the mode that gives
    /// nobody more than the old file did.
    fn mode_as_owned_by(&self, file: &File, uid: u32, gid: u32) -> io::Result<u32> {
        let new = file.metadata()?;
        if (new.uid(), new.gid()) == (uid, gid) || fchown(file, Some(uid), Some(gid)).is_ok() {
            return Ok(self.mode);
        }
        // A file of another owner does not lend that owner's rights.
        let mode = self.mode & 0o777;
        // A member may give a file to a group.
        if new.gid() == gid || fchown(file, None, Some(gid)).is_ok() {
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
