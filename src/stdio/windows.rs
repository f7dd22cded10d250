//! The streams of std, which know the console.

use std::io;

use super::stream::Spec;
use crate::codec::Newline;
use crate::raw_io::RawIo;

/// Line ends are translated, as in Python.
pub(super) const NEWLINE: Newline = Newline::Universal;

pub(super) fn open(spec: Spec) -> Box<dyn RawIo> {
    match spec {
        Spec::Stdin => Box::new(io::stdin()),
        Spec::Stdout => Box::new(io::stdout()),
        Spec::Stderr => Box::new(io::stderr()),
    }
}
