//! The new file beside the path it is for, and the jobs that make it, commit it and
//! give it up.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::delegate::{Blocking, run_detached};
use crate::error::{Error, Result};
use crate::executor::Chosen;
use crate::replace::Draft;
use crate::sys::nowait;

/// The verb of making one.
pub(super) const OP: &str = "create an atomic file for";

/// What becomes of the new file. Locked by the jobs that change it, so that the
/// drop of a file that is being committed waits, in its job, for what comes of it.
#[derive(Debug)]
pub(super) enum State {
    /// With another descriptor of the file, once all is written.
    Pending(Draft, Option<File>),
    Committed,
    Discarded,
}

impl State {
    /// Keeps the file beyond its close. Not one that was put in the place of ours.
    pub(super) fn keep(&mut self, file: &File) -> io::Result<()> {
        if let Self::Pending(draft, kept) = self {
            if !draft.is_of(file)? {
                let error = "another file was put in the place of the atomic one";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
            }
            *kept = Some(file.try_clone()?);
        }
        Ok(())
    }

    fn commit(&mut self, path: &Path, permissions: u32) -> Result<()> {
        match self {
            Self::Pending(draft, Some(file)) => {
                let done = draft
                    .prepare(file, permissions)
                    .and_then(|()| draft.publish());
                done.map_err(|error| Error::os("commit", Some(path), error))?;
                *self = Self::Committed;
                Ok(())
            }
            Self::Committed => Ok(()),
            Self::Pending(_, None) | Self::Discarded => Err(Error::Closed {
                op: "commit",
                path: Some(path.to_owned()),
            }),
        }
    }
}

pub(super) fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // A panic in a job leaves a draft that is still to be removed.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The new file beside its path, and where its jobs run.
pub(super) struct Stage {
    pub(super) path: Arc<Path>,
    pub(super) executor: Chosen,
    pub(super) state: Arc<Mutex<State>>,
}

impl Drop for Stage {
    /// Removes the name of the file, if it has one, in a job.
    fn drop(&mut self) {
        if let Ok(state) = self.state.try_lock() {
            if !matches!(&*state, State::Pending(draft, _) if draft.has_name()) {
                return;
            }
        }
        let state = self.state.clone();
        run_detached(
            &self.executor,
            "remove",
            Some(self.path.clone()),
            move || {
                discard(&state);
            },
        );
    }
}

/// Blocks: gives the new file up, unless it is in its place.
fn discard(state: &Mutex<State>) {
    let mut state = lock(state);
    if let State::Pending(..) = *state {
        *state = State::Discarded;
    }
}

pub(super) struct Create {
    pub(super) path: Arc<Path>,
    pub(super) exclusive: bool,
    pub(super) executor: Chosen,
}

impl Blocking for Create {
    type Output = (File, Stage, bool);

    fn op(&self) -> &'static str {
        OP
    }

    fn path(&self) -> Option<&Arc<Path>> {
        Some(&self.path)
    }

    fn run(self) -> Result<Self::Output> {
        let told = |error| Error::os(OP, Some(&self.path), error);
        // An empty path is none, and not that of the current folder.
        let path = if self.path.is_absolute() || self.path.as_os_str().is_empty() {
            self.path.to_path_buf()
        } else {
            std::env::current_dir().map_err(told)?.join(&self.path)
        };
        let (draft, file) = Draft::create(&path, self.exclusive).map_err(told)?;
        let suits = nowait::suits(&file);
        let stage = Stage {
            state: Arc::new(Mutex::new(State::Pending(draft, None))),
            executor: self.executor,
            path: self.path,
        };
        Ok((file, stage, suits))
    }
}

pub(super) struct Commit {
    pub(super) path: Arc<Path>,
    pub(super) state: Arc<Mutex<State>>,
    pub(super) permissions: u32,
}

impl Blocking for Commit {
    type Output = ();

    fn op(&self) -> &'static str {
        "commit"
    }

    fn path(&self) -> Option<&Arc<Path>> {
        Some(&self.path)
    }

    fn run(self) -> Result<()> {
        lock(&self.state).commit(&self.path, self.permissions)
    }
}

pub(super) struct Discard {
    pub(super) path: Arc<Path>,
    pub(super) state: Arc<Mutex<State>>,
}

impl Blocking for Discard {
    type Output = ();

    fn op(&self) -> &'static str {
        "remove"
    }

    fn path(&self) -> Option<&Arc<Path>> {
        Some(&self.path)
    }

    fn run(self) -> Result<()> {
        discard(&self.state);
        Ok(())
    }
}
