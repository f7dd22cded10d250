//! `cat`: copies files, or the standard input, to the standard output.
//!
//! ```sh
//! cargo run --release --example cat -- [FILE]...
//! ```
//!
//! `-` is the standard input, and so is no file at all. What can be read is
//! written at once, so that it may stand in a pipe behind something slow; meanwhile
//! the next piece is read.

use std::process::ExitCode;

use aiofiles::Result;

/// How many bytes are read at a time, at most.
const PIECE: usize = 256 * 1024;

/// Writes a piece while the next one is read.
async fn copy(read: impl AsyncFn() -> Result<Vec<u8>>) -> Result<()> {
    let stdout = aiofiles::stdout_bytes();
    let mut piece = read().await?;
    while !piece.is_empty() {
        let ((written, _), next) = tokio::join!(stdout.write_owned(piece), read());
        written?;
        piece = next?;
    }
    Ok(())
}

async fn cat(path: &str) -> Result<()> {
    if path == "-" {
        let stdin = aiofiles::stdin_bytes();
        return copy(async || stdin.read1(PIECE).await).await;
    }
    let file = tokio::sync::Mutex::new(aiofiles::open(path).raw().await?);
    copy(async || file.lock().await.read().size(PIECE).await).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut paths: Vec<String> = std::env::args().skip(1).collect();
    if paths.is_empty() {
        paths.push("-".to_owned());
    }
    let mut code = ExitCode::SUCCESS;
    for path in paths {
        if let Err(error) = cat(&path).await {
            if error.kind() == std::io::ErrorKind::BrokenPipe {
                // Whoever read this has seen enough.
                return ExitCode::SUCCESS;
            }
            // Nobody is left to be told if this fails too.
            drop(aiofiles::stderr().write(&format!("cat: {error}\n")).await);
            code = ExitCode::FAILURE;
        }
    }
    code
}
