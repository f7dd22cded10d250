//! A stream in memory that fails on demand.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, SeekFrom};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aiofiles::RawIo;

/// The calls of a [`RawIo`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Read,
    Write,
    Seek,
    /// Asks for the cursor, which a file of the system always tells.
    Where,
    Flush,
    Truncate,
    Sync,
    Close,
}

/// What befalls a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// At most so many bytes, at least one.
    Short(usize),
    /// EINTR; the crate never shows it.
    Interrupted,
    WouldBlock,
    Errno(i32),
    /// Before anything is done.
    Panic,
}

pub(crate) const ENOSPC: i32 = 28;
pub(crate) const EIO: i32 = 5;

type Script = Box<dyn FnMut(Op) -> Fault + Send>;
type Hook = Box<dyn FnMut(Op) + Send>;

#[derive(Default)]
struct Content {
    data: Vec<u8>,
    cursor: usize,
    append: bool,
    /// Bytes beyond this do not fit: ENOSPC after what fits.
    room: Option<usize>,
    script: Option<Script>,
    /// Called before each call, outside the lock.
    hook: Option<Hook>,
    calls: BTreeMap<&'static str, usize>,
    /// Errors and panics injected so far.
    failed: usize,
    closed: bool,
    dropped: bool,
    /// Where the bytes are if they are not here.
    disk: Option<PathBuf>,
}

/// A file in memory; clones share it, one of them goes into the file under test.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Content>>);

/// The one that goes into the file: its drop is noted.
pub(crate) struct Stream {
    memory: Memory,
    seekable: bool,
}

