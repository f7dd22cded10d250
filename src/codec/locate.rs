//! From a count of characters back to a place in the bytes.

use super::{Decoder, DecoderState, Encoding, ErrorPolicy};

/// Where a character begins: the place where a decoder must resume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// The byte offset at which to resume …
    pub(crate) bytes: usize,
    /// … the state in which to resume …
    pub(crate) state: DecoderState,
    /// … and the number of decoded characters to drop then. It is not 0 only in the middle
    /// of several characters that one sequence of bytes stands for.
    pub(crate) skip: usize,
}

/// A first guess decodes as many bytes as characters are left, and so many more.
const STEP: usize = 16;

/// Finds where the character with the index `chars` begins in `src`, when `src` is decoded
/// from `state`. If several places fit, it is the first of them.
///
/// If `src` has fewer characters, the result is the end of what can be decoded: the end of
/// `src`, or the start of an incomplete character there (unless `last`), or the start of
/// the first bad bytes that the policy does not accept.
pub(crate) fn locate(
    encoding: &Encoding,
    policy: ErrorPolicy,
    state: DecoderState,
    src: &[u8],
    last: bool,
    chars: usize,
) -> Position {
    let mut found = Position {
        bytes: 0,
        state,
        skip: 0,
    };
    let mut left = chars;
    let mut text = String::new();
    // Bytes from here on cannot be decoded.
    let mut end = src.len();
    // Counted from `found`: this many bytes are known to be too few for one character …
    let mut too_few = 0;
    // … and this many are known to hold all the characters that are left.
    let mut enough: Option<usize> = None;
    while left > 0 && found.bytes < end {
        let all = end - found.bytes;
        // Go in steps, so that bytes far after the place are never decoded.
        let step = || (left + STEP).max(2 * too_few).min(all);
        let len = enough.map_or_else(step, |enough| too_few + (enough - too_few).div_ceil(2));
        // The interval cannot be halved further: these bytes give several characters at
        // once.
        let indivisible = enough.is_some_and(|enough| enough - too_few == 1);
        let upto = found.bytes + len;
        let mut decoder = Decoder::new(encoding, policy, found.state);
        text.clear();
        let used = match decoder.decode(
            &src[found.bytes..upto],
            last && upto == src.len(),
            &mut text,
        ) {
            Ok(used) => used,
            Err(error) => {
                end = found.bytes + error.at;
                continue;
            }
        };
        let count = text.chars().count();
        if count > left && indivisible {
            found.skip = left;
            break;
        } else if count >= left && !indivisible {
            enough = Some(len);
        } else if used > 0 {
            found.bytes += used;
            found.state = decoder.state();
            left -= count;
            too_few = 0;
            enough = enough.and_then(|enough| (enough > used).then(|| enough - used));
        } else if enough.is_some() || len < all {
            too_few = len;
        } else {
            break;
        }
    }
    found
}
