//! Removing a tree by names: a folder that is swapped for a link meanwhile is never
//! entered, since a folder whose handle shares no right to delete it can be neither
//! renamed nor removed. From the root to the innermost one, all have such a handle
//! while names below them are used.
//!
//! The names are used below a path that begins with `\\?\`, which the system takes
//! literally. In any other a name that ends with dots or spaces, as
//! other systems make them on the same disk, stands for another one: `...` for the folder
//! that it is in.

use std::ffi::OsString;
use std::fs::{self, File, FileType};
use std::io;
use std::os::windows::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::super::OnRemoved;
use super::{FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, literal};
use crate::error::Error;

/// A folder that is being emptied.
struct Frame {
    /// Keeps it in its place.
    pin: File,
    /// What is still to be removed.
    entries: Vec<(OsString, FileType)>,
}

struct Removal<'a> {
    /// What was asked for, as errors name it.
    root: &'a Path,
    /// Of the root, literally.
    literal: PathBuf,
    /// Of the innermost folder.
    path: PathBuf,
    frames: Vec<Frame>,
    ignore_errors: bool,
    removed: OnRemoved<'a>,
}

/// Removes the folder `root` and all in it; `removed` is told of each entry.
pub(crate) fn remove_tree(
    root: &Path,
    ignore_errors: bool,
    removed: OnRemoved<'_>,
) -> io::Result<()> {
    // `link/` would be followed, and is not what was meant.
    let root = root.components().as_path();
    // It stays where it is once it is pinned.
    let begun = pin(root).and_then(|pin| {
        let pin = pin.ok_or(io::ErrorKind::NotADirectory)?;
        Ok((pin, literal(root)?))
    });
    let begun = begun.and_then(|(pin, literal)| {
        let mut removal = Removal {
            root,
            path: literal.clone(),
            literal,
            frames: Vec::new(),
            ignore_errors,
            removed,
        };
        removal.enter(pin)?;
        Ok(removal)
    });
    match begun {
        Ok(mut removal) => removal.run(),
        Err(_) if ignore_errors => Ok(()),
        Err(error) => Err(error),
    }
}

/// Keeps a folder in its place; `None` for what is none, as a link to one.
fn pin(path: &Path) -> io::Result<Option<File>> {
    const FILE_LIST_DIRECTORY: u32 = 1;
    const FILE_SHARE_READ_AND_WRITE: u32 = 3;
    let file = File::options()
        .access_mode(FILE_LIST_DIRECTORY)
        .share_mode(FILE_SHARE_READ_AND_WRITE)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT)
        .open(path)?;
    let is_dir = file.metadata()?.is_dir();
    Ok(is_dir.then_some(file))
}

impl Removal<'_> {
    fn run(&mut self) -> io::Result<()> {
        while let Some(frame) = self.frames.last_mut() {
            match frame.entries.pop() {
                Some((name, kind)) => {
                    self.path.push(name);
                    self.remove(kind)?;
                }
                None => self.leave()?,
            }
        }
        Ok(())
    }

    /// Removes what is at the path, and takes its name off the path; or enters it.
    fn remove(&mut self, kind: FileType) -> io::Result<()> {
        if kind.is_dir() {
            match pin(&self.path) {
                Ok(Some(pin)) => match self.enter(pin) {
                    Ok(()) => return Ok(()),
                    Err(error) => return self.settle(Err(error)),
                },
                // Somebody put something else there: it goes, unfollowed.
                Ok(None) => {
                    let done = fs::remove_dir(&self.path);
                    let done = done.or_else(|_| fs::remove_file(&self.path));
                    return self.settle(done);
                }
                // An empty folder goes without being read.
                Err(error) => {
                    let done = fs::remove_dir(&self.path).map_err(|_| error);
                    return self.settle(done);
                }
            }
        }
        let done = if kind.is_symlink_dir() {
            fs::remove_dir(&self.path)
        } else {
            fs::remove_file(&self.path)
        };
        self.settle(done)
    }

    /// Goes into the folder at the path.
    fn enter(&mut self, pin: File) -> io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            entries.push((entry.file_name(), entry.file_type()?));
        }
        self.frames.push(Frame { pin, entries });
        Ok(())
    }

    /// Removes the innermost folder, which is empty or given up.
    fn leave(&mut self) -> io::Result<()> {
        let frame = self.frames.pop().expect("called with a frame");
        // It keeps the folder from us too. Should a link take its place now, that is
        // what goes, and nothing behind it.
        drop(frame.pin);
        let done = fs::remove_dir(&self.path);
        self.settle(done)
    }

    /// Goes on after what is at the path, or stops with its error.
    fn settle(&mut self, done: io::Result<()>) -> io::Result<()> {
        let done = match done {
            Ok(()) => (self.removed)(),
            // Somebody else was faster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(_) if self.ignore_errors => Ok(()),
            Err(error) => {
                let below = self.path.strip_prefix(&self.literal);
                // Name by name: joined with nothing, it would get a separator.
                let mut path = self.root.to_path_buf();
                path.extend(below.unwrap_or(&self.path));
                Err(Error::os("rmtree", Some(&path), error).into())
            }
        };
        self.path.pop();
        done
    }
}
