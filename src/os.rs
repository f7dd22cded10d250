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
//! | folders | [`mkdir`] [`makedirs`] [`rmdir`] [`removedirs`] [`listdir`] [`scandir`] [`getcwd`] |
//! | trees | [`walk`] [`copytree`] [`rmtree`] |
//! | content | [`copyfile`] [`sendfile`] |
//! | anything else that blocks | [`batch`] [`wrap`] |
//!
//! # Keywords
//!
//! `dir_fd`, `src_dir_fd`, `dst_dir_fd` (Unix), `follow_symlinks`, `mode`,
//! `exist_ok`, `target_is_directory`, `effective_ids` stand on the page of
//! [`Call`], each for the calls that have it in Python, and `executor` for all.
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
mod call;
mod copyfile;
mod copytree;
mod folders;
mod keywords;
mod metadata;
mod names;
mod rmtree;
mod scandir;
mod sendfile;
pub(crate) mod sys;
mod walk;

pub(crate) use self::call::{none, one, one_inline, two};
pub(crate) use self::metadata::look;
#[cfg(doc)]
use crate::Call;

pub use self::batch::batch;
pub use self::call::Os;
pub use self::copyfile::{CopyfileKeywords, copyfile};
pub use self::copytree::{CopytreeKeywords, copytree};
pub use self::folders::{getcwd, listdir, makedirs, mkdir, removedirs, rmdir};
pub use self::keywords::{
    AccessKeywords, At, AtBoth, AtFollow, BatchKeywords, Follow, LinkKeywords, MakedirsKeywords,
    MkdirKeywords, Mode, SymlinkKeywords, UtimeKeywords,
};
pub use self::metadata::{
    F_OK, R_OK, StatVfs, W_OK, X_OK, access, chmod, chown, lstat, stat, statvfs, utime,
};
pub use self::names::{link, readlink, remove, rename, renames, replace, symlink, unlink};
pub use self::rmtree::{RmtreeKeywords, rmtree};
pub use self::scandir::{DirEntry, ScanDir, Scanning, scandir};
#[cfg(unix)]
pub use self::sendfile::sendfile;
pub use self::walk::{Walk, WalkEntry, walk};
pub use crate::delegate::delegate as wrap;
pub use crate::ospath as path;
