//! Rounds: every peer once, in an order that changes from round to round.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::peer::{Peer, Tally};
use crate::site::Site;
use crate::workload::Workload;

/// A peer that takes longer than this for a round is measured once only.
const PATIENCE: Duration = Duration::from_secs(15);

/// What was measured of one peer; one entry a round.
pub struct Measured {
    pub name: &'static str,
    /// In seconds; `None` where the round was spared.
    pub rounds: Vec<Option<Sample>>,
    /// The work that it reported, and the work that was found on the disk.
    pub tally: (Tally, Tally),
    pub error: Option<io::Error>,
}

#[derive(Clone, Copy)]
pub struct Sample {
    pub wall: f64,
    /// User and system time of the whole process.
    pub cpu: f64,
}

/// CPU time of the process so far, in seconds.
fn cpu_time() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

pub fn run(
    workload: Workload,
    peers: &mut [Box<dyn Peer>],
    site: &Arc<Site>,
    rounds: usize,
) -> io::Result<Vec<Measured>> {
    let mut results: Vec<Option<Measured>> = peers.iter().map(|_| None).collect();
    // Round 0 warms up: threads, page cache, branch predictors.
    for round in 0..=rounds {
        for turn in 0..peers.len() {
            let index = (turn + round) % peers.len();
            let spared = results[index].as_ref().is_some_and(|measured| {
                measured.error.is_some()
                    || measured
                        .rounds
                        .iter()
                        .flatten()
                        .any(|s| s.wall > PATIENCE.as_secs_f64())
            });
            if spared || (round > 0 && results[index].is_none()) {
                if let Some(measured) = &mut results[index] {
                    measured.rounds.push(None);
                }
                continue;
            }
            site.prepare(workload)?;
            let (cpu, start) = (cpu_time(), Instant::now());
            let Some(done) = peers[index].run(workload, site) else {
                continue;
            };
            let sample = Sample {
                wall: start.elapsed().as_secs_f64(),
                cpu: cpu_time() - cpu,
            };
            let measured = results[index].get_or_insert_with(|| Measured {
                name: peers[index].name(),
                rounds: Vec::new(),
                tally: Default::default(),
                error: None,
            });
            match done {
                Ok(tally) => measured.tally = (tally, site.written(workload)?),
                Err(error) => measured.error = Some(error),
            }
            measured.rounds.push(Some(sample));
        }
    }
    let mut results: Vec<_> = results.into_iter().flatten().collect();
    for measured in &mut results {
        if measured.rounds.iter().skip(1).any(Option::is_some) {
            measured.rounds.remove(0);
        }
    }
    Ok(results)
}

pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

impl Measured {
    pub fn median(&self, of: impl Fn(&Sample) -> f64) -> Option<f64> {
        median(self.rounds.iter().flatten().map(of).collect())
    }

    /// The median of the ratios of each round. What slows a whole round down cancels out.
    pub fn ratio(&self, other: &Self, of: impl Fn(&Sample) -> f64) -> Option<f64> {
        let pairs = self.rounds.iter().zip(&other.rounds);
        let ratios = pairs.filter_map(|(own, other)| Some(of(own.as_ref()?) / of(other.as_ref()?)));
        median(ratios.collect()).or_else(|| Some(self.median(&of)? / other.median(&of)?))
    }
}
