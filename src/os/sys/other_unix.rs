//! The same for Unixes that are not Linux.

use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;

use rustix::fs::OFlags;

use super::{read_at, unix::open_at, unsupported, write_all_at};

/// Opens a path for `fstat`. Without `O_PATH` it takes the permission to read,
/// and a link itself cannot be opened.
pub(super) fn open_for_stat(dir: BorrowedFd<'_>, path: &Path, follow: bool) -> io::Result<File> {
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

/// All is taken for data.
pub(crate) fn next_data(_file: &File, from: u64, size: u64) -> io::Result<Option<(u64, u64)>> {
    Ok(Some((from, size)))
}

/// Copies pieces of a file, by hand.
#[derive(Debug, Default)]
pub(crate) struct Copier(Vec<u8>);

impl Copier {
    /// Copies up to `len` bytes at `offset`; 0 at the end of `src` only.
    pub(crate) fn copy(
        &mut self,
        src: &File,
        dst: &File,
        offset: u64,
        len: usize,
    ) -> io::Result<usize> {
        self.0.resize(128 * 1024, 0);
        let len = len.min(self.0.len());
        let n = read_at(src, &mut self.0[..len], offset)?;
        write_all_at(dst, &self.0[..n], offset)?;
        Ok(n)
    }
}
