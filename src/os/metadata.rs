//! What a path says about itself, and how to change it.

use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use super::keywords::keywords;
use crate::call::{Call, has_nul, one, one_inline};
use crate::sys::{self, Dir, StatVfs, cached};

/// Returns the metadata of a path; called in a job. It also notes the file system of
/// the path, so that the next question about that file system may need no job.
pub(crate) fn look(path: &Path, follow: bool) -> io::Result<Metadata> {
    let metadata = sys::stat(&Dir::default(), path, follow)?;
    cached::learn_path(path, follow, &metadata);
    Ok(metadata)
}

/// The same for a path that may be relative to a folder that the caller has open.
fn look_in(dir: &Dir, path: &Path, follow: bool) -> io::Result<Metadata> {
    if dir.is_current() {
        look(path, follow)
    } else {
        sys::stat(dir, path, follow)
    }
}

/// The pending call of [`stat`].
///
/// Keywords: `follow_symlinks` (`true`), `dir_fd` (none), `executor` (the default
/// one).
pub type Stat = Call<Metadata, StatKeywords>;

/// The keywords of [`Stat`].
#[derive(Debug)]
pub struct StatKeywords {
    dir_fd: Dir,
    follow_symlinks: bool,
}

impl Stat {
    keywords! { follow_symlinks = "true", dir_fd }
}

/// Returns the metadata of a path.
///
/// Gives [`Metadata`].
///
/// As [`std::fs::metadata`]; Python's `st_*` fields are methods of
/// `std::os::unix::fs::MetadataExt`. Keywords: `dir_fd` (none: the current folder),
/// `follow_symlinks` (`true`).
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// `NotFound`, also for a link that points to nothing; the errno `ELOOP` for links
/// that lead back to themselves; `NotADirectory` if the path goes through a file;
/// `PermissionDenied` if a folder on the way may not be searched.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("f");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::write(&path, "12345").await?;
/// assert_eq!(aiofiles::os::stat(&path).await?.len(), 5);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "metadata")]
pub fn stat(path: impl AsRef<Path>) -> Stat {
    let keywords = StatKeywords {
        dir_fd: Dir::default(),
        follow_symlinks: true,
    };
    let inline = |path: &Path, keywords: &StatKeywords| {
        let here = keywords.dir_fd.is_current();
        here.then(|| cached::metadata(path, keywords.follow_symlinks))
            .flatten()
            .map(Ok)
    };
    one_inline("stat", path, keywords, inline, |path, keywords| {
        look_in(&keywords.dir_fd, path, keywords.follow_symlinks)
    })
}

/// The pending call of [`lstat`].
///
/// Keywords: `dir_fd` (none), `executor` (the default one).
pub type Lstat = Call<Metadata, LstatKeywords>;

/// The keywords of [`Lstat`].
#[derive(Debug)]
pub struct LstatKeywords {
    dir_fd: Dir,
}

impl Lstat {
    keywords! { dir_fd }
}

/// Returns the metadata of a path; if it is a symbolic link, that of the link itself.
///
/// Gives [`Metadata`].
///
/// As [`std::fs::symlink_metadata`]. Keyword: `dir_fd` (none: the current folder).
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// As [`stat`], for the link instead of what it points to.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("link");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::os::symlink("nowhere", &path).await?;
/// assert!(aiofiles::os::lstat(&path).await?.is_symlink());
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "symlink_metadata")]
pub fn lstat(path: impl AsRef<Path>) -> Lstat {
    let keywords = LstatKeywords {
        dir_fd: Dir::default(),
    };
    let inline = |path: &Path, keywords: &LstatKeywords| {
        let here = keywords.dir_fd.is_current();
        here.then(|| cached::metadata(path, false))
            .flatten()
            .map(Ok)
    };
    one_inline("lstat", path, keywords, inline, |path, keywords| {
        look_in(&keywords.dir_fd, path, false)
    })
}

/// The pending call of [`statvfs`].
///
/// Keyword: `executor` (the default one).
pub type Statvfs = Call<StatVfs>;

