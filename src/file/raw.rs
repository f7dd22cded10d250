//! Files without a buffer.

use std::future::poll_fn;

use std::task::ready;

use super::core::Core;
use super::kind::sealed::HasLayer;
use super::pending::Read;
use super::work::write_some;
use super::{File, Raw};
use crate::budget;
use crate::error::{Error, Result};
use crate::raw_io::RawIo;
use crate::text::TextSettings;

/// An unbuffered file: one system call for one operation. Python: `FileIO`, what
/// `open(.., buffering=0)` gives.
///
/// Made by [`open(..).raw()`](crate::open()), [`wrap(..).raw()`](crate::wrap) or
/// [`new`](File::new). Bytes are kept in the file only where an abandoned read
/// has left them; the next read returns those. Lines are read without going past
/// their end: in chunks, with a step back, where the file can seek, and byte by
/// byte (in one job) where it cannot; only [`next_line`](Self::next_line) and the
/// line streams read ahead.
///
/// As [`AsyncWrite`](tokio::io::AsyncWrite) it takes all it is given and writes
/// it at once, in the background; a flush waits for that.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let dir = tempfile::tempdir().unwrap();
/// let mut file = aiofiles::open(dir.path().join("log")).raw().mode("w+").await?;
/// assert_eq!(file.write(b"no buffer").await?, 9);
/// assert_eq!(std::fs::read(dir.path().join("log")).unwrap(), b"no buffer");
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub type RawFile<R = std::fs::File> = File<Raw, R>;

impl HasLayer for Raw {
    const NAME: &'static str = "RawFile";
    const CAPACITY: usize = 0;
    type Layer<R: Send> = Core<R>;

    fn layer<R: RawIo>(core: Core<R>, _: TextSettings) -> Core<R> {
        core
    }

    fn renew<R: RawIo>(_: &Core<R>, core: Core<R>) -> Core<R> {
        core
    }

    fn core<R: RawIo>(layer: &Core<R>) -> &Core<R> {
        layer
    }

    #[inline]
    fn descend<R: RawIo>(layer: &mut Core<R>) -> &mut Core<R> {
        layer
    }

    fn shown_mode<R: RawIo>(layer: &Core<R>) -> &str {
        &layer.meta.mode
    }
}

impl<R: RawIo> File<Raw, R> {
    /// Reads once, at most `.size(n)` bytes, perhaps fewer; without a size, to
    /// the end. Empty at the end. Python: `FileIO.read`.
    ///
    /// # Cancel safety
    ///
    /// What a dropped read has read is returned by the next one.
    ///
    /// # Errors
    ///
    /// Those of the system; `Unsupported` if not open for reading; `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, b"0123456789").unwrap();
    /// let mut file = aiofiles::open(&path).raw().await?;
    /// assert_eq!(file.read().size(4).await?, b"0123", "one system call");
    /// assert_eq!(file.read().await?, b"456789");
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

    /// Reads once into `buf` and returns how many bytes; 0 at the end.
    ///
    /// # Cancel safety
    ///
    /// As [`read`](Self::read): `buf` is good only after a call that completes.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    #[doc(alias("read_exact", "read_buf"))]
    pub async fn readinto(&mut self, buf: &mut [u8]) -> Result<usize> {
        let (mut done, mut started) = (0, 0);
        poll_fn(|cx| {
            ready!(budget::poll_turn(cx));
            self.descend()
                .poll_read_into(cx, buf, true, &mut done, &mut started)
        })
        .await
    }

    /// Writes `data` with one system call and returns how many bytes it took,
    /// perhaps not all. Python: `FileIO.write`.
    ///
    /// # Cancel safety
    ///
    /// Once begun, the system call goes on; how much it took is not told then.
    ///
    /// # Errors
    ///
    /// Those of the system; `Unsupported` if not open for writing; `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::open(&path).raw().mode("w").await?;
    /// let mut rest: &[u8] = b"bytes";
    /// while !rest.is_empty() {
    ///     let written = file.write(rest).await?; // may be less than all
    ///     rest = &rest[written..];
    /// }
    /// assert_eq!(std::fs::read(&path).unwrap(), b"bytes");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "write_all")]
    pub async fn write(&mut self, data: &[u8]) -> Result<usize> {
        budget::turn().await;
        self.descend().check_writable("write")?;
        if data.is_empty() {
            return Ok(0);
        }
        let data = match data.len() {
            ..=budget::MOST_A_POLL => Ok(data.to_vec()),
            _ => budget::copy_long(data).await,
        };
        let data = data.map_err(|error| Error::os("write", self.core().path(), error))?;
        let meta = &self.descend().meta;
        let (append, seekable) = (meta.append, meta.seekable);
        let call = self.descend().call("write", true, move |call| {
            let n = call.stream.write(|raw| write_some(raw, &data))?;
            let moved = seekable && call.stream.file().is_some() && !call.private;
            *call.pos = match append || moved {
                true => call.stream.here(),
                false => call.pos.and_then(|pos| pos.checked_add(n as u64)),
            };
            Ok(n)
        });
        call.await
    }

    /// Writes every item whole, one after the other. Unlike CPython, which drops
    /// what a short write leaves.
    ///
    /// # Cancel safety
    ///
    /// The items before the one that was in flight are written.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); the items before have been written.
    pub async fn writelines<I>(&mut self, lines: I) -> Result<()>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        budget::turn().await;
        self.core().check_open("write")?;
        let mut items = budget::Items::default();
        for line in lines {
            // Also of an empty one, as `write` does.
            self.core().check_writable("write")?;
            let line = line.as_ref();
            let mut rest = line;
            while !rest.is_empty() {
                let n = self.write(rest).await?;
                rest = &rest[n..];
            }
            if items.are_enough(line.len()) {
                budget::pause().await;
            }
        }
        Ok(())
    }
}
