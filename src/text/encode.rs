//! Encoding long text, a bounded part in each poll.

use std::path::Path;

use super::TextSettings;
use crate::budget;
use crate::codec::{EncodeError, Encoder, count_chars, translate_out};
use crate::error::{Error, Result};

/// How many bytes of text one poll encodes at most.
pub(crate) const LONG: usize = 256 * 1024;

/// How many bytes at the start of `text` one poll encodes: at most [`LONG`], and only
/// complete characters.
fn first_piece(text: &str) -> usize {
    let mut end = text.len().min(LONG);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

/// Translates and encodes `text`, behind a byte order mark if `bom`. Returns all bytes
/// together, and the number of characters.
pub(crate) async fn encode_long(
    settings: &TextSettings,
    bom: bool,
    text: &str,
    path: Option<&Path>,
) -> Result<(Vec<u8>, usize)> {
    let (mut bytes, mut chars) = (Vec::new(), 0);
    // In most encodings the bytes are at least as many as those of UTF-8.
    let reserved = bytes.try_reserve(text.len().max(budget::OWN_PAGES));
    reserved.map_err(|error| Error::os("write", path, error.into()))?;
    let mut pieces = Encoder::new(&settings.encoding, settings.errors).pieces(bom);
    let mut rest = text;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(first_piece(rest));
        let translated = translate_out(settings.newline, now);
        let encoded = pieces.encode(&translated, later.is_empty(), &mut bytes);
        encoded.map_err(|error| encode_error(settings, error, now, chars, path))?;
        chars += count_chars(now);
        rest = later;
        budget::pause().await;
    }
    Ok((bytes, chars))
}

/// The error for a character in `text`. There are `before` characters before `text`.
pub(crate) fn encode_error(
    settings: &TextSettings,
    error: EncodeError,
    text: &str,
    before: usize,
    path: Option<&Path>,
) -> Error {
    // The index counts in the text of the user, in which line ends were not translated.
    let index = text.chars().take_while(|&c| c != error.character).count();
    Error::Encode {
        encoding: settings.encoding.name().to_owned(),
        character: error.character,
        index: before + index,
        path: path.map(ToOwned::to_owned),
    }
}
