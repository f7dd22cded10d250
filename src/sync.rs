//! Locks, threads and time for the concurrent parts of the crate. They are those of std,
//! or, under `cfg(model)`, those of a model checker, which decides which thread runs when.
//!
//! Code that two threads use at the same time takes them from here, so that its models
//! (`model.rs` beside it) run the same code as everyone else. Other code need not: a lock
//! that nobody ever waits for, or under which nothing else can happen, behaves the same in
//! a model. `Arc` is std's in models too.

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

/// Declares statics. In a model they are new in each run.
#[cfg(not(model))]
macro_rules! global {
    ($($(#[$attr:meta])* static $name:ident: $type:ty = $value:expr;)+) => {
        $($(#[$attr])* static $name: $type = $value;)+
    };
}
#[cfg(not(model))]
pub(crate) use global;
