//! The stream under a spooled file, and an executor that runs the jobs of the file on
//! the task as long as the file is in memory.

use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::place::Place;
use crate::budget::MOST_A_POLL;
use crate::executor::{Chosen, Executor, Job, Load, Refused};
use crate::raw_io::{RawIo, reserve};
use crate::sys;

/// The stream under a spooled file: bytes in memory, and a temporary file without a name
/// once there are too many bytes.
///
/// Made by [`spooled_temporary_file`](crate::tempfile::spooled_temporary_file).
pub struct Spool {
    shared: Arc<Shared>,
    /// The bytes, until the file rolls over. It is behind a lock only because
    /// [`RawIo::as_file`] takes `&self`.
    memory: Mutex<Cursor<Vec<u8>>>,
    /// The file on disk, after that.
    file: OnceLock<File>,
    place: Place,
    append: bool,
}

/// How many bytes beyond the end the position may be while the file is in memory: a
/// write there fills them with zeros. A file on disk gets a hole instead.
const HOLE: u64 = 64 << 20;

/// The file is in memory and stays there.
const MEMORY: u8 = 0;
/// The file is in memory; the next job that the executor takes rolls it over.
const DUE: u8 = 1;
/// A job that rolls over has been handed to the executor.
const ROLLING: u8 = 2;
/// The bytes are in a file on disk.
const ROLLED: u8 = 3;

/// What the file, its stream and its executor share.
#[derive(Debug)]
pub(super) struct Shared {
    /// One of the four above; it only ever grows.
    state: AtomicU8,
    /// In bytes; 0 is no limit.
    max_size: u64,
    /// The number of bytes in memory.
    size: AtomicU64,
    /// The number of jobs that went to the real executor while the file is in memory.
    away: AtomicUsize,
}

/// Counts one job that went to the real executor, until the job is dropped.
struct Away(Arc<Shared>);

impl Away {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.away.fetch_add(1, Ordering::AcqRel);
        Self(shared.clone())
    }
}

impl Drop for Away {
    fn drop(&mut self) {
        self.0.away.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Shared {
    fn state(&self) -> u8 {
        self.state.load(Ordering::Acquire)
    }

    fn raise(&self, to: u8) {
        self.state.fetch_max(to, Ordering::AcqRel);
    }

    /// Whether a job must go to the real executor, because it moves more bytes than one
    /// poll may. While such a job is away, all others go there too: on the task they
    /// would have to wait for it.
    fn is_much(&self, load: Load) -> bool {
        let size = self.size.load(Ordering::Acquire);
        let filled = load.end.saturating_sub(size);
        let moved = load.reads.min(size).max(load.writes).max(filled);
        moved > MOST_A_POLL as u64 || self.away.load(Ordering::Acquire) > 0
    }

    pub(super) fn rolled(&self) -> bool {
        self.state() == ROLLED
    }

    pub(super) fn is_due(&self) -> bool {
        matches!(self.state(), DUE | ROLLING)
    }

    /// Asks for the rollover.
    pub(super) fn demand(&self) {
        self.raise(DUE);
    }

    /// Asks for the rollover if the position `end`, in bytes, is past the limit.
    pub(super) fn limit(&self, end: u64) {
        if self.max_size > 0 && end > self.max_size {
            self.demand();
        }
    }

    /// Asks for the rollover before a truncation to `size` bytes. As in Python, here a
    /// `max_size` of 0 is a limit of 0 bytes.
    pub(super) fn limit_truncate(&self, size: u64) {
        if size > self.max_size {
            self.demand();
        }
    }

    /// Returns an executor that runs jobs in place while the file is in memory.
    pub(super) fn executor(self: &Arc<Self>, real: Chosen) -> Chosen {
        let executor = SpoolExecutor {
            shared: self.clone(),
            real: real.clone(),
        };
        Chosen::before(executor, &real)
    }
}

struct SpoolExecutor {
    shared: Arc<Shared>,
    real: Chosen,
}

impl Executor for SpoolExecutor {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        // These operations need a file on disk.
        if matches!(job.op(), "stat" | "sync" | "lock" | "unlock") {
            self.shared.demand();
        }
        let in_place = match self.shared.state() {
            MEMORY if self.shared.is_much(job.load()) => {
                let away = Away::new(&self.shared);
                let job = job.wrap(move |run| {
                    let _away = away;
                    run();
                });
                return self.real.get().execute(job);
            }
            MEMORY => true,
            // A close discards the bytes, so they need not go to disk first.
            DUE => job.op() == "close",
            _ => false,
        };
        if in_place {
            job.run();
            return Ok(());
        }
        self.shared.raise(ROLLING);
        self.real.get().execute(job)
    }
}

impl Spool {
    pub(super) fn new(max_size: u64, place: Place, append: bool) -> (Self, Arc<Shared>) {
        let shared = Arc::new(Shared {
            state: AtomicU8::new(MEMORY),
            max_size,
            size: AtomicU64::new(0),
            away: AtomicUsize::new(0),
        });
        let spool = Self {
            shared: shared.clone(),
            memory: Mutex::default(),
            file: OnceLock::new(),
            place,
            append,
        };
        (spool, shared)
    }

