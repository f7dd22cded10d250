//! `iso-2022-jp`: ASCII until an escape sequence selects another character set.
//!
//! The escapes are interpreted here, and the bytes between them go to encoding_rs. So the
//! state is a plain value. And an escape may follow another one directly, as in Python;
//! the WHATWG standard forbids it, but two writes that each end in ASCII give such a pair
//! where they meet.

use encoding_rs::ISO_2022_JP;
use memchr::memchr;

use super::decode::Fault;
use super::legacy;

const ESCAPE: u8 = 0x1b;
const BAD: &str = "illegal multibyte sequence";

/// The character set that the latest escape sequence selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum JisMode {
    Ascii,
    /// ASCII with `¥` and `‾`.
    Roman,
    /// Half width, one byte each.
    Katakana,
    /// JIS X 0208, two bytes each.
    Kanji,
}

impl JisMode {
    pub(super) const ALL: [Self; 4] = [Self::Ascii, Self::Roman, Self::Katakana, Self::Kanji];

    fn from_escape(escape: &[u8]) -> Option<Self> {
        match escape {
            b"\x1b(B" => Some(Self::Ascii),
            b"\x1b(J" => Some(Self::Roman),
            b"\x1b(I" => Some(Self::Katakana),
            b"\x1b$@" | b"\x1b$B" => Some(Self::Kanji),
            _ => None,
        }
    }

    fn escape(self) -> &'static [u8] {
        match self {
            Self::Ascii => b"\x1b(B",
            Self::Roman => b"\x1b(J",
            Self::Katakana => b"\x1b(I",
            Self::Kanji => b"\x1b$B",
        }
    }

    /// Makes a decoder that has just read the escape of this mode.
    fn decoder(self) -> encoding_rs::Decoder {
        let mut decoder = ISO_2022_JP.new_decoder_without_bom_handling();
        let mut nothing = [0; 16];
        let (_, _, written) =
            decoder.decode_to_utf8_without_replacement(self.escape(), &mut nothing, false);
        debug_assert_eq!(written, 0, "an escape is no text");
        decoder
    }
}

pub(super) fn iso_2022_jp(src: &[u8], mode: &mut JisMode, dst: &mut String) -> Result<(), Fault> {
    let mut at = 0;
    while at < src.len() {
        let rest = &src[at..];
        let len = memchr(ESCAPE, rest).unwrap_or(rest.len());
        if len > 0 {
            legacy::decode_with(mode.decoder(), BAD, &rest[..len], dst).map_err(|fault| Fault {
                at: at + fault.at,
                // Half a character before an escape cannot be completed.
                truncated: fault.truncated && len == rest.len(),
                reason: if len == rest.len() { fault.reason } else { BAD },
                ..fault
            })?;
            at += len;
            continue;
        }
        match rest.get(..3) {
            Some(escape) => {
                *mode = JisMode::from_escape(escape).ok_or(Fault::bad(at, 1, BAD))?;
                at += 3;
            }
            None if matches!(rest, [_] | [_, b'$' | b'(']) => {
                // At the end of the stream only the escape byte is bad; the bytes after
                // it are text.
                return Err(Fault::truncated(at, 1, "incomplete multibyte sequence"));
            }
            None => return Err(Fault::bad(at, 1, BAD)),
        }
    }
    Ok(())
}
