//! Reads from the page cache without a job: `preadv2(RWF_NOWAIT)` on Linux.
//!
//! Apart from a pipe that is the standard input, this is the only place where the thread of
//! a task reads. The kernel returns what it has in memory and refuses where it would wait.
//! File systems that are only memory, such as tmpfs, do not support such reads; if the
//! machine has no swap, a normal read of them does not wait. A job does what the kernel
//! refuses, and also what its answers cannot be trusted for:
//!
//! - 0 bytes: Linux 5.9 and 5.10 may say so before the end of the file;
//! - any error: the job meets it again and reports it;
//! - files opened with O_DIRECT, where the call would go to the device.

use std::fs::File;
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) use super::Answer;
use super::{is_plain, linux};

/// The most that is read inline at a time, in bytes: it is a copy, about 20 µs.
pub(crate) const MOST: usize = 128 * 1024;

/// The most that one read of a pipe asks for, in bytes: the usual capacity of a pipe. If it
/// asked for more, it would go on while the writer fills the pipe again, and the first bytes
/// would have left the nearest caches before anybody uses them. (A copy from pipe to pipe
/// took a third more time with reads of up to 1 MiB.)
pub(crate) const PIPE: usize = 64 * 1024;

/// Says whether it is worth trying on `file`. Blocks: only in a job.
pub(crate) fn suits(file: &File) -> bool {
    suits_regular() && is_plain(file)
}

/// The same for a regular file that was opened without O_DIRECT. It does not block.
pub(crate) fn suits_regular() -> bool {
    linux::nowait::suits_regular()
}

/// Reads at the cursor and moves it.
pub(crate) fn read(file: &File, buf: &mut [u8]) -> Answer {
    linux::nowait::read(file, buf, None)
}

/// Reads at `offset`.
pub(crate) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> Answer {
    linux::nowait::read(file, buf, Some(offset))
}

/// So many misses in a row are no reason to stop asking: if three of ten reads hit, that
/// saves more than the other seven cost.
const FORGIVEN: u32 = 2;

/// The most reads in a row that are left to jobs without asking the page cache.
const MOST_UNASKED: u32 = 32;

/// The answers of the page cache to the last reads of one kind (those of one open file, for
/// instance). They tell when it is not worth asking: a miss costs about a tenth of the job
/// that follows it.
///
/// After more than [`FORGIVEN`] misses in a row, reads are left to jobs without asking: one
/// read after the next miss, and twice as many after each further miss, up to
/// [`MOST_UNASKED`]. A hit ends that. So if all of many reads miss, one in 33 is asked for in
/// vain; if all of many reads hit, at most 32 are not asked for.
///
/// The low half of the number is how many reads are still left to jobs, at most
/// [`MOST_UNASKED`]; the high half is how many missed in a row. If two threads change it at
/// the same time, one of the changes may be lost, which does no harm: these limits hold all
/// the same.
#[derive(Debug, Default)]
pub(crate) struct Misses(AtomicU32);

impl Misses {
    pub(crate) const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// Whether to ask the page cache for the next read. If not, the read is counted.
    pub(crate) fn may_ask(&self) -> bool {
        let state = self.0.load(Ordering::Relaxed);
        let ask = state & 0xffff == 0;
        if !ask {
            self.0.store(state - 1, Ordering::Relaxed);
        }
        ask
    }

    /// Learns whether the page cache had what was asked for.
    pub(crate) fn learn(&self, hit: bool) {
        let state = self.0.load(Ordering::Relaxed);
        let learned = if hit {
            0
        } else {
            // Once the row is long enough for the longest pause, it need not be counted
            // further.
            let longest = FORGIVEN + 1 + MOST_UNASKED.ilog2();
            let row = longest.min((state >> 16) + 1);
            let unasked = match row.checked_sub(FORGIVEN + 1) {
                None => 0,
                Some(more) => 1 << more,
            };
            row << 16 | unasked
        };
        // Most hits change nothing, and without a store the cache line stays with the other
        // threads too.
        if learned != state {
            self.0.store(learned, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `reads` tells for each read whether the page cache has it. Returns how many reads are
    /// asked for in vain, and how many are left to jobs although the page cache has them.
    fn wasted(reads: impl Iterator<Item = bool>) -> (usize, usize) {
        let misses = Misses::new();
        let (mut in_vain, mut missed) = (0, 0);
        for hit in reads {
            if misses.may_ask() {
                misses.learn(hit);
                in_vain += usize::from(!hit);
            } else {
                missed += usize::from(hit);
            }
        }
        (in_vain, missed)
    }

    #[test]
    fn what_always_misses_is_asked_for_once_in_a_while() {
        // Eight until the longest pause, and then one in 33.
        let (in_vain, _) = wasted(std::iter::repeat_n(false, 33 * 100));
        assert!((100..110).contains(&in_vain), "{in_vain}");
    }

    #[test]
    fn what_always_hits_is_always_asked_for() {
        assert_eq!(wasted(std::iter::repeat_n(true, 1000)), (0, 0));
    }

    #[test]
    fn what_begins_to_hit_is_soon_asked_for() {
        for cold in 0..200 {
            let reads = std::iter::repeat_n(false, cold).chain(std::iter::repeat_n(true, 1000));
            let (_, missed) = wasted(reads);
            assert!(missed <= 32, "{missed} after {cold} misses");
        }
    }

    #[test]
    fn a_miss_now_and_then_changes_nothing() {
        let reads = (0..1000).map(|n| n % 3 == 0);
        assert_eq!(wasted(reads).1, 0);
    }

    #[test]
    fn a_race_for_the_state_leaves_no_pause_that_is_too_long() {
        let misses = Misses::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for n in 0..20_000 {
                        if misses.may_ask() {
                            misses.learn(n % 64 == 0);
                        }
                    }
                });
            }
        });
        let pause = (0..).take_while(|_| !misses.may_ask()).count();
        assert!(pause <= 32, "{pause}");
    }
}
