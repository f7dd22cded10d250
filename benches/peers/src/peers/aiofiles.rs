//! This crate: as one would write it, and with the calls that hand buffers over.

use std::io;
use std::sync::Arc;

use futures_util::stream::StreamExt;
use tokio::runtime::Runtime;

use super::{OURS, OURS_OWNED, block_on, in_tasks};
use crate::peer::{Peer, Tally};
use crate::site::{BLOCK, CHUNK, LARGE, Site, block_number, records};
use crate::workload::Workload;

pub struct Aiofiles {
    runtime: Arc<Runtime>,
}

impl Aiofiles {
    pub fn new(runtime: Arc<Runtime>) -> Self {
        Self { runtime }
    }
}

impl Peer for Aiofiles {
    fn name(&self) -> &'static str {
        OURS
    }

    fn run(&mut self, workload: Workload, site: &Arc<Site>) -> Option<io::Result<Tally>> {
        let (rt, site) = (&self.runtime, site.clone());
        Some(match workload {
            Workload::NextLine => block_on(rt, next_line(site)),
            Workload::OwnedLines => block_on(rt, owned_lines(site)),
            Workload::RandomSerial => {
                let count = site.sizes.random;
                block_on(rt, random(site, 0, count))
            }
            Workload::RandomTasks => block_on(rt, in_tasks(site, random_share)),
            Workload::Sequential => block_on(rt, sequential(site)),
            Workload::SmallWrites => block_on(rt, small_writes(site)),
            Workload::LargeWrites => block_on(rt, large_writes(site)),
            Workload::OpenClose => block_on(rt, open_close(site)),
            Workload::ColdTasks => block_on(rt, in_tasks(site, cold_share)),
            Workload::WholeSerial => block_on(rt, whole(site)),
            Workload::WholeTasks => block_on(rt, in_tasks(site, whole_share)),
            Workload::CreateTasks => block_on(rt, in_tasks(site, create_share)),
            Workload::StatSerial => block_on(rt, stat(site)),
            Workload::StatTasks => block_on(rt, in_tasks(site, stat_share)),
            Workload::List => block_on(rt, list(site)),
        })
    }
}

/// The calls that take a `Vec` and give it back.
pub struct Owned {
    runtime: Arc<Runtime>,
}

impl Owned {
    pub fn new(runtime: Arc<Runtime>) -> Self {
        Self { runtime }
    }
}

impl Peer for Owned {
    fn name(&self) -> &'static str {
        OURS_OWNED
    }

    fn run(&mut self, workload: Workload, site: &Arc<Site>) -> Option<io::Result<Tally>> {
        let (rt, site) = (&self.runtime, site.clone());
        match workload {
            Workload::Sequential => Some(block_on(rt, sequential_owned(site))),
            Workload::LargeWrites => Some(block_on(rt, large_writes_owned(site))),
            _ => None,
        }
    }
}

async fn next_line(site: Arc<Site>) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut file = aiofiles::open(site.lines()).await?;
    while let Some(line) = file.next_line().await? {
        tally.piece(line.as_bytes());
    }
    Ok(tally)
}

async fn owned_lines(site: Arc<Site>) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut lines = aiofiles::open(site.lines()).await?.into_lines();
    while let Some(line) = lines.next().await {
        tally.piece(line?.as_bytes());
    }
    Ok(tally)
}

async fn random(site: Arc<Site>, seed: usize, count: usize) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let file = aiofiles::open(site.data()).binary().await?;
    let mut block = [0; BLOCK];
    for offset in site.offsets(seed).take(count) {
        if file.readinto_at(offset, &mut block).await? != BLOCK {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        tally.add(block_number(&block));
    }
    Ok(tally)
}

async fn sequential(site: Arc<Site>) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut file = aiofiles::open(site.big()).binary().await?;
    let mut chunk = vec![0; CHUNK];
    while file.readinto(&mut chunk).await? > 0 {
        tally.add(block_number(&chunk));
    }
    Ok(tally)
}

async fn sequential_owned(site: Arc<Site>) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut file = aiofiles::open(site.big()).raw().await?;
    let mut chunk = Vec::with_capacity(CHUNK);
    loop {
        let result;
        (result, chunk) = file.read_owned(chunk).await;
        if result? == 0 {
            return Ok(tally);
        }
        tally.add(block_number(&chunk));
        chunk.clear();
    }
}

async fn small_writes(site: Arc<Site>) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut file = aiofiles::open(site.out()).binary().mode("w").await?;
    let records = records();
    for index in 0..site.sizes.records {
        file.write(&records[index % records.len()]).await?;
        tally.add(1);
    }
    file.close().await?;
    Ok(tally)
}

async fn large_writes(site: Arc<Site>) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut file = aiofiles::open(site.out()).binary().mode("w").await?;
    let data = vec![7; LARGE];
    for _ in 0..site.sizes.large {
        file.write(&data).await?;
        tally.add(1);
    }
    file.close().await?;
    Ok(tally)
}

async fn large_writes_owned(site: Arc<Site>) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut file = aiofiles::open(site.out()).raw().mode("w").await?;
    let mut data = vec![7; LARGE];
    for _ in 0..site.sizes.large {
        let result;
        (result, data) = file.write_owned(data).await;
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
        aiofiles::open(&path).binary().await?.close().await?;
        tally.add(1);
    }
    Ok(tally)
}

async fn list(site: Arc<Site>) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut entries = aiofiles::os::scandir(site.listed()).await?;
    while let Some(entry) = entries.next().await {
        let entry = entry?;
        let file = u64::from(entry.is_file());
        tally.add(file << 32 | entry.name().len() as u64);
    }
    Ok(tally)
}

in_shares! {
    read(path) aiofiles::read(path).await?;
    write(path) aiofiles::write(path, [7; 1024]).await?;
    size(path) aiofiles::os::stat(path).await?.len();
}
