//! Where a temporary file or folder is made, and the jobs that make it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::entry::Entry;
use super::remove;
use crate::delegate::Blocking;
use crate::error::{Error, Result};
use crate::executor::Chosen;
use crate::raw_io::nowait;

#[cfg_attr(unix, path = "place/unix.rs")]
#[cfg_attr(windows, path = "place/windows.rs")]
mod platform;

/// The verb of the jobs here.
pub(super) const OP: &str = "create a temporary file in";

/// `dir`, `prefix` and `suffix`.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// `None`: the first usable one of [`Place::dirs`].
    pub(super) dir: Option<PathBuf>,
    /// `None`: `tmp`.
    pub(super) prefix: Option<OsString>,
    pub(super) suffix: Option<OsString>,
}

impl Place {
    /// Prefix and suffix.
    fn affixes(&self) -> (&OsStr, &OsStr) {
        let prefix = self.prefix.as_deref().unwrap_or(OsStr::new("tmp"));
        (prefix, self.suffix.as_deref().unwrap_or_default())
    }

    /// The folders to try, best first, as Python's `tempfile`.
    fn dirs(&self) -> Vec<PathBuf> {
        if let Some(dir) = &self.dir {
            return vec![dir.clone()];
        }
        let mut dirs = vec![::tempfile::env::temp_dir()];
        for name in ["TEMP", "TMP"] {
            dirs.extend(std::env::var_os(name).map(PathBuf::from));
        }
        dirs.extend(platform::DIRS.map(PathBuf::from));
        dirs.push(PathBuf::from("."));
        dirs
    }

    /// Creates in the first folder that can be used.
    fn create<T>(
        &self,
        op: &'static str,
        create: impl Fn(&Path, ::tempfile::Builder<'_, '_>) -> io::Result<T>,
    ) -> Result<T> {
        let (prefix, suffix) = self.affixes();
        let mut first = None;
        for dir in self.dirs() {
            let mut builder = ::tempfile::Builder::new();
            // Python's names have as many random characters.
            builder.prefix(prefix).suffix(suffix).rand_bytes(8);
            match create(&dir, builder) {
                Ok(made) => return Ok(made),
                Err(error) => {
                    let unusable = matches!(
                        error.kind(),
                        io::ErrorKind::NotFound
                            | io::ErrorKind::PermissionDenied
                            | io::ErrorKind::NotADirectory
                            | io::ErrorKind::ReadOnlyFilesystem
                    );
                    let error = Error::os(op, Some(&dir), error);
                    if !unusable {
                        return Err(error);
                    }
                    first.get_or_insert(error);
                }
            }
        }
        Err(first.expect("there is one folder at least"))
    }

    /// Blocks: makes a file without a name.
    pub(super) fn anonymous(&self, append: bool) -> Result<File> {
        self.create(OP, |dir, builder| {
            if let Some(file) = platform::unnamed(dir, append)? {
                return Ok(file);
            }
            let named = builder.make_in(dir, |path| platform::create(path, append))?;
            let (file, path) = named.into_parts();
            path.close()?;
            Ok(file)
        })
    }

    /// Blocks: makes a file with a name, which is removed by the drop of the entry.
    fn named(&self, append: bool, executor: Chosen) -> Result<(File, Entry)> {
        self.create(OP, |dir, builder| {
            let named = builder.make_in(dir, |path| platform::create(path, append))?;
            let (file, mut path) = named.into_parts();
            path.disable_cleanup(true);
            let path: Arc<Path> = Arc::from(&*path);
            Ok((file, Entry::new(path, executor.clone(), remove::FILE)))
        })
    }

    /// Blocks: makes a folder, which is removed by the drop of the entry.
    fn folder(&self, executor: Chosen) -> Result<Entry> {
        self.create(CreateFolder::OP, |dir, builder| {
            let made = builder.make_in(dir, platform::create_dir)?;
            let mut path = made.into_temp_path();
            path.disable_cleanup(true);
            let path: Arc<Path> = Arc::from(&*path);
            Ok(Entry::new(path, executor.clone(), remove::TREE))
        })
    }
}

/// Makes a file without a name; gives it, and whether page-cache reads suit it.
pub(super) struct CreateAnonymous {
    pub(super) place: Place,
    pub(super) append: bool,
}

impl Blocking for CreateAnonymous {
    type Output = (File, bool);

    fn op(&self) -> &'static str {
        OP
    }

    fn path(&self) -> Option<&Arc<Path>> {
        None
    }

    fn run(self) -> Result<Self::Output> {
        let file = self.place.anonymous(self.append)?;
        let suits = nowait::suits(&file);
        Ok((file, suits))
    }
}

/// Makes a file with a name.
pub(super) struct CreateNamed {
    pub(super) place: Place,
    pub(super) append: bool,
    pub(super) executor: Chosen,
}

impl Blocking for CreateNamed {
    type Output = (File, Entry, bool);

    fn op(&self) -> &'static str {
        OP
    }

    fn path(&self) -> Option<&Arc<Path>> {
        None
    }

    fn run(self) -> Result<Self::Output> {
        let (file, entry) = self.place.named(self.append, self.executor)?;
        let suits = nowait::suits(&file);
        Ok((file, entry, suits))
    }
}

/// Makes a folder.
pub(super) struct CreateFolder {
    pub(super) place: Place,
    pub(super) executor: Chosen,
}

impl CreateFolder {
    pub(super) const OP: &'static str = "create a temporary folder in";
}

impl Blocking for CreateFolder {
    type Output = Entry;

    fn op(&self) -> &'static str {
        Self::OP
    }

    fn path(&self) -> Option<&Arc<Path>> {
        None
    }

    fn run(self) -> Result<Entry> {
        self.place.folder(self.executor)
    }
}
