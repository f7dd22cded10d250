//! Text positions: telling at every character and going back there, in every encoding.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{Cursor, SeekFrom};

use aiofiles::{TextFile, TextPosition, open, wrap};
use common::{Dir, run};
use futures::StreamExt;
use proptest::prelude::*;

/// Encodings, and characters that each has.
const ENCODINGS: [(&str, &str); 17] = [
    ("utf-8", "aé漢😀\u{feff}"),
    ("utf-8-sig", "aé漢😀\u{feff}"),
    ("utf-16", "aé漢😀"),
    ("utf-16-le", "aé漢😀"),
    ("utf-16-be", "aé漢😀"),
    ("utf-32", "aé漢😀"),
    ("utf-32-le", "aé漢😀"),
    ("utf-32-be", "aé漢😀"),
    ("latin-1", "aéÿ"),
    ("ascii", "az~"),
    ("windows-1252", "aé€"),
    ("koi8-r", "aЖж"),
    ("shift_jis", "a漢字ｱ"),
    ("euc-jp", "a漢字"),
    ("iso-2022-jp", "a漢字かな"),
    ("gb18030", "aé漢😀"),
    ("big5", "a漢字"),
];
const NEWLINES: [&str; 5] = ["universal", "", "\n", "\r", "\r\n"];
const SIZES: [usize; 6] = [2, 3, 7, 16, 100, 9000];

type Memory = Cursor<Vec<u8>>;

async fn opened(
    data: &[u8],
    encoding: &str,
    errors: &str,
    newline: &str,
    size: usize,
) -> TextFile<Memory> {
    let file = wrap(Cursor::new(data.to_vec())).text().encoding(encoding);
    let file = file.errors(errors).buffering(size);
    match newline {
        "universal" => file.await.unwrap(),
        newline => file.newline(newline).await.unwrap(),
    }
}

async fn encoded(text: &str, encoding: &str) -> Vec<u8> {
    let file = wrap(Cursor::new(Vec::new())).text().encoding(encoding);
    let mut file = file.newline("").await.unwrap();
    assert_eq!(file.write(text).await.unwrap(), text.chars().count());
    file.into_raw().await.unwrap().into_inner()
}

/// What a text reads as with this newline.
fn translated(text: &str, newline: &str) -> String {
    match newline {
        "universal" => text.replace("\r\n", "\n").replace('\r', "\n"),
        _ => text.to_owned(),
    }
}

/// Reads by the character, tells before each, and goes back to each in the order of `visits`.
async fn goes_back(mut file: TextFile<Memory>, expected: Option<&str>, visits: &[usize], at: &str) {
    let mut places: Vec<TextPosition> = Vec::new();
    let mut chars = String::new();
    let mut starts = Vec::new();
    loop {
        places.push(file.tell().await.unwrap());
        starts.push(chars.len());
        let c = file.read().size(1).await.unwrap();
        if c.is_empty() {
            break;
        }
        assert_eq!(c.chars().count(), 1, "{at}");
        chars += &c;
    }
    if let Some(expected) = expected {
        assert_eq!(chars, expected, "{at}");
    }
    for visit in visits {
        let n = visit % places.len();
        let rest = &chars[starts[n]..];
        assert_eq!(file.seek(places[n]).await.unwrap(), places[n]);
        assert_eq!(
            file.tell().await.unwrap(),
            places[n],
            "{at}: it is where it went"
        );
        match visit % 3 {
            0 => assert_eq!(file.read().await.unwrap(), rest, "{at}: from {n}"),
            1 => {
                let two: String = rest.chars().take(2).collect();
                assert_eq!(file.read().size(2).await.unwrap(), two, "{at}: from {n}");
                let here = file.tell().await.unwrap();
                file.seek(here).await.unwrap();
                assert_eq!(
                    file.read().await.unwrap(),
                    rest[two.len()..],
                    "{at}: from {n} + 2"
                );
            }
            _ => {
                let line = file.readline().await.unwrap();
                assert!(rest.starts_with(&line), "{at}: from {n}");
                let here = file.tell().await.unwrap();
                assert_eq!(file.seek(SeekFrom::Current(0)).await.unwrap(), here, "{at}");
                assert_eq!(
                    file.read().await.unwrap(),
                    rest[line.len()..],
                    "{at}: from {n}"
                );
            }
        }
    }
    file.seek(SeekFrom::Start(0)).await.unwrap();
    assert_eq!(file.read().await.unwrap(), chars, "{at}: from the start");
}

