//! Async file I/O for Rust: a port of Python's aiofiles.

mod budget;
mod delegate;
mod error;
pub mod executor;

pub use crate::delegate::{Call, delegate};
pub use crate::error::{Error, Result};
pub use crate::executor::{Executor, ThreadPoolExecutor, TokioExecutor};
