//! Async file I/O for Rust: a port of Python's aiofiles.

#![forbid(unsafe_code)]

mod budget;
pub mod codec;
mod delegate;
mod error;
pub mod executor;
pub mod file;
pub mod open;
pub mod raw_io;
mod timer;

pub use crate::delegate::{Call, delegate};
pub use crate::error::{Error, Result};
pub use crate::executor::{Executor, ThreadPoolExecutor, TokioExecutor};
pub use crate::file::{BinaryFile, RawFile, TextFile, TextPosition, TextSeek};
pub use crate::open::{AnyFile, Open, Wrap, open, wrap};
pub use crate::raw_io::RawIo;
