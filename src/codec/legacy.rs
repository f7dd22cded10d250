//! The encodings of encoding_rs, adapted to the contract of `decode.rs`.
//!
//! An `encoding_rs::Decoder` keeps the incomplete character at the end of its input, and
//! it cannot be copied. But none of these encodings has a state between characters, so a
//! new decoder can start at any character: each call makes a new one, and asks it at the
//! end how many bytes it has kept.
//!
//! Decoding and encoding both use a buffer on the stack. The functions of encoding_rs that
//! write to a `String` or `Vec` touch all its spare capacity in every call; with many
//! faults in a large text that would take quadratic time.

use encoding_rs::{DecoderResult, EncoderResult, Encoding};

use super::decode::Fault;

const BUFFER: usize = 2048;

pub(super) fn decode(
    encoding: &'static Encoding,
    src: &[u8],
    dst: &mut String,
) -> Result<(), Fault> {
    let bad = if encoding.is_single_byte() {
        "character maps to <undefined>"
    } else {
        "illegal multibyte sequence"
    };
    decode_with(encoding.new_decoder_without_bom_handling(), bad, src, dst)
}

/// Decodes `src` with `decoder`, which must be between two characters.
pub(super) fn decode_with(
    mut decoder: encoding_rs::Decoder,
    bad: &'static str,
    src: &[u8],
    dst: &mut String,
) -> Result<(), Fault> {
    let mut buffer = [0; BUFFER];
    let text = std::str::from_utf8_mut(&mut buffer).expect("zeros are text");
    let mut at = 0;
    // The last round has no input: in it the decoder reports the bytes that it has kept as
    // malformed.
    let mut last = false;
    loop {
        let (result, read, written) =
            decoder.decode_to_str_without_replacement(&src[at..], text, last);
        dst.push_str(&text[..written]);
        at += read;
        match result {
            DecoderResult::OutputFull => {}
            DecoderResult::InputEmpty if last => return Ok(()),
            DecoderResult::InputEmpty => last = true,
            DecoderResult::Malformed(len, after) => {
                let (len, after) = (usize::from(len), usize::from(after));
                let start = at - after - len;
                return Err(if last {
                    Fault::truncated(start, len, "incomplete multibyte sequence")
                } else {
                    Fault::bad(start, len, bad)
                });
            }
        }
    }
}

/// Encodes `text`. For a character that cannot be encoded, `stand_in` appends what is
/// written instead; if it returns `false`, the error is the byte offset of the character.
///
/// Every call begins and ends in the initial state, which for `iso-2022-jp` is ASCII.
pub(super) fn encode(
    encoding: &'static Encoding,
    text: &str,
    stand_in: impl FnMut(char, &mut String) -> bool,
    dst: &mut Vec<u8>,
) -> Result<(), usize> {
    encode_with(&mut encoding.new_encoder(), text, true, stand_in, dst)
}

/// The same with an encoder that has encoded everything before `text`. It returns to the
/// initial state after the `last` piece.
pub(super) fn encode_with(
    encoder: &mut encoding_rs::Encoder,
    text: &str,
    last: bool,
    mut stand_in: impl FnMut(char, &mut String) -> bool,
    dst: &mut Vec<u8>,
) -> Result<(), usize> {
    let mut buffer = [0; BUFFER];
    let mut instead = String::new();
    let mut at = 0;
    loop {
        let (result, read, written) =
            encoder.encode_from_utf8_without_replacement(&text[at..], &mut buffer, last);
        dst.extend_from_slice(&buffer[..written]);
        at += read;
        match result {
            EncoderResult::InputEmpty => return Ok(()),
            EncoderResult::OutputFull => {}
            EncoderResult::Unmappable(_) => {
                // Take the character from the text, not from the result: for an escape
                // character in `iso-2022-jp` text, the result has U+FFFD.
                let c = text[..at]
                    .chars()
                    .next_back()
                    .expect("the unmappable character was read");
                instead.clear();
                if !stand_in(c, &mut instead) {
                    return Err(at - c.len_utf8());
                }
                // Use the same encoder, since it knows the current shift.
                let (result, _, written) =
                    encoder.encode_from_utf8_without_replacement(&instead, &mut buffer, false);
                debug_assert_eq!(
                    result,
                    EncoderResult::InputEmpty,
                    "ASCII has bytes anywhere"
                );
                dst.extend_from_slice(&buffer[..written]);
            }
        }
    }
}
