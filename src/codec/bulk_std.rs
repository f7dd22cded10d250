//! The functions of `bulk.rs`, written with std alone: for builds without encoding_rs.

/// The number of bytes before the first one that is not ASCII.
pub(super) fn ascii_up_to(src: &[u8]) -> usize {
    let beyond = src.iter().position(|byte| !byte.is_ascii());
    beyond.unwrap_or(src.len())
}

/// The number of bytes of `text` before the first character that is not in Latin-1.
pub(super) fn latin1_up_to(text: &str) -> usize {
    text.find(|c| c > '\u{ff}').unwrap_or(text.len())
}

pub(super) fn latin1_to_text(src: &[u8], dst: &mut String) {
    dst.extend(src.iter().map(|&byte| char::from(byte)));
}

/// Appends the bytes of a text that has only characters of Latin-1.
pub(super) fn text_to_latin1(text: &str, dst: &mut Vec<u8>) {
    dst.extend(text.chars().map(|c| u32::from(c) as u8));
}

/// Writes the text to `units`, which must have a unit for each byte of `text`, and returns
/// the number of units written.
pub(super) fn text_to_utf16(text: &str, units: &mut [u16]) -> usize {
    let encoded = units.iter_mut().zip(text.encode_utf16());
    encoded.map(|(to, unit)| *to = unit).count()
}

/// Decodes a piece of UTF-16 that is not ASCII; it needs no buffers here.
pub(super) struct Wide;

impl Wide {
    pub(super) fn new(_most: usize) -> Self {
        Self
    }

    /// Appends the text of the units before the first unpaired surrogate, and returns the
    /// number of those units.
    pub(super) fn push(&mut self, units: impl Iterator<Item = u16>, dst: &mut String) -> usize {
        let chars = char::decode_utf16(units).map_while(Result::ok);
        chars.fold(0, |count, c| {
            dst.push(c);
            count + c.len_utf16()
        })
    }
}
