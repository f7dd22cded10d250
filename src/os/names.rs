//! Making, changing and removing the names of files.

use std::path::{Path, PathBuf};

use super::folders::{make_dirs, remove_dirs_above};
use super::keywords::keywords;
use crate::call::{Call, one, two};
use crate::error::Error;
use crate::sys::{self, Dir};

/// The pending call of [`rename`].
///
/// Keywords: `src_dir_fd`, `dst_dir_fd` (none: the current folder), `executor` (the default
/// one).
pub type Rename = Call<(), RenameKeywords>;

/// The keywords of [`Rename`].
#[derive(Debug, Default)]
pub struct RenameKeywords {
    src_dir_fd: Dir,
    dst_dir_fd: Dir,
}

impl Rename {
    keywords! { src_dir_fd, dst_dir_fd }
}

/// Renames `src` to `dst`, which may be in another folder.
///
/// On Unix a file at `dst` is replaced, as [`replace`] does; on Windows a file at `dst` is
/// an error. Both are as in Python. Keywords: `src_dir_fd`, `dst_dir_fd` (none: the current
/// folder).
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, it is still done.
///
/// # Errors
///
/// `NotFound`; `IsADirectory` for a file over a folder, `NotADirectory` for a
/// folder over a file, `DirectoryNotEmpty` for a folder over one with content;
/// `CrossesDevices` if `dst` is on another file system. The error names both paths.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::write(root.join("a"), "text").await?;
/// aiofiles::os::rename(root.join("a"), root.join("b")).await?;
/// assert_eq!(aiofiles::read(root.join("b")).await?, b"text");
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "mv")]
pub fn rename(src: impl AsRef<Path>, dst: impl AsRef<Path>) -> Rename {
    let keywords = RenameKeywords::default();
    two("rename", src, dst, keywords, |src, dst, keywords| {
        sys::rename(&keywords.src_dir_fd, src, &keywords.dst_dir_fd, dst)
    })
}

/// The pending call of [`replace`].
///
/// Keywords: `src_dir_fd`, `dst_dir_fd` (none: the current folder), `executor` (the default
/// one).
pub type Replace = Call<(), ReplaceKeywords>;

/// The keywords of [`Replace`].
#[derive(Debug, Default)]
pub struct ReplaceKeywords {
    src_dir_fd: Dir,
    dst_dir_fd: Dir,
}

impl Replace {
    keywords! { src_dir_fd, dst_dir_fd }
}

/// Renames `src` to `dst`, and replaces a file at `dst` on every platform.
///
/// As [`std::fs::rename`]. Keywords: `src_dir_fd`, `dst_dir_fd` (none: the current folder).
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, it is still done.
///
/// # Errors
///
/// As [`rename`] on Unix.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::write(root.join("new"), "new").await?;
/// aiofiles::write(root.join("old"), "old").await?;
/// aiofiles::os::replace(root.join("new"), root.join("old")).await?;
/// assert_eq!(aiofiles::read(root.join("old")).await?, b"new");
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub fn replace(src: impl AsRef<Path>, dst: impl AsRef<Path>) -> Replace {
    let keywords = ReplaceKeywords::default();
    two("replace", src, dst, keywords, |src, dst, keywords| {
        sys::replace(&keywords.src_dir_fd, src, &keywords.dst_dir_fd, dst)
    })
}

/// The pending call of [`renames`].
///
/// Keyword: `executor` (the default one).
pub type Renames = Call<()>;

/// Renames `src` to `dst`. Before that it makes the folders that `dst` needs; after
/// that it removes the folders of `src` that became empty.
///
/// As in Python, if the rename fails, the folders that were made for it stay.
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, it is still done.
///
/// # Errors
///
/// Those of [`makedirs`](crate::os::makedirs) and of [`rename`]. A folder of `src` that
/// cannot be removed is no error.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::os::makedirs(root.join("a/b")).await?;
/// aiofiles::write(root.join("a/b/f"), "").await?;
/// aiofiles::os::renames(root.join("a/b/f"), root.join("x/y/f")).await?;
/// assert_eq!(aiofiles::os::listdir(&root).await?, ["x"]);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub fn renames(src: impl AsRef<Path>, dst: impl AsRef<Path>) -> Renames {
    two("renames", src, dst, (), |src, dst, ()| {
        match dst.parent() {
            Some(parent) if !parent.as_os_str().is_empty() && !is_there(parent) => {
                make_dirs(parent, 0o777, false)
                    .map_err(|error| Error::os("renames", Some(parent), error))?;
            }
            Some(_) | None => {}
        }
        sys::rename(&Dir::default(), src, &Dir::default(), dst)?;
        remove_dirs_above(src);
        Ok(())
    })
}

fn is_there(path: &Path) -> bool {
    sys::stat(&Dir::default(), path, true).is_ok()
}

/// The pending call of [`remove`].
///
/// Keywords: `dir_fd` (none), `executor` (the default one).
pub type Remove = Call<(), RemoveKeywords>;

/// The keywords of [`Remove`].
#[derive(Debug, Default)]
pub struct RemoveKeywords {
    dir_fd: Dir,
}

impl Remove {
    keywords! { dir_fd }
}

/// Removes a file; of a symbolic link, the link itself.
///
/// As [`std::fs::remove_file`]. Keyword: `dir_fd` (none: the current folder).
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, it is still done.
///
/// # Errors
///
/// `NotFound`; `IsADirectory` (on some systems `PermissionDenied`) if the path is a
/// folder; `PermissionDenied` if the folder it lies in may not be written.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("f");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::write(&path, "").await?;
/// aiofiles::os::remove(&path).await?;
/// assert!(!aiofiles::ospath::exists(&path).await?);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "remove_file")]
pub fn remove(path: impl AsRef<Path>) -> Remove {
    one(
        "remove",
        path,
        RemoveKeywords::default(),
        |path, keywords| sys::unlink(&keywords.dir_fd, path),
    )
}

