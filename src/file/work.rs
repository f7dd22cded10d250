//! The blocking half of a file: what one job does, in which order, and what
//! comes back of it.

use std::fs::File;
use std::io::{self, SeekFrom};
use std::sync::Arc;

use super::buf::Buf;
use super::core::Meta;
use super::queue::Queue;
use super::stream::SharedStream;
use crate::delegate::{Hold, Task};
use crate::executor::Load;
use crate::raw_io::{RawIo, given, taken};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sys::{self, nowait, retry};
use crate::text::Whole;

mod fill;
mod load;
mod place;
mod room;
mod then;

pub(crate) use self::then::{Call, Then};

/// Reads of more bytes than this do not get all their memory in advance.
pub(super) const LARGE: usize = 8 * 1024 * 1024;

/// A job that finds more and more to write ends after so many bytes: others want
/// its thread too.
const TURN: usize = 8 * 1024 * 1024;

/// Bytes on their way to the stream; those before `start` have been written.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    pub(crate) data: Vec<u8>,
    pub(crate) start: usize,
}

impl Pending {
    pub(crate) fn rest(&self) -> &[u8] {
        &self.data[self.start..]
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.data.len()
    }

    /// Puts the rest of `other` behind its own.
    pub(crate) fn append(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
        } else {
            self.data.extend_from_slice(other.rest());
        }
    }
}

/// How far a job has come: whose error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Begin,
    /// Stepping back over bytes that were read ahead and are to be dropped.
    Rewind,
    /// Writing what was buffered.
    Drain,
    /// The operation itself.
    Then,
}

/// One job of a file, with everything it needs and everything it leaves.
pub(crate) struct Work<R> {
    /// `None` once closed.
    pub(crate) stream: Option<SharedStream<R>>,
    pub(crate) seekable: bool,
    pub(crate) append: bool,
    /// Whether the file is open in both directions.
    pub(crate) both: bool,
    pub(crate) pos: Option<u64>,
    /// Whether nothing else uses the cursor.
    pub(crate) private: bool,
    /// How many bytes the cursor is ahead of where the user thinks it is.
    pub(crate) rewind: u64,
    /// Oldest first.
    pub(crate) dirty: [Pending; 2],
    /// What is to be written behind `dirty`; the task may be adding to it.
    pub(crate) queue: Option<Arc<Queue>>,
    /// Has the end of the process wait until what is to be written is written.
    pub(crate) hold: Option<Arc<Hold>>,
    pub(crate) read: Buf,
    /// A buffer of the caller's, for the `*_owned` operations.
    pub(crate) owned: Vec<u8>,
    /// Up to where `owned` has been written, or was filled before the read.
    pub(crate) owned_done: usize,
    /// Whether what is behind `owned_done` is still to be written.
    pub(crate) owned_out: bool,
    pub(crate) then: Then<R>,
    pub(crate) closing: bool,
    /// Whether an error of the operation itself must not get lost.
    pub(crate) keep: bool,
    /// Whether it reads for the read buffer or for a buffer of the caller's.
    pub(crate) reads: bool,
    /// Set once nobody waits for as many bytes as a read was to bring.
    pub(crate) given_up: Option<Arc<AtomicBool>>,
    pub(crate) stage: Stage,
    pub(crate) result: io::Result<()>,
    /// Whether page-cache reads suit the stream, once somebody looked.
    pub(crate) nowait: Option<bool>,
    /// Whether it is a regular file, which may be read ahead, once somebody looked.
    pub(crate) regular: Option<bool>,
    /// The largest capacity, in bytes, of an emptied buffer that is filled again.
    pub(crate) usual: usize,
    /// The size of the file in bytes, if this job looked at it.
    pub(crate) size: Option<u64>,
    /// Whether the file was found to tell its size at once.
    pub(crate) tells_size: bool,
    /// Whether its last read gave all that was asked for.
    pub(crate) gave_all: bool,
    /// Whether it wrote anything.
    pub(crate) wrote: bool,
    /// Whether it read to the end.
    pub(crate) eof: bool,
    /// The new size or position, of the operations that give one.
    pub(crate) number: u64,
    /// What was read to the end, decoded; it is not in the read buffer then.
    pub(crate) whole: Option<Whole>,
}

impl<R: RawIo> Task for Work<R> {
    fn run(&mut self) {
        let mut result = self.prepare();
        if result.is_ok() {
            self.stage = Stage::Then;
            if let Some(hold) = self.hold.as_ref().filter(|_| !self.then.writes()) {
                // What follows may wait for ever, as a read of a pipe does.
                hold.release();
            }
            result = self.perform();
        }
        if let Some(queue) = &self.queue {
            queue.close();
        }
        if self.closing {
            // The file is closed, whatever went wrong before.
            if let Some(stream) = self.stream.take() {
                result = result.and(stream.close());
            }
        }
        self.result = result;
    }

