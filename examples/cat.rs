//! `cat`: copies files, or the standard input, to the standard output:
//! `cargo run --release --example cat -- [FILE]...`.
//!
//! It writes what it can read at once, and reads the next piece at the same time, so it works
//! well in a pipe after a slow program. On a terminal it does the same. A file that cannot be
//! read is reported, and the others are shown.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aiofiles::Result;
use clap::Parser;

/// Copies files to the standard output.
///
/// A file that cannot be read is reported, and the exit code is 1.
#[derive(Parser)]
#[command(name = "cat")]
struct Args {
    /// What to show; `-` is the standard input, and so is no file at all
    #[arg(value_name = "FILE", default_value = "-")]
    paths: Vec<PathBuf>,
}

/// How many bytes are read at a time, at most.
const PIECE: usize = 1024 * 1024;

/// The result of a read (0 at the end), and its buffer.
type Piece = (Result<usize>, Vec<u8>);

/// Writes a piece while the next one is read, with two buffers in all.
async fn copy(mut read: impl AsyncFnMut(Vec<u8>) -> Piece) -> Result<()> {
    let stdout = aiofiles::stdout_bytes();
    let (mut count, mut piece) = read(Vec::with_capacity(PIECE)).await;
    let mut spare = Vec::with_capacity(PIECE);
    while count? > 0 {
        let ((written, mut done), next) = tokio::join!(stdout.write_owned(piece), read(spare));
        written?;
        done.clear();
        spare = done;
        (count, piece) = next;
    }
    Ok(())
}

async fn cat(path: &Path) -> Result<()> {
    if path == Path::new("-") {
        let stdin = aiofiles::stdin_bytes();
        return copy(async |buf| stdin.read_owned(buf).await).await;
    }
    let mut file = aiofiles::open(path).raw().await?;
    copy(async |buf| file.read_owned(buf).await).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for path in Args::parse().paths {
        if let Err(error) = cat(&path).await {
            if error.kind() == std::io::ErrorKind::BrokenPipe {
                // The reader of our output has gone, which is no error.
                return ExitCode::SUCCESS;
            }
            // If this fails too, there is nowhere to report it.
            drop(aiofiles::stderr().write(&format!("cat: {error}\n")).await);
            code = ExitCode::FAILURE;
        }
    }
    code
}
