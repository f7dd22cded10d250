//! Removing a tree by descriptors. If a folder is replaced by a symbolic link during the
//! removal, the link is never followed.
//!
//! A deep tree needs neither much stack nor many descriptors: each level has a frame on the
//! heap, and only the innermost [`OPEN_FRAMES`] folders are open. A folder that was closed
//! is opened again by `..` from the folder below, and must still be the same folder.

use std::collections::HashSet;
use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{self, AtFlags, Dir, DirEntry, FileType, OFlags};
use rustix::io::Errno;

use super::super::{OnRemoved, retry};
use super::open_at;
use crate::error::Error;

/// How many folders of a branch are open at once; fewer if there are no more descriptors.
const OPEN_FRAMES: usize = 32;

const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW);

/// A folder that is being emptied.
struct Frame {
    /// Its name in the folder above; empty for the root.
    name: CString,
    /// `None` while it is closed to save descriptors.
    dir: Option<Dir>,
    /// Device and inode, to recognise the folder.
    id: (u64, u64),
    /// The entries that could not be removed. They are not tried again when the folder was
    /// closed and is read again from its start.
    left: HashSet<CString>,
}

impl Frame {
    fn new(name: CString, fd: OwnedFd) -> io::Result<Self> {
        Ok(Self {
            name,
            id: id(fd.as_fd())?,
            dir: Some(Dir::new(fd)?),
            left: HashSet::new(),
        })
    }

    fn fd(&self) -> io::Result<BorrowedFd<'_>> {
        let dir = self.dir.as_ref().expect("the innermost frame is open");
        Ok(dir.fd()?)
    }
}

fn id(fd: BorrowedFd<'_>) -> io::Result<(u64, u64)> {
    let stat = retry(|| Ok(fs::fstat(fd)?))?;
    // Their types differ between platforms.
    #[allow(clippy::unnecessary_cast, reason = "not unnecessary on every Unix")]
    Ok((stat.st_dev as u64, stat.st_ino as u64))
}

/// The type of an entry; `Unknown` if the listing does not tell it.
#[cfg(not(any(target_os = "illumos", target_os = "solaris")))]
#[allow(clippy::unnecessary_wraps, reason = "it can fail on other Unixes")]
fn kind(_dir: BorrowedFd<'_>, _name: &CStr, entry: &DirEntry) -> io::Result<FileType> {
    Ok(entry.file_type())
}

/// The type of an entry. The listing does not tell it here. And `unlink` must not be tried
/// to find out, since root can unlink a folder on these systems, with everything in it.
#[cfg(any(target_os = "illumos", target_os = "solaris"))]
fn kind(dir: BorrowedFd<'_>, name: &CStr, _entry: &DirEntry) -> io::Result<FileType> {
    let stat = retry(|| Ok(fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?))?;
    Ok(FileType::from_raw_mode(stat.st_mode))
}

struct Removal<'a> {
    root: &'a Path,
    /// From the root to the innermost folder.
    frames: Vec<Frame>,
    /// How many frames may be open.
    open_frames: usize,
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
    let mut removal = Removal {
        root,
        frames: Vec::new(),
        open_frames: OPEN_FRAMES,
        ignore_errors,
        removed,
    };
    let opened = open_at(fs::CWD, root, FOLDER).and_then(|fd| Frame::new(CString::default(), fd));
    match opened {
        Ok(frame) => removal.frames.push(frame),
        Err(_) if ignore_errors => return Ok(()),
        Err(error) => return Err(error),
    }
    removal.run()
}

