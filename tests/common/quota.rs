//! A file system in memory, of one folder, whose closes fail when told.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

#[derive(Clone, Default)]
struct Node {
    mode: u16,
    owner: (u32, u32),
    data: Vec<u8>,
}

#[derive(Default)]
struct Tree {
    names: BTreeMap<OsString, u64>,
    nodes: BTreeMap<u64, Node>,
    last: u64,
}

/// A file system whose `close` gives the errno that is set, unless that is 0.
pub(crate) struct Quota {
    tree: Mutex<Tree>,
    errno: Arc<AtomicI32>,
    flushes: Arc<AtomicUsize>,
}

impl Quota {
    pub(crate) fn new(errno: Arc<AtomicI32>, flushes: Arc<AtomicUsize>) -> Self {
        let mut tree = Tree {
            last: 1,
            ..Tree::default()
        };
        let root = Node {
            mode: 0o755,
            ..Node::default()
        };
        tree.nodes.insert(1, root);
        Self {
            tree: Mutex::new(tree),
            errno,
            flushes,
        }
    }
}

impl Tree {
    fn attr(&self, ino: u64) -> Option<FileAttr> {
        let node = self.nodes.get(&ino)?;
        Some(FileAttr {
            ino: INodeNo(ino),
            size: node.data.len() as u64,
            blocks: 0,
            atime: UNIX_EPOCH,
            mtime: UNIX_EPOCH,
            ctime: UNIX_EPOCH,
            crtime: UNIX_EPOCH,
            kind: if ino == 1 {
                FileType::Directory
            } else {
                FileType::RegularFile
            },
            perm: node.mode,
            nlink: 1,
            uid: node.owner.0,
            gid: node.owner.1,
            rdev: 0,
            flags: 0,
            blksize: 4096,
        })
    }
}

impl Filesystem for Quota {
    fn lookup(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let tree = self.tree.lock().unwrap();
        match tree.names.get(name).and_then(|&ino| tree.attr(ino)) {
            Some(attr) => reply.entry(&Duration::ZERO, &attr, Generation(0)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.tree.lock().unwrap().attr(ino.into()) {
            Some(attr) => reply.attr(&Duration::ZERO, &attr),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let mut tree = self.tree.lock().unwrap();
        let Some(node) = tree.nodes.get_mut(&ino.into()) else {
            return reply.error(Errno::ENOENT);
        };
        if let Some(mode) = mode {
            node.mode = (mode & 0o7777) as u16;
        }
        node.owner = (uid.unwrap_or(node.owner.0), gid.unwrap_or(node.owner.1));
        if let Some(size) = size {
            node.data.resize(usize::try_from(size).unwrap(), 0);
        }
        reply.attr(&Duration::ZERO, &tree.attr(ino.into()).unwrap());
    }

    fn create(
        &self,
        request: &Request,
        _: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        let mut tree = self.tree.lock().unwrap();
        tree.last += 1;
        let ino = tree.last;
        let node = Node {
            mode: (mode & !umask & 0o7777) as u16,
            owner: (request.uid(), request.gid()),
            data: Vec::new(),
        };
        tree.nodes.insert(ino, node);
        tree.names.insert(name.to_owned(), ino);
        let attr = tree.attr(ino).unwrap();
        reply.created(
            &Duration::ZERO,
            &attr,
            Generation(0),
            FileHandle(0),
            FopenFlags::empty(),
        );
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let tree = self.tree.lock().unwrap();
        let data = &tree.nodes[&ino.into()].data;
        let start = data.len().min(usize::try_from(offset).unwrap());
        let end = data.len().min(start + size as usize);
        reply.data(&data[start..end]);
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let mut tree = self.tree.lock().unwrap();
        let content = &mut tree.nodes.get_mut(&ino.into()).unwrap().data;
        let start = usize::try_from(offset).unwrap();
        content.resize(content.len().max(start + data.len()), 0);
        content[start..start + data.len()].copy_from_slice(data);
        reply.written(u32::try_from(data.len()).unwrap());
    }

    /// What close(2) asks for.
    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        self.flushes.fetch_add(1, Ordering::SeqCst);
        match self.errno.load(Ordering::SeqCst) {
            0 => reply.ok(),
            errno => reply.error(Errno::from_i32(errno)),
        }
    }

    /// What it would not keep, it cannot bring to a device either.
    fn fsync(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        match self.errno.load(Ordering::SeqCst) {
            0 => reply.ok(),
            errno => reply.error(Errno::from_i32(errno)),
        }
    }

    fn unlink(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        // The node stays: it may be open.
        match self.tree.lock().unwrap().names.remove(name) {
            Some(_) => reply.ok(),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn rename(
        &self,
        _: &Request,
        _: INodeNo,
        name: &OsStr,
        _: INodeNo,
        new: &OsStr,
        _: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let mut tree = self.tree.lock().unwrap();
        match tree.names.remove(name) {
            Some(ino) => {
                tree.names.insert(new.to_owned(), ino);
                reply.ok();
            }
            None => reply.error(Errno::ENOENT),
        }
    }

    fn readdir(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let tree = self.tree.lock().unwrap();
        let skip = usize::try_from(offset).unwrap();
        for (at, (name, &ino)) in tree.names.iter().enumerate().skip(skip) {
            if reply.add(INodeNo(ino), at as u64 + 1, FileType::RegularFile, name) {
                break;
            }
        }
        reply.ok();
    }
}
