//! Creating on Unix: never what is there already.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use ::tempfile::TempPath;

#[cfg_attr(target_os = "linux", path = "unnamed/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "unnamed/other.rs")]
mod unnamed;

pub(super) use self::unnamed::unnamed;
use crate::raw_io::retry;

/// Where Python looks when no variable says anything.
pub(super) const DIRS: [&str; 3] = ["/tmp", "/var/tmp", "/usr/tmp"];

/// For both directions, whatever the mode: that is a matter of the file above.
fn options(append: bool, mode: u32) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).append(append).mode(mode);
    options
}

pub(super) fn create(path: &Path, append: bool, mode: u32) -> io::Result<File> {
    let mut options = options(append, mode);
    retry(|| options.create_new(true).open(path))
}

/// What will have no name.
pub(super) fn create_anonymous(path: &Path, append: bool, mode: u32) -> io::Result<File> {
    create(path, append, mode)
}

pub(super) fn forget_name(path: TempPath) -> io::Result<()> {
    path.close()
}

pub(super) fn create_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}
