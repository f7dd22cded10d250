//! Reading text: when a read is complete, and how it is delivered.

use std::task::{Context, Poll, ready};

use super::below::Below;
use super::decoded::{Decoded, PIECE, TURN, Taken, Whole};
use crate::budget::{self, MOST_A_POLL};
use crate::codec::{Newline, Terminator, translate_in};
use crate::error::{Error, Result};
use crate::file::core::Started;
use crate::file::source::Span;

impl Decoded {
    /// Waits for an abandoned seek of the bytes below and finds out where it has led. This
    /// must be done before anything else: the position tells it only until something else
    /// moves it.
    fn poll_settled(&mut self, below: &mut impl Below, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if self.is_unsettled() {
            ready!(below.poll_idle(cx))?;
            self.sync(below);
        }
        Poll::Ready(Ok(()))
    }

    /// Ends the poll if it has decoded its share since `count`; the task is polled again at
    /// once. What was decoded stays.
    fn poll_pause(&self, cx: &mut Context<'_>, count: u64) -> Poll<()> {
        if self.count() - count < TURN {
            return Poll::Ready(());
        }
        budget::yield_now(cx);
        Poll::Pending
    }

    /// Decodes more: a piece, or `want` bytes if that is more. Returns whether the end of
    /// the file was reached. If bad bytes are right behind the text, it fails, and the text
    /// stays.
    fn poll_more(
        &mut self,
        below: &mut impl Below,
        cx: &mut Context<'_>,
        finish: bool,
        want: usize,
        started: &mut Started,
    ) -> Poll<Result<bool>> {
        ready!(self.poll_settled(below, cx))?;
        let buffered = below.bytes().len();
        // An incomplete character may be left in the buffer; then more bytes are needed.
        let mut decoded_all = buffered == 0;
        loop {
            self.sync(below);
            if let Some(error) = self.report(below) {
                return Poll::Ready(Err(error));
            }
            self.pass_fault();
            below.check_readable()?;
            let mut eof = false;
            let before = self.rest().len();
            if decoded_all {
                self.go_back(below);
                let chunk = below.chunk();
                let more = if want > chunk { want } else { 1 };
                let min = below.bytes().len().saturating_add(more);
                eof = ready!(below.poll_fill(cx, min, chunk, started))?;
                self.sync(below);
            }
            let left = below.bytes().len();
            if left > 0 || eof {
                let most = want.clamp(PIECE, TURN as usize);
                self.decode(below, most, eof && finish)?;
            }
            // Bad bytes also decide that a last `\r` is a line end by itself.
            if self.rest().len() > before || self.has_fault() {
                return Poll::Ready(Ok(false));
            }
            if eof {
                return Poll::Ready(Ok(true));
            }
            decoded_all = below.bytes().len() == left || below.bytes().is_empty();
        }
    }

    /// Delivers `n` bytes of the text, with line ends translated.
    pub(super) fn take(&mut self, n: usize) -> String {
        let translate = self.newline() == Newline::Universal && self.has_cr();
        let text = self.deliver(n);
        if translate {
            translate_in(text).into_owned()
        } else {
            text.to_owned()
        }
    }

    /// Delivers a line with its terminator, translated.
    fn take_line(&mut self, span: Span, which: Terminator) -> String {
        let translate = self.newline() == Newline::Universal
            && matches!(which, Terminator::Cr | Terminator::CrLf);
        let line = self.deliver(span.total);
        if translate {
            let mut translated = String::with_capacity(span.content + 1);
            translated.push_str(&line[..span.content]);
            translated.push('\n');
            translated
        } else {
            line.to_owned()
        }
    }

    /// Decodes all that is left, up to bad bytes, which are an error. If the job that reads
    /// can also decode, the result is `Some`: the text, or its lines. Otherwise the text is
    /// decoded in several polls, and is in `self`.
    ///
    /// `started` must be 0 at first. Later it tells that the bytes were read.
    fn poll_decode_all(
        &mut self,
        below: &mut impl Below,
        cx: &mut Context<'_>,
        by_lines: bool,
        started: &mut Started,
    ) -> Poll<Result<Option<Whole>>> {
        if !self.ends_in_bad_bytes() {
            if *started == 0 || below.is_busy() {
                let plan = || self.plan(by_lines);
                let whole = ready!(below.poll_fill_all(cx, plan, started))?;
                self.sync(below);
                if whole.is_some() {
                    return Poll::Ready(Ok(whole));
                }
            }
            let count = self.count();
            while !self.has_fault() && !below.bytes().is_empty() {
                ready!(self.poll_pause(cx, count));
                self.decode(below, TURN as usize, true)?;
            }
            if !self.has_fault() {
                self.decode(below, usize::MAX, true)?;
            }
        }
        Poll::Ready(self.report(below).map_or(Ok(None), Err))
    }

