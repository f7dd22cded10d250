//! What a file of this crate wraps: [`RawIo`], a blocking byte stream with one
//! cursor.
//!
//! `std::fs::File` is one; so are `std::io::Cursor<Vec<u8>>`, the files of the
//! `tempfile` crate and the standard streams. [`reader`], [`writer`] and
//! [`read_write`] make one of anything that is `Read`, `Write` or
//! `Read + Write + Seek`. A type of your own is the seam for mocks and for fault
//! injection, as `threadpool.wrap.register` is in Python's aiofiles:
//!
//! ```
//! use aiofiles::RawIo;
//! use std::io;
//!
//! /// A disk that is always full.
//! struct Full;
//!
//! impl RawIo for Full {
//!     fn write(&mut self, _: &[u8]) -> io::Result<usize> {
//!         Err(io::ErrorKind::StorageFull.into())
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let mut file = aiofiles::wrap(Full).mode("w").await?;
//! file.write(b"kept in the buffer").await?;
//! assert_eq!(file.flush().await.unwrap_err().kind(), io::ErrorKind::StorageFull);
//! assert!(file.close().await.is_err(), "and so it is told again");
//! # Ok::<(), aiofiles::Error>(()) }).unwrap();
//! ```

use std::fs::File;
use std::io::{self, Cursor, IsTerminal, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

mod adapt;
mod astray;
mod standard;

use crate::sys;

pub use self::adapt::{ReadWrite, Reader, Writer, read_write, reader, writer};
pub(crate) use self::astray::Astray;
use self::astray::there_and_back;

/// A blocking byte stream with one cursor.
///
/// Only jobs call it, one at a time; but [`wrap`](crate::wrap) asks in place what it can
/// do and where its cursor is. Every operation that is not overridden
/// fails as `Unsupported` unless said otherwise. `Interrupted` may be returned:
/// the call is then made again.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `RawIo`, which a file can stand on",
    note = "of a std `Read`, `Write` or `Read + Write + Seek`, `aiofiles::raw_io::reader`, `writer` or `read_write` makes one"
)]
pub trait RawIo: Send + 'static {
    /// Reads at the cursor, at most `buf.len()` bytes, and returns how many;
    /// 0 at the end. One system call: see read(2).
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let _ = buf;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Writes at the cursor and returns how many bytes were taken, perhaps fewer
    /// than given. One system call: see write(2).
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let _ = buf;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Moves the cursor and returns where it is, in bytes from the start.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        let _ = pos;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Sends on what the stream itself holds back; nothing unless overridden.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Makes the stream `size` bytes long. The cursor does not move; what is
    /// added is zeros. See ftruncate(2).
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn truncate(&mut self, size: u64) -> io::Result<()> {
        let _ = size;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Reads at `offset` without moving the cursor, as pread(2). By default it
    /// seeks there and back. Should the way back fail, a file of this crate makes
    /// good for it before it uses the cursor again.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn read_at(&mut self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        there_and_back(self, offset, |raw| raw.read(buf))
    }

    /// Writes at `offset` without moving the cursor, as pwrite(2). By default it
    /// seeks there and back, as [`read_at`](Self::read_at) does.
    ///
    /// # Errors
    ///
    /// Those of the stream; bytes may have been written if the way back fails.
    fn write_at(&mut self, buf: &[u8], offset: u64) -> io::Result<usize> {
        there_and_back(self, offset, |raw| raw.write(buf))
    }

    /// Brings contents and metadata to the device, as fsync(2).
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn sync_all(&mut self) -> io::Result<()> {
        self.as_file()
            .map_or_else(|| Err(io::ErrorKind::Unsupported.into()), File::sync_all)
    }

    /// Brings contents to the device, as fdatasync(2).
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn sync_data(&mut self) -> io::Result<()> {
        self.as_file()
            .map_or_else(|| Err(io::ErrorKind::Unsupported.into()), File::sync_data)
    }

    /// Is called last, before the stream is dropped by `close` (or by the drop of a
    /// file with pending bytes): once, unless it is interrupted. Nothing unless
    /// overridden.
    ///
    /// # Errors
    ///
    /// Those of the stream; the file is closed nevertheless.
    fn close(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Returns the file behind the stream, for metadata and locks; `None` unless
    /// overridden.
    fn as_file(&self) -> Option<&File> {
        None
    }

    /// Reads once at the cursor, into the spare capacity of `vec`.
    #[doc(hidden)]
    fn read_spare(&mut self, vec: &mut Vec<u8>) -> io::Result<usize> {
        let before = vec.len();
        vec.resize(vec.capacity(), 0);
        let room = vec.len() - before;
        let result = self.read(&mut vec[before..]);
        let result = result.and_then(|n| given(n, room));
        vec.truncate(before + result.as_ref().map_or(0, |n| *n));
        result
    }

    /// Says whether it is a terminal; that of [`as_file`](Self::as_file) unless
    /// overridden.
    fn isatty(&self) -> bool {
        self.as_file().is_some_and(IsTerminal::is_terminal)
    }

    /// Says whether it can be read at all; `true` unless overridden. The mode
    /// given to [`wrap`](crate::wrap) may take it away.
    fn readable(&self) -> bool {
        true
    }

    /// Says whether it can be written at all; `true` unless overridden. The mode
    /// given to [`wrap`](crate::wrap) may take it away.
    fn writable(&self) -> bool {
        true
    }

    /// Says whether it can seek; unless overridden, by trying.
    fn seekable(&mut self) -> bool {
        self.seek(SeekFrom::Current(0)).is_ok()
    }
}

