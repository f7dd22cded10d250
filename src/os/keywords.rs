//! Python's keyword arguments, as methods on the pending call.
//!
//! A keyword set may contain a smaller one ([`AsMut`]), and each keyword is
//! written once, for all calls whose set has it.

use std::time::SystemTime;

use super::call::{Os, set};
use super::sys::Dir;
use crate::delegate::Call;

/// `dir_fd`.
#[derive(Debug, Default)]
pub struct At {
    pub(super) dir: Dir,
}

/// `src_dir_fd`, `dst_dir_fd`.
#[derive(Debug, Default)]
pub struct AtBoth {
    pub(super) src: Dir,
    pub(super) dst: Dir,
}

/// `follow_symlinks`.
#[derive(Debug)]
pub struct Follow(pub(super) bool);

/// `mode`, 0o777 unless given.
#[derive(Debug)]
pub struct Mode(pub(super) u32);

/// `dir_fd`, `follow_symlinks`.
#[derive(Debug)]
pub struct AtFollow {
    pub(super) at: At,
    pub(super) follow: Follow,
}

/// `dir_fd`, `follow_symlinks`, `effective_ids`.
#[derive(Debug)]
pub struct AccessKeywords {
    pub(super) at: AtFollow,
    pub(super) effective_ids: bool,
}

/// `dir_fd`, `follow_symlinks`, `times`.
#[derive(Debug)]
pub struct UtimeKeywords {
    pub(super) at: AtFollow,
    /// Of access and of modification; now, unless given.
    pub(super) times: Option<(SystemTime, SystemTime)>,
}

/// `mode`, `dir_fd`.
#[derive(Debug)]
pub struct MkdirKeywords {
    pub(super) mode: Mode,
    pub(super) at: At,
}

/// `mode`, `exist_ok`.
#[derive(Debug)]
pub struct MakedirsKeywords {
    pub(super) mode: Mode,
    pub(super) exist_ok: bool,
}

/// `src_dir_fd`, `dst_dir_fd`, `follow_symlinks`.
#[derive(Debug)]
pub struct LinkKeywords {
    pub(super) at: AtBoth,
    pub(super) follow: Follow,
}

/// `target_is_directory`, `dir_fd`.
#[derive(Debug, Default)]
pub struct SymlinkKeywords {
    pub(super) at: At,
    pub(super) target_is_directory: bool,
}

/// `op`.
#[derive(Debug, Default)]
pub struct BatchKeywords(());

impl AtFollow {
    pub(super) fn following(follow: bool) -> Self {
        Self {
            at: At::default(),
            follow: Follow(follow),
        }
    }
}

/// `impl AsMut<Part> for Set`, once for each keyword that a set has.
macro_rules! has {
    ($($set:ty: $part:ty = $($field:ident).+;)*) => {$(
        impl AsMut<$part> for $set {
            fn as_mut(&mut self) -> &mut $part {
                &mut self $(.$field)+
            }
        }
    )*};
}

impl AsMut<Self> for At {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

impl AsMut<Self> for AtBoth {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

impl AsMut<Self> for Follow {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

has! {
    AtFollow: At = at;
    AtFollow: Follow = follow;
    AccessKeywords: At = at.at;
    AccessKeywords: Follow = at.follow;
    UtimeKeywords: At = at.at;
    UtimeKeywords: Follow = at.follow;
    MkdirKeywords: At = at;
    MkdirKeywords: Mode = mode;
    MakedirsKeywords: Mode = mode;
    LinkKeywords: AtBoth = at;
    LinkKeywords: Follow = follow;
    SymlinkKeywords: At = at;
}

#[cfg(unix)]
impl<T: Send + 'static, K: AsMut<At> + Send + 'static> Call<Os<T, K>> {
    /// Takes a relative path from the folder `dir` instead of the current one
    /// (default). An absolute path ignores it. Unix only.
    ///
    /// The descriptor is duplicated here, so the call borrows nothing and `dir`
    /// may be closed meanwhile; if that fails, the error comes from the call.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, "text").unwrap();
    /// let folder = std::fs::File::open(dir.path()).unwrap();
    /// // Relative to the folder, wherever that is moved to meanwhile.
    /// assert_eq!(aiofiles::os::stat("file").dir_fd(&folder).await?.len(), 4);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn dir_fd(self, dir: impl std::os::fd::AsFd) -> Self {
        set(self, |keywords| keywords.as_mut().dir = Dir::new(dir))
    }
}

#[cfg(unix)]
impl<T: Send + 'static, K: AsMut<AtBoth> + Send + 'static> Call<Os<T, K>> {
    /// Takes a relative `src` from the folder `dir` instead of the current one
    /// (default). The descriptor is duplicated, as by `dir_fd`. Unix only.
    pub fn src_dir_fd(self, dir: impl std::os::fd::AsFd) -> Self {
        set(self, |keywords| keywords.as_mut().src = Dir::new(dir))
    }