/// Text of an encoding's characters and line ends.
fn text() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(0..10_u8, 0..60)
}

fn spelled(digits: &[u8], alphabet: &str) -> String {
    let chars: Vec<char> = alphabet.chars().collect();
    let spell = |&digit: &u8| match digit {
        0 => "\r".to_owned(),
        1 => "\n".to_owned(),
        2 => "\r\n".to_owned(),
        n => chars[n as usize % chars.len()].to_string(),
    };
    digits.iter().map(spell).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_position_can_be_told_and_gone_back_to(
        digits in text(),
        which in 0..ENCODINGS.len(),
        newline in 0..NEWLINES.len(),
        size in 0..SIZES.len(),
        visits in proptest::collection::vec(0..1000_usize, 12),
    ) {
        run(async {
            let (encoding, alphabet) = ENCODINGS[which];
            let (newline, size) = (NEWLINES[newline], SIZES[size]);
            let text = spelled(&digits, alphabet);
            let data = encoded(&text, encoding).await;
            let at = format!("{encoding} {newline:?} {size} {text:?}");
            let file = opened(&data, encoding, "strict", newline, size).await;
            goes_back(file, Some(&translated(&text, newline)), &visits, &at).await;
        });
    }

    #[test]
    fn positions_within_what_a_policy_makes_of_bad_bytes_can_be_gone_back_to(
        data in proptest::collection::vec(
            prop_oneof![
                any::<u8>(),
                proptest::sample::select(b"a\r\n\x1b$B(J\x81\x30\xff\xe2\x82\xac\0".to_vec()),
            ],
            0..40,
        ),
        which in 0..ENCODINGS.len(),
        policy in proptest::sample::select(vec!["replace", "ignore", "backslashreplace"]),
        newline in 0..NEWLINES.len(),
        size in 0..SIZES.len(),
        visits in proptest::collection::vec(0..1000_usize, 8),
    ) {
        run(async {
            let encoding = ENCODINGS[which].0;
            if matches!(encoding, "utf-16" | "utf-32") {
                return; // Without a mark that is an error under any policy.
            }
            let (newline, size) = (NEWLINES[newline], SIZES[size]);
            let at = format!("{encoding} {policy} {newline:?} {size} {data:x?}");
            let whole = opened(&data, encoding, policy, newline, 9000).await.read().await.unwrap();
            let file = opened(&data, encoding, policy, newline, size).await;
            goes_back(file, Some(&whole), &visits, &at).await;
        });
    }

    #[test]
    fn what_is_written_reads_back(
        parts in proptest::collection::vec(text(), 0..6),
        which in 0..ENCODINGS.len(),
        size in 0..SIZES.len(),
        newline in proptest::sample::select(vec!["\n", "\r", "\r\n"]),
    ) {
        run(async {
            let (encoding, alphabet) = ENCODINGS[which];
            let memory = wrap(Cursor::new(Vec::new())).text().encoding(encoding);
            let mut file = memory.newline(newline).buffering(SIZES[size]).await.unwrap();
            let mut all = String::new();
            for part in parts {
                let part = spelled(&part, alphabet).replace('\r', "");
                assert_eq!(file.write(&part).await.unwrap(), part.chars().count());
                all += &part;
            }
            file.seek(SeekFrom::Start(0)).await.unwrap();
            assert_eq!(file.read().await.unwrap(), all.replace('\n', newline));
            let data = file.into_raw().await.unwrap().into_inner();
            let mut file = opened(&data, encoding, "strict", "universal", SIZES[size]).await;
            assert_eq!(file.read().await.unwrap(), all, "{encoding}");
        });
    }

    /// A file that is read, written and moved about at random, against a model that has all of
    /// it in memory: characters of one byte, so that positions are offsets.
    #[test]
    fn reads_writes_and_seeks_mix(
        steps in proptest::collection::vec((0..7_u8, 0..12_usize), 1..40),
        size in 0..SIZES.len(),
    ) {
        run(async {
            let start = b"one\ntwo\nthree\nfour\n".to_vec();
            let file = wrap(Cursor::new(start.clone())).text().newline("");
            let mut file = file.buffering(SIZES[size]).await.unwrap();
            let (mut model, mut at) = (start, 0);
            let mut places = vec![(file.tell().await.unwrap(), 0)];
            for &(step, n) in &steps {
                match step {
                    0 => {
                        let end = (at + n).min(model.len()).max(at);
                        let got = file.read().size(n).await.unwrap();
                        let there = model.get(at..end).unwrap_or_default();
                        assert_eq!(got.as_bytes(), there, "{steps:?}");
                        at = end;
                    }
                    1 => {
                        let rest = model.get(at..).unwrap_or_default();
                        let end = rest.iter().position(|&b| b == b'\n').map_or(rest.len(), |i| i + 1);
                        let got = file.readline().await.unwrap();
                        assert_eq!(got.as_bytes(), &rest[..end], "{steps:?}");
                        at += end;
                    }
                    2 => {
                        let data = &"ABCD\nEFGHIJK"[..n];
                        file.write(data).await.unwrap();
                        if !data.is_empty() {
                            model.resize(model.len().max(at + n), 0);
                            model[at..at + n].copy_from_slice(data.as_bytes());
                            at += n;
                        }
                    }
                    3 => places.push((file.tell().await.unwrap(), at)),
                    4 => {
                        let (place, to) = places[n % places.len()];
                        file.seek(place).await.unwrap();
                        at = to;
                    }
                    5 => {
                        file.seek(SeekFrom::End(0)).await.unwrap();
                        at = model.len();
                    }
                    _ if n % 4 == 0 => {
                        assert_eq!(file.truncate().await.unwrap(), at as u64);
                        model.resize(at, 0);
                    }
                    _ => file.flush().await.unwrap(),
                }
            }
            assert_eq!(file.into_raw().await.unwrap().into_inner(), model, "{steps:?}");
        });
    }

    #[test]
    fn lines_are_the_same_by_every_way_of_reading_them(
        digits in text(),
        newline in 0..NEWLINES.len(),
        size in 0..SIZES.len(),
    ) {
        run(async {
            let newline = NEWLINES[newline];
            let text = spelled(&digits, "aé漢😀");
            let open = || opened(text.as_bytes(), "utf-8", "strict", newline, SIZES[size]);
            let lines = open().await.readlines().await.unwrap();
            assert_eq!(lines.concat(), translated(&text, newline));
            let at = format!("{text:?} {newline:?}");

            let mut file = open().await;
            for line in &lines {
                assert_eq!(&file.readline().await.unwrap(), line, "{at}");
            }
            assert_eq!(file.readline().await.unwrap(), "");

            let ends = match newline {
                "universal" => &["\n"][..],
                "" => &["\r\n", "\n", "\r"],
                newline => &[newline],
            };
            let stripped = |line: &String| {
                let mut content = ends.iter().filter_map(|end| line.strip_suffix(end));
                content.next().unwrap_or(line).to_owned()
            };
            let stripped: Vec<String> = lines.iter().map(stripped).collect();
            let mut file = open().await;
            let mut got = Vec::new();
            while let Some(line) = file.next_line().await.unwrap() {
                got.push(line.to_owned());
            }
            assert_eq!(got, stripped, "{at}");
            let streamed: Vec<_> = open().await.into_lines().map(Result::unwrap).collect().await;
            assert_eq!(streamed, stripped, "{at}");
            let kept: Vec<_> = open().await.map(Result::unwrap).collect().await;
            assert_eq!(kept, lines, "{at}");
        });
    }
}

