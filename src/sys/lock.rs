//! The lock of an open file, and the calls that ask for it.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Lock, Wait, system};

/// The lock of an open file, which all its handles share.
#[derive(Debug, Default)]
pub(crate) struct Locks(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// The lock that was taken through this crate and was not released since.
    held: Option<Lock>,
    /// The number of the last call that changed the lock, or tried to.
    turn: u64,
}

impl Locks {
    /// While this guard lives, nobody else changes the lock of the file.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a lock, which replaces the one that the open file has. Returns `false` if the
    /// lock of another open file is in the way, or if the call was dropped.
    pub(crate) fn take(
        &self,
        file: &File,
        lock: Lock,
        wait: Wait,
        asked: &Asked,
    ) -> io::Result<bool> {
        let mut kept = self.kept();
        if matches!(*asked.reply(), Reply::GivenUp) {
            return Ok(false);
        }
        let before = kept.held;
        kept.turn += 1;
        let taken = system::change_lock(file, &mut kept.held, lock, wait)?;
        if taken {
            let mut reply = asked.reply();
            if matches!(*reply, Reply::GivenUp) {
                drop(reply);
                kept.go_back(file, before)?;
                return Ok(false);
            }
            let turn = kept.turn;
            *reply = Reply::Taken { turn, before };
        }
        Ok(taken)
    }

    /// Releases the lock, if there is one.
    pub(crate) fn release(&self, file: &File) -> io::Result<()> {
        let mut kept = self.kept();
        kept.turn += 1;
        system::release_lock(file)?;
        kept.held = None;
        Ok(())
    }

    /// Undoes the call with this turn, unless another call came after it.
    pub(crate) fn go_back(&self, file: &File, turn: u64, before: Option<Lock>) -> io::Result<()> {
        let mut kept = self.kept();
        if kept.turn == turn {
            kept.go_back(file, before)?;
        }
        Ok(())
    }
}

impl Kept {
    /// Goes back to the lock that was held before. The file must not keep a lock that nobody
    /// knows about: a new lock is released, and an exclusive one that was shared before
    /// becomes shared again. (A shared lock that was exclusive before stays: the caller
    /// knows that the file has a lock.)
    fn go_back(&mut self, file: &File, before: Option<Lock>) -> io::Result<()> {
        match before {
            None => {
                system::release_lock(file)?;
                self.held = None;
            }
            Some(Lock::Shared) => {
                system::change_lock(file, &mut self.held, Lock::Shared, Wait::No)?;
            }
            Some(Lock::Exclusive) => {}
        }
        Ok(())
    }
}

/// A call that asks for a lock; its job and its caller share this.
///
/// A call that is dropped must not leave a lock that nobody knows about. Both sides use one
/// [`Reply`] under a lock: either the job sees that the call was dropped, or the drop sees
/// that the job has taken the lock.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked(Arc<Mutex<Reply>>);

#[derive(Debug, Default)]
pub(crate) enum Reply {
    #[default]
    None,
    /// The job has taken the lock, in this turn; `before` is the lock that it replaced.
    Taken { turn: u64, before: Option<Lock> },
    /// The call was dropped.
    GivenUp,
}

impl Asked {
    /// Lock order: it may be locked while [`Locks`] is, and never the other way round.
    fn reply(&self) -> MutexGuard<'_, Reply> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that the call was dropped, and returns the reply of the job so far.
    pub(crate) fn give_up(&self) -> Reply {
        std::mem::replace(&mut *self.reply(), Reply::GivenUp)
    }
}
