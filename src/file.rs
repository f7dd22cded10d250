//! Files: raw, binary and text, over one machine.

mod binary;
mod buf;
mod bytes;
mod common;
pub(crate) mod core;
mod held;
mod lines;
mod lock;
pub(crate) mod pending;
mod positional;
mod queue;
mod raw;
pub(crate) mod source;
pub(crate) mod state;
mod std_file;
mod text;
mod traits;
pub(crate) mod work;

pub use self::binary::BinaryFile;
pub use self::lines::{Lines, LinesOf};
pub use self::pending::{NextLine, Read, Readline, Readlines, Truncate};
pub use self::positional::{ReadAt, WriteAt};
pub use self::raw::RawFile;
pub use self::text::{Reconfigure, TextFile, TextPosition, TextSeek};
