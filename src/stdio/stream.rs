//! A process-wide stream: one text file, which its users take in turns.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use super::daemon::Daemon;
use super::{at_end, standard};
use crate::budget::has_line_end;
use crate::codec::{Encoding, ErrorPolicy};
use crate::error::Result;
use crate::executor::{Chosen, InlineExecutor};
use crate::file::core::{Core, Meta};
use crate::file::{BinaryFile, TextFile};
use crate::file::{Reconfigure, TextSettings};
use crate::foreign::{discard, wake, wake_all};
use crate::raw_io::RawIo;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, MutexGuard};

/// The file of every stream.
pub(super) type File = TextFile<Box<dyn RawIo>>;

/// Which one.
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

/// What is answered without a turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) isatty: bool,
    pub(super) closed: bool,
    pub(super) line_buffering: bool,
    /// Its canonical name.
    pub(super) encoding: &'static str,
    pub(super) errors: ErrorPolicy,
}

/// What the handles of a stream share. Under its lock values are moved in and out,
/// and nothing else: no waker is cloned, woken or dropped there, as those are foreign.
struct Slot {
    /// `None` while somebody has the turn.
    file: Option<Box<File>>,
    facts: Facts,
    /// Who waits for a turn, by ticket, first come first served.
    queue: BTreeMap<u64, Waker>,
    next_ticket: u64,
}

pub(super) struct Stream {
    pub(super) spec: Spec,
    executor: Chosen,
    slot: Mutex<Slot>,
    watchers: Arc<Watchers>,
    /// Of one that is written when the process ends: whether it is known there.
    written_at_end: Option<AtomicBool>,
}

/// Those that look again whenever something has happened, and keep no turn while
/// they wait. Woken as one by the job that the file waits for.
#[derive(Default)]
struct Watchers {
    /// As for the [`Slot`]: nothing foreign under the lock.
    wakers: Mutex<Vec<Waker>>,
    /// Set by a wake, for those who register a moment too late.
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
        // Should it have come in meanwhile, it is woken twice.
        let waker = waker.clone();
        self.lock().push(waker);
    }

    fn wake_all(&self) {
        let wakers = std::mem::take(&mut *self.lock());
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
        let executor = Chosen::new(Daemon::new(spec.thread()));
        Self {
            written_at_end: (spec != Spec::Stdin).then(AtomicBool::default),
            ..Self::over(spec, standard::open(spec), executor)
        }
    }

    /// The stream `raw`, whose jobs `executor` runs.
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
            written_at_end: None,
        }
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn facts(&self) -> Facts {
        self.slot().facts
    }

    /// Has what is written now be out when the process has ended.
    fn watch(&'static self) {
        if let Some(known) = &self.written_at_end {
            at_end::watch(self, known);
        }
    }

    /// Waits for the turn. It is given up by the drop of what this gives.
    pub(super) fn turn(&'static self) -> Locking {
        self.watch();
        Locking {
            stream: self,
            ticket: None,
        }
    }

    /// Uses the file if nobody has the turn, and keeps none while that is pending.
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
            // It may have become free since.
            let slot = self.slot();
            let free = slot.file.is_some() && slot.queue.is_empty();
            drop(slot);
            if free {
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        };
        let mut turn = Turn {
            stream: self,
            file: Some(file),
            quiet: false,
        };
        self.watchers.woken.store(false, Ordering::SeqCst);
        let waker = Waker::from(self.watchers.clone());
        let polled = f(&mut turn, &mut Context::from_waker(&waker));
        if polled.is_pending() {
            // Others may go on with what it waits for, but not those who watch it.
            turn.quiet = true;
            self.watchers.add(cx.waker());
        }
        polled
    }

    /// The turn, if nobody has it: also before those who wait.
    pub(super) fn try_turn(&'static self) -> Option<Turn> {
        let file = self.slot().file.take()?;
        Some(Turn {
            stream: self,
            file: Some(file),
            quiet: false,
        })
    }

    /// Writes what it holds, by a last write, which is looked after; it is closed then.
    /// Does nothing if somebody has the turn.
    pub(super) fn end(&'static self) {
        let Some(mut turn) = self.try_turn() else {
            return;
        };
        let (mut closed, _) = build(self.spec, Box::new(Gone), &Chosen::new(InlineExecutor));
        let close = pin!(closed.close()).poll(&mut Context::from_waker(Waker::noop()));
        debug_assert!(close.is_ready(), "of nothing, and inline");
        turn.file = Some(closed);
    }

    /// Changes the text layer of all handles.
    pub(super) fn reconfigure(&'static self) -> Reconfigure<'static> {
        Reconfigure::new(async |changes| self.turn().await.apply(changes).await)
    }

    /// Puts another stream in place.
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
        // What is shared with other processes has no position of ours.
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
    let mut core = Core::new(raw, meta, Some(executor.clone()));
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

/// In place of a stream that was closed.
struct Gone;

impl RawIo for Gone {}

/// A stream before which something was read.
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

/// A place in the line for the turn.
pub(super) struct Locking {
    stream: &'static Stream,
    ticket: Option<u64>,
}

impl Future for Locking {
    type Output = Turn;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Turn> {
        let this = &mut *self;
        {
            let mut slot = this.stream.slot();
            if let Some((turn, unused)) = this.take(&mut slot) {
                drop(slot);
                discard(unused);
                return Poll::Ready(turn);
            }
            let known = this.ticket.and_then(|ticket| slot.queue.get(&ticket));
            if known.is_some_and(|waker| waker.will_wake(cx.waker())) {
                return Poll::Pending;
            }
        }
        let waker = cx.waker().clone();
        let mut slot = this.stream.slot();
        // It may have become free meanwhile.
        let (polled, unused) = match this.take(&mut slot) {
            Some((turn, old)) => (Poll::Ready(turn), [old, Some(waker)]),
            None => {
                let ticket = *this.ticket.get_or_insert_with(|| {
                    slot.next_ticket += 1;
                    slot.next_ticket
                });
                (Poll::Pending, [slot.queue.insert(ticket, waker), None])
            }
        };
        drop(slot);
        discard(unused);
        polled
    }
}

impl Locking {
    /// The turn, if it is this one's, and what was kept to be woken for it.
    fn take(&mut self, slot: &mut Slot) -> Option<(Turn, Option<Waker>)> {
        let first = match (self.ticket, slot.queue.first_key_value()) {
            (None, None) => true,
            (Some(ticket), Some((front, _))) => ticket == *front,
            (None, Some(_)) | (Some(_), None) => false,
        };
        let file = slot.file.take_if(|_| first)?;
        let waker = self.ticket.take().and_then(|at| slot.queue.remove(&at));
        let turn = Turn {
            stream: self.stream,
            file: Some(file),
            quiet: false,
        };
        Some((turn, waker))
    }
}

impl Drop for Locking {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let mut slot = self.stream.slot();
            let waker = slot.queue.remove(&ticket);
            drop(slot);
            discard(waker);
            // It may have been its turn.
            self.stream.pass_on(false);
        }
    }
}

