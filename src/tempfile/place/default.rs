//! The folder that is used without `.dir(..)`: the first usable one, as that of
//! Python's `tempfile.gettempdir`.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::PRIVATE;
use crate::sys;

/// The candidates of the last search, and the folder that it found. As long as the
/// candidates are the same, there is no new search.
static FOUND: Mutex<Option<(Vec<PathBuf>, PathBuf)>> = Mutex::new(None);

/// The folders to try, best first. The current folder, which comes last, is not in it:
/// a change of the current folder alone is no reason for a new search.
fn candidates() -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    // The folder that a program has set in the crate `tempfile`, by `override_temp_dir`.
    let told = ::tempfile::env::temp_dir();
    if told != env::temp_dir() {
        dirs.push(told);
    }
    for name in ["TMPDIR", "TEMP", "TMP"] {
        dirs.extend(env::var_os(name).map(PathBuf::from));
    }
    // The folder of the platform: on some systems each user has one.
    dirs.push(env::temp_dir());
    dirs.extend(sys::TEMPORARY_FOLDERS.map(PathBuf::from));
    dirs.retain(|dir| !dir.as_os_str().is_empty());
    dirs
}

/// Blocks: returns the folder, as an absolute path. The search writes a file to it, to
/// see that this is possible.
pub(super) fn dir() -> io::Result<PathBuf> {
    let candidates = candidates();
    // Locked during the search, so that others wait for its result and do not search too.
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    match &*found {
        Some((of, dir)) if *of == candidates => return Ok(dir.clone()),
        Some(_) | None => {}
    }
    let mut all = candidates.clone();
    all.extend(env::current_dir());
    for dir in &all {
        let usable = sys::abspath(dir).and_then(|dir| try_out(&dir).map(|_| dir));
        if let Ok(dir) = usable {
            *found = Some((candidates, dir.clone()));
            return Ok(dir);
        }
    }
    let error = format!("no folder of {all:?} can be used");
    Err(io::Error::new(io::ErrorKind::NotFound, error))
}

/// Makes the next call of [`dir`] search again, since `dir` could not be used.
pub(super) fn forget(dir: &Path) {
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    found.take_if(|(_, found)| found == dir);
}

/// Makes a file, writes to it and removes it. The write matters: a full file system may
/// have room for a name but not for a byte.
fn try_out(dir: &Path) -> io::Result<()> {
    let mut builder = ::tempfile::Builder::new();
    let mut file = builder
        .rand_bytes(8)
        .make_in(dir, |path| sys::create_new(path, false, PRIVATE))?;
    file.as_file_mut().write_all(b"blat")?;
    file.close()
}
