//! Streams of owned lines without their terminators.

use std::borrow::BorrowMut;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;

use super::core::Started;
use super::source::{Follow, Source};
use crate::budget;
use crate::error::{Error, Result};
use crate::timer::{Growth, LOOK, Sleep};

/// The longest time between two looks of a follower, if each look is a job.
const LONGEST: Duration = Duration::from_secs(1);

/// A stream of owned lines without their terminators: `Result<String>` of text,
/// `Result<Vec<u8>>` of bytes.
///
/// `lines()` makes one that borrows the file, `into_lines()` one that owns it. The stream
/// ends at the end of the file or after an error. Only after
/// [`Decode`](crate::Error::Decode), which is about one bad line, it goes on with the next
/// line.
///
/// Do not use it for the body of a response (`Body::from_stream`), which would have no line
/// ends: use [`into_chunks`](crate::BinaryFile::into_chunks).
///
/// # Cancel safety
///
/// Nothing is lost: what was read for a line that was not returned stays in the file.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Lines<F, B = F> {
    file: B,
    max: Option<usize>,
    follow: bool,
    /// How long to wait before the next look, if it is a job.
    pause: Duration,
    state: State,
    kind: PhantomData<fn() -> F>,
}

#[derive(Debug)]
enum State {
    Reading(Started),
    /// At the end of a file that is followed.
    Pausing(Sleep),
    /// At the end of a file that is followed, and the thread of the [`timer`](crate::timer)
    /// looks for us.
    Watching(Growth),
    /// A job looks whether the file has grown or was truncated.
    Looking(Started),
    Rewinding(Started),
    Over,
}

/// A stream of lines that borrows its file.
pub type LinesOf<'a, F> = Lines<F, &'a mut F>;

impl<F: Source, B: BorrowMut<F>> Lines<F, B> {
    pub(crate) fn new(file: B) -> Self {
        let state = State::Reading(0);
        Self {
            file,
            max: None,
            follow: false,
            pause: LOOK,
            state,
            kind: PhantomData,
        }
    }

    /// Limits the length of a line to `max` bytes without its terminator (default: no
    /// limit). At a longer line the stream gives [`LineTooLong`](crate::Error::LineTooLong)
    /// and ends. Nothing of that line is consumed, and memory stays bounded.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// use futures::StreamExt;
    ///
    /// std::fs::write(&path, "x".repeat(1000)).unwrap();
    /// let mut lines = aiofiles::open(&path).await?.into_lines().max_len(100);
    /// let error = lines.next().await.unwrap().unwrap_err();
    /// assert!(matches!(error, aiofiles::Error::LineTooLong { limit: 100, .. }));
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn max_len(mut self, max: usize) -> Self {
        self.max = Some(max);
        self
    }

    /// Returns the file (or the borrow of it). Its position is behind the last line that
    /// the stream gave.
    pub fn into_inner(self) -> B {
        self.file
    }
}

impl<F: Follow, B: BorrowMut<F>> Lines<F, B> {
    /// At the end of the file, waits until the file grows instead of ending, as `tail -f`
    /// does (default: it ends). It looks about ten times a second. A last line without a
    /// terminator is held back until it has one. A file that was truncated is read again
    /// from its start.
    ///
    /// On local file systems of Linux, one thread looks for all followers, without jobs and
    /// without waking their tasks, so idle followers cost next to nothing. Elsewhere, and
    /// for streams that are not files or that share their cursor with a clone, each look is
    /// a job. While nothing comes, these looks become less frequent, down to one a second.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// use futures::StreamExt;
    /// use std::io::Write;
    ///
    /// std::fs::write(&path, "first\n").unwrap();
    /// let mut lines = aiofiles::open(&path).await?.into_lines().follow();
    /// assert_eq!(lines.next().await.transpose()?.as_deref(), Some("first"));
    /// let mut other = std::fs::File::options().append(true).open(&path).unwrap();
    /// other.write_all(b"second\n").unwrap();
    /// assert_eq!(lines.next().await.transpose()?.as_deref(), Some("second"));
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn follow(mut self) -> Self {
        self.follow = true;
        self
    }
}

impl State {
    /// The state at the end of a file that is followed.
    fn wait(file: &impl Source, pause: &mut Duration) -> Self {
        match file.growth() {
            Some(growth) => Self::Watching(growth),
            None => {
                let sleep = Sleep::new(*pause);
                *pause = (*pause * 2).min(LONGEST);
                Self::Pausing(sleep)
            }
        }
    }

    /// The state after a look that has found another size than the position.
    fn seen(size: u64, pos: u64) -> Self {
        // Only a regular file that was truncated tells a size below the position.
        if size < pos {
            Self::Rewinding(0)
        } else {
            Self::Reading(0)
        }
    }
}

// No field is pinned.
impl<F, B> Unpin for Lines<F, B> {}

impl<F: Source, B: BorrowMut<F>> Stream for Lines<F, B> {
    type Item = Result<F::Piece>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        ready!(budget::poll_turn(cx));
        let this = &mut *self;
        let file = this.file.borrow_mut();
        loop {
            let next = match &mut this.state {
                State::Reading(started) => {
                    let found = match file.find_here(this.max.unwrap_or(usize::MAX)) {
                        Some(span) => Ok(Some(span)),
                        None => ready!(file.poll_find(cx, this.max, this.follow, started)),
                    };
                    match found {
                        Ok(Some(span)) => {
                            let line = ready!(file.poll_take_line(cx, span, started));
                            *started = 0;
                            this.pause = LOOK;
                            return Poll::Ready(Some(line));
                        }
                        Ok(None) if this.follow => Ok(State::wait(file, &mut this.pause)),
                        Ok(None) => Ok(State::Over),
                        Err(error @ Error::Decode { .. }) => {
                            *started = 0;
                            return Poll::Ready(Some(Err(error)));
                        }
                        Err(error) => Err(error),
                    }
                }
                State::Pausing(sleep) => {
                    ready!(Pin::new(sleep).poll(cx));
                    Ok(State::Looking(0))
                }
                State::Watching(growth) => {
                    let before = growth.before();
                    let size = ready!(Pin::new(growth).poll(cx));
                    Ok(State::seen(size, before))
                }
                State::Looking(started) => {
                    match ready!(file.poll_size(cx, started)) {
                        // There is nothing new. Most looks end here.
                        Ok((size, pos)) if size == pos => Ok(State::wait(file, &mut this.pause)),
                        Ok((size, pos)) => Ok(State::seen(size, pos)),
                        Err(error) => Err(error),
                    }
                }
                State::Rewinding(started) => {
                    ready!(file.poll_rewind(cx, started)).map(|()| State::Reading(0))
                }
                State::Over => return Poll::Ready(None),
            };
            match next {
                Ok(state) => this.state = state,
                Err(error) => {
                    this.state = State::Over;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

impl<F, B> fmt::Debug for Lines<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines")
            .field("max_len", &self.max)
            .field("follow", &self.follow)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
