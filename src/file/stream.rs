//! Who owns the raw stream: a file and its jobs, together.

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
/// A plain [`File`] needs no lock where the system keeps its cursor out of positional
/// I/O, which then goes on beside everything else; [`OpenFile`] knows. Anything else is
/// used by one job at a time.
pub(crate) enum SharedStream<R> {
    /// Only where `R` is [`File`].
    File(Arc<File>, OpenFile),
    Other(Arc<Shared<R>>),
}

/// A stream that is no plain file, and what all who use it must know of it.
pub(crate) struct Shared<R> {
    /// The one lock under which foreign code runs, the stream's own: it is there to
    /// have the stream called by one job at a time. A call that comes back here on its
    /// own thread, as with jobs in place, is refused; one that waits for an operation of
    /// its own file on another thread waits for ever.
    slot: Mutex<Slot<R>>,
    /// Whether it has taken bytes that it was not told to send on. Changes under
    /// the lock; the task reads it without.
    unflushed: AtomicBool,
    open: OpenFile,
}

struct Slot<R> {
    /// `None` once closed or taken back.
    raw: Option<R>,
    /// Where the cursor belongs, since a positional call could not bring it back:
    /// to be mended before anything else is done at the cursor.
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

/// `T` as `U` where they are the same type.
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
    /// Which shared streams this thread is using now, by their addresses, innermost last.
    static IN_USE: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// The stream, for as long as one call of it takes.
struct InUse<'a, R>(MutexGuard<'a, Slot<R>>);

impl<R> Drop for InUse<'_, R> {
    fn drop(&mut self) {
        // Used and given up in the order of calls. A thread that ends has no list any more.
        let _ = IN_USE.try_with(|used| used.borrow_mut().pop());
    }
}

impl<R> Shared<R> {
    fn address(&self) -> usize {
        &raw const *self as usize
    }

    /// Whether this thread is in the middle of a call of the stream.
    fn is_in_use_here(&self) -> bool {
        let here = IN_USE.try_with(|used| used.borrow().contains(&self.address()));
        here.unwrap_or(false)
    }

    fn lock(&self) -> io::Result<InUse<'_, R>> {
        if self.is_in_use_here() {
            let error = "the stream was called from within one of its own calls";
            return Err(io::Error::new(io::ErrorKind::Deadlock, error));
        }
        // A panic in a call leaves the stream as it is: still usable.
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

    /// The stream with its cursor where the file believes it to be.
    fn placed(&mut self) -> io::Result<&mut R> {
        let raw = self.raw.as_mut().ok_or_else(gone)?;
        if let Some(back) = self.astray {
            retry(|| raw.seek(SeekFrom::Start(back)))?;
            self.astray = None;
        }
        Ok(raw)
    }

    /// Uses the stream at its cursor, and notes where that was lost.
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

    /// Whether this thread is in the middle of a call of the stream, and so can make no
    /// other one.
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

    /// A handle of the same open file, made by [`File::try_clone`].
    pub(crate) fn shares(&mut self, other: &Self) {
        if let Self::File(_, open) = self {
            *open = other.open_file().clone();
        }
    }

    /// Uses the stream. Only in a job: it waits for any other user.
    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut dyn RawIo) -> io::Result<T>) -> io::Result<T> {
        match self {
            Self::File(file, open) => {
                let _turn = open.turn();
                f(&mut file.clone())
            }
            Self::Other(shared) => shared.lock()?.0.run(|raw| f(raw)),
        }
    }

    /// Reads at the cursor without waiting, as far as that can be done. Not while a job has
    /// the stream: it waits for any other user.
    pub(crate) fn read_now(&self, buf: &mut [u8]) -> Answer {
        match self {
            Self::File(file, _) => nowait::read(file, buf),
            Self::Other(_) => match self.with(|raw| Ok(raw.read_now(buf))) {
                Ok(Some(n)) if 0 < n && n <= buf.len() => Answer::Data(n),
                Ok(_) | Err(_) => Answer::WouldWait,
            },
        }
    }

    /// Where the cursor is, in bytes from the start; `None` where that is not told. Only
    /// in a job.
    pub(crate) fn here(&self) -> Option<u64> {
        self.with(|raw| retry(|| raw.seek(SeekFrom::Current(0))))
            .ok()
    }

    /// As [`with`](Self::with), for what may leave bytes in the stream.
    pub(crate) fn write<T>(
        &self,
        f: impl FnOnce(&mut dyn RawIo) -> io::Result<T>,
    ) -> io::Result<T> {
        self.with(|raw| {
            self.mark_unflushed();
            f(raw)
        })
    }

    /// Has the stream send on what it was given; a plain file has, at once.
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

    /// Whether the stream has taken bytes that it was not told to send on.
    pub(crate) fn unflushed(&self) -> bool {
        match self {
            Self::File(..) => false,
            Self::Other(shared) => shared.unflushed.load(Ordering::Relaxed),
        }
    }

    /// Something was written, or may have been. Only while the stream is used.
    fn mark_unflushed(&self) {
        if let Self::Other(shared) = self {
            shared.unflushed.store(true, Ordering::Relaxed);
        }
    }

    /// Uses the stream as what it is; `writes` says that it may be written to.
    /// Only in a job. A plain file is lent as a duplicate of its descriptor, which
    /// shares the cursor: others may be using the original.
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

    /// Takes the stream out, with its cursor in its place; if it fails, it stays.
    /// A plain file that a positional call still uses comes as a duplicate of its
    /// descriptor.
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

    /// Tells what a close would say of the file behind the stream, which stays open.
    pub(crate) fn ask_close(&self) -> io::Result<()> {
        self.with(|raw| raw.as_file().map_or(Ok(()), sys::close_duplicate))
    }

    /// Closes the stream and drops it; a plain file when its last user is done. The
    /// error of that is told here even so: nobody else could tell it.
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
