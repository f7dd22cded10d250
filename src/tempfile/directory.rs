//! Temporary folders.

use std::ffi::OsStr;
use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::entry::Entry;
use super::place::{CreateFolder, Place};
use super::place_keywords;
use super::remove::OnError;
use crate::delegate::Hop;
use crate::error::{Error, Result};
use crate::executor::{Chosen, Executor};
use crate::lazy::{Begin, Lazy};

/// Makes a folder that is removed, with everything in it, when it is closed or dropped.
/// Python: `aiofiles.tempfile.TemporaryDirectory`.
///
/// Keywords: `dir` (the first usable folder: see the [module](crate::tempfile)),
/// `prefix` (`tmp`), `suffix` (nothing), `delete` (`true`), `ignore_cleanup_errors`
/// (`false`), `executor` (the default one).
///
/// # Cancel safety
///
/// If it is dropped before it is done, the folder is removed.
///
/// # Errors
///
/// Those of mkdir(2), with the folder above as their path.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut dir = aiofiles::tempfile::temporary_directory().prefix("build-").await?;
/// let path = dir.path().to_owned();
/// std::fs::create_dir_all(path.join("a/b")).unwrap();
/// dir.close().await?;
/// assert!(!path.exists());
///
/// let name = aiofiles::tempfile::temporary_directory()
///     .with(async |dir| Ok(dir.path().to_owned()))
///     .await?;
/// assert!(!name.exists());
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias("TemporaryDirectory", "TempDir", "mkdtemp"))]
pub fn temporary_directory() -> CreateDirectory {
    CreateDirectory(Lazy::new(DirectoryArgs {
        place: Place::default(),
        executor: None,
        ignore_cleanup_errors: false,
        delete: true,
    }))
}

/// A pending [`temporary_directory`]: `.await` makes it.
#[must_use = "a call does nothing unless you `.await` it"]
pub struct CreateDirectory(Lazy<'static, DirectoryArgs>);

#[derive(Debug)]
struct DirectoryArgs {
    place: Place,
    executor: Option<Chosen>,
    ignore_cleanup_errors: bool,
    delete: bool,
}

place_keywords!([] CreateDirectory);

impl CreateDirectory {
    /// Makes and removes the folder on `executor` instead of the default one; the drop
    /// uses it too.
    pub fn executor(self, executor: impl Executor) -> Self {
        self.set(|args| args.executor = Some(Chosen::new(executor)))
    }

    /// Changes a keyword; does nothing to a call that has begun.
    fn set(self, change: impl FnOnce(&mut DirectoryArgs)) -> Self {
        Self(self.0.set(change))
    }

    fn set_place(self, change: impl FnOnce(&mut Place)) -> Self {
        self.set(|args| change(&mut args.place))
    }

    /// Sets whether errors of the removal are ignored (`false`). With `true`, everything
    /// that can be removed is removed, and the rest stays.
    pub fn ignore_cleanup_errors(self, yes: bool) -> Self {
        self.set(|args| args.ignore_cleanup_errors = yes)
    }

    /// Sets whether the drop and the end of `with` remove the folder (`true`).
    /// [`cleanup`](TemporaryDirectory::cleanup) removes it in any case.
    pub fn delete(self, yes: bool) -> Self {
        self.set(|args| args.delete = yes)
    }

    /// Makes the folder, runs `body` with it, removes it whatever happens (unless
    /// `.delete(false)`), and returns what `body` returns. An error of `body` is returned
    /// rather than one of the removal. Python: `async with`.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the folder is dropped, which removes it.
    ///
    /// # Errors
    ///
    /// Those of the call itself, of `body`, and of the removal.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let made = aiofiles::tempfile::temporary_directory();
    /// let path = made.with(async |folder| {
    ///     let path = folder.path().join("scratch");
    ///     aiofiles::write(&path, "data").await?;
    ///     Ok(path)
    /// });
    /// assert!(!aiofiles::ospath::exists(path.await?).await?, "gone with its folder");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub async fn with<T, F>(self, body: F) -> Result<T>
    where
        F: AsyncFnOnce(&mut TemporaryDirectory) -> Result<T>,
    {
        self.try_with(body).await
    }

    /// As [`with`](Self::with), for a body with an error type of its own.
    ///
    /// # Errors
    ///
    /// Those of `with`, as `E`.
    pub async fn try_with<T, E, F>(self, body: F) -> Result<T, E>
    where
        E: From<Error>,
        F: AsyncFnOnce(&mut TemporaryDirectory) -> Result<T, E>,
    {
        let mut dir = self.await?;
        let result = body(&mut dir).await;
        let removed = if dir.entry.deletes() {
            dir.cleanup().await
        } else {
            Ok(())
        };
        let value = result?;
        removed?;
        Ok(value)
    }
}

impl Begin for DirectoryArgs {
    type Output = TemporaryDirectory;

    async fn begin(self) -> Result<TemporaryDirectory> {
        self.place.check(CreateFolder::OP)?;
        let executor = match self.executor {
            Some(executor) => executor,
            None => Chosen::current(CreateFolder::OP, self.place.dir.as_deref())?,
        };
        let call = Hop::new(CreateFolder {
            place: self.place,
            executor: executor.clone(),
        });
        let mut entry = call.on(Some(executor.clone())).await?;
        entry.delete(self.delete);
        Ok(TemporaryDirectory {
            entry,
            ignore_cleanup_errors: self.ignore_cleanup_errors,
        })
    }
}

impl Future for CreateDirectory {
    type Output = Result<TemporaryDirectory>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl fmt::Debug for CreateDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("CreateDirectory");
        self.0.inspect(|args| debug.field("place", &args.place));
        debug.finish_non_exhaustive()
    }
}

