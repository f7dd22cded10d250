//! A stream in memory that answers one of its calls as no good one does.

use std::io::{self, SeekFrom};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aiofiles::RawIo;

/// What a stream does in the call whose turn it is, in place of what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Nothing,
    Panics,
    /// With a payload whose drop panics, with such a payload.
    PanicsAgain,
    /// One byte more than it was given room for, or bytes.
    OneMore,
    /// More than there is memory.
    Largest,
    /// A seek tells the largest number, and does nothing; others as they should.
    FarAway,
    /// A write of nothing; a read that is no end.
    Stalls,
    /// That it was interrupted, so often.
    Interrupted(usize),
    /// Uses another file on the same executor, and waits for that.
    ComesBack,
}

/// Its drop panics with another one, so often.
pub(crate) struct Bomb(pub(crate) u32);

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 > 0 {
            resume_unwind(Box::new(Bomb(self.0 - 1)));
        }
    }
}

#[derive(Default)]
struct Inner {
    data: Vec<u8>,
    cursor: u64,
    calls: usize,
    /// The number of the call that it happens in.
    when: usize,
    deed: Option<Deed>,
    hook: Option<Arc<dyn Fn() + Send + Sync>>,
    dropped: bool,
}

/// What the test keeps of the stream.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Inner>>);

pub(crate) struct Odd(Memory);

impl Memory {
    pub(crate) fn new(data: &[u8]) -> Self {
        let memory = Self::default();
        memory.lock().data = data.to_vec();
        memory
    }

    pub(crate) fn stream(&self) -> Odd {
        Odd(self.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the call after `good` others be answered so.
    pub(crate) fn plan(&self, deed: Deed, good: usize) {
        let mut inner = self.lock();
        inner.deed = Some(deed);
        inner.when = inner.calls.saturating_add(good);
    }

    /// Whether what was planned has happened; it does not any more.
    pub(crate) fn heal(&self) -> bool {
        self.lock().deed.take().is_none()
    }

    pub(crate) fn on_return(&self, hook: impl Fn() + Send + Sync + 'static) {
        self.lock().hook = Some(Arc::new(hook));
    }

    pub(crate) fn calls(&self) -> usize {
        self.lock().calls
    }

    pub(crate) fn data(&self) -> Vec<u8> {
        self.lock().data.clone()
    }

    pub(crate) fn dropped(&self) -> bool {
        self.lock().dropped
    }

    /// Counts a call; what befalls it.
    fn turn(&self) -> io::Result<Deed> {
        let mut inner = self.lock();
        let turn = inner.calls == inner.when;
        inner.calls += 1;
        let Some(deed) = inner.deed.filter(|_| turn) else {
            return Ok(Deed::Nothing);
        };
        if let Deed::Interrupted(times @ 1..) = deed {
            // The call is made again, and is the same one.
            inner.calls -= 1;
            inner.deed = Some(Deed::Interrupted(times - 1));
            return Err(io::ErrorKind::Interrupted.into());
        }
        inner.deed = None;
        let hook = inner.hook.clone();
        drop(inner);
        match deed {
            Deed::Panics => resume_unwind(Box::new("the stream panics")),
            Deed::PanicsAgain => resume_unwind(Box::new(Bomb(3))),
            Deed::ComesBack => {
                if let Some(hook) = hook {
                    hook();
                }
                Ok(Deed::Nothing)
            }
            Deed::Interrupted(_) => Ok(Deed::Nothing),
            deed => Ok(deed),
        }
    }
}

impl RawIo for Odd {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.0.turn()? {
            Deed::OneMore => return Ok(buf.len() + 1),
            Deed::Largest => return Ok(usize::MAX),
            Deed::Stalls => return Err(io::ErrorKind::WouldBlock.into()),
            _ => {}
        }
        let mut inner = self.0.lock();
        let at = usize::try_from(inner.cursor).unwrap_or(usize::MAX);
        let rest = inner.data.get(at..).unwrap_or_default();
        let n = rest.len().min(buf.len()).min(7);
        buf[..n].copy_from_slice(&rest[..n]);
        inner.cursor += n as u64;
        Ok(n)
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self.0.turn()? {
            Deed::OneMore => return Ok(buf.len() + 1),
            Deed::Largest => return Ok(usize::MAX),
            Deed::Stalls => return Ok(0),
            _ => {}
        }
        let mut inner = self.0.lock();
        let at = usize::try_from(inner.cursor).map_err(|_| io::ErrorKind::StorageFull)?;
        let n = buf.len().min(7);
        let end = at + n;
        if inner.data.len() < end {
            inner.data.resize(end, 0);
        }
        inner.data[at..end].copy_from_slice(&buf[..n]);
        inner.cursor = end as u64;
        Ok(n)
    }

    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        match self.0.turn()? {
            Deed::FarAway | Deed::Largest => return Ok(u64::MAX),
            Deed::Stalls => return Err(io::ErrorKind::WouldBlock.into()),
            _ => {}
        }
        let mut inner = self.0.lock();
        let to = match pos {
            SeekFrom::Start(to) => i128::from(to),
            SeekFrom::Current(by) => i128::from(inner.cursor) + i128::from(by),
            SeekFrom::End(by) => inner.data.len() as i128 + i128::from(by),
        };
        inner.cursor = u64::try_from(to).map_err(|_| io::ErrorKind::InvalidInput)?;
        Ok(inner.cursor)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.plain()
    }

    fn truncate(&mut self, size: u64) -> io::Result<()> {
        self.plain()?;
        self.0.lock().data.resize(size as usize, 0);
        Ok(())
    }

    fn sync_all(&mut self) -> io::Result<()> {
        self.plain()
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.plain()
    }

    fn close(&mut self) -> io::Result<()> {
        self.plain()
    }

    fn seekable(&mut self) -> bool {
        true
    }
}

impl Odd {
    /// A call that gives nothing.
    fn plain(&self) -> io::Result<()> {
        match self.0.turn()? {
            Deed::Stalls => Err(io::ErrorKind::WouldBlock.into()),
            _ => Ok(()),
        }
    }
}

impl Drop for Odd {
    fn drop(&mut self) {
        self.0.lock().dropped = true;
    }
}