    /// Takes a relative `dst` from the folder `dir` instead of the current one
    /// (default). The descriptor is duplicated, as by `dir_fd`. Unix only.
    pub fn dst_dir_fd(self, dir: impl std::os::fd::AsFd) -> Self {
        set(self, |keywords| keywords.as_mut().dst = Dir::new(dir))
    }
}

impl<T: Send + 'static, K: AsMut<Follow> + Send + 'static> Call<Os<T, K>> {
    /// Says whether a path that ends in a symbolic link means what it points
    /// to. The default is Python's `true`, but for [`link`](crate::os::link).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// # #[cfg(unix)] {
    /// let link = dir.path().join("link");
    /// aiofiles::os::symlink("nowhere", &link).await?;
    /// assert!(aiofiles::os::stat(&link).await.is_err());
    /// assert!(aiofiles::os::stat(&link).follow_symlinks(false).await?.is_symlink());
    /// # }
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn follow_symlinks(self, yes: bool) -> Self {
        set(self, |keywords| keywords.as_mut().0 = yes)
    }
}

impl<T: Send + 'static, K: AsMut<Mode> + Send + 'static> Call<Os<T, K>> {
    /// Sets the permissions of the new folder, less the umask (0o777). Not
    /// used on Windows.
    pub fn mode(self, mode: u32) -> Self {
        set(self, |keywords| keywords.as_mut().0 = mode)
    }
}

impl Call<Os<bool, AccessKeywords>> {
    /// Asks for the effective user and groups instead of the real ones
    /// (`false`).
    pub fn effective_ids(self, yes: bool) -> Self {
        set(self, |keywords| keywords.effective_ids = yes)
    }
}

impl Call<Os<(), UtimeKeywords>> {
    /// Sets these times instead of now (default).
    pub fn times(self, accessed: SystemTime, modified: SystemTime) -> Self {
        set(self, |keywords| keywords.times = Some((accessed, modified)))
    }
}

impl Call<Os<(), MakedirsKeywords>> {
    /// Accepts a folder, or a link to one, that is there already (`false`).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let folder = dir.path().join("a/b");
    /// aiofiles::os::makedirs(&folder).await?;
    /// aiofiles::os::makedirs(&folder).exist_ok(true).await?;
    /// assert!(aiofiles::os::makedirs(&folder).await.is_err());
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn exist_ok(self, yes: bool) -> Self {
        set(self, |keywords| keywords.exist_ok = yes)
    }
}

impl Call<Os<(), SymlinkKeywords>> {
    /// Makes a link to a folder (`false`). Only Windows has two kinds of link.
    pub fn target_is_directory(self, yes: bool) -> Self {
        set(self, |keywords| keywords.target_is_directory = yes)
    }
}

impl<T: Send + 'static> Call<Os<T, BatchKeywords>> {
    /// Names what the closure does, as a verb, for errors, executors and logs
    /// (`"run a batch"`).
    pub fn op(mut self, op: &'static str) -> Self {
        if let Some(os) = self.args() {
            os.rename(op);
        }
        self
    }
}
