//! What the reading futures and the line streams need of each kind of file.

use std::task::{Context, Poll, ready};

use super::core::Started;
use super::{File, FileKind};
use crate::budget;
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

/// What can be read by pieces and by lines: a [`File`] of any kind, or a
/// [`text::Reader`](crate::text::Reader).
///
/// Its types say what the reads of each give, so that you can write code for all of them.
/// It is sealed: only this crate implements it.
pub trait Source: Sealed {
    /// What a read gives: `Vec<u8>` or `String`.
    type Piece: Default;
    /// A line that `next_line` lends: `&[u8]` or `&str`.
    type Line<'a>: Copy + Into<Self::Piece>
    where
        Self: 'a;

    /// Lines that `next_lines` lends together: a [`Block`](super::Block).
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

    /// The quick way, which succeeds nearly every time: returns the next line if it is in
    /// the buffer and has at most `max` bytes without its terminator. `None` means that
    /// [`poll_find`](Self::poll_find) must be asked.
    #[doc(hidden)]
    fn find_here(&mut self, max: usize) -> Option<Span>;

    /// Reads until the next line is in the buffer; `None` at the end. With `whole`, a last
    /// line without a terminator counts as not there yet.
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

    /// Returns how many bytes at the start of the buffer are lines for one block: `first`,
    /// which was found last, and then complete lines none longer than `max`.
    #[doc(hidden)]
    fn find_block(&self, first: Span, max: usize) -> usize;

    /// Consumes the `len` bytes that [`find_block`](Self::find_block) has found.
    #[doc(hidden)]
    fn block(&mut self, first: Span, len: usize) -> Self::Block<'_>;

    /// Whether a piece is empty, which means the end.
    #[doc(hidden)]
    fn is_empty(piece: &Self::Piece) -> bool;

    /// As [`line`](Self::line), but copies the line, a bounded part in each poll. The line
    /// is consumed when the copy is complete.
    #[doc(hidden)]
    fn poll_take_line(
        &mut self,
        cx: &mut Context<'_>,
        span: Span,
        started: &mut Started,
    ) -> Poll<Result<Self::Piece>>;

    /// The size of the file and the position of its cursor, in bytes. This method and those
    /// below are called only for what can be [followed](Follow), so only that implements
    /// them.
    #[doc(hidden)]
    fn poll_size(
        &mut self,
        cx: &mut Context<'_>,
        started: &mut Started,
    ) -> Poll<Result<(u64, u64)>> {
        let _ = (cx, started);
        Poll::Ready(Ok((0, 0)))
    }

    /// At the end of the file: a future that waits, without a job, until the size of the
    /// file is another. `None` if that is not possible, or if
    /// [`poll_size`](Self::poll_size) has not yet found out that it is.
    #[doc(hidden)]
    fn growth(&self) -> Option<Growth> {
        None
    }

    /// Drops what is buffered and goes back to the start.
    #[doc(hidden)]
    fn poll_rewind(&mut self, cx: &mut Context<'_>, started: &mut Started) -> Poll<Result<()>> {
        let _ = (cx, started);
        Poll::Ready(Ok(()))
    }
}

/// A source that can grow, so that its lines can be [followed](super::Lines::follow): a
/// [`File`] of any kind. Sealed, as [`Source`] is.
pub trait Follow: Source {}

/// The way of a pending read to its source: a file that it borrows (`&mut File<..>`), or a
/// standard stream for which it waits ([`InTurn`](crate::stdio::InTurn)). Sealed, as
/// [`Source`] is.
pub trait Access: Sealed + Unpin {
    /// The source that it leads to.
    type Source: Source;

    /// Waits for the source, then polls `f` with it, and gives the source up when `f` is
    /// ready.
    #[doc(hidden)]
    fn poll_with<T>(
        &mut self,
        cx: &mut Context<'_>,
        f: impl FnOnce(&mut Self::Source, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T>;
}

/// What a read through `A` gives: `Vec<u8>` or `String`.
pub(crate) type PieceOf<A> = <<A as Access>::Source as Source>::Piece;

impl<F: Sealed> Sealed for &mut F {}

impl<K: FileKind, R: Send> Sealed for File<K, R> {}

impl<F: Source> Access for &mut F {
    type Source = F;

    #[inline]
    fn poll_with<T>(
        &mut self,
        cx: &mut Context<'_>,
        f: impl FnOnce(&mut F, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        ready!(budget::poll_turn(cx));
        f(self, cx)
    }
}

/// A supertrait that only this crate can name, so nobody else can implement the traits of
/// this module.
pub(crate) mod sealed {
    pub trait Sealed {}
}

use self::sealed::Sealed;
