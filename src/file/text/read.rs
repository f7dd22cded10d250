//! Reading text: what completes a read, and how it is delivered.

use std::task::{Context, Poll, ready};

use super::TextPosition;
use super::decoded::{PIECE, TURN};
use crate::codec::{Newline, Terminator, translate_in};
use crate::error::{Error, Result};
use crate::file::core::{BUFFER, Started};
use crate::file::source::{Source, Span};
use crate::file::{File, Text};
use crate::raw_io::RawIo;

impl<R: RawIo> File<Text, R> {
    /// Ends this poll, to be polled again at once, when it has decoded its share since
    /// the `count` that it began with. What it has decoded stays.
    fn poll_pause(&self, cx: &mut Context<'_>, count: u64) -> Poll<()> {
        if self.layer.decoded.count() - count < TURN {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Decodes more: a piece, or `want` bytes if that is more. Ready with whether
    /// the end of the file was reached; fails if bad bytes are right behind the text,
    /// which stays.
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
            if let Some(error) = self.layer.decoded.report(core) {
                return Poll::Ready(Err(error));
            }
            self.layer.decoded.pass_fault();
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
                let most = match want {
                    usize::MAX => TURN as usize,
                    want => want.max(PIECE),
                };
                self.layer.decoded.decode(core, most, eof && finish);
            }
            // Bad bytes too may decide what a last `\r` is.
            if self.layer.decoded.rest().len() > before || self.layer.decoded.has_fault() {
                return Poll::Ready(Ok(false));
            }
            if eof {
                return Poll::Ready(Ok(true));
            }
            decoded_all = core.read.len() == left || core.read.is_empty();
        }
    }

    /// The number of bytes of the first `size` characters to be delivered, if they
    /// are there: counted after translation.
    fn first_chars(&self, size: usize, at_eof: bool) -> Option<usize> {
        let rest = self.layer.decoded.rest();
        if rest.len() < size {
            return None;
        }
        let newline = self.layer.decoded.newline();
        if newline != Newline::Universal || !self.layer.decoded.has_cr() {
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
        if self.layer.decoded.stops() && self.layer.decoded.rest().is_empty() {
            self.layer.decoded.pass_fault();
        }
        if !self.layer.decoded.ends_in_bad_bytes() {
            // Once: what this operation has read is decoded in several polls.
            if *started == 0 || core.is_busy() {
                ready!(core.poll_fill(cx, usize::MAX, BUFFER, started))?;
                self.layer.decoded.sync(core);
            }
            let count = self.layer.decoded.count();
            while !self.layer.decoded.has_fault() && !core.read.is_empty() {
                if self.layer.decoded.count() - count >= TURN {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                self.layer.decoded.decode(core, TURN as usize, true);
            }
            if !self.layer.decoded.has_fault() {
                self.layer.decoded.decode(core, usize::MAX, true);
            }
        }
        if let Some(error) = self.layer.decoded.report(core) {
            return Poll::Ready(Err(error));
        }
        let translate =
            self.layer.decoded.newline() == Newline::Universal && self.layer.decoded.has_cr();
        let text = self.layer.decoded.deliver_all();
        self.layer.decoded.pass_fault();
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
            let ends = self.layer.decoded.ends_in_bad_bytes();
            if let Some(n) = self.first_chars(size, ends) {
                return Poll::Ready(Ok(self.deliver(n)));
            }
            let rest = self.layer.decoded.rest().len();
            if self.layer.decoded.stops() && rest > 0 {
                return Poll::Ready(Ok(self.deliver(rest)));
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
        if size != Some(0) {
            ready!(self.poll_past_bad_line(cx, true, started))?;
        }
        let mut at_eof = false;
        let count = self.layer.decoded.count();
        loop {
            let ends = at_eof || self.layer.decoded.ends_in_bad_bytes();
            let line = self.layer.decoded.find_line(ends);
            // So many characters of it at the most.
            let limit = size.and_then(|size| self.first_chars(size, ends));
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
                (None, None) => {
                    ready!(self.poll_pause(cx, count));
                    at_eof = ready!(self.poll_more(cx, true, 0, started))?;
                }
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
        ready!(self.poll_past_bad_line(cx, true, started))?;
        // All of it must be there before any of it is consumed.
        let mut at_eof = false;
        let count = self.layer.decoded.count();
        let end = loop {
            let ends = at_eof || self.layer.decoded.ends_in_bad_bytes();
            let wanted = match hint {
                Some(hint) => self.first_chars(hint.saturating_add(1), ends),
                None => None,
            };
            // The first line end at or behind the character that exceeds the hint.
            if let Some(end) = wanted.and_then(|n| self.line_end_from(n, ends).ok()) {
                break end;
            }
            if self.layer.decoded.stops() {
                // The whole lines before bad bytes that were reported.
                let whole = self.line_end_from(usize::MAX, true);
                break whole.unwrap_or_else(|whole| whole);
            }
            if at_eof {
                break self.layer.decoded.rest().len();
            }
            let want = match hint {
                Some(hint) => hint.saturating_sub(self.layer.decoded.rest().chars().count()),
                // Everything will be needed: it is read at once.
                None => usize::MAX,
            };
            ready!(self.poll_pause(cx, count));
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
        if !self.layer.decoded.is_current(core) || self.layer.decoded.in_bad_line() || core.closed()
        {
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
        ready!(self.poll_past_bad_line(cx, !whole, started))?;
        let count = self.layer.decoded.count();
        loop {
            let ends = (at_eof && !whole) || self.layer.decoded.ends_in_bad_bytes();
            let span = match self.layer.decoded.find_line(ends) {
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
                    ready!(self.poll_pause(cx, count));
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

    /// Has a line method begin at a line: drops what is left of one that has bad
    /// bytes which were reported, further bad bytes in it included.
    fn poll_past_bad_line(
        &mut self,
        cx: &mut Context<'_>,
        finish: bool,
        started: &mut Started,
    ) -> Poll<Result<()>> {
        self.layer.decoded.sync(self.layer.binary.core());
        let mut at_eof = false;
        let count = self.layer.decoded.count();
        loop {
            if !self.layer.decoded.in_bad_line() {
                if !self.layer.decoded.stops() || self.layer.decoded.find_line(true).is_some() {
                    return Poll::Ready(Ok(()));
                }
                self.layer.decoded.pass_fault();
            }
            let ends = (at_eof && finish) || self.layer.decoded.ends_in_bad_bytes();
            if let Some((span, _)) = self.layer.decoded.find_line(ends) {
                self.layer.decoded.skip_bad(span.total, true);
                continue;
            }
            if self.layer.decoded.ends_in_bad_bytes() {
                self.layer.decoded.pass_fault();
                continue;
            }
            // A last `\r` may be half of a line end.
            let rest = self.layer.decoded.rest();
            let held = usize::from(!ends && rest.ends_with('\r'));
            self.layer
                .decoded
                .skip_bad(rest.len() - held, at_eof && finish);
            if at_eof {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_pause(cx, count));
            match ready!(self.poll_more(cx, finish, 0, started)) {
                Ok(eof) => at_eof = eof,
                // The line was reported.
                Err(Error::Decode { .. }) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// The end of the line that the character before byte `n` belongs to; that of
    /// the last whole line, as an error, where there is none.
    fn line_end_from(&self, n: usize, at_eof: bool) -> std::result::Result<usize, usize> {
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
                        return Ok(at);
                    }
                }
                crate::codec::LineEnd::NeedMore { .. } => break,
            }
        }
        Err(at)
    }
}
