//! Temporary files with a name.

use std::fmt;
use std::fs::File;
use std::future::poll_fn;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::entry::Entry;
use super::remove::OnError;
use crate::error::Result;
use crate::lazy::{Begin, Lazy};
use crate::open::{Binary, Kind};

/// A file with a name, which is removed when it is closed or dropped. Python: the
/// result of `NamedTemporaryFile`.
///
/// Made by [`named_temporary_file`](crate::tempfile::named_temporary_file). It
/// derefs to the file itself: a [`BinaryFile`](crate::BinaryFile), or the file of the
/// kind `K`.
///
/// | `delete` | `delete_on_close` | `close` | drop, end of `with` |
/// |---|---|---|---|
/// | `true` | `true` | removes | removes |
/// | `true` | `false` | keeps | removes |
/// | `false` | any | keeps | keeps |
///
/// A drop writes what is buffered and removes the name, in jobs on the file's executor,
/// or on the task's thread if the executor refuses.
pub struct NamedTemporaryFile<K: Kind = Binary> {
    /// Stands before `entry`, so it is dropped first: its last job must run before the
    /// job that removes the name.
    file: K::Of<File>,
    entry: Entry,
    delete_on_close: bool,
}

impl<K: Kind> NamedTemporaryFile<K> {
    pub(super) fn new(file: K::Of<File>, entry: Entry, delete_on_close: bool) -> Self {
        Self {
            file,
            entry,
            delete_on_close,
        }
    }

    /// Returns its path, which is absolute: the one it was made with or, after
    /// [`persist`](Self::persist), the new one. Python: `name`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::tempfile::named_temporary_file().suffix(".txt").await?;
    /// let path = file.name().to_owned();
    /// assert!(aiofiles::ospath::exists(&path).await?);
    /// file.close().await?;
    /// assert!(!aiofiles::ospath::exists(&path).await?);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn name(&self) -> &Path {
        self.entry.path()
    }

    /// Writes what is buffered and closes the file; then removes it, unless a keyword
    /// says otherwise. Another close does nothing; it is no error if somebody else has
    /// removed the file. Python: `close`.
    ///
    /// # Cancel safety
    ///
    /// Once begun, the close goes on. If the removal had not begun, the next `close` or
    /// the drop removes the file.
    ///
    /// # Errors
    ///
    /// Those of [`BinaryFile::close`](crate::BinaryFile::close): if the file is closed
    /// in spite of the error, it is removed too. Otherwise that of the removal.
    pub async fn close(&mut self) -> Result<()> {
        let closed = K::close(&mut self.file).await;
        if self.delete_on_close && K::core(&self.file).closed() {
            closed.and(self.entry.remove(OnError::Stop).await)
        } else {
            closed
        }
    }

    /// Runs at the end of `with`.
    pub(super) async fn finish(&mut self) -> Result<()> {
        let closed = self.close().await;
        if self.entry.deletes() {
            closed.and(self.entry.remove(OnError::Stop).await)
        } else {
            closed
        }
    }

    /// Writes what is buffered and renames the file to `path`, replacing a file there.
    /// The file is no longer removed. It stays open, if it was open, and
    /// [`name`](Self::name) is `path` from now on. Keywords:
    /// [`permissions`](Persist::permissions) (unchanged).
    ///
    /// Not in Python. The file keeps the mode that it was made with (0600 by default); a
    /// file that it replaces has no influence on that. The rename is atomic, and works
    /// within one file system only, so choose `dir` with that in mind. Nothing is
    /// brought to the disk: to replace a file safely, and to keep its rights, use
    /// [`atomic_file`](crate::tempfile::atomic_file).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the file was renamed or it was not; only if
    /// it was not, the drop of the file removes it. `name` does not change.
    ///
    /// # Errors
    ///
    /// Those of the write, also the ones that only a close reports; those of rename(2),
    /// with both paths, such as EXDEV for another file system. After an error the file
    /// is as it was, and will still be removed.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let dir = dir.path();
    /// let mut file = aiofiles::tempfile::named_temporary_file().dir(dir).await?;
    /// file.write(b"complete").await?;
    /// assert!(file.persist(dir.join("no/such/folder")).await.is_err());
    /// file.persist(dir.join("report")).permissions(0o644).await?;
    /// drop(file);
    /// assert_eq!(std::fs::read(dir.join("report")).unwrap(), b"complete");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn persist(&mut self, path: impl AsRef<Path>) -> Persist<'_, K> {
        Persist(Lazy::new(PersistArgs {
            file: self,
            path: path.as_ref().into(),
            permissions: None,
        }))
    }

    async fn persist_to(&mut self, path: Arc<Path>, permissions: Option<u32>) -> Result<()> {
        if !K::core(&self.file).closed() {
            let core = K::descend(&mut self.file);
            let mut started = 0;
            poll_fn(|cx| core.poll_flush(cx, &mut started)).await?;
        }
        let open = K::core(&self.file)
            .held()
            .and_then(|held| held.file())
            .cloned();
        self.entry.persist(path, permissions, open).await?;
        self.delete_on_close = false;
        K::descend(&mut self.file).meta.name = Some(self.entry.path().clone());
        Ok(())
    }

    /// Cancels the removal: the file stays where it is. Returns its path. It has the
    /// effect of `.delete(false)` on a file that exists already.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::tempfile::named_temporary_file().dir(dir.path()).await?;
    /// let kept = file.keep().to_owned();
    /// file.close().await?;
    /// assert!(aiofiles::ospath::exists(kept).await?);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn keep(&mut self) -> &Path {
        self.entry.delete(false);
        self.delete_on_close = false;
        self.entry.path()
    }
}

impl<K: Kind> Deref for NamedTemporaryFile<K> {
    type Target = K::Of<File>;

    fn deref(&self) -> &Self::Target {
        &self.file
    }
}

impl<K: Kind> DerefMut for NamedTemporaryFile<K> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.file
    }
}

impl<K: Kind> AsRef<Path> for NamedTemporaryFile<K> {
    fn as_ref(&self) -> &Path {
        self.name()
    }
}

impl<K: Kind> fmt::Debug for NamedTemporaryFile<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamedTemporaryFile")
            .field("file", K::core(&self.file))
            .field("entry", &self.entry)
            .field("delete_on_close", &self.delete_on_close)
            .finish()
    }
}

/// A pending [`persist`](NamedTemporaryFile::persist): `.await` runs it.
#[must_use = "a call does nothing unless you `.await` it"]
pub struct Persist<'a, K: Kind>(Lazy<'a, PersistArgs<'a, K>>);

struct PersistArgs<'a, K: Kind> {
    file: &'a mut NamedTemporaryFile<K>,
    path: Arc<Path>,
    permissions: Option<u32>,
}

impl<K: Kind> Persist<'_, K> {
    /// Sets the mode of the file; the umask is not applied (unchanged by default). On
    /// Windows it only says whether the file may be written.
    pub fn permissions(self, mode: u32) -> Self {
        Self(self.0.set(|args| args.permissions = Some(mode)))
    }
}

impl<K: Kind> Begin for PersistArgs<'_, K> {
    type Output = ();

    async fn begin(self) -> Result<()> {
        self.file.persist_to(self.path, self.permissions).await
    }
}

impl<K: Kind> Future for Persist<'_, K> {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<K: Kind> fmt::Debug for Persist<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Persist");
        self.0.inspect(|args| {
            debug.field("path", &args.path);
            debug.field("permissions", &args.permissions);
        });
        debug.finish_non_exhaustive()
    }
}
