//! What the children of the tests do.

use std::future::Future;
use std::pin::pin;

use aiofiles::{Error, Result, stderr, stderr_bytes, stdin, stdin_bytes, stdout, stdout_bytes};
use futures::{FutureExt, StreamExt, poll};

use super::input;

/// Runs a scenario; the exit code.
pub(crate) fn run(name: &str) -> i32 {
    let done = match name {
        "pending_current_thread" => pending(tokio::runtime::Builder::new_current_thread()),
        "pending_multi_thread" => pending(tokio::runtime::Builder::new_multi_thread()),
        // No runtime: the streams need none.
        "pending_dropped" => block_on(abandon_and_say(stdin().readline())).and_then(|()| over()),
        "abandoned_line" => block_on(abandoned(async || {
            abandon_and_say(stdin().readline()).await
        })),
        "abandoned_bytes_then_line" => block_on(abandoned(async || {
            abandon_and_say(stdin_bytes().read().size(1000)).await
        })),
        "abandoned_stream" => block_on(abandoned(async || {
            abandon_and_say(async { stdin().lines().next().await }).await
        })),
        "share_lines" => multi_thread(share_lines()),
        "mixed_input" => block_on(mixed_input()),
        "readlines" => block_on(async {
            let lines = stdin().readlines().await?;
            say(&format!("{lines:?}")).await
        }),
        "decode" => block_on(decode()),
        "many_writers" => multi_thread(many_writers()),
        "flush_then_exit" => block_on(async {
            stdout().write("text ").await?;
            stdout_bytes().write(b"and bytes, ").await?;
            stdout().writelines(["in ", "order\n"]).await?;
            stdout().flush().await?;
            std::process::exit(0)
        }),
        "write_then_die" => block_on(async {
            stdout().write("a line\n").await?;
            stdout_bytes().write(b"bytes\npart").await?;
            die()
        }),
        "write_much_then_die" => block_on(async {
            for _ in 0..30_000 {
                stdout().write(&"x".repeat(100)).await?;
            }
            die()
        }),
        "stderr_then_exit" => block_on(async {
            stderr().write("text\n").await?;
            stderr_bytes().write(b"bytes\n").await?;
            Ok(())
        }),
        "terminal" => block_on(async {
            let (one, two) = (stdin().isatty(), stdout().isatty());
            let three = stdout().line_buffering();
            let line = stdin().readline().await?;
            say(&format!("{one} {two} {three} {line}")).await
        }),
        "full_device" => block_on(full_device()),
        "failing_output" => block_on(failing_output()),
        "replace" => block_on(replace()),
        "closed" => block_on(closed()),
        "watching" => block_on(watching()),
        "in_place" => block_on(input::in_place()),
        "in_order" => block_on(input::in_order()),
        "many_lines" => current_thread(input::many_lines()),
        "copy" => multi_thread(async {
            tokio::io::copy(&mut stdin_bytes(), &mut stdout_bytes()).await?;
            Ok(stdout().flush().await?)
        }),
        "facts" => block_on(facts()),
        "reconfigure" => block_on(reconfigure()),
        "reset_lines" => block_on(reset(async || stdin().readline().await)),
        "reset_bytes" => block_on(reset(async || {
            let bytes = stdin_bytes().read().await?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        })),
        "owned_input" => block_on(owned_input()),
        "reset_owned" => block_on(async {
            let mut out = String::new();
            for _ in 0..4 {
                let (read, buf) = stdin_bytes().read_owned(Vec::with_capacity(100)).await;
                let read = read.map_err(|error| error.kind());
                out += &format!("{read:?} {:?} ", String::from_utf8_lossy(&buf));
            }
            say(&out).await
        }),
        _ => panic!("there is no scenario `{name}`"),
    };
    match done {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("{error}");
            1
        }
    }
}

pub(super) type Done = std::result::Result<(), Box<dyn std::error::Error>>;

fn block_on(scenario: impl Future<Output = Result<()>>) -> Done {
    Ok(futures::executor::block_on(scenario)?)
}

fn multi_thread(scenario: impl Future<Output = Done>) -> Done {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(3)
        .build()?;
    runtime.block_on(scenario)
}

fn current_thread(scenario: impl Future<Output = Done>) -> Done {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(scenario)
}

pub(super) async fn say(text: &str) -> Result<()> {
    stdout().write(text).await?;
    stdout().flush().await
}

/// Ends the process as it is.
fn die() -> ! {
    let this = rustix::process::getpid();
    rustix::process::kill_process(this, rustix::process::Signal::KILL).unwrap();
    unreachable!("nothing is done after that")
}

fn over() -> Done {
    block_on(say("over\n"))
}

/// Begins, tells the parent, and drops the future.
async fn abandon_and_say(read: impl Future) -> Result<()> {
    let mut read = pin!(read);
    assert!(poll!(&mut read).is_pending());
    stderr().write("ready\n").await?;
    Ok(())
}

