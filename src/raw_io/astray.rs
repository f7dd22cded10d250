//! Positional calls on a stream that has nothing but its cursor, and what becomes
//! of the cursor if it cannot be brought back.

use std::fmt;
use std::io::{self, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::RawIo;
use crate::foreign::{catch, discard};
use crate::sys::retry;

/// The cursor is not where it was before a positional call; what that call failed
/// with. Comes in an [`io::Error`] of the same kind.
#[derive(Debug)]
pub(crate) struct Astray {
    /// Where the cursor was, in bytes from the start.
    pub(crate) back: u64,
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

/// Makes a call at `offset`, with a stream that has nothing but its cursor.
pub(super) fn there_and_back<R: RawIo + ?Sized>(
    raw: &mut R,
    offset: u64,
    mut call: impl FnMut(&mut R) -> io::Result<usize>,
) -> io::Result<usize> {
    let back = retry(|| raw.seek(SeekFrom::Current(0)))?;
    retry(|| raw.seek(SeekFrom::Start(offset)))?;
    // Interruptions end here: the cursor is not where it was, so the caller must
    // not begin again. Nor must a panic leave it here; its payload goes on below.
    let result = catch_unwind(AssertUnwindSafe(|| retry(|| call(raw))));
    let returned = catch(|| retry(|| raw.seek(SeekFrom::Start(back))));
    let source = match (result, returned) {
        (Ok(result), Ok(Ok(_))) => return result,
        (Err(panic), Ok(Ok(_))) => resume_unwind(panic),
        (Ok(Err(error)), _) => error,
        // Where the cursor is must be told, even if the drop of a payload panics.
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
