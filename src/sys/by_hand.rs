//! Replacements for what a system lacks: copies through a buffer, without holes, and files
//! that replace others without attributes.

use std::fs::File;
use std::io;

use super::{read_at, retry, write_at};

/// The next range of data at or after `from`, as `start..end`. The system does not tell
/// where holes are, so all of it counts as data.
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

#[cfg(feature = "tempfile")]
pub(crate) mod rights {
    //! For systems without nameless files, and without a safe call for attributes.

    use std::fs::{File, Metadata};
    use std::io;
    use std::path::Path;

    use super::super::retry;

    /// Whether a file that was made without a name can get one.
    pub(crate) fn may_link_unnamed() -> bool {
        false
    }

    /// Never called: all files have names.
    pub(crate) fn link_unnamed(_: &File, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Here a path to a descriptor leads to a device, which is refused as such, or there
    /// are no such paths: so there is nothing to check.
    #[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
    pub(crate) fn check_link(_: &Path, _: &Path) -> io::Result<()> {
        Ok(())
    }

    #[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
    pub(crate) fn check_folder(_: &Path) -> io::Result<()> {
        Ok(())
    }

    /// The file at a path, which will be replaced.
    #[derive(Debug)]
    pub(crate) struct Old(Metadata);

    impl Old {
        pub(crate) fn look(path: &Path) -> io::Result<Self> {
            retry(|| std::fs::symlink_metadata(path)).map(Self)
        }

        pub(crate) fn metadata(&self) -> &Metadata {
            &self.0
        }
    }
}