fn pending(mut builder: tokio::runtime::Builder) -> Done {
    let runtime = builder.build()?;
    let (begun, wait) = tokio::sync::oneshot::channel();
    drop(runtime.spawn(async move {
        let mut read = pin!(stdin().readline());
        assert!(poll!(&mut read).is_pending());
        let _ = begun.send(());
        read.await
    }));
    runtime.block_on(async {
        let _ = wait.await;
        stderr().write("ready\n").await
    })?;
    drop(runtime);
    over()
}

async fn abandoned(begin: impl AsyncFnOnce() -> Result<()>) -> Result<()> {
    begin().await?;
    let mut stdin = stdin();
    for _ in 0..2 {
        let line = stdin.next_line().await?.unwrap_or_default().to_owned();
        stdout().write(&format!("{line}|")).await?;
    }
    assert!(stdin.next_line().await?.is_none());
    stdout().flush().await
}

async fn share_lines() -> Done {
    let tasks: Vec<_> = (0..6)
        .map(|task| {
            tokio::spawn(async move {
                let mut got = Vec::new();
                loop {
                    let line = match task % 3 {
                        0 => stdin().readline().await?,
                        1 => String::from_utf8(stdin_bytes().readline().await?).unwrap(),
                        _ => match stdin().lines().next().await {
                            Some(line) => line? + "\n",
                            None => String::new(),
                        },
                    };
                    if line.is_empty() {
                        return Ok::<_, Error>(got);
                    }
                    got.push(line);
                }
            })
        })
        .collect();
    for task in tasks {
        stdout().writelines(task.await??).await?;
    }
    Ok(stdout().flush().await?)
}

async fn mixed_input() -> Result<()> {
    let (text, bytes) = (stdin(), stdin_bytes());
    let parts = [
        text.readline().await?,
        text.read().size(1).await?,
        String::from_utf8(bytes.readline().await?).unwrap(),
        String::from_utf8(bytes.read1(1).await?).unwrap(),
        text.read().size(4).await?,
        String::from_utf8(bytes.read().await?).unwrap(),
    ];
    let shown = parts.map(|part| format!("{}|", part.replace('\r', "\\r").replace('\n', "\\n")));
    say(&shown.concat()).await
}

/// Gives back what it reads, by buffers of several sizes that hold something already.
async fn owned_input() -> Result<()> {
    let mut all = Vec::new();
    for size in [1usize, 10, 5000, 100_000, 1 << 20].into_iter().cycle() {
        let mut buf = Vec::with_capacity(size + 2);
        buf.extend_from_slice(b"me");
        let capacity = buf.capacity();
        let (read, buf) = stdin_bytes().read_owned(buf).await;
        let read = read?;
        assert!(buf.starts_with(b"me") && buf.len() == 2 + read);
        assert_eq!(buf.capacity(), capacity, "it is read into as it is");
        all.extend_from_slice(&buf[2..]);
        if read == 0 {
            break;
        }
    }
    // There is no room: nothing is read, and it is not the end.
    let (read, _) = stdin_bytes().read_owned(Vec::new()).await;
    assert_eq!(read?, 0);
    stdout_bytes().write(&all).await.map(drop)
}

async fn decode() -> Result<()> {
    let mut out = String::new();
    loop {
        match stdin().readline().await {
            Ok(line) if line.is_empty() => return say(&out).await,
            // What is left of the line with the error comes next.
            Ok(line) if line == "d\n" => {}
            Ok(line) => out += &format!("{}|", line.trim_end()),
            Err(error) => {
                let Error::Decode { offset, .. } = &error else {
                    return Err(error);
                };
                out += &format!("{:?} {offset}|", error.kind());
            }
        }
    }
}

