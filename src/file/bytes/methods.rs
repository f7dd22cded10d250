//! The methods that binary and raw files share.

use std::task::{Context, Poll, ready};

use crate::budget::{self, MOST_A_POLL, Share};
use crate::error::Result;
use crate::file::block::{Ends, find_block};
use crate::file::core::Started;
use crate::file::lines::{Lines, LinesOf};
use crate::file::pending::{NextLine, NextLines, Readline, Readlines, Truncate, Truncating};
use crate::file::source::{Follow, Source, Span};
use crate::file::{Block, Bytes, File};
use crate::raw_io::RawIo;

impl<K: Bytes, R: RawIo> File<K, R> {
    /// Returns the mode as CPython names it: `rb+` for `w+b`.
    #[must_use]
    pub fn mode(&self) -> &str {
        &self.core().meta.mode
    }

    /// Reads one line with its `\n`; returns a `Vec<u8>`, empty at the end. The last line
    /// may have no `\n`. Only `\n` ends a line. `.size(n)` reads at most `n` bytes of it.
    /// Python: `readline`.
    ///
    /// # Cancel safety
    ///
    /// What a dropped read has read is returned by the next one.
    ///
    /// # Errors
    ///
    /// Those of the system; `Unsupported` if the file is not open for reading; `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, b"one\ntwo").unwrap();
    /// let mut file = aiofiles::open(&path).binary().await?;
    /// assert_eq!(file.readline().size(2).await?, b"on");
    /// assert_eq!(file.readline().await?, b"e\n");
    /// assert_eq!(file.readline().await?, b"two");
    /// assert_eq!(file.readline().await?, b"", "the end");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias("read_line", "read_until"))]
    pub fn readline(&mut self) -> Readline<&mut Self> {
        Readline::new(self)
    }

