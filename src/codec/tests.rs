//! Tests of the parts of `codec` together, and what these tests share.

mod decoding;
mod encoding;
mod properties;

use super::encode::EncodeError;
use super::locate::Position;
use super::*;

const OURS: [&str; 10] = [
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-32-le",
    "utf-32-be",
    "latin-1",
    "ascii",
];

const LEGACY: [&str; 36] = [
    "ibm866",
    "iso-8859-2",
    "iso-8859-3",
    "iso-8859-4",
    "iso-8859-5",
    "iso-8859-6",
    "iso-8859-7",
    "iso-8859-8",
    "iso-8859-8-i",
    "iso-8859-10",
    "iso-8859-13",
    "iso-8859-14",
    "iso-8859-15",
    "iso-8859-16",
    "koi8-r",
    "koi8-u",
    "macintosh",
    "windows-874",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "x-mac-cyrillic",
    "x-user-defined",
    // The encodings with more than one byte per character come last.
    "gbk",
    "gb18030",
    "big5",
    "euc-jp",
    "shift_jis",
    "euc-kr",
    "iso-2022-jp",
];

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