/// Returns the sizes of the file system that a path is on. Unix only: elsewhere it is
/// `Unsupported`.
///
/// Gives [`StatVfs`].
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// As [`stat`].
///
/// # Examples
///
/// ```
/// # if cfg!(unix) {
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let vfs = aiofiles::os::statvfs(".").await?;
/// let free_bytes = vfs.f_bavail * vfs.f_frsize;
/// assert!(free_bytes <= vfs.f_blocks * vfs.f_frsize);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap(); }
/// ```
pub fn statvfs(path: impl AsRef<Path>) -> Statvfs {
    one("statvfs", path, (), |path, ()| sys::statvfs(path))
}

/// The pending call of [`access`].
///
/// Keywords: `follow_symlinks` (`true`), `effective_ids` (`false`), `dir_fd`
/// (none), `executor` (the default one).
pub type Access = Call<bool, AccessKeywords>;

/// The keywords of [`Access`].
#[derive(Debug)]
pub struct AccessKeywords {
    dir_fd: Dir,
    follow_symlinks: bool,
    effective_ids: bool,
}

impl Access {
    /// Asks for the effective user and groups instead of the real ones
    /// (`false`).
    pub fn effective_ids(self, yes: bool) -> Self {
        self.set(|keywords| keywords.effective_ids = yes)
    }

    keywords! { follow_symlinks = "true", dir_fd }
}

/// Says whether this process may use a path as `mode` asks: [`F_OK`](super::F_OK), or any of
/// [`R_OK`](super::R_OK) `|` [`W_OK`](super::W_OK) `|` [`X_OK`](super::X_OK).
///
/// Gives `bool`.
///
/// As in Python, the answer is also `false` if the path is missing or cannot be reached,
/// and for bits of `mode` that mean nothing. The answer may be out of date when it comes:
/// to use a file, open it and look at the error. Keywords: `dir_fd` (none: the current
/// folder), `follow_symlinks` (`true`), `effective_ids` (`false`).
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// `InvalidInput` for a path with a NUL byte, and the error of a `dir_fd` that could
/// not be duplicated. Nothing else about the path is an error: the answer is `false`.
///
/// # Examples
///
/// ```
/// use aiofiles::os::{self, F_OK, R_OK, W_OK};
///
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("f");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert!(!os::access(&path, F_OK).await?);
/// aiofiles::write(&path, "").await?;
/// assert!(os::access(&path, R_OK | W_OK).await?);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "faccessat")]
pub fn access(path: impl AsRef<Path>, mode: u32) -> Access {
    let keywords = AccessKeywords {
        dir_fd: Dir::default(),
        follow_symlinks: true,
        effective_ids: false,
    };
    one("access", path, keywords, move |path, keywords| {
        if has_nul(path) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let AccessKeywords {
            dir_fd,
            follow_symlinks,
            effective_ids,
        } = keywords;
        sys::access(&dir_fd, path, mode, effective_ids, follow_symlinks)
    })
}

/// The pending call of [`chmod`].
///
/// Keywords: `follow_symlinks` (`true`), `dir_fd` (none), `executor` (the default
/// one).
pub type Chmod = Call<(), ChmodKeywords>;

/// The keywords of [`Chmod`].
#[derive(Debug)]
pub struct ChmodKeywords {
    dir_fd: Dir,
    follow_symlinks: bool,
}

impl Chmod {
    keywords! { follow_symlinks = "true", dir_fd }
}

/// Sets the permissions of a path to `mode`, such as `0o644`.
///
/// On Windows only the owner's write bit counts. Keywords: `dir_fd` (none: the current
/// folder), `follow_symlinks` (`true`; few systems can change the permissions of a link
/// itself). Not in Python's aiofiles.
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, it is still done.
///
/// # Errors
///
/// As [`stat`]; `PermissionDenied` if the file belongs to another user;
/// `Unsupported` for `follow_symlinks(false)` where the system cannot do it.
///
/// # Examples
///
/// ```
/// # if cfg!(unix) {
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("f");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # #[cfg(unix)] {
/// use std::os::unix::fs::PermissionsExt;
///
/// aiofiles::write(&path, "").await?;
/// aiofiles::os::chmod(&path, 0o600).await?;
/// assert_eq!(aiofiles::os::stat(&path).await?.permissions().mode() & 0o777, 0o600);
/// # }
/// # Ok::<(), aiofiles::Error>(()) }).unwrap(); }
/// ```
#[doc(alias = "set_permissions")]
pub fn chmod(path: impl AsRef<Path>, mode: u32) -> Chmod {
    let keywords = ChmodKeywords {
        dir_fd: Dir::default(),
        follow_symlinks: true,
    };
    one("chmod", path, keywords, move |path, keywords| {
        sys::chmod(&keywords.dir_fd, path, mode, keywords.follow_symlinks)
    })
}

