//! The example `run` as a tool: what it makes of what a command prints.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// `target/<profile>/examples/run`, which `cargo test` builds with the tests.
fn tool() -> Option<Command> {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let path = profile.join("examples").join("run");
    if !path.exists() {
        println!("skipped: `cargo test --test run` alone does not build the example");
        return None;
    }
    Some(Command::new(path))
}

/// What `run` shows of a script of the shell, with these arguments before it.
fn run(args: &[&str], script: &str) -> Option<Output> {
    let mut tool = tool()?;
    tool.args(args).args(["sh", "-c", script]);
    Some(tool.output().unwrap())
}

#[test]
fn each_stream_is_decoded_in_its_encoding() {
    let script = r"printf 'caf\351\nsecond\n'; printf '\223\372\226\173\r\nlast' >&2";
    let Some(output) = run(&["--out", "latin-1", "--err", "shift_jis"], script) else {
        return;
    };
    let (out, err) = (output.stdout, output.stderr);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "out| caf\u{e9}\nout| second\n"
    );
    assert_eq!(
        String::from_utf8(err).unwrap(),
        "err| \u{65e5}\u{672c}\nerr| last\n"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn bytes_that_are_no_text_end_nothing() {
    let Some(output) = run(&[], r"printf 'a\377b\nnext\n\303'") else {
        return;
    };
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(shown, "out| a\u{fffd}b\nout| next\nout| \u{fffd}\n");
}

#[test]
fn progress_that_is_drawn_over_itself_is_a_line_for_each_state() {
    let Some(output) = run(&[], r"printf '10%%\r20%%\rdone\r\n'") else {
        return;
    };
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(shown, "out| 10%\nout| 20%\nout| done\n");
}

#[test]
fn lines_are_shown_when_they_come() {
    let Some(mut tool) = tool() else { return };
    let script = "echo first; read line; echo \"$line\"";
    let mut child = tool
        .args(["sh", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut shown = BufReader::new(child.stdout.take().unwrap()).lines();
    // The command goes on only once its first line was seen here.
    assert_eq!(shown.next().unwrap().unwrap(), "out| first");
    child.stdin.take().unwrap().write_all(b"second\n").unwrap();
    assert_eq!(shown.next().unwrap().unwrap(), "out| second");
    assert!(shown.next().is_none() && child.wait().unwrap().success());
}

#[test]
fn exit_code_is_that_of_the_command() {
    for (script, code) in [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 128 + 15)] {
        let Some(output) = run(&[], script) else {
            return;
        };
        assert_eq!(output.status.code(), Some(code), "{script}");
    }
    for (args, code) in [
        (&["/no/such/command"][..], 127),
        (&["/"], 126),
        (&[], 2),
        (&["--out"], 2),
        (&["--out", "rot13", "true"], 2),
    ] {
        let output = tool().unwrap().args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?} {output:?}");
        assert!(
            output.stdout.is_empty() && !output.stderr.is_empty(),
            "{args:?}"
        );
    }
}

#[test]
fn both_streams_are_read_at_once_and_a_line_without_end_comes_in_pieces() {
    // Each is more than a pipe holds, and there is no line end in the second.
    let script = "i=0; while [ $i -lt 3000 ]; do \
                  echo 'a line that is as long as many others are, of sixty four'; \
                  i=$((i+1)); done; head -c 300000 /dev/zero | tr '\\0' x >&2";
    let Some(output) = run(&[], script) else {
        return;
    };
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(out.lines().count(), 3000);
    assert!(out.lines().all(|line| line.starts_with("out| a line")));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.lines().all(|line| line.starts_with("err| xxx")));
    assert_eq!(err.matches('x').count(), 300_000);
    assert!(err.lines().count() > 4, "it was not kept until its end");
}
