//! Pending reads of the standard input.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::stream::{File, Locking, Stream, Turn};
use crate::budget;
use crate::error::Result;
use crate::file::core::Started;
use crate::file::source::Source;
use crate::file::{BinaryFile, TextFile};
use crate::raw_io::RawIo;

/// What a handle reads: [`Text`] or [`Bytes`].
pub trait Side: sealed::Sided {}

/// Text, decoded as UTF-8.
#[derive(Debug)]
pub enum Text {}

/// Bytes as they come.
#[derive(Debug)]
pub enum Bytes {}

mod sealed {
    use super::{File, Source};

    pub trait Sided: 'static {
        type File: Source<Piece: Send>;

        #[doc(hidden)]
        fn file(file: &mut File) -> &mut Self::File;
    }
}

pub(super) use self::sealed::Sided;

impl Side for Text {}

impl sealed::Sided for Text {
    type File = TextFile<Box<dyn RawIo>>;

    #[inline]
    fn file(file: &mut File) -> &mut Self::File {
        file
    }
}

impl Side for Bytes {}

impl sealed::Sided for Bytes {
    type File = BinaryFile<Box<dyn RawIo>>;

    #[inline]
    fn file(file: &mut File) -> &mut Self::File {
        file.undecoded()
    }
}

/// What a side reads: `String` or `Vec<u8>`.
pub(super) type PieceOf<S> = <<S as sealed::Sided>::File as Source>::Piece;

/// A pending `read()`: everything to the end, or so much of it.
#[derive(Debug, Default)]
pub struct Piece {
    size: Option<usize>,
}

/// A pending `readline()`.
#[derive(Debug, Default)]
pub struct Line {
    size: Option<usize>,
}

/// A pending `readlines()`.
#[derive(Debug, Default)]
pub struct AllLines {
    hint: Option<usize>,
}

mod what {
    use super::{AllLines, Context, Line, Piece, PieceOf, Poll, Result, Side, Source, Started};

    pub trait What<S: Side> {
        type Output;

        #[doc(hidden)]
        fn poll(
            &self,
            file: &mut S::File,
            cx: &mut Context<'_>,
            started: &mut Started,
        ) -> Poll<Result<Self::Output>>;
    }

    impl<S: Side> What<S> for Piece {
        type Output = PieceOf<S>;

        fn poll(
            &self,
            file: &mut S::File,
            cx: &mut Context<'_>,
            started: &mut Started,
        ) -> Poll<Result<Self::Output>> {
            file.poll_read_piece(cx, self.size, started)
        }
    }

    impl<S: Side> What<S> for Line {
        type Output = PieceOf<S>;

        fn poll(
            &self,
            file: &mut S::File,
            cx: &mut Context<'_>,
            started: &mut Started,
        ) -> Poll<Result<Self::Output>> {
            file.poll_read_line(cx, self.size, started)
        }
    }

    impl<S: Side> What<S> for AllLines {
        type Output = Vec<PieceOf<S>>;

        fn poll(
            &self,
            file: &mut S::File,
            cx: &mut Context<'_>,
            started: &mut Started,
        ) -> Poll<Result<Self::Output>> {
            file.poll_read_lines(cx, self.hint, started)
        }
    }
}

/// A pending read of the standard input, with its keywords; it holds no bytes.
#[must_use = "a read does nothing unless you `.await` it"]
pub struct Reading<S, W> {
    locking: Locking,
    turn: Option<Turn>,
    started: Started,
    what: W,
    side: std::marker::PhantomData<fn() -> S>,
}

impl<S, W: Default> Reading<S, W> {
    pub(super) fn new(stream: &'static Stream) -> Self {
        Self {
            locking: stream.turn(),
            turn: None,
            started: 0,
            what: W::default(),
            side: std::marker::PhantomData,
        }
    }
}

impl<S> Reading<S, Piece> {
    /// Reads at most `size` characters (bytes), fewer only at the end.
    pub fn size(mut self, size: usize) -> Self {
        self.what.size = Some(size);
        self
    }
}

impl<S> Reading<S, Line> {
    /// Reads at most `size` characters (bytes) of the line; the next read goes on
    /// behind them.
    pub fn size(mut self, size: usize) -> Self {
        self.what.size = Some(size);
        self
    }
}

impl<S> Reading<S, AllLines> {
    /// Stops after the line that makes the total exceed `hint` characters
    /// (bytes); 0 stands for no limit.
    pub fn hint(mut self, hint: usize) -> Self {
        self.what.hint = (hint > 0).then_some(hint);
        self
    }
}

impl<S, W> Unpin for Reading<S, W> {}

impl<S: Side, W: what::What<S>> Future for Reading<S, W> {
    type Output = Result<W::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_spend(cx));
        let this = &mut *self;
        let turn = match &mut this.turn {
            Some(turn) => turn,
            none => none.insert(ready!(Pin::new(&mut this.locking).poll(cx))),
        };
        let done = ready!(this.what.poll(S::file(turn), cx, &mut this.started));
        this.turn = None;
        Poll::Ready(done)
    }
}

impl<S, W> fmt::Debug for Reading<S, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").finish_non_exhaustive()
    }
}
