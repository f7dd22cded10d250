//! The machine under every kind of file: one cursor, one operation in flight.
//!
//! | state | what it holds | what may happen |
//! |---|---|---|
//! | idle | the stream; bytes read ahead, or bytes to be written, never both where it can seek | buffer operations are served here; anything else starts a job |
//! | busy | the job has the stream's next step and the buffers it needs; beside one that writes, the task may go on filling the write buffer, and hands full ones over; beside one that fetches ahead, it goes on taking from the read buffer | any other operation waits for the job and takes over what it brought, whoever started it |
//! | closed | nothing | every operation fails with `Closed`; `close` succeeds |
//!
//! An operation never keeps bytes in its future: a read fills the read buffer
//! and takes them out in the poll that completes it; a write puts all its bytes
//! into the write buffer in one poll. So a future may be dropped at any time.
//! What a job brings back is put in place by [`Core::poll_back`], whatever its
//! end: done, failed half-way, panicked, or never begun.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, SeekFrom};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock};

use super::buf::Buf;
use super::held::Held;
use super::queue::Queue;
use super::traits::Begun;
use super::work::{Pending, Work};
use crate::delegate::{Flight, Hold};
use crate::error::{Error, Result};
use crate::executor::Chosen;
use crate::raw_io::{self, Kind, RawIo, nowait, retry};

mod jobs;
mod ops;
mod read;
mod write;

/// The default size of a buffer, in bytes.
pub(crate) const BUFFER: usize = 128 * 1024;

/// What a file was opened as; answered from memory.
#[derive(Clone, Debug)]
pub(crate) struct Meta {
    pub(crate) name: Option<Arc<Path>>,
    pub(crate) mode: Cow<'static, str>,
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    pub(crate) append: bool,
    pub(crate) seekable: bool,
    pub(crate) isatty: bool,
}

pub struct Core<R> {
    /// What its drop does. A type that is dropped in a way of its own may ask no
    /// more of `R` there than everywhere, so what it needs is noted where a core is
    /// made.
    finish: fn(&mut Self),
    /// `None` once closed, and while a close is in flight.
    held: Option<Held<R>>,
    pub(crate) meta: Meta,
    /// Settled at the first operation at the latest.
    executor: Option<Chosen>,
    /// Whether reads may be served inline: what was asked for, and whether it
    /// suits the stream (`None` until a job has looked).
    nowait_asked: Option<bool>,
    nowait_suits: Option<bool>,
    /// Whether it is known to be a regular file of a local file system, whose
    /// metadata is there without waiting: it was opened in place.
    local: bool,
    /// Size of the buffers, in bytes.
    pub(crate) capacity: usize,
    /// Bytes read and not yet asked for; the cursor is behind them.
    pub(crate) read: Buf,
    /// Left over from a job that could not write it all; before `write`.
    front: Pending,
    /// Full buffers, between `front` and `write`; the job in flight may be taking
    /// them. `None` until the first.
    queue: Option<Arc<Queue>>,
    /// Bytes accepted and not yet handed to a job.
    write: Vec<u8>,
    /// How many bytes the cursor is ahead of the logical position, besides `read`
    /// and `above`.
    rewind: u64,
    /// How many bytes before `read` the layer above has taken and not delivered,
    /// as it last said.
    pub(crate) above: u64,
    /// Changes whenever what was read ahead, `above` included, becomes void.
    pub(crate) generation: u32,
    /// Where the cursor of the stream is, if known.
    pos: Option<u64>,
    /// Whether `pos` is never known and the cursor must be asked each time: another
    /// handle may move it, or the system does not count it (a character device,
    /// where a read leaves it as it was).
    shared: bool,
    flight: Option<Flight<Work<R>>>,
    /// Shared with the job in flight, where that has bytes to write. `None` until
    /// the first.
    hold: Option<Arc<Hold>>,
    busy: bool,
    /// Counts the jobs: the number of the last one.
    job: Started,
    /// The verb of the job in flight.
    op: &'static str,
    /// Whether that job writes again what could not be written before.
    retrying: bool,
    /// A write that failed with nobody waiting for it.
    failed: Option<Error>,
    /// A sync on `&self` that failed, until its caller was told. `None` until the first.
    pub(super) failed_sync: OnceLock<Arc<Mutex<Option<io::Error>>>>,
    /// A read that failed with nobody waiting for it: the system may tell of it once
    /// (a connection that was reset), so the read that comes to its place does.
    failed_read: Option<Error>,
    /// Tells a read job that goes on until it has so many bytes that nobody waits for
    /// so many any more. `None` until the first such job.
    given_up: Option<Arc<AtomicBool>>,
    /// Whether the job in flight is of those.
    goes_on: bool,
    /// How many refills in a row have followed each other in the file.
    streak: u32,
    /// Whether the last one gave all that was asked for: there may be more.
    full: bool,
    /// Whether the stream may be read before somebody asks: a regular file
    /// (`None` until a job has looked).
    plain: Option<bool>,
    /// Whether a job has found that the file tells its size at once.
    tells_size: bool,
    /// A read buffer that is not in use.
    spare: Buf,
    /// What the last own job has left for its operation.
    pub(crate) brought: Brought,
    pub(crate) begun: Begun,
}

