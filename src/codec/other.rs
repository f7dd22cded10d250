//! The encodings that encoding_rs knows besides those that are this crate's own.

use encoding_rs::ISO_2022_JP;

use super::Codec;
use super::decode::Fault;
pub(super) use super::jis::JisMode as Shift;
use super::{jis, legacy};

/// One of them; never one of the crate's own, nor WHATWG's `replacement`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Other {
    /// The only one that is still stateful behind the start of the stream.
    Iso2022Jp,
    Legacy(&'static encoding_rs::Encoding),
}

impl Other {
    /// The encoding that the WHATWG standard gives this label, unless that is
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

    /// Appends text until `src` ends or a fault is met. `shift` is what the last escape
    /// sequence has selected, if any.
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
                // ASCII has one spelling, so that equal states compare equal.
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

    /// What encodes a text by pieces, where there is a state between two characters.
    pub(super) fn shifting(self) -> Option<Shifting> {
        match self {
            Self::Iso2022Jp => Some(Shifting(ISO_2022_JP.new_encoder())),
            Self::Legacy(_) => None,
        }
    }
}

/// An encoder that knows how it is shifted.
pub(super) struct Shifting(encoding_rs::Encoder);

impl Shifting {
    /// Appends the next piece; the `last` one ends as the text began.
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
