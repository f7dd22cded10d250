//! What opening a file needs of Windows.

use std::fs::OpenOptions;
use std::io;
use std::os::windows::fs::OpenOptionsExt;

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
