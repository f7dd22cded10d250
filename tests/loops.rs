//! Whatever a task calls in a loop, others run in between: each public operation, over and
//! over, in states where nothing ever has to wait.
//!
//! Every job runs in place, so no call here waits for one: what lets others run is tokio's
//! budget alone. That of one turn pays for 128 system calls, or for 16,384 operations on
//! buffers.
//!
//! Other runtimes have no such budget: there each call ends after a few polls, and a poll
//! that is pending has had itself woken, or will be by the thread that it waits for.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "loops/files.rs"]
mod files;
#[path = "loops/others.rs"]
mod others;
#[path = "common/public.rs"]
mod public;
#[path = "loops/refused.rs"]
mod refused;
#[path = "loops/texts.rs"]
mod texts;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake};
use std::time::Duration;

use aiofiles::executor::{self, InlineExecutor};
use common::run;
use tokio::task::{JoinHandle, LocalSet};

/// How many operations on buffers a turn pays for.
const A_TURN: usize = 128 * 128;
/// How many turns of the other task are seen; the first may come early.
const TURNS: usize = 2;

/// Calls that hand to others, or whose end is that of what they are called on, have rows
/// in the names of more than one operation.
type Row = (
    &'static str,
    fn(&'static str) -> Pin<Box<dyn Future<Output = ()>>>,
);

/// Rows as `"file: names" => |at| { .. }`, which ends with [`looped`].
macro_rules! rows {
    ($($names:literal => |$at:ident| $body:block)*) => {
        pub(super) const ROWS: &[crate::Row] = &[$((
            $names,
            |$at| Box::pin(async move { $body }),
        )),*];
    };
}
use rows;

thread_local! {
    /// The row that is tried, and the loops in which nobody else ran.
    static ROW: Cell<&'static str> = const { Cell::new("") };
    static ALONE: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// Whether the row is tried without tokio.
    static BARE: Cell<bool> = const { Cell::new(false) };
}

/// Lets others run. What tokio's `yield_now` lets run comes back only once nothing else is
/// ready: a task that waits for a stream's thread, and is woken at once, would have several
/// turns before.
async fn next_turn() {
    let mut let_run = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut let_run, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Another task, which counts its turns for ever. It is apart from [`looped`], which is compiled
/// for each call that there is: a task is much to compile.
fn another_task() -> (Rc<Cell<usize>>, JoinHandle<()>) {
    let turns = Rc::new(Cell::new(0));
    let counted = turns.clone();
    let other = tokio::task::spawn_local(async move {
        loop {
            counted.set(counted.get() + 1);
            next_turn().await;
        }
    });
    (turns, other)
}

/// Takes `step` again and again, until another task had its turns: it has one after at most
/// as many steps as a turn pays for.
async fn looped<T>(at: &str, mut step: impl AsyncFnMut() -> T) {
    if BARE.get() {
        for _ in 0..BARE_STEPS {
            drop(few_polls(at, pin!(step())).await);
        }
        return;
    }
    let (turns, other) = another_task();
    let (mut steps, mut seen) = (0, turns.get());
    while seen < TURNS {
        drop(step().await);
        steps += 1;
        if turns.get() != seen {
            (steps, seen) = (0, turns.get());
        }
        // As much as a turn pays for, and what was paid for before.
        if steps > A_TURN + A_TURN / 8 {
            ran_alone(at);
            break;
        }
    }
    other.abort();
}

fn ran_alone(at: &str) {
    ALONE.with_borrow_mut(|alone| alone.push(format!("{}: {at}", ROW.get())));
}

/// More than a unit of the budget pays for, and more than the units of a turn.
const BARE_STEPS: usize = 150;
/// The longest calls of the tables handle 5 MiB, a quarter of one at a time.
const POLLS: usize = 64;

/// Waits for a `call`, which takes a few polls at the most.
async fn few_polls<F: Future>(at: &str, mut call: Pin<&mut F>) -> F::Output {
    let mut polls = 0;
    poll_fn(|cx| {
        polls += 1;
        assert!(
            polls <= POLLS,
            "{}: {at}: it is polled on and on",
            ROW.get()
        );
        call.as_mut().poll(cx)
    })
    .await
}

/// Polls `future` when it was woken, and only then.
fn run_bare(future: impl Future<Output = ()>) {
    let mut future = pin!(future);
    let (woken, wakes) = mpsc::channel();
    let waker = Arc::new(Alarm(woken)).into();
    while future
        .as_mut()
        .poll(&mut Context::from_waker(&waker))
        .is_pending()
    {
        let woken = wakes.recv_timeout(Duration::from_secs(60));
        assert!(woken.is_ok(), "{}: nobody wakes it", ROW.get());
        // Woken once more is not polled once more.
        while wakes.try_recv().is_ok() {}
    }
}

struct Alarm(mpsc::Sender<()>);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        // It may be woken when all is over.
        let _ = self.0.send(());
    }
}

fn all() -> impl Iterator<Item = &'static Row> {
    let tables = [files::ROWS, texts::ROWS, others::ROWS];
    tables.into_iter().flatten()
}

/// The file and the names of its operations that a row is about.
fn about(names: &'static str) -> (&'static str, &'static str) {
    names.split_once(": ").unwrap()
}

fn try_all(rows: &'static [Row]) {
    drop(executor::set_default(InlineExecutor));
    for &(names, row) in rows {
        ROW.set(names);
        let local = LocalSet::new();
        run(local.run_until(async move {
            // As a task of its own: what blocks on a future may have no budget.
            tokio::task::spawn_local(row("")).await.unwrap();
        }));
    }
    let alone = ALONE.take();
    assert!(alone.is_empty(), "nobody else runs: {alone:#?}");
}

#[test]
fn calls_of_files_in_a_loop_let_others_run() {
    try_all(files::ROWS);
}

#[test]
fn calls_of_texts_in_a_loop_let_others_run() {
    try_all(texts::ROWS);
}

#[test]
fn other_calls_in_a_loop_let_others_run() {
    try_all(others::ROWS);
}

#[test]
fn refused_calls_in_a_loop_let_others_run() {
    try_all(refused::ROWS);
}

#[test]
fn without_tokio_each_call_ends_after_a_few_polls() {
    drop(executor::set_default(InlineExecutor));
    BARE.set(true);
    for &(names, row) in all().chain(refused::ROWS) {
        ROW.set(names);
        run_bare(row(""));
    }
}

#[test]
fn every_public_operation_has_a_row() {
    let rows: Vec<_> = all().map(|(names, _)| about(names)).collect();
    let known: BTreeSet<_> = public::by_name(&rows);
    public::assert_all(&known);
}
