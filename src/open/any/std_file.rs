//! The methods of a file that stands on a std file, of whichever kind it is.

use super::AnyFile;
use crate::error::Result;
use crate::file::NotGivenUp;

impl AnyFile {
    /// Makes another handle of the same open file, of the same kind; see
    /// [`TextFile::try_clone`](crate::TextFile::try_clone).
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, nothing is lost.
    ///
    /// # Errors
    ///
    /// As [`TextFile::try_clone`](crate::TextFile::try_clone).
    pub async fn try_clone(&mut self) -> Result<Self> {
        Ok(match self {
            Self::Text(file) => Self::Text(file.try_clone().await?),
            Self::Binary(file) => Self::Binary(file.try_clone().await?),
            Self::Raw(file) => Self::Raw(file.try_clone().await?),
        })
    }

    /// Writes what is buffered and gives the std file back; see
    /// [`TextFile::into_std`](crate::TextFile::into_std).
    ///
    /// # Cancel safety
    ///
    /// Owns the file: dropped midway, it is as if the file was dropped.
    ///
    /// # Errors
    ///
    /// As [`TextFile::into_std`](crate::TextFile::into_std): the file comes back with the error.
    pub async fn into_std(self) -> Result<std::fs::File, NotGivenUp<Self>> {
        self.into_raw().await
    }
}

#[cfg(unix)]
impl std::os::fd::AsFd for AnyFile {
    /// # Panics
    ///
    /// If the file is closed.
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        each!(self, file => file.as_fd())
    }
}

#[cfg(unix)]
impl std::os::fd::AsRawFd for AnyFile {
    /// # Panics
    ///
    /// If the file is closed.
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        each!(self, file => file.as_raw_fd())
    }
}

#[cfg(windows)]
impl std::os::windows::io::AsHandle for AnyFile {
    /// # Panics
    ///
    /// If the file is closed.
    fn as_handle(&self) -> std::os::windows::io::BorrowedHandle<'_> {
        each!(self, file => file.as_handle())
    }
}

#[cfg(windows)]
impl std::os::windows::io::AsRawHandle for AnyFile {
    /// # Panics
    ///
    /// If the file is closed.
    fn as_raw_handle(&self) -> std::os::windows::io::RawHandle {
        each!(self, file => file.as_raw_handle())
    }
}
