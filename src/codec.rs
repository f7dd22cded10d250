//! What a text file says about its bytes: [`Encoding`], [`ErrorPolicy`] and
//! [`Newline`]. Pure and synchronous; nothing here does I/O.
//!
//! Ten encodings are exactly Python's: `utf-8`, `utf-8-sig`, `utf-16`,
//! `utf-16-le`, `utf-16-be`, `utf-32`, `utf-32-le`, `utf-32-be`, `latin-1` and
//! `ascii`. All others, with the feature `encodings`, are the [WHATWG encodings], whose
//! tables differ from
//! Python's here and there: `shift_jis` is Windows code page 932, `gb2312` is
//! GBK, `iso-8859-9` is windows-1254.
//!
//! # Pitfalls
//!
//! * On the web `latin-1` and `ascii` are other names of windows-1252, and
//!   `utf-16` is one of UTF-16LE. Here they mean what they mean in Python.
//! * `utf-16` and `utf-32` want a byte order mark when reading, whatever the
//!   error policy; `utf-8` keeps one as U+FEFF; only `utf-8-sig` drops it.
//! * Python's `utf-7`, `hz`, `cp437` and their like are unknown, as are its
//!   codecs that are no text encodings (`hex`, `rot13`, `base64`).
//!
//! [WHATWG encodings]: https://encoding.spec.whatwg.org/#names-and-labels

#[cfg_attr(not(feature = "encodings"), path = "codec/bulk_std.rs")]
mod bulk;
mod decode;
mod encode;
#[cfg(feature = "encodings")]
mod jis;
mod label;
#[cfg(feature = "encodings")]
mod legacy;
mod locate;
mod newline;
#[cfg_attr(not(feature = "encodings"), path = "codec/no_other.rs")]
mod other;
mod policy;
#[cfg(test)]
mod tests;
mod unicode;

use std::borrow::Cow;
use std::str::FromStr;

pub(crate) use decode::{Decoder, DecoderState};
pub(crate) use encode::{EncodeError, Encoder};
pub(crate) use locate::locate;
pub use newline::Newline;
pub(crate) use newline::{
    LineEnd, NewlinesSeen, Terminator, count_chars, find_line_end, translate_in, translate_out,
    written_end,
};
pub use policy::ErrorPolicy;
pub(crate) use unicode::utf8_tail_len;

use self::other::Other;
use crate::{Error, Result};

/// How the characters of a text file are stored as bytes.
///
/// Two encodings are equal when they decode and encode alike, however they
/// were spelled. The default is UTF-8; the locale is never asked.
///
/// # Examples
///
/// ```
/// use aiofiles::codec::Encoding;
///
/// let encoding = Encoding::for_label("U8")?;
/// assert_eq!(encoding.name(), "utf-8");
/// assert_eq!(encoding.label(), "U8");
/// assert_eq!(encoding, Encoding::default());
/// # Ok::<(), aiofiles::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Encoding {
    codec: Codec,
    label: Cow<'static, str>,
}

impl Encoding {
    /// Finds the encoding that `label` names.
    ///
    /// Python's names and aliases of the ten encodings it shares come first, in
    /// any case and with any of `-`, `_` and blanks between their parts; then
    /// the labels of the WHATWG standard; then Python's aliases of those.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEncoding`] when nothing has this name, or when the
    /// WHATWG standard lists it only to forbid it (`hz-gb-2312`,
    /// `iso-2022-kr`, …).
    ///
    /// # Examples
    ///
    /// ```
    /// use aiofiles::codec::Encoding;
    ///
    /// assert_eq!(Encoding::for_label("ISO 8859-1")?.name(), "latin-1");
    /// assert_eq!(Encoding::for_label("cp1252")?.name(), "windows-1252");
    /// assert_eq!(Encoding::for_label("cp932")?.name(), "Shift_JIS");
    /// assert!(Encoding::for_label("rot13").is_err());
    /// # Ok::<(), aiofiles::Error>(())
    /// ```
    pub fn for_label(label: &str) -> Result<Self> {
        Self::with_label(Cow::Borrowed(label))
    }

    fn with_label(label: Cow<'_, str>) -> Result<Self> {
        let label = label.into_owned();
        match label::resolve(&label) {
            Some(codec) => Ok(Self {
                codec,
                label: Cow::Owned(label),
            }),
            None => Err(Error::UnknownEncoding {
                op: "choose an encoding",
                path: None,
                label,
            }),
        }
    }

