//! The examples `wc`, `copy`, `transcode` and `tail` as tools, compared with the
//! system's where it has them.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "common/tools.rs"]
mod tools;

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tools::example;

/// Its output, or `None` where the system has no such tool.
fn system(name: &str, args: &[&str]) -> Option<Output> {
    let output = Command::new(name)
        .args(args)
        .env("LC_ALL", "C.UTF-8")
        .output();
    if output.is_err() {
        println!("skipped: no {name} here");
    }
    output.ok()
}

fn run(mut command: Command, args: &[&str]) -> Output {
    command.args(args).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A temporary folder that hands out paths as arguments.
struct Dir(tempfile::TempDir);

impl Dir {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn arg(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, data: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), data).unwrap();
        self.arg(name)
    }

    /// What is in it, sorted.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

// ---- wc -------------------------------------------------------------------------

#[test]
fn wc_counts_as_the_system_does() {
    let Some(tool) = example("wc") else { return };
    let dir = Dir::new();
    let files = [
        dir.file("empty", ""),
        dir.file("no-end", "one two\nthree"),
        dir.file("spaces", " \t\n\x0b\x0c\r a\x0bb \n\n"),
        dir.file("accents", "caf\u{e9} th\u{e9}\n".repeat(50_000)),
        dir.file("long-line", "x".repeat(1 << 20)),
    ];
    let args: Vec<&str> = files.iter().map(String::as_str).collect();
    let output = run(tool, &args);
    assert_eq!(code(&output), 0, "{output:?}");
    assert!(output.stderr.is_empty(), "no progress without a terminal");
    let Some(expected) = system("wc", &args) else {
        return;
    };
    let fields = |output: &Output| -> Vec<Vec<String>> {
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(|line| line.split_whitespace().map(str::to_owned).collect())
            .collect()
    };
    assert_eq!(fields(&output), fields(&expected));
}

#[test]
fn wc_reports_what_it_cannot_read_and_goes_on() {
    let Some(tool) = example("wc") else { return };
    let dir = Dir::new();
    let (missing, good) = (dir.arg("missing"), dir.file("good", "a b\n"));
    let folder = dir.0.path().to_str().unwrap();
    let output = run(tool, &[&missing, folder, &good]);
    assert_eq!(code(&output), 1);
    let told = stderr(&output);
    assert_eq!(told.lines().count(), 2, "{told}");
    assert!(told.contains(&missing) && told.contains(folder), "{told}");
    let shown = String::from_utf8(output.stdout).unwrap();
    let good_line = shown.lines().next().unwrap();
    assert_eq!(
        good_line.split_whitespace().collect::<Vec<_>>(),
        ["1", "2", "4", &good]
    );
}

#[test]
fn tools_without_arguments_show_their_usage() {
    for name in ["copy", "transcode", "serve", "trace", "run", "grep"] {
        let Some(tool) = example(name) else { return };
        let output = run(tool, &[]);
        assert_eq!(code(&output), 2, "{name}");
        let usage = format!("Usage: {name} ");
        assert!(stderr(&output).contains(&usage), "{name}: {output:?}");
        assert!(output.stdout.is_empty(), "{name}");
    }
}

#[test]
fn help_says_what_a_tool_does_and_takes() {
    let tools = [
        ("cat", "standard input"),
        ("copy", "standard input"),
        ("du", "exit code"),
        ("grep", "standard input"),
        ("run", "--out <LABEL>"),
        ("serve", "--listen <ADDR>"),
        ("tail", "standard input"),
        ("trace", "<FILE>..."),
        ("transcode", "[possible values: keep, lf, crlf, cr]"),
        ("wc", "standard input"),
    ];
    for (name, told) in tools {
        let Some(tool) = example(name) else { return };
        let output = run(tool, &["--help"]);
        assert_eq!(code(&output), 0, "{name}");
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(help.contains(&format!("Usage: {name} ")), "{help}");
        assert!(help.contains(told) && help.contains("--help"), "{help}");
    }
}

// ---- copy -----------------------------------------------------------------------

#[test]
fn copy_is_the_same_as_its_source() {
    let dir = Dir::new();
    const BUF: usize = 256 * 1024;
    for size in [0, 1, BUF - 1, BUF, BUF + 1, 3 * BUF + 7] {
        let Some(tool) = example("copy") else { return };
        let data: Vec<u8> = (0..size).map(|i| (i * i % 251) as u8).collect();
        let src = dir.file("src", &data);
        // A longer file stands there.
        let dst = dir.file("dst", vec![1; 4 * BUF]);
        let output = run(tool, &[&src, &dst]);
        assert_eq!(code(&output), 0, "{output:?}");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            format!("{size} bytes\n")
        );
        match system("cmp", &[&src, &dst]) {
            Some(cmp) => assert!(cmp.status.success(), "{cmp:?}"),
            None => assert!(fs::read(dst).unwrap() == data),
        }
    }
}

