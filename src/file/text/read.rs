//! Reading text: what completes a read, and how it is delivered.

use std::task::{Context, Poll, ready};

use super::TextPosition;
use super::decoded::PIECE;
use crate::codec::{Newline, Terminator, translate_in};
use crate::error::{Error, Result};
use crate::file::core::{BUFFER, Started};
use crate::file::source::{Source, Span};
use crate::file::{File, Text};
use crate::raw_io::RawIo;

impl<R: RawIo> File<Text, R> {
    /// Decodes more: a piece, or `want` bytes if that is more. Ready with whether
    /// the end of the file was reached; fails at bytes that cannot be decoded, and
    /// then everything up to and with them is consumed.
    fn poll_more(
        &mut self,
        cx: &mut Context<'_>,
        finish: bool,
        want: usize,
        started: &mut Started,
    ) -> Poll<Result<bool>> {
        ready!(self.poll_settled(cx))?;
        let core = self.layer.binary.core_mut();
        let buffered = core.read.len();
        // An incomplete character is left in the buffer: then more is needed.
        let mut decoded_all = buffered == 0;
        loop {
            self.layer.decoded.sync(core);
            if let Some(error) = self.layer.decoded.take_fault(core) {
                return Poll::Ready(Err(error));
            }
            core.check_readable("read")?;
            let mut eof = false;
            if decoded_all {
                let chunk = core.chunk();
                let more = if want > chunk { want } else { 1 };
                let min = core.read.len().saturating_add(more);
                eof = ready!(core.poll_fill(cx, min, chunk, started))?;
                self.layer.decoded.sync(core);
            }
            let (before, left) = (self.layer.decoded.rest().len(), core.read.len());
            if left > 0 || eof {
                self.layer
                    .decoded
                    .decode(core, want.max(PIECE), eof && finish);
            }
            if self.layer.decoded.rest().len() > before {
                return Poll::Ready(Ok(false));
            }
            if !self.layer.decoded.has_fault() && eof {
                return Poll::Ready(Ok(true));
            }
            decoded_all = core.read.len() == left || core.read.is_empty();
        }
    }

    /// The number of bytes of the first `size` characters to be delivered, if they
    /// are there: counted after translation.
    fn first_chars(&self, size: usize, at_eof: bool) -> Option<usize> {
        let rest = self.layer.decoded.rest();
        let newline = self.layer.decoded.newline();
        if newline != Newline::Universal || !self.layer.decoded.has_cr() {
            if rest.len() < size {
                return None;
            }
            return match rest.char_indices().nth(size) {
                Some((at, _)) => Some(at),
                // As CPython: a last `\r` waits for what is behind it.
                None if newline == Newline::Untranslated && !at_eof && rest.ends_with('\r') => None,
                None => (rest.chars().count() == size).then_some(rest.len()),
            };
        }
        let mut chars = rest.char_indices().peekable();
        for _ in 0..size {
            let (_, c) = chars.next()?;
            if c == '\r' {
                match chars.peek() {
                    Some((_, '\n')) => drop(chars.next()),
                    Some(_) => {}
                    None if at_eof => {}
                    None => return None,
                }
            }
        }
        Some(chars.peek().map_or(rest.len(), |&(at, _)| at))
    }

    /// Delivers `n` bytes of the text, translated.
    fn deliver(&mut self, n: usize) -> String {
        let translate =
            self.layer.decoded.newline() == Newline::Universal && self.layer.decoded.has_cr();
        let text = self.layer.decoded.deliver(n);
        if translate {
            translate_in(text).into_owned()
        } else {
            text.to_owned()
        }
    }

    /// A line to be delivered with its terminator.
    fn deliver_line(&mut self, span: Span, which: Option<Terminator>) -> String {
        let translate = self.layer.decoded.newline() == Newline::Universal
            && matches!(which, Some(Terminator::Cr | Terminator::CrLf));
        let line = self.layer.decoded.deliver(span.total);
        if translate {
            let mut translated = String::with_capacity(span.content + 1);
            translated.push_str(&line[..span.content]);
            translated.push('\n');
            translated
        } else {
            line.to_owned()
        }
    }