impl Memory {
    pub(crate) fn new(data: impl Into<Vec<u8>>) -> Self {
        let memory = Self::default();
        memory.lock().data = data.into();
        memory
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stream(&self) -> Stream {
        let memory = self.clone();
        Stream {
            memory,
            seekable: true,
        }
    }

    /// Of a stream that cannot seek, as a pipe.
    pub(crate) fn pipe(&self) -> Stream {
        let memory = self.clone();
        Stream {
            memory,
            seekable: false,
        }
    }

    /// A true file, and what looks into it: no call of it fails, and its end is
    /// seen by its descriptors.
    pub(crate) fn on_disk(path: PathBuf, data: &[u8], append: bool) -> (Self, File) {
        std::fs::write(&path, data).unwrap();
        let mut options = File::options();
        options.read(true).write(!append).append(append);
        let file = options.open(&path).unwrap();
        let memory = Self::default();
        memory.lock().disk = Some(path);
        (memory, file)
    }

    pub(crate) fn data(&self) -> Vec<u8> {
        let content = self.lock();
        match &content.disk {
            Some(path) => std::fs::read(path).unwrap(),
            None => content.data.clone(),
        }
    }

    pub(crate) fn append_mode(&self) {
        self.lock().append = true;
    }

    pub(crate) fn set_room(&self, room: Option<usize>) {
        self.lock().room = room;
    }

    pub(crate) fn set_script(&self, script: impl FnMut(Op) -> Fault + Send + 'static) {
        self.lock().script = Some(Box::new(script));
    }

    /// The next call of `op` fails so, the others do not.
    pub(crate) fn fail_once(&self, op: Op, fault: Fault) {
        let mut fault = Some(fault);
        self.set_script(move |now| {
            if now == op {
                fault.take().unwrap_or(Fault::None)
            } else {
                Fault::None
            }
        });
    }

    /// Every call of `op` fails so.
    pub(crate) fn fail(&self, op: Op, fault: Fault) {
        self.set_script(move |now| if now == op { fault } else { Fault::None });
    }

    pub(crate) fn heal(&self) {
        self.lock().script = None;
    }

    pub(crate) fn set_hook(&self, hook: impl FnMut(Op) + Send + 'static) {
        self.lock().hook = Some(Box::new(hook));
    }

    pub(crate) fn failed(&self) -> usize {
        self.lock().failed
    }

    pub(crate) fn closed(&self) -> bool {
        let content = self.lock();
        match &content.disk {
            Some(path) => super::descriptors_below(path) == 0,
            None => content.closed,
        }
    }

    pub(crate) fn dropped(&self) -> bool {
        let content = self.lock();
        match &content.disk {
            Some(path) => super::descriptors_below(path) == 0,
            None => content.dropped,
        }
    }

    pub(crate) fn calls(&self, op: &'static str) -> usize {
        self.lock().calls.get(op).copied().unwrap_or(0)
    }
}

impl Stream {
    /// Runs `call` on the content with the most bytes it may move.
    fn call<T>(
        &self,
        op: Op,
        name: &'static str,
        call: impl FnOnce(&mut Content, usize) -> io::Result<T>,
    ) -> io::Result<T> {
        let hook = self.memory.lock().hook.take();
        if let Some(mut hook) = hook {
            hook(op);
            self.memory.lock().hook.get_or_insert(hook);
        }
        let mut content = self.memory.lock();
        assert!(!content.closed, "{op:?} after close");
        *content.calls.entry(name).or_insert(0) += 1;
        let fault = content
            .script
            .as_mut()
            .map_or(Fault::None, |script| script(op));
        match fault {
            Fault::None => call(&mut content, usize::MAX),
            Fault::Short(most) => call(&mut content, most.max(1)),
            Fault::Interrupted => Err(io::ErrorKind::Interrupted.into()),
            Fault::WouldBlock => {
                content.failed += 1;
                Err(io::ErrorKind::WouldBlock.into())
            }
            Fault::Errno(errno) => {
                content.failed += 1;
                Err(io::Error::from_raw_os_error(errno))
            }
            Fault::Panic => {
                content.failed += 1;
                drop(content);
                std::panic::resume_unwind(Box::new("injected"));
            }
        }
    }
}

impl RawIo for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.call(Op::Read, "read", |content, most| {
            let rest = content.data.get(content.cursor..).unwrap_or_default();
            let n = rest.len().min(buf.len()).min(most);
            buf[..n].copy_from_slice(&rest[..n]);
            content.cursor += n;
            Ok(n)
        })
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.call(Op::Write, "write", |content, most| {
            if content.append {
                content.cursor = content.data.len();
            }
            let at = content.cursor;
            let room = content.room.unwrap_or(usize::MAX).saturating_sub(at);
            let n = buf.len().min(most).min(room);
            if n == 0 && !buf.is_empty() {
                content.failed += 1;
                return Err(io::Error::from_raw_os_error(ENOSPC));
            }
            if content.data.len() < at + n {
                content.data.resize(at + n, 0);
            }
            content.data[at..at + n].copy_from_slice(&buf[..n]);
            content.cursor += n;
            Ok(n)
        })
    }

    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        if !self.seekable {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let op = match pos {
            SeekFrom::Current(0) => Op::Where,
            SeekFrom::Start(_) | SeekFrom::Current(_) | SeekFrom::End(_) => Op::Seek,
        };
        self.call(op, "seek", |content, _| {
            let target = match pos {
                SeekFrom::Start(at) => i128::from(at),
                SeekFrom::Current(by) => content.cursor as i128 + i128::from(by),
                SeekFrom::End(by) => content.data.len() as i128 + i128::from(by),
            };
            content.cursor =
                usize::try_from(target).map_err(|_| io::Error::from_raw_os_error(22))?;
            Ok(content.cursor as u64)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.call(Op::Flush, "flush", |_, _| Ok(()))
    }

    fn truncate(&mut self, size: u64) -> io::Result<()> {
        self.call(Op::Truncate, "truncate", |content, _| {
            content.data.resize(size as usize, 0);
            Ok(())
        })
    }

    fn sync_all(&mut self) -> io::Result<()> {
        self.call(Op::Sync, "sync", |_, _| Ok(()))
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.sync_all()
    }

    fn close(&mut self) -> io::Result<()> {
        let result = self.call(Op::Close, "close", |_, _| Ok(()));
        self.memory.lock().closed = true;
        result
    }

    fn seekable(&mut self) -> bool {
        self.seekable
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut content = self.memory.lock();
        content.dropped = true;
    }
}
