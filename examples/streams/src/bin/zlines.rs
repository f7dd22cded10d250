//! Shows compressed text files in UTF-8: `zlines [--encoding LABEL] FILE...`.
//!
//! What ends in `.gz` or `.zst` is decompressed, and all is decoded as `LABEL` says. A
//! file that cannot be read is reported, and the exit code is 1.

use std::path::Path;
use std::process::ExitCode;

use aiofiles::stdout;
use aiofiles_streams::{args, compressed};

async fn show(path: &str, encoding: &str) -> aiofiles::Result<()> {
    let mut lines = compressed::open(Path::new(path), encoding).await?;
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
    let Some((encoding, paths)) = args::encoding_and_rest().filter(|(_, paths)| !paths.is_empty())
    else {
        eprintln!("usage: zlines [--encoding LABEL] FILE...");
        return ExitCode::from(2);
    };
    let mut code = ExitCode::SUCCESS;
    for path in paths {
        if let Err(error) = show(&path, &encoding).await {
            eprintln!("zlines: {path}: {error}");
            code = ExitCode::FAILURE;
        }
    }
    if let Err(error) = stdout().flush().await {
        eprintln!("zlines: {error}");
        code = ExitCode::FAILURE;
    }
    code
}
