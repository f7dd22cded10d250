//! The one error type: it names the operation and the path, and keeps the
//! [`io::ErrorKind`] and the errno of what the system said.
//!
//! Python raises `OSError`, `ValueError`, `UnicodeError` or
//! `io.UnsupportedOperation`; each of them is a variant (or a few) here.

use std::io;
use std::path::{Path, PathBuf};

mod display;

/// The result of every fallible call of this crate; with another `E`, any result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation failed.
///
/// `Display` is a sentence with the operation, the path if there is one, and the message
/// of the system; control characters in a path are escaped. `source()` is the cause of the
/// system's error, if it has one, so a report of the whole chain repeats nothing.
/// [`kind`](Error::kind) gives the nearest [`io::ErrorKind`] for every variant.
///
/// # As an `io::Error`, and back
///
/// The conversion into [`io::Error`] (`?` does it) keeps the kind; `downcast` or
/// `Error::from` give this value back. After the conversion `io::Error::raw_os_error` is
/// `None`, since an `io::Error` of std has either an errno or a value inside. If you need
/// the errno, ask before the conversion, by [`raw_os_error`](Error::raw_os_error) or
/// [`io_error`](Error::io_error), or take the source out of [`Error::Os`].
///
/// The I/O traits (`AsyncRead`, `AsyncWrite`, …) of tokio and futures return the error of
/// the system with its errno, if there is one; otherwise this value, converted.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let error = aiofiles::open("no/such/file").await.unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
/// assert_eq!(error.path(), Some("no/such/file".as_ref()));
/// assert!(error.to_string().starts_with("failed to open `no/such/file`: "));
/// # });
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The operating system (or a [`RawIo`](crate::RawIo)) refused an operation.
    Os {
        /// The operation, as a verb: `open`, `read`, `rename` ….
        op: &'static str,
        /// The path it was for; `None` for a file that has none.
        path: Option<PathBuf>,
        /// What the system said, with its errno.
        source: io::Error,
    },
    /// The operating system refused an operation that has two paths.
    OsPair {
        /// The operation, as a verb: `rename`, `link`, `copy` ….
        op: &'static str,
        /// The first path.
        src: PathBuf,
        /// The second path.
        dst: PathBuf,
        /// What the system said, with its errno.
        source: io::Error,
    },
    /// A mode string that Python would refuse too, or one that contradicts the
    /// kind of file asked for. Nothing was opened.
    InvalidMode {
        /// The operation, as a verb.
        op: &'static str,
        /// The path that it was about; `None` if there is none.
        path: Option<PathBuf>,
        /// The mode as given.
        mode: String,
        /// What is wrong with it, and what to do.
        reason: &'static str,
    },
    /// An argument with which no call could succeed. Nothing was done.
    InvalidArgument {
        /// The operation, as a verb.
        op: &'static str,
        /// The path that it was about; `None` if there is none.
        path: Option<PathBuf>,
        /// What is wrong with the argument.
        reason: String,
    },
    /// No encoding has this label. Nothing was opened or created.
    UnknownEncoding {
        /// The operation that was to use it, as a verb.
        op: &'static str,
        /// The path that it was about; `None` if there is none.
        path: Option<PathBuf>,
        /// The label as given.
        label: String,
    },
    /// Bytes that cannot be decoded in the encoding of the file.
    Decode {
        /// The name of the encoding.
        encoding: String,
        /// The offset of the offending bytes, in bytes from the start of the file (or, if
        /// the file cannot seek, from the first byte that was read).
        offset: u64,
        /// The offending bytes.
        bytes: Vec<u8>,
        /// Why they cannot be decoded.
        reason: &'static str,
        /// The path of the file, if it has one.
        path: Option<PathBuf>,
    },
    /// A character that the encoding of the file cannot express. Nothing of that write
    /// was stored.
    Encode {
        /// The name of the encoding.
        encoding: String,
        /// The first character that cannot be encoded.
        character: char,
        /// Its index in the text given, counted in characters.
        index: usize,
        /// The path of the file, if it has one.
        path: Option<PathBuf>,
    },
    /// The file cannot do this: it was opened for the other direction, cannot
    /// seek, or the platform lacks the operation.
    Unsupported {
        /// The operation, as a verb.
        op: &'static str,
        /// The path of the file, if it has one.
        path: Option<PathBuf>,
        /// Why it is not supported.
        reason: &'static str,
    },
    /// The file was closed before.
    Closed {
        /// The operation, as a verb.
        op: &'static str,
        /// The path of the file, if it has one.
        path: Option<PathBuf>,
    },
    /// A line went past the limit set with `max_len`.
    LineTooLong {
        /// The limit, in bytes.
        limit: usize,
        /// The path of the file, if it has one.
        path: Option<PathBuf>,
    },
    /// There is no executor to run the blocking call on.
    NoRuntime {
        /// The operation, as a verb.
        op: &'static str,
        /// The path that it was about; `None` if there is none.
        path: Option<PathBuf>,
    },
    /// The executor refused the job, or dropped it without running it. The operation was
    /// not done. A file has all its state and can be used again; if it was on a tokio
    /// runtime by default, and that runtime is gone, it uses the runtime of the next call.
    ExecutorGone {
        /// The operation, as a verb.
        op: &'static str,
        /// The path that it was about; `None` if there is none.
        path: Option<PathBuf>,
    },
    /// The job panicked. A file stays usable.
    Panicked {
        /// The operation, as a verb.
        op: &'static str,
        /// The path that it was about; `None` if there is none.
        path: Option<PathBuf>,
        /// The message of the panic; empty if the panic had no text.
        message: String,
    },
}

