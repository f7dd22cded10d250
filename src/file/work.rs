//! The blocking half of a file: what a job does, in which order, and what it brings back.

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

/// A read of more bytes than this does not reserve all its memory before.
pub(super) const LARGE: usize = 8 * 1024 * 1024;

/// A job that finds more and more buffers to write ends after so many bytes, because other
/// jobs wait for its thread.
const TURN: usize = 8 * 1024 * 1024;

/// Bytes on their way to the stream. Those before `start` were written.
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

/// How far a job has come. This decides which operation its error belongs to.
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

/// One job of a file, with everything that it needs and everything that it brings back.
pub(crate) struct Work<R> {
    /// `None` once closed.
    pub(crate) stream: Option<SharedStream<R>>,
    pub(crate) seekable: bool,
    pub(crate) append: bool,
    /// Whether the file is open in both directions.
    pub(crate) both: bool,
    pub(crate) pos: Option<u64>,
    /// Whether nobody else can use the cursor, as the machine knows it.
    pub(crate) private: bool,
    /// How many bytes the cursor is ahead of the position of the file.
    pub(crate) rewind: u64,
    /// Oldest first.
    pub(crate) dirty: [Pending; 2],
    /// Buffers to be written after `dirty`; the task may add more while the job runs.
    pub(crate) queue: Option<Arc<Queue>>,
    /// Makes the end of the process wait until everything is written.
    pub(crate) hold: Option<Arc<Hold>>,
    pub(crate) read: Buf,
    /// A buffer of the caller, for the `*_owned` operations.
    pub(crate) owned: Vec<u8>,
    /// How many bytes of `owned` were written, or were there before the read.
    pub(crate) owned_done: usize,
    /// Whether the bytes behind `owned_done` are still to be written.
    pub(crate) owned_out: bool,
    pub(crate) then: Then<R>,
    pub(crate) closing: bool,
    /// Whether the error of the operation itself must be kept if nobody waits for it.
    pub(crate) keep: bool,
    /// Whether the operation is a read.
    pub(crate) reads: bool,
    /// Set by the task when nobody waits any more for as many bytes as the read was to
    /// bring.
    pub(crate) given_up: Option<Arc<AtomicBool>>,
    pub(crate) stage: Stage,
    pub(crate) result: io::Result<()>,
    /// Whether nowait reads work for the stream. `None` until somebody has looked.
    pub(crate) nowait: Option<bool>,
    /// Whether it is a regular file, which may be read ahead. `None` until somebody has
    /// looked.
    pub(crate) regular: Option<bool>,
    /// The largest capacity, in bytes, of an emptied buffer that is filled again.
    pub(crate) usual: usize,
    /// The size of the file in bytes, if this job has asked for it.
    pub(crate) size: Option<u64>,
    /// Whether this job has found out that the system tells the size of the file without
    /// waiting.
    pub(crate) tells_size: bool,
    /// Whether the last read gave all that it asked for.
    pub(crate) gave_all: bool,
    /// Whether the job has written anything.
    pub(crate) wrote: bool,
    /// Whether the job has read to the end.
    pub(crate) eof: bool,
    /// The new size or position, for the operations that return one.
    pub(crate) number: u64,
    /// The decoded text, if the job has read to the end and was told to decode. Its bytes
    /// are not in the read buffer then.
    pub(crate) whole: Option<Whole>,
}

impl<R: RawIo> Task for Work<R> {
    fn run(&mut self) {
        let mut result = self.prepare();
        if result.is_ok() {
            self.stage = Stage::Then;
            if let Some(hold) = self.hold.as_ref().filter(|_| !self.then.writes()) {
                // Everything is written. The operation itself may wait for ever, as a read
                // of a pipe can.
                hold.release();
            }
            result = self.perform();
        }
        if let Some(queue) = &self.queue {
            queue.close();
        }
        if self.closing {
            // The file is closed even if something failed before.
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

    /// Takes out what the job was given and has not written, in order. What is in the queue
    /// stays there.
    pub(crate) fn leftover(&mut self) -> Pending {
        let [mut left, back] = std::mem::take(&mut self.dirty);
        left.append(back);
        if self.owned_out {
            let data = std::mem::take(&mut self.owned);
            match self.queue.as_ref().filter(|queue| !queue.is_empty()) {
                // The job has not begun to write `owned`, which comes after the queue.
                Some(queue) => queue.push(data),
                None => left.append(Pending {
                    data,
                    start: self.owned_done,
                }),
            }
        }
        left
    }

    /// Whether it is a read that may take several system calls, so that it can stop early.
    pub(crate) fn goes_on(&self) -> bool {
        match self.then {
            Then::Fill { min, .. } => min > 1,
            Then::FillLine { .. } => true,
            _ => false,
        }
    }

    /// Whether nobody waits any more for as many bytes as it was to read.
    fn is_given_up(&self) -> bool {
        let flag = self.given_up.as_ref();
        flag.is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    /// Whether it was given anything to write that it has not written.
    pub(crate) fn has_unwritten(&self) -> bool {
        self.has_dirty() || (self.owned_out && self.owned_done < self.owned.len())
    }

    /// Whether the drop of the file leaves work that may block.
    pub(crate) fn needs_finish(&self) -> bool {
        self.has_unwritten() || self.stream.as_ref().is_some_and(SharedStream::unflushed)
    }

    /// Whether any buffered bytes are still to be written.
    pub(crate) fn has_dirty(&self) -> bool {
        self.dirty.iter().any(|pending| !pending.is_empty())
            || self.queue.as_ref().is_some_and(|queue| !queue.is_empty())
    }

    /// The last work of a file that was dropped: writes what is left, then `rest`, and
    /// closes the stream. It blocks. Nobody can be told of an error.
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

    /// Moves the cursor back to the position of the file, and writes what is buffered.
    fn prepare(&mut self) -> io::Result<()> {
        let Some(stream) = self.stream.clone() else {
            return Ok(());
        };
        if self.nowait.is_none() {
            self.nowait = Some(stream.file().is_some_and(|file| nowait::suits(file)));
        }
        // Where the cursor is does not matter before an absolute seek. It does not matter
        // before a close either, except to others who share the descriptor of a file that
        // is open for reading and writing.
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
                    // An append goes to the end, wherever that is. The cursor is asked for
                    // below, unless a later write fails.
                    self.pos = self
                        .pos
                        .filter(|_| !self.append)
                        .and_then(|pos| pos.checked_add(n as u64));
                }
                if pending.data.capacity() > self.usual {
                    // It is freed here and not by the task, because that takes
                    // milliseconds.
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
                    // The system is asked for the cursor: others who share the descriptor
                    // may have moved it, and a wrong size would destroy content.
                    self.number = match size {
                        Some(size) => size,
                        None => retry(|| raw.seek(SeekFrom::Current(0)))?,
                    };
                    retry(|| raw.truncate(self.number))
                });
                // For a pipe, Linux gives different errors to different calls.
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

/// Reads once; 0 is the end.
pub(crate) fn read_some(raw: &mut dyn RawIo, buf: &mut [u8]) -> io::Result<usize> {
    given(retry(|| raw.read(buf))?, buf.len())
}

/// Writes once; it either writes at least one byte or fails.
pub(crate) fn write_some(raw: &mut dyn RawIo, bytes: &[u8]) -> io::Result<usize> {
    taken(retry(|| raw.write(bytes))?, bytes.len())
}
