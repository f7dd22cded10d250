//! Sizes of trees, as `du -sb` counts them:
//! `cargo run --release --example du -- [PATH]...`.
//!
//! The trees are walked at the same time. A folder takes one hop, which also fetches the
//! metadata of its entries. On a terminal a line shows the progress; into a pipe it writes
//! only the sizes, and ends without an error if the reader of the pipe goes away.

use std::collections::HashSet;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aiofiles::{Result, os};
use clap::Parser;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use indicatif::{HumanBytes, HumanCount, ProgressBar};

/// Sizes of trees, as `du -sb` counts them.
///
/// What cannot be read is reported, the rest is counted, and the exit code is 1.
#[derive(Parser)]
#[command(name = "du")]
struct Args {
    /// What to count
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
}

/// The sums of all trees so far.
struct Progress {
    entries: AtomicU64,
    bytes: AtomicU64,
    /// Hidden if the standard error is no terminal.
    bar: ProgressBar,
}

impl Progress {
    fn add(&self, bytes: u64) {
        let entries = self.entries.fetch_add(1, Ordering::Relaxed) + 1;
        let bytes = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        // To make a message costs time, so it is made for one entry in 256.
        if entries % 256 == 0 && !self.bar.is_hidden() {
            let (entries, bytes) = (HumanCount(entries), HumanBytes(bytes));
            self.bar.set_message(format!("{entries} entries, {bytes}"));
        }
    }
}

/// The size of a tree.
struct Total {
    path: PathBuf,
    bytes: u64,
    /// What could not be read.
    errors: Vec<aiofiles::Error>,
}

/// Adds up a tree. A file with several names counts once.
async fn total(path: PathBuf, progress: &Progress) -> Total {
    let (mut errors, mut bytes) = (Vec::new(), 0);
    let mut seen = HashSet::new();
    let mut add = |metadata: &Metadata| {
        if is_new(metadata, &mut seen) {
            bytes += size(metadata);
            progress.add(size(metadata));
        }
    };
    let is_dir = match os::lstat(&path).await {
        Ok(metadata) => {
            add(&metadata);
            metadata.is_dir()
        }
        Err(error) => {
            errors.push(error);
            false
        }
    };
    if is_dir {
        let mut walk = os::walk(&path).with_stat(true);
        while let Some(folder) = walk.next().await {
            match folder {
                Ok(folder) => {
                    let entries = folder.dirs.iter().chain(&folder.files);
                    entries
                        .filter_map(|entry| entry.metadata())
                        .for_each(&mut add);
                }
                Err(error) => errors.push(error),
            }
        }
    }
    Total {
        path,
        bytes,
        errors,
    }
}

/// `du -b` counts files, links and folders at their apparent size.
fn size(metadata: &Metadata) -> u64 {
    let kind = metadata.file_type();
    if kind.is_file() || kind.is_dir() || kind.is_symlink() {
        metadata.len()
    } else {
        0
    }
}

#[cfg(unix)]
fn is_new(metadata: &Metadata, seen: &mut HashSet<(u64, u64)>) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.is_dir() || metadata.nlink() == 1 || seen.insert((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn is_new(_metadata: &Metadata, _seen: &mut HashSet<(u64, u64)>) -> bool {
    true
}

/// Gives the sizes in the order of the paths.
async fn totals(paths: &[PathBuf]) -> Vec<Total> {
    let progress = Progress {
        entries: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
        bar: ProgressBar::new_spinner(),
    };
    progress.bar.enable_steady_tick(Duration::from_millis(100));
    let trees = paths.iter().enumerate().map(|(i, path)| {
        let tree = total(path.clone(), &progress);
        async move { (i, tree.await) }
    });
    let mut all: Vec<_> = trees.collect::<FuturesUnordered<_>>().collect().await;
    progress.bar.finish_and_clear();
    all.sort_by_key(|(i, _)| *i);
    all.into_iter().map(|(_, total)| total).collect()
}

async fn run(paths: &[PathBuf]) -> Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    let stdout = aiofiles::stdout();
    for total in totals(paths).await {
        for error in &total.errors {
            eprintln!("du: {error}");
            code = ExitCode::FAILURE;
        }
        let line = format!("{}\t{}\n", total.bytes, total.path.display());
        stdout.write(&line).await?;
    }
    stdout.flush().await?;
    Ok(code)
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Args::parse().paths).await {
        Ok(code) => code,
        // The reader of our output has gone, which is no error.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("du: {error}");
            ExitCode::FAILURE
        }
    }
}
