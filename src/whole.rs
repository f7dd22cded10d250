//! Whole files, one hop each.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::budget;
use crate::codec::{Decoder, DecoderState, Encoding, ErrorPolicy};
use crate::delegate::Call;
use crate::error::{Error, Result};
use crate::os::{Os, one, one_inline, sys};
use crate::raw_io::{cached, nowait, retry};

pub use crate::os::copyfile as copy;

/// Reads a whole file.
///
/// As [`std::fs::read`], in one hop.
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
pub fn read(path: impl AsRef<Path>) -> Call<Os<Vec<u8>>> {
    let inline = |path: &Path, (): &()| read_cached(path).map(Ok);
    one_inline("read", path, (), inline, |path, ()| read_here(path))
}

/// `encoding`.
#[derive(Debug, Default)]
pub struct ReadToStringKeywords {
    /// UTF-8 unless given.
    encoding: Option<Result<Encoding>>,
}

impl Call<Os<String, ReadToStringKeywords>> {
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
    pub fn encoding<E>(mut self, encoding: E) -> Self
    where
        E: TryInto<Encoding, Error: Into<Error>>,
    {
        if let Some(os) = self.args() {
            os.keywords().encoding = Some(encoding.try_into().map_err(Into::into));
        }
        self
    }
}

/// Reads a whole file as text, UTF-8 unless told otherwise.
///
/// As [`std::fs::read_to_string`], in one hop: line ends stay as they are, where
/// `open(path).read()` translates `\r\n` as Python does. Keywords: `encoding`.
///
/// # Cancel safety
///
/// Dropping it changes nothing.
///
/// # Errors
///
/// As [`read`](crate::read); [`Error::Decode`] (`InvalidData`) with the place
/// and the bytes that are not text in the encoding; [`Error::UnknownEncoding`],
/// before the file is touched.
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
pub fn read_to_string(path: impl AsRef<Path>) -> Call<Os<String, ReadToStringKeywords>> {
    let keywords = ReadToStringKeywords::default();
    let inline = |path: &Path, keywords: &ReadToStringKeywords| match &keywords.encoding {
        None => {
            let text = decode(read_cached(path)?, &Encoding::default(), path);
            Some(text.map_err(io::Error::from))
        }
        Some(_) => None,
    };
    one_inline("read", path, keywords, inline, |path, keywords| {
        let encoding = keywords.encoding.transpose()?.unwrap_or_default();
        Ok(decode(read_here(path)?, &encoding, path)?)
    })
}

/// The whole of a small file that is in the page cache.
fn read_cached(path: &Path) -> Option<Vec<u8>> {
    if !nowait::suits_regular() {
        return None;
    }
    // What says that it is empty may be made up as it is read.
    let wanted = |size| (1..=nowait::MOST as u64).contains(&size);
    let (file, size) = cached::open_nonblocking(path, wanted)?;
    let size = usize::try_from(size).ok()?;
    let mut bytes = vec![0; size];
    match nowait::read(&file, &mut bytes) {
        // As long as it was when it was looked at.
        nowait::Answer::Data(n) if n == size => {
            budget::copied(n);
            Some(bytes)
        }
        _ => None,
    }
}

/// Reads a file in a job; the next one on its file system may need none.
fn read_here(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = retry(|| fs::File::open(path))?;
    let metadata = file.metadata()?;
    cached::learn(&file, &metadata);
    // As std: what does not fit fails before anything is read.
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(metadata.len()).unwrap_or(usize::MAX))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn decode(bytes: Vec<u8>, encoding: &Encoding, path: &Path) -> Result<String> {
    let bytes = if *encoding == Encoding::default() {
        // No copy where nothing is to be changed.
        match String::from_utf8(bytes) {
            Ok(text) => return Ok(text),
            Err(error) => error.into_bytes(),
        }
    } else {
        bytes
    };
    let mut text = String::with_capacity(bytes.len());
    let mut decoder = Decoder::new(encoding, ErrorPolicy::Strict, DecoderState::START);
    match decoder.decode(&bytes, true, &mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(Error::Decode {
            encoding: encoding.name().to_owned(),
            offset: error.at as u64,
            bytes: bytes[error.at..error.at + error.len].to_vec(),
            reason: error.reason,
            path: Some(path.to_path_buf()),
        }),
    }
}