/// Writes the operations that a type has from std as they are: reads and writes.
macro_rules! through_std {
    () => {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            Read::read(self, buf)
        }

        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            Write::write(self, buf)
        }
    };
}

/// All of it through `&File`: the kernel keeps the cursor.
impl RawIo for Arc<File> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (&**self).read(buf)
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        (&**self).write(buf)
    }

    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        sys::seek(self, pos)
    }

    fn read_spare(&mut self, vec: &mut Vec<u8>) -> io::Result<usize> {
        read_spare(self, vec)
    }

    fn truncate(&mut self, size: u64) -> io::Result<()> {
        self.set_len(size)
    }

    fn read_at(&mut self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        sys::read_at(self, buf, offset)
    }

    fn write_at(&mut self, buf: &[u8], offset: u64) -> io::Result<usize> {
        sys::write_at(self, buf, offset)
    }

    fn close(&mut self) -> io::Result<()> {
        // Whoever drops the last handle could not tell.
        sys::close_duplicate(&**self)
    }

    fn as_file(&self) -> Option<&File> {
        Some(self)
    }
}

impl RawIo for File {
    through_std!();

    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        sys::seek(self, pos)
    }

    fn read_spare(&mut self, vec: &mut Vec<u8>) -> io::Result<usize> {
        read_spare(self, vec)
    }

    fn truncate(&mut self, size: u64) -> io::Result<()> {
        self.set_len(size)
    }

    fn read_at(&mut self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        sys::read_at(self, buf, offset)
    }

    fn write_at(&mut self, buf: &[u8], offset: u64) -> io::Result<usize> {
        sys::write_at(self, buf, offset)
    }

    fn close(&mut self) -> io::Result<()> {
        // The drop closes it, and could not tell.
        sys::close_duplicate(&*self)
    }

    fn as_file(&self) -> Option<&File> {
        Some(self)
    }
}

/// Where memory is not to be had for what a position or a size says, it fails as
/// `OutOfMemory`; std's own panics or aborts.
impl RawIo for Cursor<Vec<u8>> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Read::read(self, buf)
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if !buf.is_empty() {
            reserve(self, self.position().saturating_add(buf.len() as u64))?;
        }
        Write::write(self, buf)
    }

    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        Seek::seek(self, pos)
    }

    fn truncate(&mut self, size: u64) -> io::Result<()> {
        reserve(self, size)?;
        self.get_mut().resize(size as usize, 0);
        Ok(())
    }
}

