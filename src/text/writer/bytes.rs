//! The writer as an `AsyncWrite`.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

use super::{LONG, Writer, append, encode, not_text};
use crate::budget;
use crate::text::making::Checked;

/// Takes text as bytes of UTF-8. A character may be split between calls. Bytes that are not
/// UTF-8 are the error `InvalidData`, and so is a shutdown in the middle of a character. If
/// the next bytes do not complete a character, its first bytes are dropped with the error.
impl<W: AsyncWrite> AsyncWrite for Writer<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(budget::poll_turn(cx));
        self.check_open("write")?;
        let data = &data[..data.len().min(LONG)];
        // The first bytes of a character, and the new bytes that complete it.
        let mut joined = Vec::new();
        let bytes = if self.carry.is_empty() {
            data
        } else {
            joined.extend_from_slice(&self.carry);
            joined.extend_from_slice(&data[..data.len().min(4)]);
            &joined
        };
        let (text, bad) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, false),
            Err(error) => {
                let text = std::str::from_utf8(&bytes[..error.valid_up_to()]);
                (text.unwrap_or_default(), error.error_len().is_some())
            }
        };
        let taken_before = self.carry.len();
        if text.is_empty() && bad {
            // The character that was begun can never be completed.
            self.project().carry.clear();
            let error = not_text("text is written as UTF-8, which this is not");
            return Poll::Ready(Err(error));
        }
        if !text.is_empty() {
            // Wait for room before encoding, so that the text is not encoded again for each
            // poll.
            ready!(self.as_mut().poll_room(cx, text.len()))?;
            let mut encoded = Vec::new();
            encode(&self.settings, self.bom, text, &mut encoded)?;
            ready!(self.as_mut().poll_room(cx, encoded.len()))?;
            let flushes = self.flushes(text);
            let this = self.as_mut().project();
            append(this.out, this.done, &encoded);
            budget::moved(encoded.len());
            (*this.bom, *this.ending) = (false, false);
            this.carry.clear();
            if flushes {
                // The flush only begins here. The next operation continues it, and returns
                // its error.
                drop(self.poll_out(cx));
            }
            return Poll::Ready(Ok(text.len() - taken_before));
        }
        // There is not even one complete character: keep the bytes until the others come.
        let this = self.project();
        this.carry.extend_from_slice(&bytes[taken_before..]);
        Poll::Ready(Ok(bytes.len() - taken_before))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(budget::poll_turn(cx));
        self.check_open("flush")?;
        self.poll_out(cx)
    }

    /// Closes the writer, as [`close`](Writer::close) does.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(budget::poll_turn(cx));
        self.check()?;
        self.poll_end(cx)
    }
}