    /// Reads all lines, as [`readline`](Self::readline) gives them; returns a
    /// `Vec<Vec<u8>>`. `.hint(n)` stops after the line with which the total exceeds `n`
    /// bytes. Python: `readlines`.
    ///
    /// # Cancel safety
    ///
    /// As [`readline`](Self::readline).
    ///
    /// # Errors
    ///
    /// As [`readline`](Self::readline).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, b"one\ntwo\nthree\n").unwrap();
    /// let mut file = aiofiles::open(&path).binary().await?;
    /// assert_eq!(file.readlines().hint(5).await?, [b"one\n", b"two\n"]);
    /// assert_eq!(file.readlines().await?, [b"three\n"]);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn readlines(&mut self) -> Readlines<&mut Self> {
        Readlines::new(self)
    }

    /// Returns the next line without its `\n` as a `&[u8]` into the buffer: no copy, no
    /// allocation. `None` is the end. A `\r` before the `\n` stays in the line. With
    /// `.max_len(n)`, a line longer than `n` bytes is an error (default: no limit).
    ///
    /// # Cancel safety
    ///
    /// As [`readline`](Self::readline).
    ///
    /// # Errors
    ///
    /// As [`readline`](Self::readline).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, b"one\ntwo\n\xff\xfe").unwrap();
    /// let mut file = aiofiles::open(&path).binary().await?;
    /// let mut lengths = Vec::new();
    /// while let Some(line) = file.next_line().max_len(1 << 20).await? {
    ///     lengths.push(line.len());
    /// }
    /// assert_eq!(lengths, [3, 3, 2]);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "read_until")]
    pub fn next_line(&mut self) -> NextLine<'_, Self> {
        NextLine::new(self)
    }

    /// Returns all complete lines in the buffer, at least one, without their `\n`: an
    /// iterator of `&[u8]`. This is the fastest way to go through lines. `None` is the end.
    /// With `.max_len(n)`, a line longer than `n` bytes is an error (default: no limit).
    ///
    /// # Cancel safety
    ///
    /// As [`readline`](Self::readline).
    ///
    /// # Errors
    ///
    /// As [`readline`](Self::readline).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, b"one\ntwo\n\xff").unwrap();
    /// let mut file = aiofiles::open(&path).binary().await?;
    /// let mut lengths = Vec::new();
    /// while let Some(block) = file.next_lines().await? {
    ///     lengths.extend(block.map(<[u8]>::len));
    /// }
    /// assert_eq!(lengths, [3, 3, 1]);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn next_lines(&mut self) -> NextLines<'_, Self> {
        NextLines::new(self)
    }

    /// Returns a stream of owned lines without their `\n`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// use futures::TryStreamExt;
    ///
    /// std::fs::write(&path, b"one\ntwo\n").unwrap();
    /// let mut file = aiofiles::open(&path).binary().await?;
    /// let lines: Vec<_> = file.lines().try_collect().await?;
    /// assert_eq!(lines, [b"one", b"two"]);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn lines(&mut self) -> LinesOf<'_, Self> {
        Lines::new(self)
    }

    /// Returns a stream of owned lines without their `\n`. The stream owns the file.
    pub fn into_lines(self) -> Lines<Self> {
        Lines::new(self)
    }

    /// Reads once into the spare capacity of `buf`, behind what it holds, and returns the
    /// number of bytes and `buf`. The system reads straight into `buf`; only buffered
    /// bytes, if there are any, are copied. The number is 0 at the end, and if `buf` has no
    /// spare capacity.
    ///
    /// # Cancel safety
    ///
    /// A dropped call drops `buf`. What was read for it is returned by the next read.
    ///
    /// # Errors
    ///
    /// As [`readline`](Self::readline); `buf` comes back unchanged.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, b"0123456789").unwrap();
    /// let mut file = aiofiles::open(&path).raw().await?;
    /// let mut buf = Vec::with_capacity(4);
    /// let mut sum = 0;
    /// loop {
    ///     // No copy: the buffer goes to the job and comes back.
    ///     let (read, back) = file.read_owned(buf).await;
    ///     buf = back;
    ///     if read? == 0 {
    ///         break;
    ///     }
    ///     sum += buf.iter().map(|digit| u32::from(digit - b'0')).sum::<u32>();
    ///     buf.clear();
    /// }
    /// assert_eq!(sum, 45);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub async fn read_owned(&mut self, mut buf: Vec<u8>) -> (Result<usize>, Vec<u8>) {
        let core = self.descend();
        let mut started = 0;
        let result = std::future::poll_fn(|cx| core.poll_read_owned(cx, &mut buf, &mut started));
        (result.await, buf)
    }

    /// Writes all of `data` without a copy, after what was buffered; returns the number of
    /// bytes written and `data`. If the system fails after a part, the number is that part,
    /// and the next write meets the error again.
    ///
    /// # Cancel safety
    ///
    /// A write that has begun is completed.
    ///
    /// # Errors
    ///
    /// Those of the system, if nothing of `data` was written; `Unsupported` if the file is
    /// not open for writing; `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::open(&path).binary().mode("w").await?;
    /// let (written, buf) = file.write_owned(vec![7; 1 << 20]).await;
    /// assert_eq!((written?, buf.len()), (1 << 20, 1 << 20));
    /// file.close().await?;
    /// assert_eq!(std::fs::metadata(&path).unwrap().len(), 1 << 20);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub async fn write_owned(&mut self, mut data: Vec<u8>) -> (Result<usize>, Vec<u8>) {
        let core = self.descend();
        let mut started = 0;
        let result = std::future::poll_fn(|cx| core.poll_write_owned(cx, &mut data, &mut started));
        (result.await, data)
    }

    /// Moves the position and returns it, in bytes from the start. It takes no hop if the
    /// new position is in the read buffer. Python: `seek`.
    ///
    /// # Cancel safety
    ///
    /// After a drop midway, the position may have moved or not; nothing is lost.
    ///
    /// # Errors
    ///
    /// `InvalidInput` (EINVAL) for a position before the start; `Unsupported` if the file
    /// cannot seek; the error of writing what was buffered; `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// use std::io::SeekFrom;
    ///
    /// std::fs::write(&path, b"0123456789").unwrap();
    /// let mut file = aiofiles::open(&path).binary().await?;
    /// assert_eq!(file.seek(SeekFrom::End(-3)).await?, 7);
    /// assert_eq!(file.read().await?, b"789");
    /// file.seek(SeekFrom::Start(1)).await?;
    /// assert_eq!(file.read().size(2).await?, b"12");
    /// assert_eq!(file.tell().await?, 3);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "lseek")]
    pub async fn seek(&mut self, pos: std::io::SeekFrom) -> Result<u64> {
        let core = self.descend();
        let mut started = 0;
        std::future::poll_fn(|cx| {
            ready!(budget::poll_turn(cx));
            core.poll_seek(cx, pos, &mut started)
        })
        .await
    }

    /// Returns the position, in bytes from the start, behind what was written and is still
    /// buffered. Python: `tell`.
    ///
    /// If the file knows its position, the answer comes from memory (Python asks the system
    /// each time). So if the cursor is moved by another process, or through a duplicate of
    /// the descriptor that this crate did not make, `tell` does not see it before the next
    /// [`seek`](Self::seek).
    ///
    /// # Cancel safety
    ///
    /// A dropped call has changed nothing.
    ///
    /// # Errors
    ///
    /// `Unsupported` if the file cannot seek; `Closed`.
    #[doc(alias = "stream_position")]
    pub async fn tell(&mut self) -> Result<u64> {
        let core = self.descend();
        let mut started = 0;
        std::future::poll_fn(|cx| {
            ready!(budget::poll_turn(cx));
            core.poll_tell(cx, &mut started)
        })
        .await
    }

    /// Makes the file end at the position, or makes it [`size`](Truncate::size) bytes long;
    /// returns the new size. The position does not move. If the file becomes longer, zeros
    /// are added. Python: `truncate`.
    ///
    /// # Cancel safety
    ///
    /// A truncate that has begun is completed.
    ///
    /// # Errors
    ///
    /// `Unsupported` if the file is not open for writing; those of the system; the error of
    /// writing what was buffered; `Closed`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::open(&path).binary().mode("w").await?;
    /// file.write(b"0123456789").await?;
    /// assert_eq!(file.truncate().size(4).await?, 4);
    /// assert_eq!(file.tell().await?, 10, "it does not move");
    /// assert_eq!(file.truncate().await?, 10, "to where it is: zeros");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "ftruncate")]
    pub fn truncate(&mut self) -> Truncate<'_, Self> {
        Truncate::new(self)
    }

    /// Makes the file `size` bytes long, as [`std::fs::File::set_len`] does. The same as
    /// [`truncate().size(size)`](Self::truncate). The position does not move.
    ///
    /// # Cancel safety
    ///
    /// As [`truncate`](Self::truncate).
    ///
    /// # Errors
    ///
    /// As [`truncate`](Self::truncate).
    #[doc(alias = "ftruncate")]
    pub async fn set_len(&mut self, size: u64) -> Result<()> {
        self.truncate().size(size).await.map(drop)
    }
}

