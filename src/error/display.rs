//! The sentences of the errors.

use std::fmt::{self, Write as _};
use std::path::Path;

use super::Error;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = AtPath(match self {
            Self::OsPair { .. } => None,
            other => other.path(),
        });
        match self {
            Self::Os { op, source, .. } => write!(f, "failed to {op}{path}: {source}"),
            Self::OsPair {
                op,
                src,
                dst,
                source,
            } => {
                let (src, dst) = (Escaped(src), Escaped(dst));
                write!(f, "failed to {op} `{src}` to `{dst}`: {source}")
            }
            Self::InvalidMode {
                op, mode, reason, ..
            } => {
                let mode = Escaped(Path::new(mode));
                write!(f, "cannot {op}{path}: invalid mode `{mode}`: {reason}")
            }
            Self::InvalidArgument { op, reason, .. } => write!(f, "cannot {op}{path}: {reason}"),
            Self::UnknownEncoding { op, label, .. } => {
                let label = Escaped(Path::new(label));
                write!(f, "cannot {op}{path}: unknown encoding `{label}`")
            }
            Self::Decode {
                encoding,
                offset,
                bytes,
                reason,
                ..
            } => write!(
                f,
                "failed to decode{path} as {encoding}: {reason} at byte {offset} ({})",
                Hex(bytes)
            ),
            Self::Encode {
                encoding,
                character,
                index,
                ..
            } => write!(
                f,
                "failed to encode{path} as {encoding}: character {character:?} at index {index} \
                 cannot be expressed"
            ),
            Self::Unsupported { op, reason, .. } => write!(f, "cannot {op}{path}: {reason}"),
            Self::Closed { op, .. } => write!(f, "cannot {op}{path}: the file is closed"),
            Self::LineTooLong { limit, .. } => {
                write!(f, "a line of{path} is longer than {limit} bytes")
            }
            Self::NoRuntime { op, .. } => write!(
                f,
                "cannot {op}{path}: there is no tokio runtime here and no default executor; \
                 pass `.executor(..)`, call `aiofiles::executor::set_default(..)`, or run inside \
                 a tokio runtime"
            ),
            Self::ExecutorGone { op, .. } => write!(
                f,
                "cannot {op}{path}: the executor is gone or refused the job; if it was a tokio \
                 runtime that has ended, run this inside of another one, or pass `.executor(..)`"
            ),
            Self::Panicked { op, message, .. } => {
                write!(f, "the job to {op}{path} panicked: {message}")
            }
        }
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
