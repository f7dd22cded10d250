//! The encodings of encoding_rs, except for those that this crate implements itself.

use encoding_rs::ISO_2022_JP;

use super::Codec;
use super::decode::Fault;
pub(super) use super::jis::JisMode as Shift;
use super::{jis, legacy};

/// An encoding of encoding_rs. It is never one that this crate implements itself, and
/// never the `replacement` of the WHATWG standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Other {
    /// The only encoding with a state that can change in the middle of the stream.
    Iso2022Jp,
    Legacy(&'static encoding_rs::Encoding),
}

impl Other {
    /// Returns the encoding to which the WHATWG standard gives this label, unless that is
    /// `replacement`, which decodes every file to one U+FFFD.
    pub(super) fn for_label(label: &str) -> Option<Codec> {
        let found = encoding_rs::Encoding::for_label_no_replacement(label.as_bytes())?;
        Some(if found == encoding_rs::UTF_8 {
            Codec::Utf8
        } else if found == encoding_rs::UTF_16LE {
            Codec::Utf16Le
        } else if found == encoding_rs::UTF_16BE {
            Codec::Utf16Be
        } else if found == ISO_2022_JP {
            Codec::Other(Self::Iso2022Jp)
        } else {
            Codec::Other(Self::Legacy(found))
        })
    }

    pub(super) fn name(self) -> &'static str {
        self.encoding().name()
    }

    fn encoding(self) -> &'static encoding_rs::Encoding {
        match self {
            Self::Iso2022Jp => ISO_2022_JP,
            Self::Legacy(encoding) => encoding,
        }
    }

    pub(super) fn is_single_byte(self) -> bool {
        self.encoding().is_single_byte()
    }

    /// Appends text until `src` ends or a fault is met. `shift` is the character set that
    /// the last escape sequence has selected, if any.
    pub(super) fn decode(
        self,
        src: &[u8],
        shift: &mut Option<Shift>,
        dst: &mut String,
    ) -> Result<(), Fault> {
        match self {
            Self::Iso2022Jp => {
                let mut selected = shift.unwrap_or(Shift::Ascii);
                let result = jis::iso_2022_jp(src, &mut selected, dst);
                // ASCII is always `None`, so that equal states compare equal.
                *shift = Some(selected).filter(|selected| *selected != Shift::Ascii);
                result
            }
            Self::Legacy(encoding) => legacy::decode(encoding, src, dst),
        }
    }

    /// Appends `text`, encoded; see [`legacy::encode`].
    pub(super) fn encode(
        self,
        text: &str,
        stand_in: impl FnMut(char, &mut String) -> bool,
        dst: &mut Vec<u8>,
    ) -> Result<(), usize> {
        legacy::encode(self.encoding(), text, stand_in, dst)
    }

    /// Returns an encoder for a text in pieces, if the encoding has a state between
    /// characters.
    pub(super) fn shifting(self) -> Option<Shifting> {
        match self {
            Self::Iso2022Jp => Some(Shifting(ISO_2022_JP.new_encoder())),
            Self::Legacy(_) => None,
        }
    }
}

/// An encoder that keeps its shift state between two pieces of a text.
pub(super) struct Shifting(encoding_rs::Encoder);

impl Shifting {
    /// Appends the next piece, encoded. After the `last` piece it is back in ASCII.
    pub(super) fn encode(
        &mut self,
        text: &str,
        last: bool,
        stand_in: impl FnMut(char, &mut String) -> bool,
        dst: &mut Vec<u8>,
    ) -> Result<(), usize> {
        legacy::encode_with(&mut self.0, text, last, stand_in, dst)
    }
}
