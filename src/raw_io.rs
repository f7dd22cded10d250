//! [`RawIo`]: the blocking byte stream that a file of this crate wraps.
//!
//! These types implement it: `std::fs::File`, `std::io::Cursor<Vec<u8>>`, the files of the
//! crate `tempfile`, and std's standard streams. [`reader`], [`writer`] and [`read_write`]
//! make one of anything that is `Read`, `Write` or `Read + Write + Seek`. Implement it for
//! a type of your own to mock a file or to inject faults, as one does with
//! `threadpool.wrap.register` in Python's aiofiles:
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
//! assert!(file.close().await.is_err(), "the close reports it again");
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
/// Its methods are called by jobs, one at a time. The exception is
/// [`wrap`](crate::wrap), which asks on the thread of the task what the stream can do and
/// where its cursor is. A method that is not overridden fails as `Unsupported`, unless its
/// page says otherwise. A method may fail with `Interrupted`: it is then called again.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement `RawIo`, the trait of streams under a file",
    note = "`aiofiles::raw_io::reader`, `writer` and `read_write` adapt a std `Read`, `Write` and `Read + Write + Seek`"
)]
pub trait RawIo: Send + 'static {
    /// Reads at most `buf.len()` bytes at the cursor and returns how many it has read; 0 at
    /// the end. One system call: see read(2).
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let _ = buf;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Writes at the cursor and returns how many bytes it has written, which may be fewer
    /// than `buf` has. One system call: see write(2).
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let _ = buf;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Moves the cursor and returns its new position, in bytes from the start.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        let _ = pos;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Passes on what the stream itself has buffered. It does nothing unless overridden.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Makes the stream `size` bytes long. The cursor does not move; added bytes are zeros.
    /// See ftruncate(2).
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn truncate(&mut self, size: u64) -> io::Result<()> {
        let _ = size;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Reads at `offset` without moving the cursor, as pread(2). By default it seeks to
    /// `offset` and back. If the seek back fails, a file of this crate repeats it before it
    /// uses the cursor again.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn read_at(&mut self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        there_and_back(self, offset, |raw| raw.read(buf))
    }

    /// Writes at `offset` without moving the cursor, as pwrite(2). By default it seeks to
    /// `offset` and back, as [`read_at`](Self::read_at) does.
    ///
    /// # Errors
    ///
    /// Those of the stream; if the seek back fails, bytes may have been written.
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

    /// Is the last call before the stream is dropped by `close` (or by the drop of a file
    /// with pending bytes). It is called once, and again only if it fails with
    /// `Interrupted`. It does nothing unless overridden.
    ///
    /// # Errors
    ///
    /// Those of the stream; the file is closed all the same.
    fn close(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Returns the file behind the stream, for metadata and locks; `None` unless
    /// overridden.
    fn as_file(&self) -> Option<&File> {
        None
    }

    /// Reads once at the cursor, into the spare capacity of `vec`.
    // Hidden: it is overridden for std's files only, where it spares the clearing.
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

    /// Says whether [`read_now`](Self::read_now) may be called.
    // Hidden, as the next one: they are overridden for the standard streams only.
    #[doc(hidden)]
    fn reads_now(&self) -> bool {
        false
    }

    /// Reads at the cursor what is there, without waiting, at the most `buf.len()` bytes.
    /// `None` if there is nothing, or if a read has to find out.
    #[doc(hidden)]
    fn read_now(&mut self, buf: &mut [u8]) -> Option<usize> {
        let _ = buf;
        None
    }

    /// Says whether the stream is a terminal. Unless overridden, it asks the file of
    /// [`as_file`](Self::as_file).
    fn isatty(&self) -> bool {
        self.as_file().is_some_and(IsTerminal::is_terminal)
    }

    /// Says whether the stream can be read; `true` unless overridden. The mode given to
    /// [`wrap`](crate::wrap) may forbid it all the same.
    fn readable(&self) -> bool {
        true
    }

    /// Says whether the stream can be written; `true` unless overridden. The mode given to
    /// [`wrap`](crate::wrap) may forbid it all the same.
    fn writable(&self) -> bool {
        true
    }

    /// Says whether the stream can seek. Unless overridden, it tries a seek.
    fn seekable(&mut self) -> bool {
        self.seek(SeekFrom::Current(0)).is_ok()
    }
}

/// Writes `read` and `write` for a type that has them from std.
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

/// Writes the methods of a std file that call the system.
macro_rules! through_system {
    () => {
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
            // The drop, of an `Arc` that of the last handle, closes the file, and cannot report
            // an error.
            let file: &File = self;
            sys::close_duplicate(file)
        }

        fn as_file(&self) -> Option<&File> {
            Some(self)
        }
    };
}

impl RawIo for Arc<File> {
    through_std!();
    through_system!();
}

impl RawIo for File {
    through_std!();
    through_system!();
}

/// If there is not enough memory for a position or a size, it fails as `OutOfMemory`;
/// std's own methods panic or abort.
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

/// Reserves memory for a length of `end` bytes. It fails rather than abort.
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
        // The drop closes the file, and cannot report an error.
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
        // Its own method: to grow past its limit it rolls over, and keeps its cursor.
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

    fn reads_now(&self) -> bool {
        (**self).reads_now()
    }

    fn read_now(&mut self, buf: &mut [u8]) -> Option<usize> {
        (**self).read_now(buf)
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

/// Checks the result of a read into a buffer of `room` bytes: a stream may return anything.
pub(crate) fn given(n: usize, room: usize) -> io::Result<usize> {
    if n > room {
        let error = "the stream gave more bytes than asked for";
        return Err(io::Error::other(error));
    }
    Ok(n)
}

/// Checks the result of a write of `len` bytes (at least one): a stream may return
/// anything.
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
