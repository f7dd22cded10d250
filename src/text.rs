//! The text layer: what Python's `TextIOWrapper` is, over anything that gives bytes.

mod below;
mod decoded;
mod position;
mod reading;
mod settings;

pub(crate) use self::below::Below;
pub(crate) use self::decoded::{Decoded, Keep, Sought};
pub use self::position::{TextPosition, TextSeek};
pub use self::settings::TextSettings;
