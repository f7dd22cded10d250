//! Locks of open files: flock(2), or what the system has instead. (Those of std want
//! a newer Rust than this crate.) They are taken and given up by
//! [`OpenFile`](super::OpenFile).

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::platform;

/// Who may have a lock at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// Nobody else.
    Exclusive,
    /// Others that ask for a shared one too.
    Shared,
}

/// Whether somebody waits for a lock, or only tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// It will try again.
    Yes,
    /// What it has it keeps, should it not get what it asks for.
    No,
}

/// The lock of an open file, which all its handles share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Locks(Arc<Mutex<Kept>>);

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
        if matches!(*asked.answer(), Answer::GivenUp) {
            return Ok(false);
        }
        let before = kept.held;
        kept.turn += 1;
        let taken = platform::change_lock(file, &mut kept.held, lock, wait)?;
        if taken {
            let mut answer = asked.answer();
            if matches!(*answer, Answer::GivenUp) {
                drop(answer);
                kept.go_back(file, before)?;
                return Ok(false);
            }
            let turn = kept.turn;
            *answer = Answer::Taken { turn, before };
        }
        Ok(taken)
    }

    /// Gives up the lock, if there is one.
    pub(crate) fn release(&self, file: &File) -> io::Result<()> {
        let mut kept = self.kept();
        kept.turn += 1;
        platform::release_lock(file)?;
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
                platform::release_lock(file)?;
                self.held = None;
            }
            Some(Lock::Shared) => {
                platform::change_lock(file, &mut self.held, Lock::Shared, Wait::No)?;
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
pub(crate) struct Asked(Arc<Mutex<Answer>>);

#[derive(Debug, Default)]
pub(crate) enum Answer {
    #[default]
    None,
    /// The job has taken a lock, in this turn and instead of that one.
    Taken { turn: u64, before: Option<Lock> },
    /// Nobody waits for it.
    GivenUp,
}

impl Asked {
    /// Taken behind the lock of [`Locks`].
    fn answer(&self) -> MutexGuard<'_, Answer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The caller goes away. What the job has answered before.
    pub(crate) fn give_up(&self) -> Answer {
        std::mem::replace(&mut *self.answer(), Answer::GivenUp)
    }
}
