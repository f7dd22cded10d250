//! Copies a file through buffers of its own, with a progress bar:
//! `cargo run --release --example copy -- SRC DST`.
//!
//! It shows how to read and write; to copy a file, `aiofiles::copy` lets the kernel do it.
//! The buffer moves between the two files and is never copied. The bar is drawn on a terminal
//! only. It ends without an error if the reader of the pipe that it writes to goes away.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aiofiles::{Result, ospath};
use clap::Parser;
use indicatif::ProgressBar;

#[path = "support/progress.rs"]
mod progress;

/// Copies a file, with a progress bar on a terminal.
#[derive(Parser)]
#[command(name = "copy")]
struct Args {
    /// What to copy; `-` is the standard input
    src: PathBuf,
    /// Where to; `-` is the standard output
    dst: PathBuf,
}

/// The result of a read or a write, and its buffer.
type Moved = (Result<usize>, Vec<u8>);

/// Writes what is read, until a read gives nothing; returns the number of bytes.
async fn pump(
    mut read: impl AsyncFnMut(Vec<u8>) -> Moved,
    mut write: impl AsyncFnMut(Vec<u8>) -> Moved,
    bar: &ProgressBar,
) -> Result<u64> {
    let (mut buf, mut done) = (Vec::with_capacity(256 * 1024), 0);
    loop {
        let (count, mut full) = read(buf).await;
        if count? == 0 {
            return Ok(done);
        }
        done += full.len() as u64;
        bar.set_position(done);
        loop {
            let (written, mut back) = write(full).await;
            // If it did not write all of it, the next write reports why.
            full = back.split_off(written?);
            if full.is_empty() {
                buf = back;
                break;
            }
        }
        buf.clear();
    }
}

/// Copies what is read to where it goes.
async fn copy_from(
    read: impl AsyncFnMut(Vec<u8>) -> Moved,
    dst: &Path,
    bar: &ProgressBar,
) -> Result<u64> {
    if dst == Path::new("-") {
        let stdout = aiofiles::stdout_bytes();
        let done = pump(read, async |data| stdout.write_owned(data).await, bar).await?;
        stdout.flush().await?;
        return Ok(done);
    }
    let mut dst = aiofiles::open(dst).binary().mode("w").await?;
    let done = pump(read, async |data| dst.write_owned(data).await, bar).await?;
    // The close reports bytes that the system could not keep.
    dst.close().await?;
    Ok(done)
}

async fn copy(Args { src, dst }: &Args) -> Result<u64> {
    if src == Path::new("-") {
        let stdin = aiofiles::stdin_bytes();
        let bar = progress::bar("copying", 0);
        let copied = copy_from(async |buf| stdin.read_owned(buf).await, dst, &bar).await;
        bar.finish_and_clear();
        return copied;
    }
    // If both were one file, the open for writing would empty it before it is read.
    if ospath::exists(dst).await? && ospath::samefile(src, dst).await? {
        return Err(aiofiles::Error::OsPair {
            op: "copy",
            src: src.into(),
            dst: dst.into(),
            source: std::io::Error::other("they are the same file"),
        });
    }
    let mut src = aiofiles::open(src).raw().await?;
    let bar = progress::bar("copying", src.metadata().await?.len());
    let copied = copy_from(async |buf| src.read_owned(buf).await, dst, &bar).await;
    bar.finish_and_clear();
    copied
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    match copy(&args).await {
        // The message must not get among the copied bytes.
        Ok(bytes) if args.dst != Path::new("-") => {
            writeln!(std::io::stdout(), "{bytes} bytes").ok();
            ExitCode::SUCCESS
        }
        Ok(_) => ExitCode::SUCCESS,
        // The reader of our output has gone, which is no error.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("copy: {error}");
            ExitCode::FAILURE
        }
    }
}
