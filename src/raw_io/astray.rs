//! Positional calls on a stream that can only read and write at its cursor, and the error
//! if the cursor could not be moved back.

use std::fmt;
use std::io::{self, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::RawIo;
use crate::foreign::{catch, discard};
use crate::sys::retry;

/// The error of a positional call after which the cursor is not where it was. It comes
/// inside an [`io::Error`] of the same kind.
#[derive(Debug)]
pub(crate) struct Astray {
    /// The position to which the cursor must go back, in bytes from the start.
    pub(crate) back: u64,
    /// Why the call failed.
    pub(crate) source: io::Error,
}

impl fmt::Display for Astray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; the cursor has moved", self.source)
    }
}

impl std::error::Error for Astray {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// Calls `call` with the cursor at `offset`, and moves the cursor back.
pub(super) fn there_and_back<R: RawIo + ?Sized>(
    raw: &mut R,
    offset: u64,
    mut call: impl FnMut(&mut R) -> io::Result<usize>,
) -> io::Result<usize> {
    let back = retry(|| raw.seek(SeekFrom::Current(0)))?;
    retry(|| raw.seek(SeekFrom::Start(offset)))?;
    // From here on the cursor is elsewhere. So interruptions are retried here: the caller
    // must not start again, as it would take the wrong cursor for the right one. And a
    // panic is caught, so that the cursor moves back first; it goes on below.
    let result = catch_unwind(AssertUnwindSafe(|| retry(|| call(raw))));
    let returned = catch(|| retry(|| raw.seek(SeekFrom::Start(back))));
    let source = match (result, returned) {
        (Ok(result), Ok(Ok(_))) => return result,
        (Err(panic), Ok(Ok(_))) => resume_unwind(panic),
        (Ok(Err(error)), _) => error,
        // The cursor could not be moved back, and that must be reported, even if the drop
        // of a panic's payload panics.
        (result, Ok(Err(error))) => {
            discard(result);
            error
        }
        (result, Err(_)) => {
            discard(result);
            io::Error::other("the stream panicked in a seek")
        }
    };
    Err(io::Error::new(source.kind(), Astray { back, source }))
}
