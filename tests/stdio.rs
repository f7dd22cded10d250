//! The standard streams, in processes of their own: the test binary runs itself
//! again for each scenario, with pipes, a terminal, `/dev/full` or nothing.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

mod stdio {
    pub(crate) mod children;
    pub(crate) mod input;
    pub(crate) mod scenarios;
}

use stdio::children::{
    FORKS, HEADER, SCENARIO, command, end, output, reset, run, spawn, start, start_connected,
    start_ready, text, wait_ready,
};

/// Not a test: what the children run.
#[test]
fn child() {
    if let Ok(name) = std::env::var(SCENARIO) {
        let code = stdio::scenarios::run(&name);
        // Before libtest says anything more. What a `main` that returns does.
        std::process::exit(code);
    }
}

#[test]
fn pending_read_does_not_hold_up_the_end_of_a_runtime_or_of_the_process() {
    for scenario in [
        "pending_current_thread",
        "pending_multi_thread",
        "pending_dropped",
    ] {
        let (child, stdin) = start_ready(scenario);
        let output = output(child);
        assert!(output.status.success(), "{scenario}: {output:?}");
        assert_eq!(text(&output.stdout), "over\n", "{scenario}");
        drop(stdin);
    }
}

#[test]
fn line_typed_after_an_abandoned_read_goes_whole_to_the_next() {
    for scenario in [
        "abandoned_line",
        "abandoned_bytes_then_line",
        "abandoned_stream",
    ] {
        let (child, mut stdin) = start_ready(scenario);
        for part in ["first ", "line\nsecond\n"] {
            stdin.write_all(part.as_bytes()).unwrap();
        }
        drop(stdin);
        let output = output(child);
        assert_eq!(
            text(&output.stdout),
            "first line|second|",
            "{scenario} {output:?}"
        );
    }
}

#[test]
fn tasks_that_read_lines_share_them() {
    let lines: Vec<String> = (0..20_000)
        .map(|n| format!("{n} {}\n", "x".repeat(n % 97)))
        .collect();
    let out = run("share_lines", lines.concat().as_bytes());
    let mut got: Vec<&str> = out.split_inclusive('\n').collect();
    let mut expected: Vec<&str> = lines.iter().map(String::as_str).collect();
    got.sort_unstable();
    expected.sort_unstable();
    assert!(got == expected, "{} of {} lines", got.len(), expected.len());
}

#[test]
fn text_and_bytes_share_one_buffer() {
    let out = run(
        "mixed_input",
        "h\u{e9}llo\n\u{1f600}abc\r\nlast\u{e9} end".as_bytes(),
    );
    assert_eq!(out, "h\u{e9}llo\\n|\u{1f600}|abc\\r\\n|l|ast\u{e9}| end|");
}

#[test]
fn line_ends_of_input_are_left_alone() {
    assert_eq!(
        run("readlines", b"one\r\ntwo\rthree\n\nlast"),
        r#"["one\r\n", "two\rthree\n", "\n", "last"]"#
    );
}

#[test]
fn bad_bytes_are_an_error_with_their_place_and_reading_goes_on() {
    assert_eq!(
        run("decode", b"good\nb\xffd\nrest\n"),
        "good|InvalidData 6|rest|"
    );
}

#[test]
fn closed_standard_input_is_at_its_end() {
    let exe = std::env::current_exe().unwrap();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", r#"exec "$0" --exact child --nocapture --quiet <&-"#])
        .arg(exe)
        .env(SCENARIO, "readlines")
        .stdout(Stdio::piped());
    let output = output(spawn(&mut shell));
    assert_eq!(text(&output.stdout), "[]");
}

#[test]
fn non_blocking_input_is_waited_for() {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    let (reader, mut writer) = std::io::pipe().unwrap();
    fcntl_setfl(&reader, fcntl_getfl(&reader).unwrap() | OFlags::NONBLOCK).unwrap();
    let mut child = spawn(command("abandoned_line").stdin(reader));
    wait_ready(&mut child);
    writer.write_all(b"first line\nsecond\n").unwrap();
    drop(writer);
    assert_eq!(text(&output(child).stdout), "first line|second|");
}

#[test]
fn writes_of_tasks_come_out_whole_and_in_their_order() {
    let out = run("many_writers", b"");
    let mut next = [0; 8];
    for line in out.lines() {
        let mut words = line.split(' ');
        let task: usize = words.next().unwrap().parse().unwrap();
        let number: usize = words.next().unwrap().parse().unwrap();
        assert_eq!(words.next().unwrap(), "x".repeat(number % 300), "{line}");
        assert_eq!(next[task], number, "task {task}");
        next[task] += 1;
    }
    assert_eq!(next, [1000; 8]);
}

