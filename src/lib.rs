//! Async file I/O for Rust: a port of Python's aiofiles.
pub mod error;
pub use error::{Error, Result};