/// A folder that is removed, with everything in it, when it is closed or dropped.
///
/// Made by [`temporary_directory`]. The removal works at any depth and never follows a
/// symbolic link, not even one that takes the place of a folder during the removal. As
/// in Python, it gives itself the rights on folders that it may not read or change.
///
/// A drop removes everything that it can, in a job on the executor that the folder was
/// made with, or on the task's thread if the executor refuses.
#[derive(Debug)]
pub struct TemporaryDirectory {
    entry: Entry,
    ignore_cleanup_errors: bool,
}

impl TemporaryDirectory {
    /// Returns its path, which is absolute. Python: `name`.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.entry.path()
    }

    /// Removes the folder with everything in it, even with `.delete(false)`. Another call
    /// does nothing; it is no error if the folder does not exist any more. Python:
    /// `cleanup`.
    ///
    /// # Cancel safety
    ///
    /// Once begun it goes on to its end.
    ///
    /// # Errors
    ///
    /// Those of the removal, with the path of the entry where it failed, unless
    /// `.ignore_cleanup_errors(true)`. What was removed before the error is gone; another
    /// call tries again.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut temporary = aiofiles::tempfile::temporary_directory().dir(dir.path()).await?;
    /// let path = temporary.path().to_owned();
    /// aiofiles::write(path.join("inside"), "text").await?;
    /// temporary.cleanup().await?;
    /// assert!(!aiofiles::ospath::exists(path).await?);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub async fn cleanup(&mut self) -> Result<()> {
        let on_error = if self.ignore_cleanup_errors {
            OnError::GoOn
        } else {
            OnError::Stop
        };
        match self.entry.remove(on_error).await {
            Err(Error::Os { .. }) if self.ignore_cleanup_errors => Ok(()),
            done => done,
        }
    }

    /// Does what [`cleanup`](Self::cleanup) does. Python: `close`.
    ///
    /// # Cancel safety
    ///
    /// As [`cleanup`](Self::cleanup).
    ///
    /// # Errors
    ///
    /// As [`cleanup`](Self::cleanup).
    pub async fn close(&mut self) -> Result<()> {
        self.cleanup().await
    }

    /// Cancels the removal: the folder stays where it is. Returns its path. It has the
    /// effect of `.delete(false)` on a folder that exists already.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut temporary = aiofiles::tempfile::temporary_directory().dir(dir.path()).await?;
    /// let kept = temporary.keep().to_owned();
    /// drop(temporary);
    /// assert!(aiofiles::ospath::isdir(kept).await?);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn keep(&mut self) -> &Path {
        self.entry.delete(false);
        self.entry.path()
    }
}

impl AsRef<Path> for TemporaryDirectory {
    fn as_ref(&self) -> &Path {
        self.path()
    }
}
