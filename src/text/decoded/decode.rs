//! Decoding bytes to text, recording what must be known about it, and dropping what was
//! delivered.

use std::io;

use super::{Decoded, Fault, Keep, LONGEST, Segment, TURN};
use crate::budget::{AHEAD, MOST_A_POLL, OWN_PAGES};
use crate::codec::{Newline, Terminator, utf8_tail_len};
use crate::error::{Error, Result};
use crate::text::below::Below;

impl Decoded {
    /// Whether there are bad bytes right behind the text that were not reported yet.
    pub(crate) fn has_fault(&self) -> bool {
        self.fault.as_ref().is_some_and(|fault| !fault.reported)
    }

    /// Whether there are bad bytes right behind the text that were reported. The next read
    /// ends there, and only then what is behind them is decoded.
    pub(crate) fn stops(&self) -> bool {
        self.fault.as_ref().is_some_and(|fault| fault.reported)
    }

    /// Whether there are bad bytes right behind the text, so that a last `\r` is a line end
    /// by itself.
    pub(crate) fn ends_in_bad_bytes(&self) -> bool {
        self.fault.is_some()
    }

    /// Returns the error of the bad bytes, once. The text before them stays.
    pub(crate) fn report(&mut self, below: &impl Below) -> Option<Error> {
        let fault = self.fault.as_mut().filter(|fault| !fault.reported)?;
        fault.reported = true;
        let error = Error::Decode {
            encoding: self.settings.encoding.name().to_owned(),
            offset: fault.offset,
            bytes: fault.bytes.clone(),
            reason: fault.reason,
            path: below.path().map(ToOwned::to_owned),
        };
        if self.rest().is_empty() {
            self.pass_fault();
        }
        Some(error)
    }

    /// Drops the rest of the text and the bad bytes, and goes on behind them.
    pub(crate) fn pass_fault(&mut self) {
        if self.fault.take().is_some() {
            self.clear();
            self.in_bad_line = true;
        }
    }

    /// Whether the next text is the rest of a line with bad bytes.
    #[inline]
    pub(crate) fn in_bad_line(&self) -> bool {
        self.in_bad_line
    }

    /// Drops `n` bytes of the rest of a bad line. `ends` says whether the line ends there.
    pub(crate) fn skip_bad(&mut self, n: usize, ends: bool) {
        self.at += n;
        self.in_bad_line = !ends;
    }

    /// Decodes at most `most` of the buffered bytes; `last` says that nothing comes behind
    /// these. If there is no memory for the text, it fails and changes nothing.
    pub(crate) fn decode(&mut self, below: &mut impl Below, most: usize, last: bool) -> Result<()> {
        debug_assert!(
            self.fault.is_none(),
            "bad bytes are reported before what follows"
        );
        let reserved = self.reserve(below, most);
        reserved.map_err(|error| Error::os("read", below.path(), error))?;
        self.begun = true;
        // A line was delivered that ends in a `\r`; a `\n` that comes now belongs to it.
        let half = self.is_after_early_line();
        self.compact();
        if self.text.is_empty() {
            if let Some(offset) = below.begin() {
                self.offset = offset;
            }
        }
        let (offset, at) = (self.offset, self.text.len());
        let consumed = match self.decode_in_place(below, last) {
            Some(consumed) => consumed,
            None => self.decode_copy(below, most, last),
        };
        self.offset = offset + consumed as u64;
        self.count += consumed as u64;
        let last = last && (below.bytes().is_empty() || self.fault.is_some());
        if self.text.len() > at || self.fault.is_some() || last {
            self.at += usize::from(half && self.text[at..].starts_with('\n'));
            self.early = false;
        }
        self.drop_skipped();
        let new = &self.text.as_bytes()[at..];
        self.has_cr |= memchr::memchr(b'\r', new).is_some();
        self.record(last);
        Ok(())
    }

