//! Shows the last lines of a text file, and what is added to it, as tail(1):
//! `cargo run --release --example tail -- [-n LINES] [-f] FILE`.
//!
//! The end is looked for from behind, so a large file costs no more than a small
//! one. With `-f` it goes on until it is interrupted, also when the file is
//! truncated.

use std::io::{SeekFrom, Write};
use std::process::ExitCode;

use futures::StreamExt;

struct Options {
    lines: usize,
    follow: bool,
    path: String,
}

fn parse(mut args: impl Iterator<Item = String>) -> Option<Options> {
    let mut options = Options {
        lines: 10,
        follow: false,
        path: String::new(),
    };
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-n" => options.lines = args.next()?.parse().ok()?,
            "-f" => options.follow = true,
            _ if options.path.is_empty() && !arg.starts_with('-') => options.path = arg,
            _ => return None,
        }
    }
    (!options.path.is_empty()).then_some(options)
}

/// Where the last `lines` lines begin, in bytes.
async fn start(file: &aiofiles::BinaryFile, size: u64, lines: usize) -> aiofiles::Result<u64> {
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
            // The line end that closes the file begins no line.
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

async fn tail(options: &Options) -> aiofiles::Result<()> {
    let mut file = aiofiles::open(&options.path).binary().await?;
    let size = file.metadata().await?.len();
    let begin = if options.lines == 0 {
        size
    } else {
        start(&file, size, options.lines).await?
    };
    file.seek(SeekFrom::Start(begin)).await?;
    let mut out = std::io::stdout();
    if !options.follow {
        let rest = file.read().await?;
        return out.write_all(&rest).map_err(told);
    }
    let mut lines = file.into_lines().follow();
    while let Some(line) = lines.next().await {
        let mut line = line?;
        line.push(b'\n');
        out.write_all(&line)
            .and_then(|()| out.flush())
            .map_err(told)?;
    }
    Ok(())
}

fn told(source: std::io::Error) -> aiofiles::Error {
    aiofiles::Error::Os {
        op: "write",
        path: Some("<stdout>".into()),
        source,
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some(options) = parse(std::env::args().skip(1)) else {
        eprintln!("usage: tail [-n LINES] [-f] FILE");
        return ExitCode::from(2);
    };
    match tail(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of our output has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tail: {error}");
            ExitCode::FAILURE
        }
    }
}
