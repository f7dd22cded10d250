//! Calls of foreign code: code that this crate calls but did not write.
//!
//! Wakers, closures, executors and streams are foreign, and so are their drops. They may
//! panic, block, or call this crate again. Two rules keep that from doing harm:
//!
//! - On a thread of the crate or of an executor, foreign code is called through this
//!   module, which catches its panics.
//! - While foreign code runs, no lock of the crate is held. This includes the clone and
//!   the drop of a waker. (The one exception is the lock around a custom stream in
//!   `file/held.rs`; the purpose of that lock is that the stream is called by one thread
//!   at a time.)

use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::task::Waker;

/// Runs `f`. If it panics, the error is the message of the panic.
pub(crate) fn catch<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    // Unwind safety is up to the caller, which learns of the panic and knows what `f` may
    // have left half done.
    panic::catch_unwind(AssertUnwindSafe(f)).map_err(|payload| {
        let message = match payload.downcast_ref::<String>() {
            Some(message) => message.clone(),
            None => payload
                .downcast_ref::<&str>()
                .copied()
                .unwrap_or_default()
                .to_owned(),
        };
        discard(payload);
        message
    })
}

/// Drops `value`, and catches a panic of that drop.
pub(crate) fn discard<T>(value: T) {
    let dropped = panic::catch_unwind(AssertUnwindSafe(|| drop(value)));
    // The payload of that panic is foreign too, and its own drop may panic with another
    // payload, and so on. The second payload is therefore never dropped.
    if let Err(payload) = dropped {
        if let Err(another) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            mem::forget(another);
        }
    }
}

/// Wakes the task of `waker`.
pub(crate) fn wake(waker: Waker) {
    drop(catch(|| waker.wake()));
}

/// Wakes all of them, even if one of them panics.
pub(crate) fn wake_all(wakers: impl IntoIterator<Item = Waker>) {
    wakers.into_iter().for_each(wake);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its drop panics with a payload whose drop panics, `self.0` times over.
    struct Bomb(u32);

    impl Drop for Bomb {
        fn drop(&mut self) {
            if self.0 > 0 {
                panic::resume_unwind(Box::new(Bomb(self.0 - 1)));
            }
        }
    }

    #[test]
    fn panic_in_a_drop_ends_there() {
        for depth in 0..5 {
            discard(Bomb(depth));
            let caught = catch(|| panic::resume_unwind(Box::new(Bomb(depth))));
            assert_eq!(caught, Err::<(), _>(String::new()), "{depth}");
        }
        let told = catch(|| panic::resume_unwind(Box::new("so")));
        assert_eq!(told, Err::<(), _>("so".to_owned()));
    }
}
