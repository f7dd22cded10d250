//! Counts lines, words and bytes of files, as wc(1):
//! `cargo run --release --example wc -- README.md Cargo.lock`.
//!
//! On a terminal, bars show the progress; into a pipe it writes nothing but the counts, and
//! ends without an error if the reader of the pipe goes away.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aiofiles::Result;
use clap::Parser;
use futures::stream::{self, StreamExt};
use indicatif::{MultiProgress, ProgressBar};

#[path = "support/progress.rs"]
mod progress;

/// Counts lines, words and bytes of files, as wc(1).
///
/// Four files are read at a time; the order of the output is that of the arguments. A
/// file that cannot be read is reported, and the exit code is 1.
#[derive(Parser)]
#[command(name = "wc")]
struct Args {
    /// What to count; `-` is the standard input, and so is no file at all
    #[arg(value_name = "FILE")]
    paths: Vec<PathBuf>,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    lines: u64,
    words: u64,
    bytes: u64,
}

/// Counts the bytes that `read` puts into a buffer, until it puts none.
async fn count_all(
    mut read: impl AsyncFnMut(&mut [u8]) -> Result<usize>,
    bar: &ProgressBar,
) -> Result<Counts> {
    let mut counts = Counts::default();
    let mut in_word = false;
    let mut buf = vec![0; 128 * 1024];
    loop {
        let n = read(&mut buf).await?;
        if n == 0 {
            return Ok(counts);
        }
        counts.bytes += n as u64;
        for &byte in &buf[..n] {
            counts.lines += u64::from(byte == b'\n');
            // wc(1) counts the vertical tab as white space too.
            let space = byte.is_ascii_whitespace() || byte == 0x0b;
            counts.words += u64::from(!space && !in_word);
            in_word = !space;
        }
        bar.set_position(counts.bytes);
    }
}

async fn count(path: &Path, bars: &MultiProgress) -> Result<Counts> {
    let label = path.display().to_string();
    if path == Path::new("-") {
        let bar = bars.add(progress::bar(label, 0));
        let stdin = aiofiles::stdin_bytes();
        let counts = count_all(async |buf| stdin.readinto(buf).await, &bar).await;
        bar.finish_and_clear();
        return counts;
    }
    let mut file = aiofiles::open(path).binary().await?;
    let bar = bars.add(progress::bar(label, file.metadata().await?.len()));
    let counts = count_all(async |buf| file.readinto(buf).await, &bar).await;
    bar.finish_and_clear();
    file.close().await?;
    counts
}

async fn show(counts: Counts, name: &str) -> Result<()> {
    let Counts {
        lines,
        words,
        bytes,
    } = counts;
    let line = format!("{lines:>8} {words:>8} {bytes:>10} {name}");
    let stdout = aiofiles::stdout();
    stdout.write(&format!("{}\n", line.trim_end())).await?;
    stdout.flush().await
}

async fn run(args: &Args) -> Result<ExitCode> {
    let stdin = [PathBuf::from("-")];
    let paths = match args.paths.as_slice() {
        [] => &stdin,
        paths => paths,
    };
    let (mut total, mut code) = (Counts::default(), ExitCode::SUCCESS);
    let bars = MultiProgress::new();
    let bars = &bars;
    let mut results = stream::iter(paths)
        .map(|path| async move { (path, count(path, bars).await) })
        .buffered(4);
    while let Some((path, result)) = results.next().await {
        match result {
            Ok(counts) => {
                // As wc(1), which prints no name if it was given none.
                let named = !args.paths.is_empty();
                let name = named.then(|| path.display().to_string());
                // The bars are hidden while it is printed.
                bars.clear().ok();
                show(counts, &name.unwrap_or_default()).await?;
                total.lines += counts.lines;
                total.words += counts.words;
                total.bytes += counts.bytes;
            }
            Err(error) => {
                bars.suspend(|| eprintln!("wc: {error}"));
                code = ExitCode::FAILURE;
            }
        }
    }
    if paths.len() > 1 {
        show(total, "total").await?;
    }
    Ok(code)
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
        Ok(code) => code,
        // The reader of our output has gone, which is no error.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wc: {error}");
            ExitCode::FAILURE
        }
    }
}
