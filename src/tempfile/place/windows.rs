//! Creating on Windows, where the folder of the user is private.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// Where Python looks when no variable says anything.
pub(super) const DIRS: [&str; 4] = [r"C:\TEMP", r"C:\TMP", r"\TEMP", r"\TMP"];

#[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
pub(super) fn unnamed(_: &Path, _: bool, _: u32) -> io::Result<Option<File>> {
    Ok(None)
}

pub(super) fn create(path: &Path, append: bool, _: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).append(append);
    options.create_new(true).open(path)
}

pub(super) fn create_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().create(path)
}