/// Writes a whole file: makes it, or replaces what is in it.
///
/// As [`std::fs::write`], in one hop. `data` goes to the executor, so it is given
/// away: a `Vec`, a `String`, a `Bytes`, a `&'static str`. A crash midway leaves
/// half a file; [`write_atomic`] does not.
///
/// # Cancel safety
///
/// Dropped before its job has begun, it does nothing; later, it is done.
///
/// # Errors
///
/// `NotFound` if the folder is missing; `PermissionDenied`; `IsADirectory`;
/// `StorageFull`, with part of the data written.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("f");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::write(&path, vec![1, 2, 3]).await?;
/// assert_eq!(std::fs::read(&path).unwrap(), [1, 2, 3]);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub fn write(path: impl AsRef<Path>, data: impl AsRef<[u8]> + Send + 'static) -> Call<Os<()>> {
    one("write", path, (), move |path, ()| fs::write(path, data))
}

/// Writes a whole file so that it has either its old content or all of the new
/// one, whatever happens, and the new one for good once this returns.
///
/// In one hop: a temporary file in the same folder, its content to the disk, its
/// name changed to that of the file, the folder to the disk. The file keeps its
/// permissions, and its owner where that is allowed (otherwise no set-user-ID bit
/// either); other names of it (hard
/// links) keep the old content. A new file has 0o666 less the umask. Through a
/// symbolic link the file it points to is written. A process that is killed
/// meanwhile leaves the temporary file, whose name begins with `.aiofiles-`. On
/// Windows the folder is not flushed.
///
/// # Cancel safety
///
/// Dropped before its job has begun, it does nothing; later, it is done.
///
/// # Errors
///
/// As [`write`](crate::write), and `PermissionDenied` if the folder may not be
/// written; `InvalidInput` for what is neither a file nor missing, such as a
/// device. The file then has its old content and permissions, and no other file
/// is left behind; only if the last step fails, of the folder, is the new
/// content there, perhaps not yet on the disk.
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
pub fn write_atomic(
    path: impl AsRef<Path>,
    data: impl AsRef<[u8]> + Send + 'static,
) -> Call<Os<()>> {
    one("write", path, (), move |path, ()| {
        replace_content(path, data.as_ref())
    })
}

fn replace_content(path: &Path, data: &[u8]) -> io::Result<()> {
    let (path, old) = behind_links(path)?;
    let old = match old {
        Ok(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(metadata) if !metadata.is_file() => {
            let error = "not a regular file: it cannot be replaced";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
        }
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    // A new file is for whom the umask says; what replaces one is for nobody
    // else until it has the permissions of the old one.
    let mode = if old.is_some() {
        0o600
    } else {
        sys::DEFAULT_MODE
    };
    let mut temporary = ::tempfile::Builder::new()
        .prefix(".aiofiles-")
        .make_in(folder, |path| sys::create_new(path, mode))?;
    temporary.as_file_mut().write_all(data)?;
    if let Some(old) = &old {
        sys::keep_owner_and_mode(temporary.as_file(), old)?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(&path).map_err(|error| error.error)?;
    sys::sync_dir(folder)
}

/// The file at the end of a chain of links, which may be missing, and what is
/// known of it. What stands there may change meanwhile: only what is no link at
/// the last look is the end.
fn behind_links(path: &Path) -> io::Result<(PathBuf, io::Result<fs::Metadata>)> {
    let mut path = path.to_path_buf();
    // As many as Linux follows.
    for _ in 0..40 {
        if let Ok(target) = fs::read_link(&path) {
            path.pop();
            path.push(target);
            continue;
        }
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_symlink() => {}
            end => return Ok((path, end)),
        }
    }
    Err(sys::link_loop())
}
