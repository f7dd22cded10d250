//! Decoded text that waits to be delivered, and where in the bytes each of its places
//! is.

use std::collections::VecDeque;

use super::TextSettings;
use super::below::Below;
use super::position::TextPosition;
use crate::codec::{Decoder, DecoderState, Newline, NewlinesSeen, locate};

mod decode;
mod deliver;
mod scan;
mod taking;
mod whole;

use self::scan::Scan;
pub(crate) use self::taking::Taken;
use self::taking::Taking;
pub(crate) use self::whole::{Plan, Whole};

/// How many bytes are decoded at a time: what CPython reads ahead, and few
/// enough to stay in the nearest cache.
pub(crate) const PIECE: usize = 8 * 1024;

/// How long the text of a byte is at the most, in bytes of UTF-8: `\xff`.
const LONGEST: usize = 4;

/// How many bytes one poll decodes, about: others run after that.
pub(crate) const TURN: u64 = 256 * 1024;

/// Text that came of one piece of bytes.
#[derive(Debug)]
struct Segment {
    /// Where it begins in [`Decoded::text`].
    at: usize,
    /// Where its bytes begin in the file.
    offset: u64,
    /// Of the decoder there.
    state: DecoderState,
    /// Bytes of a byte order mark in front.
    bom: u64,
    /// Its bytes, where the text alone does not tell how many they are, or where
    /// the file cannot go back to them; and behind them those of an incomplete
    /// character, which tell that a bad one before them had ended.
    bytes: Vec<u8>,
    /// How many of `bytes` are its own.
    own: usize,
    /// Whether it was decoded as the end of the file.
    last: bool,
}

/// Bytes that could not be decoded, right behind the text.
#[derive(Debug)]
struct Fault {
    offset: u64,
    bytes: Vec<u8>,
    reason: &'static str,
    /// Whether an operation has failed with them. They stay for as long as there is
    /// text before them.
    reported: bool,
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Decoded {
    settings: TextSettings,
    decoder: Decoder,
    /// Not translated; what is before `at` has been delivered.
    text: String,
    at: usize,
    /// Much of it that is on its way out.
    taking: Option<Box<Taking>>,
    /// What an earlier text was in, for its memory.
    spare: Vec<u8>,
    /// How many bytes of text were dropped before it: `at` is at so many more.
    dropped: u64,
    scan: Scan,
    /// No line end begins before this, unless it is before `at`.
    searched: usize,
    /// Up to here line ends have been recorded.
    recorded: usize,
    /// Whether any `\r` is in `text` behind `at`.
    has_cr: bool,
    /// Whether any of them is a line end alone: where each has its `\n`, or waits for it
    /// at the end of the text, lines are found by that.
    lone_cr: bool,
    /// Whether a line that ends in a last `\r` was found before it is known what comes
    /// behind: a `\n` there belongs to it.
    early: bool,
    seen: NewlinesSeen,
    /// What `text` consists of, oldest first.
    segments: VecDeque<Segment>,
    fault: Option<Fault>,
    /// Whether the line that goes on here has had bad bytes, which were reported: the
    /// rest of it is no line.
    in_bad_line: bool,
    /// Where the next byte to decode is in the file.
    offset: u64,
    /// Characters to drop of what is decoded next.
    skip: u32,
    /// Whether a `\n` that is decoded next is the end of a `\r\n`.
    after_cr: bool,
    keep: Keep,
    /// That of the core for which `text` is good, and where to go on from
    /// otherwise.
    generation: u32,
    resume: TextPosition,
    /// Up to where in `text` that was found by decoding, and in which segment: what
    /// is behind is sought from there. Void once `text` is another.
    located: Option<(usize, u64)>,
    /// Where a seek leads that nobody has seen the end of.
    sought: Option<Sought>,
    begun: bool,
    /// How many bytes were decoded in all.
    count: u64,
}

/// What has to be known of text that was decoded and not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// No more than the text: nobody asks where it is.
    Text,
    /// Where its places are.
    Places,
    /// That, and its bytes: the stream cannot go back to them.
    Bytes,
}

/// The target of a seek.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sought {
    Position(TextPosition),
    /// The end, wherever that is.
    End,
}