#[test]
fn copy_without_its_source_creates_nothing() {
    let Some(tool) = example("copy") else { return };
    let dir = Dir::new();
    let missing = dir.arg("missing");
    let output = run(tool, &[&missing, &dir.arg("dst")]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains(&missing));
    assert!(dir.names().is_empty());
}

#[test]
fn copy_onto_a_full_device_fails() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let Some(tool) = example("copy") else { return };
    let dir = Dir::new();
    // Fits the buffer: only closing can tell.
    let output = run(tool, &[&dir.file("src", "small"), "/dev/full"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("os error 28"), "{output:?}");
    assert!(output.stdout.is_empty());
}

#[test]
fn copy_onto_its_source_keeps_it() {
    let Some(tool) = example("copy") else { return };
    let dir = Dir::new();
    let src = dir.file("src", "precious");
    fs::hard_link(&src, dir.path("same")).unwrap();
    let output = run(tool, &[&src, &dir.arg("same")]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("same file"), "{output:?}");
    assert_eq!(fs::read(&src).unwrap(), b"precious");
}

// ---- transcode ------------------------------------------------------------------

#[test]
fn transcode_writes_the_encoding_asked_for() {
    let dir = Dir::new();
    let src = dir.file("src", "h\u{e9}\n");
    let expected: [(&str, &[u8]); 6] = [
        ("utf-8", b"h\xc3\xa9\n"),
        ("utf-8-sig", b"\xef\xbb\xbfh\xc3\xa9\n"),
        ("latin-1", b"h\xe9\n"),
        ("utf-16-le", b"h\0\xe9\0\n\0"),
        ("utf-16-be", b"\0h\0\xe9\0\n"),
        ("utf-32-le", b"h\0\0\0\xe9\0\0\0\n\0\0\0"),
    ];
    for (encoding, bytes) in expected {
        let Some(tool) = example("transcode") else {
            return;
        };
        let output = run(tool, &["--to", encoding, &src, &dir.arg("dst")]);
        assert_eq!(code(&output), 0, "{encoding}: {output:?}");
        assert_eq!(fs::read(dir.path("dst")).unwrap(), bytes, "{encoding}");
        assert_eq!(dir.names(), ["dst", "src"], "{encoding}");
    }
}

#[test]
fn transcode_there_and_back_gives_the_same_bytes() {
    let dir = Dir::new();
    // Longer than one turn of its loop, of odd length.
    let text = "\u{3042}\u{3044} a,b\r\n\u{3046}\r\u{30ab}\n".repeat(20_000);
    let src = dir.file("src", &text);
    for encoding in ["utf-16", "utf-32", "shift_jis", "euc-jp", "gb18030"] {
        let (Some(there), Some(back)) = (example("transcode"), example("transcode")) else {
            return;
        };
        let (middle, end) = (dir.arg("middle"), dir.arg("end"));
        let output = run(there, &["--to", encoding, &src, &middle]);
        assert_eq!(code(&output), 0, "{encoding}: {output:?}");
        assert_ne!(fs::read(&middle).unwrap(), text.as_bytes(), "{encoding}");
        let output = run(back, &["--from", encoding, &middle, &end]);
        assert_eq!(code(&output), 0, "{encoding}: {output:?}");
        assert!(fs::read(&end).unwrap() == text.as_bytes(), "{encoding}");
    }
}

#[test]
fn transcode_changes_line_ends_when_told() {
    let dir = Dir::new();
    let src = dir.file("src", "a\r\nb\rc\nd");
    for (newline, expected) in [
        ("keep", "a\r\nb\rc\nd"),
        ("lf", "a\nb\nc\nd"),
        ("crlf", "a\r\nb\r\nc\r\nd"),
        ("cr", "a\rb\rc\rd"),
    ] {
        let Some(tool) = example("transcode") else {
            return;
        };
        let output = run(tool, &["--newline", newline, &src, &dir.arg("dst")]);
        assert_eq!(code(&output), 0, "{newline}: {output:?}");
        let written = fs::read_to_string(dir.path("dst")).unwrap();
        assert_eq!(written, expected, "{newline}");
    }
}

#[test]
fn transcode_onto_its_source_replaces_it() {
    let Some(tool) = example("transcode") else {
        return;
    };
    let dir = Dir::new();
    let src = dir.file("src", "caf\u{e9}\n");
    let output = run(tool, &["--to", "latin-1", &src, &src]);
    assert_eq!(code(&output), 0, "{output:?}");
    assert_eq!(fs::read(&src).unwrap(), b"caf\xe9\n");
    assert_eq!(dir.names(), ["src"]);
}