/// Results of a job, for the operation that started it.
#[derive(Debug, Default)]
pub(crate) struct Brought {
    pub(crate) owned: Vec<u8>,
    pub(crate) owned_done: usize,
    pub(crate) number: u64,
    pub(crate) eof: bool,
}

/// The number of the job that the polling operation has started; 0 before.
///
/// Lives in the operation's future, so a job left behind by a dropped future is
/// nobody's: its result is put in place, and its write error kept.
pub(crate) type Started = u64;

impl<R: RawIo> Core<R> {
    pub(crate) fn new(raw: R, meta: Meta, executor: Option<Chosen>) -> Self {
        Self {
            finish: Self::finish,
            held: Some(Held::new(raw)),
            meta,
            executor,
            nowait_asked: None,
            nowait_suits: None,
            local: false,
            capacity: BUFFER,
            read: Buf::default(),
            front: Pending::default(),
            queue: None,
            write: Vec::new(),
            rewind: 0,
            above: 0,
            generation: 0,
            pos: None,
            shared: false,
            flight: None,
            hold: None,
            busy: false,
            job: 0,
            op: "use",
            retrying: false,
            failed: None,
            failed_read: None,
            failed_sync: OnceLock::new(),
            given_up: None,
            goes_on: false,
            streak: 0,
            full: false,
            plain: None,
            tells_size: false,
            spare: Buf::default(),
            brought: Brought::default(),
            begun: Begun::default(),
        }
    }

    /// Of a stream that says itself what it can do.
    pub(crate) fn of(raw: R, capacity: usize) -> Self {
        let kind = raw.as_file().map(raw_io::kind);
        Self::of_kind(raw, kind, capacity)
    }

    /// The same, where it is known what kind of file is behind it, if any. A plain
    /// file is asked no more than its kind leaves open, and nothing that waits.
    pub(crate) fn of_kind(mut raw: R, kind: Option<Kind>, capacity: usize) -> Self {
        let (mut readable, mut writable) = (raw.readable(), raw.writable());
        let access = raw.as_file().and_then(|file| raw_io::access(file).ok());
        if let Some(access) = access {
            (readable, writable) = (readable && access.readable, writable && access.writable);
        }
        let append = access.is_some_and(|access| access.append);
        // Where a plain file can seek, that is known at once and does not wait.
        let file = (&raw as &dyn Any).is::<File>().then_some(kind).flatten();
        let cursor = |raw: &mut R| retry(|| raw.seek(SeekFrom::Current(0))).ok();
        let (seekable, pos) = match file {
            Some(Kind::Stream) => (false, None),
            Some(Kind::Regular | Kind::Folder | Kind::Character | Kind::Other) => {
                let pos = cursor(&mut raw);
                (pos.is_some(), pos)
            }
            None => {
                let seekable = raw.seekable();
                (seekable, seekable.then(|| cursor(&mut raw)).flatten())
            }
        };
        let terminal = match file {
            Some(Kind::Regular | Kind::Folder | Kind::Stream) => false,
            Some(Kind::Character | Kind::Other) | None => true,
        };
        let isatty = terminal && raw.isatty();
        let meta = Meta {
            name: None,
            mode: Cow::Borrowed(match (readable, writable, append) {
                (true, true, true) => "ab+",
                (true, true, false) => "rb+",
                (false, _, true) => "ab",
                (false, _, false) => "wb",
                (true, false, _) => "rb",
            }),
            readable,
            writable,
            append,
            seekable,
            isatty,
        };
        let mut core = Self::new(raw, meta, None);
        core.capacity = capacity;
        core.set_pos(pos);
        if kind == Some(Kind::Character) {
            core.never_count();
        }
        // The page cache answers from the first read on.
        if file == Some(Kind::Regular) {
            let cached = readable && access.is_some_and(|access| !access.direct);
            core.nowait_suits = Some(cached && nowait::suits_regular());
        }
        core
    }

    /// Where the cursor is now, if that is known and stays so.
    pub(crate) fn set_pos(&mut self, pos: Option<u64>) {
        self.pos = pos.filter(|_| !self.shared);
    }

    /// Where the cursor is does not follow from what was read and written.
    pub(crate) fn never_count(&mut self) {
        (self.shared, self.pos) = (true, None);
    }

    pub(crate) fn set_executor(&mut self, executor: Option<Chosen>) {
        self.executor = executor;
    }