impl Decoded {
    /// From `resume` on, with nothing decoded. `generation` is that of the bytes below.
    pub(crate) fn new(
        settings: &TextSettings,
        resume: TextPosition,
        keep: Keep,
        generation: u32,
    ) -> Self {
        let decoder = Decoder::new(&settings.encoding, settings.errors, resume.state);
        Self {
            keep,
            decoder,
            settings: settings.clone(),
            text: String::new(),
            at: 0,
            dropped: 0,
            scan: Scan::default(),
            taking: None,
            spare: Vec::new(),
            searched: 0,
            recorded: 0,
            has_cr: false,
            lone_cr: false,
            early: false,
            seen: NewlinesSeen::default(),
            segments: VecDeque::new(),
            fault: None,
            in_bad_line: false,
            offset: resume.offset,
            skip: 0,
            after_cr: false,
            generation,
            resume,
            located: None,
            sought: None,
            begun: false,
            count: 0,
        }
    }

    /// Counts the bytes that were decoded, from anywhere: only for differences.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Whether anything was ever decoded.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }

    pub(crate) fn newline(&self) -> Newline {
        self.settings.newline
    }

    fn is_universal(&self) -> bool {
        matches!(
            self.settings.newline,
            Newline::Universal | Newline::Untranslated
        )
    }

    pub(crate) fn newlines(&self) -> &[&str] {
        if self.is_universal() {
            self.seen.as_slice()
        } else {
            &[]
        }
    }

    // ---- places ---------------------------------------------------------------

    /// Whether the core has declared nothing void, and no seek is on its way.
    #[inline]
    pub(crate) fn is_current(&self, below: &impl Below) -> bool {
        self.generation == below.generation() && self.sought.is_none()
    }

    /// Forgets what the core has declared void.
    pub(crate) fn sync(&mut self, below: &impl Below) {
        if self.generation != below.generation() {
            let sought = self.sought;
            self.resume(below.generation(), self.resume);
            self.sought = sought;
        }
        if self.sought.is_some() && !below.is_busy() {
            self.settle(below);
        }
    }

    /// A seek begins, which may be abandoned.
    pub(crate) fn seeks(&mut self, to: Sought) {
        self.sought = Some(to);
    }

    /// Whether nobody knows yet where an abandoned seek has led.
    #[inline]
    pub(crate) fn is_unsettled(&self) -> bool {
        self.sought.is_some()
    }

    /// Goes where an abandoned seek has led, if it has.
    fn settle(&mut self, below: &impl Below) {
        let sought = self.sought.take();
        // With text left, it has not begun: it would have dropped that.
        if self.at < self.text.len() || self.has_fault() {
            return;
        }
        match (sought, below.position()) {
            (Some(Sought::Position(to)), Some(offset)) if offset == to.offset => {
                self.resume(below.generation(), to);
            }
            (Some(Sought::End), Some(offset)) if offset != self.here().offset => {
                let end = TextPosition::behind_any_mark(offset, &self.settings.encoding);
                self.resume(below.generation(), end);
            }
            _ => {}
        }
    }

    /// Goes on at `position`, with nothing decoded.
    pub(crate) fn resume(&mut self, generation: u32, position: TextPosition) {
        self.generation = generation;
        self.resume = position;
        self.sought = None;
        let settings = &self.settings;
        self.decoder = Decoder::new(&settings.encoding, settings.errors, position.state);
        (self.offset, self.skip) = (position.offset, position.skip);
        self.after_cr = position.after_cr;
        self.in_bad_line = position.in_bad_line;
        self.clear();
        self.fault = None;
        if position == TextPosition::START {
            self.seen = NewlinesSeen::default();
        }
    }

    /// Behind a write, which may have begun with a byte order mark.
    pub(crate) fn wrote(&mut self, bom: bool) {
        self.seen = NewlinesSeen::default();
        (self.skip, self.after_cr) = (0, false);
        (self.fault, self.in_bad_line) = (None, false);
        if bom {
            let (encoding, errors) = (&self.settings.encoding, self.settings.errors);
            self.decoder = Decoder::new(encoding, errors, encoding.state_past_bom());
        }
    }

    /// Behind a seek to the end.
    pub(crate) fn forget_newlines(&mut self) {
        self.seen = NewlinesSeen::default();
    }

    fn clear(&mut self) {
        self.dropped += self.text.len() as u64;
        if self.goes_in_place() && self.text.len() > self.spare.len() {
            self.spare = std::mem::take(&mut self.text).into_bytes();
        }
        self.text.clear();
        self.segments.clear();
        (self.at, self.searched, self.recorded) = (0, 0, 0);
        (self.has_cr, self.lone_cr, self.early) = (false, false, false);
        self.located = None;
        self.taking = None;
    }