    /// Reads all that is left. UTF-8 is taken out without a copy.
    fn poll_read_all(
        &mut self,
        below: &mut impl Below,
        cx: &mut Context<'_>,
        started: &mut Started,
    ) -> Poll<Result<String>> {
        ready!(self.poll_settled(below, cx))?;
        self.sync(below);
        if self.stops() && self.rest().is_empty() {
            self.pass_fault();
        }
        if let Some(whole) = ready!(self.poll_decode_all(below, cx, false, started))? {
            return Poll::Ready(Ok(self.deliver_whole(below, whole).0));
        }
        let translate = self.newline() == Newline::Universal && self.has_cr();
        let text = if translate || self.is_in_use() {
            ready!(self.poll_take(below, cx, Taken::All, self.rest().len()))?
        } else {
            self.deliver_all()
        };
        self.pass_fault();
        Poll::Ready(Ok(text))
    }
}

impl Decoded {
    /// Reads `size` characters, or to the end.
    pub(crate) fn poll_read_piece(
        &mut self,
        below: &mut impl Below,
        cx: &mut Context<'_>,
        size: Option<usize>,
        started: &mut Started,
    ) -> Poll<Result<String>> {
        let Some(size) = size else {
            return self.poll_read_all(below, cx, started);
        };
        below.check_readable()?;
        self.sync(below);
        let what = Taken::Chars(size);
        if let Some(n) = self.being_taken(what) {
            return self.poll_take(below, cx, what, n);
        }
        let count = self.count();
        loop {
            let ends = self.ends_in_bad_bytes();
            if let Some(n) = self.first_chars(size, ends) {
                return self.poll_take(below, cx, what, n);
            }
            let rest = self.rest().len();
            if self.stops() && rest > 0 {
                return self.poll_take(below, cx, what, rest);
            }
            // Each missing character takes at least one byte.
            let want = size - self.counted().min(size);
            ready!(self.poll_pause(cx, count));
            if ready!(self.poll_more(below, cx, true, want, started))? {
                let n = self.first_chars(size, true).unwrap_or(self.rest().len());
                return self.poll_take(below, cx, what, n);
            }
        }
    }

    /// Reads a line with its terminator, at most `size` characters of it.
    pub(crate) fn poll_read_line(
        &mut self,
        below: &mut impl Below,
        cx: &mut Context<'_>,
        size: Option<usize>,
        started: &mut Started,
    ) -> Poll<Result<String>> {
        below.check_readable()?;
        self.sync(below);
        let what = Taken::Line(size);
        if let Some(n) = self.being_taken(what) {
            return self.poll_take(below, cx, what, n);
        }
        if size != Some(0) {
            ready!(self.poll_past_bad_line(below, cx, true, started))?;
        }
        let mut at_eof = false;
        let count = self.count();
        loop {
            let ends = at_eof || self.ends_in_bad_bytes();
            let line = self.find_line(ends);
            // The first `size` characters, if there are so many.
            let limit = size.and_then(|size| self.first_chars(size, ends));
            match (line, limit) {
                (Some((span, _)), Some(limit)) if limit < span.total => {
                    return self.poll_take(below, cx, what, limit);
                }
                (Some((span, which)), _) if span.total <= MOST_A_POLL => {
                    return Poll::Ready(Ok(self.take_line(span, which)));
                }
                (Some((span, _)), _) => return self.poll_take(below, cx, what, span.total),
                (None, Some(limit)) => return self.poll_take(below, cx, what, limit),
                (None, None) if at_eof => {
                    let n = self.rest().len();
                    return self.poll_take(below, cx, what, n);
                }
                (None, None) => {
                    ready!(self.poll_pause(cx, count));
                    at_eof = ready!(self.poll_more(below, cx, true, 0, started))?;
                }
            }
        }
    }

