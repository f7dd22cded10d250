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
use crate::sys::{self, nowait};

mod default;

/// The default mode of a file: only its user may read and write it.
const PRIVATE: u32 = 0o600;

/// The verb of the jobs here.
pub(super) const OP: &str = "create a temporary file in";

/// `dir`, `prefix`, `suffix` and `permissions`.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// `None`: [`default::dir`].
    pub(super) dir: Option<PathBuf>,
    /// `None`: `tmp`.
    pub(super) prefix: Option<OsString>,
    pub(super) suffix: Option<OsString>,
    /// The mode of a file, less the umask. `None`: 0o600.
    pub(super) permissions: Option<u32>,
}

impl Place {
    /// Refuses names with a NUL byte, which no system call takes, before anything is made.
    pub(super) fn check(&self, op: &'static str) -> Result<()> {
        let affixes = [&self.prefix, &self.suffix].into_iter().flatten();
        let dir = self.dir.as_deref().map(Path::as_os_str);
        for name in affixes.map(OsString::as_os_str).chain(dir) {
            if memchr::memchr(0, name.as_encoded_bytes()).is_some() {
                return Err(Error::InvalidArgument {
                    op,
                    path: self.dir.clone(),
                    reason: "the name has a NUL byte in it".to_owned(),
                });
            }
        }
        Ok(())
    }

    fn mode(&self) -> u32 {
        self.permissions.unwrap_or(PRIVATE)
    }

    /// Creates in the folder asked for, or else in the default one.
    fn create<T>(
        &self,
        op: &'static str,
        create: impl Fn(&Path, ::tempfile::Builder<'_, '_>) -> io::Result<T>,
    ) -> Result<T> {
        let create = |dir: &Path| {
            let mut builder = ::tempfile::Builder::new();
            let prefix = self.prefix.as_deref().unwrap_or(OsStr::new("tmp"));
            let suffix = self.suffix.as_deref().unwrap_or_default();
            // Python's names have as many random characters.
            builder.prefix(prefix).suffix(suffix).rand_bytes(8);
            create(dir, builder).map_err(|error| Error::os(op, Some(dir), error))
        };
        if let Some(dir) = &self.dir {
            let whole = sys::abspath(dir).map_err(|error| Error::os(op, Some(dir), error))?;
            return create(&whole);
        }
        let told = |error| Error::os(op, None, error);
        let dir = default::dir().map_err(told)?;
        create(&dir).or_else(|error| {
            // The folder was usable when it was found. Search again: another may be
            // usable now.
            default::forget(&dir);
            match default::dir().map_err(told)? {
                other if other != dir => create(&other),
                _ => Err(error),
            }
        })
    }

    /// Blocks: makes a file without a name.
    pub(super) fn anonymous(&self, append: bool) -> Result<File> {
        self.create(OP, |dir, builder| {
            if let Some(file) = sys::unnamed(dir, append, self.mode())? {
                return Ok(file);
            }
            let create = |path: &Path| sys::create_anonymous(path, append, self.mode());
            let (file, mut path) = builder.make_in(dir, create)?.into_parts();
            let removed = sys::retry(|| std::fs::remove_file(&path));
            path.disable_cleanup(removed.is_ok());
            match removed {
                Err(error) if !sys::OPEN_FILES_KEEP_NAMES => Err(error),
                _ => Ok(file),
            }
        })
    }

    /// Blocks: makes a file with a name, which is removed by the drop of the entry.
    fn named(&self, append: bool, executor: Chosen) -> Result<(File, Entry)> {
        self.create(OP, |dir, builder| {
            let named = builder.make_in(dir, |path| sys::create_new(path, append, self.mode()))?;
            let (file, mut path) = named.into_parts();
            path.disable_cleanup(true);
            let path: Arc<Path> = Arc::from(&*path);
            Ok((file, Entry::new(path, executor.clone(), remove::FILE)))
        })
    }

    /// Blocks: makes a folder, which is removed by the drop of the entry.
    fn folder(&self, executor: Chosen) -> Result<Entry> {
        self.create(CreateFolder::OP, |dir, builder| {
            let made = builder.make_in(dir, sys::create_private_folder)?;
            let mut path = made.into_temp_path();
            path.disable_cleanup(true);
            let path: Arc<Path> = Arc::from(&*path);
            Ok(Entry::new(path, executor.clone(), remove::TREE))
        })
    }
}

/// Makes a file without a name. Gives the file, and whether its file system supports
/// reads from the page cache.
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