    /// How many bytes are decoded and not delivered, for the bytes below to know.
    #[inline]
    pub(crate) fn ahead(&mut self) -> u64 {
        self.resume = self.here();
        self.located = self
            .segment()
            .filter(|_| self.resume.skip == 0)
            .map(|segment| (self.at, segment.offset));
        self.offset - self.resume.offset
    }

    /// Where the delivered text ends.
    pub(crate) fn here(&self) -> TextPosition {
        let offset = self
            .fault
            .as_ref()
            .filter(|fault| !fault.reported)
            .map_or(self.offset, |fault| fault.offset);
        let end = TextPosition {
            in_bad_line: self.in_bad_line,
            after_cr: self.is_after_cr(),
            ..TextPosition::at(offset, self.decoder.state())
        };
        if self.at == self.text.len() {
            let skip = if self.fault.is_none() { self.skip } else { 0 };
            return TextPosition {
                skip,
                in_bad_line: self.in_bad_line || self.stops(),
                ..end
            };
        }
        // Where no places are kept, nobody asks for them.
        let Some(segment) = self.segment() else {
            return end;
        };
        let delivered = &self.text[segment.at..self.at];
        if delivered.is_empty() {
            return TextPosition {
                after_cr: end.after_cr,
                in_bad_line: end.in_bad_line,
                ..TextPosition::at(segment.offset, segment.state)
            };
        }
        if let Some(len) = self.decoder.byte_len(delivered) {
            let offset = segment.offset + segment.bom + len;
            return TextPosition { offset, ..end };
        }
        let TextSettings {
            encoding, errors, ..
        } = &self.settings;
        // Where it was found last, if that is in the same segment.
        let (before, from, state) = match self.located {
            Some((before, of)) if of == segment.offset && before <= self.at => {
                let from = self.resume.offset - segment.offset;
                (before, from as usize, self.resume.state)
            }
            _ => (segment.at, 0, segment.state),
        };
        let chars = self.text[before..self.at].chars().count();
        let at = locate(
            encoding,
            *errors,
            state,
            &segment.bytes[from..],
            segment.last,
            chars,
        );
        TextPosition {
            offset: segment.offset + (from + at.bytes) as u64,
            state: at.state,
            skip: u32::try_from(at.skip).unwrap_or(u32::MAX),
            ..end
        }
    }

    /// What the next character comes of.
    fn segment(&self) -> Option<&Segment> {
        let mut segments = self.segments.iter().rev();
        segments.find(|segment| segment.at <= self.at)
    }

    /// Whether what was delivered last is the first half of a `\r\n`, perhaps.
    fn is_after_cr(&self) -> bool {
        let cr = match self.text.as_bytes()[..self.at].last() {
            Some(last) => *last == b'\r',
            None => self.after_cr && self.text.is_empty(),
        };
        cr && self.settings.newline == Newline::Untranslated
    }

    /// Whether a line was delivered whose `\r` may be half of its end.
    pub(crate) fn is_after_early_line(&self) -> bool {
        self.early && self.at == self.text.len()
    }

    /// Where the text has come to; the core says that this is at `offset`.
    pub(crate) fn position(&self, offset: u64) -> TextPosition {
        TextPosition {
            offset,
            ..self.here()
        }
    }

    /// The bytes of what was not delivered, and of what could not be decoded.
    pub(crate) fn undelivered_bytes(&self) -> Vec<u8> {
        let here = self.here();
        let mut bytes = Vec::new();
        for segment in &self.segments {
            let from = here.offset.saturating_sub(segment.offset);
            let from = usize::try_from(from).unwrap_or(usize::MAX);
            let own = &segment.bytes[..segment.own];
            bytes.extend_from_slice(own.get(from..).unwrap_or_default());
        }
        // Reported ones too, behind text: they part it from what follows.
        let parts = |fault: &&Fault| !(fault.reported && self.rest().is_empty());
        if let Some(fault) = self.fault.as_ref().filter(parts) {
            bytes.extend_from_slice(&fault.bytes);
        }
        bytes
    }

    /// The bytes that could not be decoded, right behind the text, if nobody was told.
    pub(crate) fn bad_bytes(&self) -> &[u8] {
        let fault = self.fault.as_ref().filter(|fault| !fault.reported);
        fault.map_or(&[], |fault| &fault.bytes)
    }
}
