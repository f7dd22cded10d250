//! Arguments and contents at random: nothing panics or hangs, errors are those
//! that are documented, and all ways to read a text give what the whole of it says.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "common/any_calls.rs"]
mod any_calls;
mod common;
#[path = "common/encodings.rs"]
mod encodings;
#[path = "common/whole_text.rs"]
mod whole_text;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::Path;

use aiofiles::executor::InlineExecutor;
use aiofiles::{AnyFile, Error};
use any_calls::{Case, NEWLINES, POLICIES};
use common::Dir;
use common::Random;
use encodings::ENCODINGS;
use futures::executor::block_on;
use proptest::prelude::*;

// ---- arguments ----------------------------------------------------------------

fn names(dir: &Path) -> BTreeSet<OsString> {
    let entries = std::fs::read_dir(dir).unwrap();
    entries.map(|entry| entry.unwrap().file_name()).collect()
}

/// Mostly what is nearly right.
fn mode() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[rwxa]\\+?[bt]?",
        3 => "[rwxabt+]{0,4}",
        1 => "[rwxabtU+ \\x00\\x1bé]{0,6}",
        1 => any::<String>(),
    ]
}

fn label() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        4 => Just(None),
        3 => "(utf|UTF)[-_ ]?(8|16|32|7)([-_](le|be|sig|x))?".prop_map(Some),
        2 => "(latin|cp|iso-8859|windows|koi8|mac|euc|big)[-_]?[0-9a-z]{0,4}".prop_map(Some),
        1 => any::<String>().prop_map(Some),
    ]
}

fn policy() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        4 => Just(None),
        3 => "strict|ignore|replace|backslashreplace|xmlcharrefreplace".prop_map(Some),
        1 => "surrogateescape|surrogatepass|namereplace".prop_map(Some),
        1 => any::<String>().prop_map(Some),
    ]
}

fn newline() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        4 => Just(None),
        3 => "|\n|\r|\r\n".prop_map(Some),
        1 => "[\r\n\\x00 ]{1,3}".prop_map(Some),
        1 => any::<String>().prop_map(Some),
    ]
}

/// A name in a folder: without `/`, so that it cannot lead out of it.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just("there".to_owned()),
        2 => Just("folder".to_owned()),
        2 => "[a-z]{1,3}",
        2 => "[\\x01-\\x1f\\x7f\u{80}-\u{9f}a]{1,8}",
        1 => "[a-z]{0,3}\\x00[a-z]{0,3}",
        1 => "x{250,300}",
        1 => "[^/]{1,40}".prop_filter("leads out", |name| name != ".."),
        1 => Just("there/below".to_owned()),
        1 => "(y{200}/){25}z",
    ]
}

async fn use_it(file: &mut AnyFile) -> aiofiles::Result<()> {
    match file {
        AnyFile::Text(file) => {
            if file.readable() {
                file.read().size(5).await?;
            }
            if file.writable() {
                file.write("a\r\né\n").await?;
            }
        }
        AnyFile::Binary(file) => {
            if file.readable() {
                file.read().size(5).await?;
            }
            if file.writable() {
                file.write(b"a\n").await?;
            }
        }
        AnyFile::Raw(file) => {
            if file.readable() {
                file.read().size(5).await?;
            }
            if file.writable() {
                file.write(b"a\n").await?;
            }
        }
    }
    file.close().await
}