#[test]
fn failing_transcode_leaves_no_file() {
    let dir = Dir::new();
    fs::create_dir(dir.path("folder")).unwrap();
    let good = dir.file("good", "good\n");
    // Fails late: the first turn has been written by then.
    let late = format!("{}\u{e9}\n", "x".repeat(200_000));
    let accent = dir.file("accent", late);
    let broken = dir.file("broken", b"\xff");
    let (missing, dst) = (dir.arg("missing"), dir.arg("dst"));
    let nowhere = dir.arg("no/where");
    let folder = dir.arg("folder");
    let before = dir.names();
    let cases: [(&[&str], &str); 5] = [
        (&["--to", "ascii", &accent, &dst], "ascii"),
        (&[&broken, &dst], &broken),
        (&[&missing, &dst], &missing),
        (&[&good, &nowhere], &nowhere),
        (&[&good, &folder], &folder),
    ];
    for (args, told) in cases {
        let Some(tool) = example("transcode") else {
            return;
        };
        let output = run(tool, args);
        assert_eq!(code(&output), 1, "{args:?}: {output:?}");
        assert!(stderr(&output).contains(told), "{args:?}: {output:?}");
        assert_eq!(dir.names(), before, "{args:?}");
    }
    for keyword in ["--to", "--from", "--errors", "--newline"] {
        let Some(tool) = example("transcode") else {
            return;
        };
        let output = run(tool, &[keyword, "klingon", &good, &dst]);
        assert_eq!(code(&output), 2, "{output:?}");
        assert!(stderr(&output).contains("klingon"), "{output:?}");
        assert_eq!(dir.names(), before);
    }
}

#[test]
fn failing_transcode_keeps_the_old_file() {
    let Some(tool) = example("transcode") else {
        return;
    };
    let dir = Dir::new();
    let src = dir.file("src", "caf\u{e9}");
    let dst = dir.file("dst", "old");
    let output = run(tool, &["--to", "ascii", &src, &dst]);
    assert_eq!(code(&output), 1);
    assert_eq!(fs::read(&dst).unwrap(), b"old");
    assert_eq!(dir.names(), ["dst", "src"]);
}

#[test]
fn transcode_follows_its_error_policy() {
    let dir = Dir::new();
    let src = dir.file("src", "caf\u{e9}!");
    for (policy, expected) in [
        ("ignore", "caf!"),
        ("replace", "caf?!"),
        ("xmlcharrefreplace", "caf&#233;!"),
    ] {
        let Some(tool) = example("transcode") else {
            return;
        };
        let args = ["--to", "ascii", "--errors", policy, &src, &dir.arg("dst")];
        let output = run(tool, &args);
        assert_eq!(code(&output), 0, "{policy}: {output:?}");
        let written = fs::read_to_string(dir.path("dst")).unwrap();
        assert_eq!(written, expected, "{policy}");
    }
}

// ---- tail -----------------------------------------------------------------------

#[test]
fn tail_shows_what_the_system_shows() {
    let dir = Dir::new();
    let long = format!("first\n{}\nlast", "y".repeat(200_000));
    let many: String = (0..30_000).map(|i| format!("line {i}\n")).collect();
    let files = [
        dir.file("empty", ""),
        dir.file("ends", "\n\n\n"),
        dir.file("no-end", "a\nb\nc"),
        dir.file("long", long),
        dir.file("many", many),
        dir.file("bytes", b"\xff\xfe\n\0\n\x80\n"),
    ];
    for file in &files {
        for lines in ["0", "1", "2", "3", "10", "9999", "100000"] {
            let Some(tool) = example("tail") else { return };
            let output = run(tool, &["-n", lines, file]);
            assert_eq!(code(&output), 0, "{output:?}");
            let Some(expected) = system("tail", &["-n", lines, file]) else {
                return;
            };
            assert!(output.stdout == expected.stdout, "-n {lines} {file}");
        }
    }
}

#[test]
fn tail_names_a_file_it_cannot_open() {
    let Some(tool) = example("tail") else { return };
    let missing = Dir::new().arg("missing");
    let output = run(tool, &[&missing]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains(&missing));
}

/// A running tool and the lines it writes; killed at the end.
struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    fn start(mut command: Command, args: &[&str]) -> Self {
        let mut child = command.args(args).stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    fn next(&self) -> String {
        self.lines.recv_timeout(Duration::from_secs(60)).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn following_tail_shows_growth_and_survives_truncation() {
    let Some(tool) = example("tail") else { return };
    let dir = Dir::new();
    let path = dir.file("log", "zero\none\ntwo\n");
    let append = |data: &str| {
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(data.as_bytes()).unwrap();
    };
    let tail = Running::start(tool, &["-n", "2", "-f", &path]);
    assert_eq!([tail.next(), tail.next()], ["one", "two"]);
    append("three\nfour\n");
    assert_eq!([tail.next(), tail.next()], ["three", "four"]);
    append("in ");
    append("pieces\n");
    assert_eq!(tail.next(), "in pieces");
    // Shorter than what was shown, so that it is seen whenever it looks.
    fs::write(&path, "anew\n").unwrap();
    assert_eq!(tail.next(), "anew");
    append("and on\n");
    assert_eq!(tail.next(), "and on");
}

#[test]
fn tail_ends_in_peace_when_its_reader_goes() {
    let Some(mut tool) = example("tail") else {
        return;
    };
    let dir = Dir::new();
    // More than any pipe holds.
    let path = dir.file("big", "some line\n".repeat(500_000));
    let mut child = tool
        .args(["-n", "500000", &path])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "some line\n");
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 0, "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
