//! Listings of folders, which a signal does not end.
//!
//! std gives up a listing that is interrupted: after the error come no more entries. What
//! is left of it can only be had by a new one.

use std::ffi::OsString;
use std::fs::{self, DirEntry, ReadDir};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use super::retry;

/// Makes something of each entry of a folder; of all of them again after a signal.
pub(crate) fn list<T>(
    path: &Path,
    make: impl Fn(&DirEntry) -> io::Result<T>,
) -> io::Result<Vec<T>> {
    retry(|| fs::read_dir(path)?.map(|entry| make(&entry?)).collect())
}

/// The entries of a folder with their names, each once, for callers that cannot give back what they got.
///
/// After a signal the folder is listed anew, and what was given is passed over: it is
/// there if the new listing begins with the same names in the same order, which costs no
/// memory to know. Where the folder was changed meanwhile so that it does not, an entry
/// could be missed or given twice, and the interruption is the error.
#[derive(Debug)]
pub(crate) struct Listing {
    path: PathBuf,
    entries: ReadDir,
    /// How many were given, and the hash of their names.
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

    /// Puts a new listing in the place of one that was interrupted.
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

    /// After an error there is nothing to be expected.
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
