//! Positions, sizes, calls on the stream, and the end of a file.

use std::fs::File;
use std::future::poll_fn;
use std::io::{self, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use super::state::{Idle, State};
use super::{Core, Started};
use crate::budget;
use crate::error::{Error, Result};
use crate::file::stream::SharedStream;
use crate::file::work::{Call, Then};
use crate::raw_io::RawIo;
use crate::sys::OpenFile;
use crate::timer::Growth;

impl<R: RawIo> Core<R> {
    /// Moves the position of the file.
    pub(crate) fn poll_seek(
        &mut self,
        cx: &mut Context<'_>,
        to: SeekFrom,
        started: &mut Started,
    ) -> Poll<Result<u64>> {
        if !self.owns(*started) {
            self.check_seekable("seek")?;
            ready!(self.poll_back(cx));
            if let Some(pos) = self.seek_in_buffer(to) {
                return Poll::Ready(Ok(pos));
            }
        }
        self.poll_job(cx, "seek", started, |core| {
            core.check_seekable("seek")?;
            core.drop_read_ahead();
            Ok(Then::Seek(to))
        })
    }

    /// Makes a seek within the read buffer; `None` if that is not possible.
    pub(super) fn seek_in_buffer(&mut self, to: SeekFrom) -> Option<u64> {
        let raw = self.capacity == 0;
        // As CPython, only if bytes were read ahead. Otherwise somebody else may have moved
        // the cursor, and the program seeks to bring it back.
        let ahead = self.ahead.has_only_bytes() && self.cursor.rewind == 0;
        if raw || !ahead || self.out.failed.is_some() || self.is_dirty() {
            return None;
        }
        let here = self.position()?;
        let target = match to {
            SeekFrom::Start(target) => target,
            SeekFrom::Current(by) => here.checked_add_signed(by)?,
            SeekFrom::End(_) => return None,
        };
        let by = i128::from(target) - i128::from(here);
        self.ahead.buffer_mut().seek(by).then_some(target)
    }

    /// The position of the file. The stream is asked only if it is not known.
    pub(crate) fn poll_tell(
        &mut self,
        cx: &mut Context<'_>,
        started: &mut Started,
    ) -> Poll<Result<u64>> {
        if !self.owns(*started) {
            ready!(self.poll_back(cx));
            self.check_seekable("tell")?;
            // The position behind an append is known only after the append.
            let known = self
                .position()
                .filter(|_| !(self.meta.append && self.is_dirty()));
            if let Some(pos) = known {
                return Poll::Ready(Ok(pos));
            }
        }
        let pos = ready!(self.poll_job(cx, "tell", started, |core| {
            core.check_seekable("tell")?;
            Ok(Then::Where)
        }))?;
        Poll::Ready(Ok(pos.saturating_sub(self.behind())))
    }

    /// Makes the next question for the position go to the stream, unless bytes were read
    /// ahead or are still to be written.
    pub(crate) fn forget_position(&mut self) {
        let ahead = self.behind() > 0;
        if !self.is_busy() && !ahead && !self.is_dirty() {
            self.cursor.pos = None;
        }
    }

    /// Sets the size, by default to the position of the file; returns it.
    pub(crate) fn poll_truncate(
        &mut self,
        cx: &mut Context<'_>,
        size: Option<u64>,
        started: &mut Started,
    ) -> Poll<Result<u64>> {
        if !self.owns(*started) {
            self.check_writable("truncate")?;
        }
        self.poll_job(cx, "truncate", started, |core| {
            core.check_writable("truncate")?;
            core.drop_read_ahead();
            Ok(Then::Truncate(size))
        })
    }

    /// The size and the position of the cursor, in bytes. The size is `u64::MAX` if there
    /// is none.
    pub(crate) fn poll_size(
        &mut self,
        cx: &mut Context<'_>,
        started: &mut Started,
    ) -> Poll<Result<(u64, u64)>> {
        if !self.owns(*started) {
            ready!(self.poll_back(cx));
            self.check_open("stat")?;
            *started = self.start("stat", Then::Size)?;
        }
        let size = ready!(self.poll_number(cx))?;
        Poll::Ready(Ok((size, self.cursor.pos.unwrap_or(0))))
    }

    /// A future that waits, without a job, until the size of the file is not the position
    /// of the cursor. `None` if that is not possible, or if [`poll_size`](Self::poll_size)
    /// has not yet found out that it is.
    pub(crate) fn growth(&self) -> Option<Growth> {
        let pos = self
            .cursor
            .pos
            .filter(|_| self.cursor.tells_size && !self.is_busy())?;
        let file = self.stream().and_then(SharedStream::file)?;
        Some(Growth::new(file.clone(), pos))
    }

    /// Runs `f` on the stream, in order with all other operations: after everything
    /// buffered was written, and with the cursor at the position of the file. With `keep`,
    /// the error of `f` is kept if the caller has gone.
    pub(crate) async fn call<T: Send + 'static>(
        &mut self,
        op: &'static str,
        keep: bool,
        f: impl FnOnce(Call<'_, R>) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.call_if(op, keep, |_, _| Ok(()), f).await
    }

    /// As [`call`](Self::call), but `check` is asked first, when nothing else is in flight,
    /// and its error ends the call.
    pub(crate) async fn call_if<T: Send + 'static>(
        &mut self,
        op: &'static str,
        keep: bool,
        check: fn(&Self, &'static str) -> Result<()>,
        f: impl FnOnce(Call<'_, R>) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let value = Arc::new(Mutex::new(None));
        let mut call = Some((f, value.clone()));
        let mut started = 0;
        poll_fn(|cx| {
            self.poll_job(cx, op, &mut started, |core| {
                check(core, op)?;
                core.drop_read_ahead();
                let (f, value) = call.take().expect("a job is started once");
                let run = move |call: Call<'_, R>| {
                    let result = f(call)?;
                    *value.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                    Ok(())
                };
                Ok(Then::Call {
                    run: Box::new(run),
                    keep,
                })
            })
        })
        .await?;
        let value = value.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(value.expect("a call that succeeded has left its value"))
    }

    /// As [`call`](Self::call), but polled. `f` runs in the job that the first poll starts.
    #[cfg(feature = "tempfile")]
    pub(crate) fn poll_call(
        &mut self,
        cx: &mut Context<'_>,
        op: &'static str,
        started: &mut Started,
        f: impl FnOnce(Call<'_, R>) -> io::Result<()> + Send + 'static,
    ) -> Poll<Result<()>> {
        self.poll_job(cx, op, started, |core| {
            core.drop_read_ahead();
            let run = Box::new(f);
            Ok(Then::Call { run, keep: false })
        })
        .map_ok(drop)
    }

    /// As [`call`](Self::call), on the std file behind the stream.
    pub(crate) async fn with_file<T: Send + 'static>(
        &mut self,
        op: &'static str,
        f: impl FnOnce(&File) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.with_open_file(op, |_, file| f(file)).await
    }

    /// As [`with_file`](Self::with_file), also with what all handles of the open file
    /// share.
    pub(crate) async fn with_open_file<T: Send + 'static>(
        &mut self,
        op: &'static str,
        f: impl FnOnce(&OpenFile, &File) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.call(op, false, move |call| {
            call.stream.with(|raw| match raw.as_file() {
                Some(file) => f(call.stream.open_file(), file),
                None => Err(io::ErrorKind::Unsupported.into()),
            })
        })
        .await
    }

    /// Writes what is buffered and closes the stream, even where that fails.
    pub(crate) fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        started: &mut Started,
    ) -> Poll<Result<()>> {
        if !self.owns(*started) {
            ready!(self.poll_back(cx));
            if self.closed() {
                return Poll::Ready(self.out.failed.take().map_or(Ok(()), |error| Err(*error)));
            }
            if let Err(error) = self.executor("close") {
                if self.is_dirty() {
                    return Poll::Ready(Err(error));
                }
                // Nothing was ever done with it.
                self.state.close();
                return Poll::Ready(Ok(()));
            }
            // A regular file that is open for reading only: the system closes it without
            // waiting.
            if !self.meta.writable && self.out.failed.is_none() && self.may_nowait() {
                ready!(budget::poll_spend(cx));
                self.state.close();
                self.ahead.close();
                return Poll::Ready(Ok(()));
            }
            self.drop_read_ahead();
            *started = self.start("close", Then::Close)?;
        }
        let result = ready!(self.poll_number(cx));
        let mut kept = self.out.failed.take().map(|error| *error);
        if kept.is_none() {
            kept = self.take_failed_sync("sync");
        }
        if self.closed() {
            // What could not be written was reported now, and is lost.
            self.out.clear();
            self.ahead.close();
        }
        Poll::Ready(result.and(kept.map_or(Ok(()), Err)))
    }

    /// Fails if bytes were read ahead from a stream that cannot seek: these bytes are only
    /// in the buffer, and the stream cannot give them again.
    pub(crate) fn check_nothing_ahead(&self, op: &'static str) -> Result<()> {
        if self.meta.seekable || self.ahead.is_empty() {
            return Ok(());
        }
        let reason = "bytes that were read ahead of a stream that cannot seek would be lost: \
                      read them first, or `detach` the layer below, which keeps them";
        Err(self.unsupported(op, reason))
    }

    /// Writes everything and takes the stream out, with its cursor at the position of the
    /// file. The file is closed then; if this fails, it stays as it was. With `precious`,
    /// it fails if bytes were read ahead from a stream that cannot seek.
    pub(crate) async fn take_raw(&mut self, op: &'static str, precious: bool) -> Result<R> {
        let flush = |call: Call<'_, R>| {
            call.stream.flush()?;
            // An empty call, which brings a lost cursor of the stream back to its place.
            call.stream.with(|_| Ok(()))
        };
        let check = if precious {
            Self::check_nothing_ahead
        } else {
            |_: &Self, _| Ok(())
        };
        self.call_if(op, true, check, flush).await?;
        let idle = self.state.take_idle();
        let Idle {
            stream,
            flight,
            last,
        } = idle.ok_or_else(|| self.closed_error(op))?;
        stream.take().map_err(|(stream, error)| {
            self.state = State::Idle(Idle {
                stream,
                flight,
                last,
            });
            Error::os(op, self.path(), error)
        })
    }
}
