//! [`SpooledTemporaryFile`]: a file that is in memory until it is too large.

use std::fmt;
use std::future::poll_fn;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::spool::{Shared, Spool};
use crate::budget;
use crate::error::Result;
use crate::file::Truncate;
use crate::file::core::Started;
use crate::file::pending::Truncating;
use crate::file::source::sealed::Sealed;
use crate::file::work::Call;
use crate::open::{Binary, Kind, Text};
use crate::raw_io::RawIo;

/// The size of the buffer while the file is in memory, in bytes. It may be small: it
/// saves calls, but no system calls.
const BUFFER: usize = 8 * 1024;

/// A file in memory that goes to disk when it is too large. Python: the result of
/// `SpooledTemporaryFile`.
///
/// Made by [`spooled_temporary_file`](crate::tempfile::spooled_temporary_file). It
/// derefs to the file itself: a [`BinaryFile`](crate::BinaryFile) or a
/// [`TextFile`](crate::TextFile), over [`Spool`]. It behaves like that file on disk, also
/// where Python's does not (a `truncate` beyond the end makes it longer).
///
/// It rolls over, that is, its contents move to disk and its position stays,
///
/// - when the position after a write is past `max_size` bytes, unless `max_size` is 0.
///   The call that writes does this before it returns, be it a method or one of the I/O
///   traits of tokio and futures. A write through the file that it derefs to
///   (`&mut *file`) and a positional write count only once their bytes leave the buffer;
///   the next operation after that rolls over;
/// - at `truncate().size(n)` with `n` past `max_size`, even if `max_size` is 0, as in
///   Python; at a `truncate()` without a size, only if the position is past a `max_size`
///   that is not 0;
/// - with the next operation after a seek to more than 64 MiB beyond the end, since a
///   write there would fill all those bytes;
/// - at [`rollover`](Self::rollover), [`fileno`](Self::fileno), and every operation that
///   needs a file on disk: `metadata`, `sync_all`, `sync_data`, `lock` ….
///
/// Until then operations run on the task, and the executor gets no job; one that moves
/// more than 1 MiB at once is the exception. If a rollover fails, everything stays in
/// memory; the next operations return the error, and each of them tries again.
pub struct SpooledTemporaryFile<K: Kind = Binary> {
    file: K::Of<Spool>,
    shared: Arc<Shared>,
    /// The size that the buffer will have on disk; `None` once it has that size.
    capacity: Option<usize>,
    /// The job that the last [`poll_expect`](Self::poll_expect) started.
    rolling: Started,
}

impl<K: Kind> SpooledTemporaryFile<K> {
    pub(super) fn new(mut file: K::Of<Spool>, shared: Arc<Shared>, capacity: usize) -> Self {
        K::descend(&mut file).capacity = capacity.min(BUFFER);
        Self {
            file,
            shared,
            capacity: Some(capacity),
            rolling: 0,
        }
    }

    /// Says whether the file is on disk. Python: `_rolled`.
    #[must_use]
    pub fn rolled(&self) -> bool {
        self.shared.rolled()
    }

    /// Moves the contents to disk, and keeps the position. If the file is on disk
    /// already, it does nothing. Python: `rollover`.
    ///
    /// # Cancel safety
    ///
    /// Once begun it goes on to its end.
    ///
    /// # Errors
    ///
    /// Those of [`temporary_file`](crate::tempfile::temporary_file) and of a write: after
    /// one, everything is still in memory; `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::tempfile::spooled_temporary_file().await?;
    /// file.write(b"bytes").await?;
    /// assert!(!file.rolled());
    /// file.rollover().await?;
    /// assert!(file.rolled());
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub async fn rollover(&mut self) -> Result<()> {
        budget::turn().await;
        K::core(&self.file).check_open("roll over")?;
        if !self.rolled() {
            self.shared.demand();
            self.roll().await?;
        }
        self.adopt();
        Ok(())
    }

    /// Rolls over, and returns the descriptor, which is good until the file is
    /// closed. Writes what is buffered first. Python: `fileno`.
    ///
    /// # Cancel safety
    ///
    /// As [`rollover`](Self::rollover).
    ///
    /// # Errors
    ///
    /// As [`rollover`](Self::rollover).
    #[cfg(unix)]
    pub async fn fileno(&mut self) -> Result<std::os::fd::RawFd> {
        self.rollover().await?;
        K::descend(&mut self.file)
            .with_file("stat", |file| Ok(std::os::fd::AsRawFd::as_raw_fd(file)))
            .await
    }

    async fn roll(&mut self) -> Result<()> {
        K::descend(&mut self.file)
            .call("roll over", false, |call| call.held.with(RawIo::flush))
            .await
    }

    /// Runs before a write through a trait, since a trait's write cannot wait after it.
    /// Rolls over if the write will pass the limit; if that fails, the write takes
    /// nothing.
    pub(super) fn poll_expect(&mut self, cx: &mut Context<'_>, len: usize) -> Poll<Result<()>> {
        self.expect(len);
        if self.shared.is_due() && !K::core(&self.file).closed() {
            let core = K::descend(&mut self.file);
            let flush = |call: Call<'_, Spool>| call.held.with(RawIo::flush);
            ready!(core.poll_call(cx, "roll over", &mut self.rolling, flush))?;
        }
        self.adopt();
        Poll::Ready(Ok(()))
    }

    /// Gives the buffer its full size once the file is on disk, where it saves system
    /// calls.
    fn adopt(&mut self) {
        if let Some(capacity) = self.capacity.take_if(|_| self.shared.rolled()) {
            K::descend(&mut self.file).capacity = capacity;
        }
    }

