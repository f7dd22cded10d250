//! The turn at a stream, and the line of those who wait for it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::{File, Slot, Stream};
use crate::budget::has_line_end;
use crate::error::Result;
use crate::file::BinaryFile;
use crate::foreign::{discard, wake};
use crate::raw_io::RawIo;
use crate::sync::atomic::Ordering;

/// A place in the line for the turn.
pub(in crate::stdio) struct Locking {
    pub(super) stream: &'static Stream,
    pub(super) ticket: Option<u64>,
}

impl Future for Locking {
    type Output = Turn;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Turn> {
        let this = &mut *self;
        {
            let mut slot = this.stream.slot();
            if let Some((turn, unused)) = this.take(&mut slot) {
                drop(slot);
                discard(unused);
                return Poll::Ready(turn);
            }
            let known = this.ticket.and_then(|ticket| slot.queue.get(&ticket));
            if known.is_some_and(|waker| waker.will_wake(cx.waker())) {
                return Poll::Pending;
            }
        }
        let waker = cx.waker().clone();
        let mut slot = this.stream.slot();
        // The turn may have become free in between.
        let (polled, unused) = match this.take(&mut slot) {
            Some((turn, old)) => (Poll::Ready(turn), [old, Some(waker)]),
            None => {
                let ticket = *this.ticket.get_or_insert_with(|| {
                    slot.next_ticket += 1;
                    slot.next_ticket
                });
                (Poll::Pending, [slot.queue.insert(ticket, waker), None])
            }
        };
        drop(slot);
        discard(unused);
        polled
    }
}

impl Locking {
    /// Takes the turn if it is free and this is the next in line. Also returns the waker
    /// that was in the line.
    fn take(&mut self, slot: &mut Slot) -> Option<(Turn, Option<Waker>)> {
        let first = match (self.ticket, slot.queue.first_key_value()) {
            (None, None) => true,
            (Some(ticket), Some((front, _))) => ticket == *front,
            (None, Some(_)) | (Some(_), None) => false,
        };
        let file = slot.file.take_if(|_| first)?;
        let waker = self.ticket.take().and_then(|at| slot.queue.remove(&at));
        Some((Turn::new(self.stream, file), waker))
    }
}

impl Drop for Locking {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let mut slot = self.stream.slot();
            let waker = slot.queue.remove(&ticket);
            // This may have been the next in line.
            let next = slot.next();
            drop(slot);
            discard(waker);
            self.stream.pass_on(next, false);
        }
    }
}

impl Slot {
    /// Who is to be woken if nobody has the turn.
    fn next(&mut self) -> Next {
        if self.file.is_none() {
            return Next::Later;
        }
        match self.queue.first_entry() {
            None => Next::Nobody,
            // The waker is moved out and not cloned. The poll that it causes either
            // takes the turn or leaves a new waker.
            Some(mut first) => {
                let spent = Waker::noop().clone();
                Next::Waiting(std::mem::replace(first.get_mut(), spent))
            }
        }
    }
}

/// Who is next at the stream.
enum Next {
    /// The first in line.
    Waiting(Waker),
    /// Nobody is in line. The watchers may look.
    Nobody,
    /// Somebody has the turn. Its drop wakes the next one.
    Later,
}

impl Stream {
    /// Wakes the next in line, or if nobody is in line, the watchers (not with `quiet`).
    fn pass_on(&self, next: Next, quiet: bool) {
        match next {
            Next::Waiting(next) => wake(next),
            Next::Nobody if !quiet => self.watchers.wake_all(),
            Next::Nobody | Next::Later => {}
        }
    }
}

/// The turn. Its owner has the file until the drop.
pub(in crate::stdio) struct Turn {
    stream: &'static Stream,
    /// `None` only in the drop.
    pub(super) file: Option<Box<File>>,
    /// Whether the watchers need not look again after the drop, unless they were woken in
    /// between.
    pub(super) quiet: bool,
}

impl Turn {
    pub(super) fn new(stream: &'static Stream, file: Box<File>) -> Self {
        Self {
            stream,
            file: Some(file),
            quiet: false,
        }
    }

    /// The binary file below the text.
    pub(in crate::stdio) fn bytes(&mut self) -> &mut BinaryFile<Box<dyn RawIo>> {
        self.undecoded()
    }

    /// Flushes if the stream is line buffered and `data`, which was written, has a line
    /// end.
    pub(in crate::stdio) async fn flush_line(&mut self, data: &[u8]) -> Result<()> {
        if self.line_buffering() && has_line_end(data).await {
            self.flush().await?;
        }
        Ok(())
    }
}

impl std::ops::Deref for Turn {
    type Target = File;

    fn deref(&self) -> &File {
        self.file.as_ref().expect("taken only by the drop")
    }
}

impl std::ops::DerefMut for Turn {
    fn deref_mut(&mut self) -> &mut File {
        self.file.as_mut().expect("taken only by the drop")
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(file) = self.file.take() else {
            return;
        };
        let next = {
            let mut slot = self.stream.slot();
            slot.facts.closed = file.closed();
            slot.facts.line_buffering = file.line_buffering();
            (slot.facts.encoding, slot.facts.errors) = file.codec_names();
            slot.file = Some(file);
            slot.next()
        };
        // What the owner waited for may have come while it had the file. Watchers that
        // looked meanwhile found no file, so they must look again, because the owner may
        // never come back.
        let quiet = self.quiet && !self.stream.watchers.woken.load(Ordering::SeqCst);
        self.stream.pass_on(next, quiet);
    }
}
