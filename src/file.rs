//! Files: one type, [`File<K, R>`](File), in three kinds over one machine.
//!
//! A [`TextFile`] decodes the bytes of a [`BinaryFile`], which buffers the bytes of a
//! [`RawFile`], which has one cursor and one operation in flight. In `File<K, R>`, `K` is
//! the kind, and `R` is the stream below.

mod attributes;
mod binary;
pub(crate) mod block;
pub(crate) mod buf;
mod bytes;
mod chunks;
mod common;
pub(crate) mod core;
mod hand_over;
mod kind;
mod lines;
mod lock;
#[cfg(all(test, model))]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod model;
pub(crate) mod pending;
mod positional;
mod queue;
mod raw;
pub(crate) mod source;
pub(crate) mod state;
mod std_file;
mod stream;
mod text;
mod traits;
pub(crate) mod work;

pub use self::binary::BinaryFile;
pub use self::block::Block;
pub use self::chunks::{Chunks, ChunksOf};
pub use self::hand_over::NotGivenUp;
pub use self::kind::{Binary, Buffers, Bytes, File, FileKind, Raw, Text};
pub use self::lines::{Lines, LinesOf};
pub use self::pending::{NextLine, NextLines, Read, Readline, Readlines, Truncate, Truncating};
pub use self::positional::{ReadAt, WriteAt};
pub use self::raw::RawFile;
pub use self::source::{Access, Follow, Source};
pub use self::text::{Reconfigure, TextFile, TextPosition, TextSeek};
pub(crate) use crate::text::TextSettings;
