//! A file that is written beside a path and then takes its place, in one step. It is the
//! base of [`write_atomic`](crate::write_atomic) and
//! [`tempfile::atomic_file`](crate::tempfile::atomic_file).
//!
//! The order of the steps:
//!
//! 1. the new file is made, so that only its user can open it;
//! 2. its content is written;
//! 3. it gets the owner, the attributes and the mode of the file at the path;
//! 4. it is flushed to the disk;
//! 5. it is renamed to the path;
//! 6. the folder is flushed to the disk.
//!
//! So at no moment does anybody have more rights on the new file than on the old one, and
//! until the rename the old file does not change.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf, is_separator};

use ::tempfile::{PathPersistError, TempPath};

use crate::sys::{self, Rights};

/// The start of the name that a new file has before its rename.
const PREFIX: &str = ".aiofiles-";

/// The mode of a new file: nobody but its user can open it.
const PRIVATE: u32 = 0o600;

/// A new file, and the path that it will replace.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The path after all its links were followed.
    target: PathBuf,
    folder: PathBuf,
    /// The name before the rename; its drop removes it. `None` if the file has no name
    /// yet: then nothing is left of it, however the process ends.
    temporary: Option<TempPath>,
    /// Whether the file under `temporary` is a copy, because the original could not get a
    /// name.
    copied: bool,
    /// The identity of the file, to recognise it.
    id: sys::FileId,
    /// Whether nothing may exist at the path, not even a link.
    exclusive: bool,
    /// Whether the rename is done. Then only the flush of the folder may be missing.
    moved: bool,
}

impl Draft {
    /// Makes a new file, open for both directions, that will replace what `path` leads to.
    /// With `exclusive`, nothing may exist there, neither now nor at the rename.
    pub(crate) fn create(path: &Path, exclusive: bool) -> io::Result<(Self, File)> {
        if exclusive {
            check_free(path)?;
        }
        let target = Target::find(path)?.path;
        let folder = folder_of(&target).to_owned();
        sys::check_folder(&folder)?;
        // At the end the folder is opened to flush it. If it cannot be opened, fail now,
        // while nothing has changed.
        drop(sys::retry(|| fs::read_dir(&folder))?);
        let (file, temporary) = create(&folder, PRIVATE)?;
        let id = match &temporary {
            Some(name) => sys::FileId::of_open(&file, name)?,
            None => sys::FileId::of_open(&file, &target)?,
        };
        let draft = Self {
            target,
            folder,
            temporary,
            copied: false,
            id,
            exclusive,
            moved: false,
        };
        Ok((draft, file))
    }

    /// Whether `file` is the one that was made here.
    pub(crate) fn is_of(&self, file: &File) -> io::Result<bool> {
        let path = self.temporary.as_deref().unwrap_or(&self.target);
        Ok(sys::FileId::of_open(file, path)? == self.id)
    }

    /// Whether its drop has a name to remove.
    pub(crate) fn has_name(&self) -> bool {
        self.temporary.is_some()
    }

    /// Prepares `file`, which must have all its content: sets its rights, brings it to the
    /// disk, and gives it a name in its folder. `mode`, less the umask, is for a file that
    /// replaces none. If it fails, it may be called again.
    pub(crate) fn prepare(&mut self, file: &File, mode: u32) -> io::Result<()> {
        if self.moved {
            return Ok(());
        }
        if self.exclusive {
            check_free(&self.target)?;
        }
        let target = Target::find(&self.target)?;
        if target.path != self.target {
            // There is a link at the path now, which was not there before. Its target will
            // be replaced. (If the new file has a name already, the rename works only on
            // the same file system.)
            self.folder = folder_of(&target.path).to_owned();
            sys::check_folder(&self.folder)?;
            self.target = target.path;
        }
        let rights = match &target.old {
            Some(old) => Rights::of_old(old)?,
            None => rights_of_new(&self.folder, mode)?,
        };
        rights.set(file)?;
        sys::retry(|| file.sync_all())?;
        if self.temporary.is_none() {
            let mut builder = ::tempfile::Builder::new();
            let named = builder
                .prefix(PREFIX)
                .make_in(&self.folder, |path| sys::link_unnamed(file, path));
            self.copied = named.is_err();
            self.temporary = Some(match named {
                Ok(named) => named.into_temp_path(),
                // The path leads to another file system now, or the file system cannot give
                // the file a name.
                Err(_) => copy_with_name(file, &self.folder, &rights)?,
            });
        }
        Ok(())
    }

