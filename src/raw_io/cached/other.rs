//! Elsewhere every path has to wait.

use std::fs::{File, Metadata};
use std::path::Path;

pub(super) fn open(_: &Path) -> Option<File> {
    None
}

pub(super) fn open_nonblocking(_: &Path) -> Option<(File, Metadata)> {
    None
}

pub(super) fn metadata(_: &Path, _: bool) -> Option<Metadata> {
    None
}

pub(super) fn learn(_: &Path, _: &Metadata) {}
