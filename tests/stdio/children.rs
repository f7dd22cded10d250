//! Processes that run a scenario: how they are started, fed and waited for.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::retry_on_intr;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// Says which scenario a child runs.
pub(crate) const SCENARIO: &str = "AIOFILES_TEST_SCENARIO";
/// What libtest prints before.
pub(crate) const HEADER: &str = "\nrunning 1 test\n";
/// No child takes as long.
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) fn command(scenario: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture", "--quiet"]);
    command.env(SCENARIO, scenario);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Held while a process is made, which has copies of all descriptors until it
/// has become what it shall run.
pub(crate) static FORKS: Mutex<()> = Mutex::new(());

pub(crate) fn spawn(command: &mut Command) -> Child {
    let _fork = FORKS.lock().unwrap();
    command.spawn().unwrap()
}

pub(crate) fn start(scenario: &str) -> Child {
    spawn(&mut command(scenario))
}

/// Waits for the end, for a bounded time.
pub(crate) fn end(child: &mut Child) -> ExitStatus {
    let process = pidfd_open(Pid::from_child(child), PidfdFlags::empty()).unwrap();
    // It can be "read" once the child has ended.
    let mut ends = [PollFd::new(&process, PollFlags::IN)];
    let limit = LIMIT.try_into().unwrap();
    if retry_on_intr(|| poll(&mut ends, Some(&limit))).unwrap() == 0 {
        child.kill().unwrap();
        panic!("the child has not ended");
    }
    child.wait().unwrap()
}

/// What a child has written, without the header.
pub(crate) fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec())
        .unwrap()
        .replace("\r\n", "\n");
    text.strip_prefix(HEADER).unwrap_or(&text).to_owned()
}

/// Waits for the end with all that it has written.
pub(crate) fn output(mut child: Child) -> Output {
    fn all(from: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
        std::thread::spawn(move || {
            let (mut from, mut bytes) = (from, Vec::new());
            from.read_to_end(&mut bytes).unwrap();
            bytes
        })
    }
    let out = child.stdout.take().map(all);
    let err = child.stderr.take().map(all);
    let status = end(&mut child);
    Output {
        status,
        stdout: out.map(|out| out.join().unwrap()).unwrap_or_default(),
        stderr: err.map(|err| err.join().unwrap()).unwrap_or_default(),
    }
}

/// Runs a scenario with `input` and gives what it writes to stdout.
pub(crate) fn run(scenario: &str, input: &[u8]) -> String {
    let mut child = start(scenario);
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feed = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = output(child);
    feed.join().unwrap();
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout)
}

/// A child that says `ready` on stderr, and its stdin, held open.
pub(crate) fn start_ready(scenario: &str) -> (Child, ChildStdin) {
    let mut child = start(scenario);
    let stdin = child.stdin.take().unwrap();
    wait_ready(&mut child);
    (child, stdin)
}

pub(crate) fn wait_ready(child: &mut Child) {
    let mut line = String::new();
    let mut stderr = BufReader::with_capacity(1, child.stderr.take().unwrap());
    while line != "ready\n" {
        line.clear();
        assert!(
            stderr.read_line(&mut line).unwrap() > 0,
            "the child has ended"
        );
    }
    child.stderr = Some(stderr.into_inner());
}

/// A child whose standard input is a connection, and the other end of that.
pub(crate) fn start_connected(scenario: &str) -> (Child, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (socket, _) = listener.accept().unwrap();
    let mut command = command(scenario);
    let child = spawn(command.stdin(OwnedFd::from(socket)));
    (child, peer)
}

/// Closes a connection so that the other end gets a reset.
pub(crate) fn reset(peer: TcpStream) {
    rustix::net::sockopt::set_socket_linger(&peer, Some(Duration::ZERO)).unwrap();
}
