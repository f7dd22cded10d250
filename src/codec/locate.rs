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
    search(encoding, policy, state, src, last, chars).0
}

/// The same, and how many bytes were decoded for it.
fn search(
    encoding: &Encoding,
    policy: ErrorPolicy,
    state: DecoderState,
    src: &[u8],
    last: bool,
    chars: usize,
) -> (Position, usize) {
    let mut decoded = 0;
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
        // Go in steps, so that bytes far after the place are never decoded. Hardly any
        // character has less than a byte, so each step is as long as what is left, or twice
        // as long as the last if that had none.
        let step = || left.max(2 * too_few).min(all);
        let len = enough.map_or_else(step, |enough| too_few + (enough - too_few).div_ceil(2));
        // One byte less is too few: if these give more than what is left, they give several
        // characters at once.
        let indivisible = len - too_few == 1;
        let upto = found.bytes + len;
        let mut decoder = Decoder::new(encoding, policy, found.state);
        text.clear();
        decoded += len;
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
    (found, decoded)
}

#[cfg(test)]
mod tests {
    use super::super::Encoder;
    use super::*;

    // A loop of `read(1)` and `tell` pays for this each time.
    #[test]
    fn the_next_character_is_found_in_few_bytes() {
        for (label, text, most) in [
            ("ascii", "abc", 1),
            ("utf-8", "aé日\u{1f600}", 14),
            ("utf-16-le", "a日\u{1f600}", 14),
            ("utf-32-le", "a日", 14),
            ("shift_jis", "a日ｱ", 3),
            ("euc-jp", "a日本", 3),
            ("gbk", "a日本", 3),
            ("gb18030", "a日\u{1f600}", 14),
            ("big5", "a日本", 3),
            ("euc-kr", "a日本", 3),
            // With three bytes before it that select its set, or none.
            ("iso-2022-jp", "ab日本ab", 16),
        ] {
            let Ok(encoding) = Encoding::for_label(label) else {
                let all_known = cfg!(feature = "encodings");
                assert!(!all_known, "{label} is known");
                continue;
            };
            let encode = |text: &str| {
                let mut bytes = Vec::new();
                let encoder = Encoder::new(&encoding, ErrorPolicy::Strict);
                encoder.encode(text, false, &mut bytes).expect(label);
                bytes
            };
            let src = encode(text);
            let (mut at, mut state) = (0, DecoderState::START);
            for (number, _) in text.chars().enumerate() {
                // What follows may be long: it is not looked at.
                let mut rest = src[at..].to_vec();
                rest.extend(encode(&text.repeat(100)));
                let (place, decoded) =
                    search(&encoding, ErrorPolicy::Strict, state, &rest, false, 1);
                assert!(decoded <= most, "{label}, {number}: {decoded} bytes");
                (at, state) = (at + place.bytes, place.state);
                assert_eq!(place.skip, 0, "{label}, {number}");
            }
            let left = src.len() - at;
            // An escape at the end gives no character.
            assert!(
                left == 0 || (label == "iso-2022-jp" && left == 3),
                "{label}: {left}"
            );
        }
    }
}
