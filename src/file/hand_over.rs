//! Turning a file back into the stream below it.

use std::fmt;
use std::ops::Deref;

use super::{File, FileKind};
use crate::error::Error;
use crate::raw_io::RawIo;

/// The error of [`into_raw`](File::into_raw) and [`into_std`](File::into_std). It contains
/// the file, so nothing is lost.
///
/// It derefs to the [`Error`] inside, and prints as that. `?` converts it into that
/// `Error`, and so drops the file.
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

    /// Returns the error.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.0.1
    }

    /// Returns the file, which is unchanged.
    #[must_use]
    pub fn into_file(self) -> F {
        self.0.0
    }

    /// Returns the error, and drops the file.
    #[must_use]
    pub fn into_error(self) -> Error {
        self.0.1
    }

    /// The same error, with the file inside another type.
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
    /// Writes what is buffered and returns the stream. Its cursor is at the position of the
    /// file.
    ///
    /// # Cancel safety
    ///
    /// The call owns the file. Dropping it midway is the same as dropping the file.
    ///
    /// # Errors
    ///
    /// Those of a flush; `Unsupported` if bytes were read ahead from a stream that cannot
    /// seek, because they would be lost: read them first, or use
    /// [`detach`](super::BinaryFile::detach), which keeps them; `Closed`. The error
    /// contains the file, which you can go on using.
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
    /// Writes what is buffered and returns the std file. Its cursor is at the position of
    /// the file.
    ///
    /// # Cancel safety
    ///
    /// The call owns the file. Dropping it midway is the same as dropping the file.
    ///
    /// # Errors
    ///
    /// Those of [`into_raw`](Self::into_raw); the error contains the file.
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
