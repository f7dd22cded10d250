//! What the kernel asks of the file system.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use fuser::{
    BsdFileFlags, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, LockOwner,
    OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty,
    ReplyEntry, ReplyOpen, ReplyWrite, Request, TimeOrNow, WriteFlags,
};
use rustix::io::Errno as Code;

use super::{Answer, Call, Liar, Lie, NOW, code};

fn done(result: Answer<()>, reply: ReplyEmpty) {
    match result {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(code(&error)),
    }
}

impl Filesystem for Liar {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let look = || {
            let lie = self.turn(Call::Lookup)?;
            self.found(&self.below(parent, name)?, lie)
        };
        match look() {
            Ok(attr) => reply.entry(&NOW, &attr, Generation(0)),
            Err(error) => reply.error(code(&error)),
        }
    }

    fn getattr(&self, _: &Request, ino: INodeNo, fh: Option<FileHandle>, reply: ReplyAttr) {
        let ask = || {
            let lie = self.turn(Call::Attributes)?;
            let metadata = match self.path(ino) {
                Ok(path) => fs::symlink_metadata(path)?,
                Err(stale) => self.file(ino, fh).ok_or(stale)?.metadata()?,
            };
            Ok(self.attr(ino.into(), &metadata, lie))
        };
        match ask() {
            Ok(attr) => reply.attr(&NOW, &attr),
            Err(error) => reply.error(code(&error)),
        }
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        mtime: Option<TimeOrNow>,
        _: Option<SystemTime>,
        fh: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let set = || {
            let lie = self.turn(Call::Attributes)?;
            let file = match self.file(ino, fh) {
                Some(file) => file,
                None => Arc::new(File::open(self.path(ino)?)?),
            };
            if let Some(mode) = mode {
                file.set_permissions(fs::Permissions::from_mode(mode & 0o7777))?;
            }
            if let Some(size) = size {
                match self.path(ino) {
                    Ok(path) => File::options().write(true).open(path)?.set_len(size)?,
                    Err(_) => file.set_len(size)?,
                }
            }
            if mtime.is_some() {
                file.set_modified(SystemTime::now())?;
            }
            Ok(self.attr(ino.into(), &file.metadata()?, lie))
        };
        match set() {
            Ok(attr) => reply.attr(&NOW, &attr),
            Err(error) => reply.error(code(&error)),
        }
    }

    fn readlink(&self, _: &Request, ino: INodeNo, reply: ReplyData) {
        match self.path(ino).and_then(fs::read_link) {
            Ok(target) => reply.data(target.as_os_str().as_encoded_bytes()),
            Err(error) => reply.error(code(&error)),
        }
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, _: u32, _: u32, reply: ReplyEntry) {
        self.made(parent, name, |path| fs::create_dir(path), reply);
    }

    fn symlink(&self, _: &Request, parent: INodeNo, name: &OsStr, to: &Path, reply: ReplyEntry) {
        self.made(
            parent,
            name,
            |path| std::os::unix::fs::symlink(to, path),
            reply,
        );
    }

    fn link(&self, _: &Request, ino: INodeNo, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        self.made(
            parent,
            name,
            |path| fs::hard_link(self.path(ino)?, path),
            reply,
        );
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let remove = || {
            self.turn(Call::Names)?;
            let path = self.below(parent, name)?;
            fs::remove_file(&path)?;
            self.moved(&path, None);
            Ok(())
        };
        done(remove(), reply);
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let remove = || {
            self.turn(Call::Names)?;
            let path = self.below(parent, name)?;
            fs::remove_dir(&path)?;
            self.moved(&path, None);
            Ok(())
        };
        done(remove(), reply);
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let rename = || {
            self.turn(Call::Names)?;
            let (old, new) = (self.below(parent, name)?, self.below(newparent, newname)?);
            if !flags.is_empty() {
                return Err(Code::INVAL.into());
            }
            fs::rename(&old, &new)?;
            self.moved(&old, Some(&new));
            Ok(())
        };
        done(rename(), reply);
    }

    fn open(&self, _: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        let open = || {
            self.turn(Call::Open)?;
            let mut options = File::options();
            // Whoever writes at the end is told by the kernel where that is.
            let truncate = flags.0 & rustix::fs::OFlags::TRUNC.bits() as i32;
            options.read(true).write(true).custom_flags(truncate);
            let path = self.path(ino)?;
            options.open(&path).or_else(|_| File::open(&path))
        };
        match open() {
            Ok(file) => {
                let handle = self.keep(ino.into(), file);
                reply.opened(handle, FopenFlags::FOPEN_DIRECT_IO);
            }
            Err(error) => reply.error(code(&error)),
        }
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        flags: i32,
        reply: ReplyCreate,
    ) {
        let create = || {
            let lie = self.turn(Call::Names)?;
            let path = self.below(parent, name)?;
            let mut options = File::options();
            options.read(true).write(true).mode(mode & !umask);
            if flags & rustix::fs::OFlags::EXCL.bits() as i32 != 0 {
                options.create_new(true);
            } else {
                options.create(true).truncate(false);
            }
            let file = options.open(&path)?;
            Ok((file, self.found(&path, lie)?))
        };
        match create() {
            Ok((file, attr)) => {
                let handle = self.keep(attr.ino.into(), file);
                let flags = FopenFlags::FOPEN_DIRECT_IO;
                reply.created(&NOW, &attr, Generation(0), handle, flags);
            }
            Err(error) => reply.error(code(&error)),
        }
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        fh: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let read = || {
            let lie = self.turn(Call::Read)?;
            let size = match lie {
                Lie::Short(most) => most.min(size as usize),
                _ => size as usize,
            };
            let mut data = vec![0; size];
            let file = self.file(ino, Some(fh)).ok_or(Code::BADF)?;
            let n = file.read_at(&mut data, offset)?;
            data.truncate(n);
            Ok::<_, io::Error>(data)
        };
        match read() {
            Ok(data) => reply.data(&data),
            Err(error) => reply.error(code(&error)),
        }
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        fh: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let write = || {
            let lie = self.turn(Call::Write)?;
            let n = self.room(lie, data.len())?;
            let file = self.file(ino, Some(fh)).ok_or(Code::BADF)?;
            file.write_all_at(&data[..n], offset)?;
            Ok::<_, io::Error>(n as u32)
        };
        match write() {
            Ok(n) => reply.written(n),
            Err(error) => reply.error(code(&error)),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        done(self.turn(Call::Close).map(drop), reply);
    }

    fn release(
        &self,
        _: &Request,
        _: INodeNo,
        fh: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        self.tree.lock().unwrap().open.remove(&fh.into());
        reply.ok();
    }

    fn fsync(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        done(self.turn(Call::Sync).map(drop), reply);
    }

    fn fsyncdir(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        done(self.turn(Call::Sync).map(drop), reply);
    }

    fn readdir(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let list = || {
            self.turn(Call::List)?;
            self.lists(offset)?;
            let mut names = Vec::new();
            for entry in fs::read_dir(self.path(ino)?)? {
                let entry = entry?;
                let kind = FileType::from_std(entry.file_type()?).unwrap();
                names.push((self.number(&entry.path()), kind, entry.file_name()));
            }
            names.sort_by(|one, other| one.2.cmp(&other.2));
            Ok::<_, io::Error>(names)
        };
        match list() {
            Ok(names) => {
                let skip = usize::try_from(offset).unwrap();
                for (at, (number, kind, name)) in names.iter().enumerate().skip(skip) {
                    if reply.add(INodeNo(*number), at as u64 + 1, *kind, name) {
                        break;
                    }
                }
                reply.ok();
            }
            Err(error) => reply.error(code(&error)),
        }
    }
}