impl Removal<'_> {
    fn run(&mut self) -> io::Result<()> {
        while let Some(frame) = self.frames.last_mut() {
            let dir = frame.dir.as_mut().expect("the innermost frame is open");
            match dir.read() {
                None => self.leave()?,
                Some(Ok(entry)) => {
                    let name = entry.file_name();
                    if name != c"." && name != c".." && !frame.left.contains(name) {
                        self.remove(name, &entry)?;
                    }
                }
                // Where that ends a listing: what was removed does not come again.
                Some(Err(Errno::INTR)) => dir.rewind(),
                Some(Err(errno)) => {
                    // If entries are left, the removal of the folder fails.
                    self.excuse(None, errno.into())?;
                    self.leave()?;
                }
            }
        }
        Ok(())
    }

    /// Removes an entry of the innermost folder, or enters it.
    fn remove(&mut self, name: &CStr, entry: &DirEntry) -> io::Result<()> {
        let kind = match kind(self.innermost().fd()?, name, entry) {
            Ok(kind) => kind,
            Err(error) => return self.settle(name, Err(error)),
        };
        if kind != FileType::Directory {
            match self.unlink(name, AtFlags::empty()) {
                Err(error)
                    if kind == FileType::Unknown
                        && matches!(errno(&error), Some(Errno::ISDIR | Errno::PERM)) => {}
                done => return self.settle(name, done),
            }
        }
        match self.open(name) {
            Ok(frame) => self.enter(frame),
            Err(error) => match errno(&error) {
                Some(Errno::NOENT) => {}
                // Something else has taken the place of the folder: remove it, unfollowed.
                Some(Errno::NOTDIR | Errno::LOOP | Errno::MLINK) => {
                    let done = self.unlink(name, AtFlags::empty());
                    return self.settle(name, done);
                }
                // An empty folder can be removed even if it may not be read.
                _ if self.unlink(name, AtFlags::REMOVEDIR).is_ok() => (self.removed)()?,
                _ => return self.settle(name, Err(error)),
            },
        }
        Ok(())
    }

    /// Opens a folder in the innermost one.
    fn open(&mut self, name: &CStr) -> io::Result<Frame> {
        loop {
            let fd = self.innermost().fd()?;
            let opened = open_at(fd, name, FOLDER).and_then(|fd| Frame::new(name.to_owned(), fd));
            match opened {
                Err(error)
                    if matches!(errno(&error), Some(Errno::MFILE | Errno::NFILE))
                        && self.spare_descriptors() => {}
                done => return done,
            }
        }
    }

    /// Closes all folders but the innermost. Returns `false` if no other was open.
    fn spare_descriptors(&mut self) -> bool {
        let above = self.frames.len().saturating_sub(1);
        let open = self.frames[..above].iter_mut();
        let closed = open.filter_map(|frame| frame.dir.take()).count();
        // There were too many open, so allow half as many from now on.
        self.open_frames = (closed / 2).max(1);
        closed > 0
    }

    fn enter(&mut self, frame: Frame) {
        self.frames.push(frame);
        if let Some(index) = self.frames.len().checked_sub(self.open_frames + 1) {
            self.frames[index].dir = None;
        }
    }

    /// Removes the innermost folder, which is empty, or has only entries that could not be
    /// removed.
    fn leave(&mut self) -> io::Result<()> {
        let frame = self.frames.pop().expect("called with a frame");
        let Some(above) = self.frames.last_mut() else {
            drop(frame);
            let root = self.root;
            let done = retry(|| Ok(fs::unlinkat(fs::CWD, root, AtFlags::REMOVEDIR)?));
            return match done {
                Ok(()) => (self.removed)(),
                Err(_) if self.ignore_errors => Ok(()),
                Err(error) => Err(error),
            };
        };
        if above.dir.is_none() {
            let opened = match self.open_above(&frame) {
                // Somebody has moved the folder below, so its `..` is another folder.
                Err(_) if self.ignore_errors => self.open_by_names(),
                opened => opened,
            };
            match opened {
                Ok(dir) => self.innermost_mut().dir = Some(dir),
                Err(error) => {
                    self.excuse(None, error)?;
                    self.give_up_innermost();
                    return Ok(());
                }
            }
        }
        let done = self.unlink(&frame.name, AtFlags::REMOVEDIR);
        self.settle(&frame.name, done)
    }

    /// Opens the innermost folder again, by `..` from `frame`, the folder that was in it.
    fn open_above(&self, frame: &Frame) -> io::Result<Dir> {
        self.checked(open_at(frame.fd()?, c"..", FOLDER)?)
    }

    /// Opens the innermost folder again, from the root down.
    fn open_by_names(&self) -> io::Result<Dir> {
        let mut fd = open_at(fs::CWD, self.root, FOLDER)?;
        for frame in &self.frames[1..] {
            fd = open_at(fd.as_fd(), &*frame.name, FOLDER)?;
        }
        self.checked(fd)
    }

    /// Checks that an opened folder is the innermost one: in another folder, the removal
    /// would destroy what nobody asked it to remove.
    fn checked(&self, fd: OwnedFd) -> io::Result<Dir> {
        if id(fd.as_fd())? != self.innermost().id {
            let error = "the folder was moved while it was being removed";
            return Err(io::Error::other(error));
        }
        Ok(Dir::new(fd)?)
    }

    /// Leaves the innermost folder as it is, since it cannot be opened again, and goes on in
    /// the nearest folder above that can.
    fn give_up_innermost(&mut self) {
        while let Some(given_up) = self.frames.pop() {
            let Some(above) = self.frames.last_mut() else {
                break;
            };
            above.left.insert(given_up.name);
            if above.dir.is_some() {
                break;
            }
            if let Ok(dir) = self.open_by_names() {
                self.innermost_mut().dir = Some(dir);
                break;
            }
        }
    }

    /// Goes on after an entry, or stops with the error of its removal.
    fn settle(&mut self, name: &CStr, done: io::Result<()>) -> io::Result<()> {
        match done {
            Ok(()) => (self.removed)(),
            // Somebody else has removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => {
                self.excuse(Some(name), error)?;
                self.innermost_mut().left.insert(name.to_owned());
                Ok(())
            }
        }
    }

    fn excuse(&self, name: Option<&CStr>, error: io::Error) -> io::Result<()> {
        if self.ignore_errors {
            return Ok(());
        }
        Err(self.named(name, error))
    }

    /// Adds the path of the entry to an error.
    fn named(&self, name: Option<&CStr>, error: io::Error) -> io::Error {
        let below = self.frames.iter().skip(1).map(|frame| &*frame.name);
        let mut path = PathBuf::from(self.root);
        path.extend(
            below
                .chain(name)
                .map(|name| OsStr::from_bytes(name.to_bytes())),
        );
        Error::os("rmtree", Some(&path), error).into()
    }

    fn unlink(&self, name: &CStr, flags: AtFlags) -> io::Result<()> {
        let fd = self.innermost().fd()?;
        retry(|| Ok(fs::unlinkat(fd, name, flags)?))
    }

    fn innermost(&self) -> &Frame {
        self.frames.last().expect("called with a frame")
    }

    fn innermost_mut(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("called with a frame")
    }
}

fn errno(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno::from_raw_os_error)
}
