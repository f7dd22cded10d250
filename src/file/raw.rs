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

/// An unbuffered file: one operation is one system call. Python: `FileIO`, which
/// `open(.., buffering=0)` gives.
///
/// Made by [`open(..).raw()`](crate::open()), [`wrap(..).raw()`](crate::wrap) or
/// [`new`](File::new). It has bytes in memory only after an abandoned read; the next read
/// returns them. `readline` and `readlines` leave the cursor behind the line: if the file
/// can seek, they read chunks and step back; if it cannot, they read byte by byte, in one
/// job. Only [`next_line`](Self::next_line), [`next_lines`](Self::next_lines) and the
/// streams of lines read ahead.
///
/// As an [`AsyncWrite`](tokio::io::AsyncWrite) it copies what it is given, at most 1 MiB at
/// a time, and a job begins to write it at once. A flush waits for that job.
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
    /// Reads to the end of the file; or with `.size(n)`, makes one system call that reads
    /// at most `n` bytes, perhaps fewer. Returns a `Vec<u8>`, empty at the end. Python:
    /// `FileIO.read`.
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

    /// Reads into `buf` with one system call and returns the number of bytes, 0 at the end.
    ///
    /// # Cancel safety
    ///
    /// As [`read`](Self::read). After a dropped call, `buf` may hold anything.
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

    /// Writes `data` with one system call and returns how many bytes the system took,
    /// perhaps not all. Python: `FileIO.write`.
    ///
    /// # Cancel safety
    ///
    /// A system call that has begun is completed, but then nobody learns how many bytes it
    /// wrote.
    ///
    /// # Errors
    ///
    /// Those of the system; `Unsupported` if the file is not open for writing; `Closed`.
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

    /// Writes all of every item, one after the other. (CPython loses the rest of an item
    /// after a short write.)
    ///
    /// # Cancel safety
    ///
    /// All items before the current one are written; of the current one, perhaps a part.
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
            // For an empty item too, as `write` checks it.
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
