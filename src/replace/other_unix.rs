//! Without files that have no name, and without a safe call for attributes.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

use super::Rights;
use crate::raw_io::retry;

#[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
pub(in super::super) fn unnamed(_: &Path, _: u32) -> io::Result<Option<File>> {
    Ok(None)
}

/// Never called: all files have names.
pub(in super::super) fn link(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Descriptors are devices here, which are refused as such.
#[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
pub(in super::super) fn check_link(_: &Path) -> io::Result<()> {
    Ok(())
}

#[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
pub(in super::super) fn check_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// What stands at a path.
#[derive(Debug)]
pub(in super::super) struct Old(Metadata);

impl Old {
    pub(in super::super) fn look(path: &Path) -> io::Result<Self> {
        retry(|| std::fs::symlink_metadata(path)).map(Self)
    }

    pub(in super::super) fn metadata(&self) -> &Metadata {
        &self.0
    }

    #[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
    pub(in super::super) fn rights(&self) -> io::Result<Rights> {
        Ok(Rights::of_old(&self.0, Vec::new()))
    }
}

/// None is known.
#[derive(Debug)]
pub(super) enum Attribute {}

impl Attribute {
    pub(super) fn is_access_list(&self) -> bool {
        match *self {}
    }
}

#[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
pub(super) fn access_list(_: &File) -> io::Result<Option<Attribute>> {
    Ok(None)
}

#[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
pub(super) fn set_attributes(_: &File, _: &[Attribute], _: bool) -> io::Result<()> {
    Ok(())
}
