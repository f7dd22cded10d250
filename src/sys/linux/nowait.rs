//! `preadv2(RWF_NOWAIT)`, and a replacement for files that are only memory.

use std::fs::File;
use std::io::IoSliceMut;
use std::os::fd::AsFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::{Errno, ReadWriteFlags};

use super::super::Answer;
use super::mounts;

/// What preadv2(2) takes for the cursor: an offset of -1.
const HERE: u64 = u64::MAX;

/// Set once the system call is known to be missing. A refusal (EPERM) is about one file:
/// another program may watch it, for instance. If seccomp refuses the call altogether,
/// each file costs one call.
static MISSING: AtomicBool = AtomicBool::new(false);

pub(crate) fn suits_regular() -> bool {
    static KERNEL: OnceLock<bool> = OnceLock::new();
    *KERNEL.get_or_init(|| {
        let release = rustix::system::uname();
        trusted(release.release().to_str().unwrap_or_default())
    }) && !MISSING.load(Ordering::Relaxed)
}

/// Whether the reads of a kernel release can be trusted. 5.9 and 5.10 may report the end of
/// a file too early (fixed in 5.11, but not in the stable 5.10 line). A release string that
/// cannot be parsed is not trusted either.
fn trusted(release: &str) -> bool {
    let mut numbers = release
        .split(|c: char| !c.is_ascii_digit())
        .map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => {
            (major, minor) >= (4, 14) && !matches!((major, minor), (5, 9 | 10))
        }
        _ => false,
    }
}

pub(crate) fn read(file: &File, buf: &mut [u8], offset: Option<u64>) -> Answer {
    if MISSING.load(Ordering::Relaxed) {
        return Answer::Never;
    }
    let from = match offset {
        None => HERE,
        Some(offset) if i64::try_from(offset).is_ok() => offset,
        Some(_) => return Answer::WouldWait,
    };
    let mut bufs = [IoSliceMut::new(buf)];
    match rustix::io::preadv2(file, &mut bufs, from, ReadWriteFlags::NOWAIT) {
        // 0 is not trusted to mean the end of the file.
        Ok(0) => Answer::WouldWait,
        Ok(n) => Answer::Data(n),
        Err(Errno::OPNOTSUPP) if mounts::is_memory(file.as_fd()) => copy(file, buf, offset),
        Err(error) => refusal(error),
    }
}

/// Reads a file that is only memory, so that a normal read does not wait.
fn copy(file: &File, buf: &mut [u8], offset: Option<u64>) -> Answer {
    let read = match offset {
        None => rustix::io::read(file, buf),
        Some(offset) => rustix::io::pread(file, buf, offset),
    };
    match read {
        Ok(n @ 1..) => Answer::Data(n),
        Ok(0) | Err(_) => Answer::WouldWait,
    }
}

/// Reads what is there at the cursor, without waiting: pipes know RWF_NOWAIT. `None` if
/// there is nothing, or if the system does not tell: the next read finds out. An error
/// that the system reports only once is returned.
#[cfg(feature = "stdio")]
pub(crate) fn read_more(
    fd: std::os::fd::BorrowedFd<'_>,
    buf: &mut [u8],
) -> std::io::Result<Option<usize>> {
    match rustix::io::preadv2(
        fd,
        &mut [IoSliceMut::new(buf)],
        HERE,
        ReadWriteFlags::NOWAIT,
    ) {
        Ok(n) => Ok(Some(n).filter(|n| *n > 0)),
        // The error is about this way to read, or only says that there is nothing now.
        Err(
            Errno::AGAIN
            | Errno::INTR
            | Errno::INVAL
            | Errno::NOSYS
            | Errno::OPNOTSUPP
            | Errno::PERM
            | Errno::SPIPE,
        ) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn refusal(error: Errno) -> Answer {
    match error {
        Errno::OPNOTSUPP | Errno::PERM => Answer::Never,
        Errno::NOSYS => {
            MISSING.store(true, Ordering::Relaxed);
            Answer::Never
        }
        _ => Answer::WouldWait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_about_one_file() {
        for error in [Errno::PERM, Errno::OPNOTSUPP] {
            assert_eq!(refusal(error), Answer::Never);
        }
        for error in [Errno::AGAIN, Errno::IO, Errno::ACCESS] {
            assert_eq!(refusal(error), Answer::WouldWait);
        }
        assert!(!MISSING.load(Ordering::Relaxed));
    }

    // tokio#3803, ClickHouse#39753: files that ended after a page or two.
    #[test]
    fn kernels_that_end_files_early_are_not_asked() {
        for release in ["5.9.0", "5.10.0-16-amd64", "5.10.1", "4.4.0", "", "x", "6"] {
            assert!(!trusted(release), "{release}");
        }
        for release in ["4.14.1", "5.8.18", "5.11.0", "6.18.44-fc", "10.0"] {
            assert!(trusted(release), "{release}");
        }
    }
}
