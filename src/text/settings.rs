//! The settings of text.

use crate::codec::{Encoding, ErrorPolicy, Newline};

/// How text is decoded and encoded.
#[derive(Clone, Debug, Default)]
pub struct TextSettings {
    pub(crate) encoding: Encoding,
    pub(crate) errors: ErrorPolicy,
    pub(crate) newline: Newline,
    /// `None`: only if the stream is a terminal.
    pub(crate) line_buffering: Option<bool>,
    pub(crate) write_through: bool,
    /// The mode as the user gave it. `None` if it was not given.
    pub(crate) mode: Option<String>,
}