fn is_plain(error: &Error) -> bool {
    !error.to_string().chars().any(char::is_control)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn opening_anything_in_any_way_succeeds_or_says_why_not(
        mode in mode(),
        label in label(),
        policy in policy(),
        newline in newline(),
        name in name(),
        empty in prop::bool::weighted(0.03),
        buffering in prop::option::of(prop_oneof![Just(0), Just(1), 2..9_usize]),
    ) {
        let dir = Dir::new();
        let inside = dir.join("inside");
        std::fs::create_dir_all(inside.join("folder")).unwrap();
        std::fs::write(inside.join("there"), "one\r\ntwo\n").unwrap();
        let path = if empty { "".into() } else { inside.join(&name) };
        let (before, here) = (names(&inside), names(Path::new(".")));
        let mut open = aiofiles::open(&path).any().mode(&mode).executor(InlineExecutor);
        if let Some(label) = &label {
            open = open.encoding(label.as_str());
        }
        if let Some(policy) = &policy {
            open = open.errors(policy.as_str());
        }
        if let Some(newline) = &newline {
            open = open.newline(newline.as_str());
        }
        if let Some(size) = buffering {
            open = open.buffering(size);
        }
        match block_on(open.into_future()) {
            Ok(mut file) => {
                prop_assert!(path.is_file());
                let exclusive = mode.contains('x');
                prop_assert!(!(exclusive && before.contains(path.file_name().unwrap())));
                if let Err(error) = block_on(use_it(&mut file)) {
                    let text = matches!(error, Error::Decode { .. } | Error::Encode { .. });
                    prop_assert!(text && is_plain(&error), "{}", error);
                }
            }
            Err(error) => {
                prop_assert!(is_plain(&error), "{:?}", error);
                let kind = error.kind();
                let known = match &error {
                    Error::InvalidMode { .. }
                    | Error::InvalidArgument { .. }
                    | Error::UnknownEncoding { .. } => kind == ErrorKind::InvalidInput,
                    Error::Os { op, path: about, .. } => {
                        *op == "open" && about.as_deref() == Some(path.as_path()) && matches!(
                            kind,
                            ErrorKind::NotFound
                                | ErrorKind::AlreadyExists
                                | ErrorKind::IsADirectory
                                | ErrorKind::NotADirectory
                                | ErrorKind::InvalidInput
                                | ErrorKind::InvalidFilename
                        )
                    }
                    _ => false,
                };
                prop_assert!(known, "{:?}", error);
                prop_assert_eq!(names(&inside), before, "nothing is left behind");
            }
        }
        let mut there = names(dir.path());
        prop_assert!(there.remove("inside".as_ref() as &std::ffi::OsStr) && there.is_empty());
        prop_assert_eq!(names(Path::new(".")), here);
    }
}

// ---- contents -----------------------------------------------------------------

/// Bytes that are something here and there, and nothing elsewhere.
fn bytes(random: &mut Random, encoding: &str) -> Vec<u8> {
    let width = match encoding {
        label if label.starts_with("utf-16") => 2,
        label if label.starts_with("utf-32") => 4,
        _ => 1,
    };
    let mut bytes = Vec::new();
    for _ in 0..random.below(14) {
        let unit: &[u8] = match random.below(9) {
            0 => b"\n",
            1 => b"\r",
            2 => b"\r\n",
            3 if width == 1 => b"\x1b$B",
            4 if width == 1 => b"\x1b(B",
            5 if width == 1 => "é漢𝄞".as_bytes(),
            6 => &[random.next() as u8, random.next() as u8],
            7 => &[0xfe, 0xff],
            _ => b"ab",
        };
        if unit.is_ascii() && width > 1 {
            for &byte in unit {
                let mut code = vec![0; width];
                // Both orders, so one of them is often wrong.
                let at = if random.one_in(8) { width - 1 } else { 0 };
                let at = if encoding.ends_with("be") {
                    width - 1 - at
                } else {
                    at
                };
                code[at] = byte;
                bytes.extend(code);
            }
        } else {
            bytes.extend(unit);
        }
    }
    bytes
}

#[test]
fn all_ways_to_read_a_text_give_what_the_whole_of_it_says() {
    let rounds = common::variable("AIOFILES_ROUNDS").unwrap_or(3);
    let (mut failures, mut unknown) = (0, 0);
    let mut seed = 0;
    for _ in 0..rounds {
        for encoding in ENCODINGS {
            for policy in POLICIES {
                for newline in NEWLINES {
                    seed += 1;
                    let mut random = Random::new(seed);
                    let bytes = bytes(&mut random, encoding);
                    let sizes = (0..random.below(12)).map(|_| 1 + random.below(7)).collect();
                    let case = Case {
                        bytes,
                        encoding,
                        policy,
                        newline: *newline,
                        sizes,
                        buffering: 2 + random.below(30),
                    };
                    match block_on(case.play(20, |n| random.below(n))) {
                        Some(failed) => failures += usize::from(failed),
                        None => unknown += 1,
                    }
                }
            }
        }
    }
    assert!(failures > 100, "{failures}: it is about bad bytes too");
    assert!(unknown < 20, "{unknown}: nearly all is known");
}
