//! Locks, threads and time for the concurrent parts of the crate: those of std, or under
//! `cfg(model)` those of a model checker, which decides what runs when.
//!
//! What two threads use at once takes them from here, so that its models (`model.rs`
//! beside it) run the same code as everybody. Nothing else has to: a lock that is never
//! waited for, or under which no foreign code runs, is the same in a model. `Arc` is
//! std's there too.

#[cfg(model)]
pub(crate) mod checked;

#[cfg(model)]
pub(crate) use self::checked::{
    Condvar, Instant, Mutex, MutexGuard, atomic, global, is_main_thread, mpsc, thread, thread_local,
};

#[cfg(all(not(model), feature = "stdio"))]
pub(crate) use std::sync::mpsc;
#[cfg(not(model))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, atomic};
#[cfg(not(model))]
pub(crate) use std::time::Instant;
#[cfg(not(model))]
pub(crate) use std::{thread, thread_local};

#[cfg(not(model))]
pub(crate) use crate::sys::is_main_thread;

/// Declares statics, which in a model begin anew with each run.
#[cfg(not(model))]
macro_rules! global {
    ($($(#[$attr:meta])* static $name:ident: $type:ty = $value:expr;)+) => {
        $($(#[$attr])* static $name: $type = $value;)+
    };
}
#[cfg(not(model))]
pub(crate) use global;