/// It took the byte behind to know that the first is bad.
#[test]
fn regression_a_place_in_an_escape_before_an_incomplete_character() {
    run(async {
        let file = opened(b"\xc2\xc2a", "utf-8", "backslashreplace", "", 2).await;
        goes_back(file, Some(r"\xc2\xc2a"), &[1, 4, 6, 30], "c2 c2").await;
    });
}

#[test]
fn positions_after_a_mark_belong_to_the_first_character() {
    run(async {
        for encoding in ["utf-8-sig", "utf-16", "utf-32"] {
            let data = encoded("ab", encoding).await;
            let mut file = opened(&data, encoding, "strict", "", 100).await;
            let start = file.tell().await.unwrap();
            assert_eq!(file.read().size(1).await.unwrap(), "a");
            let second = file.tell().await.unwrap();
            file.seek(start).await.unwrap();
            assert_eq!(
                file.read().await.unwrap(),
                "ab",
                "the mark is expected again"
            );
            file.seek(second).await.unwrap();
            assert_eq!(file.read().await.unwrap(), "b");
        }
    });
}

#[test]
fn positions_are_plain_values() {
    fn check<T: Copy + Eq + std::hash::Hash + Send + Sync + 'static>() {}
    check::<TextPosition>();
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "one\ntwo\n");
        let mut a = aiofiles::open(&path).await.unwrap();
        a.readline().await.unwrap();
        let second = a.tell().await.unwrap();
        let mut b = aiofiles::open(&path).await.unwrap();
        b.seek(second).await.unwrap();
        assert_eq!(b.read().await.unwrap(), "two\n", "good for another handle");
    });
}

