//! Taking much text out: a share a poll.

use std::io;
use std::task::{Context, Poll, ready};

use super::Decoded;
use crate::budget::{self, FRESH, MOST_A_POLL};
use crate::codec::{LineEnd, Newline, find_line_end, translate_in};
use crate::error::{Error, Result};
use crate::file::source::Span;
use crate::text::below::Below;

/// What is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    All,
    Chars(usize),
    Line(Option<usize>),
    /// A line without its end.
    Content,
    Lines(Option<usize>),
}

/// Text that is on its way out, a copy: what it is a copy of stays until all of it is
/// there, so a dropped read has taken nothing. Void once anything was delivered or moved.
#[derive(Debug)]
pub(super) struct Taking {
    what: Taken,
    /// Where the text to be taken begins.
    from: usize,
    /// How long it is, in bytes, and how much of that is copied.
    end: usize,
    done: usize,
    /// The copy, or that of the line that is being copied, translated.
    copy: String,
    /// Where that line begins, and the lines before it.
    line_start: usize,
    lines: Vec<String>,
}

impl Decoded {
    /// How much text `what` was found to be, by a read that was left in the middle of it.
    pub(crate) fn being_taken(&self, what: Taken) -> Option<usize> {
        let taking = self.taking.as_deref();
        let same = taking.filter(|taking| taking.what == what && taking.from == self.at);
        same.map(|taking| taking.end)
    }

    /// Delivers `n` bytes of the text, translated. Pending, with the task to be woken at
    /// once, after each share. Where there is no memory for a copy, that is an error, and
    /// nothing was taken.
    pub(crate) fn poll_take(
        &mut self,
        below: &impl Below,
        cx: &mut Context<'_>,
        what: Taken,
        n: usize,
    ) -> Poll<Result<String>> {
        if n <= MOST_A_POLL {
            return Poll::Ready(Ok(self.take(n)));
        }
        if !self.translates() {
            if let Some(text) = self.take_allocation(n) {
                return Poll::Ready(Ok(text));
            }
        }
        let taken = self.poll_taking(below, cx, what, n);
        taken.map_ok(|taken| taken.copy)
    }

    /// Delivers a line without its end.
    #[inline]
    pub(crate) fn poll_take_line(
        &mut self,
        below: &impl Below,
        cx: &mut Context<'_>,
        span: Span,
    ) -> Poll<Result<String>> {
        if span.total <= MOST_A_POLL {
            return Poll::Ready(Ok(self.deliver_line(span).to_owned()));
        }
        let line = ready!(self.poll_take(below, cx, Taken::Content, span.content))?;
        self.deliver(span.total - span.content);
        Poll::Ready(Ok(line))
    }

    /// Delivers `n` bytes of the text as lines with their ends, translated.
    pub(crate) fn poll_take_lines(
        &mut self,
        below: &impl Below,
        cx: &mut Context<'_>,
        what: Taken,
        n: usize,
    ) -> Poll<Result<Vec<String>>> {
        let taken = self.poll_taking(below, cx, what, n);
        taken.map_ok(|taken| taken.lines)
    }

    /// Whether what is delivered may be another text than what is here.
    fn translates(&self) -> bool {
        self.newline() == Newline::Universal && self.has_cr()
    }

    fn poll_taking(
        &mut self,
        below: &impl Below,
        cx: &mut Context<'_>,
        what: Taken,
        n: usize,
    ) -> Poll<Result<Box<Taking>>> {
        let from = self.at;
        let begun = self.taking.take();
        let begun = begun.filter(|taking| taking.what == what && taking.from == from);
        let mut taking = begun.unwrap_or_else(|| {
            Box::new(Taking {
                what,
                from,
                end: n,
                done: 0,
                copy: String::new(),
                line_start: 0,
                lines: Vec::new(),
            })
        });
        taking.end = n;
        let translate = self.translates();
        let complete = taking.copy_share(&self.text[from..from + n], self.newline(), translate);
        let complete = complete.map_err(|error| Error::os("read", below.path(), error))?;
        if !complete {
            self.taking = Some(taking);
            budget::yield_now(cx);
            return Poll::Pending;
        }
        self.deliver(n);
        // Much memory is not kept; but for a last `\r` that a position has to tell of.
        let cr = self.newline() != Newline::Universal && self.text.ends_with('\r');
        if n > MOST_A_POLL && self.at == self.text.len() && self.recorded >= self.at && !cr {
            self.clear();
            below.free(std::mem::take(&mut self.text).into_bytes());
            below.free(std::mem::take(&mut self.spare));
        }
        Poll::Ready(Ok(taking))
    }
}

impl Taking {
    /// Copies a share more of `text`, all of what is to be taken; whether that is all.
    fn copy_share(&mut self, text: &str, newline: Newline, translate: bool) -> io::Result<bool> {
        let by_lines = matches!(self.what, Taken::Lines(_));
        let share = self.done + MOST_A_POLL / FRESH;
        while self.done < text.len() {
            let mut limit = text.len().min(share);
            while !text.is_char_boundary(limit) {
                limit -= 1;
            }
            let last = limit == text.len();
            let (to, complete) = if by_lines {
                let line = &text.as_bytes()[self.line_start..limit];
                match find_line_end(newline, line, self.done - self.line_start, last) {
                    LineEnd::Found {
                        content_end,
                        terminator_len,
                        ..
                    } => (self.line_start + content_end + terminator_len, true),
                    LineEnd::NeedMore { resume } => (self.line_start + resume, last),
                }
            } else {
                // A line end stays whole.
                let cr = !last && text.as_bytes()[..limit].ends_with(b"\r");
                (limit - usize::from(cr), last)
            };
            if to <= self.done {
                return Ok(false);
            }
            let piece = &text[self.done..to];
            if !by_lines && self.copy.is_empty() {
                self.copy.try_reserve_exact(text.len())?;
            }
            self.copy.try_reserve(piece.len())?;
            if translate {
                self.copy.push_str(&translate_in(piece));
            } else {
                self.copy.push_str(piece);
            }
            self.done = to;
            if by_lines && complete {
                self.lines.try_reserve(1)?;
                self.lines.push(std::mem::take(&mut self.copy));
                self.line_start = to;
            }
        }
        Ok(true)
    }
}
