//! Paths that are resolved by name, without a look at links: [`abspath`], [`expanduser`].

use std::path::{Path, PathBuf};

use crate::call::{Call, one};
use crate::sys;

/// The pending call of [`abspath`].
///
/// Keyword: `executor` (the default one).
pub type Abspath = Call<PathBuf>;

/// Returns the path from the root, with `.` and `..` resolved by name only.
///
/// Python's rules: no link is looked at, so `link/..` is where the link lies;
/// empty is the current folder; two slashes at the start stay. Unlike
/// [`std::path::absolute`], `..` is resolved on every platform.
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// `NotFound` if the path is relative and the current folder was removed.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # #[cfg(unix)]
/// assert_eq!(
///     aiofiles::ospath::abspath("/a/./b/../c/").await?,
///     std::path::Path::new("/a/c"),
/// );
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "absolute")]
pub fn abspath(path: impl AsRef<Path>) -> Abspath {
    one("abspath", path, (), |path, ()| sys::abspath(path))
}

/// The pending call of [`expanduser`].
///
/// Keyword: `executor` (the default one).
pub type Expanduser = Call<PathBuf>;

/// Replaces `~` at the start of a path by the home folder of the user, and `~name` by
/// that of the user `name`. A path whose home is not known stays as it is.
///
/// The home of the user is that of [`std::env::home_dir`]: the variable `HOME`, if it is
/// set. On Unix the homes of other users are looked up in `/etc/passwd` only, so the
/// users of a directory service are not known; on other systems no other user is
/// known. Not in Python's aiofiles.
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// Only those of the executor; see the [module](crate::ospath).
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let path = aiofiles::ospath::expanduser("~/notes.txt").await?;
/// assert!(path.ends_with("notes.txt"));
/// let path = aiofiles::ospath::expanduser("a/~").await?;
/// assert_eq!(path, std::path::Path::new("a/~"));
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "tilde")]
pub fn expanduser(path: impl AsRef<Path>) -> Expanduser {
    one("expanduser", path, (), |path, ()| {
        Ok(sys::expand_user(path).unwrap_or_else(|| path.to_path_buf()))
    })
}
