//! The decoders of UTF-8, UTF-16, UTF-32, Latin-1 and ASCII. They convert long pieces at
//! once, and report the same faults in the same words as CPython.

use super::bulk::{self, Wide};
use super::decode::Fault;

/// How many units are converted at a time, in a buffer on the stack.
const UNITS: usize = 1024;

/// The length of an incomplete character at the end of `src` that is valid so far; 0 if
/// there is none.
pub(crate) fn utf8_tail_len(src: &[u8]) -> usize {
    for len in 1..=src.len().min(3) {
        let tail = &src[src.len() - len..];
        if tail[0] < 0x80 {
            return 0;
        }
        if tail[0] >= 0xc0 {
            let incomplete = std::str::from_utf8(tail)
                .is_err_and(|e| e.valid_up_to() == 0 && e.error_len().is_none());
            return if incomplete { len } else { 0 };
        }
    }
    0
}

/// Turns bytes that are known to be valid UTF-8 into text.
fn valid(src: &[u8]) -> &str {
    std::str::from_utf8(src).expect("the bytes were found valid")
}

pub(super) fn utf8(src: &[u8], dst: &mut String) -> Result<(), Fault> {
    // Without an incomplete character at its end, a good chunk is validated in one pass.
    let tail = utf8_tail_len(src);
    let head = src.len() - tail;
    match std::str::from_utf8(&src[..head]) {
        Ok(text) => {
            dst.push_str(text);
            if tail == 0 {
                Ok(())
            } else {
                Err(Fault::truncated(head, tail, "unexpected end of data"))
            }
        }
        Err(error) => {
            let at = error.valid_up_to();
            dst.push_str(valid(&src[..at]));
            let reason = match src[at] {
                0x80..=0xc1 | 0xf5.. => "invalid start byte",
                _ => "invalid continuation byte",
            };
            // No length means that the head ends with half a character, which the first
            // byte of the tail does not continue.
            let len = error.error_len().unwrap_or(head - at);
            Err(Fault::bad(at, len, reason))
        }
    }
}

pub(super) fn ascii(src: &[u8], dst: &mut String) -> Result<(), Fault> {
    let at = bulk::ascii_up_to(src);
    dst.push_str(valid(&src[..at]));
    if at == src.len() {
        Ok(())
    } else {
        Err(Fault::bad(at, 1, "ordinal not in range(128)"))
    }
}

pub(super) fn latin1(src: &[u8], dst: &mut String) {
    bulk::latin1_to_text(src, dst);
}

pub(super) fn utf16(
    src: &[u8],
    unit: impl Fn([u8; 2]) -> u16,
    dst: &mut String,
) -> Result<(), Fault> {
    dst.reserve(src.len() / 2);
    let mut narrow = [0; UNITS];
    let mut wide: Option<Wide> = None;
    let mut at = 0;
    loop {
        let piece = &src[at..];
        let (pairs, odd) = (piece.len() / 2, piece.len() % 2);
        let len = pairs.min(UNITS);
        let units = || piece.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        // Try ASCII first: the compiler makes vector code of this loop, which is several
        // times as fast.
        let mut seen = 0;
        for (to, unit) in narrow.iter_mut().zip(units()) {
            seen |= unit;
            *to = unit as u8;
        }
        let good = if seen < 0x80 {
            dst.push_str(valid(&narrow[..len]));
            len
        } else {
            let wide = wide.get_or_insert_with(|| Wide::new(UNITS));
            wide.push(units().take(len), dst)
        };
        at += 2 * good;
        if good < len {
            let mut rest = units().skip(good);
            if rest.next() >= Some(0xdc00) {
                return Err(Fault::bad(at, 2, "illegal encoding"));
            }
            match rest.next() {
                // The end of the buffer has split a pair; the next round has all of it.
                Some(next) if (0xdc00..0xe000).contains(&next) => {}
                Some(_) => return Err(Fault::bad(at, 2, "illegal UTF-16 surrogate")),
                None => {
                    let len = src.len() - at;
                    return Err(Fault::truncated(at, len, "unexpected end of data"));
                }
            }
        } else if len == pairs {
            return if odd == 0 {
                Ok(())
            } else {
                Err(Fault::truncated(at, 1, "truncated data"))
            };
        }
    }
}

pub(super) fn utf32(
    src: &[u8],
    unit: impl Fn([u8; 4]) -> u32,
    dst: &mut String,
) -> Result<(), Fault> {
    dst.reserve(src.len() / 4);
    let units = src.chunks_exact(4);
    let tail = units.remainder();
    for (index, bytes) in units.enumerate() {
        let code = unit([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let Some(c) = char::from_u32(code) else {
            let reason = if code > char::MAX.into() {
                "code point not in range(0x110000)"
            } else {
                "code point in surrogate code point range(0xd800, 0xe000)"
            };
            return Err(Fault::bad(4 * index, 4, reason));
        };
        dst.push(c);
    }
    if tail.is_empty() {
        Ok(())
    } else {
        let at = src.len() - tail.len();
        Err(Fault::truncated(at, tail.len(), "truncated data"))
    }
}
