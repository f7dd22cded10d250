//! Writes at an offset.

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::At;
use crate::budget::{self, MOST_A_POLL, Share};
use crate::delegate::{Blocking, Hop};
use crate::error::{Error, Result};
use crate::executor::Load;
use crate::file::core::Core;
use crate::raw_io::{RawIo, taken};
use crate::sys::retry;

/// The pending call of `write_at`, `write_all_at` and `write_owned_at`. It gives the number
/// of bytes that were written, a `Result<usize>`.
///
/// It does not borrow the file, and runs at the same time as other operations of the file.
/// It borrows the data until they are copied; the call of `write_owned_at` borrows nothing.
#[must_use = "a call does nothing unless you `.await` it"]
pub struct WriteAt<'a, R> {
    hop: Hop<Writing<R>, usize>,
    /// The data that must be copied into the hop before it begins.
    borrowed: Option<&'a [u8]>,
}

impl<R: RawIo> Future for WriteAt<'_, R> {
    type Output = Result<usize>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Some(borrowed) = this.borrowed {
            if let Some(writing) = this.hop.args() {
                ready!(writing.poll_copy(cx, borrowed));
            }
            this.borrowed = None;
        }
        Pin::new(&mut this.hop).poll(cx)
    }
}

impl<R> fmt::Debug for WriteAt<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WriteAt").field(&self.hop).finish()
    }
}

struct Writing<R> {
    at: At<R>,
    data: Vec<u8>,
    all: bool,
}

impl<R> Writing<R> {
    /// Copies a share of `borrowed`. Ready when all of it is copied, or if there is no memory
    /// for it, which becomes the error of the call.
    fn poll_copy(&mut self, cx: &mut Context<'_>, borrowed: &[u8]) -> Poll<()> {
        if self.at.stream.is_err() {
            return Poll::Ready(());
        }
        // One task may poll many such calls.
        ready!(budget::poll_spend(cx));
        let before = self.data.len();
        let copied = budget::poll_append(cx, borrowed, &mut self.data, &mut Share::default());
        budget::moved((self.data.len() - before).min(MOST_A_POLL));
        copied.map(|copied| {
            if let Err(error) = copied {
                let error = Error::os("write", self.at.path.as_deref(), error);
                self.at.stream = Err(Some(error));
            }
        })
    }
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
    /// A write of `owned`, or if there is something `borrowed`, of a copy of that.
    pub(super) fn write_at<'a>(
        &self,
        offset: u64,
        owned: Vec<u8>,
        borrowed: Option<&'a [u8]>,
        all: bool,
    ) -> WriteAt<'a, R> {
        let at = At::new(self, offset, self.check_writable("write"));
        let data = owned;
        WriteAt {
            hop: self.hop(Writing { at, data, all }),
            borrowed,
        }
    }
}