    /// If the text is long, reserves room behind it for the text of at most `most` buffered
    /// bytes.
    fn reserve(&mut self, below: &mut impl Below, most: usize) -> io::Result<()> {
        let len = self.text.len();
        if len < MOST_A_POLL {
            return Ok(());
        }
        let n = below.bytes().len().min(most);
        // Asking for more than is needed would sometimes move the whole text for nothing.
        let longest = if self.is_as_long() { 1 } else { LONGEST };
        let most = n.saturating_mul(longest);
        if self.text.capacity() - len >= most {
            return Ok(());
        }
        // A text that moves when it is long takes the system milliseconds, and an allocator
        // that copies it tens of them. So room for everything that may come is reserved
        // while it is short. Pages that are never filled cost no memory.
        let known = below.undecoded_hint().map(|rest| {
            let rest = usize::try_from(rest).unwrap_or(usize::MAX);
            // Text is seldom more than twice as long as its bytes.
            rest.saturating_mul(longest.min(2))
        });
        let guessed = match OWN_PAGES.saturating_sub(len) {
            0 => AHEAD * len,
            own => own,
        };
        for wanted in known.into_iter().chain([guessed]) {
            if wanted >= most && self.text.try_reserve_exact(wanted).is_ok() {
                return Ok(());
            }
        }
        // `try_reserve` may ask for twice as much, so if it fails, try the exact amount.
        if self.text.try_reserve(most).is_err() {
            self.text.try_reserve_exact(most)?;
        }
        Ok(())
    }

    /// Decodes at most `most` bytes, appending to the text; returns how many bytes it
    /// consumed.
    fn decode_copy(&mut self, below: &mut impl Below, most: usize, last: bool) -> usize {
        if self.text.capacity() == 0 {
            let mut spare = std::mem::take(&mut self.spare);
            spare.clear();
            self.text = String::from_utf8(spare).unwrap_or_default();
        }
        let buffered = below.bytes().bytes();
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
        if self.text.len() > at && self.keep != Keep::Text {
            let keep = self.keep == Keep::Bytes || self.decoder.byte_len("").is_none();
            let bytes = match (keep, &self.fault) {
                (false, _) => Vec::new(),
                (true, None) => src.to_vec(),
                (true, Some(_)) => src[..consumed].to_vec(),
            };
            let bom = self.decoder.bom_len() as u64;
            // The bad bytes themselves are kept in the fault.
            let good = match &self.fault {
                Some(fault) => usize::try_from(fault.offset - offset).unwrap_or(consumed),
                None => consumed,
            };
            self.segments.push_back(Segment {
                at,
                offset,
                state,
                bom,
                own: good.min(bytes.len()),
                bytes,
                last,
            });
        }
        below.consume(consumed);
        consumed
    }

    /// If the buffered bytes are UTF-8 and no text is waiting, makes their allocation the
    /// text: they are only checked, not copied. Returns how many bytes it consumed.
    fn decode_in_place(&mut self, below: &mut impl Below, last: bool) -> Option<usize> {
        if !self.text.is_empty() || !self.goes_in_place() {
            return None;
        }
        let buf = below.bytes();
        let cut = utf8_tail_len(buf.bytes());
        let len = buf.len() - cut;
        // For few bytes, a copy costs less than another buffer.
        if len < buf.room() / 4 || len > TURN as usize || (last && cut > 0) {
            return None;
        }
        match buf.take_text(len, std::mem::take(&mut self.spare)) {
            Ok(text) => {
                self.text = text;
                if self.keep != Keep::Text {
                    self.segments.push_back(Segment {
                        at: 0,
                        offset: self.offset,
                        state: self.decoder.state(),
                        bom: 0,
                        bytes: Vec::new(),
                        own: 0,
                        last,
                    });
                }
                Some(len)
            }
            // There are bad bytes, which `decode_copy` must deal with.
            Err(spare) => {
                self.spare = spare;
                None
            }
        }
    }

    /// Whether bytes can become text without a copy: they are UTF-8, and either nobody asks
    /// for positions, or the text tells them.
    pub(super) fn goes_in_place(&self) -> bool {
        match self.keep {
            Keep::Text => self.decoder.is_plain_utf8(),
            Keep::Places => self.is_as_long(),
            Keep::Bytes => false,
        }
    }

    /// Whether the text has exactly the bytes that it is decoded from (bad bytes are an
    /// error).
    fn is_as_long(&self) -> bool {
        self.decoder.is_plain_utf8() && self.decoder.byte_len("").is_some()
    }

