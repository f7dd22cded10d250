//! Positional I/O on Unix.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

pub(super) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    FileExt::read_at(file, buf, offset)
}

pub(super) fn write_at(file: &File, buf: &[u8], offset: u64) -> io::Result<usize> {
    FileExt::write_at(file, buf, offset)
}

/// How a descriptor was opened: readable, writable, append. See fcntl(2).
pub(super) fn access(file: &File) -> io::Result<(bool, bool, bool)> {
    use rustix::fs::OFlags;
    let flags = rustix::fs::fcntl_getfl(file)?;
    let access = flags & OFlags::ACCMODE;
    Ok((
        access != OFlags::WRONLY,
        access != OFlags::RDONLY,
        flags.contains(OFlags::APPEND),
    ))
}

/// A regular file that was not opened with O_DIRECT.
pub(super) fn is_plain(file: &File) -> bool {
    #[cfg(target_os = "linux")]
    let direct = rustix::fs::OFlags::DIRECT;
    #[cfg(not(target_os = "linux"))]
    let direct = rustix::fs::OFlags::empty();
    file.metadata().is_ok_and(|metadata| metadata.is_file())
        && rustix::fs::fcntl_getfl(file).is_ok_and(|flags| !flags.intersects(direct))
}

/// Reads into spare capacity, which need not be cleared first.
pub(super) fn read_spare(file: &File, vec: &mut Vec<u8>) -> io::Result<usize> {
    Ok(rustix::io::read(file, rustix::buffer::spare_capacity(vec))?)
}
