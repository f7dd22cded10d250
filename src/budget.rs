//! Fairness of work that needs no hop: it spends tokio's cooperative budget, so
//! that a task that never has to wait still lets others run.

use std::task::{Context, Poll};

/// Spends one unit of the task's budget. Pending, with the task to be woken at
/// once, when it is used up; always ready outside a tokio task.
pub(crate) fn poll_spend(cx: &mut Context<'_>) -> Poll<()> {
    tokio::task::coop::poll_proceed(cx).map(|unit| unit.made_progress())
}
