//! Reading and writing whole files, in one hop each.

use std::collections::TryReserveError;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::budget::{self, MOST_A_POLL};
use crate::call::{Call, one, one_inline};
use crate::codec::{Decoder, DecoderState, Encoding, ErrorPolicy};
use crate::error::{Error, Result};
#[cfg(feature = "tempfile")]
use crate::replace;
use crate::sys::nowait::{self, Misses};
use crate::sys::{self, Kind, cached};

pub use self::content::Content;
pub use crate::os::copyfile as copy;

mod content;

/// The pending call of [`read`].
///
/// Keyword: `executor` (the default one).
pub type ReadFile = Call<Vec<u8>>;

/// Reads a whole file.
///
/// As [`std::fs::read`], in one hop. A small file that is in the page cache may need none.
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// `NotFound`; `PermissionDenied`; `IsADirectory`.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("f");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::write(&path, "12345").await?;
/// assert_eq!(aiofiles::read(&path).await?, b"12345");
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "read_bytes")]
pub fn read(path: impl AsRef<Path>) -> ReadFile {
    let inline = |path: &Path, (): &()| read_cached(path).map(Ok);
    one_inline("read", path, (), inline, |path, ()| read_here(path))
}

/// The pending call of [`read_to_string`].
///
/// Keywords: `encoding` (`utf-8`), `executor` (the default one).
pub type ReadToString = Call<String, ReadToStringKeywords>;

/// The keywords of [`ReadToString`].
#[derive(Debug, Default)]
pub struct ReadToStringKeywords {
    /// `None`: UTF-8.
    encoding: Option<Result<Encoding>>,
}

impl ReadToString {
    /// Sets the encoding of the file, by label or as an [`Encoding`] (`utf-8`).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, b"caf\xe9").unwrap();
    /// assert_eq!(aiofiles::read_to_string(&path).encoding("latin-1").await?, "caf\u{e9}");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn encoding<E>(self, encoding: E) -> Self
    where
        E: TryInto<Encoding, Error: Into<Error>>,
    {
        self.set(|keywords| keywords.encoding = Some(encoding.try_into().map_err(Into::into)))
    }
}

/// Reads a whole file as text, which is UTF-8 unless `encoding` says otherwise.
///
/// As [`std::fs::read_to_string`], in one hop. Line ends stay as they are, unlike those
/// that a file of [`open`](crate::open()) reads. Keywords: `encoding` (`utf-8`).
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// As [`read`](crate::read); [`Error::Decode`] (`InvalidData`) for bytes that cannot be
/// decoded, with these bytes and their offset; [`Error::UnknownEncoding`], before the file
/// is touched.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("f");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::write(&path, "a\r\nb").await?;
/// assert_eq!(aiofiles::read_to_string(&path).await?, "a\r\nb");
///
/// aiofiles::write(&path, b"ab\xff").await?;
/// assert_eq!(aiofiles::read_to_string(&path).encoding("latin-1").await?, "abÿ");
/// match aiofiles::read_to_string(&path).await {
///     Err(aiofiles::Error::Decode { offset, bytes, .. }) => {
///         assert_eq!((offset, bytes), (2, vec![0xff]));
///     }
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "read_text")]
pub fn read_to_string(path: impl AsRef<Path>) -> ReadToString {
    let keywords = ReadToStringKeywords::default();
    let inline = |path: &Path, keywords: &ReadToStringKeywords| match &keywords.encoding {
        None => {
            let text = decode(read_cached(path)?, &Encoding::default(), path);
            Some(text.map_err(io::Error::from))
        }
        Some(_) => None,
    };
    one_inline("read", path, keywords, inline, |path, keywords| {
        let encoding = keywords.encoding.transpose();
        let encoding = encoding.map_err(|error| error.in_call("read", Some(path)))?;
        let encoding = encoding.unwrap_or_default();
        Ok(decode(read_here(path)?, &encoding, path)?)
    })
}

