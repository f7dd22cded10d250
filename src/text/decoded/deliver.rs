//! Finding lines in the text, and delivering text.

use super::{Decoded, Keep};
use crate::codec::{LineEnd, Newline, Terminator, find_line_end};
use crate::file::Block;
use crate::file::block::{Ends, find_block};
use crate::file::source::Span;

impl Decoded {
    /// The text that was not delivered, with the line ends of the file.
    #[inline]
    pub(crate) fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Whether there may be a `\r` in the text that was not delivered.
    pub(crate) fn has_cr(&self) -> bool {
        self.has_cr
    }

    /// Consumes `n` bytes of the text and returns them.
    #[inline]
    pub(crate) fn deliver(&mut self, n: usize) -> &str {
        let at = self.at;
        self.at += n;
        self.in_bad_line &= n == 0;
        &self.text[at..self.at]
    }

    /// Consumes a line and returns it without its end.
    #[inline]
    pub(crate) fn deliver_line(&mut self, span: Span) -> &str {
        let at = self.at;
        self.at += span.total;
        &self.text[at..at + span.content]
    }

    /// Returns how many bytes of the text are lines for one block: `first`, and then
    /// complete lines none longer than `max` bytes.
    pub(crate) fn find_block(&self, first: Span, max: usize) -> usize {
        find_block(self.ends(), self.rest().as_bytes(), first, max)
    }

    /// Consumes the `n` bytes that [`find_block`](Self::find_block) has found, and lends
    /// their lines.
    pub(crate) fn deliver_block(&mut self, first: Span, n: usize) -> Block<'_> {
        let ends = self.ends();
        Block::new(self.deliver(n), ends, first)
    }

    /// Whether there is delivered text in front, so that the rest cannot be moved out
    /// without a copy.
    pub(crate) fn is_in_use(&self) -> bool {
        self.at > 0
    }

    /// Takes all undelivered text out; without a copy if nothing was delivered before.
    pub(crate) fn deliver_all(&mut self) -> String {
        let text = if self.at == 0 {
            self.dropped += self.text.len() as u64;
            std::mem::take(&mut self.text)
        } else {
            self.rest().to_owned()
        };
        self.in_bad_line &= text.is_empty();
        self.clear();
        text
    }

    /// Which line ends the undelivered text can have.
    #[inline]
    fn ends(&self) -> Ends {
        match self.settings.newline {
            Newline::Lf => Ends::Lf,
            Newline::Universal | Newline::Untranslated if !self.has_cr => Ends::Lf,
            Newline::Universal | Newline::Untranslated if !self.lone_cr => Ends::LfOrCrLf,
            newline => Ends::Any(newline),
        }
    }

    /// Finds the end of the first line if all lines of the text end in `\n`. `None` if they
    /// may end in something else, or if the end is not there yet.
    #[inline]
    pub(crate) fn find_newline(&mut self) -> Option<Span> {
        let ends = self.ends();
        if matches!(ends, Ends::Any(_)) {
            return None;
        }
        let bytes = self.text.as_bytes();
        let from = self.searched.max(self.at);
        let Some(found) = memchr::memchr(b'\n', &bytes[from..]) else {
            // A last `\r` may be the beginning of the line end.
            self.searched = bytes.len() - usize::from(bytes[from..].ends_with(b"\r"));
            return None;
        };
        let end = from + found;
        let total = end + 1 - self.at;
        let cr = ends == Ends::LfOrCrLf && bytes[self.at..end].ends_with(b"\r");
        let content = total - 1 - usize::from(cr);
        Some(Span { content, total })
    }

    /// Finds the end of the first line; `None` if it is not there yet. Text that was
    /// searched before is not searched again.
    pub(crate) fn find_line(&mut self, at_eof: bool) -> Option<(Span, Terminator)> {
        if let Some(span) = self.find_newline() {
            let crlf = span.total - span.content == 2;
            let which = if crlf {
                Terminator::CrLf
            } else {
                Terminator::Lf
            };
            return Some((span, which));
        }
        let from = self.searched.max(self.at);
        let bytes = self.text.as_bytes();
        let line = &bytes[self.at..];
        // A reader of a slow stream (the progress of a child process) must see each line
        // when it is there, also one that ends in a last `\r`. If a `\n` follows, that is
        // not a line of its own.
        let early =
            !at_eof && self.keep == Keep::Text && self.settings.newline == Newline::Universal;
        match find_line_end(self.settings.newline, line, from - self.at, at_eof || early) {
            LineEnd::Found {
                content_end,
                terminator_len,
                which,
            } => {
                let span = Span {
                    content: content_end,
                    total: content_end + terminator_len,
                };
                self.early |= early && which == Terminator::Cr && span.total == line.len();
                Some((span, which))
            }
            LineEnd::NeedMore { resume } => {
                self.searched = self.at + resume;
                None
            }
        }
    }
}
