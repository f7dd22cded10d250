//! What was written and not flushed when the process ends.
//!
//! Python flushes its streams as it exits. Here the end of the main thread does, by the
//! drop of a thread-local value (see `delegate`); where that thread has never used a
//! stream or a file of this crate, the end of each thread that has used a stream.

use std::pin::pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::stream::Stream;
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

/// Has the end of the process, or of this thread, write what `stream` holds then. `known`
/// is the stream's own: whether it was here before.
pub(super) fn watch(stream: &'static Stream, known: &AtomicBool) {
    if !known.load(Ordering::Relaxed) && !known.swap(true, Ordering::Relaxed) {
        used().push(stream);
        delegate::set_streams(write);
    }
    delegate::watch();
}

/// How long another user may keep the turn, with no job under way, before what the stream
/// holds is given up: a future that nobody polls any more has it for ever.
const PATIENCE: Duration = if sys::THREADS_OUTLIVE_MAIN {
    Duration::from_secs(1)
} else {
    // Nobody is left who could give it back.
    Duration::ZERO
};

/// At the end of the main thread, or of another one.
fn write(main: bool) {
    let used = used().clone();
    for stream in used {
        // Threads that go on may be in the middle of a write.
        let Some(mut turn) = block_on(stream.turn(), || stream.is_busy()) else {
            continue;
        };
        if main {
            // Also where the threads of the process have gone before.
            stream.end(turn);
        } else {
            // Nobody is there to be told of an error: it is the next flush's.
            drop(block_on(turn.flush(), || true));
        }
    }
}

/// Waits for `future` on this thread, which has no runtime any more; `None` if nothing
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
