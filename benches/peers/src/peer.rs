//! What the harness knows of a peer, and what a run says it has done.

use std::io;
use std::sync::Arc;

use crate::site::Site;
use crate::workload::Workload;

/// A library that can do some of the workloads.
pub trait Peer {
    fn name(&self) -> &'static str;

    /// Does the workload once; `None` if the library has nothing for it.
    fn run(&mut self, workload: Workload, site: &Arc<Site>) -> Option<io::Result<Tally>>;
}

/// The proof of work: how many pieces, and a checksum that does not depend on
/// their order and costs next to nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub count: u64,
    pub sum: u64,
}

impl Tally {
    pub fn add(&mut self, value: u64) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(value);
    }

    /// Adds a piece by its length, its first byte and its last.
    pub fn piece(&mut self, bytes: &[u8]) {
        let ends = match bytes {
            [] => 0,
            [first, .., last] => u64::from(*first) << 8 | u64::from(*last),
            [only] => u64::from(*only),
        };
        self.add((bytes.len() as u64) << 16 | ends);
    }

    pub fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}
