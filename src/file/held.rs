//! Who owns the raw stream: a file and its jobs, together.

use std::any::Any;
use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::raw_io::RawIo;

/// A shared handle on the raw stream.
///
/// A plain [`File`] needs no lock: the kernel has its cursor, and positional I/O
/// may go on beside everything else. Anything else is used by one job at a time.
pub(crate) enum Held<R> {
    /// Only where `R` is [`File`].
    File(Arc<File>),
    /// `None` once closed or taken back.
    Other(Arc<Mutex<Option<R>>>),
}

impl<R> Clone for Held<R> {
    fn clone(&self) -> Self {
        match self {
            Self::File(file) => Self::File(file.clone()),
            Self::Other(raw) => Self::Other(raw.clone()),
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

impl<R: RawIo> Held<R> {
    pub(crate) fn new(raw: R) -> Self {
        match same_type::<R, File>(raw) {
            Ok(file) => Self::File(Arc::new(file)),
            Err(raw) => Self::Other(Arc::new(Mutex::new(Some(raw)))),
        }
    }

    pub(crate) fn file(&self) -> Option<&Arc<File>> {
        match self {
            Self::File(file) => Some(file),
            Self::Other(_) => None,
        }
    }

    /// Uses the stream. Only in a job: it waits for any other user.
    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut dyn RawIo) -> io::Result<T>) -> io::Result<T> {
        match self {
            Self::File(file) => f(&mut file.clone()),
            Self::Other(raw) => {
                // A panic in a call leaves the stream as it is: still usable.
                let mut raw = raw.lock().unwrap_or_else(PoisonError::into_inner);
                f(raw.as_mut().ok_or_else(gone)?)
            }
        }
    }

    /// Uses the stream as what it is. Only in a job. A plain file is lent as a
    /// duplicate of its descriptor, which shares the cursor: others may be using
    /// the original.
    pub(crate) fn with_own<T>(&self, f: impl FnOnce(&mut R) -> io::Result<T>) -> io::Result<T> {
        match self {
            Self::File(file) => {
                let copy = same_type::<File, R>(file.try_clone()?);
                f(&mut copy.unwrap_or_else(|_| unreachable!("`File` holds only where `R` is it")))
            }
            Self::Other(raw) => {
                let mut raw = raw.lock().unwrap_or_else(PoisonError::into_inner);
                f(raw.as_mut().ok_or_else(gone)?)
            }
        }
    }

    /// Takes the stream out. Only in a job. A plain file that a positional call
    /// still uses comes as a duplicate of its descriptor.
    pub(crate) fn take(self) -> io::Result<R> {
        match self {
            Self::File(file) => {
                let file = Arc::try_unwrap(file).or_else(|shared| shared.try_clone())?;
                let raw = same_type::<File, R>(file);
                Ok(raw.unwrap_or_else(|_| unreachable!("`File` holds only where `R` is it")))
            }
            Self::Other(raw) => raw
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take()
                .ok_or_else(gone),
        }
    }
}
