//! Runs a command and shows each line that it prints behind `out|` or `err|`:
//! `cargo run --release --example run -- [--out LABEL] [--err LABEL] COMMAND [ARG]...`.
//!
//! What the command prints is decoded as `LABEL` says (`utf-8`); bytes that are no text
//! become U+FFFD, and nothing is lost for them. A progress bar that is drawn over itself
//! with `\r` becomes a line for each of its states. A line without end comes in pieces. The
//! exit code is that of the command; 128 and its number after a signal; 127 if there is no
//! such command, 126 if it cannot be run, as shells have it.

use std::process::{ExitCode, ExitStatus, Stdio};

use aiofiles::codec::Encoding;
use aiofiles::stdio::TextOutput;
use aiofiles::{Error, Result, text};
use tokio::io::AsyncRead;
use tokio::process::Command;

/// The longest line that is shown whole, in bytes of UTF-8: what the command prints without
/// a line end is not kept for ever.
const LONGEST: usize = 64 * 1024;

/// What the command line asks for.
struct Asked {
    out: Encoding,
    err: Encoding,
    command: Vec<String>,
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Asked>> {
    let (mut out, mut err) = (Encoding::default(), Encoding::default());
    let mut command = Vec::new();
    while let Some(arg) = args.next() {
        let encoding = match arg.as_str() {
            "--out" => &mut out,
            "--err" => &mut err,
            "--" => {
                command.extend(args);
                break;
            }
            _ => {
                command.push(arg);
                command.extend(args);
                break;
            }
        };
        match args.next() {
            Some(label) => *encoding = Encoding::try_from(label)?,
            None => return Ok(None),
        }
    }
    Ok((!command.is_empty()).then_some(Asked { out, err, command }))
}

/// Shows every line of `bytes` until they end.
async fn show(
    bytes: impl AsyncRead + Unpin,
    encoding: Encoding,
    prefix: &str,
    to: TextOutput,
) -> Result<()> {
    let mut lines = text::reader(bytes)
        .encoding(encoding)
        .errors("replace")
        .await?;
    loop {
        // Together, what came together: it is flushed once.
        let mut shown = String::new();
        match lines.next_lines().max_len(LONGEST).await {
            Ok(Some(block)) => {
                for line in block {
                    shown.extend([prefix, " ", line, "\n"]);
                }
            }
            Ok(None) => return Ok(()),
            Err(Error::LineTooLong { .. }) => {
                let piece = lines.readline().size(LONGEST / 4).await?;
                shown.extend([prefix, " ", piece.trim_end_matches('\n'), "\n"]);
            }
            Err(error) => return Err(error),
        }
        to.write(&shown).await?;
        to.flush().await?;
    }
}

/// The exit code of `status`, as a shell gives it.
fn code(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return ExitCode::from(128 + u8::try_from(signal).unwrap_or(0));
    }
    ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1))
}

#[tokio::main]
async fn main() -> ExitCode {
    let asked = match parse(std::env::args().skip(1)) {
        Ok(Some(asked)) => asked,
        Ok(None) => {
            eprintln!("usage: run [--out LABEL] [--err LABEL] COMMAND [ARG]...");
            return ExitCode::from(2);
        }
        Err(error) => {
            eprintln!("run: {error}");
            return ExitCode::from(2);
        }
    };
    let spawned = Command::new(&asked.command[0])
        .args(&asked.command[1..])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => {
            eprintln!("run: {}: {error}", asked.command[0]);
            let missing = error.kind() == std::io::ErrorKind::NotFound;
            return ExitCode::from(if missing { 127 } else { 126 });
        }
    };
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (out, err) = out.zip(err).expect("both are pipes");
    // Both at once: a command that waits for one to be read would never end.
    let shown = tokio::join!(
        show(out, asked.out, "out|", aiofiles::stdout()),
        show(err, asked.err, "err|", aiofiles::stderr()),
    );
    for result in [shown.0, shown.1] {
        if let Err(error) = result {
            eprintln!("run: {error}");
        }
    }
    match child.wait().await {
        Ok(status) => code(status),
        Err(error) => {
            eprintln!("run: {error}");
            ExitCode::FAILURE
        }
    }
}
