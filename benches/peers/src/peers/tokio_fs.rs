//! `tokio::fs`, with its default buffers, and with 256 KiB of them where that
//! makes a difference.

use std::io;
use std::sync::Arc;

use tokio::fs::{self, File};
use tokio::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufWriter, SeekFrom,
};
use tokio::runtime::Runtime;

use super::{TOKIO, TOKIO_LARGE, block_on, in_tasks};
use crate::peer::{Peer, Tally};
use crate::site::{BLOCK, CHUNK, LARGE, Site, block_number, records};
use crate::workload::Workload;

pub struct TokioFs {
    runtime: Arc<Runtime>,
    large: bool,
}

impl TokioFs {
    pub fn new(runtime: Arc<Runtime>, large: bool) -> Self {
        Self { runtime, large }
    }
}

impl Peer for TokioFs {
    fn name(&self) -> &'static str {
        if self.large { TOKIO_LARGE } else { TOKIO }
    }

    fn run(&mut self, workload: Workload, site: &Arc<Site>) -> Option<io::Result<Tally>> {
        let (rt, site) = (&self.runtime, site.clone());
        // The default capacity of tokio's `BufReader` and `BufWriter`.
        let capacity = if self.large { LARGE } else { 8 * 1024 };
        Some(match workload {
            Workload::NextLine => block_on(rt, next_line(site, capacity)),
            Workload::OwnedLines => block_on(rt, owned_lines(site, capacity)),
            Workload::SmallWrites => block_on(rt, small_writes(site, capacity)),
            Workload::Sequential => block_on(rt, sequential(site, self.large)),
            // The rest has no buffer to choose.
            _ if self.large => return None,
            Workload::RandomSerial => {
                let count = site.sizes.random;
                block_on(rt, random(site, 0, count))
            }
            Workload::RandomTasks => block_on(rt, in_tasks(site, random_share)),
            Workload::LargeWrites => block_on(rt, large_writes(site)),
            Workload::WholeSerial => block_on(rt, whole(site)),
            Workload::WholeTasks => block_on(rt, in_tasks(site, whole_share)),
            Workload::CreateTasks => block_on(rt, in_tasks(site, create_share)),
            Workload::StatSerial => block_on(rt, stat(site)),
            Workload::StatTasks => block_on(rt, in_tasks(site, stat_share)),
            Workload::List => block_on(rt, list(site)),
            Workload::OpenClose => block_on(rt, open_close(site)),
            Workload::ColdTasks => block_on(rt, in_tasks(site, cold_share)),
        })
    }
}

async fn next_line(site: Arc<Site>, capacity: usize) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut file = BufReader::with_capacity(capacity, File::open(site.lines()).await?);
    let mut line = String::new();
    while file.read_line(&mut line).await? > 0 {
        tally.piece(line.trim_end_matches('\n').as_bytes());
        line.clear();
    }
    Ok(tally)
}

async fn owned_lines(site: Arc<Site>, capacity: usize) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut lines = BufReader::with_capacity(capacity, File::open(site.lines()).await?).lines();
    while let Some(line) = lines.next_line().await? {
        tally.piece(line.as_bytes());
    }
    Ok(tally)
}

async fn sequential(site: Arc<Site>, large: bool) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut file = File::open(site.big()).await?;
    let mut chunk = vec![0; CHUNK];
    if large {
        let mut file = BufReader::with_capacity(LARGE, file);
        for _ in 0..site.sizes.chunks {
            file.read_exact(&mut chunk).await?;
            tally.add(block_number(&chunk));
        }
        return Ok(tally);
    }
    for _ in 0..site.sizes.chunks {
        file.read_exact(&mut chunk).await?;
        tally.add(block_number(&chunk));
    }
    Ok(tally)
}

async fn small_writes(site: Arc<Site>, capacity: usize) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut file = BufWriter::with_capacity(capacity, File::create(site.out()).await?);
    let records = records();
    for index in 0..site.sizes.records {
        file.write_all(&records[index % records.len()]).await?;
        tally.add(1);
    }
    file.flush().await?;
    Ok(tally)
}

async fn list(site: Arc<Site>) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut entries = fs::read_dir(site.listed()).await?;
    while let Some(entry) = entries.next_entry().await? {
        let file = u64::from(entry.file_type().await?.is_file());
        tally.add(file << 32 | entry.file_name().len() as u64);
    }
    Ok(tally)
}

with_a_cursor! {}

in_shares! {
    read(path) fs::read(path).await?;
    write(path) fs::write(path, [7; 1024]).await?;
    size(path) fs::metadata(path).await?.len();
}
