//! Replaces `other.rs` in builds without encoding_rs: there are no other encodings, so no
//! value of these types can exist.

use super::Codec;
use super::decode::Fault;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Other {}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Shift {}

impl Shift {
    pub(super) const ALL: [Self; 0] = [];
}

impl Other {
    pub(super) fn for_label(_label: &str) -> Option<Codec> {
        None
    }

    pub(super) fn name(self) -> &'static str {
        match self {}
    }

    pub(super) fn is_single_byte(self) -> bool {
        match self {}
    }

    pub(super) fn decode(
        self,
        _src: &[u8],
        _shift: &mut Option<Shift>,
        _dst: &mut String,
    ) -> Result<(), Fault> {
        match self {}
    }

    pub(super) fn encode(
        self,
        _text: &str,
        _stand_in: impl FnMut(char, &mut String) -> bool,
        _dst: &mut Vec<u8>,
    ) -> Result<(), usize> {
        match self {}
    }

    pub(super) fn shifting(self) -> Option<Shifting> {
        match self {}
    }
}

pub(super) enum Shifting {}

impl Shifting {
    pub(super) fn encode(
        &mut self,
        _text: &str,
        _last: bool,
        _stand_in: impl FnMut(char, &mut String) -> bool,
        _dst: &mut Vec<u8>,
    ) -> Result<(), usize> {
        match *self {}
    }
}
