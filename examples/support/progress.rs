//! A progress line for the examples: on a terminal only, and only for work that
//! takes a while.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Shows how much of `total` is done, on standard error.
pub(crate) struct Progress {
    label: String,
    total: u64,
    begun: Instant,
    shown: Option<Instant>,
    enabled: bool,
}

impl Progress {
    pub(crate) fn new(label: impl Into<String>, total: u64) -> Self {
        let enabled = std::io::stderr().is_terminal();
        Self {
            label: label.into(),
            total,
            begun: Instant::now(),
            shown: None,
            enabled,
        }
    }

    /// Shows `done` of the total, at most ten times a second.
    pub(crate) fn set(&mut self, done: u64) {
        const PATIENCE: Duration = Duration::from_millis(300);
        const EVERY: Duration = Duration::from_millis(100);
        let soon = self
            .shown
            .map_or(self.begun + PATIENCE, |shown| shown + EVERY);
        if !self.enabled || Instant::now() < soon {
            return;
        }
        self.shown = Some(Instant::now());
        let bar = (done * 30).checked_div(self.total).unwrap_or(30).min(30) as usize;
        let percent = (done * 100).checked_div(self.total).unwrap_or(100).min(100);
        let mut err = std::io::stderr().lock();
        // A progress line that cannot be shown is no reason to stop.
        let _ = write!(
            err,
            "\r{} [{:<30}] {percent:>3} %\x1b[K",
            self.label,
            "=".repeat(bar)
        );
        let _ = err.flush();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