impl Error {
    /// Returns the nearest [`io::ErrorKind`].
    ///
    /// - [`Os`](Error::Os), [`OsPair`](Error::OsPair): the kind of the system's error;
    /// - a bad mode, argument or label, a closed file (Python's `ValueError`):
    ///   `InvalidInput`;
    /// - [`Decode`](Error::Decode), [`Encode`](Error::Encode),
    ///   [`LineTooLong`](Error::LineTooLong): `InvalidData`;
    /// - [`Unsupported`](Error::Unsupported): `Unsupported`;
    /// - [`NoRuntime`](Error::NoRuntime), [`ExecutorGone`](Error::ExecutorGone),
    ///   [`Panicked`](Error::Panicked): `Other`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let error = aiofiles::open(dir.path().join("missing")).await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    /// let error = aiofiles::open(&path).mode("rw").await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Os { source, .. } | Self::OsPair { source, .. } => source.kind(),
            Self::InvalidMode { .. }
            | Self::InvalidArgument { .. }
            | Self::UnknownEncoding { .. }
            | Self::Closed { .. } => io::ErrorKind::InvalidInput,
            Self::Decode { .. } | Self::Encode { .. } | Self::LineTooLong { .. } => {
                io::ErrorKind::InvalidData
            }
            Self::Unsupported { .. } => io::ErrorKind::Unsupported,
            Self::NoRuntime { .. } | Self::ExecutorGone { .. } | Self::Panicked { .. } => {
                io::ErrorKind::Other
            }
        }
    }

    /// Returns the errno, if the error came from the system.
    #[must_use]
    pub fn raw_os_error(&self) -> Option<i32> {
        self.io_error().and_then(io::Error::raw_os_error)
    }

    /// Returns the error of the operating system (or of a [`RawIo`](crate::RawIo)), if this
    /// error comes from there.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let error = aiofiles::open("no/such/file").await.unwrap_err();
    /// assert_eq!(error.io_error().unwrap().raw_os_error(), error.raw_os_error());
    /// # });
    /// ```
    #[must_use]
    pub fn io_error(&self) -> Option<&io::Error> {
        match self {
            Self::Os { source, .. } | Self::OsPair { source, .. } => Some(source),
            _ => None,
        }
    }

    /// Converts into an `io::Error` for the I/O traits: the error of the system, if there
    /// is one, since code that copies bytes or serves files looks for its errno.
    pub(crate) fn into_bare(self) -> io::Error {
        match self {
            Self::Os { source, .. } | Self::OsPair { source, .. }
                if source.raw_os_error().is_some() =>
            {
                source
            }
            other => other.into(),
        }
    }

    /// Returns the path that the operation was about; for two paths, the first.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::OsPair { src, .. } => Some(src),
            Self::Os { path, .. }
            | Self::InvalidMode { path, .. }
            | Self::InvalidArgument { path, .. }
            | Self::UnknownEncoding { path, .. }
            | Self::Decode { path, .. }
            | Self::Encode { path, .. }
            | Self::Unsupported { path, .. }
            | Self::Closed { path, .. }
            | Self::LineTooLong { path, .. }
            | Self::NoRuntime { path, .. }
            | Self::ExecutorGone { path, .. }
            | Self::Panicked { path, .. } => path.as_deref(),
        }
    }

    /// Returns the second path of an operation that has two.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let (src, dst) = (dir.path().join("missing"), dir.path().join("new"));
    /// let error = aiofiles::os::rename(&src, &dst).await.unwrap_err();
    /// assert_eq!((error.path(), error.dst()), (Some(&*src), Some(&*dst)));
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn dst(&self) -> Option<&Path> {
        match self {
            Self::OsPair { dst, .. } => Some(dst),
            _ => None,
        }
    }

    /// Puts operation and path into the error of a bad mode or keyword, which was found
    /// before these were known.
    pub(crate) fn in_call(mut self, named: &'static str, for_path: Option<&Path>) -> Self {
        if let Self::InvalidMode { op, path, .. }
        | Self::InvalidArgument { op, path, .. }
        | Self::UnknownEncoding { op, path, .. } = &mut self
        {
            (*op, *path) = (named, for_path.map(Path::to_owned));
        }
        self
    }

    /// Adds operation and path to an error of a system call or a `RawIo`. An error of this
    /// crate inside the `io::Error` comes back out as it was, and an `Unsupported` without
    /// an errno becomes [`Error::Unsupported`].
    pub(crate) fn os(op: &'static str, path: Option<&Path>, source: io::Error) -> Self {
        let path = path.map(Path::to_owned);
        match source.downcast::<Self>() {
            Ok(inner) => inner,
            Err(source) => {
                if source.kind() == io::ErrorKind::Unsupported && source.raw_os_error().is_none() {
                    let reason = "the stream does not support it";
                    Self::Unsupported { op, path, reason }
                } else {
                    Self::Os { op, path, source }
                }
            }
        }
    }
}

