//! Reading text: decoded from the bytes of the binary file below.

use std::path::Path;
use std::task::{Context, Poll, ready};

use super::TextPosition;
use crate::error::Result;
use crate::file::buf::Buf;
use crate::file::core::{BUFFER, Core, Started};
use crate::file::source::{Follow, Source, Span};
use crate::file::{Block, File, Text};
use crate::raw_io::RawIo;
use crate::text::{Below, Plan, Whole};

impl<R: RawIo> Below for Core<R> {
    fn bytes(&mut self) -> &mut Buf {
        self.ahead.buffer_mut()
    }

    fn consume(&mut self, n: usize) {
        self.ahead.buffer_mut().consume(n);
        self.shrink_read(self.capacity);
    }

    fn chunk(&self) -> usize {
        self.chunk()
    }

    fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        min: usize,
        chunk: usize,
        started: &mut Started,
    ) -> Poll<Result<bool>> {
        self.poll_fill(cx, min, chunk, started)
    }

    fn poll_fill_all(
        &mut self,
        cx: &mut Context<'_>,
        plan: impl Fn() -> Option<Plan>,
        started: &mut Started,
    ) -> Poll<Result<Option<Whole>>> {
        let mut whole = None;
        ready!(self.poll_fill_with(cx, usize::MAX, BUFFER, plan, &mut whole, started))?;
        if let Some(bytes) = whole.as_mut().and_then(Whole::take_bytes) {
            // The bytes that the text was decoded from are freed.
            let end = bytes.len();
            self.ahead.adopt(bytes, end);
            self.shrink_read(self.capacity);
        }
        Poll::Ready(Ok(whole))
    }

    fn undecoded_hint(&self) -> Option<u64> {
        Some(self.rest_hint()? + self.ahead.buffer().len() as u64)
    }

    fn free(&self, memory: Vec<u8>) {
        self.free(memory);
    }

    fn check_readable(&self) -> Result<()> {
        self.check_readable("read")
    }

    fn path(&self) -> Option<&Path> {
        self.path()
    }

    fn begin(&mut self) -> Option<u64> {
        self.ahead.set_undelivered(0);
        self.position()
    }

    fn position(&self) -> Option<u64> {
        self.position()
    }

    fn generation(&self) -> u32 {
        self.ahead.generation()
    }

    fn is_closed(&self) -> bool {
        self.closed()
    }

    fn is_busy(&self) -> bool {
        self.is_busy()
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.poll_back(cx).map(Ok)
    }
}

impl<R: RawIo> Source for File<Text, R> {
    type Piece = String;
    type Line<'a> = &'a str;
    type Block<'a> = Block<'a>;

    fn poll_read_piece(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<usize>,
        started: &mut Started,
    ) -> Poll<Result<String>> {
        let (decoded, core) = self.parts();
        decoded.poll_read_piece(core, cx, size, started)
    }

    fn poll_read_line(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<usize>,
        started: &mut Started,
    ) -> Poll<Result<String>> {
        let (decoded, core) = self.parts();
        decoded.poll_read_line(core, cx, size, started)
    }

    fn poll_read_lines(
        &mut self,
        cx: &mut Context<'_>,
        hint: Option<usize>,
        started: &mut Started,
    ) -> Poll<Result<Vec<String>>> {
        let (decoded, core) = self.parts();
        decoded.poll_read_lines(core, cx, hint, started)
    }

    #[inline]
    fn find_here(&mut self, max: usize) -> Option<Span> {
        let (decoded, core) = self.parts();
        decoded.find_here(core, max)
    }

    fn poll_find(
        &mut self,
        cx: &mut Context<'_>,
        max: Option<usize>,
        whole: bool,
        started: &mut Started,
    ) -> Poll<Result<Option<Span>>> {
        let (decoded, core) = self.parts();
        decoded.poll_find(core, cx, max, whole, started)
    }

    #[inline]
    fn line(&mut self, span: Span) -> &str {
        self.layer.decoded.deliver_line(span)
    }

    #[inline]
    fn poll_take_line(
        &mut self,
        cx: &mut Context<'_>,
        span: Span,
        _: &mut Started,
    ) -> Poll<Result<String>> {
        let (decoded, core) = self.parts();
        decoded.poll_take_line(core, cx, span)
    }

    fn find_block(&self, first: Span, max: usize) -> usize {
        self.layer.decoded.find_block(first, max)
    }

    fn block(&mut self, first: Span, len: usize) -> Block<'_> {
        self.layer.decoded.deliver_block(first, len)
    }

    fn poll_size(
        &mut self,
        cx: &mut Context<'_>,
        started: &mut Started,
    ) -> Poll<Result<(u64, u64)>> {
        self.parts().1.poll_size(cx, started)
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

impl<R: RawIo> Follow for File<Text, R> {}

impl<R: RawIo> File<Text, R> {
    /// The decoded text, and the machine with the bytes below. The caller must keep the two
    /// in step itself: nothing is told on this way down.
    #[inline]
    pub(super) fn parts(&mut self) -> (&mut crate::text::Decoded, &mut Core<R>) {
        (&mut self.layer.decoded, self.layer.binary.descend())
    }
}
