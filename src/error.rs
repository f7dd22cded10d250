//! The one error type: it names the operation and the path, and keeps the
//! [`io::ErrorKind`] and the errno of what the system said.
//!
//! Python raises `OSError`, `ValueError`, `UnicodeError` or
//! `io.UnsupportedOperation`; each of them is a variant (or a few) here.

use std::fmt::{self, Write as _};
use std::io;
use std::path::{Path, PathBuf};

/// The result of every fallible call of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an operation failed.
///
/// `Display` is a sentence that names the operation and, where there is one,
/// the path; control characters in a path are escaped. [`kind`](Error::kind)
/// maps every variant to the nearest [`io::ErrorKind`], and the conversion into
/// [`io::Error`] keeps that kind and gives this value back by `downcast`.
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
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system (or a [`RawIo`](crate::RawIo)) refused an operation.
    #[error("failed to {op}{}: {source}", AtPath(.path.as_deref()))]
    Os {
        /// The operation, as a verb: `open`, `read`, `rename` ….
        op: &'static str,
        /// The path it was for; `None` for a file that has none.
        path: Option<PathBuf>,
        /// What the system said, with its errno.
        source: io::Error,
    },
    /// The operating system refused an operation that has two paths.
    #[error("failed to {op} `{}` to `{}`: {source}", Escaped(.src), Escaped(.dst))]
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
    #[error("invalid mode `{}`: {reason}", Escaped(Path::new(.mode)))]
    InvalidMode {
        /// The mode as given.
        mode: String,
        /// What is wrong with it, and what to do.
        reason: &'static str,
    },
    /// An argument no call could succeed with. Nothing was done.
    #[error("cannot {op}{}: {reason}", AtPath(.path.as_deref()))]
    InvalidArgument {
        /// The operation, as a verb.
        op: &'static str,
        /// The path it was for; `None` where there is none.
        path: Option<PathBuf>,
        /// What is wrong with the argument.
        reason: String,
    },
    /// No encoding has this label. Nothing was opened or created.
    #[error("unknown encoding `{}`", Escaped(Path::new(.label)))]
    UnknownEncoding {
        /// The label as given.
        label: String,
    },
    /// Bytes that are not text in the encoding of the file.
    #[error(
        "failed to decode{} as {encoding}: {reason} at byte {offset} ({})",
        AtPath(.path.as_deref()),
        Hex(.bytes)
    )]
    Decode {
        /// The name of the encoding.
        encoding: String,
        /// Where the offending bytes begin, counted in bytes from the start of
        /// the file (of the stream, where it cannot seek).
        offset: u64,
        /// The offending bytes.
        bytes: Vec<u8>,
        /// Why they cannot be decoded.
        reason: &'static str,
        /// The path of the file, where it has one.
        path: Option<PathBuf>,
    },
    /// A character that the encoding of the file cannot express. Nothing of
    /// that write was stored.
    #[error(
        "failed to encode{} as {encoding}: character {character:?} at index {index} cannot be expressed",
        AtPath(.path.as_deref())
    )]
    Encode {
        /// The name of the encoding.
        encoding: String,
        /// The first character that cannot be encoded.
        character: char,
        /// Its index in the text given, counted in characters.
        index: usize,
        /// The path of the file, where it has one.
        path: Option<PathBuf>,
    },
    /// The file cannot do this: it was opened for the other direction, cannot
    /// seek, or the platform lacks the operation.
    #[error("cannot {op}{}: {reason}", AtPath(.path.as_deref()))]
    Unsupported {
        /// The operation, as a verb.
        op: &'static str,
        /// The path of the file, where it has one.
        path: Option<PathBuf>,
        /// Why it is not supported.
        reason: &'static str,
    },
    /// The file was closed before.
    #[error("cannot {op}{}: the file is closed", AtPath(.path.as_deref()))]
    Closed {
        /// The operation, as a verb.
        op: &'static str,
        /// The path of the file, where it has one.
        path: Option<PathBuf>,
    },
    /// A line went past the limit set with `max_len`.
    #[error("a line of{} is longer than {limit} bytes", AtPath(.path.as_deref()))]
    LineTooLong {
        /// The limit, in bytes.
        limit: usize,
        /// The path of the file, where it has one.
        path: Option<PathBuf>,
    },
    /// There is no executor to run the blocking call on.
    #[error(
        "cannot {op}: there is no tokio runtime here and no default executor; \
         pass `.executor(..)`, call `aiofiles::executor::set_default(..)`, or run inside a tokio runtime"
    )]
    NoRuntime {
        /// The operation, as a verb.
        op: &'static str,
    },
    /// The executor refused the job, or dropped it without running it. The
    /// operation was not done; a file has all its state and can be used again: where
    /// the tokio runtime that it was on by default is gone, on that of the next call.
    #[error(
        "cannot {op}{}: the executor is gone or refused the job; if it was a tokio runtime \
         that has ended, run this inside of another one, or pass `.executor(..)`",
        AtPath(.path.as_deref())
    )]
    ExecutorGone {
        /// The operation, as a verb.
        op: &'static str,
        /// The path it was for; `None` where there is none.
        path: Option<PathBuf>,
    },
    /// The job panicked. A file stays usable.
    #[error("the job to {op}{} panicked: {message}", AtPath(.path.as_deref()))]
    Panicked {
        /// The operation, as a verb.
        op: &'static str,
        /// The path it was for; `None` where there is none.
        path: Option<PathBuf>,
        /// The panic's message, empty where it was no string.
        message: String,
    },
}