async fn many_writers() -> Done {
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            tokio::spawn(async move {
                for number in 0..1000 {
                    let line = format!("{task} {number} {}\n", "x".repeat(number % 300));
                    if (task + number) % 2 == 0 {
                        stdout().write(&line).await?;
                    } else {
                        stdout_bytes().write(line.as_bytes()).await?;
                    }
                    if number % 100 == 0 {
                        stdout().flush().await?;
                        tokio::task::yield_now().await;
                    }
                }
                Ok::<_, Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(stdout().flush().await?)
}

async fn full_device() -> Result<()> {
    // Only now: libtest has to write its header.
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    rustix::stdio::dup2_stdout(full).unwrap();
    failing_output().await
}

async fn failing_output() -> Result<()> {
    // Until the parent has closed the other end.
    stdin().readline().await?;
    stdout().write("lost").await?;
    let mut kinds = Vec::new();
    let kind = |error: Error| match error {
        Error::Closed { .. } => "Closed".to_owned(),
        error => format!("{:?}", error.kind()),
    };
    for _ in 0..2 {
        kinds.push(kind(stdout_bytes().flush().await.unwrap_err()));
    }
    kinds.push(kind(stdout().close().await.unwrap_err()));
    kinds.push(
        stdout()
            .close()
            .await
            .map_or_else(kind, |()| "Ok".to_owned()),
    );
    kinds.push(kind(stdout().write("x").await.unwrap_err()));
    stderr().write(&format!("{}\n", kinds.join(" "))).await?;
    Ok(())
}

async fn replace() -> Result<()> {
    use aiofiles::stdio::{set_stdin, set_stdout};
    // Read ahead, and so part of what comes back.
    let first = stdin().readline().await?;
    let typed = aiofiles::raw_io::reader(&b"typed\nand more"[..]);
    let old = set_stdin(typed).await?;
    assert_eq!(stdin().readline().await?, "typed\n");
    let mut typed = set_stdin(old).await?;
    let mut rest = [0; 8];
    assert_eq!(typed.read(&mut rest).unwrap(), 8);
    assert_eq!(&rest, b"and more");
    let second = stdin_bytes().readline().await?;
    let second = String::from_utf8(second).unwrap();
    stdout()
        .write(&format!("{}|{}|", first.trim_end(), second.trim_end()))
        .await?;

    let captured = std::io::Cursor::new(Vec::new());
    let old = set_stdout(captured).await?;
    stdout().write("captured").await?;
    stdout_bytes().write(b" bytes").await?;
    let mut captured = set_stdout(old).await?;
    captured.seek(std::io::SeekFrom::Start(0)).unwrap();
    let mut bytes = [0; 20];
    let n = captured.read(&mut bytes).unwrap();
    assert_eq!(&bytes[..n], b"captured bytes");
    say("over\n").await
}

async fn closed() -> Result<()> {
    let handle = stdin_bytes();
    stdin().close().await?;
    stdin().close().await?;
    assert!(handle.closed());
    assert!(matches!(handle.read().await, Err(Error::Closed { .. })));
    assert!(matches!(
        stdin().next_line().await,
        Err(Error::Closed { .. })
    ));
    assert!(matches!(
        stdin().lines().next().await,
        Some(Err(Error::Closed { .. }))
    ));
    // Another stream may take its place.
    aiofiles::stdio::set_stdin(aiofiles::raw_io::reader(&b"new"[..])).await?;
    assert!(!handle.closed());
    assert_eq!(handle.read().await?, b"new");
    say("over\n").await
}

/// A stream of lines that waits, and is kept, while another handle reads; then the
/// stream goes on, woken by nobody but the input.
async fn watching() -> Result<()> {
    let mut lines = stdin().lines();
    let mut more = stdin();
    assert!(poll!(lines.next()).is_pending());
    assert!(poll!(more.next()).is_pending());
    stderr().write("ready\n").await?;
    let one = stdin().readline().await?;
    let two = lines.next().map(|line| line.unwrap()).await?;
    let three = more.next().map(|line| line.unwrap()).await?;
    say(&format!("{} {two} {three}", one.trim_end())).await
}

async fn facts() -> Result<()> {
    let (input, bytes) = (stdin(), stdin_bytes());
    let name = |path: Option<&std::path::Path>| path.unwrap().display().to_string();
    assert_eq!(input.name(), bytes.name());
    let mut out = format!(
        "{} {} {} {} {} {} {}\n",
        name(input.name()),
        input.mode(),
        bytes.mode(),
        input.errors(),
        input.encoding(),
        input.readable(),
        input.writable()
    );
    for (text, bytes) in [(stdout(), stdout_bytes()), (stderr(), stderr_bytes())] {
        assert_eq!(text.name(), bytes.name());
        out += &format!(
            "{} {} {} {} {} {} {}\n",
            name(text.name()),
            text.mode(),
            bytes.mode(),
            text.errors(),
            text.encoding(),
            text.readable(),
            text.writable()
        );
    }
    say(&out).await
}

/// Says what five reads come to.
async fn reset(read: impl AsyncFn() -> Result<String>) -> Result<()> {
    stderr().write("ready\n").await?;
    for _ in 0..5 {
        let line = match read().await {
            Ok(text) => format!("{text:?} "),
            Err(error) => format!("{:?} ", error.kind()),
        };
        say(&line).await?;
    }
    Ok(())
}

async fn reconfigure() -> Result<()> {
    let (input, out) = (stdin(), stdout());
    let error = input.reconfigure().encoding("klingon").await.unwrap_err();
    assert!(matches!(error, Error::UnknownEncoding { .. }));
    assert_eq!((input.encoding(), input.errors()), ("utf-8", "strict"));
    out.write("caf\u{e9} ").await?;
    // One for all handles, behind what was written.
    stdout()
        .reconfigure()
        .encoding("latin-1")
        .newline("\r\n")
        .await?;
    assert_eq!((out.encoding(), out.errors()), ("latin-1", "strict"));
    out.write("caf\u{e9}\n").await?;
    let refused = out.write("\u{65e5}").await.unwrap_err();
    assert!(matches!(refused, Error::Encode { .. }), "{refused}");
    out.reconfigure()
        .errors("backslashreplace")
        .line_buffering(true)
        .await?;
    assert!(stdout().line_buffering());
    out.write("\u{65e5}\n").await?;
    stdin().reconfigure().encoding("utf-16-le").await?;
    assert_eq!(input.encoding(), "utf-16-le");
    let line = input.readline().await?;
    out.write(&line).await?;
    let late = input.reconfigure().encoding("utf-8").await.unwrap_err();
    assert!(matches!(late, Error::Unsupported { .. }), "{late}");
    out.flush().await
}
