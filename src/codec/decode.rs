//! Bytes to text, a chunk at a time.
//!
//! Each codec is a function that appends good text until it meets a [`Fault`]. What
//! happens at a fault is decided in this file alone. No codec keeps bytes: an incomplete
//! character at the end of a chunk stays with the caller, who passes it again together
//! with the next bytes. So a [`DecoderState`] of one byte is all that is needed to resume
//! at a position.

use std::fmt::Write as _;

use super::other::Shift;
use super::{ByteOrder, Codec, Encoding, ErrorPolicy, unicode};

const NO_BOM: &str = "Stream does not start with BOM";
const XML_DECODES_NOTHING: &str =
    "invalid bytes (the error policy `xmlcharrefreplace` is for encoding only)";

/// What a decoder must know to resume at a character boundary. The default is
/// the start of the stream, where a byte order mark may come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct DecoderState(Mode);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Mode {
    /// The start of the stream. Codecs without marks and shifts are always in this mode.
    #[default]
    Start,
    /// After the start of a `utf-8-sig` stream, with or without a mark.
    Body,
    /// After a `utf-16` or `utf-32` mark that told this byte order.
    Ordered(ByteOrder),
    /// After an `iso-2022-jp` escape.
    Shifted(Shift),
}

impl DecoderState {
    /// The start of the stream; the default.
    pub(crate) const START: Self = Self(Mode::Start);

    /// The states without a shift. The index of each is its number; the shifts have the
    /// numbers after these.
    const PLAIN: [Self; 4] = [
        Self(Mode::Start),
        Self(Mode::Body),
        Self(Mode::Ordered(ByteOrder::Little)),
        Self(Mode::Ordered(ByteOrder::Big)),
    ];

    fn all() -> impl Iterator<Item = Self> {
        let shifted = Shift::ALL.into_iter();
        Self::PLAIN
            .into_iter()
            .chain(shifted.map(|shift| Self(Mode::Shifted(shift))))
    }

    /// The number of the state. Programs may keep it between runs, in a text position, so
    /// it must never change.
    pub(crate) fn to_number(self) -> usize {
        let at = Self::all().position(|state| state == self);
        at.expect("every state is listed")
    }

    pub(crate) fn from_number(number: usize) -> Option<Self> {
        Self::all().nth(number)
    }

    pub(super) fn past_bom(codec: Codec) -> Self {
        Self(match codec {
            Codec::Utf8Sig => Mode::Body,
            Codec::Utf16 | Codec::Utf32 => Mode::Ordered(ByteOrder::NATIVE),
            Codec::Utf8
            | Codec::Utf16Le
            | Codec::Utf16Be
            | Codec::Utf32Le
            | Codec::Utf32Be
            | Codec::Latin1
            | Codec::Ascii
            | Codec::Other(_) => Mode::Start,
        })
    }
}

/// Bytes that are not text, under a policy that does not accept them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DecodeError {
    /// The offset of the first bad byte in the source of that call.
    pub(crate) at: usize,
    /// The number of bad bytes.
    pub(crate) len: usize,
    /// The number of bytes of the source that were consumed, the bad ones included.
    pub(crate) consumed: usize,
    /// Why, in CPython's words.
    pub(crate) reason: &'static str,
}

/// Why a codec had to stop. All bytes before `at` were decoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    /// The offset of the first bad byte in the source of that call.
    pub(super) at: usize,
    /// The number of bad bytes.
    pub(super) len: usize,
    pub(super) reason: &'static str,
    /// Whether the bad bytes are at the end and more bytes could complete a character.
    pub(super) truncated: bool,
}

impl Fault {
    pub(super) fn bad(at: usize, len: usize, reason: &'static str) -> Self {
        Self {
            at,
            len,
            reason,
            truncated: false,
        }
    }

    pub(super) fn truncated(at: usize, len: usize, reason: &'static str) -> Self {
        Self {
            at,
            len,
            reason,
            truncated: true,
        }
    }
}

/// An incremental decoder, cheap to make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decoder {
    codec: Codec,
    policy: ErrorPolicy,
    mode: Mode,
    /// The number of bytes of the byte order mark that the last call skipped.
    bom_len: u8,
}

