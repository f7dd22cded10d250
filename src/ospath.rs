//! Python's `os.path`: questions about a path that need the system.
//!
//! The module is also [`os::path`](crate::os::path). Every function gives a pending
//! [`Call`], which takes one job. What Python's `os.path` does without the system
//! (`join`, `split`, …) is in [`std::path`].
//!
//! [`exists`], [`lexists`] and the `is*` functions answer `false` for everything that
//! they cannot see, as in Python: what is missing, what lies in a folder that may not
//! be searched, a path with a NUL byte. Their only errors are those of an executor that
//! does not run them. The `get*` functions fail instead.
//!
//! # Examples
//!
//! ```
//! use aiofiles::ospath;
//!
//! # let dir = tempfile::tempdir().unwrap();
//! # let root = dir.path().to_path_buf();
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! assert!(ospath::isdir(&root).await?);
//! assert!(!ospath::exists(root.join("no")).await?);
//! let error = ospath::getsize(root.join("no")).await.unwrap_err();
//! assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
//! # Ok::<(), aiofiles::Error>(()) }).unwrap();
//! ```

use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use crate::call::{Call, none, one, one_inline, two};
use crate::error::Error;
use crate::os::look;
use crate::sys::{self, FileId, cached};

mod names;
mod realpath;

pub use self::names::{Abspath, Expanduser, abspath, expanduser};
pub use self::realpath::{Realpath, RealpathKeywords, realpath};

/// A question that is never answered with an error.
fn ask(
    op: &'static str,
    path: impl AsRef<Path>,
    follow: bool,
    answer: fn(&Metadata) -> bool,
) -> Call<bool> {
    let inline = move |path: &Path, (): &()| {
        cached::metadata(path, follow).map(|metadata| Ok(answer(&metadata)))
    };
    one_inline(op, path, (), inline, move |path, ()| {
        Ok(look(path, follow).is_ok_and(|metadata| answer(&metadata)))
    })
}

/// A question about the metadata of a path, which must exist.
fn get<T: Send + 'static>(
    op: &'static str,
    path: impl AsRef<Path>,
    get: fn(&Metadata) -> io::Result<T>,
) -> Call<T> {
    let inline = move |path: &Path, (): &()| cached::metadata(path, true).map(|m| get(&m));
    one_inline(op, path, (), inline, move |path, ()| {
        get(&look(path, true)?)
    })
}

/// The pending call of [`exists`].
///
/// Keyword: `executor` (the default one).
pub type Exists = Call<bool>;

/// Says whether there is something at a path; for a link that points to nothing the
/// answer is `false`.
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// Only those of the executor; see the [module](self).
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert!(aiofiles::ospath::exists(&root).await?);
/// assert!(!aiofiles::ospath::exists(root.join("no")).await?);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "try_exists")]
pub fn exists(path: impl AsRef<Path>) -> Exists {
    ask("exists", path, true, |_| true)
}

/// The pending call of [`lexists`].
///
/// Keyword: `executor` (the default one).
pub type Lexists = Call<bool>;

/// Says whether there is something at a path, even a link that points to nothing. Not
/// in Python's aiofiles.
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// Only those of the executor; see the [module](self).
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::os::symlink("nowhere", root.join("link")).await?;
/// assert!(aiofiles::ospath::lexists(root.join("link")).await?);
/// assert!(!aiofiles::ospath::exists(root.join("link")).await?);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub fn lexists(path: impl AsRef<Path>) -> Lexists {
    ask("lexists", path, false, |_| true)
}

/// The pending call of [`isfile`].
///
/// Keyword: `executor` (the default one).
pub type Isfile = Call<bool>;

/// Says whether a path is a regular file, or a link to one.
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// Only those of the executor; see the [module](self).
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::write(root.join("f"), "").await?;
/// assert!(aiofiles::ospath::isfile(root.join("f")).await?);
/// assert!(!aiofiles::ospath::isfile(&root).await?);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "is_file")]
pub fn isfile(path: impl AsRef<Path>) -> Isfile {
    ask("isfile", path, true, Metadata::is_file)
}

/// The pending call of [`isdir`].
///
/// Keyword: `executor` (the default one).
pub type Isdir = Call<bool>;

/// Says whether a path is a folder, or a link to one.
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// Only those of the executor; see the [module](self).
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert!(aiofiles::ospath::isdir(&root).await?);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "is_dir")]
pub fn isdir(path: impl AsRef<Path>) -> Isdir {
    ask("isdir", path, true, Metadata::is_dir)
}

/// The pending call of [`islink`].
///
/// Keyword: `executor` (the default one).
pub type Islink = Call<bool>;

/// Says whether a path is a symbolic link, whatever it points to.
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// Only those of the executor; see the [module](self).
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::os::symlink("nowhere", root.join("link")).await?;
/// assert!(aiofiles::ospath::islink(root.join("link")).await?);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "is_symlink")]
pub fn islink(path: impl AsRef<Path>) -> Islink {
    ask("islink", path, false, Metadata::is_symlink)
}