    /// Reads lines until their total exceeds `hint` characters, or to the end.
    pub(crate) fn poll_read_lines(
        &mut self,
        below: &mut impl Below,
        cx: &mut Context<'_>,
        hint: Option<usize>,
        started: &mut Started,
    ) -> Poll<Result<Vec<String>>> {
        below.check_readable()?;
        self.sync(below);
        let what = Taken::Lines(hint);
        if let Some(n) = self.being_taken(what) {
            return self.poll_take_lines(below, cx, what, n);
        }
        if self.in_bad_line() || self.stops() {
            ready!(self.poll_past_bad_line(below, cx, true, started))?;
            // `started` belongs to that call, which has not read everything.
            *started = 0;
        }
        if hint.is_none() && !self.stops() {
            if let Some(whole) = ready!(self.poll_decode_all(below, cx, true, started))? {
                return Poll::Ready(Ok(self.deliver_whole(below, whole).1));
            }
            let all = self.rest().len();
            return self.poll_take_lines(below, cx, what, all);
        }
        // All lines must be here before one of them is consumed.
        let mut at_eof = false;
        let count = self.count();
        let end = loop {
            let ends = at_eof || self.ends_in_bad_bytes();
            let wanted = match hint {
                Some(hint) => self.first_chars(hint.saturating_add(1), ends),
                None => None,
            };
            // The end of the line with the character that exceeds the hint.
            if let Some(end) = wanted.and_then(|n| self.line_end_from(n, ends).ok()) {
                break end;
            }
            if self.stops() {
                // The complete lines before bad bytes that were reported.
                let whole = self.line_end_from(usize::MAX, true);
                break whole.unwrap_or_else(|whole| whole);
            }
            if at_eof {
                break self.rest().len();
            }
            let want = hint.map_or(0, |hint| hint.saturating_sub(self.counted()));
            ready!(self.poll_pause(cx, count));
            at_eof = ready!(self.poll_more(below, cx, true, want, started))?;
        };
        self.poll_take_lines(below, cx, what, end)
    }

    /// The quick way, which succeeds nearly every time: returns the next line if it is
    /// decoded and its end can be found by its `\n`.
    #[inline]
    pub(crate) fn find_here(&mut self, below: &impl Below, max: usize) -> Option<Span> {
        if !self.is_current(below) || self.in_bad_line() || below.is_closed() {
            return None;
        }
        let span = self.find_newline()?;
        (span.content <= max).then_some(span)
    }

    /// Reads and decodes until the next line is here; `None` at the end. With `whole`, a
    /// last line without a terminator counts as not there yet.
    pub(crate) fn poll_find(
        &mut self,
        below: &mut impl Below,
        cx: &mut Context<'_>,
        max: Option<usize>,
        whole: bool,
        started: &mut Started,
    ) -> Poll<Result<Option<Span>>> {
        let max = max.unwrap_or(usize::MAX);
        let mut at_eof = false;
        ready!(self.poll_past_bad_line(below, cx, !whole, started))?;
        let count = self.count();
        loop {
            let ends = (at_eof && !whole) || self.ends_in_bad_bytes();
            let span = match self.find_line(ends) {
                Some((span, _)) => span,
                None if self.rest().len() > max.saturating_add(1) => Span {
                    content: usize::MAX,
                    total: 0,
                },
                None if at_eof => {
                    let rest = self.rest().len();
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
                    at_eof = ready!(self.poll_more(below, cx, !whole, 0, started))?;
                    continue;
                }
            };
            below.check_readable()?;
            if span.content > max {
                let path = below.path().map(ToOwned::to_owned);
                return Poll::Ready(Err(Error::LineTooLong { limit: max, path }));
            }
            return Poll::Ready(Ok(Some(span)));
        }
    }

    /// Makes a method that reads lines begin at the start of a line: drops the rest of a
    /// line whose bad bytes were reported, with any other bad bytes in it.
    fn poll_past_bad_line(
        &mut self,
        below: &mut impl Below,
        cx: &mut Context<'_>,
        finish: bool,
        started: &mut Started,
    ) -> Poll<Result<()>> {
        self.sync(below);
        let mut at_eof = false;
        let count = self.count();
        loop {
            if !self.in_bad_line() {
                if !self.stops() || self.find_line(true).is_some() {
                    return Poll::Ready(Ok(()));
                }
                self.pass_fault();
            }
            let ends = (at_eof && finish) || self.ends_in_bad_bytes();
            if let Some((span, _)) = self.find_line(ends) {
                self.skip_bad(span.total, true);
                continue;
            }
            if self.ends_in_bad_bytes() {
                self.pass_fault();
                continue;
            }
            // A last `\r` may be half of a line end.
            let rest = self.rest();
            let held = usize::from(!ends && rest.ends_with('\r'));
            self.skip_bad(rest.len() - held, at_eof && finish);
            if at_eof {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_pause(cx, count));
            match ready!(self.poll_more(below, cx, finish, 0, started)) {
                Ok(eof) => at_eof = eof,
                // This line was reported already.
                Err(Error::Decode { .. }) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}
