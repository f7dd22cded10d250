//! Files that never have a name: O_TMPFILE.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::options;
use crate::raw_io::retry;

/// `None` where the file system, or an old kernel, cannot.
pub(in super::super) fn unnamed(dir: &Path, append: bool, mode: u32) -> io::Result<Option<File>> {
    let mut options = options(append, mode);
    options.custom_flags(OFlags::TMPFILE.bits() as i32);
    match retry(|| options.open(dir)) {
        Ok(file) => Ok(Some(file)),
        Err(error) => match error.raw_os_error().map(Errno::from_raw_os_error) {
            // The three ways to say that it is not supported; see open(2). A folder
            // that is not there says the third too: creating in it says it again.
            Some(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT) => Ok(None),
            _ => Err(error),
        },
    }
}
