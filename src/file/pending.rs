//! Pending reads with keywords: futures that hold no bytes.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::core::Started;
use super::source::Source;
use crate::budget;
use crate::error::Result;

/// A pending `read()`: to the end, or [`size`](Read::size) units.
#[must_use = "a read does nothing unless you `.await` it"]
pub struct Read<'a, F> {
    file: &'a mut F,
    size: Option<usize>,
    started: Started,
}

impl<'a, F> Read<'a, F> {
    pub(crate) fn new(file: &'a mut F) -> Self {
        Self {
            file,
            size: None,
            started: 0,
        }
    }

    /// Reads at most `size` bytes (of a text file: characters).
    pub fn size(mut self, size: usize) -> Self {
        self.size = Some(size);
        self
    }
}

impl<F: Source> Future for Read<'_, F> {
    type Output = Result<F::Piece>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_turn(cx));
        let this = self.get_mut();
        this.file.poll_read_piece(cx, this.size, &mut this.started)
    }
}

/// A pending `readline()`: one line with its terminator, empty at the end.
#[must_use = "a read does nothing unless you `.await` it"]
pub struct Readline<'a, F> {
    file: &'a mut F,
    size: Option<usize>,
    started: Started,
}

impl<'a, F> Readline<'a, F> {
    pub(crate) fn new(file: &'a mut F) -> Self {
        Self {
            file,
            size: None,
            started: 0,
        }
    }

    /// Reads at most `size` bytes (of a text file: characters) of the line; the
    /// next read goes on behind them.
    pub fn size(mut self, size: usize) -> Self {
        self.size = Some(size);
        self
    }
}

impl<F: Source> Future for Readline<'_, F> {
    type Output = Result<F::Piece>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_turn(cx));
        let this = self.get_mut();
        this.file.poll_read_line(cx, this.size, &mut this.started)
    }
}

/// A pending `readlines()`: all lines with their terminators.
#[must_use = "a read does nothing unless you `.await` it"]
pub struct Readlines<'a, F> {
    file: &'a mut F,
    hint: Option<usize>,
    started: Started,
}

impl<'a, F> Readlines<'a, F> {
    pub(crate) fn new(file: &'a mut F) -> Self {
        Self {
            file,
            hint: None,
            started: 0,
        }
    }

    /// Stops after the line that makes the total exceed `hint` bytes (of a text
    /// file: characters), as CPython does; 0 stands for no limit.
    pub fn hint(mut self, hint: usize) -> Self {
        self.hint = (hint > 0).then_some(hint);
        self
    }
}

impl<F: Source> Future for Readlines<'_, F> {
    type Output = Result<Vec<F::Piece>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_turn(cx));
        let this = self.get_mut();
        this.file.poll_read_lines(cx, this.hint, &mut this.started)
    }
}

/// A pending `next_line()`: the next line without its terminator, lent from the
/// file's buffer.
#[must_use = "a read does nothing unless you `.await` it"]
pub struct NextLine<'a, F> {
    /// `None` once the line has been lent.
    file: Option<&'a mut F>,
    max: Option<usize>,
    started: Started,
}

impl<'a, F> NextLine<'a, F> {
    pub(crate) fn new(file: &'a mut F) -> Self {
        Self {
            file: Some(file),
            max: None,
            started: 0,
        }
    }

    /// Fails with [`LineTooLong`](crate::Error::LineTooLong) once a line is longer
    /// than `max` bytes, its terminator not counted (no limit). Nothing of the
    /// line is consumed then: `readline().size(..)` reads it in pieces.
    pub fn max_len(mut self, max: usize) -> Self {
        self.max = Some(max);
        self
    }
}

impl<'a, F: Source> Future for NextLine<'a, F> {
    type Output = Result<Option<F::Line<'a>>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_turn(cx));
        let this = self.get_mut();
        let file = this
            .file
            .as_mut()
            .expect("`NextLine` was polled after it had completed");
        let span = ready!(file.poll_find(cx, this.max, false, &mut this.started))?;
        let file = this.file.take().expect("still there");
        Poll::Ready(Ok(span.map(|span| file.line(span))))
    }
}

/// A pending `next_lines()`: all whole lines in the buffer, at least one, lent as an
/// iterator.
#[must_use = "a read does nothing unless you `.await` it"]
pub struct NextLines<'a, F> {
    /// `None` once the lines have been lent.
    file: Option<&'a mut F>,
    max: Option<usize>,
    started: Started,
}

impl<'a, F> NextLines<'a, F> {
    pub(crate) fn new(file: &'a mut F) -> Self {
        Self {
            file: Some(file),
            max: None,
            started: 0,
        }
    }

    /// Fails with [`LineTooLong`](crate::Error::LineTooLong) at a line that is longer than
    /// `max` bytes, its terminator not counted (no limit); the lines before it are lent
    /// first. Nothing of the line is consumed then.
    pub fn max_len(mut self, max: usize) -> Self {
        self.max = Some(max);
        self
    }
}

impl<'a, F: Source> Future for NextLines<'a, F> {
    type Output = Result<Option<F::Block<'a>>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_turn(cx));
        let this = self.get_mut();
        let file = this
            .file
            .as_mut()
            .expect("`NextLines` was polled after it had completed");
        let span = ready!(file.poll_find(cx, this.max, false, &mut this.started))?;
        let file = this.file.take().expect("still there");
        Poll::Ready(Ok(span.map(|span| {
            let len = file.find_block(span, this.max.unwrap_or(usize::MAX));
            file.block(span, len)
        })))
    }
}

/// A file that a [`Truncate`] is for.
pub trait Truncating {
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
        let this = self.get_mut();
        this.file.poll_truncate(cx, this.size, &mut this.started)
    }
}

macro_rules! debug {
    ($($name:ident)*) => {$(
        impl<F> fmt::Debug for $name<'_, F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}

// The file is borrowed for the call and says nothing about it.
debug!(Read Readline Readlines NextLine NextLines Truncate);
