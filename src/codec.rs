//! How text is stored as bytes: [`Encoding`], [`ErrorPolicy`] and [`Newline`]. Nothing
//! in this module does I/O or waits.
//!
//! Ten encodings are exactly as in Python: `utf-8`, `utf-8-sig`, `utf-16`,
//! `utf-16-le`, `utf-16-be`, `utf-32`, `utf-32-le`, `utf-32-be`, `latin-1` and
//! `ascii`. All others are the [WHATWG encodings] and need the feature `encodings`. Some
//! of their tables differ from Python's: `shift_jis` is Windows code page 932, `gb2312`
//! is GBK, `iso-8859-9` is windows-1254.
//!
//! # Pitfalls
//!
//! * On the web `latin-1` and `ascii` are other names of windows-1252, and `utf-16` is
//!   another name of UTF-16LE. Here they mean what they mean in Python.
//! * To be read as `utf-16` or `utf-32`, a file must begin with a byte order mark,
//!   whatever the error policy. `utf-8` keeps a mark as the character U+FEFF; only
//!   `utf-8-sig` drops it.
//! * Some encodings of Python are missing: `utf-7`, `hz`, `cp437` and others, and the
//!   codecs that are not text encodings (`hex`, `rot13`, `base64`).
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
/// Two encodings are equal if they decode and encode in the same way, whatever labels
/// they were made from. The default is UTF-8; the locale has no influence.
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
    /// It looks first among Python's names and aliases of the ten encodings of the
    /// [module](self), in upper or lower case and with `-`, `_` or spaces between their
    /// parts; then among the labels of the WHATWG standard; then among Python's aliases
    /// of the WHATWG encodings.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEncoding`] if no encoding has this label, or if the WHATWG
    /// standard lists the label only to forbid it (`hz-gb-2312`, `iso-2022-kr`, …).
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

    /// Returns the canonical name: that of Python for the ten encodings of the
    /// [module](self), that of the WHATWG standard for all others.
    #[must_use]
    pub fn name(&self) -> &str {
        self.codec.name()
    }

    /// The same as [`name`](Self::name), with a lifetime that does not depend on `self`.
    #[cfg(feature = "stdio")]
    pub(crate) fn static_name(&self) -> &'static str {
        self.codec.name()
    }

    /// Returns the label exactly as it was passed, as Python's `.encoding` does.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Whether the bytes of a text are the same in a file as in memory.
    #[inline]
    pub(crate) fn is_utf8(&self) -> bool {
        matches!(self.codec, Codec::Utf8 | Codec::Utf8Sig)
    }

    /// Whether we write a byte order mark at the start of a file in this encoding.
    pub(crate) fn has_bom(&self) -> bool {
        !self.codec.bom().is_empty()
    }

    /// The decoder state after the byte order mark. It is for a position that was
    /// reached without decoding, which is the end of the file: no mark is expected
    /// there, and the byte order of `utf-16` and `utf-32` is the one that we write.
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

    /// As [`Encoding::for_label`]; it keeps the string and copies nothing.
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

/// Implements the conversions from owned strings for a type that has `TryFrom<&str>`.
macro_rules! from_strings {
    ($Type:ty) => {
        impl TryFrom<&String> for $Type {
            type Error = Error;

            /// As `TryFrom<&str>`.
            fn try_from(value: &String) -> Result<Self> {
                Self::try_from(value.as_str())
            }
        }

        impl TryFrom<String> for $Type {
            type Error = Error;

            /// As `TryFrom<&str>`.
            fn try_from(value: String) -> Result<Self> {
                Self::try_from(value.as_str())
            }
        }

        impl std::str::FromStr for $Type {
            type Err = Error;

            /// As `TryFrom<&str>`.
            fn from_str(value: &str) -> Result<Self> {
                Self::try_from(value)
            }
        }
    };
}

from_strings!(ErrorPolicy);
from_strings!(Newline);

/// The encodings that behave differently. Many labels stand for the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Utf8,
    Utf8Sig,
    /// The byte order mark tells the byte order.
    Utf16,
    Utf16Le,
    Utf16Be,
    /// The byte order mark tells the byte order.
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

    /// The byte order mark that we write at the start of a stream in this encoding.
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
    /// The byte order in which we write `utf-16` and `utf-32`, as Python does.
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
