//! The metadata of an open file, and bringing it to the device.

use std::fs::{FileTimes, Metadata, Permissions};

use super::{Buffers, File, FileKind, Raw};
use crate::error::Result;
use crate::raw_io::RawIo;
use crate::sys::retry;

impl<K: Buffers, R: RawIo> File<K, R> {
    /// Flushes, then has the system bring contents and metadata to the device: fsync(2).
    ///
    /// # Cancel safety
    ///
    /// As [`flush`](Self::flush).
    ///
    /// # Errors
    ///
    /// The error of the flush or of the sync; `Unsupported` if the stream cannot sync; on
    /// Windows `PermissionDenied` if the file is not open for writing; `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::open(&path).mode("w").await?;
    /// file.write("not to be lost").await?;
    /// file.sync_all().await?; // flushes, too
    /// assert_eq!(std::fs::read(&path).unwrap(), b"not to be lost");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "fsync")]
    pub async fn sync_all(&mut self) -> Result<()> {
        let core = self.descend();
        core.call("sync", true, |call| {
            call.stream.with(|raw| retry(|| raw.sync_all()))
        })
        .await
    }

    /// Flushes, then has the system bring the contents to the device: fdatasync(2).
    ///
    /// # Cancel safety
    ///
    /// As [`flush`](Self::flush).
    ///
    /// # Errors
    ///
    /// As [`sync_all`](Self::sync_all).
    #[doc(alias = "fdatasync")]
    pub async fn sync_data(&mut self) -> Result<()> {
        let core = self.descend();
        core.call("sync", true, |call| {
            call.stream.with(|raw| retry(|| raw.sync_data()))
        })
        .await
    }

    /// Flushes, then returns the metadata of the file: fstat(2).
    ///
    /// # Cancel safety
    ///
    /// A dropped call loses nothing.
    ///
    /// # Errors
    ///
    /// The error of the flush or of the system; `Unsupported` if there is no file behind
    /// the stream; `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::open(&path).mode("w").await?;
    /// file.write("text").await?;
    /// file.flush().await?;
    /// assert_eq!(file.metadata().await?.len(), 4);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias("fstat", "stat"))]
    pub async fn metadata(&mut self) -> Result<Metadata> {
        if let Some(metadata) = self.descend().metadata_nowait() {
            std::future::poll_fn(crate::budget::poll_spend).await;
            return Ok(metadata);
        }
        self.descend()
            .with_file("stat", |file| retry(|| file.metadata()))
            .await
    }

    /// Flushes, then sets the permissions of the file: fchmod(2).
    ///
    /// # Cancel safety
    ///
    /// A call that has begun is completed.
    ///
    /// # Errors
    ///
    /// The error of the flush or of the system; `Unsupported` if there is no file behind
    /// the stream; `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::open(&path).mode("w").await?;
    /// let mut permissions = file.metadata().await?.permissions();
    /// permissions.set_readonly(true);
    /// file.set_permissions(permissions).await?;
    /// assert!(aiofiles::os::stat(&path).await?.permissions().readonly());
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias("fchmod", "chmod"))]
    pub async fn set_permissions(&mut self, permissions: Permissions) -> Result<()> {
        self.descend()
            .with_file("chmod", move |file| {
                retry(|| file.set_permissions(permissions.clone()))
            })
            .await
    }
}

impl<K: FileKind, R: RawIo> File<K, R> {
    /// Flushes, then sets the times of the file: futimens(2). The flush goes first because
    /// a later write would change the times again.
    ///
    /// # Cancel safety
    ///
    /// A call that has begun is completed.
    ///
    /// # Errors
    ///
    /// The error of the flush or of the system; `Unsupported` if there is no file behind
    /// the stream; `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// use std::fs::FileTimes;
    /// use std::time::{Duration, SystemTime};
    ///
    /// let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// let mut file = aiofiles::open(&path).mode("w").await?;
    /// file.write("text").await?;
    /// file.set_times(FileTimes::new().set_modified(then)).await?;
    /// file.close().await?;
    /// assert_eq!(aiofiles::ospath::getmtime(&path).await?, then);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias("futimens", "utime", "set_modified"))]
    pub async fn set_times(&mut self, times: FileTimes) -> Result<()> {
        self.descend()
            .with_file("utime", move |file| retry(|| file.set_times(times)))
            .await
    }
}

/// Calls on `&self`: several tasks may share an `Arc<RawFile>`, each with reads and writes
/// at its own offsets.
impl<R: RawIo> File<Raw, R> {
    /// Returns the metadata of the file: fstat(2). Any number of such calls, and of other
    /// calls on `&self`, may run at the same time.
    ///
    /// # Cancel safety
    ///
    /// A dropped call has changed nothing.
    ///
    /// # Errors
    ///
    /// Those of the system; `Unsupported` if there is no file behind the stream; `Closed`.
    pub async fn metadata(&self) -> Result<Metadata> {
        if let Some(metadata) = self.core().metadata_beside_nowait() {
            std::future::poll_fn(crate::budget::poll_spend).await;
            return Ok(metadata);
        }
        self.core()
            .beside_file("stat", |file| retry(|| file.metadata()))
            .await
    }

    /// Has the system bring contents and metadata to the device: fsync(2). This includes
    /// everything that completed calls have written, and what was given to
    /// [`AsyncWrite`](tokio::io::AsyncWrite): the sync waits for that.
    ///
    /// # Cancel safety
    ///
    /// A sync that has begun is completed; the next sync or the close returns its error.
    ///
    /// # Errors
    ///
    /// The error of the sync, which the system reports only once, or of a write before it;
    /// `Unsupported` if the stream cannot sync; `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// use std::sync::Arc;
    ///
    /// let log = Arc::new(aiofiles::open(&path).raw().mode("w+").await?);
    /// let record = async |at: u64, data: &[u8]| {
    ///     log.write_all_at(at, data).await?;
    ///     log.sync_data().await
    /// };
    /// futures::try_join!(record(0, b"one"), record(3, b"two"))?;
    /// assert_eq!(log.metadata().await?.len(), 6);
    /// assert_eq!(log.read_at(0, 6).await?, b"onetwo");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub async fn sync_all(&self) -> Result<()> {
        self.core()
            .sync_beside(|raw| retry(|| raw.sync_all()))
            .await
    }

    /// As [`sync_all`](Self::sync_all), but only the contents: fdatasync(2).
    ///
    /// # Cancel safety
    ///
    /// As [`sync_all`](Self::sync_all).
    ///
    /// # Errors
    ///
    /// As [`sync_all`](Self::sync_all).
    pub async fn sync_data(&self) -> Result<()> {
        self.core()
            .sync_beside(|raw| retry(|| raw.sync_data()))
            .await
    }

    /// Sets the permissions of the file: fchmod(2).
    ///
    /// # Cancel safety
    ///
    /// A call that has begun is completed.
    ///
    /// # Errors
    ///
    /// As [`metadata`](Self::metadata).
    pub async fn set_permissions(&self, permissions: Permissions) -> Result<()> {
        self.core()
            .beside_file("chmod", move |file| {
                retry(|| file.set_permissions(permissions.clone()))
            })
            .await
    }
}
