//! Pending reads with keywords: futures that hold no bytes.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::core::Started;
use super::source::sealed::Sealed;
use super::source::{Access, PieceOf, Source, Span};
use crate::budget;
use crate::error::Result;

/// A pending `read()`: to the end, or [`size`](Read::size) units. `A` is what it reads
/// from: a file that it borrows, or a standard stream that it waits for.
#[must_use = "a read does nothing unless you `.await` it"]
pub struct Read<A> {
    access: A,
    size: Option<usize>,
    started: Started,
}

impl<A> Read<A> {
    pub(crate) fn new(access: A) -> Self {
        Self {
            access,
            size: None,
            started: 0,
        }
    }

    /// Reads at most `size` bytes (of text: characters).
    pub fn size(mut self, size: usize) -> Self {
        self.size = Some(size);
        self
    }
}

impl<A: Access> Future for Read<A> {
    type Output = Result<PieceOf<A>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self {
            access,
            size,
            started,
        } = self.get_mut();
        access.poll_with(cx, |source, cx| source.poll_read_piece(cx, *size, started))
    }
}

/// A pending `readline()`: one line with its terminator, empty at the end. `A` is what it
/// reads from, as of [`Read`].
#[must_use = "a read does nothing unless you `.await` it"]
pub struct Readline<A> {
    access: A,
    size: Option<usize>,
    started: Started,
}

impl<A> Readline<A> {
    pub(crate) fn new(access: A) -> Self {
        Self {
            access,
            size: None,
            started: 0,
        }
    }

    /// Reads at most `size` bytes (of text: characters) of the line; the
    /// next read goes on behind them.
    pub fn size(mut self, size: usize) -> Self {
        self.size = Some(size);
        self
    }
}

impl<A: Access> Future for Readline<A> {
    type Output = Result<PieceOf<A>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self {
            access,
            size,
            started,
        } = self.get_mut();
        access.poll_with(cx, |source, cx| source.poll_read_line(cx, *size, started))
    }
}

/// A pending `readlines()`: all lines with their terminators. `A` is what it reads from,
/// as of [`Read`].
#[must_use = "a read does nothing unless you `.await` it"]
pub struct Readlines<A> {
    access: A,
    hint: Option<usize>,
    started: Started,
}

impl<A> Readlines<A> {
    pub(crate) fn new(access: A) -> Self {
        Self {
            access,
            hint: None,
            started: 0,
        }
    }

    /// Stops after the line that makes the total exceed `hint` bytes (of text:
    /// characters), as CPython does; 0 stands for no limit.
    pub fn hint(mut self, hint: usize) -> Self {
        self.hint = (hint > 0).then_some(hint);
        self
    }
}

impl<A: Access> Future for Readlines<A> {
    type Output = Result<Vec<PieceOf<A>>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self {
            access,
            hint,
            started,
        } = self.get_mut();
        access.poll_with(cx, |source, cx| source.poll_read_lines(cx, *hint, started))
    }
}

/// A pending `next_line()`: the next line without its terminator, lent from the
/// file's buffer.
#[must_use = "a read does nothing unless you `.await` it"]
pub struct NextLine<'a, F> {
    lending: Lending<'a, F>,
}

impl<'a, F> NextLine<'a, F> {
    pub(crate) fn new(file: &'a mut F) -> Self {
        Self {
            lending: Lending::new(file),
        }
    }

    /// Fails with [`LineTooLong`](crate::Error::LineTooLong) once a line is longer
    /// than `max` bytes, its terminator not counted (no limit). Nothing of the
    /// line is consumed then: `readline().size(..)` reads it in pieces.
    pub fn max_len(mut self, max: usize) -> Self {
        self.lending.max = max;
        self
    }
}

impl<'a, F: Source> Future for NextLine<'a, F> {
    type Output = Result<Option<F::Line<'a>>>;

    // The compiler inlines it by itself only where a program has but one such loop.
    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let found = ready!(self.get_mut().lending.poll(cx))?;
        Poll::Ready(Ok(found.map(|(file, span)| file.line(span))))
    }
}