    /// All that is left. UTF-8 is taken as it is, without a copy.
    fn poll_read_all(
        &mut self,
        cx: &mut Context<'_>,
        started: &mut Started,
    ) -> Poll<Result<String>> {
        ready!(self.poll_settled(cx))?;
        let core = self.layer.binary.core_mut();
        self.layer.decoded.sync(core);
        if !self.layer.decoded.has_fault() {
            ready!(core.poll_fill(cx, usize::MAX, BUFFER, started))?;
            self.layer.decoded.sync(core);
            while !self.layer.decoded.has_fault() && !core.read.is_empty() {
                self.layer.decoded.decode(core, usize::MAX, true);
            }
            if !self.layer.decoded.has_fault() {
                self.layer.decoded.decode(core, usize::MAX, true);
            }
        }
        if let Some(error) = self.layer.decoded.take_fault(core) {
            return Poll::Ready(Err(error));
        }
        let translate =
            self.layer.decoded.newline() == Newline::Universal && self.layer.decoded.has_cr();
        let text = self.layer.decoded.deliver_all();
        Poll::Ready(Ok(if translate {
            translate_in(&text).into_owned()
        } else {
            text
        }))
    }
}

impl<R: RawIo> Source for File<Text, R> {
    type Piece = String;
    type Line<'a> = &'a str;

    fn poll_read_piece(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<usize>,
        started: &mut Started,
    ) -> Poll<Result<String>> {
        let Some(size) = size else {
            return self.poll_read_all(cx, started);
        };
        self.core().check_readable("read")?;
        self.layer.decoded.sync(self.layer.binary.core());
        loop {
            if let Some(n) = self.first_chars(size, false) {
                return Poll::Ready(Ok(self.deliver(n)));
            }
            // At least a byte for every character that is missing.
            let want = size - self.layer.decoded.rest().chars().count().min(size);
            if ready!(self.poll_more(cx, true, want, started))? {
                let n = self
                    .first_chars(size, true)
                    .unwrap_or(self.layer.decoded.rest().len());
                return Poll::Ready(Ok(self.deliver(n)));
            }
        }
    }

    fn poll_read_line(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<usize>,
        started: &mut Started,
    ) -> Poll<Result<String>> {
        self.core().check_readable("read")?;
        self.layer.decoded.sync(self.layer.binary.core());
        let mut at_eof = false;
        loop {
            let line = self.layer.decoded.find_line(at_eof);
            // So many characters of it at the most.
            let limit = size.and_then(|size| self.first_chars(size, at_eof));
            match (line, limit) {
                (Some((span, _)), Some(limit)) if limit < span.total => {
                    return Poll::Ready(Ok(self.deliver(limit)));
                }
                (Some((span, which)), _) => {
                    return Poll::Ready(Ok(self.deliver_line(span, Some(which))));
                }
                (None, Some(limit)) => return Poll::Ready(Ok(self.deliver(limit))),
                (None, None) if at_eof => {
                    let n = self.layer.decoded.rest().len();
                    return Poll::Ready(Ok(self.deliver(n)));
                }
                (None, None) => at_eof = ready!(self.poll_more(cx, true, 0, started))?,
            }
        }
    }

    fn poll_read_lines(
        &mut self,
        cx: &mut Context<'_>,
        hint: Option<usize>,
        started: &mut Started,
    ) -> Poll<Result<Vec<String>>> {
        self.core().check_readable("read")?;
        self.layer.decoded.sync(self.layer.binary.core());
        // All of it must be there before any of it is consumed.
        let mut at_eof = false;
        let end = loop {
            let wanted = match hint {
                Some(hint) => self.first_chars(hint.saturating_add(1), at_eof),
                None => None,
            };
            // The first line end at or behind the character that exceeds the hint.
            if let Some(end) = wanted.and_then(|n| self.line_end_from(n, at_eof)) {
                break end;
            }
            if at_eof {
                break self.layer.decoded.rest().len();
            }
            let want = match hint {
                Some(hint) => hint.saturating_sub(self.layer.decoded.rest().chars().count()),
                // Everything will be needed: it is read at once.
                None => usize::MAX,
            };
            at_eof = ready!(self.poll_more(cx, true, want, started))?;
        };
        let mut lines = Vec::new();
        let mut left = end;
        while left > 0 {
            let (span, which) = match self.layer.decoded.find_line(true) {
                Some((span, which)) if span.total <= left => (span, Some(which)),
                _ => (
                    Span {
                        content: left,
                        total: left,
                    },
                    None,
                ),
            };
            left -= span.total;
            lines.push(self.deliver_line(span, which));
        }
        Poll::Ready(Ok(lines))
    }

