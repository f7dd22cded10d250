//! When a stream is asked where its cursor is.

use super::Work;
use crate::file::stream::SharedStream;
use crate::raw_io::RawIo;

impl<R: RawIo> Work<R> {
    /// Whether the stream is asked where a write has led. An append leads to the end, and a
    /// descriptor may append without the file knowing: who shares it can have said so, or
    /// moved its cursor, meanwhile. CPython asks between writes and reads. A file that is
    /// being closed goes nowhere from there.
    pub(super) fn asks_where(&self, stream: &SharedStream<R>) -> bool {
        let moved = self.seekable && stream.file().is_some() && !self.private;
        (self.append || moved) && !self.closing
    }

    /// Whether it is asked before a read into an empty buffer: as CPython, of a file that
    /// is open in both directions. A seek within what is read goes by that.
    pub(super) fn asks_before(&self, stream: &SharedStream<R>) -> bool {
        let fills = self.reads && self.both && self.read.is_empty();
        fills && self.pos.is_some() && stream.file().is_some() && !self.private
    }
}
