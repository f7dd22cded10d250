//! Arguments and contents at random: nothing panics or hangs, errors are those
//! that are documented, and all ways to read a text agree.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/encodings.rs"]
mod encodings;
#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use aiofiles::executor::InlineExecutor;
use aiofiles::{AnyFile, Error, TextFile, wrap};
use common::Random;
use encodings::ENCODINGS;
use futures::StreamExt;
use futures::executor::block_on;
use proptest::prelude::*;
use support::{Chunks, Dir};

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

const POLICIES: &[&str] = &[
    "strict",
    "ignore",
    "replace",
    "backslashreplace",
    "xmlcharrefreplace",
];
const NEWLINES: &[Option<&str>] = &[None, Some(""), Some("\n"), Some("\r"), Some("\r\n")];

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

type Bad = (u64, Vec<u8>);

/// What one way to read gave: the errors, and all of the text.
#[derive(Debug, Default, PartialEq)]
struct Reading {
    errors: Vec<Bad>,
    text: String,
}

impl Reading {
    /// Takes in a piece; `false` at the end.
    fn take(&mut self, piece: aiofiles::Result<String>) -> bool {
        match piece {
            Ok(text) => {
                self.text.push_str(&text);
                !text.is_empty()
            }
            Err(Error::Decode { offset, bytes, .. }) => {
                assert!(
                    self.errors.last().is_none_or(|last| last.0 < offset),
                    "it goes on"
                );
                self.errors.push((offset, bytes));
                true
            }
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[derive(Debug)]
struct Case {
    bytes: Vec<u8>,
    encoding: &'static str,
    policy: &'static str,
    newline: Option<&'static str>,
    sizes: Vec<usize>,
    buffering: usize,
}

impl Case {
    /// The file, whose stream gives pieces of these sizes.
    async fn file(&self) -> TextFile<Chunks> {
        let stream = Chunks::new(self.bytes.clone(), 3).sizes(&self.sizes);
        let mut made = wrap(stream)
            .text()
            .encoding(self.encoding)
            .errors(self.policy);
        if let Some(newline) = self.newline {
            made = made.newline(newline);
        }
        made.buffering(self.buffering)
            .executor(InlineExecutor)
            .await
            .unwrap()
    }

    /// Whether there was an error.
    async fn agree(&self, random: &mut Random) -> bool {
        let (mut file, mut whole) = (self.file().await, Reading::default());
        while whole.take(file.read().await) {}

        let (mut file, mut sized) = (self.file().await, Reading::default());
        while sized.take(file.read().size(1 + random.below(6)).await) {}
        assert_eq!(sized, whole, "read(n), read()");

        let whole = self.lines().await;
        let (mut file, mut lines) = (self.file().await, Reading::default());
        let mut ends = Vec::new();
        loop {
            let line = file.readline().await;
            ends.extend(line.as_ref().ok().cloned());
            if !lines.take(line) {
                break;
            }
        }
        assert_eq!(lines, whole, "readline, read(1)");

        let (mut file, mut streamed) = (self.file().await, Reading::default());
        // An error is an item, and the file goes on behind it.
        while let Some(line) = file.next().await {
            assert!(streamed.take(line));
        }
        assert_eq!(streamed, whole, "stream, read(1)");

        let mut file = self.file().await;
        let mut errors = Vec::new();
        let mut stripped = Vec::new();
        loop {
            match file.next_line().await {
                Ok(Some(line)) => stripped.push(line.to_owned()),
                Ok(None) => break,
                Err(Error::Decode { offset, bytes, .. }) => errors.push((offset, bytes)),
                Err(error) => panic!("{error:?}"),
            }
        }
        assert_eq!(errors, whole.errors, "next_line, read(1)");
        ends.retain(|line| !line.is_empty());
        let expected: Vec<_> = ends.iter().map(|line| self.strip(line)).collect();
        assert_eq!(stripped, expected, "next_line, readline");
        if !self.fails() {
            assert_eq!(whole.errors, [], "only strict fails");
            assert_eq!(ends.concat(), sized.text);
        }
        !whole.errors.is_empty()
    }

    /// What methods for lines are to give, by reading one character at a time: the
    /// lines without bad bytes, and of each other its first error.
    async fn lines(&self) -> Reading {
        let (mut file, mut lines) = (self.file().await, Reading::default());
        let (mut line, mut bad, mut over) = (String::new(), false, false);
        while !over {
            let mut part = String::new();
            let error = loop {
                match file.read().size(1).await {
                    Ok(text) if text.is_empty() => break None,
                    Ok(text) => part.push_str(&text),
                    Err(Error::Decode { offset, bytes, .. }) => break Some((offset, bytes)),
                    Err(error) => panic!("{error:?}"),
                }
            };
            let mut rest = part.as_str();
            while let Some(len) = self.line_len(rest) {
                line.push_str(&rest[..len]);
                rest = &rest[len..];
                let line = std::mem::take(&mut line);
                if !std::mem::take(&mut bad) {
                    lines.text.push_str(&line);
                }
            }
            line.push_str(rest);
            over = error.is_none();
            if let Some(error) = error
                && !std::mem::replace(&mut bad, true)
            {
                lines.errors.push(error);
            }
        }
        if !bad {
            lines.text.push_str(&line);
        }
        lines
    }

    /// The length of the first line with its end, if `text` has that.
    fn line_len(&self, text: &str) -> Option<usize> {
        let end = match self.newline {
            None => "\n",
            Some("") => {
                let at = text.find(['\r', '\n'])?;
                return Some(at + 1 + usize::from(text[at..].starts_with("\r\n")));
            }
            Some(end) => end,
        };
        text.find(end).map(|at| at + end.len())
    }

    /// Whether bad bytes are errors: a reference to a character is for writing only.
    fn fails(&self) -> bool {
        let policy = matches!(self.policy, "strict" | "xmlcharrefreplace");
        // Nor does a policy help where the mark is missing that tells the order.
        policy || matches!(self.encoding, "utf-16" | "utf-32")
    }

    /// A line without what ends it under this newline.
    fn strip<'a>(&self, line: &'a str) -> &'a str {
        match self.newline {
            None | Some("\n") => line.strip_suffix('\n').unwrap_or(line),
            Some("") => line
                .strip_suffix("\r\n")
                .or_else(|| line.strip_suffix(['\n', '\r']))
                .unwrap_or(line),
            Some(end) => line.strip_suffix(end).unwrap_or(line),
        }
    }
}

#[test]
fn all_ways_to_read_a_text_agree() {
    let rounds = common::variable("AIOFILES_ROUNDS").unwrap_or(3);
    let mut failures = 0;
    let mut seed = 0;
    for _ in 0..rounds {
        for encoding in ENCODINGS {
            for policy in POLICIES {
                for newline in NEWLINES {
                    seed += 1;
                    let mut random = Random::new(seed);
                    let bytes = bytes(&mut random, encoding);
                    let sizes = (0..random.below(12)).map(|_| 1 + random.below(7)).collect();
                    let buffering = 2 + random.below(30);
                    let (newline, policy) = (*newline, *policy);
                    let case = Case {
                        bytes,
                        encoding,
                        policy,
                        newline,
                        sizes,
                        buffering,
                    };
                    let agree = || block_on(case.agree(&mut random));
                    let failed = catch_unwind(AssertUnwindSafe(agree));
                    // It fails here only, with the case beside.
                    let failed = failed.unwrap_or_else(|_| panic!("{case:?}"));
                    failures += usize::from(failed);
                }
            }
        }
    }
    assert!(failures > 100, "{failures}: it is about bad bytes too");
}