impl<K: Bytes, R: RawIo> Truncating for File<K, R> {
    fn poll_truncate(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<u64>,
        started: &mut Started,
    ) -> Poll<Result<u64>> {
        self.descend().poll_truncate(cx, size, started)
    }
}

impl<K: Bytes, R: RawIo> Source for File<K, R> {
    type Piece = Vec<u8>;
    type Line<'a> = &'a [u8];
    type Block<'a> = Block<'a, [u8]>;

    fn poll_read_piece(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<usize>,
        started: &mut Started,
    ) -> Poll<Result<Vec<u8>>> {
        self.descend().poll_read_bytes(cx, size, K::EXACT, started)
    }

    fn poll_read_line(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<usize>,
        started: &mut Started,
    ) -> Poll<Result<Vec<u8>>> {
        self.descend().poll_read_line(cx, size, K::EXACT, started)
    }

    fn poll_read_lines(
        &mut self,
        cx: &mut Context<'_>,
        hint: Option<usize>,
        started: &mut Started,
    ) -> Poll<Result<Vec<Vec<u8>>>> {
        self.descend().poll_read_lines(cx, hint, K::EXACT, started)
    }

    #[inline]
    fn find_here(&mut self, max: usize) -> Option<Span> {
        self.descend().find_line_here(max)
    }

    fn poll_find(
        &mut self,
        cx: &mut Context<'_>,
        max: Option<usize>,
        whole: bool,
        started: &mut Started,
    ) -> Poll<Result<Option<Span>>> {
        self.descend().poll_find_line(cx, max, whole, started)
    }

    #[inline]
    fn line(&mut self, span: Span) -> &[u8] {
        &self.descend().ahead.buffer_mut().consume_slice(span.total)[..span.content]
    }

    fn find_block(&self, first: Span, max: usize) -> usize {
        find_block(Ends::Lf, self.core().ahead.buffer().bytes(), first, max)
    }

    fn block(&mut self, first: Span, len: usize) -> Block<'_, [u8]> {
        Block::new(
            self.descend().ahead.buffer_mut().consume_slice(len),
            Ends::Lf,
            first,
        )
    }

    #[inline]
    fn poll_take_line(
        &mut self,
        cx: &mut Context<'_>,
        span: Span,
        started: &mut Started,
    ) -> Poll<Result<Vec<u8>>> {
        if span.total <= MOST_A_POLL {
            return Poll::Ready(Ok(self.line(span).to_vec()));
        }
        let core = self.descend();
        let mut line = ready!(core.poll_take(cx, span.total, &mut Share::default(), started))?;
        line.truncate(span.content);
        Poll::Ready(Ok(line))
    }

    fn poll_size(
        &mut self,
        cx: &mut Context<'_>,
        started: &mut Started,
    ) -> Poll<Result<(u64, u64)>> {
        self.descend().poll_size(cx, started)
    }

    fn growth(&self) -> Option<crate::timer::Growth> {
        self.core().growth()
    }

    fn poll_rewind(&mut self, cx: &mut Context<'_>, started: &mut Started) -> Poll<Result<()>> {
        self.descend()
            .poll_seek(cx, std::io::SeekFrom::Start(0), started)
            .map_ok(drop)
    }

    fn is_empty(piece: &Vec<u8>) -> bool {
        piece.is_empty()
    }
}

impl<K: Bytes, R: RawIo> Follow for File<K, R> {}