/// Room for a length of `end` bytes in memory, or an error: never an abort.
pub(crate) fn reserve(memory: &mut Cursor<Vec<u8>>, end: u64) -> io::Result<()> {
    let data = memory.get_mut();
    let end = usize::try_from(end).map_err(|_| io::ErrorKind::OutOfMemory)?;
    data.try_reserve(end.saturating_sub(data.len()))?;
    Ok(())
}

#[cfg(feature = "tempfile")]
impl RawIo for ::tempfile::NamedTempFile {
    through_std!();

    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        sys::seek(self.as_file(), pos)
    }

    fn truncate(&mut self, size: u64) -> io::Result<()> {
        self.as_file().set_len(size)
    }

    fn read_at(&mut self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        sys::read_at(self.as_file(), buf, offset)
    }

    fn write_at(&mut self, buf: &[u8], offset: u64) -> io::Result<usize> {
        sys::write_at(self.as_file(), buf, offset)
    }

    fn close(&mut self) -> io::Result<()> {
        // The drop closes it, and could not tell.
        sys::close_duplicate(self.as_file())
    }

    fn as_file(&self) -> Option<&File> {
        Some(::tempfile::NamedTempFile::as_file(self))
    }
}

#[cfg(feature = "tempfile")]
impl RawIo for ::tempfile::SpooledTempFile {
    through_std!();

    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        Seek::seek(self, pos)
    }

    fn truncate(&mut self, size: u64) -> io::Result<()> {
        // It would roll over and back: it moves its cursor with its contents.
        self.set_len(size)
    }
}

impl<T: RawIo + ?Sized> RawIo for Box<T> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (**self).read(buf)
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        (**self).write(buf)
    }

    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        (**self).seek(pos)
    }

    fn flush(&mut self) -> io::Result<()> {
        (**self).flush()
    }

    fn truncate(&mut self, size: u64) -> io::Result<()> {
        (**self).truncate(size)
    }

    fn read_at(&mut self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        (**self).read_at(buf, offset)
    }

    fn write_at(&mut self, buf: &[u8], offset: u64) -> io::Result<usize> {
        (**self).write_at(buf, offset)
    }

    fn sync_all(&mut self) -> io::Result<()> {
        (**self).sync_all()
    }

    fn sync_data(&mut self) -> io::Result<()> {
        (**self).sync_data()
    }

    fn close(&mut self) -> io::Result<()> {
        (**self).close()
    }

    fn as_file(&self) -> Option<&File> {
        (**self).as_file()
    }

    fn read_spare(&mut self, vec: &mut Vec<u8>) -> io::Result<usize> {
        (**self).read_spare(vec)
    }

    fn isatty(&self) -> bool {
        (**self).isatty()
    }

    fn readable(&self) -> bool {
        (**self).readable()
    }

    fn writable(&self) -> bool {
        (**self).writable()
    }

    fn seekable(&mut self) -> bool {
        (**self).seekable()
    }
}

/// What a read gave, into so much room. A stream may say anything.
pub(crate) fn given(n: usize, room: usize) -> io::Result<usize> {
    if n > room {
        let error = "the stream gave more bytes than asked for";
        return Err(io::Error::other(error));
    }
    Ok(n)
}

/// What a write took of `len` bytes, of which there is one. A stream may say anything.
pub(crate) fn taken(n: usize, len: usize) -> io::Result<usize> {
    match n {
        0 => Err(io::ErrorKind::WriteZero.into()),
        n if n > len => {
            let error = "the stream took more bytes than it was given";
            Err(io::Error::other(error))
        }
        n => Ok(n),
    }
}

/// Reads once at the cursor, into the spare capacity of `vec`.
fn read_spare(file: &File, vec: &mut Vec<u8>) -> io::Result<usize> {
    if vec.len() == vec.capacity() {
        return Ok(0);
    }
    sys::read_spare(file, vec)
}
