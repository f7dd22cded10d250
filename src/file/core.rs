//! The machine under every kind of file. It has one cursor, and at most one operation in
//! flight.
//!
//! This table says what each operation does in each state, for a file that can seek and is
//! open for reading and writing. A test reads the table and checks each field.
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
//! - *here*: the poll that asks for it does it, in memory. *closed* and *error*: that poll
//!   fails, and nothing is done.
//! - *job*: a job does it. The job first writes what is buffered and moves the cursor back
//!   over what was read ahead. The file stays busy until an operation has taken the job
//!   back.
//! - *starts*: as *here*, but then the buffer holds more than it should, so a job is
//!   started that writes it, and nobody waits for that job.
//! - *waits*: waits for the job in flight, whoever started it, takes the job back, and goes
//!   on in the state that this leads to.
//! - *beside*: as *here*, while the job runs on.
//!
//! The drop of a file recalls a job that has not begun. A job that runs is completed, and
//! its thread then writes all that is left and closes the stream. If the file is idle, a
//! job for which nobody waits does that; if nothing is left to write, the drop itself
//! closes the stream.
//!
//! An operation never keeps bytes of the file in its future. A read fills the read buffer,
//! and takes the bytes out in the poll that completes it. A write puts all its bytes into
//! the write buffer in one poll. So a future may be dropped at any time. What a job brings
//! back is put in its place by [`Core::poll_back`], however the job has ended: completed,
//! failed midway, panicked, or never begun.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::SeekFrom;
use std::path::Path;
use std::sync::Arc;
// Std's type and not that of `sync`: this flag orders nothing, so the models need not know
// it.
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

/// How a file was opened.
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
    /// What the drop does. `Drop` cannot have the bound `R: RawIo`, which the type does not
    /// have, so the constructor notes the function that needs it.
    finish: fn(&mut Self),
    pub(crate) meta: Meta,
    /// Chosen at the first operation if nobody chose one before.
    executor: Option<Chosen>,
    inline: Inline,
    /// Size of the buffers, in bytes.
    pub(crate) capacity: usize,
    state: State<R>,
    cursor: Cursor,
    pub(crate) ahead: Ahead,
    pub(super) out: Out,
    /// The state of calls that have no future of their own.
    pub(super) half_done: HalfDone,
}

/// The cursor of the stream, as far as it is known.
#[derive(Debug, Default)]
struct Cursor {
    pos: Option<u64>,
    /// Whether the system must be asked for the cursor each time, so `pos` is always
    /// `None`: another handle may move the cursor, or the system does not count it (for a
    /// character device, a read does not move it).
    shared: bool,
    /// Whether nobody else can use the cursor: this file opened it, as one whose cursor
    /// moves by what is read and written, and has shown the descriptor to nobody. Then the
    /// system need not be asked for it.
    private: AtomicBool,
    /// How many bytes the cursor is ahead of the position of the file, not counting what is
    /// in the read buffer. The next job moves the cursor back by so many.
    rewind: u64,
    /// Whether a job has found out that the system tells the size of the file without
    /// waiting.
    tells_size: bool,
    /// The size of the file in bytes, when a job last looked at it.
    size: Option<u64>,
}

impl Cursor {
    fn set(&mut self, pos: Option<u64>) {
        self.pos = pos.filter(|_| !self.shared);
    }

    /// Moves it behind `n` bytes that were read.
    fn advance(&mut self, n: usize) {
        self.pos = self.pos.and_then(|pos| pos.checked_add(n as u64));
    }

    /// From now on the system is asked each time.
    fn share(&mut self) {
        (self.shared, self.pos) = (true, None);
        self.private = AtomicBool::new(false);
    }
}

