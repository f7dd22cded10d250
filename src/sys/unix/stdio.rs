//! The descriptors 0, 1 and 2. They are always open: before `main`, Rust opens `/dev/null`
//! for those that are closed.

use std::io::{self, IsTerminal};
use std::os::fd::BorrowedFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::super::linux;
use super::close_duplicate;

/// A standard stream.
pub(crate) struct Standard {
    fd: BorrowedFd<'static>,
    /// An error, such as the reset of a connection, that a read met after it had some bytes.
    /// The next read returns it, since the system does not report it again.
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

    /// Reads what has come since the last read, without waiting. The bytes before it are
    /// returned in any case, so an error is kept for the next read.
    fn more(&mut self, buf: &mut [u8]) -> Option<usize> {
        linux::read_more(self.fd, buf).unwrap_or_else(|error| {
            self.failed = Some(error);
            None
        })
    }

    /// Returns the error that the last read has kept, if any.
    fn check(&mut self) -> io::Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Makes a call that blocks even if the descriptor is non-blocking: a process that
    /// shares the open file may have made it so. Then it waits until the descriptor is ready
    /// and repeats the call.
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
        // A fast writer has filled the pipe again: read that too, which saves hops.
        while n > 0 && n < buf.len() {
            match self.more(&mut buf[n..]) {
                Some(more) => n += more,
                None => break,
            }
        }
        Ok(n)
    }

    pub(crate) fn read_spare(&mut self, vec: &mut Vec<u8>) -> io::Result<usize> {
        /// The usual capacity of a pipe. Memory is cleared before such a read, so more
        /// would mostly be cleared in vain.
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

    /// Does nothing: there is no buffer here.
    #[allow(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "others hold something back"
    )]
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn close(&mut self) -> io::Result<()> {
        // The descriptor stays open, as in Python. This only returns the error that a close
        // would report.
        close_duplicate(self.fd)
    }

    pub(crate) fn isatty(&self) -> bool {
        self.fd.is_terminal()
    }
}
