//! What a file can tell without a job.

use super::{File, FileKind};
use crate::raw_io::RawIo;

impl<K: FileKind, R: RawIo> File<K, R> {
    /// Says whether the file is a terminal. Answered from memory.
    #[doc(alias = "is_terminal")]
    #[must_use]
    pub fn isatty(&self) -> bool {
        self.core().meta.isatty
    }

    /// Says whether the file was opened for reading.
    #[must_use]
    pub fn readable(&self) -> bool {
        self.core().meta.readable
    }

    /// Says whether the file was opened for writing.
    #[must_use]
    pub fn writable(&self) -> bool {
        self.core().meta.writable
    }

    /// Says whether the file can seek. Answered from memory.
    #[must_use]
    pub fn seekable(&self) -> bool {
        self.core().meta.seekable
    }

    /// Says whether the file is closed (or a close has begun).
    #[must_use]
    pub fn closed(&self) -> bool {
        self.core().closed()
    }

    /// Returns the path as it was given, or `None` if the file was not opened by a path.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::open(&path).mode("w").await?;
    /// file.close().await?;
    /// assert_eq!(file.name(), Some(path.as_path()));
    /// assert!(aiofiles::wrap(std::io::Cursor::new(vec![])).await?.name().is_none());
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "path")]
    #[must_use]
    pub fn name(&self) -> Option<&std::path::Path> {
        self.core().path()
    }

    /// Returns the executor that runs the blocking calls of the file. `None` if the file
    /// was made without one and has had no operation yet.
    #[must_use]
    pub fn executor(&self) -> Option<std::sync::Arc<dyn crate::Executor>> {
        self.core()
            .executor_if_settled()
            .map(crate::executor::Chosen::to_arc)
    }
}
