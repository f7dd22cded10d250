//! One read and one write, of a stream that may do them wrong.

use std::io;

use crate::raw_io::RawIo;
use crate::sys::retry;

/// One read; 0 is the end.
pub(crate) fn read_some(raw: &mut dyn RawIo, buf: &mut [u8]) -> io::Result<usize> {
    match retry(|| raw.read(buf))? {
        n if n > buf.len() => Err(io::Error::other(
            "the stream gave more bytes than asked for",
        )),
        n => Ok(n),
    }
}

/// One write that makes progress or fails.
pub(crate) fn write_some(raw: &mut dyn RawIo, bytes: &[u8]) -> io::Result<usize> {
    match retry(|| raw.write(bytes))? {
        0 => Err(io::ErrorKind::WriteZero.into()),
        n if n > bytes.len() => Err(io::Error::other(
            "the stream took more bytes than it was given",
        )),
        n => Ok(n),
    }
}
