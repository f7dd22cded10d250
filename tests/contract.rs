//! Every name of the public API in its exact shape: arguments, keywords, what comes back,
//! defaults. What a caller may write is written here, so a change that breaks callers
//! breaks this.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

#[path = "contract/executors.rs"]
mod executors;
#[path = "contract/files.rs"]
mod files;
#[path = "contract/folders.rs"]
mod folders;
#[path = "contract/opening.rs"]
mod opening;
#[path = "contract/others.rs"]
mod others;
