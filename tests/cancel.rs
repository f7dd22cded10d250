//! Every operation of every kind of file, given up at any moment: no byte is
//! lost, doubled or reordered.
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
