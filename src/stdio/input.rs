//! Handles on the standard input.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream as FuturesStream;

use super::facts::facts;
use super::reading::{Bytes, InTurn, PieceOf, Side, Sided, Text};
use super::stream::Stream;
use crate::budget::{self, MOST_A_POLL};
use crate::error::{Error, Result};
use crate::file::core::Started;
use crate::file::source::Source;
use crate::file::{Read, Readline, Readlines, Reconfigure};
use crate::futures_traits::by_tokio;

/// A stream of owned lines of the standard input, without their terminators; made by
/// `lines()`. It ends at the end of the input or after an error.
///
/// It takes no turn while it waits. Other handles may read meanwhile, and the stream goes
/// on behind what they have read.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Lines<S> {
    stream: &'static Stream,
    max: Option<usize>,
    started: Started,
    over: bool,
    side: std::marker::PhantomData<fn() -> S>,
}

impl<S> Lines<S> {
    /// Limits the length of a line to `max` bytes without its terminator (default: no
    /// limit). At a longer line the stream gives [`LineTooLong`](crate::Error::LineTooLong)
    /// and ends. Nothing of that line is consumed.
    pub fn max_len(mut self, max: usize) -> Self {
        self.max = Some(max);
        self
    }
}

impl<S> Unpin for Lines<S> {}

impl<S: Side> FuturesStream for Lines<S> {
    type Item = Result<PieceOf<S>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        ready!(budget::poll_turn(cx));
        let this = &mut *self;
        if this.over {
            return Poll::Ready(None);
        }
        if let Some(line) = line_here::<S, _>(this.stream, this.max, |line| line.into()) {
            this.started = 0;
            return Poll::Ready(Some(Ok(line)));
        }
        let (max, started) = (this.max, &mut this.started);
        let line = ready!(this.stream.poll_with(cx, |file, cx| {
            let file = S::file(file);
            Poll::Ready(match ready!(file.poll_find(cx, max, false, started)) {
                Ok(Some(span)) => Some(ready!(file.poll_take_line(cx, span, started))),
                Ok(None) => None,
                Err(error) => Some(Err(error)),
            })
        }));
        this.started = 0;
        this.over = !matches!(line, Some(Ok(_)));
        Poll::Ready(line)
    }
}

