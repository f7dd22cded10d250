//! Bytes to text, a chunk at a time.
//!
//! Each codec is a function that appends good text until it meets a [`Fault`];
//! what to do about one stands only here. No codec keeps bytes back: an
//! incomplete character at the end of a chunk stays with the caller, who
//! presents it again with what follows. So a [`DecoderState`] of one byte is
//! all that a position needs in order to be resumed.

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
    /// Byte 0. Codecs that know no mark and no shift are always here.
    #[default]
    Start,
    /// Behind the place of a `utf-8-sig` mark.
    Body,
    /// Behind a `utf-16` or `utf-32` mark that told this order.
    Ordered(ByteOrder),
    /// Behind an `iso-2022-jp` escape.
    Shifted(Shift),
}

impl DecoderState {
    /// Byte 0, as by default.
    pub(crate) const START: Self = Self(Mode::Start);

    /// Those without a shift, each at its number; behind them come the shifts.
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

    /// A number for it, to be kept between runs of a program.
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
    /// Where the first bad byte is in the source of that call.
    pub(crate) at: usize,
    /// How many bytes are bad.
    pub(crate) len: usize,
    /// How many bytes of the source are done with: through the bad ones.
    pub(crate) consumed: usize,
    /// Why, in CPython's words.
    pub(crate) reason: &'static str,
}

/// Where a codec had to stop; all before `at` was decoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    /// Where, in the bytes given.
    pub(super) at: usize,
    /// How many bytes are bad.
    pub(super) len: usize,
    pub(super) reason: &'static str,
    /// Whether more bytes could still make a character of them.
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
    /// How many bytes of mark the latest call skipped.
    bom_len: u8,
}

impl Decoder {
    /// A decoder that stands where one with `state` stood.
    pub(crate) fn new(encoding: &Encoding, policy: ErrorPolicy, state: DecoderState) -> Self {
        Self {
            codec: encoding.codec,
            policy,
            mode: state.0,
            bom_len: 0,
        }
    }

    /// Decodes from `src`, appending to `dst`, and tells how many bytes it
    /// consumed.
    ///
    /// An incomplete sequence at the end is not consumed unless this is the
    /// `last` call: present it again with what follows. At `last` the tail is
    /// finalised as Python does it, and all of `src` is consumed.
    ///
    /// On an error `dst` has the good prefix, and the decoder goes on behind
    /// the bad bytes, at `src[error.consumed..]`.
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

    /// Where the decoder stands: behind the bytes that the latest call consumed.
    pub(crate) fn state(&self) -> DecoderState {
        DecoderState(self.mode)
    }

    /// Whether bytes are text as they are from here on, if they are UTF-8.
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

    /// How many bytes of byte order mark the latest `decode` skipped at the
    /// front of its source: they belong to no character.
    pub(crate) fn bom_len(&self) -> usize {
        self.bom_len.into()
    }

    /// How many bytes `text` was decoded from, where the text alone tells.
    ///
    /// `text` is any stretch of what `decode` gave since the start or since an
    /// error. A mark does not count: where the stretch begins at the front of
    /// the source of a call that skipped one, add `bom_len` (for an empty
    /// stretch do not: Python's `tell` is 0 until the first character is read).
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
                // A character of four bytes in UTF-8 is a pair in UTF-16.
                2 * (chars() + text.bytes().filter(|&byte| byte >= 0xf0).count())
            }
            Codec::Utf32 | Codec::Utf32Le | Codec::Utf32Be => 4 * chars(),
            Codec::Other(other) if other.is_single_byte() => chars(),
            Codec::Other(_) => return None,
        };
        Some(len as u64)
    }

    /// Deals with the byte order mark, if this is the start of the stream and
    /// the codec knows one. `Some` is where the text begins; `None` means that
    /// `src` is too short to tell, or, at the end, half a mark and no text.
    fn skip_bom(&mut self, src: &[u8], last: bool) -> Result<Option<usize>, DecodeError> {
        self.bom_len = 0;
        if self.mode != Mode::Start {
            return Ok(Some(0));
        }
        let len = match self.codec {
            Codec::Utf8Sig => {
                let bom = self.codec.bom();
                if !src.starts_with(bom) {
                    // CPython waits for the rest of a mark, and at the end of
                    // the stream forgets that it did.
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

    /// `skip_bom` for the codecs whose mark tells the byte order.
    fn order(
        &mut self,
        src: &[u8],
        last: bool,
        bom: fn(ByteOrder) -> &'static [u8],
    ) -> Result<Option<usize>, DecodeError> {
        let len = bom(ByteOrder::NATIVE).len();
        if src.len() < len {
            // What is too short for a mark is truncated text, by policy.
            return Ok(last.then_some(0));
        }
        for order in [ByteOrder::Little, ByteOrder::Big] {
            if src.starts_with(bom(order)) {
                self.mode = Mode::Ordered(order);
                self.bom_len = len as u8;
                return Ok(Some(len));
            }
        }
        // Under any policy. Whoever reads on gets the native order.
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