impl From<Error> for io::Error {
    /// Keeps the kind; `downcast` gives the [`Error`] back.
    fn from(error: Error) -> Self {
        Self::new(error.kind(), error)
    }
}

impl From<io::Error> for Error {
    /// An [`Error`] inside the `io::Error` comes back out; any other becomes
    /// [`Error::Os`] with the operation `do I/O` and no path.
    fn from(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(inner) => inner,
            Err(source) => Self::Os {
                op: "do I/O",
                path: None,
                source,
            },
        }
    }
}

impl std::error::Error for Error {
    /// The cause of the system's error. That error itself is in the text of `Display`.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.io_error().and_then(std::error::Error::source)
    }
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_names_operation_and_path() {
        let error = Error::os(
            "open",
            Some("x/y.txt".as_ref()),
            io::Error::from_raw_os_error(2),
        );
        assert_eq!(
            error.to_string(),
            format!(
                "failed to open `x/y.txt`: {}",
                io::Error::from_raw_os_error(2)
            )
        );
        assert_eq!(error.raw_os_error(), Some(2));
    }

    #[test]
    fn control_characters_are_escaped() {
        let path = Path::new("a\x1b[31m\nb");
        let error = Error::os("open", Some(path), io::Error::from_raw_os_error(2));
        assert!(error.to_string().contains(r"a\u{1b}[31m\nb"), "{error}");
    }

    /// The whole chain in one line, as anyhow's `{:#}`.
    fn chain(error: &dyn std::error::Error) -> String {
        let mut line = error.to_string();
        let mut next = error.source();
        while let Some(error) = next {
            line += &format!(": {error}");
            next = error.source();
        }
        line
    }

    #[test]
    fn chain_says_nothing_twice() {
        let system = || io::Error::from_raw_os_error(2);
        let error = Error::os("open", Some("x".as_ref()), system());
        let sentence = format!("failed to open `x`: {}", system());
        assert_eq!(chain(&error), sentence);
        assert_eq!(chain(&io::Error::from(error)), sentence);
        let error = Error::OsPair {
            op: "link",
            src: "a".into(),
            dst: "b".into(),
            source: system(),
        };
        assert_eq!(
            chain(&error),
            format!("failed to link `a` to `b`: {}", system())
        );
        // An error of a foreign stream, with a cause.
        #[derive(Debug)]
        struct Outer(io::Error);
        impl std::fmt::Display for Outer {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the stream broke")
            }
        }
        impl std::error::Error for Outer {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                Some(&self.0)
            }
        }
        let error = Error::os("read", None, io::Error::other(Outer(system())));
        assert_eq!(
            chain(&error),
            format!("failed to read: the stream broke: {}", system())
        );
    }

    #[test]
    fn io_error_becomes_an_error_and_one_inside_comes_back_out() {
        let error = Error::from(io::Error::from_raw_os_error(2));
        assert_eq!(error.raw_os_error(), Some(2));
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(error.io_error().and_then(io::Error::raw_os_error), Some(2));
        let closed = || Error::Closed {
            op: "read",
            path: None,
        };
        let back = Error::from(io::Error::from(closed()));
        assert!(matches!(back, Error::Closed { op: "read", .. }), "{back:?}");
        assert!(back.io_error().is_none());
        // The traits give the bare error if there is an errno, and the whole if not.
        let bare = Error::os("read", None, io::Error::from_raw_os_error(5)).into_bare();
        assert_eq!(bare.raw_os_error(), Some(5));
        assert!(closed().into_bare().downcast::<Error>().is_ok());
    }

    #[test]
    fn io_error_round_trip_keeps_kind_and_value() {
        let io = io::Error::from(Error::Closed {
            op: "read",
            path: None,
        });
        assert_eq!(io.kind(), io::ErrorKind::InvalidInput);
        let back = io.downcast::<Error>().expect("the same value");
        assert!(matches!(
            back,
            Error::Closed {
                op: "read",
                path: None
            }
        ));
    }

    #[test]
    fn error_is_send_sync_static() {
        fn check<T: Send + Sync + 'static>() {}
        check::<Error>();
    }
}
