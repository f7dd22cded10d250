//! The new file of an atomic file, and the jobs that make, commit and discard it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::delegate::{Blocking, run_detached};
use crate::error::{Error, Result};
use crate::executor::Chosen;
use crate::replace::Draft;
use crate::sys::nowait;

/// The verb of the job that makes an atomic file.
pub(super) const OP: &str = "create an atomic file for";

/// What has become of the new file.
///
/// Each job that changes it holds its lock while it runs. So when a file is dropped
/// during a commit, the job of the drop waits for the commit, and discards nothing that
/// was committed.
#[derive(Debug)]
pub(super) enum State {
    /// The draft is not in its place yet. Once all bytes are written there is a second
    /// descriptor of the file, which outlives the close.
    Pending(Draft, Option<File>),
    Committed,
    Discarded,
}

impl State {
    /// Keeps a second descriptor, so that the file can be committed after its close.
    /// Refuses if the user has put another file in the place of ours.
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
    // The lock is poisoned if a job panicked; its draft still has to be removed.
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

/// Blocks: drops the draft, which removes its name, unless it was committed.
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
        // An empty path stays empty, so that it is refused: joined, it would become the
        // current folder.
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
