//! The writer as one of bytes, for what writes through the trait.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

use super::{LONG, Writer, append, encode, not_text};
use crate::budget;
use crate::text::making::Checked;

/// For text as bytes of UTF-8: a character may come in parts. Bytes that are none are
/// `InvalidData`, and so is a shutdown in the middle of a character. The begin of a
/// character that is not completed by the next bytes is dropped with the error.
impl<W: AsyncWrite> AsyncWrite for Writer<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(budget::poll_turn(cx));
        self.check_open("write")?;
        let data = &data[..data.len().min(LONG)];
        // What there is of a character, with what completes it.
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
            // What was begun cannot become whole any more, whatever is written next.
            self.project().carry.clear();
            let error = not_text("text is written as UTF-8, which this is not");
            return Poll::Ready(Err(error));
        }
        if !text.is_empty() {
            // A stream that takes its time is not worth encoding for again and again.
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
                // Begun here; the next operation goes on, and tells its error.
                drop(self.poll_out(cx));
            }
            return Poll::Ready(Ok(text.len() - taken_before));
        }
        // Not even one character: it is completed by what comes.
        let this = self.project();
        this.carry.extend_from_slice(&bytes[taken_before..]);
        Poll::Ready(Ok(bytes.len() - taken_before))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(budget::poll_turn(cx));
        self.check_open("flush")?;
        self.poll_out(cx)
    }

    /// Closes it, as [`close`](Writer::close).
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(budget::poll_turn(cx));
        self.check()?;
        self.poll_end(cx)
    }
}
