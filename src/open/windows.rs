//! What opening a file needs of Windows.

use std::fs::OpenOptions;
use std::io;

/// Windows has no such mode.
pub(super) fn set_permissions(_: &mut OpenOptions, _: u32) {}

/// What a directory is refused with.
pub(super) fn is_a_directory() -> io::Error {
    io::ErrorKind::IsADirectory.into()
}
