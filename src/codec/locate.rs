//! From a count of characters back to a place in the bytes.

use super::{Decoder, DecoderState, Encoding, ErrorPolicy};

/// Where a character begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// Resume a decoder at this byte …
    pub(crate) bytes: usize,
    /// … with this state …
    pub(crate) state: DecoderState,
    /// … and drop this many characters of what it gives first. Not 0 only
    /// where the bytes give several characters at once.
    pub(crate) skip: usize,
}

/// How many bytes more than characters are missing are tried at once.
const STEP: usize = 16;

/// Finds where character number `chars` of `src` begins, counted in decoded
/// characters from `state`: the earliest such place.
///
/// With fewer characters in `src` it is the end of what can be decoded: of the
/// whole of it, or before its incomplete tail (unless `last`), or before the
/// first bad bytes that the policy does not accept.
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
    // Nothing behind this can be decoded.
    let mut end = src.len();
    // From `found`, so many bytes were seen to be too few for a character …
    let mut too_few = 0;
    // … and so many to have all the characters that are left.
    let mut enough: Option<usize> = None;
    while left > 0 && found.bytes < end {
        let all = end - found.bytes;
        // What is far behind the place is not decoded: it is sought by steps.
        let step = || (left + STEP).max(2 * too_few).min(all);
        let len = enough.map_or_else(step, |enough| too_few + (enough - too_few).div_ceil(2));
        // No more can be halved: these bytes belong together.
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