    /// Puts the beginning of an incomplete line back in front of the bytes that will be
    /// read, so that these can be decoded without a copy. Does nothing if the beginning is
    /// long, because it would be decoded again and again.
    pub(crate) fn go_back(&mut self, below: &mut impl Below) {
        let rest = self.rest().len();
        // Do not do it in the middle of a `\r\n`, which would be recorded as two line ends.
        let decided = self.recorded >= self.at && !self.rest().starts_with('\n');
        let plain = !self.in_bad_line && self.fault.is_none() && self.goes_in_place();
        // The position before a byte order mark must stay before it.
        let begun = self.at > 0 || self.keep == Keep::Text;
        if rest == 0 || rest > below.chunk() / 16 || !decided || !plain || !begun {
            return;
        }
        let buf = below.bytes();
        let cut = buf.take(buf.len());
        buf.clear();
        buf.push(self.rest().as_bytes());
        buf.push(&cut);
        self.offset = self.offset.saturating_sub(rest as u64);
        self.clear();
    }

    /// Drops the characters that a seek to this position must skip.
    fn drop_skipped(&mut self) {
        while self.skip > 0 {
            let Some(c) = self.text[self.at..].chars().next() else {
                return;
            };
            self.at += c.len_utf8();
            self.skip -= 1;
        }
    }

    /// Records the line ends of new text, except a last `\r` that may be half of a `\r\n`.
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
        // A `\r` that was held back may be delivered by now, so `has_cr` does not tell of
        // it.
        if self.has_cr || new.starts_with('\r') {
            self.lone_cr |= self.seen.record_all(new);
        } else if memchr::memchr(b'\n', new.as_bytes()).is_some() {
            self.seen.record(Terminator::Lf);
        }
        self.recorded = end;
    }

    /// Drops delivered text, as far as the positions of the rest stay known.
    fn compact(&mut self) {
        // A `\r` that may be half of a line end stays until that is known.
        let decided = self.recorded >= self.at;
        if self.at == self.text.len() && decided {
            self.clear();
            return;
        }
        let cut = self.rebase();
        if cut > 0 {
            self.text.drain(..cut);
            self.moved_by(cut);
        }
    }

    /// Takes the first `n` bytes out together with the allocation, which saves the copy of
    /// a long text. That is possible if nothing was delivered before them and little text
    /// is behind them. Otherwise returns `None` and changes nothing.
    pub(super) fn take_allocation(&mut self, n: usize) -> Option<String> {
        let places = self.keep == Keep::Text || (self.keep == Keep::Places && self.is_as_long());
        let rest = self.text.len() - n;
        let little = rest < MOST_A_POLL && rest <= n / 2;
        // A last `\r` may be half of a line end. A position must tell that, and it looks
        // into the text.
        let cr = self.newline() != Newline::Universal && self.text[..n].ends_with('\r');
        if self.at > 0 || !places || !little || self.recorded < n || cr {
            return None;
        }
        self.deliver(n);
        let cut = if rest == 0 { n } else { self.rebase() };
        debug_assert_eq!(cut, n, "the places of the rest are known");
        let behind = self.text[n..].to_owned();
        let mut text = std::mem::replace(&mut self.text, behind);
        text.truncate(n);
        if text.capacity() / 2 > n {
            text.shrink_to_fit();
        }
        self.moved_by(n);
        if rest == 0 {
            self.clear();
        }
        Some(text)
    }

    /// Makes the positions of the undelivered text independent of the delivered text in
    /// front of it. Returns how many bytes of that can be dropped then.
    fn rebase(&mut self) -> usize {
        let decided = self.recorded >= self.at;
        while self
            .segments
            .get(1)
            .is_some_and(|second| second.at <= self.at)
        {
            self.segments.pop_front();
        }
        if self.keep == Keep::Text {
            return self.at.min(self.recorded);
        }
        let only = self.segments.len() == 1;
        let Some(first) = self.segments.front_mut() else {
            return 0;
        };
        let (delivered, rest) = (&self.text[first.at..self.at], &self.text[self.at..]);
        // For the last segment, the end is known too; counting back from there looks at
        // less text.
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
        cut
    }

    /// Adjusts all offsets after the first `cut` bytes of the text were removed.
    fn moved_by(&mut self, cut: usize) {
        self.located = None;
        self.taking = None;
        self.dropped += cut as u64;
        self.at -= cut;
        self.searched = self.searched.saturating_sub(cut);
        self.recorded -= cut;
        for segment in &mut self.segments {
            segment.at = segment.at.saturating_sub(cut);
        }
        self.has_cr =
            self.has_cr && memchr::memchr(b'\r', &self.text.as_bytes()[self.at..]).is_some();
        self.lone_cr &= self.has_cr;
    }
}
