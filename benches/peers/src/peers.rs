//! The peers, and what several of them share.

use std::io;
use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::peer::{Peer, Tally};
use crate::site::{Site, TASKS};

#[macro_use]
mod alike;

mod aiofiles;
mod async_fs;
mod compio;
mod std_fs;
mod tokio_fs;
mod tokio_uring;

pub const STD: &str = "std";
pub const TOKIO: &str = "tokio::fs";
pub const TOKIO_LARGE: &str = "tokio::fs 256 KiB";
pub const OURS: &str = "aiofiles";
pub const OURS_OWNED: &str = "aiofiles owned";

/// All that work on this machine.
pub fn available() -> Vec<Box<dyn Peer>> {
    let runtime = Arc::new(runtime());
    let mut peers: Vec<Box<dyn Peer>> = vec![
        Box::new(std_fs::Std),
        Box::new(tokio_fs::TokioFs::new(runtime.clone(), false)),
        Box::new(tokio_fs::TokioFs::new(runtime.clone(), true)),
        Box::new(async_fs::AsyncFs::new(runtime.clone())),
    ];
    match compio::Compio::new() {
        Ok(peer) => peers.push(Box::new(peer)),
        Err(error) => println!("compio: not available here: {error}"),
    }
    match tokio_uring::TokioUring::new() {
        Ok(peer) => peers.push(Box::new(peer)),
        Err(error) => println!("tokio-uring: not available here: {error}"),
    }
    peers.push(Box::new(aiofiles::Aiofiles::new(runtime.clone())));
    peers.push(Box::new(aiofiles::Owned::new(runtime)));
    peers
}

/// A runtime as `#[tokio::main]` makes it.
pub fn runtime() -> Runtime {
    Runtime::new().expect("a runtime starts where benchmarks run")
}

/// Runs `body` as a task of the runtime.
fn block_on<F>(runtime: &Runtime, body: F) -> io::Result<Tally>
where
    F: Future<Output = io::Result<Tally>> + Send + 'static,
{
    runtime.block_on(runtime.spawn(body))?
}

/// Runs `body` in as many tasks as the workloads have, each told its number.
async fn in_tasks<F>(site: Arc<Site>, body: fn(Arc<Site>, usize) -> F) -> io::Result<Tally>
where
    F: Future<Output = io::Result<Tally>> + Send + 'static,
{
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| ::tokio::spawn(body(site.clone(), task)))
        .collect();
    let mut tally = Tally::default();
    for task in tasks {
        tally.merge(task.await??);
    }
    Ok(tally)
}
