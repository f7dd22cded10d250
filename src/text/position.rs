//! Positions in a text file.

use std::fmt;
use std::io::SeekFrom;
use std::str::FromStr;

use crate::codec::{DecoderState, Encoding};
use crate::error::Error;

/// A position in a text file, from [`TextFile::tell`](crate::TextFile::tell): a byte offset
/// and the state of the decoder there. Opaque, as the number that Python's `tell` returns.
///
/// It is valid only for files with the same content and encoding. To keep it between runs
/// of a program, print it (`Display`) and parse it (`FromStr`). The printed form is the
/// offset, followed by a colon and three more numbers if the offset alone is not enough.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("notes.txt");
/// # std::fs::write(&path, "one\ntwo\n").unwrap();
/// let mut file = aiofiles::open(&path).await?;
/// file.readline().await?;
/// let second = file.tell().await?;
/// assert_eq!(file.readline().await?, "two\n");
/// let kept = second.to_string();
/// file.seek(kept.parse::<aiofiles::TextPosition>()?).await?;
/// assert_eq!(file.readline().await?, "two\n");
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TextPosition {
    pub(crate) offset: u64,
    pub(crate) state: DecoderState,
    /// How many characters that are decoded from there to drop: one sequence of bytes may
    /// give several characters.
    pub(crate) skip: u32,
    /// Whether the position is behind a `\r` that may have its `\n` next.
    pub(crate) after_cr: bool,
    /// Whether bad bytes before the position, in the same line, were reported.
    pub(crate) in_bad_line: bool,
}

impl TextPosition {
    pub(crate) const START: Self = Self::at(0, DecoderState::START);

    pub(crate) const fn at(offset: u64, state: DecoderState) -> Self {
        Self {
            offset,
            state,
            skip: 0,
            after_cr: false,
            in_bad_line: false,
        }
    }

    /// A position in a file of bytes, which is only an offset.
    pub(crate) const fn of_bytes(offset: u64) -> Self {
        Self::at(offset, DecoderState::START)
    }

    /// The offset; `None` if the position is more than an offset.
    pub(crate) fn bytes(self) -> Option<u64> {
        (self == Self::of_bytes(self.offset)).then_some(self.offset)
    }

    /// The position at `offset`, for text whose beginning was not decoded.
    pub(crate) fn behind_any_mark(offset: u64, encoding: &Encoding) -> Self {
        if offset == 0 {
            return Self::START;
        }
        Self::at(offset, encoding.state_past_bom())
    }
}

impl fmt::Display for TextPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = u8::from(self.after_cr) + 2 * u8::from(self.in_bad_line);
        let state = self.state.to_number();
        if (state, self.skip, flags) == (0, 0, 0) {
            write!(f, "{}", self.offset)
        } else {
            write!(f, "{}:{state}.{}.{flags}", self.offset, self.skip)
        }
    }
}

/// Parses what `Display` prints.
impl FromStr for TextPosition {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text).ok_or_else(|| Error::InvalidArgument {
            op: "read a text position",
            path: None,
            reason: format!("`{text}` is not a text position that was written down"),
        })
    }
}

fn parse(text: &str) -> Option<TextPosition> {
    // Std's `parse` would also take a sign.
    let number = |digits: &str| {
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse::<u64>().ok()).flatten()
    };
    let (offset, rest) = match text.split_once(':') {
        None => (text, None),
        Some((offset, rest)) => (offset, Some(rest)),
    };
    let plain = TextPosition::at(number(offset)?, DecoderState::START);
    let Some(rest) = rest else {
        return Some(plain);
    };
    let mut parts = rest.split('.');
    let (state, skip) = (number(parts.next()?)?, number(parts.next()?)?);
    let flags = number(parts.next()?).filter(|flags| *flags < 4)?;
    if parts.next().is_some() {
        return None;
    }
    Some(TextPosition {
        state: DecoderState::from_number(usize::try_from(state).ok()?)?,
        skip: u32::try_from(skip).ok()?,
        after_cr: flags & 1 != 0,
        in_bad_line: flags & 2 != 0,
        ..plain
    })
}

/// The target of a seek in a text file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextSeek {
    /// A position that `tell` gave.
    Position(TextPosition),
    /// The start, the end, or the current position.
    From(SeekFrom),
}

impl From<TextPosition> for TextSeek {
    fn from(position: TextPosition) -> Self {
        Self::Position(position)
    }
}

impl From<SeekFrom> for TextSeek {
    fn from(from: SeekFrom) -> Self {
        Self::From(from)
    }
}
