//! Openers, and what an opener is told about the mode.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::mode::{Action, Mode};
use super::{Kind, Open};

/// The function of an opener.
pub(super) type Opener = Box<dyn FnOnce(&Path, &Asked) -> io::Result<File> + Send>;

/// What the mode and the keywords of an [`open()`](crate::open()) ask for, for its
/// [opener](Open::opener_with).
#[derive(Clone)]
pub struct Asked {
    pub(super) mode: Mode,
    pub(super) create: bool,
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix has flags to show"))]
    pub(super) custom_flags: Option<i32>,
    pub(super) options: OpenOptions,
}

impl Asked {
    /// Says whether the file is to be read.
    #[must_use]
    pub fn read(&self) -> bool {
        self.mode.readable()
    }

    /// Says whether the file is to be written.
    #[must_use]
    pub fn write(&self) -> bool {
        self.mode.writable()
    }

    /// Says whether every write is to go to the end.
    #[must_use]
    pub fn append(&self) -> bool {
        self.mode.append()
    }

    /// Says whether the content of an existing file is to be removed.
    #[must_use]
    pub fn truncate(&self) -> bool {
        self.mode.action == Action::Write
    }

    /// Says whether a missing file is to be made.
    #[must_use]
    pub fn create(&self) -> bool {
        self.create || self.mode.action != Action::Read
    }

    /// Says whether the file must not exist yet.
    #[must_use]
    pub fn create_new(&self) -> bool {
        self.mode.action == Action::Create
    }

    /// Returns the same as options for [`OpenOptions::open`], with
    /// [`permissions`](Open::permissions) and [`custom_flags`](Open::custom_flags).
    #[must_use]
    pub fn options(&self) -> &OpenOptions {
        &self.options
    }

    /// Returns the flags of open(2), with those of
    /// [`custom_flags`](Open::custom_flags). Unix only. Python: the `flags` of an
    /// opener.
    #[cfg(unix)]
    #[must_use]
    pub fn flags(&self) -> i32 {
        let more = [
            self.append(),
            self.truncate(),
            self.create(),
            self.create_new(),
        ];
        let flags = crate::sys::open_flags(self.read(), self.write(), more);
        flags | self.custom_flags.unwrap_or(0)
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Asked").field(&self.options).finish()
    }
}

impl<K: Kind> Open<K> {
    /// Opens with `opener` instead of [`OpenOptions::open`]. It gets the path and the
    /// options of the mode, and runs on the executor. Python: `opener`. If the opener
    /// must know what the options say, use [`opener_with`](Self::opener_with).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, "text").unwrap();
    /// let elsewhere = path.clone();
    /// let mut file = aiofiles::open("a name that the opener maps")
    ///     .opener(move |_, options| options.open(elsewhere))
    ///     .await?;
    /// assert_eq!(file.read().await?, "text");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn opener<F>(self, opener: F) -> Self
    where
        F: FnOnce(&Path, &OpenOptions) -> io::Result<File> + Send + 'static,
    {
        self.opener_with(|path, asked| opener(path, asked.options()))
    }

    /// As [`opener`](Self::opener), for an opener that must know what the mode asks for,
    /// since one cannot ask std's options.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let root = dir.path().to_path_buf();
    /// // Opens files in a folder, and only for reading.
    /// let open = aiofiles::open("notes.txt").mode("w");
    /// let refused = open.opener_with(move |path, asked| {
    ///     if asked.write() {
    ///         return Err(std::io::ErrorKind::PermissionDenied.into());
    ///     }
    ///     asked.options().open(root.join(path))
    /// });
    /// assert_eq!(refused.await.unwrap_err().kind(), std::io::ErrorKind::PermissionDenied);
    /// # });
    /// ```
    pub fn opener_with<F>(self, opener: F) -> Self
    where
        F: FnOnce(&Path, &Asked) -> io::Result<File> + Send + 'static,
    {
        self.set(|settings| settings.opener = Some(Box::new(opener)))
    }
}
