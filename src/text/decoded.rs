//! Decoded text that waits to be delivered, with what is needed to tell the position in the
//! file of each place in it.

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

/// How many bytes are decoded at a time: as many as CPython reads ahead, and few enough to
/// stay in the nearest cache.
pub(crate) const PIECE: usize = 8 * 1024;

/// The most bytes of UTF-8 that one byte can give: `\xff`, by `backslashreplace`.
const LONGEST: usize = 4;

/// About how many bytes one poll decodes before it lets other tasks run.
pub(crate) const TURN: u64 = 256 * 1024;

/// Text that was decoded from one piece of bytes.
#[derive(Debug)]
struct Segment {
    /// Where it begins in [`Decoded::text`].
    at: usize,
    /// Where its bytes begin in the file.
    offset: u64,
    /// The state of the decoder there.
    state: DecoderState,
    /// How many bytes of a byte order mark are in front.
    bom: u64,
    /// Its bytes. Kept if the text does not tell how many bytes it came from, or if the
    /// file cannot go back to them. Behind them are the bytes of an incomplete character:
    /// they tell that a bad sequence before them had ended.
    bytes: Vec<u8>,
    /// How many of `bytes` belong to the text.
    own: usize,
    /// Whether these bytes were decoded as the end of the file.
    last: bool,
}

/// Bytes that could not be decoded, right behind the text.
#[derive(Debug)]
struct Fault {
    offset: u64,
    bytes: Vec<u8>,
    reason: &'static str,
    /// Whether an operation has returned the error. Even then the fault stays as long as
    /// there is text before it.
    reported: bool,
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Decoded {
    settings: TextSettings,
    decoder: Decoder,
    /// With the line ends of the file. What is before `at` was delivered.
    text: String,
    at: usize,
    /// A copy of a long part of it, while it is being made.
    taking: Option<Box<Taking>>,
    /// The memory of an earlier text, to be used again.
    spare: Vec<u8>,
    /// How many bytes of text were dropped before `text`, for places that are counted from
    /// the first text.
    dropped: u64,
    scan: Scan,
    /// There is no line end between `at` and this index.
    searched: usize,
    /// The line ends before this index are recorded in `seen`.
    recorded: usize,
    /// Whether there may be a `\r` in `text` behind `at`.
    has_cr: bool,
    /// Whether any of these is a line end by itself. If not, each `\r` has its `\n`, or is
    /// the last character and waits for it, so that lines can be found by their `\n` alone.
    lone_cr: bool,
    /// Whether a line was found that ends in the last `\r` of the text. If a `\n` comes
    /// next, it belongs to that line.
    early: bool,
    seen: NewlinesSeen,
    /// The pieces of `text`, oldest first.
    segments: VecDeque<Segment>,
    fault: Option<Fault>,
    /// Whether bad bytes before `at`, in the same line, were reported. Then the rest of the
    /// line does not count as a line.
    in_bad_line: bool,
    /// The position in the file of the next byte to decode.
    offset: u64,
    /// How many of the next decoded characters to drop.
    skip: u32,
    /// Whether a `\n` that is decoded next belongs to a `\r` before it.
    after_cr: bool,
    keep: Keep,
    /// `text` is valid as long as the machine has this generation; otherwise decoding goes
    /// on at `resume`.
    generation: u32,
    resume: TextPosition,
    /// The place in `text` that `resume` belongs to, and the offset of its segment. The
    /// position of a later place is searched from there. `None` if `text` has changed.
    located: Option<(usize, u64)>,
    /// The target of a seek whose end nobody has seen.
    sought: Option<Sought>,
    begun: bool,
    /// How many bytes were decoded altogether.
    count: u64,
}

/// What must be known about text that was decoded and not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Nothing: nobody asks for positions.
    Text,
    /// The positions of its places.
    Places,
    /// The positions and its bytes, because the stream cannot go back to them.
    Bytes,
}

/// The target of a seek.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sought {
    Position(TextPosition),
    /// The end of the file, wherever that is.
    End,
}

impl Decoded {
    /// Begins at `resume`, with nothing decoded. `generation` is that of the bytes below.
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

