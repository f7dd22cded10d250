//! The examples in pipes: `-` as the standard input and output, beside the system's tools;
//! and a reader that goes away.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "common/tools.rs"]
mod tools;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Output, Stdio};

use tools::example;

/// What a command makes of `input`.
fn pipe(mut command: Command, args: &[&str], input: &[u8]) -> Output {
    let mut child = command
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // Both at once: a pipe holds only so much. Who takes nothing takes no harm.
        scope.spawn(move || stdin.write_all(input).ok());
        child.wait_with_output().unwrap()
    })
}

/// Text of more than a pipe holds, without a last line end.
fn sample() -> Vec<u8> {
    let mut text: String = (0..40_000).map(|n| format!("line {n} of it\n")).collect();
    text.push_str("the end");
    text.into_bytes()
}

#[test]
fn the_standard_input_is_as_a_file() {
    let sample = sample();
    for args in [
        &["wc"][..],
        &["wc", "-"],
        &["cat", "-"],
        &["cat"],
        &["tail", "-n", "3"],
        &["tail", "-n", "0", "-"],
        &["tail", "-n", "100000", "-"],
        &["grep", "-c", "-v", "7"],
    ] {
        let Some(tool) = example(args[0]) else { return };
        let ours = pipe(tool, &args[1..], &sample);
        assert!(ours.status.success() && ours.stderr.is_empty(), "{ours:?}");
        let mut system = Command::new(args[0]);
        if system
            .env("LC_ALL", "C.UTF-8")
            .arg("--version")
            .output()
            .is_err()
        {
            println!("skipped: no {} here", args[0]);
            continue;
        }
        let mut system = Command::new(args[0]);
        system.env("LC_ALL", "C.UTF-8");
        let theirs = pipe(system, &args[1..], &sample);
        if args[0] == "wc" {
            // But for the widths of its columns.
            let words = |output: &Output| -> Vec<String> {
                let text = String::from_utf8(output.stdout.clone()).unwrap();
                text.split_whitespace().map(str::to_owned).collect()
            };
            assert_eq!(words(&ours), words(&theirs), "{args:?}");
        } else {
            assert!(ours.stdout == theirs.stdout, "{args:?}");
        }
    }
}

#[test]
fn tail_reads_a_named_pipe_to_its_end() {
    let Some(mut tool) = example("tail") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fifo");
    if !Command::new("mkfifo")
        .arg(&path)
        .status()
        .is_ok_and(|status| status.success())
    {
        println!("skipped: no mkfifo here");
        return;
    }
    let child = tool.args(["-n", "2"]).arg(&path).stdout(Stdio::piped());
    let child = child.spawn().unwrap();
    fs::write(&path, "one\ntwo\nthree\n").unwrap();
    assert_eq!(child.wait_with_output().unwrap().stdout, b"two\nthree\n");
}

#[test]
fn copy_stands_in_a_pipe() {
    let Some(tool) = example("copy") else { return };
    let (sample, dir) = (sample(), tempfile::tempdir().unwrap());
    let through = pipe(tool, &["-", "-"], &sample);
    assert!(through.status.success(), "{through:?}");
    assert!(through.stdout == sample, "and nothing else");
    let path = dir.path().join("dst");
    let file = path.to_str().unwrap();
    let into = pipe(example("copy").unwrap(), &["-", file], &sample);
    assert_eq!(into.stdout, format!("{} bytes\n", sample.len()).as_bytes());
    assert!(fs::read(&path).unwrap() == sample);
    let out_of = pipe(example("copy").unwrap(), &[file, "-"], b"");
    assert!(out_of.stdout == sample);
}

