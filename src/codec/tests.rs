//! Tests of the parts of `codec` together, and what these tests share.

mod decoding;
mod encoding;
#[path = "../../tests/common/encodings.rs"]
mod encodings;
mod properties;

use self::encodings::ENCODINGS;
use super::encode::EncodeError;
use super::locate::Position;
use super::*;

/// The encodings of this crate.
const OURS: &[&str] = ENCODINGS.split_at(10).0;

/// The encodings of encoding_rs. Those with more than one byte per character are among the
/// last eight.
const LEGACY: &[&str] = ENCODINGS.split_at(10).1;

const POLICIES: [ErrorPolicy; 5] = [
    ErrorPolicy::Strict,
    ErrorPolicy::Ignore,
    ErrorPolicy::Replace,
    ErrorPolicy::BackslashReplace,
    ErrorPolicy::XmlCharRefReplace,
];

fn encoding(label: &str) -> Encoding {
    Encoding::for_label(label).unwrap_or_else(|e| panic!("{e}"))
}

/// Everything that decoding has returned.
#[derive(Debug, PartialEq)]
struct Decoded {
    text: String,
    /// Offset and length of the bad bytes, reason, and how much text came before.
    errors: Vec<(usize, usize, &'static str, usize)>,
    state: DecoderState,
}

/// Decodes `src` as a text file does: chunk by chunk, presenting again what was
/// not consumed, each time with a decoder made from the state alone.
fn feed(label: &str, policy: ErrorPolicy, from: Position, src: &[u8], splits: &[usize]) -> Decoded {
    let encoding = encoding(label);
    let mut out = Decoded {
        text: String::new(),
        errors: Vec::new(),
        state: from.state,
    };
    let mut at = from.bytes;
    let ends = splits.iter().map(|&end| (end, false));
    for (end, last) in ends.chain([(src.len(), true)]) {
        loop {
            let mut decoder = Decoder::new(&encoding, policy, out.state);
            let result = decoder.decode(&src[at..end], last, &mut out.text);
            out.state = decoder.state();
            match result {
                Ok(used) => {
                    at += used;
                    assert!(end - at < 4, "only a character may stay behind");
                    break;
                }
                Err(error) => {
                    assert_eq!(error.consumed, error.at + error.len);
                    assert!(error.len > 0);
                    out.errors
                        .push((at + error.at, error.len, error.reason, out.text.len()));
                    at += error.consumed;
                }
            }
        }
    }
    assert_eq!(at, src.len(), "the last call consumes everything");
    out
}

const START: Position = Position {
    bytes: 0,
    state: DecoderState::START,
    skip: 0,
};

fn decode(label: &str, policy: ErrorPolicy, src: &[u8]) -> Decoded {
    feed(label, policy, START, src, &[])
}

fn encode(
    label: &str,
    policy: ErrorPolicy,
    text: &str,
    bom: bool,
) -> std::result::Result<Vec<u8>, EncodeError> {
    let mut dst = b"before".to_vec();
    match Encoder::new(&encoding(label), policy).encode(text, bom, &mut dst) {
        Ok(()) => Ok(dst.split_off(6)),
        Err(error) => {
            assert_eq!(dst, b"before", "an error leaves nothing behind");
            Err(error)
        }
    }
}

#[test]
fn state_is_small_and_default_is_the_start() {
    assert!(size_of::<DecoderState>() <= 4);
    assert_eq!(DecoderState::default(), DecoderState::START);
}
