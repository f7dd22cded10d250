//! Sizes of trees, as `du -sb` counts them:
//!
//!     cargo run --release --example du -- [path ...]
//!
//! The trees are walked at the same time; a folder takes one hop, with the
//! metadata of all that is in it. On a terminal a line tells how far it is.

use std::collections::HashSet;
use std::fs::Metadata;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aiofiles::os;
use futures::StreamExt;
use futures::stream::FuturesUnordered;

/// What all trees came to so far.
#[derive(Default)]
struct Progress {
    entries: AtomicU64,
    bytes: AtomicU64,
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
            progress.entries.fetch_add(1, Ordering::Relaxed);
            progress.bytes.fetch_add(size(metadata), Ordering::Relaxed);
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

async fn show(progress: &Progress) {
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let entries = progress.entries.load(Ordering::Relaxed);
        let mib = progress.bytes.load(Ordering::Relaxed) >> 20;
        eprint!("\r\x1b[K{entries} entries, {mib} MiB");
        drop(std::io::stderr().flush());
    }
}

/// Gives the sizes in the order of the paths.
async fn totals(paths: &[PathBuf]) -> Vec<Total> {
    let progress = Progress::default();
    let trees = paths.iter().enumerate().map(|(i, path)| {
        let tree = total(path.clone(), &progress);
        async move { (i, tree.await) }
    });
    let mut all: Vec<_> = {
        let trees = trees.collect::<FuturesUnordered<_>>().collect::<Vec<_>>();
        if std::io::stderr().is_terminal() {
            let all = tokio::select! {
                all = trees => all,
                () = show(&progress) => unreachable!("it goes on until it is dropped"),
            };
            eprint!("\r\x1b[K");
            all
        } else {
            trees.await
        }
    };
    all.sort_by_key(|(i, _)| *i);
    all.into_iter().map(|(_, total)| total).collect()
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if paths.is_empty() {
        paths.push(Path::new(".").to_path_buf());
    }
    let mut code = ExitCode::SUCCESS;
    for total in totals(&paths).await {
        for error in &total.errors {
            eprintln!("du: {error}");
            code = ExitCode::FAILURE;
        }
        println!("{}\t{}", total.bytes, total.path.display());
    }
    code
}
