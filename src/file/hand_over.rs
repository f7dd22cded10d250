//! Giving up a file for the stream that it stands on.

use std::fmt;
use std::ops::Deref;

use super::{File, FileKind};
use crate::error::Error;
use crate::raw_io::RawIo;

/// A file that could not be given up for its stream: nothing is lost, the file is here.
///
/// From [`into_raw`](File::into_raw) and [`into_std`](File::into_std). It is told as
/// the [`Error`] that it holds, and `?` makes that of it, which drops the file.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::io::Write;
///
/// let (reader, mut writer) = std::io::pipe().unwrap();
/// writer.write_all(b"header\nbody").unwrap();
/// drop(writer);
/// # #[cfg(unix)] {
/// let reader = std::fs::File::from(std::os::fd::OwnedFd::from(reader));
/// let mut file = aiofiles::wrap(reader).await?;
/// assert_eq!(file.next_line().await?, Some(&b"header"[..]));
/// // "body" was read ahead, and a pipe takes nothing back.
/// let refused = file.into_std().await.unwrap_err();
/// assert_eq!(refused.kind(), std::io::ErrorKind::Unsupported);
/// let mut file = refused.into_file();
/// assert_eq!(file.read().await?, b"body");
/// # }
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
pub struct NotGivenUp<F>(Box<(F, Error)>);

impl<F> NotGivenUp<F> {
    fn new(file: F, error: Error) -> Self {
        Self(Box::new((file, error)))
    }

    /// Returns what was in the way.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.0.1
    }

    /// Returns the file, as it was.
    #[must_use]
    pub fn into_file(self) -> F {
        self.0.0
    }

    /// Returns what was in the way, and drops the file.
    #[must_use]
    pub fn into_error(self) -> Error {
        self.0.1
    }

    /// The same, of the file as another type has it.
    pub(crate) fn map<G>(self, wrap: impl FnOnce(F) -> G) -> NotGivenUp<G> {
        let (file, error) = *self.0;
        NotGivenUp::new(wrap(file), error)
    }
}

impl<F> Deref for NotGivenUp<F> {
    type Target = Error;

    fn deref(&self) -> &Error {
        self.error()
    }
}

impl<F> From<NotGivenUp<F>> for Error {
    fn from(refused: NotGivenUp<F>) -> Self {
        refused.into_error()
    }
}

impl<F> std::error::Error for NotGivenUp<F> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error().source()
    }
}

impl<F> fmt::Display for NotGivenUp<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error().fmt(f)
    }
}

impl<F> fmt::Debug for NotGivenUp<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NotGivenUp").field(self.error()).finish()
    }
}

impl<K: FileKind, R: RawIo> File<K, R> {
    /// Writes what is buffered and gives the stream back, with its cursor at the
    /// logical position.
    ///
    /// # Cancel safety
    ///
    /// Owns the file: dropped midway, it is as if the file was dropped.
    ///
    /// # Errors
    ///
    /// Those of a flush; `Unsupported` if bytes were read ahead of a stream that
    /// cannot seek, which would be lost: read them first, or go on with a layer below
    /// ([`detach`](super::BinaryFile::detach)), which has them; `Closed`. The file comes
    /// back with the error, and works on.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let memory = std::io::Cursor::new(Vec::new());
    /// let mut file = aiofiles::wrap(memory).await?;
    /// file.write(b"bytes").await?;
    /// assert_eq!(file.into_raw().await?.into_inner(), b"bytes");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "into_inner")]
    pub async fn into_raw(mut self) -> Result<R, NotGivenUp<Self>> {
        let taken = self.descend().take_raw("detach", true).await;
        taken.map_err(|error| NotGivenUp::new(self, error))
    }
}

impl<K: FileKind> File<K, std::fs::File> {
    /// Writes what is buffered and gives the std file back, with its cursor at the
    /// logical position.
    ///
    /// # Cancel safety
    ///
    /// Owns the file: dropped midway, it is as if the file was dropped.
    ///
    /// # Errors
    ///
    /// As [`into_raw`](Self::into_raw): the file comes back with the error.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::open(&path).mode("w").await?;
    /// file.write("text").await?;
    /// let file = file.into_std().await?;
    /// assert_eq!(file.metadata().unwrap().len(), 4);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub async fn into_std(self) -> Result<std::fs::File, NotGivenUp<Self>> {
        self.into_raw().await
    }
}
