//! Fairness of work that needs no hop: such work spends tokio's cooperative budget, so a
//! task that never has to wait still lets others run.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker, ready};

/// How many operations on a buffer cost one unit of budget. A unit stands for a system
/// call, and an operation on a buffer takes only nanoseconds: a task that had to yield
/// after 128 of them would spend more time on yielding than on its lines.
const PER_UNIT: u8 = 128;

/// How many bytes that are copied in place cost one unit more. With the 128 units of a
/// turn, a task copies 2 MiB before others run, in about 0.2 ms. (When a task had to yield
/// four times as often, streaming was a fifth slower.)
const BYTES_PER_UNIT: usize = 16 * 1024;

thread_local! {
    /// How many operations on buffers are paid for on this thread. All tasks of the thread
    /// share it; on average each task pays for what it does.
    static PAID: Cell<u8> = const { Cell::new(0) };
}

/// Spends one unit of the task's budget. If the budget is used up it is pending, and the
/// task is woken at once. Outside a tokio task it is always ready.
pub(crate) fn poll_spend(cx: &mut Context<'_>) -> Poll<()> {
    tokio::task::coop::poll_proceed(cx).map(|unit| unit.made_progress())
}

/// Spends the cost of an operation that a buffer may serve: one unit for every
/// [`PER_UNIT`] operations, and one after each operation that did more (see [`owe`]).
#[inline]
pub(crate) fn poll_turn(cx: &mut Context<'_>) -> Poll<()> {
    if pay() {
        return Poll::Ready(());
    }
    ready!(poll_spend(cx));
    PAID.set(PER_UNIT - 1);
    Poll::Ready(())
}

/// As [`poll_turn`]. An operation that may end without more does this first, also where it
/// fails or has nothing to do: who tries again and again lets others run.
pub(crate) async fn turn() {
    poll_fn(poll_turn).await;
}

/// Spends the cost of an operation, if that is paid for already; says whether it was.
#[inline]
pub(crate) fn pay() -> bool {
    let paid = PAID.get();
    let enough = paid > 0;
    if enough {
        PAID.set(paid - 1);
    }
    enough
}

/// Records that `n` bytes were read in place. It spends the units for the copy at once. If
/// the task has fewer units left, that is enough: the next operation yields.
pub(crate) fn copied(n: usize) {
    // This does not wait, so it needs no waker. The next operation waits, with its own.
    let mut nobody = Context::from_waker(Waker::noop());
    for _ in 0..n / BYTES_PER_UNIT {
        if poll_spend(&mut nobody).is_pending() {
            break;
        }
    }
    owe();
}

/// How many bytes copied from one buffer to another cost as much as an operation on a
/// buffer. So a task that only copies from memory moves at most 8 MiB before others run, in
/// about a millisecond.
const BYTES_PER_OPERATION: usize = 512;

/// Records that `n` bytes were copied from one place in memory to another.
#[inline]
pub(crate) fn moved(n: usize) {
    if n >= BYTES_PER_UNIT {
        copied(n);
    } else if n >= BYTES_PER_OPERATION {
        let operations = u8::try_from(n / BYTES_PER_OPERATION).unwrap_or(u8::MAX);
        PAID.set(PAID.get().saturating_sub(operations));
    }
}

/// The most bytes that one poll copies or searches. An operation on more bytes goes on with
/// the next poll, under every runtime. Its progress is kept in the file, or in the future
/// if the file must not have a part of the data.
pub(crate) const MOST_A_POLL: usize = 1024 * 1024;

/// How many times as long a byte takes that is put where no byte was before: the system has
/// to find and to clear its page first.
pub(crate) const FRESH: usize = 4;

/// The capacity, in bytes, that a large buffer gets when it has to grow. An allocation of
/// this size has pages of its own, and the allocator moves those instead of copying their
/// bytes when the buffer grows further (glibc copies allocations of up to 32 MiB). Pages
/// that are not filled take no memory.
pub(crate) const OWN_PAGES: usize = 33 * 1024 * 1024;

/// How many times as much as there is may come, where nobody knows how much that is: room
/// for so much is asked for at once.
pub(crate) const AHEAD: usize = 7;

/// How much one poll has handled.
#[derive(Debug, Default)]
pub(crate) struct Share(usize);

impl Share {
    /// Adds `n` bytes. When that is enough for one poll it is pending, and the task is woken
    /// at once.
    pub(crate) fn poll_take(&mut self, cx: &mut Context<'_>, n: usize) -> Poll<()> {
        self.0 += n;
        if self.0 < MOST_A_POLL {
            return Poll::Ready(());
        }
        yield_now(cx);
        Poll::Pending
    }

