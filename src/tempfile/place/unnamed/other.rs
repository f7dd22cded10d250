//! Without O_TMPFILE.

use std::fs::File;
use std::io;
use std::path::Path;

#[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
pub(in super::super) fn unnamed(_: &Path, _: bool, _: u32) -> io::Result<Option<File>> {
    Ok(None)
}
