//! The raw stream, which a file and its jobs own together.

use std::any::Any;
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, SeekFrom};
use std::sync::{Arc, PoisonError, Weak};

use crate::raw_io::{Astray, RawIo};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, MutexGuard, thread_local};
use crate::sys::nowait::{self, Answer};
use crate::sys::{self, OpenFile, retry};

/// A shared handle on the raw stream.
///
/// A std [`File`] needs no lock if positional I/O of the system leaves the cursor alone;
/// then such I/O runs at the same time as everything else. [`OpenFile`] knows whether that
/// is so. Any other stream is used by one job at a time.
pub(crate) enum SharedStream<R> {
    /// Only where `R` is [`File`].
    File(Arc<File>, OpenFile),
    Other(Arc<Shared<R>>),
}

/// A stream that is not a std file, and what all its users share.
pub(crate) struct Shared<R> {
    /// The only lock under which foreign code runs, namely the methods of the stream: it
    /// makes sure that one job at a time calls the stream. If a method of the stream uses
    /// its own file on the same thread (jobs may run inline), that is refused. If it waits
    /// for an operation of its own file on another thread, it waits for ever.
    slot: Mutex<Slot<R>>,
    /// Whether bytes were written since the last flush. It is changed under the lock, and
    /// read by the task without the lock.
    unflushed: AtomicBool,
    open: OpenFile,
}

struct Slot<R> {
    /// `None` once closed or taken back.
    raw: Option<R>,
    /// Where the cursor belongs, if a positional call could not bring it back. It must be
    /// moved there before anything else is done at the cursor.
    astray: Option<u64>,
}

impl<R> Clone for SharedStream<R> {
    fn clone(&self) -> Self {
        match self {
            Self::File(file, open) => Self::File(file.clone(), open.clone()),
            Self::Other(shared) => Self::Other(shared.clone()),
        }
    }
}

/// A [`SharedStream`] that does not keep the stream open.
pub(crate) enum WeakStream<R> {
    File(Weak<File>, OpenFile),
    Other(Weak<Shared<R>>),
}

impl<R> WeakStream<R> {
    /// `None` once the stream was dropped.
    pub(crate) fn upgrade(&self) -> Option<SharedStream<R>> {
        match self {
            Self::File(file, open) => Some(SharedStream::File(file.upgrade()?, open.clone())),
            Self::Other(shared) => shared.upgrade().map(SharedStream::Other),
        }
    }
}

/// Converts `T` to `U` if they are the same type.
fn same_type<T: 'static, U: 'static>(value: T) -> Result<U, T> {
    let mut value = Some(value);
    match (&mut value as &mut dyn Any)
        .downcast_mut::<Option<U>>()
        .and_then(Option::take)
    {
        Some(value) => Ok(value),
        None => Err(value.expect("not taken, as the types differ")),
    }
}

fn gone() -> io::Error {
    io::Error::other("the stream was closed")
}

thread_local! {
    /// The addresses of the shared streams that this thread is using now, the innermost
    /// last.
    static IN_USE: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// The locked stream, for the time of one call.
struct InUse<'a, R>(MutexGuard<'a, Slot<R>>);

impl<R> Drop for InUse<'_, R> {
    fn drop(&mut self) {
        // Calls are nested, so this stream is the last one. The list is gone if the thread
        // is ending.
        let _ = IN_USE.try_with(|used| used.borrow_mut().pop());
    }
}

impl<R> Shared<R> {
    fn address(&self) -> usize {
        &raw const *self as usize
    }

    /// Whether this thread is inside a call of the stream.
    fn is_in_use_here(&self) -> bool {
        let here = IN_USE.try_with(|used| used.borrow().contains(&self.address()));
        here.unwrap_or(false)
    }

    fn lock(&self) -> io::Result<InUse<'_, R>> {
        if self.is_in_use_here() {
            let error = "the stream was called from within one of its own calls";
            return Err(io::Error::new(io::ErrorKind::Deadlock, error));
        }
        // After a panic in a call, the stream can still be used.
        let slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = IN_USE.try_with(|used| used.borrow_mut().push(self.address()));
        Ok(InUse(slot))
    }
}

