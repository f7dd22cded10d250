//! Listings of folders that go on after a signal.
//!
//! std ends a listing that is interrupted: after the error it gives no more entries. The
//! remaining entries can be read only by a new listing.

use std::ffi::OsString;
use std::fs::{self, DirEntry, ReadDir};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use super::retry;

/// Calls `make` for each entry of a folder. After a signal it starts again with the first.
pub(crate) fn list<T>(
    path: &Path,
    make: impl Fn(&DirEntry) -> io::Result<T>,
) -> io::Result<Vec<T>> {
    retry(|| fs::read_dir(path)?.map(|entry| make(&entry?)).collect())
}

/// The entries of a folder with their names, each once, for callers that have used the first
/// entries already and cannot start again.
///
/// After a signal the folder is listed again, and the entries that were given are skipped.
/// The new listing must begin with the same names in the same order; a hash of the names,
/// which needs no memory, tells whether it does. If it does not, because the folder has
/// changed, an entry could be missed or given twice: then the interruption is returned as an
/// error.
#[derive(Debug)]
pub(crate) struct Listing {
    path: PathBuf,
    entries: ReadDir,
    /// The number of entries that were given, and the hash of their names.
    given: usize,
    names: DefaultHasher,
}

impl Listing {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            entries: retry(|| fs::read_dir(path))?,
            given: 0,
            names: DefaultHasher::new(),
        })
    }

    /// Replaces a listing that was interrupted by a new one.
    fn begin_again(&mut self) -> io::Result<()> {
        let names = retry(|| {
            self.entries = fs::read_dir(&self.path)?;
            let mut names = DefaultHasher::new();
            for entry in self.entries.by_ref().take(self.given) {
                entry?.file_name().hash(&mut names);
            }
            Ok(names)
        })?;
        if names.finish() == self.names.finish() {
            Ok(())
        } else {
            Err(io::ErrorKind::Interrupted.into())
        }
    }
}

impl Iterator for Listing {
    type Item = io::Result<(OsString, DirEntry)>;

    /// After an error, callers must not ask for more.
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.entries.next()? {
                Ok(entry) => {
                    let name = entry.file_name();
                    name.hash(&mut self.names);
                    self.given += 1;
                    return Some(Ok((name, entry)));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    if let Err(error) = self.begin_again() {
                        return Some(Err(error));
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
