//! What the parts promise together: CPython's tables; `properties` has the
//! rules that hold for anything.

mod properties;

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

const LEGACY: [&str; 37] = [
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
    // Those with more than one byte a character, last.
    "gbk",
    "gb18030",
    "big5",
    "euc-jp",
    "shift_jis",
    "euc-kr",
    "iso-2022-jp",
    // Twice: the one with a state.
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

/// All that decoding gave.
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

fn encode(label: &str, policy: ErrorPolicy, text: &str, bom: bool) -> Result<Vec<u8>, EncodeError> {
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

/// E-err-fields: the first error in CPython's words. `[R p5]`, and for the
/// rest what CPython's codecs print.
#[test]
fn strict_errors_are_cpythons() {
    for (label, src, at, len, reason) in [
        ("utf-8", &b"ok\xff\xc3(\xe6"[..], 2, 1, "invalid start byte"),
        ("utf-8", b"\xc3(", 0, 1, "invalid continuation byte"),
        ("utf-8", b"\xe2\x82\xf0", 0, 2, "invalid continuation byte"),
        ("utf-8", b"\xed\xa0\x80", 0, 1, "invalid continuation byte"),
        ("utf-8", b"\xc0\xaf", 0, 1, "invalid start byte"),
        ("utf-8", b"abc\xe6\xbc", 3, 2, "unexpected end of data"),
        ("utf-8", b"\xf0\x9f\x98", 0, 3, "unexpected end of data"),
        ("utf-8-sig", b"\xef\xbb\xbf\xff", 3, 1, "invalid start byte"),
        ("ascii", b"ab\x80", 2, 1, "ordinal not in range(128)"),
        ("utf-16-le", b"\x00\xdc", 0, 2, "illegal encoding"),
        ("utf-16-le", b"\x00\xd8", 0, 2, "unexpected end of data"),
        ("utf-16-le", b"\x00\xd8a", 0, 3, "unexpected end of data"),
        (
            "utf-16-le",
            b"\x00\xd8a\0",
            0,
            2,
            "illegal UTF-16 surrogate",
        ),
        ("utf-16-le", b"a", 0, 1, "truncated data"),
        ("utf-16", b"\xff", 0, 1, "truncated data"),
        ("utf-16", b"\xff\xfea\0b", 4, 1, "truncated data"),
        (
            "utf-16",
            b"\xff\xfe\0\xd8a\0",
            2,
            2,
            "illegal UTF-16 surrogate",
        ),
        ("utf-16", b"a\0b\0", 0, 2, NO_BOM),
        ("utf-32", b"a\0\0\0b\0\0\0", 0, 4, NO_BOM),
        ("utf-32", b"a\0\0", 0, 3, "truncated data"),
        (
            "utf-32-le",
            b"\0\xd8\0\0",
            0,
            4,
            "code point in surrogate code point range(0xd800, 0xe000)",
        ),
        (
            "utf-32-le",
            b"\0\0\x11\0",
            0,
            4,
            "code point not in range(0x110000)",
        ),
        (
            "windows-1253",
            b"a\xaa",
            1,
            1,
            "character maps to <undefined>",
        ),
        ("shift_jis", b"\x81", 0, 1, "incomplete multibyte sequence"),
        ("shift_jis", b"\x81\xff", 0, 2, "illegal multibyte sequence"),
        (
            "gb18030",
            b"\x810\x81",
            0,
            3,
            "incomplete multibyte sequence",
        ),
        ("gb18030", b"a\x810  ", 1, 1, "illegal multibyte sequence"),
        (
            "iso-2022-jp",
            b"\x1b$B0",
            3,
            1,
            "incomplete multibyte sequence",
        ),
        (
            "iso-2022-jp",
            b"\x1b$B0\x1b(B",
            3,
            1,
            "illegal multibyte sequence",
        ),
    ] {
        let error = decode(label, ErrorPolicy::Strict, src).errors[0];
        assert_eq!(
            (error.0, error.1, error.2),
            (at, len, reason),
            "{label} {src:x?}"
        );
    }
    let xml = decode("utf-8", ErrorPolicy::XmlCharRefReplace, b"a\xff").errors[0];
    assert!(xml.2.contains("encoding only"));
}

const NO_BOM: &str = "Stream does not start with BOM";

/// E-replace-count and E-handlers-dec.
#[test]
fn bad_bytes_become_what_cpython_makes_of_them() {
    for (label, src, replace, ignore, backslash) in [
        (
            "utf-8",
            &b"\xf0\x80\x80A"[..],
            "���A",
            "A",
            r"\xf0\x80\x80A",
        ),
        ("utf-8", b"\xe0\x80A", "��A", "A", r"\xe0\x80A"),
        ("utf-8", b"\xed\xa0\x80", "���", "", r"\xed\xa0\x80"),
        (
            "utf-8",
            b"\xf4\x90\x80\x80",
            "����",
            "",
            r"\xf4\x90\x80\x80",
        ),
        ("utf-8", b"\xc0\xaf", "��", "", r"\xc0\xaf"),
        ("utf-8", b"\xe2\x82(", "�(", "(", r"\xe2\x82("),
        ("utf-8", b"\xf0\x9f\x98A", "�A", "A", r"\xf0\x9f\x98A"),
        ("utf-8", b"abc\xe6\xbc", "abc�", "abc", r"abc\xe6\xbc"),
        ("ascii", b"a\xe9z", "a�z", "az", r"a\xe9z"),
        ("utf-16-le", b"\0\xd8a", "�", "", r"\x00\xd8\x61"),
        ("utf-16-le", b"\0\xd8\0\xd8\0\xdc", "�𐀀", "𐀀", r"\x00\xd8𐀀"),
        ("utf-16", b"\xff", "�", "", r"\xff"),
        ("utf-32-le", b"a\0\0", "�", "", r"\x61\x00\x00"),
        ("gb18030", b"\x810  ", "�0  ", "0  ", r"\x810  "),
    ] {
        let text = |policy| {
            let decoded = decode(label, policy, src);
            assert_eq!(decoded.errors, []);
            decoded.text
        };
        assert_eq!(text(ErrorPolicy::Replace), replace);
        assert_eq!(text(ErrorPolicy::Ignore), ignore);
        assert_eq!(text(ErrorPolicy::BackslashReplace), backslash);
    }
}

/// E-bom-read.
#[test]
fn marks_are_read_as_cpython_reads_them() {
    for (label, src, text) in [
        ("utf-16", &b"\xfe\xff\0a"[..], "a"),
        ("utf-16", b"\xff\xfea\0", "a"),
        ("utf-16", b"", ""),
        ("utf-16", b"\xff\xfe", ""),
        ("utf-16", b"\xff\xfe\xff\xfea\0", "\u{feff}a"),
        ("utf-16-le", b"\xff\xfea\0", "\u{feff}a"),
        ("utf-16-be", b"\xfe\xff\0a", "\u{feff}a"),
        ("utf-8", b"\xef\xbb\xbfa", "\u{feff}a"),
        ("utf-8-sig", b"\xef\xbb\xbfa", "a"),
        ("utf-8-sig", b"\xef\xbb", ""),
        ("utf-8-sig", b"a\xef\xbb\xbfb", "a\u{feff}b"),
        ("utf-8-sig", b"\xef\xbb\xbf\xef\xbb\xbfa", "\u{feff}a"),
        ("utf-32", b"\xff\xfe\0\0a\0\0\0", "a"),
        ("utf-32", b"\0\0\xfe\xff\0\0\0a", "a"),
        ("windows-1252", b"\xef\xbb\xbf", "ï»¿"),
    ] {
        let decoded = decode(label, ErrorPolicy::Strict, src);
        assert_eq!((decoded.text.as_str(), decoded.errors), (text, vec![]));
    }
    for policy in POLICIES {
        for (label, src, len) in [("utf-16", &b"\0\0"[..], 2), ("utf-32", b"\xff\xfea\0", 4)] {
            let decoded = decode(label, policy, src);
            assert_eq!(decoded.errors, [(0, len, NO_BOM, 0)], "{policy:?}");
        }
    }
}

/// E-bom-write, with `""` as CPython writes it.
#[test]
fn marks_are_written_at_byte_0_only() {
    for (label, mark) in [
        ("utf-8-sig", &b"\xef\xbb\xbf"[..]),
        ("utf-16", ByteOrder::NATIVE.utf16_bom()),
        ("utf-32", ByteOrder::NATIVE.utf32_bom()),
        ("utf-8", b""),
        ("utf-16-le", b""),
        ("utf-32-be", b""),
        ("latin-1", b""),
        ("gb18030", b""),
    ] {
        assert_eq!(
            encode(label, ErrorPolicy::Strict, "", true).as_deref(),
            Ok(mark)
        );
        assert_eq!(
            encode(label, ErrorPolicy::Strict, "", false).as_deref(),
            Ok(&b""[..])
        );
        let with = encode(label, ErrorPolicy::Strict, "a", true).expect("ASCII has bytes");
        let without = encode(label, ErrorPolicy::Strict, "a", false).expect("ASCII has bytes");
        assert_eq!(with, [mark, &without].concat());
        let past = encoding(label).state_past_bom();
        let mut text = String::new();
        let mut decoder = Decoder::new(&encoding(label), ErrorPolicy::Strict, past);
        assert_eq!(decoder.decode(&without, true, &mut text), Ok(without.len()));
        assert_eq!((text.as_str(), decoder.bom_len()), ("a", 0));
    }
}

/// E-handlers-enc, `[R p5]` less the surrogates.
#[test]
fn characters_without_bytes_become_what_cpython_makes_of_them() {
    use ErrorPolicy::{BackslashReplace, Ignore, Replace, Strict, XmlCharRefReplace};
    let text = "aé漢😀z";
    for (label, index, ignore, replace, backslash, xml) in [
        (
            "ascii",
            1,
            &b"az"[..],
            &b"a???z"[..],
            &br"a\xe9\u6f22\U0001f600z"[..],
            &b"a&#233;&#28450;&#128512;z"[..],
        ),
        (
            "latin-1",
            2,
            b"a\xe9z",
            b"a\xe9??z",
            b"a\xe9\\u6f22\\U0001f600z",
            b"a\xe9&#28450;&#128512;z",
        ),
        (
            "cp1252",
            2,
            b"a\xe9z",
            b"a\xe9??z",
            b"a\xe9\\u6f22\\U0001f600z",
            b"a\xe9&#28450;&#128512;z",
        ),
        (
            "shift_jis",
            1,
            b"a\x8a\xbfz",
            b"a?\x8a\xbf?z",
            b"a\\xe9\x8a\xbf\\U0001f600z",
            b"a&#233;\x8a\xbf&#128512;z",
        ),
    ] {
        for (policy, bytes) in [
            (Ignore, ignore),
            (Replace, replace),
            (BackslashReplace, backslash),
            (XmlCharRefReplace, xml),
        ] {
            assert_eq!(encode(label, policy, text, false).as_deref(), Ok(bytes));
        }
        let character = text.chars().nth(index).expect("it is there");
        assert_eq!(
            encode(label, Strict, text, true),
            Err(EncodeError { index, character })
        );
    }
    for (label, bytes) in [
        ("utf-8", "aé漢😀z".as_bytes()),
        ("utf-16-le", b"a\0\xe9\0\"o=\xd8\0\xdez\0"),
        ("utf-16-be", b"\0a\0\xe9o\"\xd8=\xde\0\0z"),
        ("utf-32-be", b"\0\0\0a\0\0\0\xe9\0\0o\"\0\x01\xf6\0\0\0\0z"),
    ] {
        assert_eq!(encode(label, Strict, text, false).as_deref(), Ok(bytes));
    }
}

/// E-whatwg: 0x80–0x9f are controls, not windows-1252.
#[test]
fn latin_1_is_every_byte_as_a_character() {
    let src: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    let decoded = decode("latin-1", ErrorPolicy::Strict, &src);
    assert!(
        decoded
            .text
            .chars()
            .map(u32::from)
            .eq(src.iter().map(|&b| b.into()))
    );
    assert_eq!(
        encode("latin-1", ErrorPolicy::Strict, &decoded.text, true),
        Ok(src)
    );
}

/// E-stateful: two writes stand alone, and read as one text.
#[test]
fn iso_2022_jp_writes_can_be_joined() {
    let strict = ErrorPolicy::Strict;
    let mut bytes = encode("iso-2022-jp", strict, "a漢", true).expect("JIS has it");
    bytes.extend(encode("iso-2022-jp", strict, "字¥", false).expect("JIS has it"));
    bytes.extend(encode("iso-2022-jp", strict, "", false).expect("nothing to do"));
    assert!(bytes.ends_with(b"\x1b(B"));
    let decoded = decode("iso-2022-jp", strict, &bytes);
    assert_eq!((decoded.text.as_str(), decoded.errors), ("a漢字¥", vec![]));
    // Roman has no backslash: the stand-in goes through the same encoder.
    let bytes = encode(
        "iso-2022-jp",
        ErrorPolicy::BackslashReplace,
        "¥é漢é\x1b",
        false,
    );
    let decoded = decode("iso-2022-jp", strict, &bytes.expect("all replaced"));
    assert_eq!(decoded.text, r"¥\xe9漢\xe9\x1b");
    assert_eq!(
        encode("iso-2022-jp", strict, "漢\x1b", false),
        Err(EncodeError {
            index: 1,
            character: '\x1b'
        })
    );
}

#[test]
fn texts_longer_than_the_buffers_survive_any_shift() {
    for label in [
        "utf-16-le",
        "utf-16",
        "utf-32",
        "latin-1",
        "ascii",
        "gb18030",
        "iso-2022-jp",
    ] {
        let unit = match label {
            "latin-1" => "é",
            "ascii" => "e",
            "iso-2022-jp" => "漢a",
            _ => "😀é",
        };
        for shift in 0..6 {
            let text = "x".repeat(shift) + &unit.repeat(3000);
            let bytes = encode(label, ErrorPolicy::Strict, &text, true).expect("it has bytes");
            let decoded = decode(label, ErrorPolicy::Strict, &bytes);
            assert_eq!((decoded.errors, decoded.text), (vec![], text), "{label}");
        }
    }
}

#[test]
fn many_faults_take_linear_time() {
    let src = b"\xff\x81 ".repeat(200_000);
    for label in [
        "utf-8",
        "ascii",
        "utf-16-le",
        "gb18030",
        "big5",
        "windows-1253",
    ] {
        let decoded = decode(label, ErrorPolicy::Replace, &src);
        assert_eq!(decoded.errors, []);
        let text = "é\u{10ffff}".repeat(200_000);
        encode(label, ErrorPolicy::XmlCharRefReplace, &text, false).expect("all have stand-ins");
    }
}