#[test]
fn transcode_in_a_pipe_does_as_iconv() {
    let Some(tool) = example("transcode") else {
        return;
    };
    let text = "caf\u{e9}\r\nth\u{e9}\n".repeat(20_000);
    let ours = pipe(tool, &["--to", "utf-16-le", "-", "-"], text.as_bytes());
    assert!(ours.status.success(), "{ours:?}");
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(ours.stdout == wide);
    if Command::new("iconv").arg("--version").output().is_ok() {
        let theirs = pipe(Command::new("iconv"), &["-t", "UTF-16LE"], text.as_bytes());
        assert!(ours.stdout == theirs.stdout);
    } else {
        println!("skipped: no iconv here");
    }
    let args = ["--from", "utf-16-le", "--newline", "lf", "-", "-"];
    let back = pipe(example("transcode").unwrap(), &args, &wide);
    assert!(back.stdout == text.replace("\r\n", "\n").as_bytes());
    // What was converted before an error is out.
    let broken = [text.as_bytes(), b"\xff"].concat();
    let broken = pipe(example("transcode").unwrap(), &["-", "-"], &broken);
    assert_eq!(broken.status.code(), Some(1));
    assert!(
        String::from_utf8(broken.stderr)
            .unwrap()
            .contains("<stdin>")
    );
}

#[test]
fn tools_end_in_peace_when_their_reader_goes() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, data: Vec<u8>| {
        let path = dir.path().join(name);
        fs::write(&path, data).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let big = file("big", b"some line\n".repeat(500_000));
    let many = vec![file("small", b"x\n".to_vec()); 20_000];
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (name, args) in [
        ("cat", &[big.as_str()][..]),
        ("copy", &[&big, "-"]),
        ("grep", &["some", &big]),
        ("transcode", &[&big, "-"]),
        ("wc", &many),
    ] {
        let Some(mut tool) = example(name) else {
            return;
        };
        let mut child = tool
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut String::new()).unwrap();
        drop(out);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}: {output:?}");
        assert!(output.stderr.is_empty(), "{name}: {output:?}");
    }
}

/// What a tool writes to its standard output, a pipe, and shows on its standard error, a
/// terminal.
fn beside_a_terminal(mut command: Command, args: &[&str]) -> (Vec<u8>, String) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let terminal = fs::File::options()
        .read(true)
        .write(true)
        .open(name.to_str().unwrap())
        .unwrap();
    // A terminal of no size has no room for a bar.
    let size = rustix::termios::Winsize {
        ws_row: 24,
        ws_col: 100,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    rustix::termios::tcsetwinsize(&master, size).unwrap();
    let command = command.args(args).env("TERM", "xterm");
    let child = command.stdout(Stdio::piped()).stderr(terminal).spawn();
    let child = child.unwrap();
    // The command holds a copy of the terminal, which would never end.
    command.stderr(Stdio::null());
    let shown = std::thread::spawn(move || {
        let mut shown = Vec::new();
        // EIO is how a terminal says that the other side is closed.
        drop(fs::File::from(master).read_to_end(&mut shown));
        String::from_utf8(shown).unwrap()
    });
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    (output.stdout, shown.join().unwrap())
}

#[test]
fn progress_is_shown_on_a_terminal_only_and_is_gone_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let src = dir.path().join("src");
    // Much, and all holes.
    fs::File::create(&src).unwrap().set_len(8 << 20).unwrap();
    let (src, dst) = (src.to_str().unwrap(), dir.path().join("dst"));
    for (name, args) in [
        ("wc", &[src][..]),
        ("copy", &[src, dst.to_str().unwrap()]),
        ("transcode", &[src, dst.to_str().unwrap()]),
    ] {
        let Some(tool) = example(name) else { return };
        let (out, shown) = beside_a_terminal(tool, args);
        assert!(
            shown.contains('%') && shown.contains('['),
            "{name}: {shown:?}"
        );
        // Cleared: nothing is drawn behind the last time that the line is.
        let last = shown.rsplit("\x1b[2K").next().unwrap();
        assert!(!last.contains('%'), "{name}: {shown:?}");
        assert!(!out.contains(&b'\x1b'), "{name}: {out:?}");
        let Some(tool) = example(name) else { return };
        let piped = pipe(tool, args, b"");
        assert_eq!((piped.stdout, piped.stderr), (out, Vec::new()), "{name}");
    }
}
