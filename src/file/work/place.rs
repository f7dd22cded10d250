//! When the stream is asked for its cursor.

use super::Work;
use crate::file::stream::SharedStream;
use crate::raw_io::RawIo;

impl<R: RawIo> Work<R> {
    /// Whether the stream is asked for its cursor after a write. After an append it is,
    /// because that goes to the end. After another write it is if the descriptor may be
    /// shared: others may have set it to append, or moved its cursor. (CPython asks between
    /// writes and reads.) A file that is being closed needs its cursor no more.
    pub(super) fn asks_where(&self, stream: &SharedStream<R>) -> bool {
        let moved = self.seekable && stream.file().is_some() && !self.private;
        (self.append || moved) && !self.closing
    }

    /// Whether the stream is asked for its cursor before a read. As CPython: before a read
    /// into an empty buffer, if the file is open for reading and writing, and if the
    /// descriptor may be shared. Seeks within the buffer rely on this.
    pub(super) fn asks_before(&self, stream: &SharedStream<R>) -> bool {
        let fills = self.reads && self.both && self.read.is_empty();
        fills && self.pos.is_some() && stream.file().is_some() && !self.private
    }
}
