//! The conversions of `bulk.rs`, by what std has.

/// How many bytes in front are ASCII.
pub(super) fn ascii_up_to(src: &[u8]) -> usize {
    let beyond = src.iter().position(|byte| !byte.is_ascii());
    beyond.unwrap_or(src.len())
}

/// How many bytes in front of `text` are of characters of Latin-1.
pub(super) fn latin1_up_to(text: &str) -> usize {
    text.find(|c| c > '\u{ff}').unwrap_or(text.len())
}

pub(super) fn latin1_to_text(src: &[u8], dst: &mut String) {
    dst.extend(src.iter().map(|&byte| char::from(byte)));
}

/// Of a text that has no other characters than those of Latin-1.
pub(super) fn text_to_latin1(text: &str, dst: &mut Vec<u8>) {
    dst.extend(text.chars().map(|c| u32::from(c) as u8));
}

/// Into `units`, which has one for each byte of `text`; tells how many they are.
pub(super) fn text_to_utf16(text: &str, units: &mut [u16]) -> usize {
    let encoded = units.iter_mut().zip(text.encode_utf16());
    encoded.map(|(to, unit)| *to = unit).count()
}

/// A piece of UTF-16 that is not ASCII.
pub(super) struct Wide;

impl Wide {
    pub(super) fn new(_most: usize) -> Self {
        Self
    }

    /// Appends the units before the first unpaired surrogate, and tells how many
    /// these are.
    pub(super) fn push(&mut self, units: impl Iterator<Item = u16>, dst: &mut String) -> usize {
        let chars = char::decode_utf16(units).map_while(Result::ok);
        chars.fold(0, |count, c| {
            dst.push(c);
            count + c.len_utf16()
        })
    }
}
