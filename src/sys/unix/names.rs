//! Many names in one piece of memory.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Names, by their number.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// One behind the other.
    bytes: Vec<u8>,
    /// Where each ends in `bytes`: the first begins at 0, and each other one where the
    /// one before it ends.
    ends: Vec<usize>,
}

impl Names {
    pub(crate) fn push(&mut self, name: &OsStr) {
        self.bytes.extend_from_slice(name.as_bytes());
        self.ends.push(self.bytes.len());
    }

    /// The name with this number, from 0 on; it must be there.
    pub(crate) fn get(&self, number: usize) -> &OsStr {
        let start = match number {
            0 => 0,
            _ => self.ends[number - 1],
        };
        OsStr::from_bytes(&self.bytes[start..self.ends[number]])
    }
}
