//! Text over streams that are no files: each module is the core of one tool.

#![forbid(unsafe_code)]

pub mod compressed;
pub mod http;
pub mod objects;
