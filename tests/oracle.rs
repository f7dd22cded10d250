//! Replays what CPython did with text, binary and raw files (`tests/oracle/`; the docstring of
//! `record.py` there says how it was recorded and explains the format).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "oracle/case.rs"]
mod case;
mod common;
#[path = "oracle/notation.rs"]
mod notation;
#[path = "oracle/replay.rs"]
mod replay;

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::sync::Arc;

use aiofiles::{AnyFile, Error};
use case::{Arg, Case, Expected, Kind, MODES, all_cases, mode_table};
use common::{Wavering, cache_answers};

/// How often each value of each dimension occurs.
fn counts(cases: &[Case]) -> BTreeMap<(&'static str, String), usize> {
    let mut counts = BTreeMap::new();
    let mut count = |dimension, value: &str| {
        *counts.entry((dimension, value.to_owned())).or_insert(0) += 1;
    };
    for case in cases {
        count("kind", case.kind.name());
        count("mode", &case.mode);
        count("open", case.open_error.as_deref().unwrap_or("ok"));
        let size = case.buffering.map(|n| n.to_string());
        count("buffering", size.as_deref().unwrap_or("default"));
        if case.kind == Kind::Text {
            count("encoding", &case.encoding);
            count("errors", &case.errors);
            count("newline", &case.newline);
            count(
                "encoding × errors",
                &format!("{} {}", case.encoding, case.errors),
            );
            count(
                "encoding × newline",
                &format!("{} {}", case.encoding, case.newline),
            );
            count(
                "encoding × mode",
                &format!("{} {}", case.encoding, case.mode),
            );
            count(
                "errors × newline",
                &format!("{} {}", case.errors, case.newline),
            );
            count(
                "line buffering",
                if case.line_buffering { "on" } else { "off" },
            );
        }
        for decision in &case.decided {
            count("decided", decision);
        }
        for step in &case.steps {
            count(case.kind.name(), &step.op);
            if let Some(class) = step.expected.error() {
                count("error", class);
            }
            if let (Arg::Seek(seek), Expected::Ok) = (&step.arg, &step.expected) {
                count("text seek", seek.origin());
            }
            if case.kind == Kind::Text && matches!(step.arg, Arg::None) {
                count("default argument", &step.op);
            }
            let (least, most) = (step.newlines.least, step.newlines.most);
            count("newlines", &format!("{least:?}"));
            count(
                "newlines known",
                if least == most {
                    "exactly"
                } else {
                    "in a range"
                },
            );
        }
    }
    counts
}

#[test]
fn cases_exercise_every_dimension() {
    let cases = all_cases();
    assert!(cases.len() >= 5_000, "{} cases", cases.len());
    let counts = counts(&cases);
    let get = |dimension, value: &str| *counts.get(&(dimension, value.to_owned())).unwrap_or(&0);
    let at_least = |n: usize, dimension, values: &[&str]| {
        for value in values {
            let found = get(dimension, value);
            assert!(found >= n, "{dimension} {value}: {found} of {n}");
        }
    };

    let encodings = [
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
        "windows-1252",
        "iso-8859-15",
        "koi8-r",
        "shift_jis",
        "euc-jp",
        "iso-2022-jp",
        "gb18030",
        "gbk",
        "big5",
        "euc-kr",
    ];
    let policies = [
        "strict",
        "ignore",
        "replace",
        "backslashreplace",
        "xmlcharrefreplace",
    ];
    let newlines = ["none", "empty", "lf", "cr", "crlf"];
    at_least(100, "encoding", &encodings);
    at_least(400, "errors", &policies);
    at_least(400, "newline", &newlines);
    at_least(100, "mode", &MODES);
    at_least(200, "kind", &["text", "binary", "raw"]);
    at_least(1_000, "buffering", &["16", "64", "4096", "default"]);
    at_least(400, "line buffering", &["on", "off"]);
    for encoding in encodings {
        for policy in policies {
            at_least(3, "encoding × errors", &[&format!("{encoding} {policy}")]);
        }
        for newline in newlines {
            at_least(3, "encoding × newline", &[&format!("{encoding} {newline}")]);
        }
        for mode in MODES {
            at_least(1, "encoding × mode", &[&format!("{encoding} {mode}")]);
        }
    }
    for policy in policies {
        for newline in newlines {
            at_least(20, "errors × newline", &[&format!("{policy} {newline}")]);
        }
    }

    let common = [
        "read",
        "readline",
        "readlines",
        "iter",
        "write",
        "writelines",
        "tell",
        "seek",
        "truncate",
        "flush",
        "close",
        "size",
    ];
    at_least(100, "text", &common);
    at_least(10, "binary", &common);
    at_least(10, "raw", &common);
    at_least(50, "binary", &["read1", "readinto", "peek"]);
    at_least(50, "raw", &["readinto"]);
    at_least(
        400,
        "default argument",
        &["read", "readline", "readlines", "truncate"],
    );
    at_least(200, "text seek", &["@", "start", "current", "end"]);
    at_least(50, "error", &["Decode", "Encode", "Unsupported", "Closed"]);
    at_least(10, "error", &["Os:22"]);
    at_least(10, "open", &["Os:2", "Os:17"]);
    // No "\n", "\r" or "\r\n"; each alone; all of them.
    for set in 0..8_u8 {
        at_least(20, "newlines", &[&format!("{:?}", case::NewlineSet(set))]);
    }
    at_least(2_000, "newlines known", &["exactly"]);
    at_least(
        20,
        "decided",
        &[
            "RW-gotcha",
            "RW-truncate-none",
            "RW-truncate-stale",
            "E-bom-r+",
            "T-error-pos",
            "E-handlers-dec",
            "N-attr",
            "P-next",
        ],
    );
    at_least(10, "decided", &["closed-wins"]);
}

