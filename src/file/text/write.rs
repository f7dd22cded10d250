//! Writing text: it is translated, encoded, and put into the buffer.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use super::Bom;
use crate::budget;
use crate::codec::{count_chars, translate_out, written_end};
use crate::error::{Error, Result};
use crate::file::core::BUFFER;
use crate::file::traits::By;
use crate::file::{File, Text};
use crate::raw_io::RawIo;
use crate::text::{LONG, encode_error, encode_long};

impl<R: RawIo> File<Text, R> {
    /// Writes `text` into the buffer, with its line ends translated and encoded; returns
    /// the number of its characters. The buffer goes to the system when it is full, and at
    /// a flush, a close or a drop. An empty `text` writes nothing. (But if the encoding has
    /// a byte order mark, in a file that is open for writing only, it writes the mark.)
    /// Python: `write`.
    ///
    /// # Cancel safety
    ///
    /// A dropped write has either not begun or is complete in the buffer.
    ///
    /// # Errors
    ///
    /// [`Encode`](Error::Encode) for a character that the encoding does not have, or the
    /// error of writing what was buffered before: then nothing of `text` is stored.
    /// `Unsupported` if the file is not open for writing; `Closed`. With line buffering or
    /// write through also the error of the flush; then `text` is in the buffer.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::open(&path).mode("w").newline("\r\n").await?;
    /// assert_eq!(file.write("caf\u{e9}\n").await?, 5);
    /// file.close().await?;
    /// assert_eq!(std::fs::read(&path).unwrap(), "caf\u{e9}\r\n".as_bytes());
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    #[doc(alias("write_all", "write_str"))]
    pub async fn write(&mut self, text: &str) -> Result<usize> {
        let chars = if text.len() > LONG {
            self.write_long(text).await?
        } else {
            poll_fn(|cx| {
                ready!(budget::poll_turn(cx));
                if !self.write_more(text) {
                    ready!(self.poll_write(cx, text))?;
                }
                budget::moved(text.len());
                Poll::Ready(Ok::<_, Error>(()))
            })
            .await?;
            count_chars(text)
        };
        let settings = &self.layer.settings;
        if settings.write_through
            || (self.layer.line_buffering && budget::has_line_end(text.as_bytes()).await)
        {
            self.flush().await?;
        }
        Ok(chars)
    }

    /// A write whose text takes more than one poll to encode; returns the number of
    /// characters. The future owns the encoded bytes until they are complete, so a write
    /// that is dropped before has not begun.
    async fn write_long(&mut self, text: &str) -> Result<usize> {
        budget::turn().await;
        self.core().check_writable("write")?;
        poll_fn(|cx| self.poll_ready_to_write(cx)).await?;
        let (settings, due) = (&self.layer.settings, self.layer.bom == Bom::Due);
        let path = self.core().path();
        let (mut bytes, chars) = encode_long(settings, due, text, path).await?;
        poll_fn(|cx| {
            let core = self.descend();
            ready!(core.poll_write_long(cx, &mut bytes))?;
            self.wrote();
            Poll::Ready(Ok(chars))
        })
        .await
    }

    /// Writes every item, one after the other, and adds no line ends. Python: `writelines`.
    ///
    /// # Cancel safety
    ///
    /// After a drop midway, each item is in the buffer as a whole or not at all.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); the items before have been written.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// let mut file = aiofiles::open(&path).mode("w").await?;
    /// file.writelines(["no ", "newlines ", "added"]).await?;
    /// file.close().await?;
    /// assert_eq!(std::fs::read(&path).unwrap(), b"no newlines added");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub async fn writelines<I>(&mut self, lines: I) -> Result<()>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        budget::turn().await;
        self.core().check_open("write")?;
        let mut items = budget::Items::default();
        for line in lines {
            let line = line.as_ref();
            self.write(line).await?;
            if items.are_enough(line.len()) {
                budget::pause().await;
            }
        }
        Ok(())
    }

    /// The quick way of a write: adds `text` to what is in the buffer, if that takes
    /// nothing but a copy. `false` means that [`poll_write`](Self::poll_write) must do it.
    #[inline]
    fn write_more(&mut self, text: &str) -> bool {
        let settings = &self.layer.settings;
        let as_it_is = settings.encoding.is_utf8() && written_end(settings.newline).is_none();
        as_it_is
            && self.layer.bom == Bom::No
            && !self.layer.decoded.is_unsettled()
            && self.parts().1.write_more(text.as_bytes())
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, text: &str) -> Poll<Result<()>> {
        self.core().check_writable("write")?;
        if text.is_empty() && (self.core().meta.readable || !self.layer.settings.encoding.has_bom())
        {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_ready_to_write(cx))?;
        let translated = translate_out(self.layer.settings.newline, text);
        let due = self.layer.bom == Bom::Due;
        let mut scratch = std::mem::take(&mut self.layer.scratch);
        let bytes: &[u8] = if !due && self.layer.settings.encoding.is_utf8() {
            translated.as_bytes()
        } else {
            scratch.clear();
            if let Err(error) = self.layer.encoder.encode(&translated, due, &mut scratch) {
                let (settings, path) = (&self.layer.settings, self.core().path());
                return Poll::Ready(Err(encode_error(settings, error, text, 0, path)));
            }
            &scratch
        };
        let written = self.descend().poll_write(cx, "write", bytes);
        if scratch.capacity() <= BUFFER {
            self.layer.scratch = scratch;
        }
        if let Poll::Ready(Ok(())) = &written {
            self.wrote();
        }
        written
    }

    /// Waits until it is known whether a byte order mark is due, and no abandoned seek is
    /// left.
    fn poll_ready_to_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        ready!(self.poll_settled(cx))?;
        if self.layer.bom == Bom::Unknown {
            self.layer.bom = ready!(self.poll_bom(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Call this when what was written is in the buffer.
    fn wrote(&mut self) {
        let due = std::mem::replace(&mut self.layer.bom, Bom::No) == Bom::Due;
        let (decoded, core) = self.parts();
        decoded.sync(core);
        decoded.wrote(due);
    }

    /// Finds out whether the next write must begin with a byte order mark: that is so if it
    /// goes to the start of the file.
    fn poll_bom(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bom>> {
        if !self.layer.settings.encoding.has_bom() {
            return Poll::Ready(Ok(Bom::No));
        }
        let meta = &self.core().meta;
        let (append, seekable) = (meta.append, meta.seekable);
        let mut started = self.core().half_done.job(By::Mark);
        let at_start = if !seekable {
            Poll::Ready(Ok(true))
        } else if append {
            // An append goes to the end, wherever the position is.
            let core = self.descend();
            core.poll_size(cx, &mut started)
                .map_ok(|(size, _)| size == 0)
        } else {
            self.descend()
                .poll_tell(cx, &mut started)
                .map_ok(|pos| pos == 0)
        };
        self.parts().1.half_done.set_job(By::Mark, started);
        Poll::Ready(Ok(if ready!(at_start)? { Bom::Due } else { Bom::No }))
    }
}
