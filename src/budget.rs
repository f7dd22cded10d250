//! Fairness of work that needs no hop: it spends tokio's cooperative budget, so
//! that a task that never has to wait still lets others run.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker, ready};

/// How many operations on a buffer make a unit of budget. One takes nanoseconds
/// where a unit stands for a system call, and a task that is made to yield after
/// 128 of them spends more time on yielding than on its lines.
const PER_UNIT: u8 = 128;

/// How many bytes that are copied in place make another unit: the copy of a page
/// takes as long as a small system call. With the 128 units of a turn, a task
/// copies 2 MiB before others run, in about 0.2 ms; yielding four times as often
/// made one that streams a fifth slower.
const BYTES_PER_UNIT: usize = 16 * 1024;

thread_local! {
    /// How many operations on buffers are paid for on this thread. Tasks share it:
    /// each spends as often as is its share.
    static PAID: Cell<u8> = const { Cell::new(0) };
}

/// Spends one unit of the task's budget. Pending, with the task to be woken at
/// once, when it is used up; always ready outside a tokio task.
pub(crate) fn poll_spend(cx: &mut Context<'_>) -> Poll<()> {
    tokio::task::coop::poll_proceed(cx).map(|unit| unit.made_progress())
}

/// Spends what an operation costs that a buffer may serve: one unit now and then,
/// and one whenever the last did more than that (see [`owe`]).
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

/// Spends what an operation costs, if it is paid for.
#[inline]
pub(crate) fn pay() -> bool {
    let paid = PAID.get();
    let enough = paid > 0;
    if enough {
        PAID.set(paid - 1);
    }
    enough
}

/// Tells that `n` bytes were read in place. The units for the copy are spent at
/// once; of a task that has fewer left no more is asked than to yield next.
pub(crate) fn copied(n: usize) {
    // Nobody waits here: the next operation does, with a waker of its own.
    let mut nobody = Context::from_waker(Waker::noop());
    for _ in 0..n / BYTES_PER_UNIT {
        if poll_spend(&mut nobody).is_pending() {
            break;
        }
    }
    owe();
}

/// How many bytes copied from one buffer to another cost as much as an operation on a
/// buffer: with the operations themselves, a task that copies from memory alone moves
/// 8 MiB at the most before others run, in about a millisecond.
const BYTES_PER_OPERATION: usize = 512;

/// Tells that `n` bytes were copied from one place in memory to another.
#[inline]
pub(crate) fn moved(n: usize) {
    if n >= BYTES_PER_UNIT {
        copied(n);
    } else if n >= BYTES_PER_OPERATION {
        let operations = u8::try_from(n / BYTES_PER_OPERATION).unwrap_or(u8::MAX);
        PAID.set(PAID.get().saturating_sub(operations));
    }
}

/// The most bytes that one poll copies or searches. What takes more goes on with the
/// next poll, under every runtime: its progress is in the file, or, where the file must
/// not have a part of it, in the future.
pub(crate) const MOST_A_POLL: usize = 1024 * 1024;

/// How many times as long a byte takes that is put where no byte was before: the system has
/// to find and to clear its page first.
pub(crate) const FRESH: usize = 4;

/// As much room as this, in bytes, a buffer has that grows while much is in it: an
/// allocation of that size has pages of its own, which the allocator moves as it grows
/// where it would copy a smaller one (glibc: of up to 32 MiB). What is not filled takes
/// no memory.
pub(crate) const OWN_PAGES: usize = 33 * 1024 * 1024;

/// How many times as much as there is may come, where nobody knows how much that is: room
/// for so much is asked for at once.
pub(crate) const AHEAD: usize = 7;

/// How much one poll has handled.
#[derive(Debug, Default)]
pub(crate) struct Share(usize);

impl Share {
    /// Adds `n` bytes. Pending, with the task to be woken at once, when that is enough
    /// for one poll.
    pub(crate) fn poll_take(&mut self, cx: &mut Context<'_>, n: usize) -> Poll<()> {
        self.0 += n;
        if self.0 < MOST_A_POLL {
            return Poll::Ready(());
        }
        yield_now(cx);
        Poll::Pending
    }

    /// Adds a call of somebody else's stream, which has moved `n` bytes, or none: one that
    /// gives a byte at a time, or is interrupted again and again, does not hold a poll.
    pub(crate) fn poll_call(&mut self, cx: &mut Context<'_>, n: usize) -> Poll<()> {
        self.poll_take(cx, n.max(MOST_A_POLL / A_TURN))
    }
}

/// How many operations on buffers a task does before others run, at the most: the 128
/// units of tokio's budget.
const A_TURN: usize = 128 * PER_UNIT as usize;

/// How many items of an iterator one poll has handled. Outside tokio there is no budget
/// that would end it, and an iterator may have no end.
#[derive(Debug, Default)]
pub(crate) struct Items(usize);

impl Items {
    /// Counts one of `n` bytes. Whether others are to run before the next one.
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

/// Has the task polled again once others had their turn: the caller is pending.
///
/// Under tokio the turn of the others includes the timers and the sockets. A task that
/// wakes itself is polled dozens of times before the runtime looks at those.
pub(crate) fn yield_now(cx: &mut Context<'_>) {
    // Its first poll leaves the waker with the runtime, or wakes where there is none.
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

/// Copies `src`, a share a poll, to the first bytes of `dst`, of which `done` are there
/// already.
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

/// Has `to` hold all of `bytes`, of which it has the first already, a share a poll.
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

/// Copies `data`, a share a poll, and lets others run in between.
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

/// Whether there is a line end of any kind in `data`, of which a share is searched a poll.
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

/// Tells that an operation had a job run, or made a system call in place: the
/// next one spends a unit.
pub(crate) fn owe() {
    PAID.set(0);
}