impl Decoder {
    /// Makes a decoder that goes on where another one was in `state`.
    pub(crate) fn new(encoding: &Encoding, policy: ErrorPolicy, state: DecoderState) -> Self {
        Self {
            codec: encoding.codec,
            policy,
            mode: state.0,
            bom_len: 0,
        }
    }

    /// Decodes `src`, appends the text to `dst`, and returns the number of bytes that it
    /// consumed.
    ///
    /// An incomplete character at the end is not consumed, unless this is the `last`
    /// call: the caller passes it again, together with the next bytes. At the `last` call
    /// it is an error, which Python's rules describe, and all of `src` is consumed.
    ///
    /// After an error, `dst` has the text before the bad bytes, and the decoder can go on
    /// after them, at `src[error.consumed..]`.
    pub(crate) fn decode(
        &mut self,
        src: &[u8],
        last: bool,
        dst: &mut String,
    ) -> Result<usize, DecodeError> {
        let Some(mut at) = self.skip_bom(src, last)? else {
            return Ok(if last { src.len() } else { 0 });
        };
        loop {
            let Err(fault) = self.run(&src[at..], dst) else {
                return Ok(src.len());
            };
            at += fault.at;
            if fault.truncated && !last {
                return Ok(at);
            }
            let consumed = at + fault.len;
            let error = |reason| DecodeError {
                at,
                len: fault.len,
                consumed,
                reason,
            };
            match self.policy {
                ErrorPolicy::Strict => return Err(error(fault.reason)),
                ErrorPolicy::XmlCharRefReplace => return Err(error(XML_DECODES_NOTHING)),
                ErrorPolicy::Ignore => {}
                ErrorPolicy::Replace => dst.push(char::REPLACEMENT_CHARACTER),
                ErrorPolicy::BackslashReplace => {
                    for byte in &src[at..consumed] {
                        write!(dst, "\\x{byte:02x}").expect("a String takes any text");
                    }
                }
            }
            at = consumed;
        }
    }

    /// The state after the bytes that the last call consumed.
    pub(crate) fn state(&self) -> DecoderState {
        DecoderState(self.mode)
    }

    /// Whether the rest of the bytes, if they are valid UTF-8, are the text unchanged.
    pub(crate) fn is_plain_utf8(&self) -> bool {
        match self.codec {
            Codec::Utf8 => true,
            Codec::Utf8Sig => self.mode == Mode::Body,
            Codec::Utf16
            | Codec::Utf16Le
            | Codec::Utf16Be
            | Codec::Utf32
            | Codec::Utf32Le
            | Codec::Utf32Be
            | Codec::Latin1
            | Codec::Ascii
            | Codec::Other(_) => false,
        }
    }

    /// The length of the byte order mark that the last `decode` skipped at the start of
    /// its source. Its bytes belong to no character.
    pub(crate) fn bom_len(&self) -> usize {
        self.bom_len.into()
    }

    /// Returns from how many bytes `text` was decoded, or `None` if the text alone does
    /// not tell.
    ///
    /// `text` is any part of what `decode` returned since the start or since an error. A
    /// byte order mark is not counted: if `text` begins at the start of a source whose
    /// mark was skipped, the caller adds `bom_len`. For an empty `text` it does not:
    /// Python's `tell` is 0 until the first character is read.
    pub(crate) fn byte_len(&self, text: &str) -> Option<u64> {
        let faithful = match self.policy {
            ErrorPolicy::Strict | ErrorPolicy::XmlCharRefReplace => true,
            ErrorPolicy::Ignore | ErrorPolicy::Replace | ErrorPolicy::BackslashReplace => {
                self.codec == Codec::Latin1
            }
        };
        let chars = || text.chars().count();
        let len = match self.codec {
            _ if !faithful => return None,
            Codec::Utf8 | Codec::Utf8Sig => text.len(),
            Codec::Latin1 | Codec::Ascii => chars(),
            Codec::Utf16 | Codec::Utf16Le | Codec::Utf16Be => {
                // A character of four bytes in UTF-8 is two units in UTF-16.
                2 * (chars() + text.bytes().filter(|&byte| byte >= 0xf0).count())
            }
            Codec::Utf32 | Codec::Utf32Le | Codec::Utf32Be => 4 * chars(),
            Codec::Other(other) if other.is_single_byte() => chars(),
            Codec::Other(_) => return None,
        };
        Some(len as u64)
    }

