//! Code that is not ours, on threads and in places that must survive it.
//!
//! Wakers, closures, executors, streams, and whatever their drop does, may panic,
//! block, or call this crate again. Two rules keep that from doing harm:
//!
//! - On a thread of the crate, or of an executor, they are called through this
//!   module, so that a panic ends with them.
//! - No lock of the crate is held meanwhile. That goes for the clone and the drop
//!   of a waker, too. (The one exception is the lock around a custom stream in
//!   `file/held.rs`, which is there to call it by one at a time.)

use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::task::Waker;

/// Runs `f`; the message of its panic, if it panics.
pub(crate) fn catch<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    // What `f` leaves half done is judged by its caller, which knows it panicked.
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

/// Drops `value`, and with it the panic of that drop.
pub(crate) fn discard<T>(value: T) {
    let dropped = panic::catch_unwind(AssertUnwindSafe(|| drop(value)));
    // The payload of that panic is foreign as well. One whose own drop panics
    // leaves another, and so on: that one is never dropped.
    if let Err(payload) = dropped
        && let Err(another) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload)))
    {
        mem::forget(another);
    }
}

/// Wakes the task of `waker`.
pub(crate) fn wake(waker: Waker) {
    drop(catch(|| waker.wake()));
}

/// Wakes them all, even where one of them panics.
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