    fn load(&self) -> Load {
        self.measure()
    }
}

impl<R: RawIo> Work<R> {
    pub(crate) fn new(stream: Option<SharedStream<R>>, meta: &Meta, then: Then<R>) -> Self {
        Self {
            stream,
            seekable: meta.seekable,
            append: meta.append,
            both: meta.readable && meta.writable,
            pos: None,
            private: false,
            rewind: 0,
            dirty: <[Pending; 2]>::default(),
            queue: None,
            hold: None,
            read: Buf::default(),
            owned: Vec::new(),
            owned_done: 0,
            owned_out: matches!(then, Then::WriteOwned),
            closing: matches!(then, Then::Close),
            keep: then.keeps_error(),
            reads: matches!(
                then,
                Then::Fill { .. } | Then::FillLine { .. } | Then::ReadOwned
            ),
            given_up: None,
            then,
            stage: Stage::Begin,
            result: Ok(()),
            nowait: None,
            regular: None,
            usual: LARGE,
            size: None,
            tells_size: false,
            gave_all: false,
            wrote: false,
            eof: false,
            number: 0,
            whole: None,
        }
    }

    /// What is still to be written of all that this job was given, in order; but
    /// for what goes through the queue.
    pub(crate) fn leftover(&mut self) -> Pending {
        let [mut left, back] = std::mem::take(&mut self.dirty);
        left.append(back);
        if self.owned_out {
            let data = std::mem::take(&mut self.owned);
            match self.queue.as_ref().filter(|queue| !queue.is_empty()) {
                // It has not come so far as to begin with it.
                Some(queue) => queue.push(data),
                None => left.append(Pending {
                    data,
                    start: self.owned_done,
                }),
            }
        }
        left
    }

    /// Whether it may read more than once, and so can end before it is done.
    pub(crate) fn goes_on(&self) -> bool {
        match self.then {
            Then::Fill { min, .. } => min > 1,
            Then::FillLine { .. } => true,
            _ => false,
        }
    }

