//! The methods that all kinds of files have, and the access to what the layers
//! below keep.

use std::task::ready;

use super::core::Core;
use super::{File, FileKind, lock};
use crate::budget;
use crate::error::Result;
use crate::raw_io::RawIo;
use crate::sys::{Lock, OpenFile, Wait};

impl<K: FileKind, R: RawIo> File<K, R> {
    /// Writes what is buffered and closes the file. Idempotent. Python:
    /// `close()`.
    ///
    /// The file is closed even if this fails; what could not be written is lost
    /// then, and the error says so. Afterwards every other operation gives
    /// [`Error::Closed`](crate::Error::Closed).
    ///
    /// # Cancel safety
    ///
    /// Once begun, the close goes on; the next operation waits for it.
    ///
    /// # Errors
    ///
    /// That of the write or of the stream, or one that was kept of an
    /// earlier write. On Unix also that of close(2), which is told once: over a
    /// quota (EDQUOT) or a network (EIO), a write may fail that late. By the I/O
    /// traits, only a flush can be had. `ExecutorGone` leaves the file open and whole, and so
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
        let core = self.descend();
        let mut started = 0;
        std::future::poll_fn(|cx| {
            ready!(budget::poll_turn(cx));
            core.poll_flush(cx, &mut started)
        })
        .await
    }

    /// Takes an exclusive lock on the file (flock(2) on Unix), and waits
    /// for it without keeping a thread: it tries, at growing distances up
    /// to 100 ms, until it has it. Of a lock that this file has already it makes
    /// this one. It gives up a shared one as long as it waits for the exclusive one:
    /// others may come between, and what was read under the shared lock may be another.
    ///
    /// On Unix it binds only those who ask for a lock; on Windows nobody else can
    /// read or write the file meanwhile, by another handle of the same process
    /// either.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is over, it leaves no lock behind: one that a try had just
    /// taken is given up, by a job of its own. A shared lock that the file had before
    /// may be gone; so [`unlock`](Self::unlock), or take it again.
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
    #[doc(alias = "flock")]
    pub async fn lock(&mut self) -> Result<()> {
        lock::wait(self.descend(), Lock::Exclusive).await
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
    #[doc(alias = "flock")]
    pub async fn lock_shared(&mut self) -> Result<()> {
        lock::wait(self.descend(), Lock::Shared).await
    }

    /// Takes an exclusive lock if that needs no waiting; `false` if another
    /// open file has one. A shared lock that this file has stays then.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is over, the file has the lock that it had before; one that was
    /// taken just then is given up by a job of its own.
    ///
    /// # Errors
    ///
    /// As [`lock`](Self::lock); `Other` if another open file, in the moment that flock(2)
    /// leaves between the two, took what this one had: no lock is held then.
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

    /// Takes a shared lock if that needs no waiting; `false` if another
    /// open file has an exclusive one.
    ///
    /// # Cancel safety
    ///
    /// As [`try_lock`](Self::try_lock); of an exclusive lock it may have become a shared
    /// one.
    ///
    /// # Errors
    ///
    /// As [`lock`](Self::lock).
    pub async fn try_lock_shared(&mut self) -> Result<bool> {
        lock::attempt(self.descend(), Lock::Shared, Wait::No).await
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
        let unlock = |open: &OpenFile, file: &std::fs::File| open.locks().release(file);
        self.descend().with_open_file("unlock", unlock).await
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
    /// That of a write of what was buffered, or what `f` returns; `Panicked`;
    /// `Unsupported` if bytes were read ahead of a stream that cannot seek, which `f`
    /// would not see.
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
            // Wherever `f` leaves the cursor.
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
