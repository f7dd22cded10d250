//! How late a ticker of 1 ms is beside eight tasks that stream files from the page
//! cache: whether reads that never wait let others run.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};
use tokio::runtime::{Builder, Runtime};

use crate::harness::median;
use crate::peers::{OURS, STD, TOKIO, runtime};
use crate::report::Verdict;
use crate::site::{CHUNK, Site};
use crate::workload::Workload;

pub const NAME: &str = "lateness";

const STREAMS: usize = 8;
const PERIOD: Duration = Duration::from_millis(1);

/// Of the ticker of one round, in milliseconds.
struct Late {
    median: f64,
    p99: f64,
    worst: f64,
}

/// Reads the file over and over.
async fn stream(peer: &str, path: PathBuf, stop: Arc<AtomicBool>) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    if peer == TOKIO {
        let mut file = tokio::fs::File::open(path).await?;
        while !stop.load(Ordering::Relaxed) {
            if file.read(&mut chunk).await? == 0 {
                file.seek(SeekFrom::Start(0)).await?;
            }
        }
    } else {
        let mut file = aiofiles::open(path).raw().await?;
        while !stop.load(Ordering::Relaxed) {
            if file.readinto(&mut chunk).await? == 0 {
                file.seek(SeekFrom::Start(0)).await?;
            }
        }
    }
    Ok(())
}

/// A round of a peer, or of a ticker alone: that of std.
async fn round(peer: &'static str, path: &Path, ticks: usize) -> io::Result<Late> {
    let stop = Arc::new(AtomicBool::new(false));
    let streams = if peer == STD { 0 } else { STREAMS };
    let streams: Vec<_> = (0..streams)
        .map(|_| tokio::spawn(stream(peer, path.to_owned(), stop.clone())))
        .collect();
    let ticker = tokio::spawn(async move {
        let mut late = Vec::with_capacity(ticks);
        for _ in 0..ticks {
            let due = Instant::now() + PERIOD;
            tokio::time::sleep_until(due.into()).await;
            late.push(due.elapsed().as_secs_f64() * 1e3);
        }
        late
    });
    let mut late = ticker.await?;
    stop.store(true, Ordering::Relaxed);
    for task in streams {
        task.await??;
    }
    late.sort_by(f64::total_cmp);
    Ok(Late {
        median: late[late.len() / 2],
        p99: late[late.len() * 99 / 100],
        worst: late[late.len() - 1],
    })
}

fn on(name: &str, runtime: &Runtime, site: &Site, rounds: usize) -> io::Result<Verdict> {
    println!(
        "\n{NAME}, {name}: of a 1 ms ticker beside {STREAMS} streams, {} ticks, ms",
        site.sizes.ticks
    );
    println!("  {:<18}{:>10}{:>10}{:>10}", "", "median", "p99", "worst");
    let peers = [STD, TOKIO, OURS];
    let mut late = peers.map(|_| Vec::new());
    for _ in 0..rounds {
        for (peer, late) in peers.iter().zip(&mut late) {
            late.push(runtime.block_on(round(peer, &site.big(), site.sizes.ticks))?);
        }
    }
    let of = |late: &[Late], get: fn(&Late) -> f64| {
        median(late.iter().map(get).collect()).unwrap_or(f64::NAN)
    };
    for (peer, late) in peers.iter().zip(&late) {
        println!(
            "  {:<18}{:>10.2}{:>10.2}{:>10.2}",
            if *peer == STD { "nothing" } else { peer },
            of(late, |late| late.median),
            of(late, |late| late.p99),
            of(late, |late| late.worst),
        );
    }
    let [_, tokio, ours] = &late;
    Ok(Verdict {
        name: format!("{NAME}, {name}"),
        measured: of(ours, |late| late.p99) / of(tokio, |late| late.p99),
        bar: 1.0,
        against: TOKIO.to_owned(),
    })
}

pub fn run(site: &Site, rounds: usize) -> io::Result<[Verdict; 2]> {
    site.prepare(Workload::Sequential)?;
    let one = Builder::new_current_thread().enable_time().build()?;
    Ok([
        on("one thread", &one, site, rounds)?,
        on("all threads", &runtime(), site, rounds)?,
    ])
}
