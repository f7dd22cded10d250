//! What opening a file needs of Unix.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;

/// Sets the mode of a file that is created, less the umask.
pub(super) fn set_permissions(options: &mut OpenOptions, permissions: u32) {
    options.mode(permissions);
}

/// Passes flags of open(2) besides those that the mode asks for.
pub(super) fn set_flags(options: &mut OpenOptions, flags: i32) {
    options.custom_flags(flags);
}

/// What open(2) says of a directory, where it does not say it itself.
pub(super) fn is_a_directory() -> io::Error {
    rustix::io::Errno::ISDIR.into()
}
