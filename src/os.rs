//! Python's `os`, and what its users miss: folders, links, metadata, walking,
//! copying, removing.
//!
//! Every function gives a pending [`Call`]: Python's keyword arguments are
//! methods on it, `.await` runs it. One call is one job on the executor, however
//! many system calls it takes; [`batch`] makes one job of several calls.
//! Paths are what [`AsRef<Path>`](std::path::Path) takes; Python's file
//! descriptors as paths are not: a file has `metadata()` for that.
//!
//! | for | functions |
//! |---|---|
//! | metadata | [`stat`] [`lstat`] [`statvfs`] [`access`] [`chmod`] [`chown`] [`utime`], and all of [`path`] |
//! | names | [`rename`] [`renames`] [`replace`] [`remove`] [`unlink`] [`link`] [`symlink`] [`readlink`] |
//! | folders | [`mkdir`] [`makedirs`] [`rmdir`] [`removedirs`] [`listdir`] [`scandir`] [`getcwd`] [`sync_dir`] |
//! | trees | [`walk`] [`copytree`] [`rmtree`] |
//! | content | [`copyfile`] [`sendfile`] |
//! | anything else that blocks | [`batch`] [`wrap`] |
//!
//! # Keywords
//!
//! Each call has an alias ([`stat`] gives [`Stat`], [`makedirs`] gives
//! [`Makedirs`]), whose page lists its keywords with their defaults: those that it
//! has in Python, and `executor`, which every call has.
//!
//! # Errors
//!
//! They name the function and the path, or both paths
//! ([`Error::OsPair`](crate::Error::OsPair)), and keep the errno. Besides what
//! each function says, any call fails with `InvalidInput` for a path with a NUL
//! byte (Python: `ValueError`), and with
//! [`ExecutorGone`](crate::Error::ExecutorGone) or
//! [`NoRuntime`](crate::Error::NoRuntime) where no executor runs it. What a
//! platform does not have is [`Unsupported`](crate::Error::Unsupported).
//!
//! # Examples
//!
//! ```
//! use aiofiles::os;
//!
//! # let dir = tempfile::tempdir().unwrap();
//! # let root = dir.path().to_path_buf();
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! os::makedirs(root.join("a/b")).mode(0o750).exist_ok(true).await?;
//! os::rename(root.join("a/b"), root.join("c")).await?;
//! assert!(os::stat(root.join("c")).follow_symlinks(false).await?.is_dir());
//!
//! let error = os::rename(root.join("gone"), root.join("d")).await.unwrap_err();
//! assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
//! assert_eq!(error.dst(), Some(root.join("d").as_path()));
//! # Ok::<(), aiofiles::Error>(()) }).unwrap();
//! ```

mod batch;
mod copyfile;
mod copytree;
mod folders;
mod found;
mod keywords;
mod metadata;
mod names;
mod rmtree;
mod scandir;
mod sendfile;
mod walk;

pub(crate) use self::metadata::look;
#[cfg(doc)]
use crate::Call;

pub use self::batch::{Batch, BatchKeywords, batch};
pub use self::copyfile::{Copyfile, CopyfileKeywords, copyfile};
pub use self::copytree::{Copytree, CopytreeKeywords, copytree};
pub use self::folders::{
    Getcwd, Listdir, Makedirs, MakedirsKeywords, Mkdir, MkdirKeywords, Removedirs, Rmdir,
    RmdirKeywords, SyncDir, getcwd, listdir, makedirs, mkdir, removedirs, rmdir, sync_dir,
};
pub use self::metadata::{
    Access, AccessKeywords, Chmod, ChmodKeywords, Chown, ChownKeywords, Lstat, LstatKeywords, Stat,
    StatKeywords, Statvfs, Utime, UtimeKeywords, access, chmod, chown, lstat, stat, statvfs, utime,
};
pub use self::names::{
    Link, LinkKeywords, Readlink, ReadlinkKeywords, Remove, RemoveKeywords, Rename, RenameKeywords,
    Renames, Replace, ReplaceKeywords, Symlink, SymlinkKeywords, Unlink, UnlinkKeywords, link,
    readlink, remove, rename, renames, replace, symlink, unlink,
};
pub use self::rmtree::{Rmtree, RmtreeKeywords, rmtree};
pub use self::scandir::{DirEntry, ScanDir, ScandirKeywords, Scanning, scandir};
#[cfg(unix)]
pub use self::sendfile::{Sendfile, sendfile};
pub use self::walk::{Walk, WalkEntry, walk};
pub use crate::delegate::delegate as wrap;
pub use crate::ospath as path;
pub use crate::sys::{F_OK, R_OK, StatVfs, W_OK, X_OK};
