//! From bytes to text: what is decoded, recorded of it, and dropped again.

use super::{Decoded, Fault, Segment};
use crate::codec::Terminator;
use crate::error::Error;
use crate::file::core::Core;
use crate::raw_io::RawIo;

impl Decoded {
    /// Whether bad bytes are right behind the text that nobody was told of.
    pub(in crate::file::text) fn has_fault(&self) -> bool {
        self.fault.as_ref().is_some_and(|fault| !fault.reported)
    }

    /// Whether bad bytes are right behind the text that were reported: reads end
    /// there once more, and nothing behind is decoded before.
    pub(in crate::file::text) fn stops(&self) -> bool {
        self.fault.as_ref().is_some_and(|fault| fault.reported)
    }

    /// Whether the text ends for now: a `\r` there is a line end by itself.
    pub(in crate::file::text) fn ends_in_bad_bytes(&self) -> bool {
        self.fault.is_some()
    }

    /// Says what the bad bytes are, once. The text before them stays.
    pub(in crate::file::text) fn report<R: RawIo>(&mut self, core: &Core<R>) -> Option<Error> {
        let fault = self.fault.as_mut().filter(|fault| !fault.reported)?;
        fault.reported = true;
        let error = Error::Decode {
            encoding: self.settings.encoding.name().to_owned(),
            offset: fault.offset,
            bytes: fault.bytes.clone(),
            reason: fault.reason,
            path: core.path().map(ToOwned::to_owned),
        };
        if self.rest().is_empty() {
            self.pass_fault();
        }
        Some(error)
    }

    /// Goes on behind the bad bytes, without what is left of the text before them.
    pub(in crate::file::text) fn pass_fault(&mut self) {
        if self.fault.take().is_some() {
            self.clear();
            self.in_bad_line = true;
        }
    }

    /// Whether what comes next is the rest of a line with bad bytes.
    #[inline]
    pub(in crate::file::text) fn in_bad_line(&self) -> bool {
        self.in_bad_line
    }

    /// Drops `n` bytes of the rest of a bad line, which `ends` there or goes on.
    pub(in crate::file::text) fn skip_bad(&mut self, n: usize, ends: bool) {
        self.at += n;
        self.in_bad_line = !ends;
    }

    /// Decodes what the core has buffered, `most` bytes of it at the most; `last`
    /// says that nothing comes behind it.
    pub(in crate::file::text) fn decode<R: RawIo>(
        &mut self,
        core: &mut Core<R>,
        most: usize,
        last: bool,
    ) {
        debug_assert!(
            self.fault.is_none(),
            "bad bytes are reported before what follows"
        );
        self.begun = true;
        self.compact();
        if self.text.is_empty() {
            core.above = 0;
            if let Some(offset) = core.position() {
                self.offset = offset;
            }
        }
        let buffered = core.read.bytes();
        let src = &buffered[..buffered.len().min(most)];
        let last = last && src.len() == buffered.len();
        let (offset, state, at) = (self.offset, self.decoder.state(), self.text.len());
        let result = self.decoder.decode(src, last, &mut self.text);
        let consumed = match result {
            Ok(consumed) => consumed,
            Err(error) => {
                self.fault = Some(Fault {
                    offset: offset + error.at as u64,
                    bytes: src[error.at..error.at + error.len].to_vec(),
                    reason: error.reason,
                    reported: false,
                });
                error.consumed
            }
        };
        if self.text.len() > at {
            let keep = self.keep || self.decoder.byte_len("").is_none();
            let bytes = match (keep, &self.fault) {
                (false, _) => Vec::new(),
                (true, None) => src.to_vec(),
                (true, Some(_)) => src[..consumed].to_vec(),
            };
            let bom = self.decoder.bom_len() as u64;
            self.segments.push_back(Segment {
                at,
                offset,
                state,
                bom,
                own: consumed.min(bytes.len()),
                bytes,
                last,
            });
        }
        core.read.consume(consumed);
        core.shrink_read(core.capacity);
        self.offset += consumed as u64;
        self.count += consumed as u64;
        self.drop_skipped();
        let new = &self.text.as_bytes()[at..];
        self.has_cr |= memchr::memchr(b'\r', new).is_some();
        self.record(last);
    }

    /// Drops characters in front that a seek has left over.
    fn drop_skipped(&mut self) {
        while self.skip > 0 {
            let Some(c) = self.text[self.at..].chars().next() else {
                return;
            };
            self.at += c.len_utf8();
            self.skip -= 1;
        }
    }

    /// Records the line ends of new text, but for a last `\r` that may be half of one.
    fn record(&mut self, last: bool) {
        if !self.is_universal() {
            self.recorded = self.text.len();
            return;
        }
        let held = !last && self.fault.is_none() && self.text.ends_with('\r');
        let end = self.text.len() - usize::from(held);
        let mut new = &self.text[self.recorded.min(end)..end];
        if self.after_cr && !new.is_empty() {
            new = new.strip_prefix('\n').unwrap_or(new);
            self.after_cr = false;
        }
        if self.has_cr {
            self.seen.record_all(new);
        } else if memchr::memchr(b'\n', new.as_bytes()).is_some() {
            self.seen.record(Terminator::Lf);
        }
        self.recorded = end;
    }

    /// Drops delivered text in front, as far as the places of the rest stay known.
    fn compact(&mut self) {
        // A `\r` that may be half of a line end is kept until that is known.
        let decided = self.recorded >= self.at;
        if self.at == self.text.len() && decided {
            self.clear();
            return;
        }
        while self
            .segments
            .get(1)
            .is_some_and(|second| second.at <= self.at)
        {
            self.segments.pop_front();
        }
        let only = self.segments.len() == 1;
        let Some(first) = self.segments.front_mut() else {
            return;
        };
        let (delivered, rest) = (&self.text[first.at..self.at], &self.text[self.at..]);
        // Of the last segment the end is known too, and the rest is the shorter part.
        let len = || match only {
            true => {
                let rest = self.decoder.byte_len(rest)?;
                (self.offset - first.offset).checked_sub(first.bom + rest)
            }
            false => self.decoder.byte_len(delivered),
        };
        let mut cut = first.at.min(self.recorded);
        if decided && first.bytes.is_empty() && !delivered.is_empty() {
            if let Some(len) = len() {
                first.offset += first.bom + len;
                first.bom = 0;
                first.state = self.decoder.state();
                cut = self.at;
            }
        }
        if cut == 0 {
            return;
        }
        self.located = None;
        self.text.drain(..cut);
        self.at -= cut;
        self.searched = self.searched.saturating_sub(cut);
        self.recorded -= cut;
        for segment in &mut self.segments {
            segment.at = segment.at.saturating_sub(cut);
        }
        self.has_cr =
            self.has_cr && memchr::memchr(b'\r', &self.text.as_bytes()[self.at..]).is_some();
    }
}
