//! From the label of an encoding to the encoding.

use super::Codec;
use super::other::Other;

/// Finds the encoding that `label` names: first as Python means it, then as the WHATWG
/// standard does.
pub(super) fn resolve(label: &str) -> Option<Codec> {
    // Python ignores the characters of a label that are not ASCII. Such a label is a
    // mistake, so it is refused here.
    if !label.is_ascii() || label.contains('\0') {
        return None;
    }
    let name = normalize(label);
    python(&name)
        .or_else(|| Other::for_label(label))
        .or_else(|| Other::for_label(&name.replace('_', "-")))
        .or_else(|| python_alias(&name).and_then(Other::for_label))
}

/// Normalises a label as Python does to compare names: letters become lower case, and
/// each run of characters that are not letters, digits or dots becomes one `_`, or
/// nothing at the ends.
fn normalize(label: &str) -> String {
    let mut name = String::with_capacity(label.len());
    for c in label.chars() {
        if c.is_ascii_alphanumeric() || c == '.' {
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    if name.ends_with('_') {
        name.pop();
    }
    name
}

/// The encodings that are exactly as in Python, with all its aliases.
fn python(name: &str) -> Option<Codec> {
    Some(match name {
        "utf_8" | "utf8" | "u8" | "utf" | "cp65001" | "utf8_ucs2" | "utf8_ucs4" => Codec::Utf8,
        "utf_8_sig" => Codec::Utf8Sig,
        "utf_16" | "utf16" | "u16" => Codec::Utf16,
        "utf_16_le" | "utf_16le" | "unicodelittleunmarked" => Codec::Utf16Le,
        "utf_16_be" | "utf_16be" | "unicodebigunmarked" => Codec::Utf16Be,
        "utf_32" | "utf32" | "u32" => Codec::Utf32,
        "utf_32_le" | "utf_32le" => Codec::Utf32Le,
        "utf_32_be" | "utf_32be" => Codec::Utf32Be,
        // Only the WHATWG standard has `iso88591`, but it can mean nothing else.
        "latin_1" | "latin1" | "latin" | "l1" | "8859" | "iso8859" | "iso8859_1" | "iso_8859_1"
        | "iso_8859_1_1987" | "iso_ir_100" | "csisolatin1" | "cp819" | "ibm819" | "iso88591" => {
            Codec::Latin1
        }
        "ascii" | "us_ascii" | "us" | "646" | "iso646_us" | "iso_646.irv_1991" | "iso_ir_6"
        | "ansi_x3.4_1968" | "ansi_x3_4_1968" | "ansi_x3.4_1986" | "cp367" | "csascii"
        | "ibm367" => Codec::Ascii,
        _ => return None,
    })
}

/// The WHATWG label of an encoding that only Python knows by this name.
fn python_alias(name: &str) -> Option<&'static str> {
    Some(match name {
        "1250" => "windows-1250",
        "1251" => "windows-1251",
        "1252" => "windows-1252",
        "1253" => "windows-1253",
        "1254" => "windows-1254",
        "1255" => "windows-1255",
        "1256" => "windows-1256",
        "1257" => "windows-1257",
        "1258" => "windows-1258",
        "cp874" | "thai" | "tis620" => "windows-874",
        "932" | "cp932" | "mskanji" | "shiftjis" | "s_jis" => "shift_jis",
        "eucjp" | "ujis" | "u_jis" => "euc-jp",
        "iso2022jp" | "iso2022_jp" => "iso-2022-jp",
        "936" | "cp936" | "ms936" | "euccn" | "euc_cn" | "eucgb2312_cn" | "gb2312_1980"
        | "gb2312_80" => "gbk",
        "gb18030_2000" => "gb18030",
        "950" | "cp950" | "ms950" | "big5_tw" | "big5hkscs" | "hkscs" => "big5",
        "949" | "cp949" | "ms949" | "uhc" | "euckr" | "ks_c_5601" | "ks_x_1001" | "ksx1001" => {
            "euc-kr"
        }
        "latin7" | "l7" => "iso-8859-13",
        "latin8" | "l8" => "iso-8859-14",
        "latin9" => "iso-8859-15",
        "iso8859_16" | "latin10" | "l10" => "iso-8859-16",
        "mac_roman" | "macroman" => "macintosh",
        "mac_cyrillic" | "maccyrillic" => "x-mac-cyrillic",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::Error;
    use crate::codec::Encoding;

    /// `[R p9]` and CPython's table of aliases.
    #[test]
    fn python_names_keep_their_meaning() {
        for (labels, name) in [
            (
                "UTF-8 utf8 utf_8 U8 cp65001 utf--8 -utf-8- UTF utf8_ucs4",
                "utf-8",
            ),
            ("utf-8-sig UTF_8_SIG utf-8_sig", "utf-8-sig"),
            ("utf-16 UTF16 u16 utf_16", "utf-16"),
            ("utf-16-le utf-16le utf_16_le UTF-16LE", "utf-16-le"),
            ("utf-16-be utf-16be unicodebigunmarked", "utf-16-be"),
            ("utf-32 utf_32 U32", "utf-32"),
            ("utf-32-le utf-32le", "utf-32-le"),
            ("utf-32-be utf_32be", "utf-32-be"),
            (
                "latin-1 latin1 L1 8859 iso8859-1 ISO-8859-1 iso_8859-1:1987 cp819 latin iso88591",
                "latin-1",
            ),
            (
                "ascii ASCII 646 us-ascii US_ASCII ansi_x3.4-1968 ascii!",
                "ascii",
            ),
            ("cp1252 windows-1252 1252 x-cp1252", "windows-1252"),
            ("cp1251 1251", "windows-1251"),
            (
                "sjis shift-jis ms932 cp932 932 shift_jis Shift_JIS",
                "Shift_JIS",
            ),
            ("eucjp euc_jp EUC-JP ujis", "EUC-JP"),
            ("gbk 936 gb2312 cp936", "GBK"),
            ("gb18030", "gb18030"),
            ("big5 cp950 big5-hkscs big5hkscs", "Big5"),
            ("euc_kr cp949 uhc ks_c_5601-1987", "EUC-KR"),
            ("iso2022_jp iso-2022-jp csiso2022jp", "ISO-2022-JP"),
            ("koi8-r KOI8_R", "KOI8-R"),
            ("koi8-u", "KOI8-U"),
            ("mac-roman macroman macintosh", "macintosh"),
            ("tis-620 cp874", "windows-874"),
            ("iso8859_15 latin9 l9 iso-8859-15", "ISO-8859-15"),
            ("iso8859_16 latin10", "ISO-8859-16"),
            ("latin2 iso8859-2 iso_8859_2", "ISO-8859-2"),
            ("cp866 866", "IBM866"),
            ("x-user-defined", "x-user-defined"),
        ] {
            for label in labels.split(' ') {
                let found = Encoding::for_label(label).unwrap_or_else(|e| panic!("{e}"));
                assert_eq!(found.name(), name, "{label}");
                assert_eq!(found.label(), label);
            }
        }
        let spaced = Encoding::for_label(" utf 8\n").expect("blanks part words");
        assert_eq!((spaced.name(), spaced.label()), ("utf-8", " utf 8\n"));
    }

    #[test]
    fn unknown_labels_are_named_in_the_error() {
        for label in [
            "",
            " ",
            "UTF8-SIG",
            "utf16le",
            "ansi",
            "mbcs",
            "ut f-8",
            "utf-8.",
            "cp_65001",
            "nope",
            "hex",
            "rot13",
            "base64",
            "utf-7",
            "cp437",
            "hz",
            "hz-gb-2312",
            "iso-2022-kr",
            "iso2022_kr",
            "replacement",
            "utf-8\0",
            "utf-8é",
            "iso2022_jp_2",
        ] {
            match Encoding::for_label(label) {
                Err(Error::UnknownEncoding { label: named, .. }) => assert_eq!(named, label),
                other => panic!("{label:?}: {other:?}"),
            }
        }
    }
}
