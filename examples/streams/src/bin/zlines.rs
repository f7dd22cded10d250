//! Shows compressed text files in UTF-8: `zlines [--encoding LABEL] FILE...`.
//!
//! Files whose names end in `.gz` or `.zst` are decompressed, and all are decoded as `LABEL`
//! says. A file that cannot be read is reported, and the exit code is 1. On a terminal and
//! in a pipe it does the same; it ends without an error if the reader of the pipe goes away.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aiofiles::codec::Encoding;
use aiofiles::stdout;
use aiofiles_streams::compressed;
use clap::Parser;

/// Shows compressed text files in UTF-8.
///
/// What ends in `.gz` or `.zst` is decompressed. A file that cannot be read is reported, and
/// the exit code is 1.
#[derive(Parser)]
#[command(name = "zlines")]
struct Args {
    /// The encoding of the text
    #[arg(long, value_name = "LABEL", default_value = "utf-8")]
    encoding: Encoding,
    /// What to show
    #[arg(value_name = "FILE", required = true)]
    paths: Vec<PathBuf>,
}

async fn show(path: &Path, encoding: &str) -> aiofiles::Result<()> {
    let mut lines = compressed::open(path, encoding).await?;
    while let Some(block) = lines.next_lines().await? {
        for line in block {
            stdout().write(line).await?;
            stdout().write("\n").await?;
        }
    }
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    let Args { encoding, paths } = Args::parse();
    let mut code = ExitCode::SUCCESS;
    for path in paths {
        match show(&path, encoding.label()).await {
            Ok(()) => {}
            // The reader of our output has gone, which is no error.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("zlines: {}: {error}", path.display());
                code = ExitCode::FAILURE;
            }
        }
    }
    match stdout().flush().await {
        Ok(()) => code,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("zlines: {error}");
            ExitCode::FAILURE
        }
    }
}
