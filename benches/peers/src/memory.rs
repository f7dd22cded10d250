//! What an open idle file takes, measured in a process of its own for each peer.

use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::peers::{OURS, STD, TOKIO, runtime};
use crate::report::Verdict;
use crate::site::Site;

pub const NAME: &str = "idle_memory";
pub const CHILD: &str = "--idle-memory-of";

/// Once a line was read through it: it then holds a buffer, too.
const OURS_READ: &str = "aiofiles, after a read";

/// Beyond the descriptor, in bytes.
const BAR: f64 = 1024.0;

fn resident() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    Ok(kib.ok_or_else(|| io::Error::other("no VmRSS"))? * 1024)
}

/// Opens `count` files with `open`, and prints by how much that made the process
/// grow.
fn grow<F>(count: usize, mut open: impl FnMut() -> io::Result<F>) -> io::Result<()> {
    let warm: Vec<F> = (0..16).map(|_| open()).collect::<io::Result<_>>()?;
    let mut files = Vec::with_capacity(count);
    let before = resident()?;
    for _ in 0..count {
        files.push(open()?);
    }
    println!(
        "{}",
        (resident()?.saturating_sub(before)) as f64 / count as f64
    );
    drop((warm, files));
    Ok(())
}

/// The process that measures: peer, path, count.
pub fn child(mut args: impl Iterator<Item = String>) -> io::Result<()> {
    let (Some(peer), Some(path), Some(count)) = (args.next(), args.next(), args.next()) else {
        return Err(io::Error::other("peer, path and count wanted"));
    };
    let count = count.parse().map_err(io::Error::other)?;
    let path = Path::new(&path);
    let maximum = getrlimit(Resource::Nofile).maximum;
    let limit = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, limit)?;
    let runtime = runtime();
    match peer.as_str() {
        STD => grow(count, || std::fs::File::open(path)),
        TOKIO => grow(count, || runtime.block_on(tokio::fs::File::open(path))),
        OURS => grow(count, || {
            Ok(runtime.block_on(async { aiofiles::open(path).binary().await })?)
        }),
        OURS_READ => grow(count, || {
            runtime.block_on(async {
                let mut file = aiofiles::open(path).binary().await?;
                file.next_line().await?;
                Ok(file)
            })
        }),
        other => Err(io::Error::other(format!("nothing to measure for {other}"))),
    }
}

pub fn run(site: &Arc<Site>) -> io::Result<Option<Verdict>> {
    println!("\n{NAME}: {} open files, bytes each", site.sizes.idle);
    let path = site.empty()?;
    let mut std = 0.0;
    let mut ours = None;
    for peer in [STD, TOKIO, OURS, OURS_READ] {
        let output = Command::new(std::env::current_exe()?)
            .args([CHILD, peer])
            .arg(&path)
            .arg(site.sizes.idle.to_string())
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let Ok(bytes) = text.trim().parse::<f64>() else {
            let error = String::from_utf8_lossy(&output.stderr);
            println!("  {peer:<24}{}", error.trim());
            continue;
        };
        println!("  {peer:<24}{bytes:>10.0}");
        match peer {
            STD => std = bytes,
            OURS => ours = Some(bytes),
            _ => {}
        }
    }
    Ok(ours.map(|bytes| Verdict {
        name: NAME.to_owned(),
        measured: bytes - std,
        bar: BAR,
        against: "bytes beyond std".to_owned(),
    }))
}
