//! What a text says about its bytes.

use crate::codec::{Encoding, ErrorPolicy, Newline};

/// How a file decodes and encodes.
#[derive(Clone, Debug, Default)]
pub struct TextSettings {
    pub(crate) encoding: Encoding,
    pub(crate) errors: ErrorPolicy,
    pub(crate) newline: Newline,
    /// `None`: as the stream is a terminal or not.
    pub(crate) line_buffering: Option<bool>,
    pub(crate) write_through: bool,
    /// The mode as it was given, if it was.
    pub(crate) mode: Option<String>,
}
