//! Every operation of every kind of file, given up at any moment: no byte is
//! lost, doubled or reordered.
//!
//! Its teeth, tried on 22 November 2026 by breaking the machine, over seeds 0, 1 …:
//!
//! | broken | caught after (this test / lost jobs / faults of the stream) |
//! |---|---|
//! | `put_back` drops what an abandoned read has read | 4 / 6 / 4 sequences |
//! | a failed drain forgets how much it had written | never, as nothing fails / never / 43 |
//! | `poll_write` takes bytes beside any job in flight | 54 / 28 / 54 |
//! | a cursor that a positional call lost is left where it is | never, as no seek fails / never / 310 |
//! | the buffer behind overtakes what was handed over | never, as nothing is left over / 53 / 27 |
//! | owned data overtakes what was handed over | never / never / 5636 (`write_behind.rs` always) |
//! | the drop beside a job forgets the last buffer | 7067 / 222 / 2350 (`write_behind.rs` always) |
//!
//! On a true file, some of whose reads take no job:
//!
//! | broken | caught after (abandoned / lost jobs) |
//! |---|---|
//! | a read in place does not move the known position | 10 / 113 sequences |
//! | a read in place overtakes the way back over what was read ahead | 2361 / 317 sequences |
//! | what was fetched ahead replaces what is left of the buffer | 29 / 39 sequences |
//!
//! `AIOFILES_SEQUENCES=100000` runs more; `AIOFILES_SEED=n` runs one again, which
//! a failure prints.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "sequences/bytes.rs"]
mod bytes;
mod common;
#[path = "sequences/driver.rs"]
mod driver;
#[path = "sequences/model.rs"]
mod model;
#[path = "sequences/run.rs"]
mod run;
#[path = "sequences/text.rs"]
mod text;

use driver::Faults;

#[test]
fn abandoned_operations_lose_double_and_reorder_nothing() {
    run::sequences(Faults::None);
}

#[test]
fn lost_jobs_lose_double_and_reorder_nothing() {
    run::sequences(Faults::LostJobs);
}

#[cfg(target_os = "linux")]
#[test]
fn abandoned_operations_on_a_file_that_sometimes_waits_lose_nothing() {
    run::sequences_on_disk(Faults::None);
}

#[cfg(target_os = "linux")]
#[test]
fn lost_jobs_of_a_file_that_sometimes_waits_lose_nothing() {
    run::sequences_on_disk(Faults::LostJobs);
}
