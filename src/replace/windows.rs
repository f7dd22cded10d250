//! Windows: a file gets its owner and its rights from the folder; what is kept is
//! whether it may be written.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io;
use std::path::Path;

#[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
pub(super) fn unnamed(_: &Path, _: u32) -> io::Result<Option<File>> {
    Ok(None)
}

pub(super) fn create(path: &Path, _: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).open(path)
}

/// Never called: all files have names.
pub(super) fn link(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
pub(super) fn check_link(_: &Path) -> io::Result<()> {
    Ok(())
}

#[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
pub(super) fn check_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// What stands at a path.
#[derive(Debug)]
pub(super) struct Old(Metadata);

impl Old {
    pub(super) fn look(path: &Path) -> io::Result<Self> {
        std::fs::symlink_metadata(path).map(Self)
    }

    pub(super) fn metadata(&self) -> &Metadata {
        &self.0
    }

    #[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
    pub(super) fn rights(&self) -> io::Result<Rights> {
        Ok(Rights(self.0.permissions()))
    }
}

#[derive(Debug)]
pub(super) struct Rights(Permissions);

impl Rights {
    pub(super) fn of_new(file: &File) -> io::Result<Self> {
        Ok(Self(file.metadata()?.permissions()))
    }

    pub(super) fn set(&self, file: &File) -> io::Result<()> {
        file.set_permissions(self.0.clone())
    }
}
