//! A file system that passes all on to a folder, unless it is told to fail or to lie.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use fuser::{Errno, FileAttr, FileHandle, FileType, Generation, INodeNo, ReplyEntry};
use rustix::io::Errno as Code;

use super::common::Random;

#[path = "liar/calls.rs"]
mod calls;

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    None,
    /// Calls of this kind fail so.
    Fails(Call, Code),
    /// A third of all requests is interrupted.
    Interrupts,
    /// A listing is interrupted wherever it comes to for the first time, from here on.
    InterruptsAListing(u64),
    /// Reads and writes move no more bytes at once than this.
    Short(usize),
    /// Files have this size, whatever they hold.
    Size(u64),
    /// Each request takes this long.
    Slow(Duration),
    /// So many bytes fit, and then there is room again.
    FullFor(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Open,
    Read,
    Write,
    /// What close(2) asks for.
    Close,
    Sync,
    /// Making, removing and renaming.
    Names,
    /// Looking for a name.
    Lookup,
    /// Asking for metadata, and changing it.
    Attributes,
    List,
}

impl Call {
    pub(crate) const ALL: [Self; 9] = [
        Self::Open,
        Self::Read,
        Self::Write,
        Self::Close,
        Self::Sync,
        Self::Names,
        Self::Lookup,
        Self::Attributes,
        Self::List,
    ];
}

#[derive(Default)]
struct Tree {
    /// Numbers and paths below the root; a file that was removed has a number only.
    paths: HashMap<u64, PathBuf>,
    numbers: HashMap<PathBuf, u64>,
    open: HashMap<u64, (u64, Arc<File>)>,
    last: u64,
}

pub(crate) struct Liar {
    root: PathBuf,
    tree: Mutex<Tree>,
    lie: Arc<Mutex<Lie>>,
    calls: AtomicUsize,
}

type Answer<T> = io::Result<T>;

fn code(error: &io::Error) -> Errno {
    Errno::from_i32(error.raw_os_error().unwrap_or(5))
}

const NOW: Duration = Duration::ZERO;

impl Liar {
    pub(crate) fn new(root: &Path, lie: Arc<Mutex<Lie>>) -> Self {
        let mut tree = Tree {
            last: 1,
            ..Tree::default()
        };
        tree.paths.insert(1, PathBuf::new());
        tree.numbers.insert(PathBuf::new(), 1);
        Self {
            root: root.to_owned(),
            tree: Mutex::new(tree),
            lie,
            calls: AtomicUsize::new(0),
        }
    }

    /// Does what it does with a call of this kind; where that is nothing, goes on.
    fn turn(&self, call: Call) -> Answer<Lie> {
        let lie = *self.lie.lock().unwrap();
        match lie {
            Lie::Fails(kind, code) if kind == call => Err(code.into()),
            Lie::Interrupts => {
                // By chance: what is made of two requests must not meet each time the
                // same of them.
                let count = self.calls.fetch_add(1, Ordering::SeqCst) as u64;
                if Random::new(count).one_in(3) {
                    return Err(Code::INTR.into());
                }
                Ok(lie)
            }
            Lie::Slow(time) => {
                std::thread::sleep(time);
                Ok(lie)
            }
            lie => Ok(lie),
        }
    }

    /// A listing has come to `place`.
    fn lists(&self, place: u64) -> Answer<()> {
        match &mut *self.lie.lock().unwrap() {
            Lie::InterruptsAListing(from) if *from <= place => {
                *from = place + 1;
                Err(Code::INTR.into())
            }
            _ => Ok(()),
        }
    }

    fn path(&self, ino: INodeNo) -> Answer<PathBuf> {
        let tree = self.tree.lock().unwrap();
        let path = tree.paths.get(&ino.into()).ok_or(Code::STALE)?;
        Ok(self.root.join(path))
    }

    fn below(&self, parent: INodeNo, name: &OsStr) -> Answer<PathBuf> {
        Ok(self.path(parent)?.join(name))
    }

    /// An open file by its handle, or any of that number.
    fn file(&self, ino: INodeNo, handle: Option<FileHandle>) -> Option<Arc<File>> {
        let tree = self.tree.lock().unwrap();
        let by_handle = handle.and_then(|handle| tree.open.get(&handle.into()));
        let number: u64 = ino.into();
        let any = || tree.open.values().find(|(of, _)| *of == number);
        by_handle.or_else(any).map(|(_, file)| file.clone())
    }

