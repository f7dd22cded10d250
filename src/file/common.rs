//! The methods that all kinds of files have.

use std::task::ready;

use super::core::Core;
use super::{File, FileKind, lock};
use crate::budget;
use crate::error::Result;
use crate::raw_io::RawIo;
use crate::sys::{Lock, OpenFile, Wait};

impl<K: FileKind, R: RawIo> File<K, R> {
    /// Writes what is buffered and closes the file. Does nothing to a closed file. Python:
    /// `close()`.
    ///
    /// The file is closed even if this fails; the error then means that buffered bytes were
    /// lost. Afterwards every other operation gives
    /// [`Error::Closed`](crate::Error::Closed).
    ///
    /// # Cancel safety
    ///
    /// A close that has begun is completed; the next operation waits for it.
    ///
    /// # Errors
    ///
    /// The error of writing what was buffered, of the stream, or of an earlier write or
    /// sync if nobody was told of it yet. On Unix also the error of close(2): with a quota
    /// (EDQUOT) or on a network file system (EIO), a write may fail as late as that. Only
    /// after two errors is the file still open, with all that it held: `ExecutorGone`, and
    /// `Panicked` if the stream panicked before it was closed.
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
    #[doc(alias = "shutdown")]
    pub async fn close(&mut self) -> Result<()> {
        let core = self.descend();
        let mut started = 0;
        std::future::poll_fn(|cx| {
            ready!(budget::poll_turn(cx));
            core.poll_close(cx, &mut started)
        })
        .await
    }

    /// Hands everything that is buffered to the system (but not to the device: see
    /// [`sync_all`](Self::sync_all)). Does nothing if nothing is buffered. Python:
    /// `flush()`.
    ///
    /// # Cancel safety
    ///
    /// A flush that has begun is completed. Its error is kept for the next operation that
    /// reports write errors.
    ///
    /// # Errors
    ///
    /// The error of the write. The bytes stay in the buffer, and the next flush tries
    /// again.
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
        let core = self.descend();
        let mut started = 0;
        std::future::poll_fn(|cx| {
            ready!(budget::poll_turn(cx));
            core.poll_flush(cx, &mut started)
        })
        .await
    }

    /// Takes an exclusive lock on the file (flock(2) on Unix). While it waits it occupies
    /// no thread: it tries again after 1 ms, then less and less often, down to every 100
    /// ms.
    ///
    /// If this file already has a lock, that lock is converted. While this waits for the
    /// exclusive lock, the file has no shared lock either: others may take the lock in
    /// between, so what was read under the shared lock may have changed.
    ///
    /// On Unix the lock stops only those who ask for a lock. On Windows nobody else can
    /// read or write the file meanwhile, not even through another handle of the same
    /// process.
    ///
    /// # Cancel safety
    ///
    /// A dropped call leaves no exclusive lock behind: if a try has just taken it, another
    /// job gives it up. A shared lock that the file had before may be gone, so
    /// [`unlock`](Self::unlock), or take it again.
    ///
    /// # Errors
    ///
    /// Those of the system; `Unsupported` if there is no file behind the stream; `Closed`.
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
    #[doc(alias = "flock")]
    pub async fn lock(&mut self) -> Result<()> {
        lock::wait(self.descend(), Lock::Exclusive).await
    }

    /// Takes a shared lock, in the same way as [`lock`](Self::lock) takes an exclusive one.
    ///
    /// # Cancel safety
    ///
    /// As [`lock`](Self::lock).
    ///
    /// # Errors
    ///
    /// As [`lock`](Self::lock).
    #[doc(alias = "flock")]
    pub async fn lock_shared(&mut self) -> Result<()> {
        lock::wait(self.descend(), Lock::Shared).await
    }

    /// Tries once to take an exclusive lock. `true` if this file has the lock now; `false`
    /// if another open file has a lock, and then a shared lock of this file stays.
    ///
    /// # Cancel safety
    ///
    /// After a dropped call, the file has the lock that it had before: if the call has just
    /// taken the new lock, another job goes back.
    ///
    /// # Errors
    ///
    /// As [`lock`](Self::lock). flock(2) gives up a shared lock before it takes an
    /// exclusive one; if another open file takes the lock in that moment, the error is
    /// `Other`, and this file has no lock.
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
        lock::attempt(self.descend(), Lock::Exclusive, Wait::No).await
    }

    /// Tries once to take a shared lock. `true` if this file has the lock now; `false` if
    /// another open file has an exclusive lock.
    ///
    /// # Cancel safety
    ///
    /// As [`try_lock`](Self::try_lock), except that an exclusive lock may have become a
    /// shared one.
    ///
    /// # Errors
    ///
    /// As [`lock`](Self::lock).
    pub async fn try_lock_shared(&mut self) -> Result<bool> {
        lock::attempt(self.descend(), Lock::Shared, Wait::No).await
    }

    /// Gives the lock up, after a flush: whoever gets the lock next sees what was written
    /// under it.
    ///
    /// # Cancel safety
    ///
    /// An unlock that has begun is completed.
    ///
    /// # Errors
    ///
    /// The error of the flush (the file still has the lock then), or of the system;
    /// `Unsupported` if there is no file behind the stream; `Closed`.
    pub async fn unlock(&mut self) -> Result<()> {
        let unlock = |open: &OpenFile, file: &std::fs::File| open.locks().release(file);
        self.descend().with_open_file("unlock", unlock).await
    }

    /// Runs `f`, with any number of blocking calls on the stream, in one hop, and returns
    /// its value. It keeps its place among the other operations of the file: what is
    /// buffered is written first, and the cursor is where the next read or write would take
    /// place.
    ///
    /// If the stream is a [`std::fs::File`], `f` gets a duplicate of its descriptor, which
    /// shares the cursor.
    ///
    /// # Cancel safety
    ///
    /// A batch that has begun is completed, and its value is dropped.
    ///
    /// # Errors
    ///
    /// The error of writing what was buffered; the error that `f` returns; `Panicked`;
    /// `Unsupported` if bytes were read ahead from a stream that cannot seek, as `f` would
    /// miss them; `Closed`.
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
    #[doc(alias = "spawn_blocking")]
    pub async fn batch<T, F>(&mut self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut R) -> std::io::Result<T> + Send + 'static,
    {
        let writes = self.writable();
        // `f` may make other handles of it.
        self.core().show();
        let run = move |call: crate::file::work::Call<'_, R>| {
            // Nobody knows where `f` leaves the cursor.
            *call.pos = None;
            call.stream.with_own(writes, f)
        };
        self.descend()
            .call_if("batch", false, Core::check_nothing_ahead, run)
            .await
    }
}

impl<K: FileKind, R: RawIo> std::fmt::Debug for File<K, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.core().debug(K::NAME, K::shown_mode(&self.layer), f)
    }
}