    /// Whether nobody waits for as much as it was to read.
    fn is_given_up(&self) -> bool {
        let flag = self.given_up.as_ref();
        flag.is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    /// Whether there is anything that it was given to write and has not written.
    pub(crate) fn has_unwritten(&self) -> bool {
        self.has_dirty() || (self.owned_out && self.owned_done < self.owned.len())
    }

    /// Whether the drop of the file leaves anything to do that may block.
    pub(crate) fn needs_finish(&self) -> bool {
        self.has_unwritten() || self.stream.as_ref().is_some_and(SharedStream::unflushed)
    }

    /// Whether any of what was buffered is still to be written.
    pub(crate) fn has_dirty(&self) -> bool {
        self.dirty.iter().any(|pending| !pending.is_empty())
            || self.queue.as_ref().is_some_and(|queue| !queue.is_empty())
    }

    /// The last job of a file that was dropped: writes what is left of it, and
    /// `rest` behind that, and closes. Blocks; there is nobody to tell of an error.
    pub(crate) fn finish(mut self, rest: &Queue) {
        let left = self.leftover();
        let queue = self.queue.take().unwrap_or_default();
        while let Some(data) = rest.next(Vec::new()) {
            queue.push(data);
        }
        let mut last = Self {
            dirty: [left, Pending::default()],
            queue: Some(queue),
            then: Then::Close,
            closing: true,
            owned_out: false,
            ..self
        };
        last.run();
    }

    /// Sets the cursor right and drains the buffers.
    fn prepare(&mut self) -> io::Result<()> {
        let Some(stream) = self.stream.clone() else {
            return Ok(());
        };
        if self.nowait.is_none() {
            self.nowait = Some(stream.file().is_some_and(|file| nowait::suits(file)));
        }
        // It does not matter before an absolute seek, nor in the end, but for who shares
        // the descriptor of a file for both directions.
        let moot = !self.has_dirty()
            && match self.then {
                Then::Seek(SeekFrom::Start(_) | SeekFrom::End(_)) => true,
                Then::Close => !(self.both && stream.file().is_some()),
                _ => false,
            };
        if self.rewind > 0 && self.seekable && !moot {
            self.stage = Stage::Rewind;
            let back = i64::try_from(self.rewind).map_err(|_| io::ErrorKind::InvalidInput)?;
            let pos = stream.with(|raw| retry(|| raw.seek(SeekFrom::Current(-back))))?;
            (self.pos, self.rewind) = (Some(pos), 0);
        }
        self.stage = Stage::Drain;
        let mut written = 0;
        loop {
            for pending in &mut self.dirty {
                while !pending.is_empty() {
                    let n = stream.write(|raw| write_some(raw, pending.rest()))?;
                    pending.start += n;
                    written += n;
                    self.wrote = true;
                    // An append leads to the end, wherever that is: asked below,
                    // unless a later write fails.
                    self.pos = self
                        .pos
                        .filter(|_| !self.append)
                        .and_then(|pos| pos.checked_add(n as u64));
                }
                if pending.data.capacity() > self.usual {
                    // Freed here and not by the task, because that takes milliseconds.
                    *pending = Pending::default();
                }
            }
            let Some(queue) = &self.queue else { break };
            if written >= TURN && matches!(self.then, Then::Nothing) {
                break;
            }
            let emptied = std::mem::take(&mut self.dirty[1]).data;
            let Some(data) = queue.next(emptied) else {
                break;
            };
            self.dirty[1] = Pending { data, start: 0 };
        }
        if self.wrote && self.asks_where(&stream) {
            self.pos = stream.here();
        }
        Ok(())
    }

    fn perform(&mut self) -> io::Result<()> {
        let Some(stream) = &self.stream else {
            return Ok(());
        };
        if self.asks_before(stream) {
            self.pos = stream.here();
        }
        match std::mem::replace(&mut self.then, Then::Nothing) {
            Then::Nothing => Ok(()),
            Then::Fill { min, chunk, plan } => {
                self.fill(min, chunk)?;
                let plan = plan.filter(|_| self.eof && !self.is_given_up());
                self.whole = plan.and_then(|plan| plan.take_out(&mut self.read));
                Ok(())
            }
            Then::FillLine { min, max } => self.fill_line(min, max),
            Then::ReadOwned => self.read_owned(),
            Then::WriteOwned => {
                while self.owned_done < self.owned.len() {
                    let rest = &self.owned[self.owned_done..];
                    let n = stream.write(|raw| write_some(raw, rest))?;
                    self.owned_done += n;
                    self.wrote = true;
                    self.pos = self
                        .pos
                        .filter(|_| !self.append)
                        .and_then(|pos| pos.checked_add(n as u64));
                }
                if self.asks_where(stream) {
                    self.pos = stream.here();
                }
                Ok(())
            }
            Then::Seek(to) => {
                let pos = stream.with(|raw| retry(|| raw.seek(to)))?;
                (self.pos, self.rewind, self.number) = (Some(pos), 0, pos);
                Ok(())
            }
            Then::Where => {
                self.number = stream.with(|raw| retry(|| raw.seek(SeekFrom::Current(0))))?;
                self.pos = Some(self.number);
                Ok(())
            }
            Then::Truncate(size) => {
                let result = stream.with(|raw| {
                    // Where the cursor is, is asked: who shares the descriptor may have
                    // moved it, and a size that is too small costs content.
                    self.number = match size {
                        Some(size) => size,
                        None => retry(|| raw.seek(SeekFrom::Current(0)))?,
                    };
                    retry(|| raw.truncate(self.number))
                });
                // What Linux says of a pipe depends on the question.
                result.map_err(|error| match error.kind() {
                    io::ErrorKind::NotSeekable | io::ErrorKind::InvalidInput if !self.seekable => {
                        io::ErrorKind::Unsupported.into()
                    }
                    _ => error,
                })
            }
            Then::Size => {
                self.tells_size = stream
                    .file()
                    .is_some_and(|file| sys::tells_size_at_once(file));
                let metadata = stream.with(|raw| raw.as_file().map(File::metadata).transpose())?;
                let seek = |to| stream.with(|raw| retry(|| raw.seek(to)));
                if self.pos.is_none() && self.seekable {
                    self.pos = Some(seek(SeekFrom::Current(0))?);
                }
                self.number = match (metadata, self.pos) {
                    (Some(metadata), _) if metadata.is_file() => metadata.len(),
                    (_, Some(pos)) if self.seekable => {
                        let end = seek(SeekFrom::End(0))?;
                        seek(SeekFrom::Start(pos))?;
                        end
                    }
                    _ => u64::MAX,
                };
                Ok(())
            }
            Then::Flush | Then::Close => stream.flush(),
            Then::Shutdown => {
                stream.flush()?;
                stream.ask_close()
            }
            Then::Call { run, .. } => run(Call {
                stream,
                pos: &mut self.pos,
                private: self.private,
            }),
        }
    }
}

/// One read; 0 is the end.
pub(crate) fn read_some(raw: &mut dyn RawIo, buf: &mut [u8]) -> io::Result<usize> {
    given(retry(|| raw.read(buf))?, buf.len())
}

/// One write that makes progress or fails.
pub(crate) fn write_some(raw: &mut dyn RawIo, bytes: &[u8]) -> io::Result<usize> {
    taken(retry(|| raw.write(bytes))?, bytes.len())
}
