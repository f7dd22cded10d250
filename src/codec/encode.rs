//! Text to bytes. Each call is independent: no state is kept between two calls.

use std::fmt::Write as _;

use super::other::Shifting;
use super::{ByteOrder, Codec, Encoding, ErrorPolicy, bulk};

/// How many bytes of text are converted to UTF-16 at a time, in a buffer on the stack.
const UNITS: usize = 1024;

/// A character that has no bytes in the encoding, under `Strict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EncodeError {
    /// The index of the character in the text of that call, counted in characters.
    pub(crate) index: usize,
    pub(crate) character: char,
}

/// An encoder, cheap to make.
///
/// Each call returns to ASCII at the end of an `iso-2022-jp` text; Python stays shifted
/// until the stream ends. So the bytes of one call can be read alone, which costs one
/// escape sequence per call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encoder {
    codec: Codec,
    policy: ErrorPolicy,
}

impl Encoder {
    pub(crate) fn new(encoding: &Encoding, policy: ErrorPolicy) -> Self {
        Self {
            codec: encoding.codec,
            policy,
        }
    }

    /// Appends `text` to `dst`, encoded; on an error `dst` is as it was.
    ///
    /// `bom` says that the text goes to the start of the stream: then `utf-8-sig`,
    /// `utf-16` and `utf-32` put their mark before it, even if the text is empty.
    pub(crate) fn encode(
        &self,
        text: &str,
        bom: bool,
        dst: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let before = dst.len();
        if bom {
            dst.extend_from_slice(self.codec.bom());
        }
        self.run(text, dst).map_err(|at| {
            dst.truncate(before);
            EncodeError::at(text, at)
        })
    }

    /// As [`encode`](Self::encode), for a text that comes in pieces: the bytes of all
    /// pieces together are those of the whole text.
    pub(crate) fn pieces(&self, bom: bool) -> Pieces {
        let shifts = match self.codec {
            Codec::Other(other) => other.shifting(),
            _ => None,
        };
        Pieces {
            encoder: *self,
            bom,
            shifts,
        }
    }

    /// Encodes without a mark; `Err` is the byte offset of the bad character.
    fn run(&self, text: &str, dst: &mut Vec<u8>) -> Result<(), usize> {
        match self.codec {
            Codec::Utf8 | Codec::Utf8Sig => dst.extend_from_slice(text.as_bytes()),
            Codec::Utf16Le => utf16(text, u16::to_le_bytes, dst),
            Codec::Utf16Be => utf16(text, u16::to_be_bytes, dst),
            Codec::Utf16 => match ByteOrder::NATIVE {
                ByteOrder::Little => utf16(text, u16::to_le_bytes, dst),
                ByteOrder::Big => utf16(text, u16::to_be_bytes, dst),
            },
            Codec::Utf32Le => utf32(text, u32::to_le_bytes, dst),
            Codec::Utf32Be => utf32(text, u32::to_be_bytes, dst),
            Codec::Utf32 => match ByteOrder::NATIVE {
                ByteOrder::Little => utf32(text, u32::to_le_bytes, dst),
                ByteOrder::Big => utf32(text, u32::to_be_bytes, dst),
            },
            Codec::Latin1 => return self.narrow(text, bulk::latin1_up_to, dst),
            Codec::Ascii => {
                let up_to = |s: &str| bulk::ascii_up_to(s.as_bytes());
                return self.narrow(text, up_to, dst);
            }
            Codec::Other(other) => {
                return other.encode(text, |c, to| self.stand_in(c, to), dst);
            }
        }
        Ok(())
    }

    /// Encodes to one byte per character. `up_to` returns the offset of the first
    /// character that has no byte.
    fn narrow(
        &self,
        text: &str,
        up_to: impl Fn(&str) -> usize,
        dst: &mut Vec<u8>,
    ) -> Result<(), usize> {
        let mut instead = String::new();
        let mut at = 0;
        loop {
            let rest = &text[at..];
            let good = up_to(rest);
            bulk::text_to_latin1(&rest[..good], dst);
            at += good;
            if at == text.len() {
                return Ok(());
            }
            let c = first_char(&text[at..]);
            instead.clear();
            if !self.stand_in(c, &mut instead) {
                return Err(at);
            }
            dst.extend_from_slice(instead.as_bytes());
            at += c.len_utf8();
        }
    }

    /// Appends to `to` what the policy writes instead of `c`, which is printable ASCII and
    /// so can be encoded in every encoding. Returns `false` under `Strict`.
    fn stand_in(&self, c: char, to: &mut String) -> bool {
        let code = u32::from(c);
        match self.policy {
            ErrorPolicy::Strict => return false,
            ErrorPolicy::Ignore => Ok(()),
            ErrorPolicy::Replace => to.write_char('?'),
            ErrorPolicy::BackslashReplace => match code {
                0..=0xff => write!(to, "\\x{code:02x}"),
                0x100..=0xffff => write!(to, "\\u{code:04x}"),
                _ => write!(to, "\\U{code:08x}"),
            },
            ErrorPolicy::XmlCharRefReplace => write!(to, "&#{code};"),
        }
        .expect("a String takes any text");
        true
    }
}

/// An encoder for a text that comes in pieces.
pub(crate) struct Pieces {
    encoder: Encoder,
    /// Whether the mark must still be written.
    bom: bool,
    /// The state of `iso-2022-jp`, the only encoding with a state between characters.
    shifts: Option<Shifting>,
}

impl Pieces {
    /// Appends the next piece to `dst`, encoded. It must not be called after an error.
    pub(crate) fn encode(
        &mut self,
        text: &str,
        last: bool,
        dst: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let bom = std::mem::take(&mut self.bom);
        let Some(shifts) = &mut self.shifts else {
            return self.encoder.encode(text, bom, dst);
        };
        let stand_in = |c, to: &mut String| self.encoder.stand_in(c, to);
        let encoded = shifts.encode(text, last, stand_in, dst);
        encoded.map_err(|at| EncodeError::at(text, at))
    }
}

impl EncodeError {
    /// The error for the character at the byte offset `at` of `text`.
    fn at(text: &str, at: usize) -> Self {
        Self {
            index: text[..at].chars().count(),
            character: first_char(&text[at..]),
        }
    }
}

fn first_char(text: &str) -> char {
    text.chars().next().expect("a bad character is there")
}

fn utf16(mut text: &str, bytes: impl Fn(u16) -> [u8; 2], dst: &mut Vec<u8>) {
    let mut units = [0; UNITS];
    while !text.is_empty() {
        let mut len = text.len().min(UNITS);
        while !text.is_char_boundary(len) {
            len -= 1;
        }
        let (now, later) = text.split_at(len);
        let count = bulk::text_to_utf16(now, &mut units);
        let before = dst.len();
        dst.resize(before + 2 * count, 0);
        for (to, &unit) in dst[before..].chunks_exact_mut(2).zip(&units) {
            to.copy_from_slice(&bytes(unit));
        }
        text = later;
    }
}

fn utf32(text: &str, bytes: impl Fn(u32) -> [u8; 4], dst: &mut Vec<u8>) {
    for c in text.chars() {
        dst.extend_from_slice(&bytes(c.into()));
    }
}
