//! What is read, against CPython's tables.

use super::*;

const NO_BOM: &str = "Stream does not start with BOM";

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
        let whole = decode(label, ErrorPolicy::Strict, src);
        let bytewise: Vec<usize> = (0..=src.len()).collect();
        let split = feed(label, ErrorPolicy::Strict, START, src, &bytewise);
        assert_eq!(split, whole, "{label} {src:x?}");
        let error = whole.errors[0];
        assert_eq!(
            (error.0, error.1, error.2),
            (at, len, reason),
            "{label} {src:x?}"
        );
    }
    let xml = decode("utf-8", ErrorPolicy::XmlCharRefReplace, b"a\xff").errors[0];
    assert!(xml.2.contains("encoding only"));
}

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

#[test]
fn mark_counts_for_the_call_that_skipped_it() {
    for (label, src) in [
        ("utf-8-sig", &b"\xef\xbb\xbfa"[..]),
        ("utf-16", b"\xfe\xff\0a"),
        ("utf-32", b"\xff\xfe\0\0a\0\0\0"),
    ] {
        let (encoding, mut text) = (encoding(label), String::new());
        let mut decoder = Decoder::new(&encoding, ErrorPolicy::Strict, DecoderState::START);
        assert_eq!(decoder.decode(src, false, &mut text), Ok(src.len()));
        let len = decoder.byte_len("a").expect("the text alone tells");
        assert_eq!(decoder.bom_len() + len as usize, src.len());
        assert_eq!(
            decoder.decode(&src[decoder.bom_len()..], false, &mut text),
            Ok(len as usize)
        );
        assert_eq!((text.as_str(), decoder.bom_len()), ("aa", 0));
    }
}

/// `(bytes, skip)` of each character, and of the end.
#[test]
fn located_places_are_the_earliest() {
    use ErrorPolicy::{BackslashReplace, Ignore, Strict};
    for (label, policy, src, places) in [
        (
            "utf-8",
            Ignore,
            &b"a\xffb\xff"[..],
            &[(0, 0), (1, 0), (3, 0)][..],
        ),
        (
            "utf-8",
            BackslashReplace,
            b"a\xffb",
            &[(0, 0), (1, 0), (1, 1), (1, 2), (1, 3), (2, 0), (3, 0)],
        ),
        (
            "utf-8",
            Strict,
            b"ab\xff",
            &[(0, 0), (1, 0), (2, 0), (2, 0)],
        ),
        (
            "utf-16",
            Strict,
            b"\xff\xfea\0b\0",
            &[(0, 0), (4, 0), (6, 0)],
        ),
        ("utf-16", Strict, b"a\0b\0", &[(0, 0), (0, 0)]),
        (
            "iso-2022-jp",
            Strict,
            b"a\x1b$B4A;z\x1b(Bb",
            &[(0, 0), (1, 0), (6, 0), (8, 0), (12, 0)],
        ),
        (
            "big5",
            Strict,
            b"\x88\x62a",
            &[(0, 0), (0, 1), (2, 0), (3, 0)],
        ),
    ] {
        for (chars, &place) in places.iter().enumerate() {
            let found = locate(
                &encoding(label),
                policy,
                DecoderState::START,
                src,
                true,
                chars,
            );
            assert_eq!((found.bytes, found.skip), place, "{label} {chars}");
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