#[test]
fn flushed_output_is_out_at_exit() {
    assert_eq!(run("flush_then_exit", b""), "text and bytes, in order\n");
}

#[test]
fn output_to_a_pipe_is_block_buffered() {
    // It is killed before a flush, so nothing but what went out by itself is there.
    let killed = |scenario| {
        let output = output(start(scenario));
        assert!(!output.status.success());
        text(&output.stdout)
    };
    assert_eq!(killed("write_then_die"), "");
    let out = killed("write_much_then_die");
    assert!(!out.is_empty() && out.len() < 3_000_000, "{}", out.len());
}

/// Runs a scenario on a terminal, and gives what it shows.
fn on_terminal(scenario: &str, typed: &str) -> String {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let terminal = File::options().read(true).write(true).open(name).unwrap();
    let mut child = command(scenario);
    child.stdin(terminal.try_clone().unwrap());
    child.stdout(terminal.try_clone().unwrap()).stderr(terminal);
    let mut process = spawn(&mut child);
    // It holds the other copies of the terminal.
    drop(child);
    let mut master = File::from(master);
    master.write_all(typed.as_bytes()).unwrap();
    let mut reader = master.try_clone().unwrap();
    let shown = std::thread::spawn(move || {
        let mut shown = Vec::new();
        // EIO is how a terminal says that the other side is closed.
        drop(reader.read_to_end(&mut shown));
        shown
    });
    let status = end(&mut process);
    let shown = String::from_utf8(shown.join().unwrap())
        .unwrap()
        .replace("\r\n", "\n");
    let killed = scenario.ends_with("_die");
    assert_eq!(status.success(), !killed, "{shown}");
    shown.replacen(HEADER, "", 1)
}

#[test]
fn output_to_a_terminal_is_line_buffered() {
    let shown = on_terminal("write_then_die", "");
    assert!(shown.ends_with("a line\nbytes\npart"), "{shown:?}");
}

#[test]
fn terminal_is_known_and_read_by_the_line() {
    let shown = on_terminal("terminal", "typed\n");
    assert!(shown.ends_with("true true true typed\n"), "{shown:?}");
    assert_eq!(run("terminal", b"piped\n"), "false false false piped\n");
}

#[test]
fn stderr_is_never_buffered_past_a_line() {
    let output = output(start("stderr_then_exit"));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "text\nbytes\n");
}

#[test]
fn full_device_is_an_error_that_stays() {
    let output = output(spawn(command("full_device").stdin(Stdio::null())));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr, "StorageFull StorageFull StorageFull Ok Closed\n");
}

#[test]
fn reader_that_has_gone_is_a_broken_pipe() {
    let mut child = spawn(&mut command("failing_output"));
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; HEADER.len()]).unwrap();
    {
        let _no_fork = FORKS.lock().unwrap();
        drop(stdout);
    }
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    let output = output(child);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr, "BrokenPipe BrokenPipe BrokenPipe Ok Closed\n");
}

#[test]
fn streams_can_be_replaced_and_put_back() {
    assert_eq!(
        run("replace", b"real one\nreal two\n"),
        "real one|real two|over\n"
    );
}

#[test]
fn closed_stream_is_closed_for_all_handles() {
    assert_eq!(run("closed", b"x\n"), "over\n");
}

#[test]
fn waiting_stream_of_lines_lets_other_handles_read() {
    let (child, mut stdin) = start_ready("watching");
    stdin.write_all(b"one\ntwo\nthree\n").unwrap();
    drop(stdin);
    let output = output(child);
    assert_eq!(text(&output.stdout), "one two three\n", "{output:?}");
}

#[test]
fn what_is_in_the_pipe_is_read_in_place() {
    let mut child = start("in_place");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"one\ntwo\n").unwrap();
    wait_ready(&mut child);
    stdin.write_all(b"three").unwrap();
    wait_ready(&mut child);
    drop(stdin);
    let output = output(child);
    assert_eq!(text(&output.stdout), "over\n", "{output:?}");
}

#[test]
fn line_in_the_buffer_is_for_who_came_first() {
    assert_eq!(run("in_order", b""), "over\n");
}

#[test]
fn lines_in_the_buffer_do_not_use_up_the_budget_of_a_task() {
    assert_eq!(run("many_lines", b""), "over\n");
}

#[test]
fn io_traits_copy_all() {
    let data: String = (0..100_000).map(|n| format!("{n}\n")).collect();
    assert!(run("copy", data.as_bytes()) == data);
}

/// `target/<profile>/examples/..`, which `cargo test` builds with the tests.
fn example(name: &str) -> Option<Command> {
    let test = std::env::current_exe().unwrap();
    let path = test.parent()?.parent()?.join("examples").join(name);
    path.exists().then(|| Command::new(path))
}

