//! What Linux and Android have in common; other kernels lack it or have it differently.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{self, OFlags};
use rustix::io::Errno;

use super::super::retry;
use super::file::read_at;
use super::open_at;

#[cfg(feature = "tempfile")]
pub(super) mod rights;

/// Opens a path for `fstat`. It needs no permission on the file itself, and has no effect on
/// a FIFO or a device.
pub(super) fn open_for_stat(dir: BorrowedFd<'_>, path: &Path, follow: bool) -> io::Result<File> {
    let mut flags = OFlags::PATH;
    flags.set(OFlags::NOFOLLOW, !follow);
    open_at(dir, path, flags).map(File::from)
}

pub(crate) fn sendfile(
    output: BorrowedFd<'_>,
    input: BorrowedFd<'_>,
    offset: Option<u64>,
    count: usize,
) -> io::Result<usize> {
    if let Some(mut offset) = offset {
        retry(|| Ok(fs::sendfile(output, input, Some(&mut offset), count)?))
    } else {
        retry(|| Ok(fs::sendfile(output, input, None, count)?))
    }
}

/// The next range of data at or after `from`, as `start..end`; `None` if only a hole is
/// left. If the file system does not support holes, everything is data.
pub(crate) fn next_data(file: &File, from: u64, size: u64) -> io::Result<Option<(u64, u64)>> {
    let start = match retry(|| Ok(fs::seek(file, fs::SeekFrom::Data(from))?)) {
        Ok(start) => start,
        Err(error) if is(&error, &[Errno::NXIO]) => return Ok(None),
        Err(error) if is(&error, &[Errno::INVAL, Errno::OPNOTSUPP, Errno::SPIPE]) => {
            return Ok(Some((from, size)));
        }
        Err(error) => return Err(error),
    };
    let end = retry(|| Ok(fs::seek(file, fs::SeekFrom::Hole(start))?))?;
    Ok(Some((start, end)))
}

fn is(error: &io::Error, errnos: &[Errno]) -> bool {
    errnos
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Copies pieces of a file, in the fastest way that works for the two files.
#[derive(Debug, Default)]
pub(crate) enum Copier {
    /// `copy_file_range`: it shares the blocks, or copies them on the server or in the
    /// kernel.
    #[default]
    Range,
    /// `sendfile`: it copies in the kernel.
    Sendfile,
    /// By reads and writes, through this buffer.
    Buffer(Vec<u8>),
}

impl Copier {
    /// Copies up to `len` bytes at `offset`; 0 at the end of `src` only.
    pub(crate) fn copy(
        &mut self,
        src: &File,
        dst: &File,
        offset: u64,
        len: usize,
    ) -> io::Result<usize> {
        loop {
            let done = match self {
                Self::Range => {
                    let (mut from, mut to) = (offset, offset);
                    retry(|| {
                        let ends = (Some(&mut from), Some(&mut to));
                        Ok(fs::copy_file_range(src, ends.0, dst, ends.1, len)?)
                    })
                }
                Self::Sendfile => {
                    let (mut from, mut to) = (offset, dst);
                    to.seek(SeekFrom::Start(offset))?;
                    retry(|| Ok(fs::sendfile(dst, src, Some(&mut from), len)?))
                }
                Self::Buffer(buffer) => {
                    let len = len.min(buffer.len());
                    let n = retry(|| read_at(src, &mut buffer[..len], offset))?;
                    dst.write_all_at(&buffer[..n], offset)?;
                    return Ok(n);
                }
            };
            match done {
                // Some kernels return 0 for files whose size is not known in advance
                // (procfs): only a read finds their end. One byte is enough, and needs no
                // buffer, which would take as long as a small file.
                Ok(0) => {
                    if retry(|| read_at(src, &mut [0], offset))? == 0 {
                        return Ok(0);
                    }
                    *self = Self::by_hand();
                }
                Ok(n) => return Ok(n),
                Err(error) if cannot(&error) => match self {
                    Self::Range => *self = Self::Sendfile,
                    Self::Sendfile | Self::Buffer(_) => *self = Self::by_hand(),
                },
                Err(error) => return Err(error),
            }
        }
    }

    fn by_hand() -> Self {
        Self::Buffer(vec![0; 128 * 1024])
    }
}

/// Whether the kernel cannot do it for this pair of files, or at all.
fn cannot(error: &io::Error) -> bool {
    let errnos = [
        Errno::XDEV,
        Errno::NOSYS,
        Errno::OPNOTSUPP,
        Errno::INVAL,
        Errno::BADF,
        // Old seccomp filters return EPERM instead of ENOSYS. Files that are immutable, or
        // in use as swap, give it too; the write that follows then fails with it again.
        Errno::PERM,
        Errno::TXTBSY,
        Errno::OVERFLOW,
    ];
    is(error, &errnos)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    use rustix::fs::Mode;

    use super::*;

    #[test]
    fn what_knows_no_holes_is_data_and_what_cannot_be_asked_is_an_error() {
        let no_holes = File::open("/proc/self/status").unwrap();
        assert_eq!(next_data(&no_holes, 3, 10).unwrap(), Some((3, 10)));
        let (no_file, _other) = UnixStream::pair().unwrap();
        let no_file = File::from(OwnedFd::from(no_file));
        assert_eq!(next_data(&no_file, 0, 10).unwrap(), Some((0, 10)));
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let name = fs::open("/proc/self/status", flags, Mode::empty()).unwrap();
        let error = next_data(&name.into(), 0, 10).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(Errno::BADF.raw_os_error()));
    }

    #[test]
    fn only_what_another_way_may_do_is_tried_in_another_way() {
        let of = |errno: Errno| io::Error::from_raw_os_error(errno.raw_os_error());
        for other_way in [Errno::XDEV, Errno::NOSYS, Errno::INVAL, Errno::PERM] {
            assert!(cannot(&of(other_way)), "{other_way}");
        }
        for end in [Errno::NOSPC, Errno::IO, Errno::DQUOT, Errno::ACCESS] {
            assert!(!cannot(&of(end)), "{end}");
        }
    }
}
