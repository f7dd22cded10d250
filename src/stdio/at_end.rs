//! Flushing at the end of the process what was written and not flushed.
//!
//! Python flushes its streams when it exits. Here the end of the main thread does it, by
//! the drop of a thread-local value (see `delegate`). If the main thread has never used a
//! stream or a file of this crate, the end of each thread that has used a stream does it.

use std::pin::pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::stream::{Stream, Turn};
use crate::delegate;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Condvar, Mutex, MutexGuard, global};
use crate::sys;

global! {
    /// The output streams that were used.
    static USED: Mutex<Vec<&'static Stream>> = Mutex::new(Vec::new());
}

fn used() -> MutexGuard<'static, Vec<&'static Stream>> {
    USED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes sure that the end of the main thread, or else of this thread, writes what `stream`
/// holds then. `known` belongs to the stream: it is set once the stream is in the list.
pub(super) fn watch(stream: &'static Stream, known: &AtomicBool) {
    if !known.load(Ordering::Relaxed) && !known.swap(true, Ordering::Relaxed) {
        used().push(stream);
        delegate::set_streams(write);
    }
    delegate::watch();
}

/// How long another user may keep the turn, with no job under way, before the content of
/// the stream is given up: a future that nobody polls any more keeps the turn for ever.
const PATIENCE: Duration = if sys::THREADS_OUTLIVE_MAIN {
    Duration::from_secs(1)
} else {
    // No thread is left that could give the turn back.
    Duration::ZERO
};

/// Runs at the end of the main thread, or of another one.
fn write(main: bool) {
    let used = used().clone();
    for stream in used {
        let Some(mut turn) = take_turn(stream) else {
            continue;
        };
        if main {
            // This works even if the other threads of the process are gone (Windows).
            stream.end(turn);
        } else {
            // Nobody can be told of an error now; the next flush meets it again.
            drop(block_on(turn.flush(), || true));
        }
    }
}

/// Takes the turn, also before those who wait: they may never be polled again. Waits for
/// whoever has it, as a thread that goes on may be in the middle of a write.
fn take_turn(stream: &'static Stream) -> Option<Turn> {
    stream
        .try_turn()
        .or_else(|| block_on(stream.turn(), || stream.is_busy()))
        .or_else(|| stream.try_turn())
}

/// Waits for `future` on this thread, whose runtime may be gone. Returns `None` if nothing
/// happens for as long as [`PATIENCE`] and `goes_on` sees no reason to wait longer.
fn block_on<T>(future: impl Future<Output = T>, goes_on: impl Fn() -> bool) -> Option<T> {
    #[derive(Default)]
    struct Signal {
        woken: Mutex<bool>,
        told: Condvar,
    }

    impl Wake for Signal {
        fn wake(self: Arc<Self>) {
            *self.woken.lock().unwrap_or_else(PoisonError::into_inner) = true;
            self.told.notify_one();
        }
    }

    let signal = Arc::new(Signal::default());
    let waker = Waker::from(signal.clone());
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(done);
        }
        let mut woken = signal.woken.lock().unwrap_or_else(PoisonError::into_inner);
        while !*woken {
            let told = signal.told.wait_timeout(woken, PATIENCE);
            let (guard, timeout) = told.unwrap_or_else(PoisonError::into_inner);
            if timeout.timed_out() && !*guard && !goes_on() {
                return None;
            }
            woken = guard;
        }
        *woken = false;
    }
}
