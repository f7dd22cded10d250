//! The descriptors 0, 1 and 2. Before `main`, Rust has opened those that were
//! closed on `/dev/null`.

use std::io::{self, IsTerminal};
use std::os::fd::BorrowedFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::super::linux;
use super::close_duplicate;

/// A standard stream.
pub(crate) struct Standard {
    fd: BorrowedFd<'static>,
    /// What a read met behind the bytes that it gave, as the reset of a connection:
    /// the next one's, as the system does not tell it again.
    failed: Option<io::Error>,
}

impl Standard {
    pub(crate) fn stdin() -> Self {
        Self::new(rustix::stdio::stdin())
    }

    pub(crate) fn stdout() -> Self {
        Self::new(rustix::stdio::stdout())
    }

    pub(crate) fn stderr() -> Self {
        Self::new(rustix::stdio::stderr())
    }

    fn new(fd: BorrowedFd<'static>) -> Self {
        Self { fd, failed: None }
    }

    /// Reads what has come meanwhile, behind bytes that are given in any case.
    fn more(&mut self, buf: &mut [u8]) -> Option<usize> {
        linux::read_more(self.fd, buf).unwrap_or_else(|error| {
            self.failed = Some(error);
            None
        })
    }

    /// The error that the last read left behind.
    fn check(&mut self) -> io::Result<()> {
        self.failed.take().map_or(Ok(()), Err)
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

    pub(crate) fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
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

    pub(crate) fn read_spare(&mut self, vec: &mut Vec<u8>) -> io::Result<usize> {
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

    pub(crate) fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.blocking(PollFlags::OUT, |fd| rustix::io::write(fd, buf))
    }

    /// Nothing is held back.
    #[allow(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "others hold something back"
    )]
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn close(&mut self) -> io::Result<()> {
        // The descriptor stays, as Python's does. What a close would tell of the bytes
        // is told.
        close_duplicate(self.fd)
    }

    pub(crate) fn isatty(&self) -> bool {
        self.fd.is_terminal()
    }
}
