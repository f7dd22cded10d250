//! Invalid keywords, which make each operation fail.

use crate::error::{Error, Result};

/// The name of the operation in these errors: the keyword was set before any operation.
const OP: &str = "read or write text";

/// What is wrong with a keyword. Each operation makes a new error of it, as an `Error`
/// cannot be cloned.
#[derive(Debug)]
pub(super) enum Refused {
    Encoding(String),
    Argument(String),
}

impl Refused {
    /// Sets a keyword, or if its value is an error, keeps that. The first error counts.
    pub(super) fn keep<T>(refused: &mut Option<Self>, value: Result<T>, keyword: &mut T) {
        match value {
            Ok(value) => *keyword = value,
            Err(Error::UnknownEncoding { label, .. }) => {
                refused.get_or_insert(Self::Encoding(label));
            }
            Err(Error::InvalidArgument { reason, .. }) => {
                refused.get_or_insert(Self::Argument(reason));
            }
            // An error from a conversion of the caller.
            Err(other) => {
                refused.get_or_insert(Self::Argument(other.to_string()));
            }
        }
    }

    /// Fails if a keyword was wrong.
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

/// Checks the size of a buffer.
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