    /// Adds a call of a foreign stream that has moved `n` bytes. Each call has a minimum
    /// cost, so a stream that gives one byte at a time, or is interrupted again and again,
    /// cannot keep one poll going.
    pub(crate) fn poll_call(&mut self, cx: &mut Context<'_>, n: usize) -> Poll<()> {
        self.poll_take(cx, n.max(MOST_A_POLL / A_TURN))
    }
}

/// The most operations on buffers that a task does before others run: those of the 128
/// units of tokio's budget.
const A_TURN: usize = 128 * PER_UNIT as usize;

/// How many items of an iterator one poll has handled. An iterator may have no end, and
/// outside tokio there is no budget that would end the poll.
#[derive(Debug, Default)]
pub(crate) struct Items(usize);

impl Items {
    /// Counts an item of `n` bytes, and says whether others must run before the next item.
    #[inline]
    pub(crate) fn are_enough(&mut self, n: usize) -> bool {
        self.0 += 1 + n / BYTES_PER_OPERATION;
        let enough = self.0 >= A_TURN;
        if enough {
            self.0 = 0;
        }
        enough
    }
}

/// Arranges that the task is polled again after others had their turn. The caller must
/// return `Pending`.
///
/// Under tokio the others include the timers and the sockets. If the task just woke itself,
/// it would be polled dozens of times before the runtime looks at those.
pub(crate) fn yield_now(cx: &mut Context<'_>) {
    // The first poll gives the waker to the runtime; without a runtime it wakes at once.
    let pending = pin!(tokio::task::yield_now()).poll(cx);
    debug_assert!(pending.is_pending(), "it yields once");
}

/// Lets others run.
pub(crate) async fn pause() {
    let mut paused = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        yield_now(cx);
        Poll::Pending
    })
    .await;
}

/// Copies `src` to the start of `dst`, a limited share in each poll. `done` is the number
/// of bytes that were copied already.
pub(crate) fn poll_copy(
    cx: &mut Context<'_>,
    src: &[u8],
    dst: &mut [u8],
    done: &mut usize,
) -> Poll<()> {
    let end = src.len().min(*done + MOST_A_POLL);
    dst[*done..end].copy_from_slice(&src[*done..end]);
    *done = end;
    if end == src.len() {
        return Poll::Ready(());
    }
    yield_now(cx);
    Poll::Pending
}

/// Appends to `to` the bytes of `bytes` that it does not have yet, a limited share in each
/// poll. What `to` has already must be the start of `bytes`.
///
/// # Errors
///
/// If there is no memory for it.
pub(crate) fn poll_append(
    cx: &mut Context<'_>,
    bytes: &[u8],
    to: &mut Vec<u8>,
    share: &mut Share,
) -> Poll<std::io::Result<()>> {
    to.try_reserve_exact(bytes.len() - to.len())?;
    while to.len() < bytes.len() {
        let rest = &bytes[to.len()..];
        let n = rest.len().min(MOST_A_POLL / FRESH);
        to.extend_from_slice(&rest[..n]);
        if n < rest.len() {
            ready!(share.poll_take(cx, FRESH * n));
        }
    }
    Poll::Ready(Ok(()))
}

/// Copies `data` at once.
///
/// # Errors
///
/// If there is no memory for it.
pub(crate) fn copy(data: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(data.len())?;
    copy.extend_from_slice(data);
    Ok(copy)
}

/// Copies `data`, a limited share in each poll, and lets others run in between.
///
/// # Errors
///
/// If there is no memory for it.
pub(crate) async fn copy_long(data: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(data.len())?;
    for piece in data.chunks(MOST_A_POLL / FRESH) {
        copy.extend_from_slice(piece);
        pause().await;
    }
    Ok(copy)
}

/// Whether there is a line end of any kind in `data`. It searches a limited share in each
/// poll.
pub(crate) async fn has_line_end(data: &[u8]) -> bool {
    for (at, piece) in data.chunks(MOST_A_POLL).enumerate() {
        if at > 0 {
            pause().await;
        }
        if memchr::memchr2(b'\n', b'\r', piece).is_some() {
            return true;
        }
    }
    false
}

/// Records that an operation ran a job, or made a system call in place: the next operation
/// spends a unit.
pub(crate) fn owe() {
    PAID.set(0);
}
