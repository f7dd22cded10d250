//! Elsewhere every path has to wait.

use std::fs::{File, Metadata};
use std::path::Path;

pub(super) fn open(_: &Path) -> Option<File> {
    None
}

pub(super) fn open_nonblocking(_: &Path, _: impl FnOnce(u64) -> bool) -> Option<(File, u64)> {
    None
}

pub(super) fn metadata(_: &Path, _: bool) -> Option<Metadata> {
    None
}

pub(super) fn learn(_: &File, _: &Metadata) {}

pub(super) fn learn_path(_: &Path, _: bool, _: &Metadata) {}