#[test]
fn positions_are_written_down_and_read_again() {
    run(async {
        let dir = Dir::new();
        let contents: [(&str, &[u8]); 6] = [
            ("utf-8", "a\u{e9}\r\n\u{20ac}\r\n\u{1d11e}z".as_bytes()),
            ("utf-16", b"\xfe\xff\0a\0\r\0\n\0b\0\r\0\n\0c"),
            ("utf-8-sig", b"\xef\xbb\xbfab\r\ncd"),
            ("iso-2022-jp", b"a\x1b$B4A;z\x1b(Bb\r\nc"),
            ("shift_jis", b"\x8a\xbf\x8e\x9a\r\nab"),
            ("ascii", b"ab\r\ncd"),
        ];
        for (encoding, content) in contents {
            let path = dir.file("f", content);
            let opened = || open(&path).encoding(encoding).errors("backslashreplace");
            let mut file = opened().await.unwrap();
            loop {
                let here = file.tell().await.unwrap();
                let kept = here.to_string();
                let again: TextPosition = kept.parse().unwrap();
                assert_eq!(again, here, "{encoding}: {kept}");
                assert_eq!(again.to_string(), kept);
                let mut other = opened().await.unwrap();
                other.seek(again).await.unwrap();
                let rest = other.read().await.unwrap();
                file.seek(here).await.unwrap();
                assert_eq!(file.read().await.unwrap(), rest, "{encoding}: {kept}");
                file.seek(here).await.unwrap();
                if file.read().size(1).await.unwrap().is_empty() {
                    break;
                }
            }
        }
    });
}

#[test]
fn what_is_no_position_is_refused() {
    for text in [
        "",
        " ",
        "-1",
        "+1",
        "1 ",
        "x",
        "1:",
        "1:0",
        "1:0.0",
        "1:0.0.0.0",
        "1:8.0.0",
        "1:0.0.4",
        "1:-1.0.0",
        "1:0.+1.0",
        "1:0.4294967296.0",
        "18446744073709551616",
        "1:0.0.0 ",
        ":0.0.0",
    ] {
        let error = text.parse::<TextPosition>().unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{text:?}");
        assert!(error.to_string().contains(&format!("`{text}`")), "{error}");
    }
    // Of another encoding it leads somewhere, and loses nothing of the file.
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "text");
        for text in ["1:3.0.0", "1:7.5.1", "2:5.0.3", "99"] {
            let mut file = open(&path).mode("r+").await.unwrap();
            file.seek(text.parse::<TextPosition>().unwrap())
                .await
                .unwrap();
            file.read().await.unwrap();
            file.close().await.unwrap();
        }
        assert_eq!(std::fs::read(&path).unwrap(), b"text");
    });
}
