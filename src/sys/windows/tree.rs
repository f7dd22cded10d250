//! Removing a tree by names. A folder cannot be replaced by a link during the removal: as
//! long as a folder has an open handle that does not share the right to delete, nobody can
//! rename or remove it. Every folder from the root to the innermost one has such a handle
//! while names below it are used.
//!
//! The names are used below a path that begins with `\\?\`, so that the system takes them
//! literally. In any other path, a name that ends with dots or spaces (other systems can
//! make such names on the same disk) would stand for another one: `...` for the folder that
//! it is in.

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
    /// The handle that keeps the folder in its place.
    pin: File,
    /// The entries that are still to be removed.
    entries: Vec<(OsString, FileType)>,
}

struct Removal<'a> {
    /// The path that was given, which errors name.
    root: &'a Path,
    /// The same path in its literal form.
    literal: PathBuf,
    /// The path of the innermost folder.
    path: PathBuf,
    frames: Vec<Frame>,
    ignore_errors: bool,
    removed: OnRemoved<'a>,
}

/// Removes the folder `root` and everything in it; `removed` is called after each entry.
pub(crate) fn remove_tree(
    root: &Path,
    ignore_errors: bool,
    removed: OnRemoved<'_>,
) -> io::Result<()> {
    // Drop a separator at the end: `link/` would follow the link.
    let root = root.components().as_path();
    // Pin the root first: nobody can move it after that, so its literal path stays right.
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

/// Opens a handle that keeps a folder in its place; `None` if the path is not a folder, as
/// a link to a folder.
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

    /// Removes the entry at the path and removes its name from the path, or enters it if it
    /// is a folder.
    fn remove(&mut self, kind: FileType) -> io::Result<()> {
        if kind.is_dir() {
            match pin(&self.path) {
                Ok(Some(pin)) => match self.enter(pin) {
                    Ok(()) => return Ok(()),
                    Err(error) => return self.settle(Err(error)),
                },
                // Something else has taken the place of the folder: remove it, unfollowed.
                Ok(None) => {
                    let done = fs::remove_dir(&self.path);
                    let done = done.or_else(|_| fs::remove_file(&self.path));
                    return self.settle(done);
                }
                // An empty folder can be removed even if it may not be read.
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

    /// Enters the folder at the path.
    fn enter(&mut self, pin: File) -> io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            entries.push((entry.file_name(), entry.file_type()?));
        }
        self.frames.push(Frame { pin, entries });
        Ok(())
    }

    /// Removes the innermost folder, which is empty, or has only entries that could not be
    /// removed.
    fn leave(&mut self) -> io::Result<()> {
        let frame = self.frames.pop().expect("called with a frame");
        // The handle would keep us from the removal too. If a link takes the place of the
        // folder now, only the link is removed.
        drop(frame.pin);
        let done = fs::remove_dir(&self.path);
        self.settle(done)
    }

    /// Goes on after the entry at the path, or stops with the error of its removal.
    fn settle(&mut self, done: io::Result<()>) -> io::Result<()> {
        let done = match done {
            Ok(()) => (self.removed)(),
            // Somebody else has removed it.
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
