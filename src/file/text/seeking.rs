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
    /// Returns the position, which you can give to [`seek`](Self::seek) later. It first
    /// writes what is buffered, as Python does: only then the position is known. Python:
    /// `tell`, which returns an opaque number.
    ///
    /// # Cancel safety
    ///
    /// A dropped call loses nothing.
    ///
    /// # Errors
    ///
    /// `Unsupported` if the file cannot seek; the error of writing what was buffered;
    /// `Closed`.
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
        // As CPython: the position behind a write is known only after the write.
        if self.core().is_dirty() {
            self.flush().await?;
        }
        let offset = poll_fn(|cx| self.descend().poll_tell(cx, &mut started)).await?;
        let core = self.layer.binary.core();
        self.layer.decoded.sync(core);
        Ok(self.layer.decoded.position(offset))
    }

    /// Goes to a position that [`tell`](Self::tell) gave, to the start
    /// (`SeekFrom::Start(0)`) or to the end (`SeekFrom::End(0)`), or stays
    /// (`SeekFrom::Current(0)`); returns the position. Python: `seek`.
    ///
    /// # Cancel safety
    ///
    /// After a drop midway, the position may have moved or not; nothing is lost.
    ///
    /// # Errors
    ///
    /// `Unsupported` for any other `SeekFrom`, because an offset in bytes may be in the
    /// middle of a character, and if the file cannot seek; the error of writing what was
    /// buffered; `Closed`.
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
                // As CPython: asks the system for the position, unless text was read ahead.
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

    /// Notes the target of a seek before it has `started`. If the seek is abandoned, the
    /// next operation uses this note to find out where the seek has led.
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

    /// Waits for an abandoned seek and finds out where it has led. This must be done before
    /// anything else: the position tells it only until something else moves it.
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

    /// Drops all decoded text and goes on at `position`, where the bytes below are now.
    fn go_on_at(&mut self, position: TextPosition) {
        let (decoded, core) = self.parts();
        core.ahead.set_undelivered(0);
        decoded.resume(core.ahead.generation(), position);
    }

    /// Makes the file end at the position, or makes it [`size`](Truncate::size) bytes long;
    /// returns the new size in bytes. The position does not move. Python: `truncate`.
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
