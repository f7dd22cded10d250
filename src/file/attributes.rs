//! Metadata of an open file, and its way to the device.

use std::fs::{FileTimes, Metadata, Permissions};

use super::{Buffers, File, FileKind, Raw};
use crate::error::Result;
use crate::raw_io::RawIo;
use crate::sys::retry;

impl<K: Buffers, R: RawIo> File<K, R> {
    /// Brings contents and metadata to the device, after a flush: fsync(2).
    ///
    /// # Cancel safety
    ///
    /// As [`flush`](Self::flush).
    ///
    /// # Errors
    ///
    /// That of the write or of the sync; `Unsupported` where the stream
    /// cannot; on Windows `PermissionDenied` for a file that is only read.
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
            call.held.with(|raw| retry(|| raw.sync_all()))
        })
        .await
    }

    /// Brings contents to the device, after a flush: fdatasync(2).
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
            call.held.with(|raw| retry(|| raw.sync_data()))
        })
        .await
    }

    /// Asks for the metadata of the file, after a flush: fstat(2).
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, nothing is lost.
    ///
    /// # Errors
    ///
    /// That of the write or of the system; `Unsupported` where there is no
    /// file behind the stream.
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

    /// Sets the permissions of the file, after a flush: fchmod(2).
    ///
    /// # Cancel safety
    ///
    /// Once begun, it goes on.
    ///
    /// # Errors
    ///
    /// That of the write or of the system; `Unsupported` where there is no file
    /// behind the stream.
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
    /// Sets the times of the file, after a flush, so that no write that is pending
    /// changes them again: futimens(2).
    ///
    /// # Cancel safety
    ///
    /// Once begun, it goes on.
    ///
    /// # Errors
    ///
    /// That of the write or of the system; `Unsupported` where there is no file
    /// behind the stream.
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

/// On a shared file: several tasks may hold an `Arc<RawFile>` and read, write and sync
/// at offsets of their own.
impl<R: RawIo> File<Raw, R> {
    /// Asks for the metadata of the file: fstat(2). Any number of such calls may go
    /// on at once, beside all others.
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, nothing has happened.
    ///
    /// # Errors
    ///
    /// Those of the system; `Unsupported` where there is no file behind the stream;
    /// `Closed`.
    pub async fn metadata(&self) -> Result<Metadata> {
        if let Some(metadata) = self.core().metadata_beside_nowait() {
            std::future::poll_fn(crate::budget::poll_spend).await;
            return Ok(metadata);
        }
        self.core()
            .beside_file("stat", |file| retry(|| file.metadata()))
            .await
    }

    /// Brings contents and metadata to the device: fsync(2). What was written by calls
    /// that have completed is among it, and so is what was given to
    /// [`AsyncWrite`](tokio::io::AsyncWrite), for which it waits.
    ///
    /// # Cancel safety
    ///
    /// Once begun, it goes on; its error comes with the next sync, or with the close.
    ///
    /// # Errors
    ///
    /// That of the sync, which the system tells once, or of a write before it;
    /// `Unsupported` where the stream cannot; `Closed`.
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

    /// Brings contents to the device: fdatasync(2); as [`sync_all`](Self::sync_all)
    /// otherwise.
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
    /// Once begun, it goes on.
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
