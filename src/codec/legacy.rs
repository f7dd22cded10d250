//! The encodings of encoding_rs, made to keep this module's contract.
//!
//! An `encoding_rs::Decoder` swallows the incomplete tail of its input and
//! cannot be copied. None of these encodings has a state between characters,
//! though, so a fresh decoder can start at any of them: each call makes one,
//! and asks it at the end how many bytes it swallowed.
//!
//! Both ways go through a buffer on the stack: the functions that write to a
//! `String` or `Vec` touch all its spare capacity in every call, which many
//! faults in a large text would make quadratic.

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

/// Drives `decoder`, which stands between characters, over `src`.
pub(super) fn decode_with(
    mut decoder: encoding_rs::Decoder,
    bad: &'static str,
    src: &[u8],
    dst: &mut String,
) -> Result<(), Fault> {
    let mut buffer = [0; BUFFER];
    let text = std::str::from_utf8_mut(&mut buffer).expect("zeros are text");
    let mut at = 0;
    // The last round, without input, finds malformed what was swallowed.
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

/// Encodes `text`, asking `stand_in` for what to write in place of a character
/// that has no bytes; `Err` is the offset of the one that it gave nothing for.
///
/// Every call begins and ends in the initial state: `iso-2022-jp` in ASCII.
pub(super) fn encode(
    encoding: &'static Encoding,
    text: &str,
    stand_in: impl FnMut(char, &mut String) -> bool,
    dst: &mut Vec<u8>,
) -> Result<(), usize> {
    encode_with(&mut encoding.new_encoder(), text, true, stand_in, dst)
}

/// The same with an encoder that was given what is before `text`, and that is to end in
/// the initial state if this is the `last` of it.
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
                // Not the one in the result: for `iso-2022-jp` that is U+FFFD
                // where the text has an escape character.
                let c = text[..at]
                    .chars()
                    .next_back()
                    .expect("the unmappable character was read");
                instead.clear();
                if !stand_in(c, &mut instead) {
                    return Err(at - c.len_utf8());
                }
                // Through the same encoder, which knows how it is shifted.
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