/// Runs an example with `input`; what it writes, and its exit code.
fn run_example(name: &str, args: &[&str], input: &[u8]) -> Option<(Vec<u8>, i32)> {
    let mut command = example(name)?;
    command
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = spawn(&mut command);
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feed = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = output(child);
    feed.join().unwrap();
    Some((output.stdout, output.status.code().unwrap()))
}

#[test]
fn example_cat_copies_files_and_input() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let data: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(&path, &data).unwrap();
    let path = path.to_str().unwrap();
    let Some((out, code)) = run_example("cat", &[path, "-", path], b"input") else {
        println!("skipped: `cargo test --test stdio` alone does not build the examples");
        return;
    };
    assert!(out == [&data, &b"input"[..], &data].concat() && code == 0);
    let (out, code) = run_example("cat", &["no/such", "-"], &data).unwrap();
    assert!(out == data && code == 1);
}

#[test]
fn example_grep_does_as_grep() {
    let input = "one two\nTwo\nthree\ntwo two\n";
    let Some((out, code)) = run_example("grep", &["-n", "two"], input.as_bytes()) else {
        println!("skipped: `cargo test --test stdio` alone does not build the examples");
        return;
    };
    assert_eq!((text(&out).as_str(), code), ("1:one two\n4:two two\n", 0));
    let cases: [(&[&str], &str, i32); 4] = [
        (&["-i", "-c", "TWO"], "3\n", 0),
        (&["-v", "two", "-"], "Two\nthree\n", 0),
        (&["four"], "", 1),
        (&["two", "no/such"], "", 2),
    ];
    for (args, expected, expected_code) in cases {
        let (out, code) = run_example("grep", args, input.as_bytes()).unwrap();
        assert_eq!(
            (text(&out).as_str(), code),
            (expected, expected_code),
            "{args:?}"
        );
    }
}

#[test]
fn facts_are_pythons() {
    assert_eq!(
        run("facts", b""),
        "<stdin> r rb strict utf-8 true false\n\
         <stdout> w wb strict utf-8 false true\n\
         <stderr> w wb backslashreplace utf-8 false true\n"
    );
}

#[test]
fn streams_are_reconfigured_for_all_handles() {
    let mut child = start("reconfigure");
    let input: Vec<u8> = "\u{e9}x\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    child.stdin.take().unwrap().write_all(&input).unwrap();
    let output = output(child);
    assert!(output.status.success(), "{output:?}");
    let out = output
        .stdout
        .strip_prefix(HEADER.as_bytes())
        .unwrap_or(&output.stdout);
    let expected = b"caf\xc3\xa9 caf\xe9\r\n\\u65e5\r\n\xe9x\r\n";
    assert_eq!(out, expected, "{}", out.escape_ascii());
}

/// What a scenario prints whose standard input is a connection that is reset behind `sent`.
fn run_and_reset(scenario: &str, sent: &[u8]) -> String {
    let (child, peer) = start_connected(scenario);
    (&peer).write_all(sent).unwrap();
    reset(peer);
    text(&output(child).stdout)
}

#[test]
fn reset_connection_is_an_error_told_once_and_no_end() {
    let expected = "\"one\\n\" ConnectionReset \"two\" \"\" \"\" ";
    assert_eq!(run_and_reset("reset_lines", b"one\ntwo"), expected);
}

#[test]
fn connection_that_is_reset_while_a_read_waits_is_an_error() {
    for scenario in ["reset_lines", "reset_bytes"] {
        let (mut child, peer) = start_connected(scenario);
        wait_ready(&mut child);
        reset(peer);
        let output = output(child);
        let expected = "ConnectionReset \"\" \"\" \"\" \"\" ";
        assert_eq!(text(&output.stdout), expected, "{scenario}");
    }
}

#[test]
fn bytes_before_a_reset_come_with_the_read_after_its_error() {
    let expected = "ConnectionReset \"partial\" \"\" \"\" \"\" ";
    assert_eq!(run_and_reset("reset_bytes", b"partial"), expected);
}

#[test]
fn buffers_of_the_callers_are_filled_and_never_replaced() {
    let input: Vec<u8> = (0..700_000).map(|n| b'!' + (n % 89) as u8).collect();
    assert!(run("owned_input", &input).as_bytes() == input);
}

#[test]
fn bytes_before_a_reset_come_before_its_error_into_a_buffer_of_the_callers() {
    let expected = r#"Ok(7) "partial" Err(ConnectionReset) "" Ok(0) "" Ok(0) "" "#;
    assert_eq!(run_and_reset("reset_owned", b"partial"), expected);
}
