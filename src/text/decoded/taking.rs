//! Delivering long text, with a bounded copy in each poll.

use std::io;
use std::task::{Context, Poll, ready};

use super::Decoded;
use crate::budget::{self, FRESH, MOST_A_POLL};
use crate::codec::{LineEnd, Newline, find_line_end, translate_in};
use crate::error::{Error, Result};
use crate::file::source::Span;
use crate::text::below::Below;

/// What is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    All,
    Chars(usize),
    Line(Option<usize>),
    /// A line without its end.
    Content,
    Lines(Option<usize>),
}

/// A copy of text while it is being made. The text itself stays until the copy is complete,
/// so a dropped read has taken nothing. The copy is void if anything was delivered or
/// moved.
#[derive(Debug)]
pub(super) struct Taking {
    what: Taken,
    /// Where the text begins that is being copied.
    from: usize,
    /// How many bytes it has, and how many of them were copied.
    end: usize,
    done: usize,
    /// The copy, with line ends translated. By lines: the copy of the current line.
    copy: String,
    /// Where the current line begins, and the copies of the lines before it.
    line_start: usize,
    lines: Vec<String>,
}

impl Decoded {
    /// If an earlier read of the same kind was abandoned while it copied, returns how many
    /// bytes it was to deliver.
    pub(crate) fn being_taken(&self, what: Taken) -> Option<usize> {
        let taking = self.taking.as_deref();
        let same = taking.filter(|taking| taking.what == what && taking.from == self.at);
        same.map(|taking| taking.end)
    }

    /// Delivers `n` bytes of the text, translated, with a bounded copy in each poll. While
    /// it is pending, the task is polled again at once. If there is no memory for the copy,
    /// it fails and delivers nothing.
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

    /// Delivers a line without its terminator.
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

    /// Delivers `n` bytes of the text as lines with their terminators, translated.
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

    /// Whether the line ends of delivered text may differ from those here.
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
        // Much memory is freed. But a last `\r` must stay in the text, as a position looks
        // at it.
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
    /// Copies a bounded part more of `text`, which is everything that is to be delivered.
    /// Returns whether the copy is complete.
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
                // A `\r\n` must not be split.
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