    /// Returns the file on disk, if there is one. In the state `ROLLING` it makes the file
    /// first, which blocks: that state begins only when a job goes to the real executor.
    fn rolled_file(&self) -> io::Result<Option<&File>> {
        if self.shared.state() == ROLLING {
            let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
            if self.file.get().is_none() {
                let mut file = self.place.anonymous(self.append)?;
                file.write_all(memory.get_ref())?;
                Seek::seek(&mut file, SeekFrom::Start(memory.position()))?;
                *memory = Cursor::default();
                // It cannot be set already: only this line sets it, under the lock.
                drop(self.file.set(file));
            }
            self.shared.raise(ROLLED);
        }
        Ok(self.file.get())
    }

    fn memory(&mut self) -> &mut Cursor<Vec<u8>> {
        self.memory
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spool {
    fn note_size(&mut self) {
        let size = self.memory().get_ref().len() as u64;
        self.shared.size.store(size, Ordering::Release);
    }
}

/// Seeks in memory. As on disk, a position must fit into an `i64`.
fn seek_in(memory: &mut Cursor<Vec<u8>>, pos: SeekFrom) -> io::Result<u64> {
    match Seek::seek(memory, pos)? {
        pos if i64::try_from(pos).is_ok() => Ok(pos),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}

impl RawIo for Spool {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.rolled_file()? {
            Some(mut file) => io::Read::read(&mut file, buf),
            None => io::Read::read(self.memory(), buf),
        }
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if let Some(mut file) = self.rolled_file()? {
            return file.write(buf);
        }
        let append = self.append;
        let memory = self.memory();
        if append {
            memory.set_position(memory.get_ref().len() as u64);
        }
        let end = memory.position().saturating_add(buf.len() as u64);
        reserve(memory, end)?;
        let n = Write::write(memory, buf)?;
        self.note_size();
        self.shared.limit(end);
        Ok(n)
    }

    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        let absolute = !matches!(pos, SeekFrom::Current(_));
        let before = self.memory().position();
        if absolute {
            // A rollover brings the new file to the position in memory, which may be one
            // that no file on disk can have. An absolute seek does not depend on that
            // position, so set it to 0: the rollover must not fail for it.
            self.memory().set_position(0);
        }
        let sought = match self.rolled_file() {
            Ok(Some(file)) => return sys::seek(file, pos),
            Ok(None) => seek_in(self.memory(), pos),
            Err(error) => Err(error),
        };
        let memory = self.memory();
        match sought {
            Ok(pos) if pos > (memory.get_ref().len() as u64).saturating_add(HOLE) => {
                self.shared.demand();
            }
            Ok(_) => {}
            Err(_) => memory.set_position(before),
        }
        sought
    }

    fn flush(&mut self) -> io::Result<()> {
        self.rolled_file().map(drop)
    }

    fn truncate(&mut self, size: u64) -> io::Result<()> {
        if let Some(file) = self.rolled_file()? {
            return file.set_len(size);
        }
        let memory = self.memory();
        reserve(memory, size)?;
        RawIo::truncate(memory, size)?;
        self.note_size();
        // The limit for a size that the user gave is checked above, by `limit_truncate`.
        self.shared.limit(size);
        Ok(())
    }

    fn read_at(&mut self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        match self.rolled_file()? {
            Some(file) => file.try_clone()?.read_at(buf, offset),
            None => RawIo::read_at(self.memory(), buf, offset),
        }
    }

    fn write_at(&mut self, buf: &[u8], offset: u64) -> io::Result<usize> {
        if let Some(file) = self.rolled_file()? {
            return file.try_clone()?.write_at(buf, offset);
        }
        let end = offset.saturating_add(buf.len() as u64);
        let memory = self.memory();
        reserve(memory, end)?;
        let n = RawIo::write_at(memory, buf, offset)?;
        self.note_size();
        self.shared.limit(end);
        Ok(n)
    }

    fn close(&mut self) -> io::Result<()> {
        self.file.take().map_or(Ok(()), sys::close)
    }

    fn as_file(&self) -> Option<&File> {
        // The next operation that can return the error fails with it again.
        self.rolled_file().ok().flatten()
    }

    fn isatty(&self) -> bool {
        false
    }
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool")
            .field("shared", &self.shared)
            .finish_non_exhaustive()
    }
}
