//! The names of `linux.rs` for other systems, which answer nothing without waiting: a job
//! does the work, or it is done in another way.

#[cfg(feature = "tempfile")]
use std::fs;
use std::fs::File;
use std::io;
use std::path::Path;

use super::{Entry, Listing, inode, retry};
#[cfg(feature = "tempfile")]
use super::{list, mode, set_mode_in, system};

/// It looks at the name that std gives the main thread. A program may give that name to
/// another thread too: if that one comes first, it is taken for the main thread.
pub(crate) fn is_main_thread() -> bool {
    std::thread::current().name() == Some("main")
}

/// An open folder, as std reads it.
#[derive(Debug)]
pub(crate) struct Entries(Listing);

impl Entries {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Listing::open(path).map(Self)
    }

    /// Gives `least` further entries to `each`, in no order, unless there are fewer;
    /// `false` once there are no more.
    pub(crate) fn read(
        &mut self,
        _: &Path,
        least: usize,
        mut each: impl FnMut(Entry<'_>),
    ) -> io::Result<bool> {
        for _ in 0..least {
            let Some((name, entry)) = self.0.next().transpose()? else {
                return Ok(false);
            };
            each(Entry {
                name: &name,
                kind: retry(|| entry.file_type()).ok(),
                inode: inode(&entry),
            });
        }
        Ok(true)
    }
}

/// Nothing is known about file systems here.
pub(crate) fn tells_size_at_once(_: &File) -> bool {
    false
}

pub(crate) mod cached {
    //! Every question about a path is a job.

    use std::fs::{File, Metadata};
    use std::path::Path;

    pub(crate) fn open(_: &Path) -> Option<File> {
        None
    }

    pub(crate) fn read_was_refused(_: &File) {}

    pub(crate) fn open_nonblocking(_: &Path, _: impl FnOnce(u64) -> bool) -> Option<(File, u64)> {
        None
    }

    pub(crate) fn metadata(_: &Path, _: bool) -> Option<Metadata> {
        None
    }

    pub(crate) fn learn(_: &File, _: &Metadata) {}

    pub(crate) fn learn_path(_: &Path, _: bool, _: &Metadata) {}
}

pub(super) mod nowait {
    //! Every read may wait.

    use std::fs::File;

    use super::super::Answer;

    pub(crate) fn suits_regular() -> bool {
        false
    }

    pub(crate) fn read(_: &File, _: &mut [u8], _: Option<u64>) -> Answer {
        Answer::Never
    }
}

/// The caller asks for the metadata.
#[cfg(unix)]
pub(super) fn look(_: &File) -> Option<(u32, bool)> {
    None
}

/// The caller asks for the type of an open file in another way.
#[cfg(unix)]
pub(super) fn mode_in_memory(_: impl std::os::fd::AsFd) -> Option<u32> {
    None
}

/// The system does not tell whether a read would wait.
#[cfg(all(unix, feature = "stdio"))]
#[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
pub(super) fn read_more(
    _: std::os::fd::BorrowedFd<'_>,
    _: &mut [u8],
) -> std::io::Result<Option<usize>> {
    Ok(None)
}

/// All files have names.
#[cfg(feature = "tempfile")]
#[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
pub(crate) fn unnamed(_: &Path, _: bool, _: u32) -> io::Result<Option<File>> {
    Ok(None)
}

/// Makes `root` and everything below it writable. It does not follow links, except for one
/// that takes the place of a folder between the look and the change.
#[cfg(feature = "tempfile")]
pub(crate) fn make_accessible(root: &Path) -> io::Result<()> {
    let mut paths = vec![system::literal(root)?];
    while let Some(path) = paths.pop() {
        let metadata = retry(|| fs::symlink_metadata(&path))?;
        if metadata.is_symlink() {
            continue;
        }
        let mut permissions = metadata.permissions();
        set_mode_in(&mut permissions, mode(&metadata) | 0o700);
        drop(retry(|| fs::set_permissions(&path, permissions.clone())));
        if let Ok(below) = list(&path, |entry| Ok(entry.path())) {
            paths.extend(below);
        }
    }
    Ok(())
}
