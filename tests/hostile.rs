//! Partners that do what no good one does: streams, executors, callbacks and iterators
//! that panic, wait, come back to the crate, do things twice or never, or answer
//! nonsense. Each meets each operation: after it the file works, or says why not, and
//! threads and counts are whole.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "hostile/callbacks.rs"]
mod callbacks;
mod common;
#[path = "hostile/executors.rs"]
mod executors;
#[path = "hostile/odd.rs"]
mod odd;
#[path = "hostile/operations.rs"]
mod operations;
#[path = "hostile/standard.rs"]
mod standard;
#[path = "hostile/streams.rs"]
mod streams;
#[path = "hostile/text_streams.rs"]
mod text_streams;