    fn number(&self, path: &Path) -> u64 {
        let below = path.strip_prefix(&self.root).unwrap().to_owned();
        let mut tree = self.tree.lock().unwrap();
        if let Some(&number) = tree.numbers.get(&below) {
            return number;
        }
        tree.last += 1;
        let number = tree.last;
        tree.paths.insert(number, below.clone());
        tree.numbers.insert(below, number);
        number
    }

    /// `path` is gone, or what was there is called `new` now.
    fn moved(&self, path: &Path, new: Option<&Path>) {
        let below = |path: &Path| path.strip_prefix(&self.root).unwrap().to_owned();
        let (old, new) = (below(path), new.map(below));
        let mut tree = self.tree.lock().unwrap();
        if let Some(gone) = new.as_ref().and_then(|new| tree.numbers.remove(new)) {
            tree.paths.remove(&gone);
        }
        let affected: Vec<_> = tree
            .numbers
            .iter()
            .filter(|(path, _)| path.starts_with(&old))
            .map(|(path, &number)| (path.clone(), number))
            .collect();
        for (path, number) in affected {
            tree.numbers.remove(&path);
            tree.paths.remove(&number);
            if let Some(new) = &new {
                let rest = path.strip_prefix(&old).unwrap();
                let path = if rest.as_os_str().is_empty() {
                    new.clone()
                } else {
                    new.join(rest)
                };
                tree.paths.insert(number, path.clone());
                tree.numbers.insert(path, number);
            }
        }
    }

    fn keep(&self, ino: u64, file: File) -> FileHandle {
        let mut tree = self.tree.lock().unwrap();
        tree.last += 1;
        let handle = tree.last;
        tree.open.insert(handle, (ino, Arc::new(file)));
        FileHandle(handle)
    }

    fn attr(&self, number: u64, metadata: &Metadata, lie: Lie) -> FileAttr {
        let time =
            |seconds: i64, nanos: i64| UNIX_EPOCH + Duration::new(seconds as u64, nanos as u32);
        let size = match lie {
            Lie::Size(size) if metadata.is_file() => size,
            _ => metadata.len(),
        };
        FileAttr {
            ino: INodeNo(number),
            size,
            blocks: metadata.blocks(),
            atime: time(metadata.atime(), metadata.atime_nsec()),
            mtime: time(metadata.mtime(), metadata.mtime_nsec()),
            ctime: time(metadata.ctime(), metadata.ctime_nsec()),
            crtime: UNIX_EPOCH,
            kind: FileType::from_std(metadata.file_type()).unwrap(),
            perm: (metadata.mode() & 0o7777) as u16,
            nlink: metadata.nlink() as u32,
            uid: metadata.uid(),
            gid: metadata.gid(),
            rdev: 0,
            flags: 0,
            blksize: 4096,
        }
    }

    fn found(&self, path: &Path, lie: Lie) -> Answer<FileAttr> {
        let metadata = fs::symlink_metadata(path)?;
        Ok(self.attr(self.number(path), &metadata, lie))
    }

    /// Makes something of `call`, and tells what it is.
    fn made(
        &self,
        parent: INodeNo,
        name: &OsStr,
        make: impl FnOnce(&Path) -> Answer<()>,
        reply: ReplyEntry,
    ) {
        let made = || {
            let lie = self.turn(Call::Names)?;
            let path = self.below(parent, name)?;
            make(&path)?;
            self.found(&path, lie)
        };
        match made() {
            Ok(attr) => reply.entry(&NOW, &attr, Generation(0)),
            Err(error) => reply.error(code(&error)),
        }
    }

    /// How much of `len` bytes is written now.
    fn room(&self, lie: Lie, len: usize) -> Answer<usize> {
        match lie {
            Lie::Short(most) => Ok(len.min(most)),
            Lie::FullFor(0) => {
                // The next one finds room.
                *self.lie.lock().unwrap() = Lie::None;
                Err(Code::NOSPC.into())
            }
            Lie::FullFor(room) => {
                let n = len.min(room);
                *self.lie.lock().unwrap() = Lie::FullFor(room - n);
                Ok(n)
            }
            _ => Ok(len),
        }
    }
}
