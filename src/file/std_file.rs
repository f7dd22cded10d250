//! The methods of files over a std file: making one, making another handle of it, and its
//! descriptor.

use super::{File, FileKind};
use crate::error::Result;

impl<K: FileKind> File<K, std::fs::File> {
    /// Makes a file of a std [`File`](std::fs::File). It begins at the cursor, and can be
    /// read and written as the std file can. Python: `open(fd)`.
    ///
    /// The executor is the default one where the first operation is called.
    /// [`wrap`](crate::wrap) can take another one, and refuses a folder at once.
    ///
    /// The call asks the system for the kind of the file, for its access mode, and for its
    /// cursor. These three system calls do not wait, unless another handle that shares the
    /// cursor is reading at that moment.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, "text").unwrap();
    /// let file = std::fs::File::open(&path).unwrap();
    /// assert_eq!(aiofiles::BinaryFile::from_std(file).read().await?, b"text");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn from_std(file: std::fs::File) -> Self {
        Self::new(file)
    }

    /// Makes another handle of the same open file. Both share the cursor, but each has a
    /// buffer of its own; so what is buffered is written first.
    ///
    /// # Cancel safety
    ///
    /// A dropped call loses nothing.
    ///
    /// # Errors
    ///
    /// Those of a flush; those of the system (EMFILE if there are too many open files);
    /// `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::open(&path).mode("w").await?;
    /// file.write("first, ").await?;
    /// let mut clone = file.try_clone().await?;
    /// clone.write("second").await?;
    /// clone.close().await?;
    /// assert_eq!(std::fs::read(&path).unwrap(), b"first, second");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "dup")]
    pub async fn try_clone(&mut self) -> Result<Self> {
        let file = self.descend().call("clone", false, |call| {
            call.stream.file().map_or_else(
                || Err(std::io::ErrorKind::Unsupported.into()),
                |f| f.try_clone(),
            )
        });
        let file = file.await?;
        let core = self.descend().clone_with(file);
        Ok(Self {
            layer: K::renew(&self.layer, core),
        })
    }
}

/// As [`from_std`](File::from_std).
impl<K: FileKind> From<std::fs::File> for File<K> {
    fn from(file: std::fs::File) -> Self {
        Self::from_std(file)
    }
}

/// As [`from_std`](File::from_std), of the file behind the descriptor.
#[cfg(unix)]
impl<K: FileKind> From<std::os::fd::OwnedFd> for File<K> {
    fn from(fd: std::os::fd::OwnedFd) -> Self {
        Self::from_std(fd.into())
    }
}

#[cfg(unix)]
impl<K: FileKind> std::os::fd::AsFd for File<K, std::fs::File> {
    /// # Panics
    ///
    /// If the file is closed.
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.core().show();
        let file = self.core().stream().and_then(|stream| stream.file());
        file.expect("the descriptor of a closed file was asked for")
            .as_fd()
    }
}

#[cfg(unix)]
impl<K: FileKind> std::os::fd::AsRawFd for File<K, std::fs::File> {
    /// # Panics
    ///
    /// If the file is closed.
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        std::os::fd::AsFd::as_fd(self).as_raw_fd()
    }
}

/// As [`from_std`](File::from_std), of the file behind the handle.
#[cfg(windows)]
impl<K: FileKind> From<std::os::windows::io::OwnedHandle> for File<K> {
    fn from(handle: std::os::windows::io::OwnedHandle) -> Self {
        Self::from_std(handle.into())
    }
}

#[cfg(windows)]
impl<K: FileKind> std::os::windows::io::AsHandle for File<K, std::fs::File> {
    /// # Panics
    ///
    /// If the file is closed.
    fn as_handle(&self) -> std::os::windows::io::BorrowedHandle<'_> {
        self.core().show();
        let file = self.core().stream().and_then(|stream| stream.file());
        file.expect("the handle of a closed file was asked for")
            .as_handle()
    }
}

#[cfg(windows)]
impl<K: FileKind> std::os::windows::io::AsRawHandle for File<K, std::fs::File> {
    /// # Panics
    ///
    /// If the file is closed.
    fn as_raw_handle(&self) -> std::os::windows::io::RawHandle {
        std::os::windows::io::AsHandle::as_handle(self).as_raw_handle()
    }
}
