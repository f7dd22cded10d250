//! A process-wide stream: one text file, which its users use in turns.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use super::daemon::Daemon;
use super::{at_end, standard};
use crate::codec::{Encoding, ErrorPolicy};
use crate::error::Result;
use crate::executor::{Chosen, InlineExecutor};
use crate::file::TextFile;
use crate::file::core::{Core, Meta};
use crate::file::{Reconfigure, TextSettings};
use crate::foreign::wake_all;
use crate::raw_io::RawIo;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, MutexGuard};

mod turn;

pub(super) use self::turn::{Locking, Turn};

/// The type of the file of each stream.
pub(super) type File = TextFile<Box<dyn RawIo>>;

/// Which of the standard streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spec {
    Stdin,
    Stdout,
    Stderr,
}

impl Spec {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stdin => "<stdin>",
            Self::Stdout => "<stdout>",
            Self::Stderr => "<stderr>",
        }
    }

    fn thread(self) -> &'static str {
        match self {
            Self::Stdin => "aiofiles-stdin",
            Self::Stdout => "aiofiles-stdout",
            Self::Stderr => "aiofiles-stderr",
        }
    }

    pub(super) fn errors(self) -> ErrorPolicy {
        match self {
            Self::Stdin | Self::Stdout => ErrorPolicy::Strict,
            Self::Stderr => ErrorPolicy::BackslashReplace,
        }
    }
}

/// What handles can tell without a turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) isatty: bool,
    pub(super) closed: bool,
    pub(super) line_buffering: bool,
    /// Its canonical name.
    pub(super) encoding: &'static str,
    pub(super) errors: ErrorPolicy,
}

/// What the handles of a stream share. Under its lock, values are moved in and out, and
/// lines that are in the buffer are copied. No job is started there, and no waker is cloned,
/// woken or dropped, as its code is foreign.
struct Slot {
    /// `None` while somebody has the turn.
    file: Option<Box<File>>,
    facts: Facts,
    /// Those who wait for a turn, by ticket: first come, first served.
    queue: BTreeMap<u64, Waker>,
    next_ticket: u64,
}

pub(super) struct Stream {
    pub(super) spec: Spec,
    executor: Chosen,
    slot: Mutex<Slot>,
    watchers: Arc<Watchers>,
    /// For an output stream, which is written when the process ends. `None` for stdin.
    at_end: Option<AtEnd>,
}

struct AtEnd {
    /// Whether the list of `at_end` has the stream.
    known: AtomicBool,
    daemon: Arc<Daemon>,
}

/// Those who take no turn while they wait, and look again whenever something has happened.
/// The job that the file waits for wakes all of them.
#[derive(Default)]
struct Watchers {
    /// As for the [`Slot`]: nothing foreign under the lock.
    wakers: Mutex<Vec<Waker>>,
    /// Whether there may be any wakers: if not, a wake takes no lock. It changes under the
    /// lock. Who registers sets it and then reads `woken`; who wakes sets `woken` and then
    /// reads it. So at least one of the two sees the other.
    any: AtomicBool,
    /// Set by a wake, for those who register just after it.
    woken: AtomicBool,
}

impl Watchers {
    fn lock(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, waker: &Waker) {
        let known = |wakers: &[Waker]| wakers.iter().any(|known| known.will_wake(waker));
        if known(&self.lock()) {
            return;
        }
        // If it was added in between, it is woken twice, which does no harm.
        let waker = waker.clone();
        let mut wakers = self.lock();
        wakers.push(waker);
        self.any.store(true, Ordering::SeqCst);
    }

    fn wake_all(&self) {
        if !self.any.load(Ordering::SeqCst) {
            return;
        }
        let wakers = {
            let mut wakers = self.lock();
            self.any.store(false, Ordering::SeqCst);
            std::mem::take(&mut *wakers)
        };
        wake_all(wakers);
    }
}

impl Wake for Watchers {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        self.wake_all();
    }
}

impl Stream {
    pub(super) fn new(spec: Spec) -> Self {
        let daemon = Arc::new(Daemon::new(spec.thread()));
        let executor = Chosen::new(daemon.clone());
        let at_end = (spec != Spec::Stdin).then(|| AtEnd {
            known: AtomicBool::new(false),
            daemon,
        });
        Self {
            at_end,
            ..Self::over(spec, standard::open(spec), executor)
        }
    }