    pub(crate) fn set_nowait(&mut self, asked: Option<bool>, suits: Option<bool>) {
        (self.nowait_asked, self.nowait_suits) = (asked, suits);
    }

    pub(crate) fn set_local(&mut self, local: bool) {
        self.local = local;
    }

    /// Whether the page cache may be asked, as far as that was said.
    pub(crate) fn ask_nowait(&mut self, asked: Option<bool>) {
        self.nowait_asked = asked;
    }

    // ---- what is answered from memory -------------------------------------

    pub(crate) fn path(&self) -> Option<&Path> {
        self.meta.name.as_deref()
    }

    pub(crate) fn held(&self) -> Option<&Held<R>> {
        self.held.as_ref()
    }

    pub(crate) fn closed(&self) -> bool {
        self.held.is_none()
    }

    pub(crate) fn executor(&mut self, op: &'static str) -> Result<&Chosen> {
        if self.executor.is_none() {
            self.executor = Some(Chosen::current(op)?);
        }
        Ok(self.executor.as_ref().expect("settled just above"))
    }

    pub(crate) fn executor_if_settled(&self) -> Option<&Chosen> {
        self.executor.as_ref()
    }

    pub(crate) fn closed_error(&self, op: &'static str) -> Error {
        Error::Closed {
            op,
            path: self.path().map(Path::to_owned),
        }
    }

    pub(crate) fn unsupported(&self, op: &'static str, reason: &'static str) -> Error {
        Error::Unsupported {
            op,
            path: self.path().map(Path::to_owned),
            reason,
        }
    }

    pub(crate) fn check_open(&self, op: &'static str) -> Result<()> {
        if self.closed() && !self.busy {
            Err(self.closed_error(op))
        } else {
            Ok(())
        }
    }

    pub(crate) fn check_readable(&self, op: &'static str) -> Result<()> {
        self.check_open(op)?;
        if self.meta.readable {
            Ok(())
        } else {
            Err(self.unsupported(op, "the file is not open for reading"))
        }
    }

    pub(crate) fn check_writable(&self, op: &'static str) -> Result<()> {
        self.check_open(op)?;
        if self.meta.writable {
            Ok(())
        } else {
            Err(self.unsupported(op, "the file is not open for writing"))
        }
    }

    pub(crate) fn check_seekable(&self, op: &'static str) -> Result<()> {
        self.check_open(op)?;
        if self.meta.seekable {
            Ok(())
        } else {
            Err(self.unsupported(op, "the file cannot seek"))
        }
    }

    /// Whether a job is in flight, or has ended and was not looked at.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy
    }

    /// Whether anything was accepted that no job has written yet.
    pub(crate) fn is_dirty(&self) -> bool {
        !self.front.is_empty() || !self.write.is_empty() || self.queued() > 0
    }

    /// How many bytes wait in the queue.
    fn queued(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.len())
    }

    /// Where the next read or write takes place, in bytes from the start, if known.
    pub(crate) fn position(&self) -> Option<u64> {
        if self.busy || self.shared {
            return None;
        }
        let dirty = self.front.rest().len() + self.queued() + self.write.len();
        let here = self.pos?.checked_sub(self.behind())?;
        // A cursor in memory may stand at the largest number.
        here.checked_add(dirty as u64)
    }

    /// How many bytes the cursor is ahead of the logical position.
    fn behind(&self) -> u64 {
        self.rewind + self.above + self.read.len() as u64
    }

    /// Everything that is to be written before the queue and behind it, of which
    /// one is empty.
    fn take_dirty(&mut self) -> [Pending; 2] {
        if let Some(queue) = self.queue.as_ref().filter(|queue| !queue.is_empty()) {
            queue.push(std::mem::take(&mut self.write));
        }
        let back = Pending {
            data: std::mem::take(&mut self.write),
            start: 0,
        };
        [std::mem::take(&mut self.front), back]
    }
}

impl<R: RawIo> fmt::Debug for Core<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.debug("Core", &self.meta.mode, f)
    }
}

impl<R: RawIo> Core<R> {
    /// The `Debug` of every kind of file.
    pub(crate) fn debug(&self, kind: &str, mode: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match (self.busy, self.closed()) {
            (true, _) => "busy",
            (false, true) => "closed",
            (false, false) => "idle",
        };
        f.debug_struct(kind)
            .field("name", &self.meta.name)
            .field("mode", &mode)
            .field("state", &state)
            .finish_non_exhaustive()
    }
}

impl Core<File> {
    /// Another handle of the same open file.
    pub(crate) fn clone_with(&mut self, file: File) -> Self {
        let mut core = Self::new(file, self.meta.clone(), self.executor.clone());
        (core.shared, self.shared, self.pos) = (true, true, None);
        (core.nowait_asked, core.nowait_suits) = (self.nowait_asked, self.nowait_suits);
        core.capacity = self.capacity;
        core
    }
}
