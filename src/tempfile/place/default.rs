//! The folder for those who name none: the first usable one, as Python's
//! `tempfile.gettempdir`.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::PRIVATE;
use crate::sys;

/// What was found, and the folders that were to be tried then: as long as they are
/// the same, nothing is tried again.
static FOUND: Mutex<Option<(Vec<PathBuf>, PathBuf)>> = Mutex::new(None);

/// The folders to try, best first, but for the current one.
fn candidates() -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    // What the crate `tempfile` was told to use, by `override_temp_dir`.
    let told = ::tempfile::env::temp_dir();
    if told != env::temp_dir() {
        dirs.push(told);
    }
    for name in ["TMPDIR", "TEMP", "TMP"] {
        dirs.extend(env::var_os(name).map(PathBuf::from));
    }
    // Of the platform: the user's own, on some.
    dirs.push(env::temp_dir());
    dirs.extend(sys::TEMPORARY_FOLDERS.map(PathBuf::from));
    dirs.retain(|dir| !dir.as_os_str().is_empty());
    dirs
}

/// Blocks: the folder, absolute. Written to once, to see that it can be.
pub(super) fn dir() -> io::Result<PathBuf> {
    let candidates = candidates();
    // Locked while it looks: the others want to know the same.
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

/// Has the next one who asks look again, since `dir` could not be used.
pub(super) fn forget(dir: &Path) {
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    found.take_if(|(_, found)| found == dir);
}

/// Makes a file, writes to it and removes it. A full file system may have room for
/// the name and none for a byte.
fn try_out(dir: &Path) -> io::Result<()> {
    let mut builder = ::tempfile::Builder::new();
    let mut file = builder
        .rand_bytes(8)
        .make_in(dir, |path| sys::create_new(path, false, PRIVATE))?;
    file.as_file_mut().write_all(b"blat")?;
    file.close()
}
