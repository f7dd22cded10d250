//! The machine under every kind of file: one cursor, one operation in flight.
//!
//! What each event does in each state, of a file that can seek and is open in both
//! directions. A test reads this table and walks it.
//!
//! | state | read | write | write much | flush | seek | tell | truncate | close |
//! |---|---|---|---|---|---|---|---|---|
//! | idle | job | here | starts | here | job | here | job | job |
//! | idle, read ahead | here | here | starts | here | here | here | job | job |
//! | idle, dirty | job | here | starts | job | job | here | job | job |
//! | idle, a write failed | job | error | error | error | error | here | error | job |
//! | busy, reading | waits | waits | waits | waits | waits | waits | waits | waits |
//! | busy, fetching ahead | beside | waits | waits | waits | waits | waits | waits | waits |
//! | busy, writing | waits | beside | beside | waits | waits | waits | waits | waits |
//! | busy, anything else | waits | waits | waits | waits | waits | waits | waits | waits |
//! | closed | closed | closed | closed | closed | closed | closed | closed | here |
//!
//! - *here*: done by the poll that asks for it, from memory; *closed* and *error* fail
//!   there, with nothing done.
//! - *job*: a job does it, which first writes what is buffered and moves the cursor back
//!   over what was read ahead; the file is busy until somebody has looked at its end.
//! - *starts*: done as *here*, with more in the buffer than it should hold: a job is
//!   left running that writes it.
//! - *waits*: for the job in flight, whoever started it; takes over what it brought, and
//!   goes on in the state that this leads to.
//! - *beside*: done as *here* while the job goes on.
//!
//! A drop takes a job back that has not begun; one that runs goes on to its end, and
//! writes all that is left; then the stream is closed. Of an idle file a job, that
//! nobody waits for, writes what is left; a clean one is closed here and now.
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
use std::io::SeekFrom;
use std::path::Path;
use std::sync::Arc;
// The one flag here orders nothing: no model has to know of it.
use std::sync::atomic::{AtomicBool, Ordering};

use super::stream::SharedStream;
use super::traits::HalfDone;
use crate::error::{Error, Result};
use crate::executor::Chosen;
use crate::raw_io::RawIo;
use crate::sys::{self, Kind, nowait, retry};

use self::ahead::Ahead;
use self::out::Out;
use self::state::{Idle, State};

mod ahead;
mod jobs;
mod ops;
mod out;
mod read;
mod state;
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
    pub(crate) meta: Meta,
    /// Settled at the first operation at the latest.
    executor: Option<Chosen>,
    inline: Inline,
    /// Size of the buffers, in bytes.
    pub(crate) capacity: usize,
    state: State<R>,
    cursor: Cursor,
    pub(crate) ahead: Ahead,
    pub(super) out: Out,
    /// Calls that keep their state here.
    pub(super) half_done: HalfDone,
}

/// Where the cursor of the stream is, as far as that is known.
#[derive(Debug, Default)]
struct Cursor {
    pos: Option<u64>,
    /// Whether `pos` is never known and the cursor must be asked each time: another
    /// handle may move it, or the system does not count it (a character device,
    /// where a read leaves it as it was).
    shared: bool,
    /// Whether nothing else can use it: this file opened it, where a cursor moves by what
    /// is read and written, and has shown the descriptor to nobody. Then it need not be
    /// asked.
    private: AtomicBool,
    /// How many bytes it is ahead of the logical position, besides what was read ahead:
    /// the next job moves it back.
    rewind: u64,
    /// Whether a job has found that the file tells its size at once.
    tells_size: bool,
    /// The size of the file in bytes, when a job last looked at it.
    size: Option<u64>,
}

impl Cursor {
    fn set(&mut self, pos: Option<u64>) {
        self.pos = pos.filter(|_| !self.shared);
    }

    /// Behind `n` bytes that were read.
    fn advance(&mut self, n: usize) {
        self.pos = self.pos.and_then(|pos| pos.checked_add(n as u64));
    }

    /// From now on it is asked each time.
    fn share(&mut self) {
        (self.shared, self.pos) = (true, None);
        self.private = AtomicBool::new(false);
    }
}

/// What may be done on the task itself.
#[derive(Clone, Copy, Debug, Default)]
struct Inline {
    /// Whether reads may be served inline; `None` leaves it to the executor.
    asked: Option<bool>,
    /// Whether that suits the stream (`None` until a job has looked).
    suits: Option<bool>,
    /// Whether it is known to be a regular file of a local file system, whose
    /// metadata is there without waiting: it was opened in place.
    local: bool,
    /// Whether the operation that reads now comes to a job, without asking again: the page
    /// cache had nothing for it, or is not asked for a while.
    settled: bool,
}

/// The number of the job that the polling operation has started; 0 before.
///
/// Lives in the operation's future, so a job left behind by a dropped future is
/// nobody's: its result is put in place, and its write error kept.
pub(crate) type Started = u64;

/// The number of no job: the operation has all that it needs in the read buffer, and
/// is taking it out. That buffer says whether this is still so.
pub(crate) const FILLED: Started = Started::MAX;