/// The pending call of [`chown`].
///
/// Keywords: `follow_symlinks` (`true`), `dir_fd` (none), `executor` (the default
/// one).
pub type Chown = Call<(), ChownKeywords>;

/// The keywords of [`Chown`].
#[derive(Debug)]
pub struct ChownKeywords {
    dir_fd: Dir,
    follow_symlinks: bool,
}

impl Chown {
    keywords! { follow_symlinks = "true", dir_fd }
}

/// Sets the owner and the group of a path; `None` (Python: -1) leaves the owner or the
/// group as it is. Unix only: elsewhere it is `Unsupported`.
///
/// Keywords: `dir_fd` (none: the current folder), `follow_symlinks` (`true`). Not in
/// Python's aiofiles.
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, it is still done.
///
/// # Errors
///
/// As [`stat`]; `PermissionDenied` without the privilege; `InvalidInput` for
/// `u32::MAX`, which is not a valid id.
///
/// # Examples
///
/// ```
/// # if cfg!(unix) {
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("f");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # #[cfg(unix)] {
/// use std::os::unix::fs::MetadataExt;
///
/// aiofiles::write(&path, "").await?;
/// let mine = aiofiles::os::stat(&path).await?.gid();
/// aiofiles::os::chown(&path, None, Some(mine)).await?;
/// # }
/// # Ok::<(), aiofiles::Error>(()) }).unwrap(); }
/// ```
#[doc(alias = "lchown")]
pub fn chown(path: impl AsRef<Path>, uid: Option<u32>, gid: Option<u32>) -> Chown {
    let keywords = ChownKeywords {
        dir_fd: Dir::default(),
        follow_symlinks: true,
    };
    one("chown", path, keywords, move |path, keywords| {
        let ChownKeywords {
            dir_fd,
            follow_symlinks,
        } = keywords;
        sys::chown(&dir_fd, path, uid, gid, follow_symlinks)
    })
}

/// The pending call of [`utime`].
///
/// Keywords: `times` (now), `follow_symlinks` (`true`), `dir_fd` (none),
/// `executor` (the default one).
pub type Utime = Call<(), UtimeKeywords>;

/// The keywords of [`Utime`].
#[derive(Debug)]
pub struct UtimeKeywords {
    dir_fd: Dir,
    follow_symlinks: bool,
    /// The times of access and of modification; `None` sets both to now.
    times: Option<(SystemTime, SystemTime)>,
}

impl Utime {
    /// Sets these times instead of the current time, which is the default.
    pub fn times(self, accessed: SystemTime, modified: SystemTime) -> Self {
        self.set(|keywords| keywords.times = Some((accessed, modified)))
    }

    keywords! { follow_symlinks = "true", dir_fd }
}

/// Sets the times of access and modification of a path: to now, or to those of
/// `.times(accessed, modified)`.
///
/// Python's `times=` and `ns=` are one keyword here, since a [`SystemTime`] counts
/// nanoseconds. Keywords: `times` (now), `dir_fd` (none: the current folder),
/// `follow_symlinks` (`true`). Not in Python's aiofiles.
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, it is still done.
///
/// # Errors
///
/// As [`stat`]; `PermissionDenied` if the file belongs to another user.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("f");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::write(&path, "").await?;
/// let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
/// aiofiles::os::utime(&path).times(then, then).await?;
/// assert_eq!(aiofiles::ospath::getmtime(&path).await?, then);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias("set_times", "utimensat"))]
pub fn utime(path: impl AsRef<Path>) -> Utime {
    let keywords = UtimeKeywords {
        dir_fd: Dir::default(),
        follow_symlinks: true,
        times: None,
    };
    one("utime", path, keywords, |path, keywords| {
        let UtimeKeywords {
            dir_fd,
            follow_symlinks,
            times,
        } = keywords;
        sys::utime(&dir_fd, path, times, follow_symlinks)
    })
}
