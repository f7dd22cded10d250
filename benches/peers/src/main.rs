//! Runs this crate beside its peers, round-robin in one process, on the same
//! files, and checks that all of them did the same work.
//!
//! ```text
//! cargo bench --manifest-path benches/peers/Cargo.toml --bench peers -- [NAME ..] [--rounds N] [--readme PATH]
//! ```
//!
//! `--readme` puts the table of all that is measured into that file (`just figures`).
//! `NAME` picks the workloads whose name contains it. `PEERS_SCALE=0.01` makes
//! everything a hundredth of its size, for a smoke run; `TMPDIR` says where the
//! files go (the target directory, else), which must not be a RAM disk.

mod harness;
mod lateness;
mod memory;
mod peer;
mod peers;
#[path = "../../support/readme.rs"]
mod readme;
mod report;
mod site;
mod workload;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::site::{Site, Sizes};
use crate::workload::Workload;

/// What the command line asks for.
struct Options {
    filters: Vec<String>,
    rounds: usize,
    /// The file with the table.
    readme: Option<PathBuf>,
}

impl Options {
    fn parse(args: impl Iterator<Item = String>) -> io::Result<Self> {
        let (readme, args) = readme::argument(args)?;
        let mut options = Self {
            filters: Vec::new(),
            rounds: 5,
            readme,
        };
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--rounds" => {
                    let rounds = args.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0);
                    options.rounds =
                        rounds.ok_or_else(|| io::Error::other("--rounds takes a number"))?;
                }
                other if other.starts_with('-') => {
                    return Err(io::Error::other(format!("unknown option {other}")));
                }
                name => options.filters.push(name.to_owned()),
            }
        }
        Ok(options)
    }

    fn wants(&self, name: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| name.contains(filter))
    }
}

fn run() -> io::Result<bool> {
    let mut args = std::env::args().skip(1).peekable();
    if args.peek().is_some_and(|arg| arg == memory::CHILD) {
        memory::child(args.skip(1))?;
        return Ok(true);
    }
    let options = Options::parse(args)?;
    let scale = match std::env::var("PEERS_SCALE") {
        Ok(text) => text
            .parse()
            .map_err(|_| io::Error::other("PEERS_SCALE takes a number such as 0.01"))?,
        Err(_) => 1.0,
    };
    let site = Site::new(Sizes::scaled(scale))?;
    let mut peers = peers::available();
    let mut verdicts = Vec::new();
    let mut rows = Vec::new();
    let mut same_work = true;
    for workload in Workload::ALL {
        if options.wants(workload.name()) {
            let results = harness::run(workload, &mut peers, &site, options.rounds)?;
            same_work &= report::table(workload, &results);
            verdicts.extend(report::verdicts(workload, &results));
            rows.extend(report::row(workload, &results));
        }
    }
    if options.wants(lateness::NAME) {
        verdicts.extend(lateness::run(&site, options.rounds)?);
    }
    if options.wants(memory::NAME) {
        verdicts.extend(memory::run(&site)?);
    }
    report::summary(&verdicts);
    if let Some(path) = options.readme.filter(|_| same_work) {
        readme::put(&path, "peers", &report::markdown(&rows))?;
    }
    Ok(same_work)
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("peers: {error}");
            ExitCode::FAILURE
        }
    }
}
