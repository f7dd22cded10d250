//! What opening a file needs of Windows.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;

/// Windows has no such mode.
pub(super) fn set_permissions(_: &mut OpenOptions, _: u32) {}

/// Passes flags of `CreateFile` besides those that the mode asks for.
pub(super) fn set_flags(options: &mut OpenOptions, flags: i32) {
    options.custom_flags(flags as u32);
}

/// What a directory is refused with.
pub(super) fn is_a_directory() -> io::Error {
    io::ErrorKind::IsADirectory.into()
}

/// Opens; of a folder the system says only that access is denied.
pub(super) fn open(options: &OpenOptions, path: &Path) -> io::Result<File> {
    options.open(path).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied
            if fs::metadata(path).is_ok_and(|metadata| metadata.is_dir()) =>
        {
            is_a_directory()
        }
        _ => error,
    })
}
