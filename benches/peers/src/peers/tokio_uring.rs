//! `tokio-uring`: io_uring, one thread. It has files and statx, and neither
//! buffers nor lines nor a listing.

use std::io;
use std::panic;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_uring::Runtime;
use tokio_uring::fs::{File, statx};

use crate::peer::{Peer, Tally};
use crate::site::{BLOCK, CHUNK, LARGE, Site, TASKS, block_number};
use crate::workload::Workload;

pub struct TokioUring {
    runtime: Runtime,
}

impl TokioUring {
    pub fn new() -> io::Result<Self> {
        let mut builder = tokio_uring::builder();
        builder.entries(256);
        let runtime = panic::catch_unwind(|| Runtime::new(&builder))
            .map_err(|_| io::Error::other("it panicked"))??;
        Ok(Self { runtime })
    }

    fn in_tasks<F>(&self, site: Arc<Site>, body: fn(Arc<Site>, usize) -> F) -> io::Result<Tally>
    where
        F: Future<Output = io::Result<Tally>> + 'static,
    {
        self.runtime.block_on(async {
            let tasks: Vec<_> = (0..TASKS)
                .map(|task| tokio_uring::spawn(body(site.clone(), task)))
                .collect();
            let mut tally = Tally::default();
            for task in tasks {
                tally.merge(task.await??);
            }
            Ok(tally)
        })
    }
}

impl Peer for TokioUring {
    fn name(&self) -> &'static str {
        "tokio-uring"
    }

    fn run(&mut self, workload: Workload, site: &Arc<Site>) -> Option<io::Result<Tally>> {
        let (rt, site) = (&self.runtime, site.clone());
        Some(match workload {
            Workload::NextLine | Workload::OwnedLines | Workload::SmallWrites | Workload::List => {
                return None;
            }
            Workload::RandomSerial => {
                let count = site.sizes.random;
                rt.block_on(random(site, 0, count))
            }
            Workload::RandomTasks => self.in_tasks(site, random_share),
            Workload::Sequential => rt.block_on(sequential(site)),
            Workload::LargeWrites => rt.block_on(large_writes(site)),
            Workload::WholeSerial => rt.block_on(whole(site)),
            Workload::WholeTasks => self.in_tasks(site, whole_share),
            Workload::CreateTasks => self.in_tasks(site, create_share),
            Workload::StatSerial => rt.block_on(stat(site)),
            Workload::StatTasks => self.in_tasks(site, stat_share),
            Workload::OpenClose => rt.block_on(open_close(site)),
            Workload::ColdTasks => self.in_tasks(site, cold_share),
        })
    }
}

async fn random(site: Arc<Site>, seed: usize, count: usize) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let file = File::open(site.data()).await?;
    let mut block = Vec::with_capacity(BLOCK);
    for offset in site.offsets(seed).take(count) {
        let result;
        (result, block) = file.read_exact_at(block, offset).await;
        result?;
        tally.add(block_number(&block));
        block.clear();
    }
    file.close().await?;
    Ok(tally)
}

async fn sequential(site: Arc<Site>) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let file = File::open(site.big()).await?;
    let mut chunk = Vec::with_capacity(CHUNK);
    for index in 0..site.sizes.chunks {
        let result;
        (result, chunk) = file.read_exact_at(chunk, (index * CHUNK) as u64).await;
        result?;
        tally.add(block_number(&chunk));
        chunk.clear();
    }
    file.close().await?;
    Ok(tally)
}

async fn large_writes(site: Arc<Site>) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let file = File::create(site.out()).await?;
    let mut data = vec![7; LARGE];
    for index in 0..site.sizes.large {
        let result;
        (result, data) = file.write_all_at(data, (index * LARGE) as u64).await;
        result?;
        tally.add(1);
    }
    file.close().await?;
    Ok(tally)
}

/// Reads a whole file; the crate has no `fs::read`.
async fn read(path: PathBuf) -> io::Result<Vec<u8>> {
    let file = File::open(path).await?;
    let size = file.statx().await?.stx_size;
    let data = Vec::with_capacity(usize::try_from(size).map_err(io::Error::other)?);
    let (result, data) = file.read_exact_at(data, 0).await;
    result?;
    file.close().await?;
    Ok(data)
}

async fn open_close(site: Arc<Site>) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let path = site.empty()?;
    for _ in 0..site.sizes.opens {
        File::open(&path).await?.close().await?;
        tally.add(1);
    }
    Ok(tally)
}

in_shares! {
    read(path) read(path).await?;
    write(path) {
        let file = File::create(path).await?;
        file.write_all_at(vec![7; 1024], 0).await.0?;
        file.close().await?;
    };
    size(path) statx(path).await?.stx_size;
}
