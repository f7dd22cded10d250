//! Shows the last lines of a file, and what is added to it, as tail(1):
//! `cargo run --release --example tail -- [-n LINES] [-f] [FILE]`.
//!
//! A file is searched from its end, so a large file costs no more than a small one. Of a
//! pipe only the last lines are kept. On a terminal and in a pipe it shows the same; it ends
//! without an error if the reader of the pipe goes away.

use std::collections::VecDeque;
use std::io::SeekFrom;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aiofiles::{BinaryFile, Result};
use clap::Parser;
use futures::StreamExt;

/// Shows the last lines of a file, and what is added to it, as tail(1).
#[derive(Parser)]
#[command(name = "tail")]
struct Args {
    /// How many lines to show
    #[arg(short = 'n', value_name = "LINES", default_value_t = 10)]
    lines: usize,
    /// Go on with what is added, until interrupted, also when the file is truncated; a pipe
    /// ends with its last line
    #[arg(short)]
    follow: bool,
    /// What to show; `-` is the standard input
    #[arg(value_name = "FILE", default_value = "-")]
    path: PathBuf,
}

/// Where the last `lines` lines begin, in bytes.
async fn start(file: &BinaryFile, size: u64, lines: usize) -> Result<u64> {
    const STEP: u64 = 64 * 1024;
    let mut left = lines;
    let mut end = size;
    while end > 0 {
        let begin = end.saturating_sub(STEP);
        let block = file.read_exact_at(begin, (end - begin) as usize).await?;
        for (at, _) in block
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, byte)| **byte == b'\n')
        {
            let behind = begin + at as u64 + 1;
            // After a line end at the end of the file no further line begins.
            if behind == size {
                continue;
            }
            left = left.saturating_sub(1);
            if left == 0 {
                return Ok(behind);
            }
        }
        end = begin;
    }
    Ok(0)
}

/// Shows the last lines of a stream that can be read only once.
async fn last(mut readline: impl AsyncFnMut() -> Result<Vec<u8>>, lines: usize) -> Result<()> {
    let mut kept = VecDeque::new();
    loop {
        let line = readline().await?;
        if line.is_empty() {
            break;
        }
        kept.push_back(line);
        if kept.len() > lines {
            kept.pop_front();
        }
    }
    let out = aiofiles::stdout_bytes();
    out.writelines(kept).await?;
    out.flush().await
}

async fn tail(args: &Args) -> Result<()> {
    if args.path == Path::new("-") {
        let stdin = aiofiles::stdin_bytes();
        return last(async || stdin.readline().await, args.lines).await;
    }
    let mut file = aiofiles::open(&args.path).binary().await?;
    if !file.seekable() {
        return last(async || file.readline().await, args.lines).await;
    }
    let size = file.metadata().await?.len();
    let begin = match args.lines {
        0 => size,
        lines => start(&file, size, lines).await?,
    };
    file.seek(SeekFrom::Start(begin)).await?;
    let out = aiofiles::stdout_bytes();
    if !args.follow {
        let mut rest = file.into_chunks(256 * 1024);
        while let Some(chunk) = rest.next().await {
            out.write(&chunk?).await?;
        }
        return out.flush().await;
    }
    let mut lines = file.into_lines().follow();
    while let Some(line) = lines.next().await {
        let mut line = line?;
        line.push(b'\n');
        out.write(&line).await?;
        out.flush().await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    match tail(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of our output has gone, which is no error.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tail: {error}");
            ExitCode::FAILURE
        }
    }
}