impl<R: RawIo> Slot<R> {
    /// The stream, wherever its cursor is.
    fn raw(&mut self) -> io::Result<&mut R> {
        self.raw.as_mut().ok_or_else(gone)
    }

    /// The stream, after a lost cursor was moved back to where the file believes it to be.
    fn placed(&mut self) -> io::Result<&mut R> {
        let raw = self.raw.as_mut().ok_or_else(gone)?;
        if let Some(back) = self.astray {
            retry(|| raw.seek(SeekFrom::Start(back)))?;
            self.astray = None;
        }
        Ok(raw)
    }

    /// Uses the stream at its cursor, and notes it if `f` has lost the cursor.
    fn run<T>(&mut self, f: impl FnOnce(&mut R) -> io::Result<T>) -> io::Result<T> {
        f(self.placed()?).map_err(|error| match error.downcast::<Astray>() {
            Ok(Astray { back, source }) => {
                self.astray = Some(back);
                source
            }
            Err(error) => error,
        })
    }
}

impl<R: RawIo> SharedStream<R> {
    pub(crate) fn new(raw: R) -> Self {
        match same_type::<R, File>(raw) {
            Ok(file) => Self::File(Arc::new(file), OpenFile::new()),
            Err(raw) => {
                let raw = Some(raw);
                Self::Other(Arc::new(Shared {
                    slot: Mutex::new(Slot { raw, astray: None }),
                    unflushed: AtomicBool::new(false),
                    open: OpenFile::new(),
                }))
            }
        }
    }

    /// Whether this thread is inside a call of the stream, so that it cannot make another
    /// one.
    pub(crate) fn is_in_use_here(&self) -> bool {
        match self {
            Self::File(..) => false,
            Self::Other(shared) => shared.is_in_use_here(),
        }
    }

    pub(crate) fn file(&self) -> Option<&Arc<File>> {
        match self {
            Self::File(file, _) => Some(file),
            Self::Other(_) => None,
        }
    }

    pub(crate) fn downgrade(&self) -> WeakStream<R> {
        match self {
            Self::File(file, open) => WeakStream::File(Arc::downgrade(file), open.clone()),
            Self::Other(shared) => WeakStream::Other(Arc::downgrade(shared)),
        }
    }

    pub(crate) fn open_file(&self) -> &OpenFile {
        match self {
            Self::File(_, open) => open,
            Self::Other(shared) => &shared.open,
        }
    }

    /// Notes that this stream is another handle of the same open file as `other`, made by
    /// [`File::try_clone`].
    pub(crate) fn shares(&mut self, other: &Self) {
        if let Self::File(_, open) = self {
            *open = other.open_file().clone();
        }
    }

