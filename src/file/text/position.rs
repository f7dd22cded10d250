//! Positions in a text.

use std::io::SeekFrom;

use crate::codec::{DecoderState, Encoding};

/// Where a text file is, as [`TextFile::tell`](crate::TextFile::tell) says: a
/// byte offset and the state of the decoder there. Opaque, as Python's cookie.
///
/// Good only for files with the same content and encoding.
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
/// file.seek(second).await?;
/// assert_eq!(file.readline().await?, "two\n");
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TextPosition {
    pub(super) offset: u64,
    pub(super) state: DecoderState,
    /// Characters to drop of what is decoded from there, where several come of
    /// one sequence of bytes.
    pub(super) skip: u32,
    /// Between a `\r` and what may be its `\n`.
    pub(super) after_cr: bool,
    /// In a line that has bad bytes before here, which were reported.
    pub(super) in_bad_line: bool,
}

impl TextPosition {
    pub(super) const START: Self = Self::at(0, DecoderState::START);

    pub(super) const fn at(offset: u64, state: DecoderState) -> Self {
        Self {
            offset,
            state,
            skip: 0,
            after_cr: false,
            in_bad_line: false,
        }
    }

    /// At `offset`, which was reached without decoding what is before it.
    pub(super) fn behind_any_mark(offset: u64, encoding: &Encoding) -> Self {
        if offset == 0 {
            return Self::START;
        }
        Self::at(offset, encoding.state_past_bom())
    }
}

/// Where to seek to in a text file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextSeek {
    /// A position that `tell` gave.
    Position(TextPosition),
    /// The start, the end, or where it is.
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
