//! The names of `linux_kernel.rs` for Unixes whose kernel is not Linux.

use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;

use rustix::fs::OFlags;

pub(crate) use super::super::by_hand::{Copier, next_data};
use super::super::unsupported;
use super::open_at;

/// Opens a path for `fstat`. There is no `O_PATH` here, so this needs the permission to read,
/// and a link itself cannot be opened.
pub(crate) fn open_for_stat(dir: BorrowedFd<'_>, path: &Path, follow: bool) -> io::Result<File> {
    let mut flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
    flags.set(OFlags::NOFOLLOW, !follow);
    match open_at(dir, path, flags) {
        Ok(fd) => Ok(fd.into()),
        Err(error)
            if !follow && error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) =>
        {
            unsupported()
        }
        Err(error) => Err(error),
    }
}

/// `sendfile` of these systems has other arguments, and works only for sockets.
pub(crate) fn sendfile(
    _output: BorrowedFd<'_>,
    _input: BorrowedFd<'_>,
    _offset: Option<u64>,
    _count: usize,
) -> io::Result<usize> {
    unsupported()
}

#[cfg(feature = "tempfile")]
pub(super) mod rights {
    //! On these systems attributes are not read or set.

    use std::fs::File;
    use std::io;

    pub(crate) use super::super::super::by_hand::rights::{
        Old, check_folder, check_link, link_unnamed, may_link_unnamed,
    };

    impl Old {
        #[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
        pub(crate) fn attributes(&self) -> io::Result<Vec<Attribute>> {
            Ok(Vec::new())
        }
    }

    /// An attribute; there are none.
    #[derive(Debug)]
    pub(crate) enum Attribute {}

    impl Attribute {
        pub(crate) fn is_access_list(&self) -> bool {
            match *self {}
        }
    }

    #[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
    pub(crate) fn access_list(_: &File) -> io::Result<Option<Attribute>> {
        Ok(None)
    }

    #[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
    pub(crate) fn set_attributes(_: &File, _: &[Attribute], _: bool) -> io::Result<()> {
        Ok(())
    }
}