    /// Renames the prepared file to the path and flushes the folder. If the rename fails,
    /// nothing has changed; if the flush fails, the file is in its place. In both cases it
    /// may be called again.
    pub(crate) fn publish(&mut self) -> io::Result<()> {
        // Open the folder before anything changes: this fails if there are too many open
        // files.
        let folder = sys::Folder::open(&self.folder)?;
        if let Some(name) = self.temporary.take() {
            let moved = if self.exclusive {
                name.persist_noclobber(&self.target)
            } else {
                rename(name, &self.target)
            };
            if let Err(error) = moved {
                // A copy is dropped: the next try makes a new one, with the rights that
                // the old file has then.
                self.temporary = Some(error.path).filter(|_| !self.copied);
                return Err(error.error);
            }
            self.moved = true;
        }
        match folder.sync() {
            // Some file systems cannot flush folders and fail with these errors.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
                ) =>
            {
                Ok(())
            }
            done => done,
        }
    }
}

/// Replaces the file at `path`, or makes it.
pub(crate) fn replace_content(path: &Path, data: &[u8]) -> io::Result<()> {
    let (mut draft, mut file) = Draft::create(path, false)?;
    file.write_all(data)?;
    draft.prepare(&file, sys::DEFAULT_MODE)?;
    // Close before the rename: if the close reports that a write has failed, the old
    // content stays.
    sys::close(file)?;
    draft.publish()
}

/// Makes a copy of `file` that has a name, and flushes it to the disk.
fn copy_with_name(file: &File, folder: &Path, rights: &Rights) -> io::Result<TempPath> {
    let named = ::tempfile::Builder::new()
        .prefix(PREFIX)
        .make_in(folder, |path| sys::create_new(path, false, PRIVATE))?;
    let (mut copy, name) = named.into_parts();
    let mut source = file;
    source.seek(SeekFrom::Start(0))?;
    io::copy(&mut source, &mut copy)?;
    rights.set(&copy)?;
    sys::retry(|| copy.sync_all())?;
    sys::close(copy)?;
    Ok(name)
}

/// Renames, replacing a file at `to`. It uses std's rename, which on Windows can also
/// replace a file that others have open, if the system supports that.
fn rename(mut name: TempPath, to: &Path) -> Result<(), PathPersistError> {
    match sys::retry(|| fs::rename(&name, to)) {
        Ok(()) => {
            name.disable_cleanup(true);
            Ok(())
        }
        Err(error) => Err(PathPersistError { error, path: name }),
    }
}

fn check_free(path: &Path) -> io::Result<()> {
    match sys::retry(|| fs::symlink_metadata(path)) {
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

/// Makes a file, without a name if the system supports that.
fn create(folder: &Path, mode: u32) -> io::Result<(File, Option<TempPath>)> {
    if sys::may_link_unnamed() {
        if let Some(file) = sys::unnamed(folder, false, mode)? {
            return Ok((file, None));
        }
    }
    let named = ::tempfile::Builder::new()
        .prefix(PREFIX)
        .make_in(folder, |path| sys::create_new(path, false, mode))?;
    let (file, path) = named.into_parts();
    Ok((file, Some(path)))
}

/// The rights that a new file with `mode` gets, after the umask or the default ACL of the
/// folder. The only way to find out is to make a file.
fn rights_of_new(folder: &Path, mode: u32) -> io::Result<Rights> {
    let (file, _name) = create(folder, mode)?;
    Rights::of_new(&file)
}

/// The end of the links of a path.
struct Target {
    path: PathBuf,
    /// The file at the path; `None` if nothing is there.
    old: Option<sys::Old>,
}

impl Target {
    /// Follows the links of `path`; the end may be missing. A link may take the place of a
    /// file between two looks, so only what the last look shows not to be a link is the
    /// end.
    fn find(path: &Path) -> io::Result<Self> {
        let mut path = path.to_path_buf();
        // As many as Linux follows.
        for _ in 0..=40 {
            if let Ok(target) = sys::retry(|| fs::read_link(&path)) {
                sys::check_link(&path, folder_of(&path))?;
                path.pop();
                path.push(target);
                continue;
            }
            match sys::Old::look(&path) {
                Ok(old) if old.metadata().is_symlink() => {}
                Ok(old) if old.metadata().is_dir() => {
                    return Err(io::ErrorKind::IsADirectory.into());
                }
                Ok(old) if old.metadata().is_file() => {
                    return Ok(Self {
                        path,
                        old: Some(old),
                    });
                }
                Ok(_) => {
                    let error = "not a regular file: it cannot be replaced";
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let bytes = path.as_os_str().as_encoded_bytes();
                    if path.file_name().is_none() || bytes.ends_with(b"/.") {
                        return Err(error);
                    }
                    if bytes.last().is_some_and(|&b| is_separator(b.into())) {
                        // The same error as that of open(2) when it makes a file.
                        return Err(io::ErrorKind::IsADirectory.into());
                    }
                    return Ok(Self { path, old: None });
                }
                Err(error) => return Err(error),
            }
        }
        Err(sys::link_loop())
    }
}
