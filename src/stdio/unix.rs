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
use crate::raw_io::RawIo;

/// Line ends are left alone, in both directions.
pub(super) const NEWLINE: Newline = Newline::Lf;

pub(super) fn open(spec: Spec) -> Box<dyn RawIo> {
    let fd = match spec {
        Spec::Stdin => rustix::stdio::stdin(),
        Spec::Stdout => rustix::stdio::stdout(),
        Spec::Stderr => rustix::stdio::stderr(),
    };
    Box::new(Standard { fd })
}

struct Standard {
    fd: BorrowedFd<'static>,
}

impl Standard {
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
        let mut n = self.blocking(PollFlags::IN, |fd| rustix::io::read(fd, &mut *buf))?;
        // A writer that keeps up fills a pipe again meanwhile: fewer hops.
        while n > 0 && n < buf.len() {
            match more::read(self.fd, &mut buf[n..]) {
                Some(more) => n += more,
                None => break,
            }
        }
        Ok(n)
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.blocking(PollFlags::OUT, |fd| rustix::io::write(fd, buf))
    }

    fn isatty(&self) -> bool {
        self.fd.is_terminal()
    }
}
