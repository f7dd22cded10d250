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
    /// Removes what can be removed, and ignores all errors (`false`).
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

    /// Calls `tell(removed)` on the executor's thread after each entry, with the number
    /// of entries removed so far (none).
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

/// Removes a folder and everything in it, in one hop, and returns the number of entries
/// removed.
///
/// As Python's `shutil.rmtree`. A symbolic link in the tree is removed and never
/// followed, not even if it takes the place of a folder during the call; `path` itself
/// must not be a link. The tree may have any depth. On Windows a junction counts as a
/// link, and nobody can move a folder away while it is being emptied. Keywords:
/// `ignore_errors` (`false`), `on_progress` (none).
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, it stops after the
/// current entry. What was removed is gone.
///
/// # Errors
///
/// `InvalidInput` for a path that ends with `.` or `..`, before anything is removed
/// (Python empties the folder first and fails then); `NotFound`; `NotADirectory` for a
/// file or a link; `DirectoryNotEmpty` if something is added during the call;
/// `PermissionDenied`. The error names the entry where the call failed; what was removed
/// before is gone. It is no error if somebody else removes an entry during the call.
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
                // No system removes a folder by these names. Without this check the
                // folder would be emptied before that error came.
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
