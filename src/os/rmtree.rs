//! Removing a tree.

use std::fmt;
use std::io;
use std::path::Path;

use super::copyfile::go_on;
use super::folders::names_from_last;
use crate::call::{Call, Request};
use crate::delegate::Caller;
use crate::sys;

/// The pending call of [`rmtree`].
///
/// Keywords: `ignore_errors` (`false`), `on_progress` (none), `executor` (the
/// default one).
pub type Rmtree = Call<u64, RmtreeKeywords>;

/// The keywords of [`Rmtree`].
pub struct RmtreeKeywords {
    ignore_errors: bool,
    on_progress: Option<Box<dyn FnMut(u64) + Send>>,
    caller: Caller,
}

impl Rmtree {
    /// Removes what can be removed and says nothing of the rest (`false`).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let missing = dir.path().join("missing");
    /// assert!(aiofiles::os::rmtree(&missing).await.is_err());
    /// assert_eq!(aiofiles::os::rmtree(&missing).ignore_errors(true).await?, 0);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn ignore_errors(self, yes: bool) -> Self {
        self.set(|keywords| keywords.ignore_errors = yes)
    }

    /// Calls `tell(removed)`, the number of entries so far, on the executor's
    /// thread after each.
    pub fn on_progress(self, tell: impl FnMut(u64) + Send + 'static) -> Self {
        self.set(|keywords| keywords.on_progress = Some(Box::new(tell)))
    }
}

impl fmt::Debug for RmtreeKeywords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RmtreeKeywords")
            .field("ignore_errors", &self.ignore_errors)
            .finish_non_exhaustive()
    }
}

/// Removes a folder with all in it, in one hop, and returns how many entries
/// that were.
///
/// As Python's `shutil.rmtree`. Symbolic links are removed, never followed, not
/// even one that takes the place of a folder meanwhile; `path` itself may not be
/// one. Any depth will do. On Windows a junction is a link too, and a folder is kept
/// in its place while it is being emptied. Keywords: `ignore_errors` (`false`), `on_progress`.
///
/// # Cancel safety
///
/// Dropped before its job has begun, it does nothing; later, it stops after the
/// entry it is at. What was removed is gone.
///
/// # Errors
///
/// `InvalidInput` for a path that ends with `.` or `..`, before anything is removed:
/// Python removes what is in it, and fails then. `NotFound`; `NotADirectory` for a file
/// or a link; `DirectoryNotEmpty` if
/// something is added meanwhile; `PermissionDenied`. It names the entry it
/// failed at; what was removed before is gone. An entry that somebody else
/// removes meanwhile is no error.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().join("root");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::os::makedirs(root.join("a/b")).await?;
/// aiofiles::write(root.join("a/f"), "").await?;
/// let removed = aiofiles::os::rmtree(&root).await?;
/// assert_eq!(removed, 4);
/// assert!(!aiofiles::ospath::exists(&root).await?);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "remove_dir_all")]
pub fn rmtree(path: impl AsRef<Path>) -> Rmtree {
    Call::watched(|caller| {
        let keywords = RmtreeKeywords {
            ignore_errors: false,
            on_progress: None,
            caller,
        };
        Request::one("rmtree", path, keywords, |path, mut keywords| {
            if matches!(names_from_last(path).next(), Some(b"." | b"..")) {
                // No system removes a folder by these names: it would be emptied first,
                // and then that would be told.
                let error = "a folder is not removed by the name `.` or `..`";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
            }
            let mut count = 0;
            let mut removed = || {
                count += 1;
                if let Some(tell) = &mut keywords.on_progress {
                    tell(count);
                }
                go_on(&keywords.caller)
            };
            sys::remove_tree(path, keywords.ignore_errors, &mut removed)?;
            Ok(count)
        })
    })
}
