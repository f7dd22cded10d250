//! Making, removing and listing folders.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::keywords::keywords;
use crate::call::{Call, none, one};
use crate::error::Error;
use crate::sys::{self, Dir};

/// The pending call of [`mkdir`].
///
/// Keywords: `mode` (`0o777`, less the umask), `dir_fd` (none), `executor` (the
/// default one).
pub type Mkdir = Call<(), MkdirKeywords>;

/// The keywords of [`Mkdir`].
#[derive(Debug)]
pub struct MkdirKeywords {
    mode: u32,
    dir_fd: Dir,
}

impl Mkdir {
    keywords! { mode, dir_fd }
}

/// Makes a folder.
///
/// As [`std::fs::create_dir`]. Keywords: `mode` (`0o777`, less the umask), `dir_fd` (none:
/// the current folder).
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, it is still done.
///
/// # Errors
///
/// `AlreadyExists` if there is anything at the path; `NotFound` if the folder above is
/// missing.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("new");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::os::mkdir(&path).mode(0o700).await?;
/// assert!(aiofiles::ospath::isdir(&path).await?);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias("create_dir", "DirBuilder"))]
pub fn mkdir(path: impl AsRef<Path>) -> Mkdir {
    let keywords = MkdirKeywords {
        mode: 0o777,
        dir_fd: Dir::default(),
    };
    one("mkdir", path, keywords, |path, keywords| {
        sys::mkdir(&keywords.dir_fd, path, keywords.mode)
    })
}

/// The pending call of [`makedirs`].
///
/// Keywords: `exist_ok` (`false`), `mode` (`0o777`, less the umask; of the last
/// folder only), `executor` (the default one).
pub type Makedirs = Call<(), MakedirsKeywords>;

/// The keywords of [`Makedirs`].
#[derive(Debug)]
pub struct MakedirsKeywords {
    mode: u32,
    exist_ok: bool,
}

impl Makedirs {
    /// Accepts a folder, or a link to one, that is there already (`false`).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// let folder = dir.path().join("a/b");
    /// aiofiles::os::makedirs(&folder).await?;
    /// aiofiles::os::makedirs(&folder).exist_ok(true).await?;
    /// assert!(aiofiles::os::makedirs(&folder).await.is_err());
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn exist_ok(self, yes: bool) -> Self {
        self.set(|keywords| keywords.exist_ok = yes)
    }

    keywords! { mode }
}

/// Makes a folder, and the folders above it that are missing, in one hop.
///
/// As in Python, and unlike [`std::fs::create_dir_all`], it fails if the folder exists,
/// unless `.exist_ok(true)` is given. Keywords: `exist_ok` (`false`), `mode` (`0o777`, less
/// the umask; of the last folder only).
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, it is still done.
///
/// # Errors
///
/// `AlreadyExists` if there is anything at the path (with `exist_ok`: if it is not a
/// folder); `NotADirectory` if the path goes through a file. The error names the folder
/// that could not be made; the folders made above it stay.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("a/b/c");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::os::makedirs(&path).await?;
/// assert!(aiofiles::os::makedirs(&path).await.is_err());
/// aiofiles::os::makedirs(&path).exist_ok(true).await?;
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias("create_dir_all", "DirBuilder"))]
pub fn makedirs(path: impl AsRef<Path>) -> Makedirs {
    let keywords = MakedirsKeywords {
        mode: 0o777,
        exist_ok: false,
    };
    one("makedirs", path, keywords, |path, keywords| {
        make_dirs(path, keywords.mode, keywords.exist_ok)
    })
}

pub(super) fn make_dirs(path: &Path, mode: u32, exist_ok: bool) -> io::Result<()> {
    let here = Dir::default();
    // Drop a `/` or `/.` at the end, which means nothing: `a/` and `a/.` are `a`.
    let leaf = path.components().as_path();
    // Mostly the folder above is there, and nobody need look.
    let made = match sys::mkdir(&here, leaf, mode) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            make_above(leaf)?;
            sys::mkdir(&here, leaf, mode)
        }
        made => made,
    };
    match made {
        // `a/.` needs a folder at `a`: for a file, the look at `a/.` has the right error.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && ends_with_dot(path) => {
            match sys::stat(&here, path, true) {
                Err(through) => Err(through),
                Ok(_) if exist_ok => Ok(()),
                Ok(_) => Err(error),
            }
        }
        // Any error, not only `AlreadyExists`: on a read-only file system, for instance,
        // mkdir reports that first.
        Err(_) if exist_ok && sys::stat(&here, leaf, true).is_ok_and(|m| m.is_dir()) => Ok(()),
        done => done,
    }
}

