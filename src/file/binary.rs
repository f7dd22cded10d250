//! Buffered files of bytes.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::core::{BUFFER, Core};
use super::kind::sealed::HasLayer;
use super::pending::Read;
use super::raw::RawFile;
use super::{Binary, File};
use crate::budget;
use crate::error::{Error, Result};
use crate::futures_traits::by_tokio;
use crate::raw_io::RawIo;
use crate::text::TextSettings;

/// A buffered file of bytes. Python: `BufferedReader`, `BufferedWriter` and
/// `BufferedRandom` in one.
///
/// Made by [`open(..).binary()`](crate::open()), [`wrap`](crate::wrap) or
/// [`new`](File::new). What the buffer can serve takes no hop. The size of the buffer is
/// 128 KiB unless you choose [another](crate::Open::buffering). A file that is open in both
/// directions has one position, for reads and writes. You may mix them freely; a read sees
/// the writes before it.
///
/// # Examples
///
/// ```
/// use std::io::SeekFrom;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let dir = tempfile::tempdir().unwrap();
/// let mut file = aiofiles::open(dir.path().join("data")).binary().mode("w+").await?;
/// file.write(b"0123456789").await?;
/// file.seek(SeekFrom::Start(3)).await?;
/// assert_eq!(file.read().size(2).await?, b"34");
/// file.write(b"AB").await?;
/// assert_eq!(file.read().await?, b"789");
/// file.close().await?;
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub type BinaryFile<R = std::fs::File> = File<Binary, R>;

/// What a binary file keeps: the raw file below. The buffer is in its machine.
pub struct Buffered<R: Send> {
    raw: RawFile<R>,
}

impl<R: RawIo> fmt::Debug for Buffered<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Buffered").field(&self.raw).finish()
    }
}

impl HasLayer for Binary {
    const NAME: &'static str = "BinaryFile";
    const CAPACITY: usize = BUFFER;
    type Layer<R: Send> = Buffered<R>;

    fn layer<R: RawIo>(core: Core<R>, settings: TextSettings) -> Buffered<R> {
        Buffered {
            raw: RawFile::with(core, settings),
        }
    }

    fn renew<R: RawIo>(_: &Buffered<R>, core: Core<R>) -> Buffered<R> {
        Self::layer(core, TextSettings::default())
    }

    fn core<R: RawIo>(layer: &Buffered<R>) -> &Core<R> {
        layer.raw.core()
    }

    #[inline]
    fn descend<R: RawIo>(layer: &mut Buffered<R>) -> &mut Core<R> {
        layer.raw.descend_in_seek()
    }

    fn shown_mode<R: RawIo>(layer: &Buffered<R>) -> &str {
        layer.raw.mode()
    }
}

impl<R: RawIo> File<Binary, R> {
    /// Returns the raw file below. Its reads return buffered bytes first, and buffered
    /// writes go out before its own.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::open(&path).binary().mode("w").await?;
    /// file.write(b"buffered, ").await?;
    /// file.flush().await?;
    /// assert_eq!(file.raw().write(b"at once").await?, 7);
    /// assert_eq!(std::fs::read(&path).unwrap(), b"buffered, at once");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "get_mut")]
    pub fn raw(&mut self) -> &mut RawFile<R> {
        &mut self.layer.raw
    }

    /// Writes what is buffered and returns the raw file below. Bytes that were read ahead
    /// go with it: its next reads return them. Python: `detach`.
    ///
    /// # Cancel safety
    ///
    /// The call owns the file. Dropping it midway is the same as dropping the file.
    ///
    /// # Errors
    ///
    /// Those of [`flush`](Self::flush); the file is dropped then. `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, b"0123456789").unwrap();
    /// let mut file = aiofiles::open(&path).binary().await?;
    /// file.read().size(3).await?;
    /// let mut raw = file.detach().await?;
    /// assert_eq!(raw.read().size(2).await?, b"34", "not where it had read ahead");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "into_inner")]
    pub async fn detach(mut self) -> Result<RawFile<R>> {
        self.core().check_open("detach")?;
        self.flush().await?;
        self.descend().capacity = 0;
        Ok(self.layer.raw)
    }

    /// Reads to the end of the file, or `.size(n)` bytes, fewer only at the end; returns a
    /// `Vec<u8>`. At the end it is empty. If the file grows later, the next read returns
    /// what was added. Python: `read`.
    ///
    /// # Cancel safety
    ///
    /// What a dropped read has read is returned by the next one.
    ///
    /// # Errors
    ///
    /// Those of the system; `Unsupported` if the file is not open for reading; `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, b"0123456789").unwrap();
    /// let mut file = aiofiles::open(&path).binary().await?;
    /// assert_eq!(file.read().size(4).await?, b"0123");
    /// assert_eq!(file.read().await?, b"456789");
    /// assert_eq!(file.read().await?, b"");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "read_to_end")]
    pub fn read(&mut self) -> Read<&mut Self> {
        Read::new(self)
    }

    /// Reads to the end.
    ///
    /// # Cancel safety
    ///
    /// As [`read`](Self::read).
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn readall(&mut self) -> Result<Vec<u8>> {
        self.read().await
    }

