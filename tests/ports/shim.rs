//! `tokio::fs` as the ports take it, over this crate: what one writes to try a program that
//! is written for the other, before its own calls are changed.

use std::path::Path;

use aiofiles::open::{Binary, Open};
pub use aiofiles::os::{
    lstat as symlink_metadata, readlink as read_link, remove as remove_file, rename,
    scandir as read_dir, stat as metadata, symlink, sync_dir as sync_folder,
};
pub use aiofiles::{BinaryFile as File, read, read_to_string, write};

/// `File::open` and `File::create`.
pub trait Opens {
    fn open(path: impl AsRef<Path>) -> Open<Binary> {
        aiofiles::open(path).binary()
    }

    fn create(path: impl AsRef<Path>) -> Open<Binary> {
        Self::open(path).mode("w")
    }
}

impl Opens for File {}

pub fn create_dir_all(path: impl AsRef<Path>) -> aiofiles::os::Makedirs {
    aiofiles::os::makedirs(path).exist_ok(true)
}
