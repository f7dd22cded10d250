//! Pending reads and their keywords. These futures hold no bytes, so nothing is lost when
//! one is dropped.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::core::Started;
use super::source::sealed::Sealed;
use super::source::{Access, PieceOf, Source, Span};
use crate::budget;
use crate::error::Result;

/// A pending read, which its keyword may limit.
struct Asked<A> {
    access: A,
    limit: Option<usize>,
    started: Started,
}

impl<A> Asked<A> {
    fn new(access: A) -> Self {
        Self {
            access,
            limit: None,
            started: 0,
        }
    }
}

impl<A: Access> Asked<A> {
    /// Polls `read` as soon as the source is there.
    fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        read: impl FnOnce(&mut A::Source, &mut Context<'_>, Option<usize>, &mut Started) -> Poll<T>,
    ) -> Poll<T> {
        let (limit, started) = (self.limit, &mut self.started);
        self.access
            .poll_with(cx, |source, cx| read(source, cx, limit, started))
    }
}

/// A pending `read()`. Keyword: [`size`](Read::size) (default: to the end). It gives
/// `Result<String>` for text and `Result<Vec<u8>>` for bytes.
///
/// `A` is what it reads from: a file that it borrows, or a standard stream that it waits
/// for.
#[must_use = "a read does nothing unless you `.await` it"]
pub struct Read<A>(Asked<A>);

impl<A> Read<A> {
    pub(crate) fn new(access: A) -> Self {
        Self(Asked::new(access))
    }

    /// Reads at most `size` bytes (of text: characters).
    pub fn size(mut self, size: usize) -> Self {
        self.0.limit = Some(size);
        self
    }
}

impl<A: Access> Future for Read<A> {
    type Output = Result<PieceOf<A>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.get_mut().0.poll(cx, A::Source::poll_read_piece)
    }
}

/// A pending `readline()`: one line with its terminator, empty at the end. Keyword:
/// [`size`](Readline::size) (default: the whole line). It gives `Result<String>` for text
/// and `Result<Vec<u8>>` for bytes. `A` is what it reads from, as in [`Read`].
#[must_use = "a read does nothing unless you `.await` it"]
pub struct Readline<A>(Asked<A>);

impl<A> Readline<A> {
    pub(crate) fn new(access: A) -> Self {
        Self(Asked::new(access))
    }

    /// Reads at most `size` bytes (of text: characters) of the line. The next read returns
    /// the rest of the line.
    pub fn size(mut self, size: usize) -> Self {
        self.0.limit = Some(size);
        self
    }
}

impl<A: Access> Future for Readline<A> {
    type Output = Result<PieceOf<A>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.get_mut().0.poll(cx, A::Source::poll_read_line)
    }
}

/// A pending `readlines()`: all lines with their terminators. Keyword:
/// [`hint`](Readlines::hint) (default: to the end). It gives `Result<Vec<String>>` for text
/// and `Result<Vec<Vec<u8>>>` for bytes. `A` is what it reads from, as in [`Read`].
#[must_use = "a read does nothing unless you `.await` it"]
pub struct Readlines<A>(Asked<A>);

impl<A> Readlines<A> {
    pub(crate) fn new(access: A) -> Self {
        Self(Asked::new(access))
    }

    /// Stops after the line with which the total exceeds `hint` bytes (of text:
    /// characters), as CPython does. 0 means no limit.
    pub fn hint(mut self, hint: usize) -> Self {
        self.0.limit = (hint > 0).then_some(hint);
        self
    }
}

impl<A: Access> Future for Readlines<A> {
    type Output = Result<Vec<PieceOf<A>>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.get_mut().0.poll(cx, A::Source::poll_read_lines)
    }
}

/// A pending `next_line()`: the next line without its terminator, lent from the buffer of
/// the file. Keyword: [`max_len`](NextLine::max_len) (default: no limit). It gives
/// `Result<Option<&str>>` for text and `Result<Option<&[u8]>>` for bytes.
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

    /// Limits the length of a line to `max` bytes without its terminator (default: no
    /// limit). A longer line is the error [`LineTooLong`](crate::Error::LineTooLong), and
    /// nothing of it is consumed: `readline().size(..)` can read it in pieces.
    pub fn max_len(mut self, max: usize) -> Self {
        self.lending.max = max;
        self
    }
}

impl<'a, F: Source> Future for NextLine<'a, F> {
    type Output = Result<Option<F::Line<'a>>>;

    // Without this, the compiler inlines it only in programs with a single such loop.
    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let found = ready!(self.get_mut().lending.poll(cx))?;
        Poll::Ready(Ok(found.map(|(file, span)| file.line(span))))
    }
}

/// A pending `next_lines()`: all complete lines in the buffer, at least one. Keyword:
/// [`max_len`](NextLines::max_len) (default: no limit). It gives `Result<Option<Block>>`; a
/// [`Block`](super::Block) is an iterator of `&str` for text, of `&[u8]` for bytes.
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

    /// Limits the length of each line to `max` bytes without its terminator (default: no
    /// limit). The lines before a longer line are returned first; then the error is
    /// [`LineTooLong`](crate::Error::LineTooLong), and nothing of that line is consumed.
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

/// The search for a line, and the file that will lend it.
struct Lending<'a, F> {
    /// `None` once the line has been found.
    file: Option<&'a mut F>,
    /// The limit for its length, in bytes without its terminator.
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
    /// Only the case of a line that is already in the buffer is inlined into the loop of
    /// the user.
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
    /// Sets the size; to the position if `size` is `None`.
    #[doc(hidden)]
    fn poll_truncate(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<u64>,
        started: &mut Started,
    ) -> Poll<Result<u64>>;
}

/// A pending `truncate()`. Keyword: [`size`](Truncate::size) (default: the position). It
/// gives the new size in bytes, a `Result<u64>`.
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

// The file is not printed: it is only borrowed, and need not implement `Debug`.
debug!(Read<A> Readline<A> Readlines<A> NextLine<'_, A> NextLines<'_, A> Truncate<'_, A>);
