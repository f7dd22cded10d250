//! Copying where the system has no way of its own, and tells nothing of holes.

use std::fs::File;
use std::io;

use super::{read_at, retry, write_at};

/// The next stretch of data at or after `from`, as `start..end`: all is taken for data.
pub(crate) fn next_data(_file: &File, from: u64, size: u64) -> io::Result<Option<(u64, u64)>> {
    Ok(Some((from, size)))
}

/// Copies pieces of a file.
#[derive(Debug, Default)]
pub(crate) struct Copier(Vec<u8>);

impl Copier {
    /// Copies up to `len` bytes at `offset`; 0 at the end of `src` only.
    pub(crate) fn copy(
        &mut self,
        src: &File,
        dst: &File,
        offset: u64,
        len: usize,
    ) -> io::Result<usize> {
        self.0.resize(128 * 1024, 0);
        let len = len.min(self.0.len());
        let n = retry(|| read_at(src, &mut self.0[..len], offset))?;
        let mut done = 0;
        while done < n {
            match retry(|| write_at(dst, &self.0[done..n], offset + done as u64))? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => done += written,
            }
        }
        Ok(n)
    }
}