/// If the next line is in the buffer and nobody has the turn, gives it to `copy`, without
/// its terminator, and returns what `copy` returns. `None` tells nothing: then the line is
/// to be read with a turn.
#[inline]
fn line_here<S: Side, T>(
    stream: &'static Stream,
    max: Option<usize>,
    copy: impl FnOnce(<S::File as Source>::Line<'_>) -> T,
) -> Option<T> {
    stream.look(|file| {
        let file = S::file(file);
        let span = file.find_here(max.unwrap_or(usize::MAX).min(MOST_A_POLL))?;
        budget::moved(span.total);
        Some(copy(file.line(span)))
    })
}

/// Polls for a line with its terminator, for handles as streams.
fn poll_line<S: Side>(
    stream: &'static Stream,
    started: &mut Started,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<PieceOf<S>>>> {
    ready!(budget::poll_turn(cx));
    let line = ready!(stream.poll_with(cx, |file, cx| {
        S::file(file).poll_read_line(cx, None, started)
    }));
    *started = 0;
    Poll::Ready(match line {
        Ok(line) if S::File::is_empty(&line) => None,
        line => Some(line),
    })
}

/// A handle on the standard input, as text. Python: `aiofiles.stdin`.
///
/// Made by [`stdin`](crate::stdin). All handles are equal: see the [module](crate::stdio).
/// It is also a `Stream` of lines with their terminators.
pub struct TextInput {
    stream: &'static Stream,
    /// The line that `next_line` lends.
    line: String,
    started: Started,
}

/// A handle on the standard input, as bytes. Python: `aiofiles.stdin_bytes`.
///
/// Made by [`stdin_bytes`](crate::stdin_bytes). All handles are equal: see the
/// [module](crate::stdio). It is also a `Stream` of lines with their terminators, and an
/// `AsyncRead` of tokio and futures.
pub struct BytesInput {
    stream: &'static Stream,
    /// The line that `next_line` lends.
    line: Vec<u8>,
    started: Started,
}

/// Writes the methods that both handles have. (Of a trait, users would have to import it.)
macro_rules! input {
    ($Handle:ident, $Side:ident, $Owned:ty, $Lent:ty, $append:ident, $unit:literal) => {
        impl $Handle {
            pub(super) fn new(stream: &'static Stream) -> Self {
                Self {
                    stream,
                    line: Default::default(),
                    started: 0,
                }
            }

            #[doc = concat!("Reads to the end, or `.size(n)` ", $unit, ", fewer only at the end. Python: `read`.")]
            ///
            /// # Cancel safety
            ///
            /// What a dropped read has read is returned by the next one, through any
            /// handle.
            ///
            /// # Errors
            ///
            /// Those of the system; for text [`Decode`](crate::Error::Decode), after which
            /// the next read goes on behind the bad bytes; `Closed`.
            pub fn read(&self) -> Read<InTurn<$Side>> {
                Read::new(InTurn::new(self.stream))
            }

            /// Reads one line with its `\n`; empty at the end. The last line may have no
            /// `\n`. `.size(n)` reads at most `n` bytes (of text: characters) of it.
            /// Python: `readline`.
            ///
            /// # Cancel safety
            ///
            /// As [`read`](Self::read): no part of a line is lost.
            ///
            /// # Errors
            ///
            /// As [`read`](Self::read).
            pub fn readline(&self) -> Readline<InTurn<$Side>> {
                Readline::new(InTurn::new(self.stream))
            }

            /// Reads all lines with their `\n`. `.hint(n)` stops after the line with which
            /// the total exceeds `n` bytes (of text: characters). Python: `readlines`.
            ///
            /// # Cancel safety
            ///
            /// As [`read`](Self::read).
            ///
            /// # Errors
            ///
            /// As [`read`](Self::read).
            pub fn readlines(&self) -> Readlines<InTurn<$Side>> {
                Readlines::new(InTurn::new(self.stream))
            }

            /// Returns the next line without its `\n`, lent from the handle, which uses the
            /// same memory for each line. `None` is the end.
            ///
            /// # Cancel safety
            ///
            /// As [`read`](Self::read).
            ///
            /// # Errors
            ///
            /// As [`read`](Self::read).
            pub async fn next_line(&mut self) -> Result<Option<&$Lent>> {
                let line = &mut self.line;
                let copy = |here: &$Lent| {
                    line.clear();
                    line.$append(here);
                };
                if budget::pay() && line_here::<$Side, _>(self.stream, None, copy).is_some() {
                    return Ok(Some(&self.line));
                }
                let mut turn = self.stream.turn().await;
                let (line, mut started) = (&mut self.line, 0);
                let found = poll_fn(|cx| {
                    ready!(budget::poll_turn(cx));
                    let file = <$Side as Sided>::file(&mut turn);
                    let Some(span) = ready!(file.poll_find(cx, None, false, &mut started))? else {
                        return Poll::Ready(Ok(false));
                    };
                    if span.total > MOST_A_POLL {
                        *line = ready!(file.poll_take_line(cx, span, &mut started))?;
                    } else {
                        line.clear();
                        line.$append(file.line(span));
                    }
                    Poll::Ready(Ok::<_, Error>(true))
                });
                if !found.await? {
                    return Ok(None);
                }
                Ok(Some(&self.line))
            }

            /// Returns a stream of owned lines without their `\n`.
            pub fn lines(&self) -> Lines<$Side> {
                Lines {
                    stream: self.stream,
                    max: None,
                    started: 0,
                    over: false,
                    side: std::marker::PhantomData,
                }
            }

            /// Closes the stream for the whole process; the descriptor stays open. Does
            /// nothing to a closed stream. It waits for a pending read. Python: `close`.
            ///
            /// # Cancel safety
            ///
            /// A close that has begun is completed.
            ///
            /// # Errors
            ///
            /// [`ExecutorGone`](crate::Error::ExecutorGone) if no thread can be
            /// started.
            pub async fn close(&self) -> Result<()> {
                self.stream.turn().await.close().await
            }

            /// Does nothing, as nothing can be written. Python: `flush`.
            ///
            /// # Cancel safety
            ///
            /// A dropped call has changed nothing.
            ///
            /// # Errors
            ///
            /// `Closed`.
            pub async fn flush(&self) -> Result<()> {
                self.stream.turn().await.flush().await
            }
        }

        impl Clone for $Handle {
            fn clone(&self) -> Self {
                Self::new(self.stream)
            }
        }

        impl FuturesStream for $Handle {
            type Item = Result<$Owned>;

            fn poll_next(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<Option<Self::Item>> {
                let stream = self.stream;
                poll_line::<$Side>(stream, &mut self.started, cx)
            }
        }

    };
}

input!(TextInput, Text, String, str, push_str, "characters");
input!(BytesInput, Bytes, Vec<u8>, [u8], extend_from_slice, "bytes");
facts!(TextInput, reads: true);
facts!(BytesInput, reads: true);

impl TextInput {
    /// Returns the mode, `r`.
    #[must_use]
    pub fn mode(&self) -> &str {
        "r"
    }

    /// Returns the canonical name of the encoding, `utf-8` unless
    /// [reconfigured](Self::reconfigure).
    #[must_use]
    pub fn encoding(&self) -> &str {
        self.stream.facts().encoding
    }

    /// Returns the error policy, `strict` unless [reconfigured](Self::reconfigure).
    #[must_use]
    pub fn errors(&self) -> &str {
        self.stream.facts().errors.as_str()
    }

    /// Changes the settings that its keyword methods name, for all handles: `encoding`,
    /// `errors`, `newline` (default: no change). Only before any text was read. Python:
    /// `sys.stdin.reconfigure`.
    ///
    /// # Cancel safety
    ///
    /// After a drop midway, either everything or nothing is changed.
    ///
    /// # Errors
    ///
    /// `Unsupported` after text was read; the error of a keyword with an invalid value;
    /// `Closed`.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let stdin = aiofiles::stdin();
    /// stdin.reconfigure().encoding("shift_jis").errors("replace").await?;
    /// let text = stdin.read().await?;
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn reconfigure(&self) -> Reconfigure<'static> {
        self.stream.reconfigure()
    }
}

impl BytesInput {
    /// Returns the mode, `rb`.
    #[must_use]
    pub fn mode(&self) -> &str {
        "rb"
    }

    /// Reads to the end.
    ///
    /// # Cancel safety
    ///
    /// As [`read`](Self::read).
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn readall(&self) -> Result<Vec<u8>> {
        self.read().await
    }

    /// Reads at most `size` bytes: what is buffered, or if nothing is, what one read of the
    /// system gives. So it waits only until there is something. Python: `read1`.
    ///
    /// # Cancel safety
    ///
    /// As [`read`](Self::read).
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn read1(&self, size: usize) -> Result<Vec<u8>> {
        self.stream.turn().await.bytes().read1(size).await
    }

    /// Fills `buf` and returns the number of bytes, which is less than its length only at
    /// the end. Python: `readinto`.
    ///
    /// # Cancel safety
    ///
    /// As [`read`](Self::read). After a dropped call, `buf` may hold anything.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn readinto(&self, buf: &mut [u8]) -> Result<usize> {
        self.stream.turn().await.bytes().readinto(buf).await
    }

    /// Reads once into the spare capacity of `buf`, behind what it holds, and returns the
    /// number of bytes and `buf`. The number is 0 at the end, and if `buf` has no spare
    /// capacity.
    ///
    /// # Cancel safety
    ///
    /// A dropped call drops `buf`. What was read for it is returned by the next read.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read); `buf` comes back unchanged.
    pub async fn read_owned(&self, buf: Vec<u8>) -> (Result<usize>, Vec<u8>) {
        self.stream.turn().await.bytes().read_owned(buf).await
    }
}

impl tokio::io::AsyncRead for BytesInput {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream.poll_with(cx, |file, cx| {
            tokio::io::AsyncRead::poll_read(Pin::new(file.undecoded()), cx, buf)
        })
    }
}

by_tokio!(AsyncRead, [] BytesInput);

impl<S> fmt::Debug for Lines<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines")
            .field("max_len", &self.max)
            .finish_non_exhaustive()
    }
}