/// The pending call of [`unlink`].
///
/// Keywords: `dir_fd` (none), `executor` (the default one).
pub type Unlink = Call<(), UnlinkKeywords>;

/// The keywords of [`Unlink`].
#[derive(Debug, Default)]
pub struct UnlinkKeywords {
    dir_fd: Dir,
}

impl Unlink {
    keywords! { dir_fd }
}

/// Removes a file: the same as [`remove`], under its Unix name.
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, it is still done.
///
/// # Errors
///
/// As [`remove`].
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("f");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let error = aiofiles::os::unlink(&path).await.unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
/// # });
/// ```
#[doc(alias = "remove_file")]
pub fn unlink(path: impl AsRef<Path>) -> Unlink {
    one(
        "unlink",
        path,
        UnlinkKeywords::default(),
        |path, keywords| sys::unlink(&keywords.dir_fd, path),
    )
}

/// The pending call of [`link`].
///
/// Keywords: `follow_symlinks` (`false`), `src_dir_fd`, `dst_dir_fd` (none),
/// `executor` (the default one).
pub type Link = Call<(), LinkKeywords>;

/// The keywords of [`Link`].
#[derive(Debug, Default)]
pub struct LinkKeywords {
    src_dir_fd: Dir,
    dst_dir_fd: Dir,
    follow_symlinks: bool,
}

impl Link {
    keywords! { follow_symlinks = "false", src_dir_fd, dst_dir_fd }
}

/// Gives the file `src` a second name, `dst` (a hard link).
///
/// As [`std::fs::hard_link`]. Keywords: `src_dir_fd`, `dst_dir_fd` (none: the current
/// folder), `follow_symlinks` (`false`: if `src` is a symbolic link, the link itself gets
/// the second name. Python's default does the same on Linux, although its documentation
/// says otherwise).
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, it is still done.
///
/// # Errors
///
/// `NotFound`; `AlreadyExists`; `PermissionDenied` for a folder;
/// `CrossesDevices` if `dst` is on another file system. The error names both paths.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::write(root.join("a"), "text").await?;
/// aiofiles::os::link(root.join("a"), root.join("b")).await?;
/// assert!(aiofiles::ospath::samefile(root.join("a"), root.join("b")).await?);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "hard_link")]
pub fn link(src: impl AsRef<Path>, dst: impl AsRef<Path>) -> Link {
    let keywords = LinkKeywords::default();
    two("link", src, dst, keywords, |src, dst, keywords| {
        let LinkKeywords {
            src_dir_fd,
            dst_dir_fd,
            follow_symlinks,
        } = keywords;
        sys::link(&src_dir_fd, src, &dst_dir_fd, dst, follow_symlinks)
    })
}

/// The pending call of [`symlink`].
///
/// Keywords: `target_is_directory` (`false`), `dir_fd` (none), `executor` (the
/// default one).
pub type Symlink = Call<(), SymlinkKeywords>;

/// The keywords of [`Symlink`].
#[derive(Debug, Default)]
pub struct SymlinkKeywords {
    dir_fd: Dir,
    target_is_directory: bool,
}

impl Symlink {
    /// Makes a link to a folder even if the target does not exist yet (`false`). It
    /// matters on Windows only, which has two kinds of links; if the target exists, the
    /// target decides the kind.
    pub fn target_is_directory(self, yes: bool) -> Self {
        self.set(|keywords| keywords.target_is_directory = yes)
    }

    keywords! { dir_fd }
}

/// Makes a symbolic link `dst` that points to `src`.
///
/// `src` is stored as it is and need not exist; if it is relative, it is looked up from the
/// folder of `dst`. Keywords: `dir_fd` (for `dst`; none: the current folder),
/// `target_is_directory` (`false`; Windows only).
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, it is still done.
///
/// # Errors
///
/// `AlreadyExists`; `NotFound` if the folder of `dst` is missing or `src` is empty. The
/// error names both paths.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("link");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::os::symlink("to/there", &path).await?;
/// assert_eq!(aiofiles::os::readlink(&path).await?.to_str(), Some("to/there"));
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias("soft_link", "symlink_file", "symlink_dir"))]
pub fn symlink(src: impl AsRef<Path>, dst: impl AsRef<Path>) -> Symlink {
    let keywords = SymlinkKeywords::default();
    two("symlink", src, dst, keywords, |src, dst, keywords| {
        sys::symlink(src, &keywords.dir_fd, dst, keywords.target_is_directory)
    })
}

/// The pending call of [`readlink`].
///
/// Keywords: `dir_fd` (none), `executor` (the default one).
pub type Readlink = Call<PathBuf, ReadlinkKeywords>;

/// The keywords of [`Readlink`].
#[derive(Debug, Default)]
pub struct ReadlinkKeywords {
    dir_fd: Dir,
}

impl Readlink {
    keywords! { dir_fd }
}

/// Returns the path that a symbolic link points to, as it is stored in the link.
///
/// Gives [`PathBuf`].
///
/// As [`std::fs::read_link`]. Keyword: `dir_fd` (none: the current folder).
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// `InvalidInput` if the path is not a link; `NotFound`.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let error = aiofiles::os::readlink(&path).await.unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
/// # });
/// ```
#[doc(alias = "read_link")]
pub fn readlink(path: impl AsRef<Path>) -> Readlink {
    let keywords = ReadlinkKeywords::default();
    one("readlink", path, keywords, |path, keywords| {
        sys::readlink(&keywords.dir_fd, path)
    })
}
