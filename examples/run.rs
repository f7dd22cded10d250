//! Runs a command and shows each line that it prints after `out|` or `err|`:
//! `cargo run --release --example run -- [--out LABEL] [--err LABEL] COMMAND [ARG]...`.
//!
//! The output is decoded as `LABEL` says (`utf-8`); bytes that are no text become U+FFFD, and
//! everything else is kept. A progress bar that is redrawn with `\r` becomes one line for
//! each of its states. A line without end comes in pieces. The exit code is that of the
//! command; after a signal, 128 plus its number; 127 if there is no such command, 126 if it
//! cannot be run, as in shells.

use std::ffi::OsString;
use std::process::{ExitCode, ExitStatus, Stdio};

use aiofiles::codec::Encoding;
use aiofiles::stdio::TextOutput;
use aiofiles::{Error, Result, text};
use clap::Parser;
use tokio::io::AsyncRead;
use tokio::process::Command;

/// The longest line that is shown as a whole, in bytes of UTF-8. Output without line ends is
/// not kept without limit.
const LONGEST: usize = 64 * 1024;

/// Runs a command and shows each line that it prints behind `out|` or `err|`.
///
/// Bytes that are no text become U+FFFD. The exit code is that of the command; 128 and its
/// number after a signal; 127 if there is no such command, 126 if it cannot be run.
#[derive(Parser)]
#[command(name = "run")]
struct Args {
    /// The encoding of its standard output
    #[arg(long, value_name = "LABEL", default_value = "utf-8")]
    out: Encoding,
    /// The encoding of its standard error
    #[arg(long, value_name = "LABEL", default_value = "utf-8")]
    err: Encoding,
    /// The command, and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
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
    let args = Args::parse();
    let spawned = Command::new(&args.command[0])
        .args(&args.command[1..])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => {
            eprintln!("run: {}: {error}", args.command[0].to_string_lossy());
            let missing = error.kind() == std::io::ErrorKind::NotFound;
            return ExitCode::from(if missing { 127 } else { 126 });
        }
    };
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (out, err) = out.zip(err).expect("both are pipes");
    // Both at once: a command that waits for one to be read would never end.
    let shown = tokio::join!(
        show(out, args.out, "out|", aiofiles::stdout()),
        show(err, args.err, "err|", aiofiles::stderr()),
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
