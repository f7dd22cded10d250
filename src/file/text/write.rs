//! Writing text: translated, encoded, into the buffer.

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
    /// Writes `text` into the buffer, encoded and with its line ends translated;
    /// returns how many characters it has. The buffer goes to the system when it
    /// is full, at a flush, or at the end. Nothing happens for an empty `text`, but
    /// for the byte order mark of a file that is open for writing only. Python:
    /// `write`.
    ///
    /// # Cancel safety
    ///
    /// A dropped write has either not begun or is complete in the buffer.
    ///
    /// # Errors
    ///
    /// [`Encode`](Error::Encode) for a character that the encoding does not have,
    /// or an error that was kept of an earlier write: nothing of `text` is stored
    /// then. `Unsupported` if not open for writing; `Closed`. With line buffering,
    /// those of the flush too.
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

    /// A write that takes more than one poll to encode; returns how many characters it
    /// has. What is encoded is the future's until it is whole, so that a dropped write has
    /// not begun.
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

    /// Writes every item, with nothing between them. Python: `writelines`.
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, the items so far are in the buffer, whole.
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

    /// Adds `text` to what was written before, where that takes no more than to copy it:
    /// nothing has come between that would make it begin anew. `false` leaves it to
    /// [`poll_write`](Self::poll_write).
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

    /// Waits until it is known whether a mark is due, and nothing else is on its way.
    fn poll_ready_to_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        ready!(self.poll_settled(cx))?;
        if self.layer.bom == Bom::Unknown {
            self.layer.bom = ready!(self.poll_bom(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    /// What was written is in the buffer.
    fn wrote(&mut self) {
        let due = std::mem::replace(&mut self.layer.bom, Bom::No) == Bom::Due;
        let (decoded, core) = self.parts();
        decoded.sync(core);
        decoded.wrote(due);
    }

    /// Whether the next write goes to the start of the file.
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
            // Wherever the position is, it is written at the end.
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
