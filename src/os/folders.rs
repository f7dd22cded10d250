//! Making, removing and listing folders.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::call::{Os, none, one};
use super::keywords::{At, MakedirsKeywords, MkdirKeywords, Mode};
use super::sys::{self, Dir};
use crate::delegate::Call;
use crate::error::Error;

/// Makes a folder.
///
/// As [`std::fs::create_dir`]. Keywords: `mode` (0o777, less the umask),
/// `dir_fd`.
///
/// # Cancel safety
///
/// Dropped before its job has begun, it does nothing; later, it is done.
///
/// # Errors
///
/// `AlreadyExists`, whatever is there; `NotFound` if the folder above is
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
pub fn mkdir(path: impl AsRef<Path>) -> Call<Os<(), MkdirKeywords>> {
    let keywords = MkdirKeywords {
        mode: Mode(0o777),
        at: At::default(),
    };
    one("mkdir", path, keywords, |path, keywords| {
        sys::mkdir(&keywords.at.dir, path, keywords.mode.0)
    })
}

/// Makes a folder and those above it that are missing, in one hop.
///
/// Unlike [`std::fs::create_dir_all`] and as Python, it fails if the folder is
/// there, unless told `.exist_ok(true)`. Keywords: `exist_ok` (`false`), `mode`
/// (0o777, less the umask; of the last folder only).
///
/// # Cancel safety
///
/// Dropped before its job has begun, it does nothing; later, it is done.
///
/// # Errors
///
/// `AlreadyExists` if it is there, with `exist_ok` only if it is no folder;
/// `NotADirectory` if the path goes through a file. It names the folder that
/// could not be made; those made above it stay.
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
pub fn makedirs(path: impl AsRef<Path>) -> Call<Os<(), MakedirsKeywords>> {
    let keywords = MakedirsKeywords {
        mode: Mode(0o777),
        exist_ok: false,
    };
    one("makedirs", path, keywords, |path, keywords| {
        make_dirs(path, keywords.mode.0, keywords.exist_ok)
    })
}

pub(super) fn make_dirs(path: &Path, mode: u32, exist_ok: bool) -> io::Result<()> {
    let here = Dir::default();
    // Without what means nothing at the end: `a/` and `a/.` are `a`.
    let leaf = path.components().as_path();
    let missing =
        |folder: &&Path| !folder.as_os_str().is_empty() && sys::stat(&here, folder, true).is_err();
    let above: Vec<&Path> = leaf.ancestors().skip(1).take_while(missing).collect();
    for folder in above.into_iter().rev() {
        match sys::mkdir(&here, folder, 0o777) {
            // Somebody else was faster, or it is `a/..`.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::os("makedirs", Some(folder), error).into()),
            Ok(()) => {}
        }
    }
    match sys::mkdir(&here, leaf, mode) {
        // Not only if it is `AlreadyExists`: on a read-only file system, say,
        // another error comes first.
        Err(_) if exist_ok && sys::stat(&here, leaf, true).is_ok_and(|m| m.is_dir()) => Ok(()),
        done => done,
    }
}

/// Removes an empty folder.
///
/// As [`std::fs::remove_dir`]. Keywords: `dir_fd`.
///
/// # Cancel safety
///
/// Dropped before its job has begun, it does nothing; later, it is done.
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
pub fn rmdir(path: impl AsRef<Path>) -> Call<Os<(), At>> {
    one("rmdir", path, At::default(), |path, at| {
        sys::rmdir(&at.dir, path)
    })
}

/// Removes an empty folder, and then those above it that became empty, up to
/// the first that is not.
///
/// # Cancel safety
///
/// Dropped before its job has begun, it does nothing; later, it is done.
///
/// # Errors
///
/// As [`rmdir`], for `path` itself; none for those above it.
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
pub fn removedirs(path: impl AsRef<Path>) -> Call<Os<()>> {
    one("removedirs", path, (), |path, ()| {
        sys::rmdir(&Dir::default(), path)?;
        if let Some(parent) = path.parent() {
            remove_dirs(parent);
        }
        Ok(())
    })
}

/// Removes folders upwards, as long as they are empty.
pub(super) fn remove_dirs(from: &Path) {
    for folder in from.ancestors() {
        if folder.as_os_str().is_empty() || sys::rmdir(&Dir::default(), folder).is_err() {
            return;
        }
    }
}

/// Returns the names in a folder, in no order, without `.` and `..`.
///
/// All of them at once: [`scandir`](crate::os::scandir) is for large folders,
/// and knows more than names. Python's default `"."` is to be given.
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
pub fn listdir(path: impl AsRef<Path>) -> Call<Os<Vec<OsString>>> {
    one("listdir", path, (), |path, ()| {
        std::fs::read_dir(path)?
            .map(|entry| Ok(entry?.file_name()))
            .collect()
    })
}

/// Returns the current folder of the process.
///
/// As [`std::env::current_dir`].
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// `NotFound` if it was removed.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert!(aiofiles::os::getcwd().await?.is_absolute());
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub fn getcwd() -> Call<Os<PathBuf>> {
    none("getcwd", (), |()| std::env::current_dir())
}
