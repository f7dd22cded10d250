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

/// A file with a name, which is removed when it is closed or dropped. Python:
/// what `NamedTemporaryFile` gives.
///
/// Made by [`named_temporary_file`](crate::tempfile::named_temporary_file). It
/// derefs to the file itself: a [`BinaryFile`](crate::BinaryFile), or what the
/// kind `K` stands for.
///
/// | `delete` | `delete_on_close` | `close` | drop, end of `with` |
/// |---|---|---|---|
/// | `true` | `true` | removes | removes |
/// | `true` | `false` | keeps | removes |
/// | `false` | any | keeps | keeps |
///
/// Dropping it writes what is buffered and removes the name off the task's
/// thread, on the file's executor; on the spot where that refuses.
pub struct NamedTemporaryFile<K: Kind = Binary> {
    /// Before `entry`: dropped first, so that its last job goes first.
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

    /// Returns its path, which is absolute: the one it was made with, or has been
    /// persisted to. Python: `name`.
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

    /// Writes what is buffered and closes the file; removes it, unless told not
    /// to. Idempotent; a file that somebody else has removed is no error. Python:
    /// `close`.
    ///
    /// # Cancel safety
    ///
    /// Once begun, the close goes on. A removal that was not begun is left to the
    /// next `close` or to the drop.
    ///
    /// # Errors
    ///
    /// Those of [`BinaryFile::close`](crate::BinaryFile::close), in spite of which
    /// the file is removed; then that of the removal.
    pub async fn close(&mut self) -> Result<()> {
        let closed = K::close(&mut self.file).await;
        if self.delete_on_close && K::core(&self.file).closed() {
            closed.and(self.entry.remove(OnError::Stop).await)
        } else {
            closed
        }
    }

    /// The end of the scope of `with`.
    pub(super) async fn finish(&mut self) -> Result<()> {
        let closed = self.close().await;
        if self.entry.deletes() {
            closed.and(self.entry.remove(OnError::Stop).await)
        } else {
            closed
        }
    }

    /// Writes what is buffered, renames the file to `path`, over whatever is
    /// there, and lets it stay. It goes on being open, if it was, and
    /// [`name`](Self::name) is `path` now. Keywords:
    /// [`permissions`](Persist::permissions).
    ///
    /// Not in Python. The file has the mode it was made with, 0600 unless said
    /// otherwise, whatever the mode of a file that it replaces. The rename is atomic, and
    /// works within one file system only: choose `dir` with that in mind. It says
    /// nothing of the disk: [`atomic_file`](crate::tempfile::atomic_file) is for
    /// content that is to replace other, with its rights and for good.
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, it has been renamed or not, and is removed by the drop of
    /// the file only if not. `name` stays as it was.
    ///
    /// # Errors
    ///
    /// That of the write, also where only a close tells; those of rename(2), with both paths: EXDEV, for another
    /// file system. The file is as it was then, and still to be removed.
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

    /// Lets the file stay where it is, and returns its path. As `delete(false)`,
    /// after the fact.
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
    /// Sets the mode that the file has from then on, exactly, whatever the umask (the
    /// one it has). On Windows only whether it may be written.
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