/// Whether some content cuts `unit` at a multiple of `boundary`, between any two of its bytes.
fn astride(cases: &[Case], encoding: &str, unit: &[u8], boundary: usize) -> bool {
    let mut contents = cases.iter().filter(|case| case.encoding == encoding);
    contents.any(|case| {
        let bytes = case.content.as_deref().unwrap_or_default();
        (boundary..bytes.len()).step_by(boundary).any(|cut| {
            (1..unit.len()).any(|k| bytes.get(cut - k..).is_some_and(|at| at.starts_with(unit)))
        })
    })
}

#[test]
fn contents_cut_characters_and_line_ends_at_every_boundary() {
    let cases = all_cases();
    for boundary in [16, 64, 4096, 8192] {
        for (encoding, crlf) in [
            ("utf-8", &b"\r\n"[..]),
            ("latin-1", b"\r\n"),
            ("shift_jis", b"\r\n"),
            ("utf-16-le", b"\r\0\n\0"),
            ("utf-16-be", b"\0\r\0\n"),
            ("utf-32-le", b"\r\0\0\0\n\0\0\0"),
        ] {
            assert!(
                astride(&cases, encoding, crlf, boundary),
                "{encoding} crlf at {boundary}"
            );
        }
        for (encoding, character) in [
            ("utf-8", "é".as_bytes()),
            ("utf-8-sig", "😀".as_bytes()),
            ("utf-16-le", b"\x3d\xd8\x00\xde"), // a surrogate pair
            ("shift_jis", b"\x8a\xbf"),         // 漢
            ("gb18030", b"\x94\x39\xfc\x36"),   // 😀
        ] {
            assert!(
                astride(&cases, encoding, character, boundary),
                "{encoding} at {boundary}"
            );
        }
    }
    let lengths = || {
        cases
            .iter()
            .filter_map(|case| Some(case.content.as_ref()?.len()))
    };
    assert_eq!(lengths().min(), Some(0));
    assert!(lengths().max() >= Some(65_000) && lengths().max() <= Some(65_536));
}

#[test]
fn mode_table_has_every_string_of_up_to_three_characters() {
    let table = mode_table();
    assert_eq!(table.len(), 1 + 8 + 64 + 512);
    let valid = table.iter().filter(|row| row.verdict.is_ok()).count();
    // r w x a, alone or with one or two of "b" or "t" and "+", in any order.
    assert_eq!(valid, 4 + 4 * 3 * 2 + 4 * 2 * 6);
    for reason in ["invalid", "both", "one", "none"] {
        assert!(
            table
                .iter()
                .any(|row| row.verdict.as_ref().err() == Some(&reason)),
            "{reason}"
        );
    }
}

#[test]
fn mode_strings_open_what_they_open_in_cpython() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    let open = |mode: &str| {
        drop(std::fs::remove_file(&path));
        if !mode.contains('x') {
            std::fs::write(&path, "old").unwrap();
        }
        let call = aiofiles::open(&path).any().mode(mode);
        call.executor(aiofiles::executor::InlineExecutor)
            .into_future()
    };
    for row in mode_table() {
        let mode = row.mode.as_str();
        match (futures::executor::block_on(open(mode)), row.verdict) {
            (Ok(file), Ok(expected)) => {
                assert_eq!(matches!(file, AnyFile::Text(_)), expected.text, "{mode:?}");
                assert_eq!(file.mode(), expected.canonical, "{mode:?}");
                assert_eq!(file.readable(), expected.readable, "{mode:?}");
                assert_eq!(file.writable(), expected.writable, "{mode:?}");
            }
            (Err(Error::InvalidMode { reason, .. }), Err(expected)) => {
                let part = match expected {
                    "both" => "text and binary",
                    "one" | "none" => "exactly one of",
                    _ => "character",
                };
                assert!(reason.contains(part), "{mode:?}: {reason}, not {expected}");
                assert_eq!(std::fs::read(&path).unwrap_or(b"old".to_vec()), b"old");
            }
            (got, expected) => panic!("{mode:?}: {got:?}, not {expected:?}"),
        }
    }
}

fn replay(executor: Arc<dyn aiofiles::Executor>) {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(replay::replay_all(&all_cases(), dir.path(), executor));
}

#[test]
fn files_do_what_cpythons_do_with_jobs_in_place() {
    replay(Arc::new(aiofiles::executor::InlineExecutor));
}

#[test]
fn files_do_what_cpythons_do_with_page_cache_reads() {
    replay(Arc::new(aiofiles::TokioExecutor::new()));
}

#[test]
fn files_do_what_cpythons_do_where_some_reads_would_wait() {
    let wavering = Wavering::new(aiofiles::executor::InlineExecutor, 1);
    replay(Arc::new(wavering.clone()));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    std::fs::write(&path, "some").unwrap();
    if cache_answers(&path) {
        let (jobs, hits) = (wavering.jobs(), wavering.hits());
        assert!(jobs > 10_000 && hits > 2_000, "{jobs} jobs, {hits} without");
    }
}