    /// Skips the byte order mark, if this is the start of the stream and the codec has
    /// one. `Some` is the offset at which the text begins. `None` means that `src` is too
    /// short to tell or, at the end of the stream, that it is half a mark and no text.
    fn skip_bom(&mut self, src: &[u8], last: bool) -> Result<Option<usize>, DecodeError> {
        self.bom_len = 0;
        if self.mode != Mode::Start {
            return Ok(Some(0));
        }
        let len = match self.codec {
            Codec::Utf8Sig => {
                let bom = self.codec.bom();
                if !src.starts_with(bom) {
                    // As CPython: wait for the rest of the mark; at the end of the
                    // stream, half a mark is no error and gives no text.
                    if bom.starts_with(src) {
                        return Ok(None);
                    }
                    self.mode = Mode::Body;
                    return Ok(Some(0));
                }
                self.mode = Mode::Body;
                bom.len()
            }
            Codec::Utf16 => return self.order(src, last, ByteOrder::utf16_bom),
            Codec::Utf32 => return self.order(src, last, ByteOrder::utf32_bom),
            Codec::Utf8
            | Codec::Utf16Le
            | Codec::Utf16Be
            | Codec::Utf32Le
            | Codec::Utf32Be
            | Codec::Latin1
            | Codec::Ascii
            | Codec::Other(_) => return Ok(Some(0)),
        };
        self.bom_len = len as u8;
        Ok(Some(len))
    }

    /// Does the work of `skip_bom` for the codecs whose mark tells the byte order.
    fn order(
        &mut self,
        src: &[u8],
        last: bool,
        bom: fn(ByteOrder) -> &'static [u8],
    ) -> Result<Option<usize>, DecodeError> {
        let len = bom(ByteOrder::NATIVE).len();
        if src.len() < len {
            // At the end of the stream, bytes that are too few for a mark are truncated
            // text, to which the error policy applies.
            return Ok(last.then_some(0));
        }
        for order in [ByteOrder::Little, ByteOrder::Big] {
            if src.starts_with(bom(order)) {
                self.mode = Mode::Ordered(order);
                self.bom_len = len as u8;
                return Ok(Some(len));
            }
        }
        // A missing mark is an error under every policy. A caller that reads on gets the
        // native order.
        self.mode = Mode::Ordered(ByteOrder::NATIVE);
        Err(DecodeError {
            at: 0,
            len,
            consumed: len,
            reason: NO_BOM,
        })
    }

    /// Appends text until `src` ends or a fault is met.
    fn run(&mut self, src: &[u8], dst: &mut String) -> Result<(), Fault> {
        let order = match (self.codec, self.mode) {
            (Codec::Utf16Le | Codec::Utf32Le, _) => ByteOrder::Little,
            (Codec::Utf16Be | Codec::Utf32Be, _) => ByteOrder::Big,
            (_, Mode::Ordered(order)) => order,
            (_, Mode::Start | Mode::Body | Mode::Shifted(_)) => ByteOrder::NATIVE,
        };
        match self.codec {
            Codec::Utf8 | Codec::Utf8Sig => unicode::utf8(src, dst),
            Codec::Utf16 | Codec::Utf16Le | Codec::Utf16Be => match order {
                ByteOrder::Little => unicode::utf16(src, u16::from_le_bytes, dst),
                ByteOrder::Big => unicode::utf16(src, u16::from_be_bytes, dst),
            },
            Codec::Utf32 | Codec::Utf32Le | Codec::Utf32Be => match order {
                ByteOrder::Little => unicode::utf32(src, u32::from_le_bytes, dst),
                ByteOrder::Big => unicode::utf32(src, u32::from_be_bytes, dst),
            },
            Codec::Latin1 => {
                unicode::latin1(src, dst);
                Ok(())
            }
            Codec::Ascii => unicode::ascii(src, dst),
            Codec::Other(other) => {
                let mut shift = match self.mode {
                    Mode::Shifted(shift) => Some(shift),
                    Mode::Start | Mode::Body | Mode::Ordered(_) => None,
                };
                let result = other.decode(src, &mut shift, dst);
                self.mode = shift.map_or(Mode::Start, Mode::Shifted);
                result
            }
        }
    }
}
