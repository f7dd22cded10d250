//! What is found in a folder, many entries at a time.

use std::ffi::OsStr;
use std::fs::{self, FileType, Metadata};
use std::io;
use std::path::Path;

use crate::sys::{self, Entries, Entry, Listing, Names};

/// What a listing tells of an entry, besides its name.
pub(super) struct Found {
    /// Of the entry itself; `None` if it vanished before it was known.
    pub(super) kind: Option<FileType>,
    /// Where the entry is a link: of what it points to, if that is there.
    pub(super) target: Option<FileType>,
    #[allow(dead_code, reason = "told where a system lists it")]
    pub(super) inode: u64,
}

/// Entries in the order in which they were found, together: none has memory of its own.
#[derive(Default)]
pub(super) struct Batch {
    /// One for each of `found`.
    names: Names,
    found: Vec<Found>,
    /// One for each of `found` where it was asked for, none otherwise.
    metadata: Vec<Option<Metadata>>,
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    pub(super) fn name(&self, number: usize) -> &OsStr {
        self.names.get(number)
    }

    pub(super) fn found(&self, number: usize) -> &Found {
        &self.found[number]
    }

    pub(super) fn metadata(&self, number: usize) -> Option<&Metadata> {
        self.metadata.get(number)?.as_ref()
    }

    fn push(&mut self, folder: &Path, entry: &Entry<'_>) {
        // A link is the one kind whose listing does not answer `is_dir`.
        let link = entry.kind.filter(FileType::is_symlink);
        let target = link.and_then(|_| {
            let path = folder.join(entry.name);
            sys::retry(|| fs::metadata(&path)).ok()
        });
        self.names.push(entry.name);
        self.found.push(Found {
            kind: entry.kind,
            target: target.map(|metadata| metadata.file_type()),
            inode: entry.inode,
        });
    }
}

/// An open folder that is read on and on.
pub(super) enum Folder {
    /// For names and types.
    Names(Entries),
    /// For metadata as well: only std makes it, and only std's entries ask for it without
    /// walking down to the folder again.
    Stat(Listing),
}

impl Folder {
    pub(super) fn open(path: &Path, with_stat: bool) -> io::Result<Self> {
        Ok(if with_stat {
            Self::Stat(Listing::open(path)?)
        } else {
            Self::Names(Entries::open(path)?)
        })
    }

    /// Reads `least` further entries or some more, or all that are left, into `batch`;
    /// `false` once there are no more. What was found before an error is there, too.
    /// `path` is that of the folder.
    pub(super) fn read(
        &mut self,
        path: &Path,
        least: usize,
        batch: &mut Batch,
    ) -> io::Result<bool> {
        let entries = match self {
            Self::Names(entries) => {
                return entries.read(path, least, |entry| batch.push(path, &entry));
            }
            Self::Stat(entries) => entries,
        };
        for _ in 0..least {
            let Some((name, entry)) = entries.next().transpose()? else {
                return Ok(false);
            };
            let metadata = sys::retry(|| entry.metadata()).ok();
            let kind = match &metadata {
                Some(metadata) => Some(metadata.file_type()),
                None => sys::retry(|| entry.file_type()).ok(),
            };
            let found = Entry {
                name: &name,
                kind,
                inode: sys::inode(&entry),
            };
            batch.push(path, &found);
            batch.metadata.push(metadata);
        }
        Ok(true)
    }
}
