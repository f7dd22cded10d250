//! The keyword methods of everything that gives a file.

/// Writes the keyword methods that `Open`, `Wrap` and `Temporary` share.
macro_rules! keywords {
    ([$($generics:tt)*] $Self:ty) => {
        impl<$($generics)*> $Self {
            /// Sets Python's mode string: one of `r`, `w`, `x` and `a`, with `+` for
            /// both directions, in any order (`r`). `b` and `t` may be left out; they
            /// must not contradict the kind.
            ///
            /// # Examples
            ///
            /// ```
            /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            /// # let dir = tempfile::tempdir().unwrap();
            /// # let path = dir.path().join("file");
            /// let mut file = aiofiles::open(&path).mode("x+").await?;
            /// file.write("text").await?;
            /// file.close().await?;
            /// let error = aiofiles::open(&path).mode("x").await.unwrap_err();
            /// assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
            /// let error = aiofiles::open(&path).mode("rb").await.unwrap_err();
            /// assert!(error.to_string().contains("add `.binary()`"), "{error}");
            /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
            /// ```
            pub fn mode(self, mode: &str) -> Self {
                self.set(|settings| settings.mode = Some(mode.to_owned()))
            }

            /// Sets the size of the buffer, in bytes (128 KiB). The buffer is allocated
            /// when it is first needed. A file that is written to faster than the system
            /// takes the bytes has up to ten buffers. 0 is for [`raw`](Self::raw) and
            /// [`any`](Self::any) only; 1 makes a text file line buffered, as in Python.
            pub fn buffering(self, size: usize) -> Self {
                self.set(|settings| settings.buffering = Some(size))
            }

            /// Runs all blocking calls of the file on `executor` instead of the default
            /// one, also those of `close` and of the drop.
            pub fn executor(self, executor: impl Executor) -> Self {
                self.set(|settings| settings.executor = Some(Chosen::new(executor)))
            }

            /// Allows or forbids reads from the page cache without a job. Without this
            /// keyword [the executor](crate::Executor::allows_nowait) decides: the default
            /// one allows them, others forbid them unless they say otherwise.
            pub fn nowait(self, allowed: bool) -> Self {
                self.set(|settings| settings.nowait = Some(allowed))
            }
        }

        // The bound `TextKind` stands on each method. On the `impl`, the compiler would
        // not show the advice that `TextKind` has for its errors.
        impl<$($generics)*> $Self {
            /// Sets the encoding, by label or as an [`Encoding`] (`utf-8`, whatever the
            /// locale is).
            ///
            /// # Examples
            ///
            /// ```
            /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            /// # let dir = tempfile::tempdir().unwrap();
            /// # let path = dir.path().join("file");
            /// let mut file = aiofiles::open(&path).mode("w").encoding("utf-16-le").await?;
            /// file.write("hi").await?;
            /// file.close().await?;
            /// assert_eq!(std::fs::read(&path).unwrap(), b"h\0i\0");
            /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
            /// ```
            pub fn encoding<E>(self, encoding: E) -> Self
            where
                K: TextKind,
                E: TryInto<Encoding, Error: Into<Error>>,
            {
                self.set(|settings| settings.encoding = Some(encoding.try_into().map_err(Into::into)))
            }

            /// Sets what happens to bytes and characters that are not in the encoding, by
            /// name or as an [`ErrorPolicy`] (`strict`: the operation fails).
            ///
            /// # Examples
            ///
            /// ```
            /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            /// # let dir = tempfile::tempdir().unwrap();
            /// # let path = dir.path().join("file");
            /// let mut file = aiofiles::open(&path).mode("w").encoding("ascii").errors("xmlcharrefreplace").await?;
            /// file.write("caf\u{e9}").await?;
            /// file.close().await?;
            /// assert_eq!(std::fs::read(&path).unwrap(), b"caf&#233;");
            /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
            /// ```
            pub fn errors<P>(self, policy: P) -> Self
            where
                K: TextKind,
                P: TryInto<ErrorPolicy, Error: Into<Error>>,
            {
                self.set(|settings| settings.errors = Some(policy.try_into().map_err(Into::into)))
            }

            /// Sets which line ends are recognised and written, as in Python or as a
            /// [`Newline`] (universal: each line end is read as `\n`, and `\n` is written
            /// as the line end of the system, which is `\r\n` on Windows).
            ///
            /// # Examples
            ///
            /// ```
            /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            /// # let dir = tempfile::tempdir().unwrap();
            /// # let path = dir.path().join("file");
            /// std::fs::write(&path, "a\r\nb").unwrap();
            /// assert_eq!(aiofiles::open(&path).await?.read().await?, "a\nb");
            /// assert_eq!(aiofiles::open(&path).newline("").await?.read().await?, "a\r\nb");
            /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
            /// ```
            pub fn newline<N>(self, newline: N) -> Self
            where
                K: TextKind,
                N: TryInto<Newline, Error: Into<Error>>,
            {
                self.set(|settings| settings.newline = Some(newline.try_into().map_err(Into::into)))
            }

            /// Flushes after every write that has a line end in it (`false`; `true` for a
            /// terminal).
            pub fn line_buffering(self, yes: bool) -> Self
            where
                K: TextKind,
            {
                self.set(|settings| settings.line_buffering = Some(yes))
            }

            /// Hands every write to the system at once (`false`). If that fails, the text
            /// stays in the buffer, as in Python: do not write it again; flush.
            pub fn write_through(self, yes: bool) -> Self
            where
                K: TextKind,
            {
                self.set(|settings| settings.write_through = yes)
            }
        }
    };
}
pub(crate) use keywords;

impl std::fmt::Debug for super::Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
