//! `std::fs`, on one thread: what blocking costs. Where the others use 64 tasks
//! it does the same work one after another.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::STD;
use crate::peer::{Peer, Tally};
use crate::site::{BLOCK, CHUNK, LARGE, Site, TASKS, block_number, records, share};
use crate::workload::Workload;

pub struct Std;

impl Peer for Std {
    fn name(&self) -> &'static str {
        STD
    }

    fn run(&mut self, workload: Workload, site: &Arc<Site>) -> Option<io::Result<Tally>> {
        let sizes = &site.sizes;
        Some(match workload {
            Workload::NextLine => next_line(site),
            Workload::OwnedLines => owned_lines(site),
            Workload::RandomSerial => random(site, 0, sizes.random),
            Workload::RandomTasks => random_shares(site, sizes.random),
            Workload::Sequential => sequential(site),
            Workload::SmallWrites => small_writes(site),
            Workload::LargeWrites => large_writes(site),
            Workload::WholeSerial | Workload::WholeTasks => whole(site),
            Workload::CreateTasks => create(site),
            Workload::StatSerial | Workload::StatTasks => stat(site),
            Workload::List => list(site),
            Workload::OpenClose => open_close(site),
            Workload::ColdTasks => random_shares(site, sizes.cold),
        })
    }
}

fn next_line(site: &Site) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut file = BufReader::new(File::open(site.lines())?);
    let mut line = String::new();
    while file.read_line(&mut line)? > 0 {
        tally.piece(line.trim_end_matches('\n').as_bytes());
        line.clear();
    }
    Ok(tally)
}

fn owned_lines(site: &Site) -> io::Result<Tally> {
    let mut tally = Tally::default();
    for line in BufReader::new(File::open(site.lines())?).lines() {
        tally.piece(line?.as_bytes());
    }
    Ok(tally)
}

fn random(site: &Site, seed: usize, count: usize) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let file = File::open(site.data())?;
    let mut block = [0; BLOCK];
    for offset in site.offsets(seed).take(count) {
        file.read_exact_at(&mut block, offset)?;
        tally.add(block_number(&block));
    }
    Ok(tally)
}

fn random_shares(site: &Site, total: usize) -> io::Result<Tally> {
    let mut tally = Tally::default();
    for task in 0..TASKS {
        tally.merge(random(site, task, share(total, task).len())?);
    }
    Ok(tally)
}

fn sequential(site: &Site) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut file = File::open(site.big())?;
    let mut chunk = vec![0; CHUNK];
    for _ in 0..site.sizes.chunks {
        file.read_exact(&mut chunk)?;
        tally.add(block_number(&chunk));
    }
    Ok(tally)
}

fn small_writes(site: &Site) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut file = BufWriter::new(File::create(site.out())?);
    let records = records();
    for index in 0..site.sizes.records {
        file.write_all(&records[index % records.len()])?;
        tally.add(1);
    }
    file.flush()?;
    Ok(tally)
}

fn large_writes(site: &Site) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut file = File::create(site.out())?;
    let data = vec![7; LARGE];
    for _ in 0..site.sizes.large {
        file.write_all(&data)?;
        tally.add(1);
    }
    Ok(tally)
}

fn whole(site: &Site) -> io::Result<Tally> {
    let mut tally = Tally::default();
    for index in 0..site.sizes.files {
        tally.piece(&fs::read(site.small(index))?);
    }
    Ok(tally)
}

fn create(site: &Site) -> io::Result<Tally> {
    let mut tally = Tally::default();
    for index in 0..site.sizes.files {
        fs::write(site.created(index), [7; 1024])?;
        tally.add(1);
    }
    Ok(tally)
}

fn stat(site: &Site) -> io::Result<Tally> {
    let mut tally = Tally::default();
    for index in 0..site.sizes.stats {
        tally.add(fs::metadata(site.small(index % site.sizes.files))?.len());
    }
    Ok(tally)
}

fn list(site: &Site) -> io::Result<Tally> {
    let mut tally = Tally::default();
    for entry in fs::read_dir(site.listed())? {
        let entry = entry?;
        let file = u64::from(entry.file_type()?.is_file());
        tally.add(file << 32 | entry.file_name().len() as u64);
    }
    Ok(tally)
}

fn open_close(site: &Site) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let path = site.empty()?;
    for _ in 0..site.sizes.opens {
        drop(File::open(&path)?);
        tally.add(1);
    }
    Ok(tally)
}
