//! Counts lines, words and bytes of files, as wc(1):
//! `cargo run --release --example wc -- README.md Cargo.lock`.
//!
//! Four files are read at a time; the order of the output is that of the
//! arguments. A file that cannot be read is reported, and the exit code is 1.

use std::process::ExitCode;

use futures::stream::{self, StreamExt};

#[path = "support/progress.rs"]
mod progress;
use progress::Progress;

#[derive(Clone, Copy, Default)]
struct Counts {
    lines: u64,
    words: u64,
    bytes: u64,
}

async fn count(path: &str) -> aiofiles::Result<Counts> {
    let mut file = aiofiles::open(path).binary().await?;
    let size = file.metadata().await?.len();
    let mut progress = Progress::new(path, size);
    let mut counts = Counts::default();
    let mut in_word = false;
    let mut buf = vec![0; 128 * 1024];
    loop {
        let n = file.readinto(&mut buf).await?;
        if n == 0 {
            break;
        }
        counts.bytes += n as u64;
        for &byte in &buf[..n] {
            counts.lines += u64::from(byte == b'\n');
            // wc(1) counts the vertical tab as white space too.
            let space = byte.is_ascii_whitespace() || byte == 0x0b;
            counts.words += u64::from(!space && !in_word);
            in_word = !space;
        }
        progress.set(counts.bytes);
    }
    file.close().await?;
    Ok(counts)
}

fn show(counts: Counts, name: &str) {
    println!(
        "{:>8} {:>8} {:>10} {name}",
        counts.lines, counts.words, counts.bytes
    );
}

#[tokio::main]
async fn main() -> ExitCode {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    if paths.is_empty() {
        eprintln!("usage: wc FILE...");
        return ExitCode::from(2);
    }
    let mut total = Counts::default();
    let mut code = ExitCode::SUCCESS;
    let mut results = stream::iter(&paths)
        .map(|path| async move { (path, count(path).await) })
        .buffered(4);
    while let Some((path, result)) = results.next().await {
        match result {
            Ok(counts) => {
                show(counts, path);
                total.lines += counts.lines;
                total.words += counts.words;
                total.bytes += counts.bytes;
            }
            Err(error) => {
                eprintln!("wc: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    if paths.len() > 1 {
        show(total, "total");
    }
    code
}