impl Error {
    /// Returns the nearest [`io::ErrorKind`].
    ///
    /// That of the system for [`Os`](Error::Os) and [`OsPair`](Error::OsPair);
    /// `InvalidInput` for a bad mode, argument or label and for a closed file
    /// (Python's `ValueError`); `InvalidData` for text errors and for a line
    /// that is too long; `Unsupported`; `Other` for what an executor did.
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

    /// Returns the errno, where the error is the system's.
    #[must_use]
    pub fn raw_os_error(&self) -> Option<i32> {
        match self {
            Self::Os { source, .. } | Self::OsPair { source, .. } => source.raw_os_error(),
            _ => None,
        }
    }

    /// Returns the path that the operation was for (the first of two).
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::OsPair { src, .. } => Some(src),
            Self::Os { path, .. }
            | Self::InvalidArgument { path, .. }
            | Self::Decode { path, .. }
            | Self::Encode { path, .. }
            | Self::Unsupported { path, .. }
            | Self::Closed { path, .. }
            | Self::LineTooLong { path, .. }
            | Self::ExecutorGone { path, .. }
            | Self::Panicked { path, .. } => path.as_deref(),
            Self::InvalidMode { .. } | Self::UnknownEncoding { .. } | Self::NoRuntime { .. } => {
                None
            }
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

    /// The same error of a bad argument, with the path it was about to be used for.
    pub(crate) fn about(self, path: &Path) -> Self {
        match self {
            Self::InvalidArgument {
                op,
                path: None,
                reason,
            } => Self::InvalidArgument {
                op,
                path: Some(path.to_owned()),
                reason,
            },
            other => other,
        }
    }

    /// An error of a system call or a `RawIo`, with what was being done. An
    /// error of this crate that came through `io::Error` is given back as it was,
    /// and a bare `Unsupported` (no errno) becomes [`Error::Unsupported`].
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

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

/// `` `path`` in backquotes after a blank, or nothing.
struct AtPath<'a>(Option<&'a Path>);

impl fmt::Display for AtPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(path) => write!(f, " `{}`", Escaped(path)),
            None => Ok(()),
        }
    }
}

/// A path with its control characters escaped, so that a file name cannot
/// drive the terminal an error is printed on.
struct Escaped<'a>(&'a Path);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.to_string_lossy().chars() {
            if c.is_control() {
                write!(f, "{}", c.escape_default())?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

/// Bytes as hexadecimal pairs, `c3 28`, cut after eight.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().take(8).enumerate() {
            write!(f, "{}{byte:02x}", if i == 0 { "" } else { " " })?;
        }
        if self.0.len() > 8 {
            f.write_str(" …")
        } else {
            Ok(())
        }
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
            "failed to open `x/y.txt`: No such file or directory (os error 2)"
        );
        assert_eq!(error.raw_os_error(), Some(2));
    }

    #[test]
    fn control_characters_are_escaped() {
        let path = Path::new("a\x1b[31m\nb");
        let error = Error::os("open", Some(path), io::Error::from_raw_os_error(2));
        assert!(error.to_string().contains(r"a\u{1b}[31m\nb"), "{error}");
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
