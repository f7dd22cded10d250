//! The descriptors 0, 1 and 2. They are always open: before `main`, Rust opens `/dev/null`
//! for those that are closed.

use std::io::{self, IsTerminal};
use std::os::fd::BorrowedFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{FileType, RawMode};
use rustix::io::Errno;

use super::super::linux;
use super::super::nowait::{self, PIPE};
use super::close_duplicate;

/// A standard stream.
pub(crate) struct Standard {
    fd: BorrowedFd<'static>,
    /// Whether it is a pipe, of which no more than [`PIPE`] is read at a time.
    pipe: bool,
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
        let mode = linux::mode_in_memory(fd);
        Self {
            fd,
            pipe: mode
                .is_some_and(|mode| FileType::from_raw_mode(mode as RawMode) == FileType::Fifo),
            failed: None,
        }
    }

    /// How many of `room` bytes one read asks for.
    fn most(&self, room: usize) -> usize {
        if self.pipe { room.min(PIPE) } else { room }
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
        let most = self.most(buf.len());
        let buf = &mut buf[..most];
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
        let (before, room) = (vec.len(), vec.capacity() - vec.len());
        if room == 0 {
            return Ok(0);
        }
        if self.most(room) < room {
            // Cleared first: only all of the spare capacity can be read into as it is.
            vec.resize(before + self.most(room), 0);
            let read = self.read(&mut vec[before..]);
            vec.truncate(before + read.as_ref().map_or(0, |n| *n));
            return read;
        }
        self.check()?;
        let mut n = self.blocking(PollFlags::IN, |fd| {
            rustix::io::read(fd, rustix::buffer::spare_capacity(vec))
        })?;
        while n > 0 && vec.len() < vec.capacity() {
            let before = vec.len();
            // Memory is cleared before such a read, so more would be cleared in vain.
            vec.resize(before + PIPE.min(vec.capacity() - before), 0);
            let more = self.more(&mut vec[before..]);
            vec.truncate(before + more.unwrap_or(0));
            match more {
                Some(more) => n += more,
                None => break,
            }
        }
        Ok(n)
    }

    /// Whether [`read_now`](Self::read_now) is worth a call: of a pipe.
    pub(crate) fn reads_now(&self) -> bool {
        self.pipe && nowait::suits_regular()
    }

    /// Reads what is there without waiting. `None` if there is nothing, or an error, or if
    /// only a read can tell.
    pub(crate) fn read_now(&mut self, buf: &mut [u8]) -> Option<usize> {
        if self.failed.is_some() {
            return None;
        }
        let most = self.most(buf.len());
        self.more(&mut buf[..most])
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