/// Makes the folders above `leaf` that are missing.
fn make_above(leaf: &Path) -> io::Result<()> {
    let here = Dir::default();
    let missing =
        |folder: &&Path| !folder.as_os_str().is_empty() && sys::stat(&here, folder, true).is_err();
    let above: Vec<&Path> = leaf.ancestors().skip(1).take_while(missing).collect();
    for folder in above.into_iter().rev() {
        match sys::mkdir(&here, folder, 0o777) {
            // Another program made it just now, or the folder is `a/..`.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::os("makedirs", Some(folder), error).into()),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// Whether the last name of a path is `.`.
fn ends_with_dot(path: &Path) -> bool {
    let mut names = names_from_last(path);
    names.next() == Some(b".") && names.next().is_some()
}

/// The names in a path, exactly as written, from the last to the first.
pub(super) fn names_from_last(path: &Path) -> impl Iterator<Item = &[u8]> {
    let bytes = path.as_os_str().as_encoded_bytes();
    let names = bytes.rsplit(|&byte| std::path::is_separator(byte.into()));
    names.filter(|name| !name.is_empty())
}

/// The pending call of [`rmdir`].
///
/// Keywords: `dir_fd` (none), `executor` (the default one).
pub type Rmdir = Call<(), RmdirKeywords>;

/// The keywords of [`Rmdir`].
#[derive(Debug, Default)]
pub struct RmdirKeywords {
    dir_fd: Dir,
}

impl Rmdir {
    keywords! { dir_fd }
}

/// Removes an empty folder.
///
/// As [`std::fs::remove_dir`]. Keyword: `dir_fd` (none: the current folder).
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, it is still done.
///
/// # Errors
///
/// `DirectoryNotEmpty`; `NotFound`; `NotADirectory` for a file and for a link
/// to a folder.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("d");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::os::mkdir(&path).await?;
/// aiofiles::os::rmdir(&path).await?;
/// assert!(!aiofiles::ospath::exists(&path).await?);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "remove_dir")]
pub fn rmdir(path: impl AsRef<Path>) -> Rmdir {
    one("rmdir", path, RmdirKeywords::default(), |path, keywords| {
        sys::rmdir(&keywords.dir_fd, path)
    })
}

/// The pending call of [`removedirs`].
///
/// Keyword: `executor` (the default one).
pub type Removedirs = Call<()>;

/// Removes an empty folder, and then each folder above it that became empty, up to the
/// first one that is not empty.
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, it is still done.
///
/// # Errors
///
/// As [`rmdir`], for `path` itself. A folder above it that cannot be removed is no error.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::write(root.join("keep"), "").await?;
/// aiofiles::os::makedirs(root.join("a/b/c")).await?;
/// aiofiles::os::removedirs(root.join("a/b/c")).await?;
/// assert_eq!(aiofiles::os::listdir(&root).await?, ["keep"]);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub fn removedirs(path: impl AsRef<Path>) -> Removedirs {
    one("removedirs", path, (), |path, ()| {
        sys::rmdir(&Dir::default(), path)?;
        remove_dirs_above(path);
        Ok(())
    })
}

/// Removes the folders above `path`, which was removed, as long as they are empty. It
/// stops at a `.` in the path, since no system removes a folder by that name.
pub(super) fn remove_dirs_above(path: &Path) {
    let names = names_from_last(path);
    let levels = names.take_while(|name| *name != b".").count();
    for folder in path.ancestors().skip(1).take(levels.saturating_sub(1)) {
        if folder.as_os_str().is_empty() || sys::rmdir(&Dir::default(), folder).is_err() {
            return;
        }
    }
}

/// The pending call of [`listdir`].
///
/// Keyword: `executor` (the default one).
pub type Listdir = Call<Vec<OsString>>;

/// Returns the names in a folder, in no particular order, without `.` and `..`.
///
/// Gives `Vec<OsString>`.
///
/// It returns all names at once; [`scandir`](crate::os::scandir) is better for large
/// folders, and tells more than names. There is no default path: Python's is `"."`.
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// `NotFound`; `NotADirectory`; `PermissionDenied`.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// for name in ["b", "a"] {
///     aiofiles::write(root.join(name), "").await?;
/// }
/// let mut names = aiofiles::os::listdir(&root).await?;
/// names.sort();
/// assert_eq!(names, ["a", "b"]);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "read_dir")]
pub fn listdir(path: impl AsRef<Path>) -> Listdir {
    one("listdir", path, (), |path, ()| {
        sys::list(path, |entry| Ok(entry.file_name()))
    })
}

/// The pending call of [`sync_dir`].
///
/// Keyword: `executor` (the default one).
pub type SyncDir = Call<()>;

/// Brings the names in a folder to the device: fsync(2) of the folder.
///
/// After it, a new, renamed or removed name survives a crash. The content of a file is
/// brought to the device by [`sync_all`](crate::BinaryFile::sync_all), which comes
/// first. `write_atomic` and `atomic_file` do both themselves. Not in Python. Windows
/// has no such call and needs none; there this call only fails for a path that is not
/// a folder.
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, it is still done, and
/// an error is lost.
///
/// # Errors
///
/// `NotFound`; `NotADirectory`; what the device says.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut log = aiofiles::open(root.join("log")).binary().mode("x").await?;
/// log.write(b"first record").await?;
/// log.sync_all().await?;
/// aiofiles::os::sync_dir(&root).await?; // now its name is there to stay, too
/// # assert!(aiofiles::os::sync_dir(root.join("none")).await.is_err());
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "fsync")]
pub fn sync_dir(path: impl AsRef<Path>) -> SyncDir {
    one("sync", path, (), |path, ()| sys::sync_dir(path))
}

/// The pending call of [`getcwd`].
///
/// Keyword: `executor` (the default one).
pub type Getcwd = Call<PathBuf>;

/// Returns the current folder of the process.
///
/// Gives [`PathBuf`].
///
/// As [`std::env::current_dir`].
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// `NotFound` if that folder was removed.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert!(aiofiles::os::getcwd().await?.is_absolute());
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "current_dir")]
pub fn getcwd() -> Getcwd {
    none("getcwd", (), |()| std::env::current_dir())
}
