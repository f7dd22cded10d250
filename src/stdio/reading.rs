//! How a pending read gets its turn at the standard input.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::stream::{File, Locking, Stream, Turn};
use crate::budget;
use crate::file::source::sealed::Sealed;
use crate::file::source::{Access, Source};
use crate::file::{BinaryFile, TextFile};
use crate::raw_io::RawIo;

/// What a handle reads: [`Text`] or [`Bytes`].
pub trait Side: sealed::Sided {}

/// Decoded text.
#[derive(Debug)]
pub enum Text {}

/// Bytes.
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

/// What a read gives: `String` or `Vec<u8>`.
pub(super) type PieceOf<S> = <<S as sealed::Sided>::File as Source>::Piece;

/// The way of a pending read to the standard input: it waits for its turn. It holds no
/// bytes.
pub struct InTurn<S> {
    locking: Locking,
    turn: Option<Turn>,
    side: std::marker::PhantomData<fn() -> S>,
}

impl<S> InTurn<S> {
    pub(super) fn new(stream: &'static Stream) -> Self {
        Self {
            locking: stream.turn(),
            turn: None,
            side: std::marker::PhantomData,
        }
    }
}

impl<S> Unpin for InTurn<S> {}

impl<S> Sealed for InTurn<S> {}

impl<S: Side> Access for InTurn<S> {
    type Source = S::File;

    fn poll_with<T>(
        &mut self,
        cx: &mut Context<'_>,
        f: impl FnOnce(&mut S::File, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        ready!(budget::poll_turn(cx));
        let turn = match &mut self.turn {
            Some(turn) => turn,
            none => none.insert(ready!(Pin::new(&mut self.locking).poll(cx))),
        };
        let done = ready!(f(S::file(turn), cx));
        self.turn = None;
        Poll::Ready(done)
    }
}

impl<S> fmt::Debug for InTurn<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InTurn").finish_non_exhaustive()
    }
}