    /// A stream over `raw`, whose jobs run on `executor`.
    pub(super) fn over(spec: Spec, raw: Box<dyn RawIo>, executor: Chosen) -> Self {
        let (file, facts) = build(spec, raw, &executor);
        Self {
            spec,
            executor,
            slot: Mutex::new(Slot {
                file: Some(file),
                facts,
                queue: BTreeMap::new(),
                next_ticket: 0,
            }),
            watchers: Arc::default(),
            at_end: None,
        }
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn facts(&self) -> Facts {
        self.slot().facts
    }

    /// Makes sure that what is written now is out when the process has ended.
    fn watch(&'static self) {
        if let Some(at_end) = &self.at_end {
            at_end::watch(self, &at_end.known);
        }
    }

    /// Whether a job of its thread waits or runs.
    pub(super) fn is_busy(&self) -> bool {
        let at_end = self.at_end.as_ref();
        at_end.is_some_and(|at_end| at_end.daemon.is_busy())
    }

    /// Waits for the turn. The drop of the [`Turn`] gives it up.
    pub(super) fn turn(&'static self) -> Locking {
        self.watch();
        Locking {
            stream: self,
            ticket: None,
        }
    }

    /// Uses the file if nobody has the turn or waits for it, and keeps no turn while `f` is
    /// pending.
    pub(super) fn poll_with<T>(
        &'static self,
        cx: &mut Context<'_>,
        f: impl FnOnce(&mut File, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.watch();
        let file = {
            let mut slot = self.slot();
            let free = slot.queue.is_empty();
            slot.file.take_if(|_| free)
        };
        let Some(file) = file else {
            self.watchers.add(cx.waker());
            // The file may have become free in between.
            let slot = self.slot();
            let free = slot.file.is_some() && slot.queue.is_empty();
            drop(slot);
            if free {
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        };
        let mut turn = Turn::new(self, file);
        self.watchers.woken.store(false, Ordering::SeqCst);
        let waker = Waker::from(self.watchers.clone());
        let polled = f(&mut turn, &mut Context::from_waker(&waker));
        if polled.is_pending() {
            // Nothing has happened that the watchers would have to look at.
            turn.quiet = true;
            self.watchers.add(cx.waker());
        }
        polled
    }

    /// Calls `f` with the file, without taking the turn, if nobody has it or waits for it.
    /// `f` runs under the lock, so it must only copy what is in the buffer. Nobody is woken
    /// afterwards, as nobody can have looked in vain meanwhile. Most lines cost no more.
    #[inline]
    pub(super) fn look<T>(&self, f: impl FnOnce(&mut File) -> Option<T>) -> Option<T> {
        let mut slot = self.slot();
        if !slot.queue.is_empty() {
            return None;
        }
        f(slot.file.as_mut()?)
    }

    /// Takes the turn if nobody has it, even before those who wait.
    pub(super) fn try_turn(&'static self) -> Option<Turn> {
        let file = self.slot().file.take()?;
        Some(Turn::new(self, file))
    }

    /// Closes the stream by dropping its file: what that holds becomes a last write, which
    /// the end of the process looks after.
    pub(super) fn end(&self, mut turn: Turn) {
        let (mut closed, _) = build(self.spec, Box::new(Gone), &Chosen::new(InlineExecutor));
        let close = pin!(closed.close()).poll(&mut Context::from_waker(Waker::noop()));
        debug_assert!(close.is_ready(), "of nothing, and inline");
        turn.file = Some(closed);
    }

    /// Changes the text layer of all handles.
    pub(super) fn reconfigure(&'static self) -> Reconfigure<'static> {
        Reconfigure::new(async |changes| self.turn().await.apply(changes).await)
    }

    /// Replaces the raw stream.
    pub(super) async fn replace(&'static self, raw: Box<dyn RawIo>) -> Result<Box<dyn RawIo>> {
        let mut turn = self.turn().await;
        let old: Box<dyn RawIo> = if turn.closed() {
            Box::new(Gone)
        } else {
            let core = turn.undecoded().descend();
            let raw = core.take_raw("detach", false).await?;
            let ahead = core.ahead.take_all();
            if ahead.is_empty() {
                raw
            } else {
                Box::new(Unread {
                    ahead: io::Cursor::new(ahead),
                    raw,
                })
            }
        };
        let (file, facts) = build(self.spec, raw, &self.executor);
        turn.file = Some(file);
        self.slot().facts = facts;
        Ok(old)
    }
}

fn build(spec: Spec, raw: Box<dyn RawIo>, executor: &Chosen) -> (Box<File>, Facts) {
    let input = spec == Spec::Stdin;
    let isatty = raw.isatty();
    let meta = Meta {
        name: Some(Arc::from(Path::new(spec.name()))),
        mode: Cow::Borrowed(if input { "r" } else { "w" }),
        readable: input,
        writable: !input,
        append: false,
        // The stream may be shared with other processes, so it has no position of its own
        // here.
        seekable: false,
        isatty,
    };
    let line_buffering = isatty || spec == Spec::Stderr;
    let settings = TextSettings {
        encoding: Encoding::default(),
        errors: spec.errors(),
        newline: standard::NEWLINE,
        line_buffering: Some(line_buffering),
        write_through: false,
        mode: None,
    };
    let reads_now = raw.reads_now();
    let mut core = Core::new(raw, meta, Some(executor.clone()));
    core.set_nowait(None, Some(reads_now));
    core.set_pos(Some(0));
    let facts = Facts {
        isatty,
        closed: false,
        line_buffering,
        encoding: Encoding::default().static_name(),
        errors: spec.errors(),
    };
    (Box::new(TextFile::with(core, settings)), facts)
}

/// Stands in place of a stream that was closed.
struct Gone;

impl RawIo for Gone {}

/// A stream, and before it the bytes that were read ahead from it.
struct Unread {
    ahead: io::Cursor<Vec<u8>>,
    raw: Box<dyn RawIo>,
}

impl RawIo for Unread {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match io::Read::read(&mut self.ahead, buf)? {
            0 => self.raw.read(buf),
            n => Ok(n),
        }
    }

    fn close(&mut self) -> io::Result<()> {
        self.raw.close()
    }

    fn isatty(&self) -> bool {
        self.raw.isatty()
    }

    fn readable(&self) -> bool {
        self.raw.readable()
    }

    fn writable(&self) -> bool {
        false
    }
}

#[cfg(all(test, model))]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod model;
