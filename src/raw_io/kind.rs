//! What an open file says about itself.

use std::fs::{File, Metadata};
use std::io;

/// How a file was opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    pub(crate) append: bool,
    /// Past the page cache.
    pub(crate) direct: bool,
}

/// How a file was opened. Does not wait.
pub(crate) fn access(file: &File) -> io::Result<Access> {
    super::platform::access(file)
}

/// What a file is, as far as that says which questions are to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It has a cursor, and is no terminal.
    Regular,
    Folder,
    /// A character device: perhaps a terminal, perhaps with a cursor, which need
    /// not count what is read and written.
    Character,
    /// A FIFO or a socket: no cursor, and no terminal.
    Stream,
    /// A block device, or what cannot be told.
    Other,
}

/// What an open file is. Does not wait where the system has a way to ask so.
pub(crate) fn kind(file: &File) -> Kind {
    super::platform::kind(file)
}

/// The same, with all else that the system tells of it; of some kinds that is nothing
/// on Windows.
pub(crate) fn look(file: &File) -> io::Result<(Kind, Option<Metadata>)> {
    super::platform::look(file)
}