    #[inline]
    fn poll_find(
        &mut self,
        cx: &mut Context<'_>,
        max: Option<usize>,
        whole: bool,
        started: &mut Started,
    ) -> Poll<Result<Option<Span>>> {
        match self.find_here(max.unwrap_or(usize::MAX)) {
            Some(span) => Poll::Ready(Ok(Some(span))),
            None => self.poll_find_more(cx, max, whole, started),
        }
    }

    #[inline]
    fn line(&mut self, span: Span) -> &str {
        self.layer.decoded.deliver_line(span)
    }

    fn poll_size(
        &mut self,
        cx: &mut Context<'_>,
        started: &mut Started,
    ) -> Poll<Result<(u64, u64)>> {
        self.layer.binary.core_mut().poll_size(cx, started)
    }

    fn growth(&self) -> Option<crate::timer::Growth> {
        self.layer.binary.core().growth()
    }

    fn poll_rewind(&mut self, cx: &mut Context<'_>, started: &mut Started) -> Poll<Result<()>> {
        self.poll_seek(cx, TextPosition::START, started)
    }

    fn is_empty(piece: &String) -> bool {
        piece.is_empty()
    }
}

impl<R: RawIo> File<Text, R> {
    /// The next line where that takes no more than to look: nearly every time.
    #[inline]
    fn find_here(&mut self, max: usize) -> Option<Span> {
        let core = self.layer.binary.core();
        if !self.layer.decoded.is_current(core) || core.closed() {
            return None;
        }
        let span = self.layer.decoded.find_newline()?;
        (span.content <= max).then_some(span)
    }

    fn poll_find_more(
        &mut self,
        cx: &mut Context<'_>,
        max: Option<usize>,
        whole: bool,
        started: &mut Started,
    ) -> Poll<Result<Option<Span>>> {
        let max = max.unwrap_or(usize::MAX);
        let mut at_eof = false;
        self.layer.decoded.sync(self.layer.binary.core());
        loop {
            let span = match self.layer.decoded.find_line(at_eof && !whole) {
                Some((span, _)) => span,
                None if self.layer.decoded.rest().len() > max.saturating_add(1) => Span {
                    content: usize::MAX,
                    total: 0,
                },
                None if at_eof => {
                    let rest = self.layer.decoded.rest().len();
                    if rest == 0 || whole {
                        return Poll::Ready(Ok(None));
                    }
                    Span {
                        content: rest,
                        total: rest,
                    }
                }
                None => {
                    at_eof = ready!(self.poll_more(cx, !whole, 0, started))?;
                    continue;
                }
            };
            self.core().check_readable("read")?;
            if span.content > max {
                let path = self.core().path().map(ToOwned::to_owned);
                return Poll::Ready(Err(Error::LineTooLong { limit: max, path }));
            }
            return Poll::Ready(Ok(Some(span)));
        }
    }

    /// The end of the line that the character before byte `n` belongs to.
    fn line_end_from(&self, n: usize, at_eof: bool) -> Option<usize> {
        let rest = self.layer.decoded.rest();
        let mut at = 0;
        while at < rest.len() {
            let newline = self.layer.decoded.newline();
            match crate::codec::find_line_end(newline, &rest.as_bytes()[at..], 0, at_eof) {
                crate::codec::LineEnd::Found {
                    content_end,
                    terminator_len,
                    ..
                } => {
                    at += content_end + terminator_len;
                    if at >= n {
                        return Some(at);
                    }
                }
                crate::codec::LineEnd::NeedMore { .. } => return None,
            }
        }
        None
    }
}