impl<R: RawIo> Core<R> {
    pub(crate) fn new(raw: R, meta: Meta, executor: Option<Chosen>) -> Self {
        Self {
            finish: Self::finish,
            meta,
            executor,
            inline: Inline::default(),
            capacity: BUFFER,
            state: State::Idle(Idle::new(SharedStream::new(raw))),
            cursor: Cursor::default(),
            ahead: Ahead::default(),
            out: Out::default(),
            half_done: HalfDone::default(),
        }
    }

    /// Of a stream that says itself what it can do.
    pub(crate) fn of(raw: R, capacity: usize) -> Self {
        let kind = raw.as_file().map(sys::kind);
        Self::of_kind(raw, kind, capacity)
    }

    /// The same, where it is known what kind of file is behind it, if any. A plain
    /// file is asked no more than its kind leaves open, and nothing that waits.
    pub(crate) fn of_kind(mut raw: R, kind: Option<Kind>, capacity: usize) -> Self {
        let (mut readable, mut writable) = (raw.readable(), raw.writable());
        let access = raw.as_file().and_then(|file| sys::access_of(file).ok());
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
            core.inline.suits = Some(cached && nowait::suits_regular());
        }
        core
    }

    /// Where the cursor is now, if that is known and stays so.
    pub(crate) fn set_pos(&mut self, pos: Option<u64>) {
        self.cursor.set(pos);
    }

    /// Where the cursor is does not follow from what was read and written.
    pub(crate) fn never_count(&mut self) {
        self.cursor.share();
    }

    /// Nothing else uses the descriptor, until it is [shown](Self::show).
    pub(crate) fn set_private(&mut self, private: bool) {
        self.cursor.private = AtomicBool::new(private);
    }

    /// Notes that somebody gets to see the descriptor, and may do anything with it.
    pub(crate) fn show(&self) {
        self.cursor.private.store(false, Ordering::Relaxed);
    }

    /// Whether nobody else has the descriptor.
    fn is_private(&self) -> bool {
        self.cursor.private.load(Ordering::Relaxed)
    }

    pub(crate) fn set_executor(&mut self, executor: Option<Chosen>) {
        self.executor = executor;
    }

    pub(crate) fn set_nowait(&mut self, asked: Option<bool>, suits: Option<bool>) {
        (self.inline.asked, self.inline.suits) = (asked, suits);
    }

    pub(crate) fn set_local(&mut self, local: bool) {
        self.inline.local = local;
    }

    /// Whether the page cache may be asked, as far as that was said.
    pub(crate) fn ask_nowait(&mut self, asked: Option<bool>) {
        self.inline.asked = asked;
    }

    // ---- what is answered from memory -------------------------------------

    pub(crate) fn path(&self) -> Option<&Path> {
        self.meta.name.as_deref()
    }

    pub(crate) fn stream(&self) -> Option<&SharedStream<R>> {
        self.state.stream()
    }

    pub(crate) fn closed(&self) -> bool {
        self.stream().is_none()
    }

    pub(crate) fn executor(&mut self, op: &'static str) -> Result<&Chosen> {
        if self.executor.is_none() {
            self.executor = Some(Chosen::current(op, self.path())?);
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
        if matches!(self.state, State::Closed) {
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
        self.state.is_busy()
    }

    /// Whether anything was accepted that no job has written yet.
    pub(crate) fn is_dirty(&self) -> bool {
        !self.out.is_empty()
    }

    /// Where the next read or write takes place, in bytes from the start, if known.
    pub(crate) fn position(&self) -> Option<u64> {
        if self.is_busy() || self.cursor.shared {
            return None;
        }
        let here = self.cursor.pos?.checked_sub(self.behind())?;
        // A cursor in memory may stand at the largest number.
        here.checked_add(self.out.len() as u64)
    }

    /// How many bytes the cursor is ahead of the logical position.
    fn behind(&self) -> u64 {
        self.cursor.rewind + self.ahead.len()
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
        let state = match &self.state {
            State::Idle(_) => "idle",
            State::Busy(_) => "busy",
            State::Closed => "closed",
        };
        f.debug_struct(kind)
            .field("name", &self.meta.name)
            .field("mode", &mode)
            .field("state", &state)
            .finish_non_exhaustive()
    }
}

/// Many files are open and idle: what is rarely there lies behind a pointer.
#[cfg(all(target_pointer_width = "64", not(model)))]
const _: () = assert!(size_of::<Core<File>>() <= 528);

impl Core<File> {
    /// Another handle of the same open file.
    pub(crate) fn clone_with(&mut self, file: File) -> Self {
        let mut core = Self::new(file, self.meta.clone(), self.executor.clone());
        core.cursor.share();
        self.cursor.share();
        (core.inline.asked, core.inline.suits) = (self.inline.asked, self.inline.suits);
        core.capacity = self.capacity;
        if let (State::Idle(idle), Some(own)) = (&mut core.state, self.stream()) {
            idle.stream.shares(own);
        }
        core
    }
}
