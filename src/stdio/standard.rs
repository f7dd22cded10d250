//! The standard streams of the system as raw streams.

use std::io;

use super::stream::Spec;
use crate::codec::Newline;
use crate::raw_io::RawIo;
use crate::sys::{LINES_END_IN_CRLF, Standard};

/// As in Python: if text files of the system have `\n`, line ends are not translated in
/// either direction; otherwise they are.
pub(super) const NEWLINE: Newline = if LINES_END_IN_CRLF {
    Newline::Universal
} else {
    Newline::Lf
};

pub(super) fn open(spec: Spec) -> Box<dyn RawIo> {
    Box::new(match spec {
        Spec::Stdin => Standard::stdin(),
        Spec::Stdout => Standard::stdout(),
        Spec::Stderr => Standard::stderr(),
    })
}

impl RawIo for Standard {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.read(buf)
    }

    fn read_spare(&mut self, vec: &mut Vec<u8>) -> io::Result<usize> {
        self.read_spare(vec)
    }

    fn reads_now(&self) -> bool {
        self.reads_now()
    }

    fn read_now(&mut self, buf: &mut [u8]) -> Option<usize> {
        self.read_now(buf)
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush()
    }

    fn close(&mut self) -> io::Result<()> {
        self.close()
    }

    fn isatty(&self) -> bool {
        self.isatty()
    }
}
