//! The lock of an open file, and who asks for one.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Lock, Wait, system};

/// The lock of an open file, which all its handles share.
#[derive(Debug, Default)]
pub(crate) struct Locks(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// What was taken here, and not given up here.
    held: Option<Lock>,
    /// Changes with each call.
    turn: u64,
}

impl Locks {
    /// Whoever has it changes the lock alone.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a lock, in place of one that the open file has; `false` if another open
    /// file has one that is in the way, or nobody waits for the answer any more.
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

    /// Gives up the lock, if there is one.
    pub(crate) fn release(&self, file: &File) -> io::Result<()> {
        let mut kept = self.kept();
        kept.turn += 1;
        system::release_lock(file)?;
        kept.held = None;
        Ok(())
    }

    /// Goes back behind the call with this turn, if no other came after it.
    pub(crate) fn go_back(&self, file: &File, turn: u64, before: Option<Lock>) -> io::Result<()> {
        let mut kept = self.kept();
        if kept.turn == turn {
            kept.go_back(file, before)?;
        }
        Ok(())
    }
}

impl Kept {
    /// To what was held before: a lock that nobody knows of is given up, and becomes a
    /// shared one if it was that. (Of a shared one that was an exclusive one before,
    /// somebody knows.)
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

/// A call that asks for a lock, as its job and its caller know it.
///
/// A caller that goes away must not leave a lock behind, of which nobody would know:
/// either the job sees that it has gone, or it sees that the job has taken one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked(Arc<Mutex<Reply>>);

#[derive(Debug, Default)]
pub(crate) enum Reply {
    #[default]
    None,
    /// The job has taken a lock, in this turn and instead of that one.
    Taken { turn: u64, before: Option<Lock> },
    /// Nobody waits for it.
    GivenUp,
}

impl Asked {
    /// Taken behind the lock of [`Locks`].
    fn reply(&self) -> MutexGuard<'_, Reply> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The caller goes away. What the job has answered before.
    pub(crate) fn give_up(&self) -> Reply {
        std::mem::replace(&mut *self.reply(), Reply::GivenUp)
    }
}
