//! A file that is written aside and then takes the place of a path, whole: what
//! [`write_atomic`](crate::write_atomic) and
//! [`tempfile::atomic_file`](crate::tempfile::atomic_file) stand on.
//!
//! The order of the steps: the new file is made so that only its user can open it;
//! its content is written; it gets owner, attributes and mode of the file at the path;
//! it is flushed to the disk; it is renamed to the path; the folder is flushed to the
//! disk. So at no moment has anybody more rights on the new file than on the old one,
//! and until the rename the old file is as it was.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf, is_separator};

use ::tempfile::{PathPersistError, TempPath};

use crate::sys::{self, Rights};

/// What the name of a new file begins with while it has one of its own.
const PREFIX: &str = ".aiofiles-";

/// The mode of a new file: nobody but its user can open it.
const PRIVATE: u32 = 0o600;

/// A new file, and the path whose content it will be.
#[derive(Debug)]
pub(crate) struct Draft {
    /// Where the links of the path lead to.
    target: PathBuf,
    folder: PathBuf,
    /// The name it has meanwhile, removed by the drop. `None` where the system has
    /// files without one; nothing is left of those, however the process ends.
    temporary: Option<TempPath>,
    /// Whether what has the name is a copy, since the file itself got none.
    copied: bool,
    /// To know the file again.
    id: sys::FileId,
    /// Whether nothing may be at the path, not even a link.
    exclusive: bool,
    /// Whether it is in its place, and only the folder may not be on the disk.
    moved: bool,
}

impl Draft {
    /// Makes a new file, open for both directions, for what `path` leads to;
    /// `exclusive`: only if that is nothing, now and in the end.
    pub(crate) fn create(path: &Path, exclusive: bool) -> io::Result<(Self, File)> {
        if exclusive {
            check_free(path)?;
        }
        let target = Target::find(path)?.path;
        let folder = folder_of(&target).to_owned();
        sys::check_folder(&folder)?;
        // In the end it is brought to the disk, for which it is opened: better that
        // this fails while nothing has changed.
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

    /// Gives `file`, which has all its content, the rights it will have, brings it
    /// to the disk, and gives it a name in its folder. `mode` is that of a file
    /// that replaces none, less the umask. May be done again, should it fail.
    pub(crate) fn prepare(&mut self, file: &File, mode: u32) -> io::Result<()> {
        if self.moved {
            return Ok(());
        }
        if self.exclusive {
            check_free(&self.target)?;
        }
        let target = Target::find(&self.target)?;
        if target.path != self.target {
            // A link stands there by now. What it leads to is replaced; a file that
            // has a name only on the same file system.
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
                // The path leads to another file system by now, or this one has no
                // further names for a file.
                Err(_) => copy_with_name(file, &self.folder, &rights)?,
            });
        }
        Ok(())
    }

    /// Puts the prepared file in the place of the path. If it fails, all is as
    /// before, unless it is the last step that fails, of the folder. It may be tried
    /// again.
    pub(crate) fn publish(&mut self) -> io::Result<()> {
        // Opened before anything changes: there may be no descriptor left for it.
        let folder = sys::Folder::open(&self.folder)?;
        if let Some(name) = self.temporary.take() {
            let moved = if self.exclusive {
                name.persist_noclobber(&self.target)
            } else {
                rename(name, &self.target)
            };
            if let Err(error) = moved {
                // The next try gives a new copy the rights of then.
                self.temporary = Some(error.path).filter(|_| !self.copied);
                return Err(error.error);
            }
            self.moved = true;
        }
        match folder.sync() {
            // What some file systems say that cannot do it for folders.
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

/// Replaces what is at `path`, or makes it.
pub(crate) fn replace_content(path: &Path, data: &[u8]) -> io::Result<()> {
    let (mut draft, mut file) = Draft::create(path, false)?;
    file.write_all(data)?;
    draft.prepare(&file, sys::DEFAULT_MODE)?;
    // Before it is in its place: should the close tell of a write that failed, the
    // old content stays.
    sys::close(file)?;
    draft.publish()
}

/// A copy of `file` under a name, on the disk.
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

/// Renames over whatever is there. By std, which also replaces what others have open on
/// Windows, where the system can.
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

/// Makes a file; without a name, where the system can.
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

/// What the umask, or the default ACL of the folder, gives a file that is made
/// with `mode`. There is no other way to ask than to make one.
fn rights_of_new(folder: &Path, mode: u32) -> io::Result<Rights> {
    let (file, _name) = create(folder, mode)?;
    Rights::of_new(&file)
}

/// What a path leads to.
struct Target {
    path: PathBuf,
    /// `None`: nothing is there.
    old: Option<sys::Old>,
}

impl Target {
    /// Follows the links of `path`, whose end may be missing. What stands there may
    /// change meanwhile: only what is no link at the last look is the end.
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
                        // As open(2) says of a file that is to be made.
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
