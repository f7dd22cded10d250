//! Writes at an offset.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::At;
use crate::delegate::{Blocking, Hop};
use crate::error::{Error, Result};
use crate::executor::Load;
use crate::file::core::Core;
use crate::raw_io::{RawIo, taken};
use crate::sys::retry;

/// The pending call of `write_at`, `write_all_at` and `write_owned_at`: gives how many
/// bytes were written.
///
/// It borrows nothing, and goes on beside the file's other operations.
#[must_use = "a call does nothing unless you `.await` it"]
pub struct WriteAt<R>(Hop<Writing<R>, usize>);

impl<R: RawIo> Future for WriteAt<R> {
    type Output = Result<usize>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<R> fmt::Debug for WriteAt<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WriteAt").field(&self.0).finish()
    }
}

struct Writing<R> {
    at: At<R>,
    data: Vec<u8>,
    all: bool,
}

impl<R: RawIo> Blocking for Writing<R> {
    type Output = usize;

    fn load(&self) -> Load {
        let writes = self.data.len() as u64;
        Load {
            writes,
            end: self.at.offset.saturating_add(writes),
            reads: 0,
        }
    }

    fn op(&self) -> &'static str {
        "write"
    }

    fn path(&self) -> Option<&Arc<Path>> {
        self.at.path.as_ref()
    }

    fn run_nowait(&mut self, _: bool) -> Option<Result<usize>> {
        self.at.stream().err().map(Err)
    }

    fn run(mut self) -> Result<usize> {
        let stream = self.at.stream()?.clone();
        let mut done = 0;
        while done < self.data.len() {
            let at = self.at.offset.saturating_add(done as u64);
            let rest = &self.data[done..];
            let written = stream.write(|raw| retry(|| raw.write_at(rest, at)));
            match written.and_then(|n| taken(n, rest.len())) {
                Ok(n) => done += n,
                Err(error) => return Err(self.at.fail("write", error)),
            }
            if !self.all {
                break;
            }
        }
        Ok(done)
    }
}

impl<R: RawIo> Core<R> {
    /// `data` is an error where there was no memory for a copy.
    pub(in crate::file) fn write_at(
        &self,
        offset: u64,
        data: io::Result<Vec<u8>>,
        all: bool,
    ) -> WriteAt<R> {
        let data = data.map_err(|error| Error::os("write", self.path(), error));
        let (data, copied) = match data {
            Ok(data) => (data, Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        };
        let at = At::new(self, offset, self.check_writable("write").and(copied));
        WriteAt(self.hop(Writing { at, data, all }))
    }
}
