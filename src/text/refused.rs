//! Keywords that say nothing, told by each operation.

use crate::error::{Error, Result};

/// What the operations of a reader or writer are called that no keyword can be for.
const OP: &str = "read or write text";

/// What was wrong with a keyword. An error itself can be told but once.
#[derive(Debug)]
pub(super) enum Refused {
    Encoding(String),
    Argument(String),
}

impl Refused {
    /// Sets a keyword, or keeps what is wrong with it; the first that is wrong counts.
    pub(super) fn keep<T>(refused: &mut Option<Self>, value: Result<T>, keyword: &mut T) {
        match value {
            Ok(value) => *keyword = value,
            Err(Error::UnknownEncoding { label, .. }) => {
                refused.get_or_insert(Self::Encoding(label));
            }
            Err(Error::InvalidArgument { reason, .. }) => {
                refused.get_or_insert(Self::Argument(reason));
            }
            // What a conversion of the caller's says.
            Err(other) => {
                refused.get_or_insert(Self::Argument(other.to_string()));
            }
        }
    }

    /// Fails with what was wrong, if anything was.
    pub(super) fn check(refused: Option<&Self>) -> Result<()> {
        refused.map_or(Ok(()), |refused| Err(refused.error()))
    }

    pub(super) fn error(&self) -> Error {
        match self {
            Self::Encoding(label) => Error::UnknownEncoding {
                op: OP,
                path: None,
                label: label.clone(),
            },
            Self::Argument(reason) => bad_argument(reason.clone()),
        }
    }
}

/// The size of a buffer.
pub(super) fn check_size(size: usize) -> Result<usize> {
    if size > 0 {
        return Ok(size);
    }
    let reason = "text needs a buffer: its size cannot be 0";
    Err(bad_argument(reason.to_owned()))
}

fn bad_argument(reason: String) -> Error {
    Error::InvalidArgument {
        op: OP,
        path: None,
        reason,
    }
}