/// What the page cache had of whole files. Each is read once, but a folder of them is
/// mostly there as a whole, or is not.
static MISSES: Misses = Misses::new();

/// Reads a small file that is in the page cache, without a job; `None` leaves it to a job.
fn read_cached(path: &Path) -> Option<Vec<u8>> {
    if !nowait::suits_regular() || !MISSES.may_ask() {
        return None;
    }
    // A file with the size 0 may have content all the same, made when it is read (as in
    // /proc): leave it to a job.
    let wanted = |size| (1..=nowait::MOST as u64).contains(&size);
    let (file, size) = cached::open_nonblocking(path, wanted)?;
    let size = usize::try_from(size).ok()?;
    let mut bytes = vec![0; size];
    let answer = nowait::read(&file, &mut bytes);
    if answer != nowait::Answer::Never {
        MISSES.learn(answer == nowait::Answer::Data(size));
    }
    match answer {
        // All of it: it is as long as it was when it was looked at.
        nowait::Answer::Data(n) if n == size => {
            budget::copied(n);
            Some(bytes)
        }
        nowait::Answer::Never => {
            cached::read_was_refused(&file);
            None
        }
        _ => None,
    }
}

/// Reads a file in a job. It also notes the file system, so that the next file on it may
/// need no job.
fn read_here(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = sys::open(fs::File::options().read(true), path)?;
    let size = match sys::retry(|| file.metadata()) {
        Ok(metadata) => {
            cached::learn(&file, &metadata);
            metadata.len()
        }
        // Devices of Windows have no metadata.
        Err(_) if sys::kind(&file) == Kind::Character => 0,
        Err(error) => return Err(error),
    };
    // As in std: a file that does not fit into memory fails before anything is read. But
    // some file systems report a size far beyond the real end, so see below.
    let mut bytes = Vec::new();
    let reserved = bytes.try_reserve_exact(usize::try_from(size).unwrap_or(usize::MAX));
    if reserved.is_ok() {
        file.read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    file.seek(SeekFrom::Start(size - 1))?;
    if sys::retry(|| file.read(&mut [0]))? > 0 {
        reserved?;
    }
    file.rewind()?;
    // The last byte is not there, so the size was wrong. `take` keeps std from asking for
    // the size again.
    file.take(u64::MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn decode(bytes: Vec<u8>, encoding: &Encoding, path: &Path) -> Result<String> {
    let bytes = if *encoding == Encoding::default() {
        // Valid UTF-8 needs no copy.
        match String::from_utf8(bytes) {
            Ok(text) => return Ok(text),
            Err(error) => error.into_bytes(),
        }
    } else {
        bytes
    };
    let out_of_memory = |error: TryReserveError| Error::os("read", Some(path), error.into());
    let mut text = String::new();
    text.try_reserve_exact(bytes.len()).map_err(out_of_memory)?;
    let mut decoder = Decoder::new(encoding, ErrorPolicy::Strict, DecoderState::START);
    let mut done = 0;
    while done < bytes.len() {
        let end = bytes.len().min(done + MOST_A_POLL);
        let src = &bytes[done..end];
        // No encoding gives more than three bytes of text for a byte.
        text.try_reserve(3 * src.len()).map_err(out_of_memory)?;
        match decoder.decode(src, end == bytes.len(), &mut text) {
            Ok(consumed) => done += consumed,
            Err(error) => {
                let at = done + error.at;
                return Err(Error::Decode {
                    encoding: encoding.name().to_owned(),
                    offset: at as u64,
                    bytes: bytes[at..at + error.len].to_vec(),
                    reason: error.reason,
                    path: Some(path.to_path_buf()),
                });
            }
        }
    }
    Ok(text)
}

/// The pending call of [`write()`].
///
/// Keyword: `executor` (the default one).
pub type WriteFile = Call<()>;

/// Writes a whole file: makes it, or replaces its content.
///
/// As [`std::fs::write`], in one hop. `data` goes to the executor: owned data is moved
/// there, and borrowed data is copied first (see [`Content`]). A crash during the write
/// leaves half a file; with [`write_atomic`](crate::write_atomic) it does not.
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, it is still done.
///
/// # Errors
///
/// `NotFound` if the folder is missing; `PermissionDenied`; `IsADirectory`; `StorageFull`
/// and other errors of a write or of close(2), after which a part of the data may be
/// written.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("f");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::write(&path, vec![1, 2, 3]).await?;
/// assert_eq!(std::fs::read(&path).unwrap(), [1, 2, 3]);
/// let text = format!("{}\n", 1 + 1);
/// aiofiles::write(&path, &text).await?;
/// assert_eq!(std::fs::read(&path).unwrap(), text.as_bytes());
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias("write_bytes", "write_text"))]
pub fn write(path: impl AsRef<Path>, data: impl Content) -> WriteFile {
    let data = data.into_bytes();
    one("write", path, (), move |path, ()| {
        let data = data?;
        let mut file = sys::open(
            fs::File::options().write(true).create(true).truncate(true),
            path,
        )?;
        file.write_all(data.as_ref())?;
        // The close may report that bytes which the system had taken are lost.
        sys::close(file)
    })
}

/// The pending call of [`write_atomic`].
///
/// Keyword: `executor` (the default one).
#[cfg(feature = "tempfile")]
pub type WriteAtomic = Call<()>;

/// Writes a whole file so that, whatever happens, the path has either its old content or
/// all of the new content. When this returns, the new content is on the disk.
///
/// In one hop, it makes a new file in the same folder, brings its content to the disk,
/// renames it to `path`, and brings the folder to the disk. The new file gets the mode of
/// the old one, its owner and group where that is allowed, and on Linux its ACL and other
/// extended attributes. Nobody ever has more rights on the new content than on the old
/// one. In particular:
///
/// - if the owner cannot be kept, the set-user-ID, set-group-ID and sticky bits are
///   dropped; if the group cannot be kept, both the group and others get only the rights
///   that both had;
/// - if an ACL, a `user.*` attribute or a label of SELinux or SMACK cannot be kept, that
///   is an error; other attributes, such as capabilities, are dropped if they cannot be
///   kept; signatures of the old content (`security.ima`, `security.evm`) are always
///   dropped.
///
/// Other names of the old file (hard links) keep the old content. If there was no file,
/// the new one has the mode 0o666 less the umask, or what the default ACL of the folder
/// says. If `path` is a symbolic link, its target is written; the target may be missing.
///
/// If the process is killed, `path` has its old or its new content. If the file system
/// supports files without a name (O_TMPFILE), nothing else is left, with one exception:
/// just before the rename the new file has a name that begins with `.aiofiles-`. On other
/// file systems the new file has such a name from the start. On Windows the folder is not
/// flushed.
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, it is still done.
///
/// # Errors
///
/// As [`write`](crate::write); `PermissionDenied` if the folder may not be read and
/// written, or if something of the above must be kept and cannot be; `InvalidInput` if
/// there is something other than a file at the path, such as a device, and for the links
/// in `/proc` and `/dev/fd` to open files. After an error the file has its old content and
/// permissions, and no other file is left behind. There is one exception: if only the last
/// step fails, which brings the folder to the disk, the file has its new content, perhaps
/// not yet on the disk.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("settings.toml");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::write_atomic(&path, "color = true\n").await?;
/// aiofiles::write_atomic(&path, "color = false\n").await?;
/// assert_eq!(aiofiles::read_to_string(&path).await?, "color = false\n");
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[cfg(feature = "tempfile")]
#[doc(alias = "atomic_write")]
pub fn write_atomic(path: impl AsRef<Path>, data: impl Content) -> WriteAtomic {
    let data = data.into_bytes();
    one("write", path, (), move |path, ()| {
        replace::replace_content(path, data?.as_ref())
    })
}
