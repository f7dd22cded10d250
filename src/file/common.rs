//! The methods that all kinds of files have, and the access to what the layers
//! below keep.

/// Writes the methods that raw, binary and text files share, once for each:
/// they only differ in the type they stand on. A trait would have to be imported
/// by every user.
///
/// Needs `core(&self) -> &Core<R>` and `core_mut(&mut self) -> &mut Core<R>`,
/// where the latter has told the core what the layer holds.
macro_rules! common_methods {
    ($File:ident) => {
        impl<R: RawIo> $File<R> {
            /// Writes what is buffered and closes the file. Idempotent. Python:
            /// `close()`.
            ///
            /// Closed it is even where that fails; then what could not be written
            /// is lost, and the error says so. Afterwards every other operation
            /// gives [`Error::Closed`](crate::Error::Closed).
            ///
            /// # Cancel safety
            ///
            /// Once begun, the close goes on; the next operation waits for it.
            ///
            /// # Errors
            ///
            /// That of the write or of the stream, or one that was kept of an
            /// earlier write. `ExecutorGone` leaves the file open and whole, and so
            /// does a panic of the stream before it was closed.
            ///
            /// # Examples
            ///
            /// ```
            /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            /// # let dir = tempfile::tempdir().unwrap();
            /// # let path = dir.path().join("file");
            /// let mut file = aiofiles::open(&path).mode("w").await?;
            /// file.write("text").await?;
            /// file.close().await?;
            /// file.close().await?; // does nothing
            /// let error = file.write("more").await.unwrap_err();
            /// assert!(matches!(error, aiofiles::Error::Closed { .. }));
            /// assert_eq!(std::fs::read(&path).unwrap(), b"text");
            /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
            /// ```
            pub async fn close(&mut self) -> Result<()> {
                let core = self.core_mut();
                let mut started = 0;
                std::future::poll_fn(|cx| core.poll_close(cx, &mut started)).await
            }

            /// Hands everything that is buffered to the system. Not to the
            /// device: see [`sync_all`](Self::sync_all). Nothing happens on a file
            /// that has nothing pending. Python: `flush()`.
            ///
            /// # Cancel safety
            ///
            /// Goes on if dropped; its error is kept for the next operation that
            /// reports write errors.
            ///
            /// # Errors
            ///
            /// That of the write. The bytes stay, and another flush tries again.
            ///
            /// # Examples
            ///
            /// ```
            /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            /// # let dir = tempfile::tempdir().unwrap();
            /// # let path = dir.path().join("file");
            /// let mut file = aiofiles::open(&path).mode("w").await?;
            /// file.write("text").await?;
            /// assert_eq!(std::fs::read(&path).unwrap(), b"");
            /// file.flush().await?;
            /// assert_eq!(std::fs::read(&path).unwrap(), b"text");
            /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
            /// ```
            pub async fn flush(&mut self) -> Result<()> {
                let core = self.core_mut();
                let mut started = 0;
                std::future::poll_fn(|cx| core.poll_flush(cx, &mut started)).await
            }

            /// Brings contents and metadata to the device, after a flush: fsync(2).
            ///
            /// # Cancel safety
            ///
            /// As [`flush`](Self::flush).
            ///
            /// # Errors
            ///
            /// That of the write or of the sync; `Unsupported` where the stream
            /// cannot.
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
            pub async fn sync_all(&mut self) -> Result<()> {
                let core = self.core_mut();
                core.call("sync", true, |call| {
                    call.held
                        .with(|raw| crate::raw_io::retry(|| raw.sync_all()))
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
            pub async fn sync_data(&mut self) -> Result<()> {
                let core = self.core_mut();
                core.call("sync", true, |call| {
                    call.held
                        .with(|raw| crate::raw_io::retry(|| raw.sync_data()))
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
            pub async fn metadata(&mut self) -> Result<std::fs::Metadata> {
                if let Some(metadata) = self.core_mut().metadata_nowait() {
                    std::future::poll_fn(crate::budget::poll_spend).await;
                    return Ok(metadata);
                }
                self.core_mut()
                    .with_file("stat", |file| file.metadata())
                    .await
            }

            /// Takes an exclusive lock on the file (flock(2) on Unix), and waits
            /// for it without keeping a thread: it tries, at growing distances up
            /// to 100 ms, until it has it.
            ///
            /// # Cancel safety
            ///
            /// Dropped while it waits, no lock is held; dropped during a try, one
            /// may be, until [`unlock`](Self::unlock) or the end of the file.
            ///
            /// # Errors
            ///
            /// Those of the system; `Unsupported` where there is no file.
            ///
            /// # Examples
            ///
            /// ```
            /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            /// # let dir = tempfile::tempdir().unwrap();
            /// # let path = dir.path().join("file");
            /// let mut file = aiofiles::open(&path).mode("a").await?;
            /// file.lock().await?;
            /// file.write("one whole record\n").await?;
            /// file.unlock().await?; // written by now
            /// assert_eq!(std::fs::read(&path).unwrap(), b"one whole record\n");
            /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
            /// ```
            pub async fn lock(&mut self) -> Result<()> {
                lock::wait(self.core_mut(), std::fs::File::try_lock).await
            }

            /// Takes a shared lock; as [`lock`](Self::lock) otherwise.
            ///
            /// # Cancel safety
            ///
            /// As [`lock`](Self::lock).
            ///
            /// # Errors
            ///
            /// As [`lock`](Self::lock).
            pub async fn lock_shared(&mut self) -> Result<()> {
                lock::wait(self.core_mut(), std::fs::File::try_lock_shared).await
            }

            /// Takes an exclusive lock if that needs no waiting; `false` if another
            /// open file has one.
            ///
            /// # Cancel safety
            ///
            /// As [`lock`](Self::lock).
            ///
            /// # Errors
            ///
            /// As [`lock`](Self::lock).
            ///
            /// # Examples
            ///
            /// ```
            /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            /// # let dir = tempfile::tempdir().unwrap();
            /// # let path = dir.path().join("file");
            /// let mut file = aiofiles::open(&path).mode("w").await?;
            /// let mut other = aiofiles::open(&path).await?;
            /// assert!(file.try_lock().await?);
            /// assert!(!other.try_lock().await?);
            /// file.unlock().await?;
            /// assert!(other.try_lock().await?);
            /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
            /// ```
            pub async fn try_lock(&mut self) -> Result<bool> {
                lock::attempt(self.core_mut(), std::fs::File::try_lock).await
            }

            /// Takes a shared lock if that needs no waiting; `false` if another
            /// open file has an exclusive one.
            ///
            /// # Cancel safety
            ///
            /// As [`lock`](Self::lock).
            ///
            /// # Errors
            ///
            /// As [`lock`](Self::lock).
            pub async fn try_lock_shared(&mut self) -> Result<bool> {
                lock::attempt(self.core_mut(), std::fs::File::try_lock_shared).await
            }

            /// Gives the lock up, after a flush: what was written under the lock
            /// is there for whoever gets it next.
            ///
            /// # Cancel safety
            ///
            /// Goes on if dropped.
            ///
            /// # Errors
            ///
            /// That of the write (the lock is held still) or of the system.
            pub async fn unlock(&mut self) -> Result<()> {
                self.core_mut()
                    .with_file("unlock", |file| file.unlock())
                    .await
            }

            /// Runs any number of blocking calls on the stream in one hop, in
            /// order with the file's other operations: what is buffered is written
            /// first, and the cursor is at the logical position.
            ///
            /// A plain `File` is lent as a duplicate of its descriptor, which
            /// shares the cursor.
            ///
            /// # Cancel safety
            ///
            /// Once begun it goes on to its end; its value is dropped.
            ///
            /// # Errors
            ///
            /// That of a write of what was buffered, or what `f` returns; `Panicked`.
            ///
            /// # Examples
            ///
            /// ```
            /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            /// # let dir = tempfile::tempdir().unwrap();
            /// # let path = dir.path().join("file");
            /// use std::io::{Read, Seek, SeekFrom, Write};
            ///
            /// let mut file = aiofiles::open(&path).mode("w+").await?;
            /// file.write("head").await?;
            /// // Three system calls, one hop.
            /// let all = file
            ///     .batch(|file: &mut std::fs::File| {
            ///         file.write_all(b", tail")?;
            ///         file.seek(SeekFrom::Start(0))?;
            ///         let mut all = String::new();
            ///         file.read_to_string(&mut all)?;
            ///         Ok(all)
            ///     })
            ///     .await?;
            /// assert_eq!(all, "head, tail");
            /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
            /// ```
            pub async fn batch<T, F>(&mut self, f: F) -> Result<T>
            where
                T: Send + 'static,
                F: FnOnce(&mut R) -> std::io::Result<T> + Send + 'static,
            {
                let writes = self.writable();
                let run = move |call: crate::file::work::Call<'_, R>| {
                    // Wherever `f` leaves the cursor.
                    *call.pos = None;
                    call.held.with_own(writes, f)
                };
                self.core_mut().call("batch", false, run).await
            }

            /// Writes what is buffered and gives the stream back, with its cursor
            /// at the logical position where it can seek.
            ///
            /// # Cancel safety
            ///
            /// Owns the file: dropped midway, it is as if the file was dropped.
            ///
            /// # Errors
            ///
            /// Those of a flush; what could not be written is lost then, as the
            /// file is. `Closed`.
            ///
            /// # Examples
            ///
            /// ```
            /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            /// # let dir = tempfile::tempdir().unwrap();
            /// # let path = dir.path().join("file");
            /// let memory = std::io::Cursor::new(Vec::new());
            /// let mut file = aiofiles::wrap(memory).await?;
            /// file.write(b"bytes").await?;
            /// assert_eq!(file.into_raw().await?.into_inner(), b"bytes");
            /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
            /// ```
            pub async fn into_raw(mut self) -> Result<R> {
                self.core_mut().take_raw("detach").await
            }
        }

        impl<R: RawIo> std::fmt::Debug for $File<R> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.core().debug(stringify!($File), self.mode(), f)
            }
        }
    };
}

pub(super) use common_methods;
