//! Decoding all that is left of a file, in the job that reads it.

use std::collections::TryReserveError;

use super::{Decoded, LONGEST};
use crate::codec::{Decoder, LineEnd, Newline, NewlinesSeen, find_line_end, translate_in};
use crate::file::buf::Buf;
use crate::text::below::Below;

/// How a job decodes all that is left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    decoder: Decoder,
    newline: Newline,
    /// Whether the text is to be split into lines.
    by_lines: bool,
}

/// All that was left, decoded and translated, together with its bytes: if the caller has
/// gone, the bytes are for the next read.
#[derive(Debug)]
pub(crate) struct Whole {
    text: String,
    /// The lines with their terminators, if lines were asked for. Then `text` is empty.
    lines: Vec<String>,
    /// The bytes; `None` if they are the same as those of `text`.
    bytes: Option<Vec<u8>>,
    /// The number of the bytes.
    len: u64,
    /// The decoder, as it is after the last byte.
    decoder: Decoder,
    seen: NewlinesSeen,
}

impl Plan {
    /// Takes everything out of `read` and decodes it. `None` if there are bad bytes or not
    /// enough memory; then everything stays in `read`, and the task decodes it in parts.
    pub(crate) fn take_out(self, read: &mut Buf) -> Option<Whole> {
        let whole = self.decode(read.take(read.len()));
        whole.map_err(|bytes| read.adopt(bytes, 0)).ok()
    }

    /// Decodes `bytes`, without a copy if they are the text. After a failure, the error is
    /// `bytes`.
    fn decode(self, bytes: Vec<u8>) -> Result<Whole, Vec<u8>> {
        let Self {
            mut decoder,
            newline,
            by_lines,
        } = self;
        let len = bytes.len() as u64;
        let as_it_is = if decoder.is_plain_utf8() {
            String::from_utf8(bytes).map_err(|error| error.into_bytes())
        } else {
            Err(bytes)
        };
        let (mut text, mut bytes) = match as_it_is {
            Ok(text) => (text, None),
            Err(bytes) => {
                let mut text = String::new();
                let most = bytes.len().saturating_mul(LONGEST);
                let fits = text.try_reserve_exact(most).is_ok();
                if !fits || decoder.decode(&bytes, true, &mut text).is_err() {
                    return Err(bytes);
                }
                text.shrink_to_fit();
                (text, Some(bytes))
            }
        };
        let mut seen = NewlinesSeen::default();
        if matches!(newline, Newline::Universal | Newline::Untranslated) {
            seen.record_all(&text);
        }
        if newline == Newline::Universal && text.contains('\r') {
            let mut room = String::new();
            if room.try_reserve_exact(text.len()).is_err() {
                return Err(bytes.unwrap_or_else(|| text.into_bytes()));
            }
            drop(room);
            let translated = translate_in(&text).into_owned();
            let original = std::mem::replace(&mut text, translated);
            bytes.get_or_insert_with(|| original.into_bytes());
        }
        let mut lines = Vec::new();
        if by_lines {
            if split(newline, &text, &mut lines).is_err() {
                drop(lines);
                return Err(bytes.unwrap_or_else(|| text.into_bytes()));
            }
            let text = std::mem::take(&mut text);
            bytes.get_or_insert_with(|| text.into_bytes());
        }
        Ok(Whole {
            text,
            lines,
            bytes,
            len,
            decoder,
            seen,
        })
    }
}

/// Splits all of the text into lines with their terminators.
fn split(newline: Newline, text: &str, lines: &mut Vec<String>) -> Result<(), TryReserveError> {
    let mut rest = text;
    while !rest.is_empty() {
        let len = match find_line_end(newline, rest.as_bytes(), 0, true) {
            LineEnd::Found {
                content_end,
                terminator_len,
                ..
            } => content_end + terminator_len,
            LineEnd::NeedMore { .. } => rest.len(),
        };
        let (line, behind) = rest.split_at(len);
        let mut copy = String::new();
        copy.try_reserve_exact(len)?;
        copy.push_str(line);
        lines.try_reserve(1)?;
        lines.push(copy);
        rest = behind;
    }
    Ok(())
}

impl Whole {
    /// The bytes that it was decoded from.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes.unwrap_or_else(|| self.text.into_bytes())
    }

    /// Takes out the bytes that it was decoded from, if they are not those of the text.
    pub(crate) fn take_bytes(&mut self) -> Option<Vec<u8>> {
        self.bytes.take()
    }
}

impl Decoded {
    /// How a job may decode everything that comes. `None` if some text is here already, or
    /// if what was before decides how the rest begins.
    pub(crate) fn plan(&self, by_lines: bool) -> Option<Plan> {
        let decided = self.recorded >= self.at && !self.after_cr && !self.early;
        let clean = self.rest().is_empty() && self.fault.is_none() && self.skip == 0;
        (decided && clean && self.sought.is_none()).then_some(Plan {
            decoder: self.decoder,
            newline: self.settings.newline,
            by_lines,
        })
    }

    /// Delivers what a job has decoded, as a text or as lines. The bytes are not in `below`
    /// any more.
    pub(crate) fn deliver_whole(
        &mut self,
        below: &mut impl Below,
        whole: Whole,
    ) -> (String, Vec<String>) {
        self.clear();
        self.begun = true;
        self.decoder = whole.decoder;
        self.offset = below.begin().unwrap_or(self.offset + whole.len);
        self.dropped += whole.len;
        self.in_bad_line &= whole.text.is_empty() && whole.lines.is_empty();
        self.seen.merge(whole.seen);
        (whole.text, whole.lines)
    }
}