    /// Runs before a write of `len` bytes. If the write will pass the limit, it asks for
    /// the rollover now, so that the bytes go straight to disk.
    fn expect(&self, len: usize) {
        let core = K::core(&self.file);
        if let Some(pos) = core
            .position()
            .filter(|_| core.meta.writable && !core.closed())
        {
            self.shared.limit(pos.saturating_add(len as u64));
        }
    }

    /// Runs after a write. Rolls over if the write has passed the limit.
    async fn settle(&mut self) {
        if !self.rolled() {
            // After an error the bytes stay where they are. The error can be ignored
            // here: the next operation tries again, and returns it.
            let core = K::descend(&mut self.file);
            let mut started = 0;
            drop(poll_fn(|cx| core.poll_flush(cx, &mut started)).await);
            if self.shared.is_due() {
                drop(self.roll().await);
            }
        }
        self.adopt();
    }
}

impl<K: Kind> SpooledTemporaryFile<K>
where
    K::Of<Spool>: Truncating,
{
    /// As that of the file: the file ends at the position, or after `.size(n)` bytes.
    /// Python: `truncate`, which in memory never makes a file longer.
    ///
    /// # Cancel safety
    ///
    /// Once begun it goes on to its end.
    ///
    /// # Errors
    ///
    /// `Unsupported` if the file is not open for writing; those of a rollover.
    pub fn truncate(&mut self) -> Truncate<'_, Self> {
        Truncate::new(self)
    }
}

impl<K: Kind> Sealed for SpooledTemporaryFile<K> {}

impl<K: Kind> Truncating for SpooledTemporaryFile<K>
where
    K::Of<Spool>: Truncating,
{
    fn poll_truncate(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<u64>,
        started: &mut Started,
    ) -> Poll<Result<u64>> {
        let core = K::core(&self.file);
        if core.check_writable("truncate").is_ok() {
            match size {
                Some(size) => self.shared.limit_truncate(size),
                None => core
                    .position()
                    .into_iter()
                    .for_each(|pos| self.shared.limit(pos)),
            }
        }
        self.file.poll_truncate(cx, size, started)
    }
}

impl SpooledTemporaryFile<Binary> {
    /// As [`BinaryFile::write`](crate::BinaryFile::write); rolls over if the position is
    /// past `max_size` after it.
    ///
    /// # Cancel safety
    ///
    /// A dropped write has either not begun or is complete.
    ///
    /// # Errors
    ///
    /// As [`BinaryFile::write`](crate::BinaryFile::write). If the rollover fails, the bytes
    /// are kept, and the next operation returns its error.
    pub async fn write(&mut self, data: &[u8]) -> Result<usize> {
        self.expect(data.len());
        let n = self.file.write(data).await?;
        self.settle().await;
        Ok(n)
    }

    /// As [`BinaryFile::write_owned`](crate::BinaryFile::write_owned); rolls over if the
    /// position is past `max_size` after it.
    ///
    /// # Cancel safety
    ///
    /// As [`BinaryFile::write_owned`](crate::BinaryFile::write_owned).
    ///
    /// # Errors
    ///
    /// As [`BinaryFile::write_owned`](crate::BinaryFile::write_owned), and those of a
    /// rollover.
    pub async fn write_owned(&mut self, data: Vec<u8>) -> (Result<usize>, Vec<u8>) {
        self.expect(data.len());
        let written = self.file.write_owned(data).await;
        self.settle().await;
        written
    }

    /// As [`BinaryFile::writelines`](crate::BinaryFile::writelines), by
    /// [`write`](Self::write).
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, the items so far are written, whole.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub async fn writelines<I>(&mut self, lines: I) -> Result<()>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        self.file.writelines([""; 0]).await?;
        let mut items = budget::Items::default();
        for line in lines {
            let line = line.as_ref();
            self.write(line).await?;
            if items.are_enough(line.len()) {
                budget::pause().await;
            }
        }
        Ok(())
    }
}

impl SpooledTemporaryFile<Text> {
    /// As [`TextFile::write`](crate::TextFile::write); rolls over if the position, in
    /// encoded bytes, is past `max_size` after it.
    ///
    /// # Cancel safety
    ///
    /// A dropped write has either not begun or is complete.
    ///
    /// # Errors
    ///
    /// As [`TextFile::write`](crate::TextFile::write). If the rollover fails, the bytes are
    /// kept, and the next operation returns its error.
    pub async fn write(&mut self, text: &str) -> Result<usize> {
        let n = self.file.write(text).await?;
        self.settle().await;
        Ok(n)
    }

    /// As [`TextFile::writelines`](crate::TextFile::writelines), by
    /// [`write`](Self::write).
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, the items so far are written, whole.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub async fn writelines<I>(&mut self, lines: I) -> Result<()>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        self.file.writelines([""; 0]).await?;
        let mut items = budget::Items::default();
        for line in lines {
            let line = line.as_ref();
            self.write(line).await?;
            if items.are_enough(line.len()) {
                budget::pause().await;
            }
        }
        Ok(())
    }
}

impl<K: Kind> Deref for SpooledTemporaryFile<K> {
    type Target = K::Of<Spool>;

    fn deref(&self) -> &Self::Target {
        &self.file
    }
}

impl<K: Kind> DerefMut for SpooledTemporaryFile<K> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.file
    }
}

impl<K: Kind> fmt::Debug for SpooledTemporaryFile<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpooledTemporaryFile")
            .field("file", K::core(&self.file))
            .field("rolled", &self.rolled())
            .finish_non_exhaustive()
    }
}
