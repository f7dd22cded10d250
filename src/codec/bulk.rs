//! Fast conversions of long texts, by the vector code of encoding_rs. `bulk_std.rs` has
//! the same functions for builds without encoding_rs.

use encoding_rs::{Encoding, mem};

/// How many units are converted at a time, in a buffer on the stack.
const UNITS: usize = 1024;

/// The number of bytes before the first one that is not ASCII.
pub(super) fn ascii_up_to(src: &[u8]) -> usize {
    Encoding::ascii_valid_up_to(src)
}

/// The number of bytes of `text` before the first character that is not in Latin-1.
pub(super) fn latin1_up_to(text: &str) -> usize {
    mem::str_latin1_up_to(text)
}

pub(super) fn latin1_to_text(mut src: &[u8], dst: &mut String) {
    dst.reserve(src.len());
    let mut buffer = [0; 2 * UNITS];
    let text = std::str::from_utf8_mut(&mut buffer).expect("zeros are text");
    while !src.is_empty() {
        let (read, written) = mem::convert_latin1_to_str_partial(src, text);
        dst.push_str(&text[..written]);
        src = &src[read..];
    }
}

/// Appends the bytes of a text that has only characters of Latin-1.
pub(super) fn text_to_latin1(text: &str, dst: &mut Vec<u8>) {
    let len = dst.len();
    dst.resize(len + text.len(), 0);
    let written = mem::convert_utf8_to_latin1_lossy(text.as_bytes(), &mut dst[len..]);
    dst.truncate(len + written);
}

/// Writes the text to `units`, which must have a unit for each byte of `text`, and returns
/// the number of units written.
pub(super) fn text_to_utf16(text: &str, units: &mut [u16]) -> usize {
    mem::convert_str_to_utf16(text, units)
}

/// Buffers for a piece of UTF-16 that is not ASCII, and for its text.
pub(super) struct Wide {
    units: Vec<u16>,
    /// It has three bytes for each unit, which is always enough.
    text: String,
}

impl Wide {
    /// Makes the buffers for pieces of at most `most` units.
    pub(super) fn new(most: usize) -> Self {
        Self {
            units: Vec::with_capacity(most),
            text: "\0".repeat(3 * most),
        }
    }

    /// Appends the text of the units before the first unpaired surrogate, and returns the
    /// number of those units.
    pub(super) fn push(&mut self, units: impl Iterator<Item = u16>, dst: &mut String) -> usize {
        self.units.clear();
        self.units.extend(units);
        let good = mem::utf16_valid_up_to(&self.units);
        let written = mem::convert_utf16_to_str(&self.units[..good], &mut self.text);
        dst.push_str(&self.text[..written]);
        good
    }
}
