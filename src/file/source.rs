//! What the reading futures and the line streams need of each kind of file.

use std::task::{Context, Poll};

use super::core::Started;
use crate::error::Result;
use crate::timer::Growth;

/// A line in the buffer of a [`Source`], not consumed yet.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Its length without the terminator, in bytes.
    pub(crate) content: usize,
    /// Its length with the terminator, in bytes.
    pub(crate) total: usize,
}

/// A kind of file that can be read by pieces and by lines. Every method keeps
/// its progress in the file, so it may be given up at any poll.
///
/// Not meant to be named or implemented outside this crate.
pub trait Source {
    /// What a read gives: `Vec<u8>` or `String`.
    type Piece: Default;
    /// A line that is lent: `&[u8]` or `&str`.
    type Line<'a>: Copy + Into<Self::Piece>
    where
        Self: 'a;

    /// Lines that are lent together.
    type Block<'a>
    where
        Self: 'a;

    /// Reads `size` units (bytes or characters), or to the end.
    #[doc(hidden)]
    fn poll_read_piece(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<usize>,
        started: &mut Started,
    ) -> Poll<Result<Self::Piece>>;

    /// Reads a line with its terminator, at most `size` units of it.
    #[doc(hidden)]
    fn poll_read_line(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<usize>,
        started: &mut Started,
    ) -> Poll<Result<Self::Piece>>;

    /// Reads lines until their total exceeds `hint` units, or to the end.
    #[doc(hidden)]
    fn poll_read_lines(
        &mut self,
        cx: &mut Context<'_>,
        hint: Option<usize>,
        started: &mut Started,
    ) -> Poll<Result<Vec<Self::Piece>>>;

    /// The next line, of at most `max` bytes without its terminator, where that takes no
    /// more than to look: nearly every time. `None` is no answer, but for
    /// [`poll_find`](Self::poll_find) to find out.
    #[doc(hidden)]
    fn find_here(&mut self, max: usize) -> Option<Span>;

    /// Has the next line in the buffer; `None` at the end. With `whole`, a last
    /// line without terminator counts as not there yet.
    #[doc(hidden)]
    fn poll_find(
        &mut self,
        cx: &mut Context<'_>,
        max: Option<usize>,
        whole: bool,
        started: &mut Started,
    ) -> Poll<Result<Option<Span>>>;

    /// Consumes the line that was found last.
    #[doc(hidden)]
    fn line(&mut self, span: Span) -> Self::Line<'_>;

    /// How many bytes whole lines take that are in the buffer, from the line that was
    /// found last on: none of the others is longer than `max`.
    #[doc(hidden)]
    fn find_block(&self, first: Span, max: usize) -> usize;

    /// Consumes `len` bytes of whole lines, of which that is the first.
    #[doc(hidden)]
    fn block(&mut self, first: Span, len: usize) -> Self::Block<'_>;

    /// Whether a piece is empty, which means the end.
    #[doc(hidden)]
    fn is_empty(piece: &Self::Piece) -> bool;

    /// As [`line`](Self::line), owned: a share a poll, consumed once it is complete.
    #[doc(hidden)]
    fn poll_take_line(
        &mut self,
        cx: &mut Context<'_>,
        span: Span,
        started: &mut Started,
    ) -> Poll<Result<Self::Piece>>;

    /// The size of the file and the position of its cursor, in bytes. Of what cannot be
    /// [followed](Follow), nobody asks for it, nor for what is below.
    #[doc(hidden)]
    fn poll_size(
        &mut self,
        cx: &mut Context<'_>,
        started: &mut Started,
    ) -> Poll<Result<(u64, u64)>> {
        let _ = (cx, started);
        Poll::Ready(Ok((0, 0)))
    }

    /// Waits, at the end, until the size of the file is another. `None` where that
    /// is not known to take no job; [`poll_size`](Self::poll_size) finds out.
    #[doc(hidden)]
    fn growth(&self) -> Option<Growth> {
        None
    }

    /// Goes back to the start, dropping what is buffered.
    #[doc(hidden)]
    fn poll_rewind(&mut self, cx: &mut Context<'_>, started: &mut Started) -> Poll<Result<()>> {
        let _ = (cx, started);
        Poll::Ready(Ok(()))
    }
}

/// What can grow, so that its lines can be followed: a file.
pub trait Follow: Source {}
