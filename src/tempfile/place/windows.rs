//! Creating on Windows, where the folder of the user is private.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;

use ::tempfile::TempPath;

/// Where Python looks when no variable says anything.
pub(super) const DIRS: [&str; 4] = [r"C:\TEMP", r"C:\TMP", r"\TEMP", r"\TMP"];

#[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
pub(super) fn unnamed(_: &Path, _: bool, _: u32) -> io::Result<Option<File>> {
    Ok(None)
}

fn options(append: bool) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).append(append);
    options.create_new(true);
    options
}

pub(super) fn create(path: &Path, append: bool, _: u32) -> io::Result<File> {
    options(append).open(path)
}

/// What has no name is removed by the system with its last handle, however the process
/// ends, and is kept from the disk as far as memory allows.
pub(super) fn create_anonymous(path: &Path, append: bool, _: u32) -> io::Result<File> {
    const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
    const FILE_ATTRIBUTE_TEMPORARY: u32 = 0x100;
    options(append)
        .custom_flags(FILE_FLAG_DELETE_ON_CLOSE)
        .attributes(FILE_ATTRIBUTE_TEMPORARY)
        .open(path)
}

/// Where an open file cannot lose its name, that goes with the file.
#[allow(clippy::unnecessary_wraps, reason = "the same signature as on Unix")]
pub(super) fn forget_name(path: TempPath) -> io::Result<()> {
    drop(path.close());
    Ok(())
}

pub(super) fn create_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().create(path)
}