    /// How many bytes were decoded altogether. Only the difference of two calls means
    /// something.
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

    /// Whether the text is valid: the machine has declared nothing void, and no seek is
    /// unsettled.
    #[inline]
    pub(crate) fn is_current(&self, below: &impl Below) -> bool {
        self.generation == below.generation() && self.sought.is_none()
    }

    /// Drops the text if the machine has declared it void.
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

    /// Notes that a seek begins, which may be abandoned.
    pub(crate) fn seeks(&mut self, to: Sought) {
        self.sought = Some(to);
    }

    /// Whether nobody knows yet where an abandoned seek has led.
    #[inline]
    pub(crate) fn is_unsettled(&self) -> bool {
        self.sought.is_some()
    }

    /// Goes to the target of an abandoned seek, if the seek was made.
    fn settle(&mut self, below: &impl Below) {
        let sought = self.sought.take();
        // If there is text left, the seek has not begun: its job would have made the text
        // void.
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

    /// Drops the text, and goes on at `position`.
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

    /// Called after a write, which may have begun with a byte order mark.
    pub(crate) fn wrote(&mut self, bom: bool) {
        self.seen = NewlinesSeen::default();
        (self.skip, self.after_cr) = (0, false);
        (self.fault, self.in_bad_line) = (None, false);
        if bom {
            let (encoding, errors) = (&self.settings.encoding, self.settings.errors);
            self.decoder = Decoder::new(encoding, errors, encoding.state_past_bom());
        }
    }

    /// Called after a seek to the end.
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

    /// Returns how many bytes were decoded and not delivered, which the layer below must
    /// know.
    #[inline]
    pub(crate) fn ahead(&mut self) -> u64 {
        self.resume = self.here();
        self.located = self
            .segment()
            .filter(|_| self.resume.skip == 0)
            .map(|segment| (self.at, segment.offset));
        self.offset - self.resume.offset
    }

    /// The position behind the delivered text.
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
        // If no positions are kept, nobody asks for them.
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
        // Begin at the place that was found last, if it is in the same segment.
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

    /// The segment of the next character.
    fn segment(&self) -> Option<&Segment> {
        let mut segments = self.segments.iter().rev();
        segments.find(|segment| segment.at <= self.at)
    }

    /// Whether the last delivered character may be the first half of a `\r\n`.
    fn is_after_cr(&self) -> bool {
        let cr = match self.text.as_bytes()[..self.at].last() {
            Some(last) => *last == b'\r',
            None => self.after_cr && self.text.is_empty(),
        };
        cr && self.settings.newline == Newline::Untranslated
    }

    /// Whether a line was delivered that ends in a last `\r`, whose `\n` may come next.
    pub(crate) fn is_after_early_line(&self) -> bool {
        self.early && self.at == self.text.len()
    }

    /// The position behind the delivered text, which the machine says is at `offset`.
    pub(crate) fn position(&self, offset: u64) -> TextPosition {
        TextPosition {
            offset,
            ..self.here()
        }
    }

    /// The bytes of the text that was not delivered, and the bytes that could not be
    /// decoded.
    pub(crate) fn undelivered_bytes(&self) -> Vec<u8> {
        let here = self.here();
        let mut bytes = Vec::new();
        for segment in &self.segments {
            let from = here.offset.saturating_sub(segment.offset);
            let from = usize::try_from(from).unwrap_or(usize::MAX);
            let own = &segment.bytes[..segment.own];
            bytes.extend_from_slice(own.get(from..).unwrap_or_default());
        }
        // Bad bytes that were reported too, if there is text before them: they separate it
        // from what follows.
        let parts = |fault: &&Fault| !(fault.reported && self.rest().is_empty());
        if let Some(fault) = self.fault.as_ref().filter(parts) {
            bytes.extend_from_slice(&fault.bytes);
        }
        bytes
    }

    /// The bad bytes right behind the text, if they were not reported yet.
    pub(crate) fn bad_bytes(&self) -> &[u8] {
        let fault = self.fault.as_ref().filter(|fault| !fault.reported);
        fault.map_or(&[], |fault| &fault.bytes)
    }
}
