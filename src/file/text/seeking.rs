//! Positions of text files: `tell`, `seek`, `truncate`.

use std::future::poll_fn;
use std::io::SeekFrom;
use std::task::{Context, Poll, ready};

use super::Bom;
use super::{TextPosition, TextSeek};
use crate::budget;
use crate::error::Result;
use crate::file::core::Started;
use crate::file::pending::{Truncate, Truncating};
use crate::file::{File, Text};
use crate::raw_io::RawIo;
use crate::text::Sought;

impl<R: RawIo> File<Text, R> {
    /// Returns where the text has come to, to be given to [`seek`](Self::seek)
    /// later. Python: `tell`, whose cookie is opaque too. As there,
    /// what is buffered is written first: only then it is known where that went.
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, nothing is lost.
    ///
    /// # Errors
    ///
    /// `Unsupported` if the file cannot seek; `Closed`; those of a write of what was
    /// buffered.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, "one\ntwo\nthree\n").unwrap();
    /// let mut file = aiofiles::open(&path).await?;
    /// file.readline().await?;
    /// let second = file.tell().await?;
    /// file.read().await?;
    /// file.seek(second).await?;
    /// assert_eq!(file.readline().await?, "two\n");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "stream_position")]
    pub async fn tell(&mut self) -> Result<TextPosition> {
        budget::turn().await;
        self.core().check_seekable("tell")?;
        let mut started = 0;
        poll_fn(|cx| self.poll_settled(cx)).await?;
        // As CPython: where a write leads to is known once it was made.
        if self.core().is_dirty() {
            self.flush().await?;
        }
        let offset = poll_fn(|cx| self.descend().poll_tell(cx, &mut started)).await?;
        let core = self.layer.binary.core();
        self.layer.decoded.sync(core);
        Ok(self.layer.decoded.position(offset))
    }

    /// Goes to a position that [`tell`](Self::tell) gave, to the start
    /// (`SeekFrom::Start(0)`), to the end (`End(0)`), or to where it is
    /// (`Current(0)`); returns the position. Python: `seek`.
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, the position may have moved; nothing is lost.
    ///
    /// # Errors
    ///
    /// `Unsupported` for any other `SeekFrom`, as text has no such positions, and
    /// if the file cannot seek; those of a write of what was buffered.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// use std::io::SeekFrom;
    ///
    /// let mut file = aiofiles::open(&path).mode("w+").await?;
    /// file.write("text").await?;
    /// file.seek(SeekFrom::Start(0)).await?;
    /// assert_eq!(file.read().await?, "text");
    /// let error = file.seek(SeekFrom::Start(2)).await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "rewind")]
    pub async fn seek(&mut self, to: impl Into<TextSeek>) -> Result<TextPosition> {
        budget::turn().await;
        self.core().check_seekable("seek")?;
        let to = match to.into() {
            TextSeek::Position(position) => position,
            TextSeek::From(SeekFrom::Start(0)) => TextPosition::START,
            TextSeek::From(SeekFrom::Current(0)) => {
                // As CPython: the system is asked, unless there is text that was read
                // ahead.
                self.flush().await?;
                self.descend().forget_position();
                self.tell().await?
            }
            TextSeek::From(SeekFrom::End(0)) => {
                let mut started = 0;
                self.layer.bom = Bom::Unknown;
                let end = poll_fn(|cx| {
                    ready!(self.poll_seeks(cx, Sought::End, started))?;
                    self.parts().1.poll_seek(cx, SeekFrom::End(0), &mut started)
                });
                let end = TextPosition::behind_any_mark(end.await?, &self.layer.settings.encoding);
                self.go_on_at(end);
                self.layer.decoded.forget_newlines();
                return Ok(end);
            }
            TextSeek::From(_) => {
                let reason = "text can seek only to a position that `tell` gave, to the start, \
                              to the end, or to where it is";
                return Err(self.core().unsupported("seek", reason));
            }
        };
        let mut started = 0;
        poll_fn(|cx| self.poll_seek(cx, to, &mut started)).await?;
        Ok(to)
    }

    /// Notes where a seek leads, before it has `started`: should nobody see its
    /// end, the next operation finds out.
    fn poll_seeks(
        &mut self,
        cx: &mut Context<'_>,
        to: Sought,
        started: Started,
    ) -> Poll<Result<()>> {
        if started == 0 {
            ready!(self.parts().1.poll_back(cx));
            self.descend();
            self.layer.decoded.seeks(to);
        }
        Poll::Ready(Ok(()))
    }

    /// Lets an abandoned seek come to its end: the position tells where that is,
    /// but not any more once something else was done.
    pub(super) fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if self.layer.decoded.is_unsettled() {
            let (decoded, core) = self.parts();
            ready!(core.poll_back(cx));
            decoded.sync(core);
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_seek(
        &mut self,
        cx: &mut Context<'_>,
        to: TextPosition,
        started: &mut Started,
    ) -> Poll<Result<()>> {
        self.layer.bom = Bom::Unknown;
        ready!(self.poll_seeks(cx, Sought::Position(to), *started))?;
        let start = SeekFrom::Start(to.offset);
        ready!(self.parts().1.poll_seek(cx, start, started))?;
        self.go_on_at(to);
        Poll::Ready(Ok(()))
    }

    /// Begins anew at the position that the bytes below have come to.
    fn go_on_at(&mut self, position: TextPosition) {
        let (decoded, core) = self.parts();
        core.ahead.set_undelivered(0);
        decoded.resume(core.ahead.generation(), position);
    }

    /// Makes the file end at the position, or be [`size`](Truncate::size) bytes
    /// long; returns the new size in bytes. The position does not move. Python:
    /// `truncate`, whose documentation says so too.
    ///
    /// # Cancel safety
    ///
    /// Once begun it goes on to its end; nothing else is lost.
    ///
    /// # Errors
    ///
    /// `Unsupported` if not open for writing; those of the system, and of a write
    /// of what was buffered.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, "one\ntwo\n").unwrap();
    /// let mut file = aiofiles::open(&path).mode("r+").await?;
    /// file.readline().await?;
    /// assert_eq!(file.truncate().await?, 4, "behind the line that was read");
    /// file.close().await?;
    /// assert_eq!(std::fs::read(&path).unwrap(), b"one\n");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "ftruncate")]
    pub fn truncate(&mut self) -> Truncate<'_, Self> {
        Truncate::new(self)
    }

    /// Makes the file `size` bytes long, as [`std::fs::File::set_len`]: what
    /// [`truncate`](Self::truncate) does, under std's name. The position does not
    /// move.
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

impl<R: RawIo> Truncating for File<Text, R> {
    fn poll_truncate(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<u64>,
        started: &mut Started,
    ) -> Poll<Result<u64>> {
        ready!(self.poll_settled(cx))?;
        let size = ready!(self.descend().poll_truncate(cx, size, started))?;
        self.layer.bom = Bom::Unknown;
        Poll::Ready(Ok(size))
    }
}