    /// Reads at most `size` bytes with at most one system call: what is buffered, or if the
    /// buffer is empty, what one read of the system gives. Empty at the end. Python:
    /// `read1`.
    ///
    /// # Cancel safety
    ///
    /// As [`read`](Self::read).
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, b"0123456789").unwrap();
    /// let mut file = aiofiles::open(&path).binary().await?;
    /// assert_eq!(file.read1(4).await?, b"0123");
    /// assert_eq!(file.read1(100).await?, b"456789", "what is buffered, no system call");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "read_some")]
    pub async fn read1(&mut self, size: usize) -> Result<Vec<u8>> {
        let mut started = 0;
        poll_fn(|cx| {
            ready!(budget::poll_turn(cx));
            self.descend().poll_read_some(cx, size, &mut started)
        })
        .await
    }

    /// Returns the next bytes without consuming them: all that is buffered, after at most
    /// one system call if the buffer was empty. `size` is only a hint, so there may be more
    /// bytes or fewer. Empty only at the end. Python: `peek`.
    ///
    /// # Cancel safety
    ///
    /// As [`read`](Self::read).
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, b"\x1f\x8bdata").unwrap();
    /// let mut file = aiofiles::open(&path).binary().await?;
    /// let is_gzip = file.peek(2).await?.starts_with(b"\x1f\x8b");
    /// assert!(is_gzip);
    /// assert_eq!(file.read().await?.len(), 6, "nothing was consumed");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "fill_buf")]
    pub async fn peek(&mut self, size: usize) -> Result<&[u8]> {
        let core = self.descend();
        let chunk = core.chunk().max(size);
        let mut started = 0;
        poll_fn(|cx| {
            ready!(budget::poll_turn(cx));
            core.poll_fill(cx, 1, chunk, &mut started)
        })
        .await?;
        Ok(core.ahead.buffer().bytes())
    }

    /// Fills `buf` and returns the number of bytes, which is less than its length only at
    /// the end. Python: `readinto`.
    ///
    /// # Cancel safety
    ///
    /// As [`read`](Self::read). After a dropped call, `buf` may hold anything.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, b"0123456789").unwrap();
    /// let mut file = aiofiles::open(&path).binary().await?;
    /// let mut buf = [0; 8];
    /// assert_eq!(file.readinto(&mut buf).await?, 8);
    /// assert_eq!(file.readinto(&mut buf).await?, 2);
    /// assert_eq!(&buf[..2], b"89");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias("read_exact", "read_buf"))]
    pub async fn readinto(&mut self, buf: &mut [u8]) -> Result<usize> {
        let (mut done, mut started) = (0, 0);
        poll_fn(|cx| {
            ready!(budget::poll_turn(cx));
            self.descend()
                .poll_read_into(cx, buf, false, &mut done, &mut started)
        })
        .await
    }

    /// Writes all of `data` into the buffer and returns its length. The buffer goes to the
    /// system when it is full, and at a flush, a close or a drop. Python: `write`.
    ///
    /// # Cancel safety
    ///
    /// A dropped write has either not begun or is complete in the buffer.
    ///
    /// # Errors
    ///
    /// The error of writing what was buffered before: then nothing of `data` is stored.
    /// `Unsupported` if the file is not open for writing; `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::open(&path).binary().mode("w").await?;
    /// assert_eq!(file.write(b"bytes").await?, 5);
    /// file.close().await?;
    /// assert_eq!(std::fs::read(&path).unwrap(), b"bytes");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "write_all")]
    pub async fn write(&mut self, data: &[u8]) -> Result<usize> {
        // Data that fits into the buffer is copied in one poll even if the user asked for a
        // large buffer, up to four times the usual share.
        let buffer = self.core().capacity.min(4 * budget::MOST_A_POLL);
        if data.len() > budget::MOST_A_POLL.max(buffer) {
            return self.write_long(data).await;
        }
        poll_fn(|cx| {
            ready!(budget::poll_turn(cx));
            let core = self.descend();
            if !core.write_more(data) {
                ready!(core.poll_write(cx, "write", data))?;
            }
            budget::moved(data.len());
            Poll::Ready(Ok(data.len()))
        })
        .await
    }

    /// A write whose copy takes more than one poll. The future owns the copy until it is
    /// complete, so a write that is dropped before has not begun.
    async fn write_long(&mut self, data: &[u8]) -> Result<usize> {
        budget::turn().await;
        self.core().check_writable("write")?;
        let copied = budget::copy_long(data).await;
        let mut copy = copied.map_err(|error| Error::os("write", self.core().path(), error))?;
        let core = self.descend();
        poll_fn(|cx| core.poll_write_long(cx, &mut copy)).await?;
        Ok(data.len())
    }

    /// Writes every item, one after the other, and adds no line ends. Python: `writelines`.
    ///
    /// # Cancel safety
    ///
    /// After a drop midway, each item is in the buffer as a whole or not at all.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::open(&path).binary().mode("w").await?;
    /// file.writelines(["one\n", "two\n"]).await?;
    /// file.close().await?;
    /// assert_eq!(std::fs::read(&path).unwrap(), b"one\ntwo\n");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub async fn writelines<I>(&mut self, lines: I) -> Result<()>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        budget::turn().await;
        self.core().check_open("write")?;
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

impl<R: RawIo> tokio::io::AsyncBufRead for File<Binary, R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.get_mut().descend().io_fill(cx)
    }

    /// Consumes at most what is buffered, however large `n` is.
    fn consume(mut self: Pin<&mut Self>, n: usize) {
        let read = self.descend().ahead.buffer_mut();
        read.consume(n.min(read.len()));
    }
}

by_tokio!(AsyncBufRead, [R: RawIo] File<Binary, R>);
