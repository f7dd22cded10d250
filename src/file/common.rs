//! The methods that all kinds of files have, and the access to what the layers
//! below keep.

/// Writes the methods that raw, binary and text files share, once for each:
/// they only differ in the type they stand on. A trait would have to be imported
/// by every user.
///
/// Needs `core(&self) -> &Core<R>` and `core_mut(&mut self) -> &mut Core<R>`,
/// where the latter has told the core what the layer holds, and
/// `clone_with(&self, core: Core<R>) -> Self`, which keeps the layer's settings.
macro_rules! common_methods {
    ($File:ident) => {
        impl $File<std::fs::File> {
            /// Makes a file of a std [`File`](std::fs::File), at its cursor and
            /// with its access mode. Python: `open(fd)`.
            ///
            /// The executor is the default one of the first operation;
            /// [`wrap`](crate::wrap) takes another. Must not be called where a
            /// moment's blocking is harmful only because of a custom `RawIo`; for a
            /// plain file it is a few system calls that do not wait.
            #[must_use]
            pub fn from_std(file: std::fs::File) -> Self {
                Self::new(file)
            }

            /// Writes what is buffered and gives the std file back, with its
            /// cursor at the logical position.
            ///
            /// # Cancel safety
            ///
            /// Owns the file: dropped midway, it is as if the file was dropped.
            ///
            /// # Errors
            ///
            /// Those of a flush; what could not be written is lost then, as the
            /// file is. `Closed`.
            pub async fn into_std(self) -> Result<std::fs::File> {
                self.into_raw().await
            }

            /// Makes another handle of the same open file, with which it shares
            /// the cursor. Buffers are not shared: what is pending is written first.
            ///
            /// # Cancel safety
            ///
            /// Dropped midway, nothing is lost.
            ///
            /// # Errors
            ///
            /// Those of a flush, or EMFILE and the like. `Closed`.
            pub async fn try_clone(&mut self) -> Result<Self> {
                let file = self.core_mut().call("clone", false, |call| {
                    call.held.file().map_or_else(
                        || Err(std::io::ErrorKind::Unsupported.into()),
                        |f| f.try_clone(),
                    )
                });
                let file = file.await?;
                let core = self.core_mut().clone_with(file);
                Ok(self.clone_with(core))
            }
        }

        #[cfg(unix)]
        impl std::os::fd::AsFd for $File<std::fs::File> {
            /// # Panics
            ///
            /// If the file is closed.
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                let file = self.core().held().and_then(|held| held.file());
                file.expect("the descriptor of a closed file was asked for")
                    .as_fd()
            }
        }

        #[cfg(unix)]
        impl std::os::fd::AsRawFd for $File<std::fs::File> {
            /// # Panics
            ///
            /// If the file is closed.
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                std::os::fd::AsFd::as_fd(self).as_raw_fd()
            }
        }

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
            pub async fn metadata(&mut self) -> Result<std::fs::Metadata> {
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
            pub async fn into_raw(mut self) -> Result<R> {
                self.core_mut().take_raw("detach").await
            }

            /// Says whether the file is a terminal. Answered from memory.
            #[must_use]
            pub fn isatty(&self) -> bool {
                self.core().meta.isatty
            }

            /// Says whether the file was opened for reading.
            #[must_use]
            pub fn readable(&self) -> bool {
                self.core().meta.readable
            }

            /// Says whether the file was opened for writing.
            #[must_use]
            pub fn writable(&self) -> bool {
                self.core().meta.writable
            }

            /// Says whether the file can seek. Answered from memory.
            #[must_use]
            pub fn seekable(&self) -> bool {
                self.core().meta.seekable
            }

            /// Says whether the file is closed (or a close has begun).
            #[must_use]
            pub fn closed(&self) -> bool {
                self.core().closed()
            }

            /// Returns the path as it was given; `None` for a file that was not
            /// opened by path.
            #[must_use]
            pub fn name(&self) -> Option<&std::path::Path> {
                self.core().path()
            }

            /// Returns the executor that the file's blocking calls run on; `None`
            /// before the first operation of a file that was made without one.
            #[must_use]
            pub fn executor(&self) -> Option<std::sync::Arc<dyn crate::Executor>> {
                self.core()
                    .executor_if_settled()
                    .map(crate::executor::Chosen::to_arc)
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

pub(super) mod lock {
    //! Locks, without a thread that waits for them.

    use std::fs::{File, TryLockError};
    use std::time::Duration;

    use crate::error::Result;
    use crate::file::core::Core;
    use crate::raw_io::RawIo;
    use crate::timer::Sleep;

    type Try = fn(&File) -> std::result::Result<(), TryLockError>;

    pub(crate) async fn attempt<R: RawIo>(core: &mut Core<R>, lock: Try) -> Result<bool> {
        core.with_file("lock", move |file| match lock(file) {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        })
        .await
    }

    pub(crate) async fn wait<R: RawIo>(core: &mut Core<R>, lock: Try) -> Result<()> {
        let mut pause = Duration::from_millis(1);
        while !attempt(core, lock).await? {
            Sleep::new(pause).await;
            pause = (pause * 2).min(Duration::from_millis(100));
        }
        Ok(())
    }
}