    /// Returns the canonical name: Python's for the ten encodings of the
    /// [module](self), the one of the WHATWG standard for all others.
    #[must_use]
    pub fn name(&self) -> &str {
        self.codec.name()
    }

    /// The same, whatever becomes of this.
    #[cfg(feature = "stdio")]
    pub(crate) fn static_name(&self) -> &'static str {
        self.codec.name()
    }

    /// Returns the label exactly as it was passed, as Python's `.encoding` does.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Whether text is stored as it is in memory.
    #[inline]
    pub(crate) fn is_utf8(&self) -> bool {
        matches!(self.codec, Codec::Utf8 | Codec::Utf8Sig)
    }

    /// Whether a file in it begins with a byte order mark.
    pub(crate) fn has_bom(&self) -> bool {
        !self.codec.bom().is_empty()
    }

    /// The decoder state behind the byte order mark, for a position that was
    /// reached without decoding (the end of the file): no mark is expected
    /// there, and `utf-16` and `utf-32` are in the order in which they are
    /// written.
    pub(crate) fn state_past_bom(&self) -> DecoderState {
        DecoderState::past_bom(self.codec)
    }
}

impl Default for Encoding {
    /// UTF-8, labelled `utf-8`.
    fn default() -> Self {
        Self {
            codec: Codec::Utf8,
            label: Cow::Borrowed(Codec::Utf8.name()),
        }
    }
}

impl PartialEq for Encoding {
    fn eq(&self, other: &Self) -> bool {
        self.codec == other.codec
    }
}

impl Eq for Encoding {}

impl TryFrom<&str> for Encoding {
    type Error = Error;

    /// As [`Encoding::for_label`].
    fn try_from(label: &str) -> Result<Self> {
        Self::for_label(label)
    }
}

impl TryFrom<String> for Encoding {
    type Error = Error;

    /// As [`Encoding::for_label`], keeping the string.
    fn try_from(label: String) -> Result<Self> {
        Self::with_label(Cow::Owned(label))
    }
}

impl TryFrom<&String> for Encoding {
    type Error = Error;

    /// As [`Encoding::for_label`].
    fn try_from(label: &String) -> Result<Self> {
        Self::for_label(label)
    }
}

impl FromStr for Encoding {
    type Err = Error;

    /// As [`Encoding::for_label`].
    fn from_str(label: &str) -> Result<Self> {
        Self::for_label(label)
    }
}

/// The encodings by what they do; a label is only a way to say one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Utf8,
    Utf8Sig,
    /// In the byte order that the mark tells.
    Utf16,
    Utf16Le,
    Utf16Be,
    /// In the byte order that the mark tells.
    Utf32,
    Utf32Le,
    Utf32Be,
    Latin1,
    Ascii,
    /// Any other.
    #[cfg_attr(
        not(feature = "encodings"),
        expect(dead_code, reason = "there are no others then")
    )]
    Other(Other),
}

impl Codec {
    fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf8Sig => "utf-8-sig",
            Self::Utf16 => "utf-16",
            Self::Utf16Le => "utf-16-le",
            Self::Utf16Be => "utf-16-be",
            Self::Utf32 => "utf-32",
            Self::Utf32Le => "utf-32-le",
            Self::Utf32Be => "utf-32-be",
            Self::Latin1 => "latin-1",
            Self::Ascii => "ascii",
            Self::Other(other) => other.name(),
        }
    }

    /// The mark that a stream in this encoding begins with when we write it.
    fn bom(self) -> &'static [u8] {
        match self {
            Self::Utf8Sig => b"\xef\xbb\xbf",
            Self::Utf16 => ByteOrder::NATIVE.utf16_bom(),
            Self::Utf32 => ByteOrder::NATIVE.utf32_bom(),
            Self::Utf8
            | Self::Utf16Le
            | Self::Utf16Be
            | Self::Utf32Le
            | Self::Utf32Be
            | Self::Latin1
            | Self::Ascii
            | Self::Other(_) => b"",
        }
    }
}

/// Which byte of a UTF-16 or UTF-32 unit comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    /// The order that `utf-16` and `utf-32` are written in, as in Python.
    const NATIVE: Self = if cfg!(target_endian = "big") {
        Self::Big
    } else {
        Self::Little
    };

    fn utf16_bom(self) -> &'static [u8] {
        match self {
            Self::Little => b"\xff\xfe",
            Self::Big => b"\xfe\xff",
        }
    }

    fn utf32_bom(self) -> &'static [u8] {
        match self {
            Self::Little => b"\xff\xfe\0\0",
            Self::Big => b"\0\0\xfe\xff",
        }
    }
}
