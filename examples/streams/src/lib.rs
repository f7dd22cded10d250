//! Text over streams that are no files: each module is a tool's inside.

#![forbid(unsafe_code)]

pub mod compressed;
pub mod http;
pub mod objects;
