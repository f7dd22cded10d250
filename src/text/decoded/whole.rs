//! All that is left of a file, decoded by the job that reads it.

use std::collections::TryReserveError;

use super::{Decoded, LONGEST};
use crate::codec::{Decoder, LineEnd, Newline, NewlinesSeen, find_line_end, translate_in};
use crate::file::buf::Buf;
use crate::text::below::Below;

/// How all that is left is to be decoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    decoder: Decoder,
    newline: Newline,
    /// Whether lines are asked for.
    by_lines: bool,
}

/// All that was left, decoded and translated, with what it was made of: who does not come
/// for the text leaves the bytes to the next read.
#[derive(Debug)]
pub(crate) struct Whole {
    text: String,
    /// It in lines, with their ends, if that was asked for; then `text` is empty.
    lines: Vec<String>,
    /// `None` where the text is these bytes.
    bytes: Option<Vec<u8>>,
    /// How many bytes they are.
    len: u64,
    /// What comes behind the end.
    decoder: Decoder,
    seen: NewlinesSeen,
}

impl Plan {
    /// Takes all out of `read`, decoded; `None` leaves it there: bad bytes are told one by
    /// one, and where memory is short, less is decoded at a time.
    pub(crate) fn take_out(self, read: &mut Buf) -> Option<Whole> {
        let whole = self.decode(read.take(read.len()));
        whole.map_err(|bytes| read.adopt(bytes, 0)).ok()
    }

    /// Decodes `bytes`, without a copy where they are the text, or gives them back.
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

/// Splits `text`, behind which nothing comes, behind its line ends.
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
    /// What it was made of.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes.unwrap_or_else(|| self.text.into_bytes())
    }

    /// Takes out what it was made of, if that is not the text.
    pub(crate) fn take_bytes(&mut self) -> Option<Vec<u8>> {
        self.bytes.take()
    }
}

impl Decoded {
    /// How to decode all that comes, if none of it is here, and nothing of what was
    /// before decides how it begins.
    pub(crate) fn plan(&self, by_lines: bool) -> Option<Plan> {
        let decided = self.recorded >= self.at && !self.after_cr && !self.early;
        let clean = self.rest().is_empty() && self.fault.is_none() && self.skip == 0;
        (decided && clean && self.sought.is_none()).then_some(Plan {
            decoder: self.decoder,
            newline: self.settings.newline,
            by_lines,
        })
    }

    /// Delivers what was decoded as planned, as a text or in lines; `below` has none of it.
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
