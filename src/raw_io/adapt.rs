//! Adapters: streams over std's `Read`, `Write` and `Seek`.

use std::any::Any;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use super::RawIo;
use crate::sys;

/// Returns the error of close(2) for a stream that is a file. The stream is dropped next,
/// and a drop cannot report an error.
fn close_file(stream: &dyn Any) -> io::Result<()> {
    let buffered = || stream.downcast_ref().map(BufWriter::<File>::get_ref);
    let file = stream.downcast_ref::<File>().or_else(buffered);
    file.map_or(Ok(()), sys::close_duplicate)
}

/// A [`RawIo`] over a std `Read`; made by [`reader`].
#[derive(Debug)]
pub struct Reader<T>(T);

/// A [`RawIo`] over a std `Write`; made by [`writer`].
#[derive(Debug)]
pub struct Writer<T>(T);

/// A [`RawIo`] over a std `Read + Write + Seek`; made by [`read_write`].
#[derive(Debug)]
pub struct ReadWrite<T>(T);

/// Adapts any std `Read`: read-only, not seekable.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut file = aiofiles::wrap(aiofiles::raw_io::reader(&b"one\ntwo\n"[..])).text().await?;
/// assert_eq!(file.readlines().await?, ["one\n", "two\n"]);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub fn reader<T: Read + Send + 'static>(read: T) -> Reader<T> {
    Reader(read)
}

/// Adapts any std `Write`: write-only, not seekable.
///
/// For a [`File`], and for a [`BufWriter`] around one, `close` reports the error of
/// close(2).
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut file = aiofiles::wrap(aiofiles::raw_io::writer(Vec::new())).await?;
/// file.write(b"kept").await?;
/// assert_eq!(file.into_raw().await?.into_inner(), b"kept");
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub fn writer<T: Write + Send + 'static>(write: T) -> Writer<T> {
    Writer(write)
}

/// Adapts any std `Read + Write + Seek`.
///
/// # Examples
///
/// ```
/// use std::io::{Cursor, SeekFrom};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let raw = aiofiles::raw_io::read_write(Cursor::new(b"abc".to_vec()));
/// let mut file = aiofiles::wrap(raw).await?;
/// file.seek(SeekFrom::End(0)).await?;
/// file.write(b"d").await?;
/// file.seek(SeekFrom::Start(1)).await?;
/// assert_eq!(file.read().await?, b"bcd");
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub fn read_write<T: Read + Write + Seek + Send + 'static>(stream: T) -> ReadWrite<T> {
    ReadWrite(stream)
}

impl<T> Reader<T> {
    /// Gives the reader back.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Writer<T> {
    /// Gives the writer back.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> ReadWrite<T> {
    /// Gives the stream back.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: Read + Send + 'static> RawIo for Reader<T> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }

    fn writable(&self) -> bool {
        false
    }
}

impl<T: Write + Send + 'static> RawIo for Writer<T> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }

    fn close(&mut self) -> io::Result<()> {
        close_file(&self.0)
    }

    fn readable(&self) -> bool {
        false
    }
}

impl<T: Read + Write + Seek + Send + 'static> RawIo for ReadWrite<T> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        self.0.seek(pos)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }

    fn close(&mut self) -> io::Result<()> {
        close_file(&self.0)
    }
}
