//! The descriptors 0, 1 and 2. Before `main`, Rust has opened those that were
//! closed on `/dev/null`.

use std::io::{self, IsTerminal};
use std::os::fd::BorrowedFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

#[cfg_attr(target_os = "linux", path = "more/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "more/other.rs")]
mod more;

use super::stream::Spec;
use crate::codec::Newline;
use crate::os::sys;
use crate::raw_io::RawIo;

/// Line ends are left alone, in both directions.
pub(super) const NEWLINE: Newline = Newline::Lf;

pub(super) fn open(spec: Spec) -> Box<dyn RawIo> {
    let fd = match spec {
        Spec::Stdin => rustix::stdio::stdin(),
        Spec::Stdout => rustix::stdio::stdout(),
        Spec::Stderr => rustix::stdio::stderr(),
    };
    Box::new(Standard { fd, failed: None })
}

struct Standard {
    fd: BorrowedFd<'static>,
    /// What a read met behind the bytes that it gave, as the reset of a connection:
    /// the next one's, as the system does not tell it again.
    failed: Option<Errno>,
}

impl Standard {
    /// Reads what has come meanwhile, behind bytes that are given in any case.
    fn more(&mut self, buf: &mut [u8]) -> Option<usize> {
        more::read(self.fd, buf).unwrap_or_else(|error| {
            self.failed = Some(error);
            None
        })
    }

    /// The error that the last read left behind.
    fn check(&mut self) -> io::Result<()> {
        self.failed.take().map_or(Ok(()), |error| Err(error.into()))
    }

    /// Does it again once it is ready, where somebody who shares the open file has
    /// made it non-blocking.
    fn blocking<T>(
        &self,
        flags: PollFlags,
        mut call: impl FnMut(BorrowedFd<'static>) -> rustix::io::Result<T>,
    ) -> io::Result<T> {
        loop {
            match call(self.fd) {
                Err(Errno::AGAIN) => {
                    poll(&mut [PollFd::new(&self.fd, flags)], None)?;
                }
                done => return Ok(done?),
            }
        }
    }
}

impl RawIo for Standard {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        let mut n = self.blocking(PollFlags::IN, |fd| rustix::io::read(fd, &mut *buf))?;
        // A writer that keeps up fills a pipe again meanwhile: fewer hops.
        while n > 0 && n < buf.len() {
            match self.more(&mut buf[n..]) {
                Some(more) => n += more,
                None => break,
            }
        }
        Ok(n)
    }

    fn read_spare(&mut self, vec: &mut Vec<u8>) -> io::Result<usize> {
        /// What a pipe usually holds; more need not be cleared in vain.
        const STEP: usize = 64 * 1024;
        if vec.len() == vec.capacity() {
            return Ok(0);
        }
        self.check()?;
        let mut n = self.blocking(PollFlags::IN, |fd| {
            rustix::io::read(fd, rustix::buffer::spare_capacity(vec))
        })?;
        while n > 0 && vec.len() < vec.capacity() {
            let before = vec.len();
            vec.resize(before + STEP.min(vec.capacity() - before), 0);
            let more = self.more(&mut vec[before..]);
            vec.truncate(before + more.unwrap_or(0));
            match more {
                Some(more) => n += more,
                None => break,
            }
        }
        Ok(n)
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.blocking(PollFlags::OUT, |fd| rustix::io::write(fd, buf))
    }

    fn close(&mut self) -> io::Result<()> {
        // The descriptor stays, as Python's does. What a close would tell of the bytes
        // is told.
        sys::close_duplicate(self.fd)
    }

    fn isatty(&self) -> bool {
        self.fd.is_terminal()
    }
}
