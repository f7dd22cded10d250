//! What is written, against CPython's tables.

use super::*;

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
fn pieces_give_what_the_whole_text_gives_wherever_it_is_cut() {
    let text = "a\u{a5}b\\~c\u{65e5}\u{672c}\u{a5}x\u{1f600}\u{203e}\n\u{e9}\u{65e5}y";
    let mut tried = 0;
    for label in ["utf-8-sig", "utf-16", "latin-1", "gb18030", "iso-2022-jp"] {
        for bom in [false, true] {
            let encoder = Encoder::new(&encoding(label), ErrorPolicy::BackslashReplace);
            let mut whole = Vec::new();
            encoder
                .encode(text, bom, &mut whole)
                .expect("all has bytes");
            for (first, _) in text.char_indices() {
                for (second, _) in text.char_indices().filter(|&(at, _)| at >= first) {
                    let (mut pieces, mut bytes) = (encoder.pieces(bom), Vec::new());
                    let parts = [&text[..first], &text[first..second], &text[second..]];
                    for (at, part) in parts.into_iter().enumerate() {
                        let encoded = pieces.encode(part, at == 2, &mut bytes);
                        encoded.expect("all has bytes");
                    }
                    assert_eq!(bytes, whole, "{label} {bom} {first} {second}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 1000, "{tried}");
}