    /// Uses the stream. Call it only in a job, as it waits for other users.
    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut dyn RawIo) -> io::Result<T>) -> io::Result<T> {
        match self {
            Self::File(file, open) => {
                let _turn = open.turn();
                f(&mut file.clone())
            }
            Self::Other(shared) => shared.lock()?.0.run(|raw| f(raw)),
        }
    }

    /// Reads at the cursor without waiting, if that is possible. Do not call it while a job
    /// uses the stream: it waits for any other user.
    pub(crate) fn read_now(&self, buf: &mut [u8]) -> Answer {
        match self {
            Self::File(file, _) => nowait::read(file, buf),
            Self::Other(_) => match self.with(|raw| Ok(raw.read_now(buf))) {
                Ok(Some(n)) if 0 < n && n <= buf.len() => Answer::Data(n),
                Ok(_) | Err(_) => Answer::WouldWait,
            },
        }
    }

    /// The position of the cursor, in bytes from the start; `None` if the stream does not
    /// tell it. Call it only in a job.
    pub(crate) fn here(&self) -> Option<u64> {
        self.with(|raw| retry(|| raw.seek(SeekFrom::Current(0))))
            .ok()
    }

    /// As [`with`](Self::with), for an `f` that may write, so that the stream must be
    /// flushed later.
    pub(crate) fn write<T>(
        &self,
        f: impl FnOnce(&mut dyn RawIo) -> io::Result<T>,
    ) -> io::Result<T> {
        self.with(|raw| {
            self.mark_unflushed();
            f(raw)
        })
    }

    /// Flushes the stream. A std file needs no flush.
    pub(crate) fn flush(&self) -> io::Result<()> {
        let Self::Other(shared) = self else {
            return Ok(());
        };
        let mut slot = shared.lock()?;
        if self.unflushed() {
            let raw = slot.0.raw()?;
            retry(|| raw.flush())?;
            shared.unflushed.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Whether bytes were written since the last flush.
    pub(crate) fn unflushed(&self) -> bool {
        match self {
            Self::File(..) => false,
            Self::Other(shared) => shared.unflushed.load(Ordering::Relaxed),
        }
    }

    /// Notes that something may be written. Call it only while the stream is locked.
    fn mark_unflushed(&self) {
        if let Self::Other(shared) = self {
            shared.unflushed.store(true, Ordering::Relaxed);
        }
    }

    /// Uses the stream as its own type; `writes` says that `f` may write. Call it only in a
    /// job. Of a std file, `f` gets a duplicate of the descriptor, which shares the cursor,
    /// because others may be using the original.
    pub(crate) fn with_own<T>(
        &self,
        writes: bool,
        f: impl FnOnce(&mut R) -> io::Result<T>,
    ) -> io::Result<T> {
        match self {
            Self::File(file, open) => {
                let _turn = open.turn();
                let copy = same_type::<File, R>(file.try_clone()?);
                f(&mut copy.unwrap_or_else(|_| unreachable!("`File` holds only where `R` is it")))
            }
            Self::Other(shared) => shared.lock()?.0.run(|raw| {
                if writes {
                    self.mark_unflushed();
                }
                f(raw)
            }),
        }
    }

    /// Takes the stream out, with its cursor in its place. If that fails, returns this
    /// handle unchanged. If a positional call still uses a std file, the result is a
    /// duplicate of its descriptor.
    pub(crate) fn take(self) -> Result<R, (Self, io::Error)> {
        match self {
            Self::File(file, open) => {
                let file = match Arc::try_unwrap(file) {
                    Ok(file) => file,
                    Err(shared) => match shared.try_clone() {
                        Ok(copy) => copy,
                        Err(error) => return Err((Self::File(shared, open), error)),
                    },
                };
                let raw = same_type::<File, R>(file);
                Ok(raw.unwrap_or_else(|_| unreachable!("`File` holds only where `R` is it")))
            }
            Self::Other(shared) => {
                let taken = shared.lock().and_then(|mut slot| {
                    slot.0.placed()?;
                    slot.0.raw.take().ok_or_else(gone)
                });
                taken.map_err(|error| (Self::Other(shared), error))
            }
        }
    }

    /// Returns the error that a close of the file behind the stream would have. The file
    /// stays open.
    pub(crate) fn ask_close(&self) -> io::Result<()> {
        self.with(|raw| raw.as_file().map_or(Ok(()), sys::close_duplicate))
    }

    /// Closes the stream and drops it. A std file that others still use is closed when the
    /// last of them is done. The error of a close is returned here even then, since nobody
    /// could return it later.
    pub(crate) fn close(self) -> io::Result<()> {
        match self {
            Self::File(file, _) => match Arc::try_unwrap(file) {
                Ok(file) => sys::close(file),
                Err(shared) => sys::close_duplicate(&*shared),
            },
            Self::Other(shared) => {
                let mut raw = shared.lock()?.0.raw.take().ok_or_else(gone)?;
                retry(|| raw.close())
            }
        }
    }
}
