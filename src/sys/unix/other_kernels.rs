//! The same for Unixes whose kernel is not Linux.

use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;

use rustix::fs::OFlags;

pub(crate) use super::super::by_hand::{Copier, next_data};
use super::super::unsupported;
use super::open_at;

/// Opens a path for `fstat`. Without `O_PATH` it takes the permission to read,
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

/// Their `sendfile` takes other arguments, and sockets only.
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
    //! Without files that have no name, and without a safe call for attributes.

    use std::fs::{File, Metadata};
    use std::io;
    use std::path::Path;

    use super::super::super::retry;

    /// Whether a file that was made without a name can get one.
    pub(crate) fn may_link_unnamed() -> bool {
        false
    }

    /// Never called: all files have names.
    pub(crate) fn link_unnamed(_: &File, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Descriptors are devices here, which are refused as such.
    #[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
    pub(crate) fn check_link(_: &Path, _: &Path) -> io::Result<()> {
        Ok(())
    }

    #[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
    pub(crate) fn check_folder(_: &Path) -> io::Result<()> {
        Ok(())
    }

    /// What stands at a path.
    #[derive(Debug)]
    pub(crate) struct Old(Metadata);

    impl Old {
        pub(crate) fn look(path: &Path) -> io::Result<Self> {
            retry(|| std::fs::symlink_metadata(path)).map(Self)
        }

        pub(crate) fn metadata(&self) -> &Metadata {
            &self.0
        }

        #[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
        pub(crate) fn attributes(&self) -> io::Result<Vec<Attribute>> {
            Ok(Vec::new())
        }
    }

    /// None is known.
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
