//! Fairness of work that needs no hop: it spends tokio's cooperative budget, so
//! that a task that never has to wait still lets others run.

use std::cell::Cell;
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
    let paid = PAID.get();
    if paid > 0 {
        PAID.set(paid - 1);
        return Poll::Ready(());
    }
    ready!(poll_spend(cx));
    PAID.set(PER_UNIT - 1);
    Poll::Ready(())
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

/// Tells that `n` bytes were copied from one place in memory to another: what is less
/// than a page's worth of them is part of its operation.
pub(crate) fn moved(n: usize) {
    if n >= BYTES_PER_UNIT {
        copied(n);
    }
}

/// The most bytes that one poll copies or searches. What takes more goes on with the
/// next poll, under every runtime: its progress is in the file, or, where the file must
/// not have a part of it, in the future.
pub(crate) const MOST_A_POLL: usize = 1024 * 1024;

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
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Copies `data`, a share a poll, and lets others run in between.
///
/// # Errors
///
/// If there is no memory for it.
pub(crate) async fn copy_long(data: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(data.len())?;
    for piece in data.chunks(MOST_A_POLL) {
        copy.extend_from_slice(piece);
        pause().await;
    }
    Ok(copy)
}

/// Lets others run, under every runtime.
pub(crate) async fn pause() {
    let mut paused = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Tells that an operation had a job run, or made a system call in place: the
/// next one spends a unit.
pub(crate) fn owe() {
    PAID.set(0);
}