impl Stream {
    /// Wakes whoever is next, if the file is there.
    fn pass_on(&self, quiet: bool) {
        let next = {
            let mut slot = self.slot();
            if slot.file.is_none() {
                return;
            }
            match slot.queue.first_entry() {
                None => None,
                // Moved out, not cloned. The poll that it brings about either has the
                // turn or leaves another one.
                Some(mut first) => {
                    let spent = Waker::noop().clone();
                    Some(std::mem::replace(first.get_mut(), spent))
                }
            }
        };
        match next {
            Some(next) => wake(next),
            None if quiet => {}
            None => self.watchers.wake_all(),
        }
    }
}

/// The turn: the file itself, until it is dropped.
pub(super) struct Turn {
    stream: &'static Stream,
    /// `None` only in the drop.
    file: Option<Box<File>>,
    /// Those who watch have nothing to look at, unless they were woken meanwhile.
    quiet: bool,
}

impl Turn {
    /// The file, as one of bytes.
    pub(super) fn bytes(&mut self) -> &mut BinaryFile<Box<dyn RawIo>> {
        self.undecoded()
    }

    /// Waits for a flush if what was written has to be out by now.
    pub(super) async fn flush_line(&mut self, data: &[u8]) -> Result<()> {
        if self.line_buffering() && has_line_end(data).await {
            self.flush().await?;
        }
        Ok(())
    }
}

impl std::ops::Deref for Turn {
    type Target = File;

    fn deref(&self) -> &File {
        self.file.as_ref().expect("taken only by the drop")
    }
}

impl std::ops::DerefMut for Turn {
    fn deref_mut(&mut self) -> &mut File {
        self.file.as_mut().expect("taken only by the drop")
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            let mut slot = self.stream.slot();
            slot.facts.closed = file.closed();
            slot.facts.line_buffering = file.line_buffering();
            (slot.facts.encoding, slot.facts.errors) = file.codec_names();
            slot.file = Some(file);
        }
        // What it waited for may have come while it had the file: whoever looked in vain
        // meanwhile was woken too early, or not at all. All of them look again, as the
        // one that had the turn may never.
        let quiet = self.quiet && !self.stream.watchers.woken.load(Ordering::SeqCst);
        self.stream.pass_on(quiet);
    }
}

#[cfg(all(test, model))]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod model;