/// What may be done on the task itself.
#[derive(Clone, Copy, Debug, Default)]
struct Inline {
    /// Whether the user allows nowait reads. `None`: the executor decides.
    asked: Option<bool>,
    /// Whether nowait reads work for the stream. `None` until somebody has looked.
    suits: Option<bool>,
    /// Whether it is a regular file on a local file system, so that its metadata can be
    /// read without waiting. Known only of a file that was opened inline.
    local: bool,
    /// Whether it is decided that the current read takes a job, so that the page cache is
    /// not asked again: it had nothing, or it is not asked for a while after many misses.
    settled: bool,
}

/// The number of the job that an operation has started; 0 before it has started one.
///
/// It is kept in the future of the operation. So a job whose future was dropped belongs to
/// nobody: the next operation takes the job back, and keeps its write error.
pub(crate) type Started = u64;

/// Stands in place of a job number: all that the operation needs is in the read buffer, and
/// it is copying that out. It counts only as long as the buffer says that it
/// [is being taken](crate::file::buf::Buf::is_taking).
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

    /// Makes the machine of a stream, which says itself what it can do.
    pub(crate) fn of(raw: R, capacity: usize) -> Self {
        let kind = raw.as_file().map(sys::kind);
        Self::of_kind(raw, kind, capacity)
    }

    /// As [`of`](Self::of), if the kind of the file behind the stream, or that there is
    /// none, is known already. A std file is then asked only what its kind does not tell,
    /// and nothing that can wait.
    pub(crate) fn of_kind(mut raw: R, kind: Option<Kind>, capacity: usize) -> Self {
        let (mut readable, mut writable) = (raw.readable(), raw.writable());
        let access = raw.as_file().and_then(|file| sys::access_of(file).ok());
        if let Some(access) = access {
            (readable, writable) = (readable && access.readable, writable && access.writable);
        }
        let append = access.is_some_and(|access| access.append);
        // Of a std file, a seek tells without waiting whether the file can seek.
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
        // So even the first read may ask the page cache.
        if file == Some(Kind::Regular) {
            let cached = readable && access.is_some_and(|access| !access.direct);
            core.inline.suits = Some(cached && nowait::suits_regular());
        }
        core
    }

    /// Notes where the cursor is.
    pub(crate) fn set_pos(&mut self, pos: Option<u64>) {
        self.cursor.set(pos);
    }

    /// From now on the system is asked for the cursor each time.
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

    /// Notes whether the user allows nowait reads.
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

    /// Fails if the file is closed, or if it cannot do what `can` is about, for `reason`.
    fn check(&self, op: &'static str, can: bool, reason: &'static str) -> Result<()> {
        self.check_open(op)?;
        if can {
            Ok(())
        } else {
            Err(self.unsupported(op, reason))
        }
    }

    pub(crate) fn check_readable(&self, op: &'static str) -> Result<()> {
        self.check(op, self.meta.readable, "the file is not open for reading")
    }

    pub(crate) fn check_writable(&self, op: &'static str) -> Result<()> {
        self.check(op, self.meta.writable, "the file is not open for writing")
    }

    pub(crate) fn check_seekable(&self, op: &'static str) -> Result<()> {
        self.check(op, self.meta.seekable, "the file cannot seek")
    }

    /// Whether a job is in flight, or has ended and was not taken back yet.
    pub(crate) fn is_busy(&self) -> bool {
        self.state.is_busy()
    }

    /// Whether bytes were accepted that no job has written yet.
    pub(crate) fn is_dirty(&self) -> bool {
        !self.out.is_empty()
    }

    /// The position of the file: where the next read or write takes place, in bytes from
    /// the start. `None` if it is not known without asking the system.
    pub(crate) fn position(&self) -> Option<u64> {
        if self.is_busy() || self.cursor.shared {
            return None;
        }
        let here = self.cursor.pos?.checked_sub(self.behind())?;
        // The cursor of a stream in memory may be at `u64::MAX`.
        here.checked_add(self.out.len() as u64)
    }

    /// How many bytes the cursor is ahead of the position of the file.
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

/// A program may have many idle files open, so a file must be small: what is rarely needed
/// is behind a pointer.
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
