//! A file of bytes as a stream of chunks.

use std::borrow::BorrowMut;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::core::Started;
use super::{Bytes, File};
use crate::budget;
use crate::error::Result;
use crate::raw_io::RawIo;

/// A stream of the rest of a file, made by [`chunks`](File::chunks) and
/// [`into_chunks`](File::into_chunks). Its items are `Result<Vec<u8>>`; no chunk is empty.
///
/// It ends at the end of the file or after an error. `B` is the file or a `&mut` to it.
///
/// # Cancel safety
///
/// What a dropped `next` has read is returned by the next call, or by a read of the file.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Chunks<F, B = F> {
    file: B,
    size: usize,
    started: Started,
    over: bool,
    kind: PhantomData<fn() -> F>,
}

/// [`Chunks`] of a borrowed file.
pub type ChunksOf<'a, F> = Chunks<F, &'a mut F>;

impl<F, B> Chunks<F, B> {
    fn new(file: B, size: usize) -> Self {
        Self {
            file,
            // Chunks of 0 bytes would never come to the end.
            size: size.max(1),
            started: 0,
            over: false,
            kind: PhantomData,
        }
    }

    /// Returns the file (or the borrow of it). Its position is behind the last chunk.
    pub fn into_inner(self) -> B {
        self.file
    }
}

impl<K: Bytes, R: RawIo> File<K, R> {
    /// Returns a stream of the rest of the file, in chunks of at most `size` bytes (0
    /// counts as 1). The body of an HTTP response takes such a stream.
    ///
    /// Each chunk is what is buffered, or if nothing is, what one system call gives. (The
    /// file itself is a stream of lines, as in Python; content without line ends would be
    /// one long line.)
    ///
    /// If `futures::StreamExt` is in scope, `file.chunks(n)` calls the method of that
    /// trait, which takes the file and groups its lines. Then borrow the file first
    /// (`let file = &mut file;`), or use [`into_chunks`](Self::into_chunks).
    ///
    /// # Errors
    ///
    /// Those of [`readline`](Self::readline), as the last item of the stream.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// use futures::TryStreamExt;
    ///
    /// std::fs::write(&path, b"0123456789").unwrap();
    /// let mut file = aiofiles::open(&path).binary().await?;
    /// let chunks: Vec<Vec<u8>> = file.chunks(4).try_collect().await?;
    /// assert_eq!(chunks, [&b"0123"[..], b"4567", b"89"]);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias("ReaderStream", "bytes_stream"))]
    pub fn chunks(&mut self, size: usize) -> ChunksOf<'_, Self> {
        Chunks::new(self, size)
    }

    /// As [`chunks`](Self::chunks), but the stream owns the file.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// use futures::TryStreamExt;
    ///
    /// std::fs::write(&path, [7; 100_000]).unwrap();
    /// let body = aiofiles::open(&path).binary().await?.into_chunks(64 * 1024);
    /// let sizes: Vec<usize> = body.map_ok(|chunk| chunk.len()).try_collect().await?;
    /// assert_eq!(sizes.iter().sum::<usize>(), 100_000);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias("ReaderStream", "bytes_stream"))]
    pub fn into_chunks(self, size: usize) -> Chunks<Self> {
        Chunks::new(self, size)
    }
}

// No field is pinned.
impl<F, B> Unpin for Chunks<F, B> {}

impl<K: Bytes, R: RawIo, B: BorrowMut<File<K, R>>> Stream for Chunks<File<K, R>, B> {
    type Item = Result<Vec<u8>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        ready!(budget::poll_turn(cx));
        if this.over {
            return Poll::Ready(None);
        }
        let core = this.file.borrow_mut().descend();
        let chunk = ready!(core.poll_read_some(cx, this.size, &mut this.started));
        this.started = 0;
        this.over = chunk.as_ref().map_or(true, Vec::is_empty);
        Poll::Ready(match chunk {
            Ok(chunk) if chunk.is_empty() => None,
            chunk => Some(chunk),
        })
    }
}

impl<F, B> fmt::Debug for Chunks<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunks")
            .field("size", &self.size)
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}