/// The pending call of [`ismount`].
///
/// Keyword: `executor` (the default one).
pub type Ismount = Call<bool>;

/// Says whether a file system is mounted at a path. For a symbolic link the answer is
/// always `false`.
///
/// On Windows it is `true` only for the root of a drive or of a share.
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// Only those of the executor; see the [module](self).
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert!(!aiofiles::ospath::ismount(root.join("no")).await?);
/// # #[cfg(unix)]
/// assert!(aiofiles::ospath::ismount("/").await?);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub fn ismount(path: impl AsRef<Path>) -> Ismount {
    one("ismount", path, (), |path, ()| {
        Ok(sys::is_mount(path).unwrap_or(false))
    })
}

/// The pending call of [`getsize`].
///
/// Keyword: `executor` (the default one).
pub type Getsize = Call<u64>;

/// Returns the size of a path, in bytes.
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// As [`os::stat`](crate::os::stat).
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::write(root.join("f"), "12345").await?;
/// assert_eq!(aiofiles::ospath::getsize(root.join("f")).await?, 5);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "len")]
pub fn getsize(path: impl AsRef<Path>) -> Getsize {
    get("getsize", path, |metadata| Ok(metadata.len()))
}

/// The pending call of [`getatime`].
///
/// Keyword: `executor` (the default one).
pub type Getatime = Call<SystemTime>;

/// Returns when the content of a path was last read. In Python it is a float, in
/// seconds.
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// As [`os::stat`](crate::os::stat).
/// `Unsupported` where it is not recorded.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let read = aiofiles::ospath::getatime(&root).await?;
/// assert!(read > std::time::SystemTime::UNIX_EPOCH);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "accessed")]
pub fn getatime(path: impl AsRef<Path>) -> Getatime {
    get("getatime", path, Metadata::accessed)
}

/// The pending call of [`getmtime`].
///
/// Keyword: `executor` (the default one).
pub type Getmtime = Call<SystemTime>;

/// Returns when the content of a path last changed. In Python it is a float, in
/// seconds.
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// As [`os::stat`](crate::os::stat).
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::write(root.join("f"), "").await?;
/// let changed = aiofiles::ospath::getmtime(root.join("f")).await?;
/// assert!(changed > std::time::SystemTime::UNIX_EPOCH);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "modified")]
pub fn getmtime(path: impl AsRef<Path>) -> Getmtime {
    get("getmtime", path, Metadata::modified)
}

/// The pending call of [`getctime`].
///
/// Keyword: `executor` (the default one).
pub type Getctime = Call<SystemTime>;

/// Returns when the inode of a path last changed; on Windows, when the file was made.
/// In Python it is a float, in seconds.
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// As [`os::stat`](crate::os::stat).
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::write(root.join("f"), "").await?;
/// let changed = aiofiles::ospath::getctime(root.join("f")).await?;
/// assert!(changed > std::time::SystemTime::UNIX_EPOCH);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub fn getctime(path: impl AsRef<Path>) -> Getctime {
    get("getctime", path, sys::ctime)
}

/// The pending call of [`samefile`].
///
/// Keyword: `executor` (the default one).
pub type Samefile = Call<bool>;

/// Says whether two paths are the same file: one a link to the other, for instance, or
/// both names of one file.
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// As [`os::stat`](crate::os::stat); the error names the path that could not be looked at.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::write(root.join("a"), "").await?;
/// aiofiles::os::symlink("a", root.join("b")).await?;
/// assert!(aiofiles::ospath::samefile(root.join("a"), root.join("b")).await?);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "same_file")]
pub fn samefile(a: impl AsRef<Path>, b: impl AsRef<Path>) -> Samefile {
    two("samefile", a, b, (), |a, b, ()| {
        // The error names the path that it is about.
        let id = |path: &Path| {
            FileId::at(path).map_err(|error| Error::os("samefile", Some(path), error))
        };
        Ok(id(a)? == id(b)?)
    })
}

/// The pending call of [`sameopenfile`].
///
/// Keyword: `executor` (the default one).
pub type Sameopenfile = Call<bool>;

/// Says whether two descriptors, or handles of Windows, are of the same file.
///
/// They are duplicated here, so the call borrows nothing.
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// What the system says if one cannot be duplicated.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let a = std::fs::File::create(root.join("f")).unwrap();
/// let b = std::fs::File::open(root.join("f")).unwrap();
/// assert!(aiofiles::ospath::sameopenfile(&a, &b).await?);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub fn sameopenfile(a: impl sys::AsSystem, b: impl sys::AsSystem) -> Sameopenfile {
    let (a, b) = (sys::Handle::new(a), sys::Handle::new(b));
    none("sameopenfile", (), move |()| {
        Ok(a.file_id()? == b.file_id()?)
    })
}
