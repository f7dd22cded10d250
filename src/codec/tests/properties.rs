//! Every encoding under every policy, at every split, from every character.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Bytes that have a meaning in many encodings.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<u8>().prop_map(|b| vec![b]),
        select(vec![
            0, 0x21, 0x30, 0x41, 0x5c, 0x81, 0x8f, 0xa1, 0xd8, 0xdc, 0xe2, 0xf0
        ])
        .prop_map(|b: u8| vec![b]),
        select(vec![
            &b"\x1b(B"[..],
            b"\x1b(J",
            b"\x1b(I",
            b"\x1b$B",
            b"\x1b$@",
            b"\x1b$",
            b"\x1b",
            b"\x24\x22",
            b"\x88\x62",
            b"\x810\x810",
            b"\x8f\xa2\xaf",
            b"\xff\xfe",
            b"\xfe\xff",
            b"\xff\xfe\0\0",
            b"\0\0\xfe\xff",
            b"\xef\xbb\xbf",
            "漢".as_bytes(),
            "😀é".as_bytes(),
            b"\x3d\xd8\0\xde",
            b"\xd8\x3d\xde\0",
            b"a\0\0\0",
            b"\0\0\0a",
        ])
        .prop_map(<[u8]>::to_vec),
    ];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

/// Bytes for one encoding; half of the time they begin with its mark, if it has one.
fn labelled_bytes() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    // All single-byte tables go through the same code: try our own encodings and the
    // last ones more often.
    let labels = prop_oneof![
        select(OURS.to_vec()),
        select(LEGACY[28..].to_vec()),
        select(LEGACY.to_vec()),
    ];
    (labels, any::<bool>(), bytes()).prop_map(|(label, mark, bytes)| {
        let mark = if mark {
            encoding(label).codec.bom()
        } else {
            b""
        };
        (label, [mark, &bytes].concat())
    })
}

/// Whether the WHATWG decoder refuses an escape right after another, which our decoder
/// and Python's accept.
fn escapes_meet(src: &[u8]) -> bool {
    src.windows(4).any(|w| w[0] == 0x1b && w[3] == 0x1b)
}

fn model(label: &str, src: &[u8]) -> Option<String> {
    let units = |from: fn([u8; 2]) -> u16| {
        let (units, odd) = src.as_chunks();
        let mut text: String = char::decode_utf16(units.iter().map(|&u| from(u)))
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        let cut = units
            .last()
            .is_some_and(|&u| (0xd800..0xdc00).contains(&from(u)));
        if !odd.is_empty() && !cut {
            text.push(char::REPLACEMENT_CHARACTER);
        }
        text
    };
    Some(match label {
        "utf-8" => String::from_utf8_lossy(src).into_owned(),
        "latin-1" => src.iter().map(|&b| char::from(b)).collect(),
        "ascii" => src
            .iter()
            .map(|&b| if b < 0x80 { b.into() } else { '\u{fffd}' })
            .collect(),
        "utf-16-le" => units(u16::from_le_bytes),
        "utf-16-be" => units(u16::from_be_bytes),
        "iso-2022-jp" if escapes_meet(src) => return None,
        _ if LEGACY.contains(&label) => {
            let legacy = encoding_rs::Encoding::for_label(label.as_bytes());
            legacy
                .expect("a WHATWG label")
                .decode_without_bom_handling(src)
                .0
                .into_owned()
        }
        _ => return None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn decoding_in_chunks_equals_decoding_whole((label, src) in labelled_bytes()) {
        for policy in POLICIES {
            let whole = decode(label, policy, &src);
            for split in 0..=src.len() {
                let two = feed(label, policy, START, &src, &[split]);
                prop_assert_eq!(&two, &whole, "{} {:?} {}", label, policy, split);
            }
            let single: Vec<usize> = (0..=src.len()).collect();
            prop_assert_eq!(&feed(label, policy, START, &src, &single), &whole);
        }
    }

    #[test]
    fn decoding_equals_the_model((label, src) in labelled_bytes()) {
        if let Some(text) = model(label, &src) {
            let decoded = decode(label, ErrorPolicy::Replace, &src);
            prop_assert_eq!(decoded.errors, []);
            prop_assert_eq!(decoded.text, text, "{}", label);
        }
    }

    #[test]
    fn decoding_resumes_at_every_located_character((label, src) in labelled_bytes()) {
        for policy in POLICIES {
            let whole = decode(label, policy, &src);
            let good = whole.errors.first().map_or(whole.text.len(), |e| e.3);
            let mut before = 0;
            for (index, (at, _)) in whole.text[..good].char_indices().chain([(good, ' ')]).enumerate() {
                let encoding = encoding(label);
                let state = DecoderState::START;
                let place = locate(&encoding, policy, state, &src, true, index);
                prop_assert!(place.bytes >= before, "places do not go back");
                before = place.bytes;
                let rest = feed(label, policy, place, &src, &[]);
                let skipped = rest.text.char_indices().nth(place.skip).map_or(rest.text.len(), |c| c.0);
                prop_assert_eq!(&rest.text[skipped..], &whole.text[at..], "{} {:?} {}", label, policy, index);
                let mut moved = rest.errors.clone();
                for error in &mut moved {
                    error.3 = error.3 + at - skipped;
                }
                prop_assert_eq!(&moved, &whole.errors);
                // The length that the text alone tells is the same.
                let mut decoder = Decoder::new(&encoding, policy, state);
                let _ = decoder.decode(&src, true, &mut String::new());
                if let Some(len) = decoder.byte_len(&whole.text[..at]) {
                    let mark = if at == 0 { 0 } else { decoder.bom_len() };
                    prop_assert_eq!(place, Position { bytes: mark + len as usize, state: place.state, skip: 0 });
                }
                // In a file that may still grow the places are the same.
                let growing = locate(&encoding, policy, state, &src, false, index);
                prop_assert!(growing == place || growing.bytes + 4 > src.len());
            }
        }
    }

    #[test]
    fn encoding_round_trips(label in select(ENCODINGS.to_vec()), text in any::<String>(), bom in any::<bool>()) {
        let codec = encoding(label);
        if let Ok(bytes) = encode(label, ErrorPolicy::Strict, &text, bom) {
            let state = if bom { DecoderState::START } else { codec.state_past_bom() };
            let from = Position { state, ..START };
            let decoded = feed(label, ErrorPolicy::Strict, from, &bytes, &[]);
            prop_assert_eq!(decoded.errors, []);
            if OURS.contains(&label) && (bom || label != "utf-8-sig") {
                prop_assert_eq!(&decoded.text, &text);
            }
            // WHATWG encoders write a few characters as others.
            prop_assert_eq!(encode(label, ErrorPolicy::Strict, &decoded.text, bom), Ok(bytes));
        }
        for policy in POLICIES {
            let result = encode(label, policy, &text, bom);
            prop_assert!(result.is_ok() || policy == ErrorPolicy::Strict);
        }
    }

    /// The encoders of encoding_rs write character references, as browsers do.
    #[test]
    fn encoding_equals_encoding_rs(label in select(LEGACY.to_vec()), text in "[ -~é¥‾漢-漿あ-んア-ンｱ-ﾝ가-각€\u{10000}-\u{20000}]*") {
        let legacy = encoding_rs::Encoding::for_label(label.as_bytes()).expect("a WHATWG label");
        let (bytes, _, _) = legacy.encode(&text);
        prop_assert_eq!(encode(label, ErrorPolicy::XmlCharRefReplace, &text, true), Ok(bytes.into_owned()));
    }
}
