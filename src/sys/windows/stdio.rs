//! The standard streams of std, which can handle the console.

use std::io::{self, IsTerminal, Read, Write};

use super::file::into_spare;

/// A standard stream.
#[derive(Debug)]
pub(crate) enum Standard {
    Stdin(io::Stdin),
    Stdout(io::Stdout),
    Stderr(io::Stderr),
}

impl Standard {
    pub(crate) fn stdin() -> Self {
        Self::Stdin(io::stdin())
    }

    pub(crate) fn stdout() -> Self {
        Self::Stdout(io::stdout())
    }

    pub(crate) fn stderr() -> Self {
        Self::Stderr(io::stderr())
    }

    pub(crate) fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stdin(stdin) => stdin.read(buf),
            Self::Stdout(_) | Self::Stderr(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    pub(crate) fn read_spare(&mut self, vec: &mut Vec<u8>) -> io::Result<usize> {
        into_spare(vec, |spare| self.read(spare))
    }

    /// The system does not tell whether a read would wait.
    #[allow(clippy::unused_self, reason = "others can be asked")]
    pub(crate) fn reads_now(&self) -> bool {
        false
    }

    #[allow(clippy::unused_self, reason = "others can be asked")]
    pub(crate) fn read_now(&mut self, _: &mut [u8]) -> Option<usize> {
        None
    }

    pub(crate) fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdin(_) => Err(io::ErrorKind::Unsupported.into()),
            Self::Stdout(stdout) => stdout.write(buf),
            Self::Stderr(stderr) => stderr.write(buf),
        }
    }

    /// Writes what std has buffered.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::Stdin(_) | Self::Stderr(_) => Ok(()),
        }
    }

    /// Does nothing: the stream stays open, and a close would report nothing.
    #[allow(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "a close can fail elsewhere, and its callers go by that"
    )]
    pub(crate) fn close(&mut self) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn isatty(&self) -> bool {
        match self {
            Self::Stdin(stdin) => stdin.is_terminal(),
            Self::Stdout(stdout) => stdout.is_terminal(),
            Self::Stderr(stderr) => stderr.is_terminal(),
        }
    }
}
