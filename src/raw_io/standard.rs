//! [`RawIo`] for the standard streams of std.

use std::io::{self, IsTerminal, Read, Write};

use super::RawIo;

impl RawIo for io::Stdin {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Read::read(self, buf)
    }

    fn isatty(&self) -> bool {
        self.is_terminal()
    }

    fn writable(&self) -> bool {
        false
    }
}

impl RawIo for io::Stdout {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Write::write(self, buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(self)
    }

    fn isatty(&self) -> bool {
        self.is_terminal()
    }

    fn readable(&self) -> bool {
        false
    }
}

impl RawIo for io::Stderr {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Write::write(self, buf)
    }

    fn isatty(&self) -> bool {
        self.is_terminal()
    }

    fn readable(&self) -> bool {
        false
    }
}
