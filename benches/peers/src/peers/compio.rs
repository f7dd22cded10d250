//! `compio`: io_uring, one thread. It has no lines of text and no listing.

use std::io;
use std::sync::Arc;

use compio::buf::BufResult;
use compio::fs::{self, File};
use compio::io::{AsyncReadAtExt, AsyncWrite, AsyncWriteAtExt, AsyncWriteExt, BufWriter};
use compio::runtime::Runtime;

use crate::peer::{Peer, Tally};
use crate::site::{BLOCK, CHUNK, LARGE, Site, TASKS, block_number, records};
use crate::workload::Workload;

pub struct Compio {
    runtime: Runtime,
}

impl Compio {
    pub fn new() -> io::Result<Self> {
        let runtime = Runtime::new()?;
        match runtime.driver_type() {
            compio::driver::DriverType::IoUring => Ok(Self { runtime }),
            other => Err(io::Error::other(format!("it falls back to {other:?}"))),
        }
    }

    fn in_tasks<F>(&self, site: Arc<Site>, body: fn(Arc<Site>, usize) -> F) -> io::Result<Tally>
    where
        F: Future<Output = io::Result<Tally>> + 'static,
    {
        self.runtime.block_on(async {
            let tasks: Vec<_> = (0..TASKS)
                .map(|task| compio::runtime::spawn(body(site.clone(), task)))
                .collect();
            let mut tally = Tally::default();
            for task in tasks {
                tally.merge(
                    task.await
                        .map_err(|_| io::Error::other("a task panicked"))??,
                );
            }
            Ok(tally)
        })
    }
}

impl Peer for Compio {
    fn name(&self) -> &'static str {
        "compio"
    }

    fn run(&mut self, workload: Workload, site: &Arc<Site>) -> Option<io::Result<Tally>> {
        let (rt, site) = (&self.runtime, site.clone());
        Some(match workload {
            Workload::NextLine | Workload::OwnedLines | Workload::List => return None,
            Workload::RandomSerial => {
                let count = site.sizes.random;
                rt.block_on(random(site, 0, count))
            }
            Workload::RandomTasks => self.in_tasks(site, random_share),
            Workload::Sequential => rt.block_on(sequential(site)),
            Workload::SmallWrites => rt.block_on(small_writes(site)),
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
        BufResult(result, block) = file.read_exact_at(block, offset).await;
        result?;
        tally.add(block_number(&block));
        block.clear();
    }
    Ok(tally)
}

async fn sequential(site: Arc<Site>) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let file = File::open(site.big()).await?;
    let mut chunk = Vec::with_capacity(CHUNK);
    for index in 0..site.sizes.chunks {
        let result;
        BufResult(result, chunk) = file.read_exact_at(chunk, (index * CHUNK) as u64).await;
        result?;
        tally.add(block_number(&chunk));
        chunk.clear();
    }
    Ok(tally)
}

async fn small_writes(site: Arc<Site>) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let file = std::io::Cursor::new(File::create(site.out()).await?);
    let mut file = BufWriter::new(file);
    let records = records();
    for index in 0..site.sizes.records {
        file.write_all(records[index % records.len()]).await.0?;
        tally.add(1);
    }
    file.flush().await?;
    Ok(tally)
}

async fn large_writes(site: Arc<Site>) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut file = File::create(site.out()).await?;
    let mut data = vec![7; LARGE];
    for index in 0..site.sizes.large {
        let result;
        BufResult(result, data) = file.write_all_at(data, (index * LARGE) as u64).await;
        result?;
        tally.add(1);
    }
    file.close().await?;
    Ok(tally)
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
    read(path) fs::read(path).await?;
    write(path) fs::write(path, [7; 1024]).await.0?;
    size(path) fs::metadata(path).await?.len();
}
