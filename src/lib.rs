//! Async file I/O for Rust: a port of Python's aiofiles.
#[allow(
    dead_code,
    unused_imports,
    reason = "the text layer, which uses the private part, is written elsewhere"
)]
pub mod codec;
pub mod error;
pub use error::{Error, Result};