/// A pending `next_lines()`: all whole lines in the buffer, at least one, lent as an
/// iterator.
#[must_use = "a read does nothing unless you `.await` it"]
pub struct NextLines<'a, F> {
    lending: Lending<'a, F>,
}

impl<'a, F> NextLines<'a, F> {
    pub(crate) fn new(file: &'a mut F) -> Self {
        Self {
            lending: Lending::new(file),
        }
    }

    /// Fails with [`LineTooLong`](crate::Error::LineTooLong) at a line that is longer than
    /// `max` bytes, its terminator not counted (no limit); the lines before it are lent
    /// first. Nothing of the line is consumed then.
    pub fn max_len(mut self, max: usize) -> Self {
        self.lending.max = max;
        self
    }
}

impl<'a, F: Source> Future for NextLines<'a, F> {
    type Output = Result<Option<F::Block<'a>>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let found = ready!(this.lending.poll(cx))?;
        Poll::Ready(Ok(found.map(|(file, span)| {
            let len = file.find_block(span, this.lending.max);
            file.block(span, len)
        })))
    }
}

/// A line that is sought, and the file that is to lend it.
struct Lending<'a, F> {
    /// `None` once the line has been found.
    file: Option<&'a mut F>,
    /// How long it may be, in bytes without its terminator.
    max: usize,
    started: Started,
}

/// A line that was found, and the file that has it.
type Found<'a, F> = Option<(&'a mut F, Span)>;

impl<'a, F> Lending<'a, F> {
    fn new(file: &'a mut F) -> Self {
        Self {
            file: Some(file),
            max: usize::MAX,
            started: 0,
        }
    }
}

impl<'a, F: Source> Lending<'a, F> {
    /// Inlined into the loop that takes the lines, as far as it is about a line that is
    /// there.
    #[inline(always)]
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Found<'a, F>>> {
        let file = self.file.take().expect(POLLED_AGAIN);
        let paid = budget::pay();
        if paid {
            if let Some(span) = file.find_here(self.max) {
                return Poll::Ready(Ok(Some((file, span))));
            }
        }
        self.file = Some(file);
        self.poll_more(cx, paid)
    }

    #[cold]
    #[inline(never)]
    fn poll_more(&mut self, cx: &mut Context<'_>, paid: bool) -> Poll<Result<Found<'a, F>>> {
        if !paid {
            ready!(budget::poll_turn(cx));
        }
        let file = self.file.as_mut().expect("put back by `poll`");
        let span = ready!(file.poll_find(cx, Some(self.max), false, &mut self.started))?;
        let file = self.file.take();
        Poll::Ready(Ok(file.zip(span)))
    }
}

const POLLED_AGAIN: &str = "a future was polled after it had completed";

/// What can be truncated: a [`File`](super::File) of any kind. Sealed: only this crate
/// implements it.
pub trait Truncating: Sealed {
    /// Sets the size, to the logical position by default.
    #[doc(hidden)]
    fn poll_truncate(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<u64>,
        started: &mut Started,
    ) -> Poll<Result<u64>>;
}

/// A pending `truncate()`: to the position, or to [`size`](Truncate::size) bytes.
#[must_use = "a truncate does nothing unless you `.await` it"]
pub struct Truncate<'a, F> {
    file: &'a mut F,
    size: Option<u64>,
    started: Started,
}

impl<'a, F> Truncate<'a, F> {
    pub(crate) fn new(file: &'a mut F) -> Self {
        Self {
            file,
            size: None,
            started: 0,
        }
    }

    /// Makes the file `size` bytes long.
    pub fn size(mut self, size: u64) -> Self {
        self.size = Some(size);
        self
    }
}

impl<F: Truncating> Future for Truncate<'_, F> {
    type Output = Result<u64>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_turn(cx));
        let this = self.get_mut();
        this.file.poll_truncate(cx, this.size, &mut this.started)
    }
}

macro_rules! debug {
    ($($name:ident<$($lifetime:lifetime,)? A>)*) => {$(
        impl<A> fmt::Debug for $name<$($lifetime,)? A> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}

// The file is lent to the call and says nothing about it.
debug!(Read<A> Readline<A> Readlines<A> NextLine<'_, A> NextLines<'_, A> Truncate<'_, A>);
