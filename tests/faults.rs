//! Streams that fail: no byte is lost or doubled once the fault is gone, errors
//! are kept until they are told, and nothing panics, hangs or spins.

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
fn faults_lose_and_double_nothing() {
    run::sequences(Faults::Stream);
}
