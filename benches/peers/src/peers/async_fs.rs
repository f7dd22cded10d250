//! `async-fs`, on the same runtime as tokio: its threads are its own.

use std::io;
use std::sync::Arc;

use async_fs::File;
use futures_util::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufWriter, SeekFrom,
};
use futures_util::stream::StreamExt;
use tokio::runtime::Runtime;

use super::{block_on, in_tasks};
use crate::peer::{Peer, Tally};
use crate::site::{BLOCK, CHUNK, LARGE, Site, block_number, records};
use crate::workload::Workload;

pub struct AsyncFs {
    runtime: Arc<Runtime>,
}

impl AsyncFs {
    pub fn new(runtime: Arc<Runtime>) -> Self {
        Self { runtime }
    }
}

impl Peer for AsyncFs {
    fn name(&self) -> &'static str {
        "async-fs"
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

async fn next_line(site: Arc<Site>) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut file = BufReader::new(File::open(site.lines()).await?);
    let mut line = String::new();
    while file.read_line(&mut line).await? > 0 {
        tally.piece(line.trim_end_matches('\n').as_bytes());
        line.clear();
    }
    Ok(tally)
}

async fn owned_lines(site: Arc<Site>) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut lines = BufReader::new(File::open(site.lines()).await?).lines();
    while let Some(line) = lines.next().await {
        tally.piece(line?.as_bytes());
    }
    Ok(tally)
}

async fn sequential(site: Arc<Site>) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut file = File::open(site.big()).await?;
    let mut chunk = vec![0; CHUNK];
    for _ in 0..site.sizes.chunks {
        file.read_exact(&mut chunk).await?;
        tally.add(block_number(&chunk));
    }
    Ok(tally)
}

async fn small_writes(site: Arc<Site>) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut file = BufWriter::new(File::create(site.out()).await?);
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
    let mut entries = async_fs::read_dir(site.listed()).await?;
    while let Some(entry) = entries.next().await {
        let entry = entry?;
        let file = u64::from(entry.file_type().await?.is_file());
        tally.add(file << 32 | entry.file_name().len() as u64);
    }
    Ok(tally)
}

with_a_cursor! {}

in_shares! {
    read(path) async_fs::read(path).await?;
    write(path) async_fs::write(path, [7; 1024]).await?;
    size(path) async_fs::metadata(path).await?.len();
}
