//! Folders as getdents64(2) gives them: many entries a call, and no memory for each.

use std::ffi::OsStr;
use std::fs::{self, File, FileType};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::OnceLock;

use rustix::fs::{Mode, OFlags, RawDir};
use rustix::io::Errno;

use super::super::{Entry, retry};

/// As much as libc takes, in bytes: some 1,000 entries.
const ROOM: usize = 32 * 1024;

/// What the system calls a type.
type Kind = rustix::fs::FileType;

/// The types that were met, each as std has it. Std makes a [`FileType`] of nothing but
/// a file, so the first file of each type in the process is asked for.
static KINDS: [(Kind, OnceLock<FileType>); 7] = [
    (Kind::RegularFile, OnceLock::new()),
    (Kind::Directory, OnceLock::new()),
    (Kind::Symlink, OnceLock::new()),
    (Kind::Fifo, OnceLock::new()),
    (Kind::Socket, OnceLock::new()),
    (Kind::CharacterDevice, OnceLock::new()),
    (Kind::BlockDevice, OnceLock::new()),
];

/// The type of the entry at `path()`, of which the listing says `kind`. `None` if nothing
/// of that type was met before, or the listing does not say, and the entry has vanished.
fn file_type(kind: Kind, path: impl FnOnce() -> std::path::PathBuf) -> Option<FileType> {
    let known = KINDS.iter().find(|(known, _)| *known == kind);
    let cell = known.map(|(_, cell)| cell);
    if let Some(file_type) = cell.and_then(OnceLock::get) {
        return Some(*file_type);
    }
    let path = path();
    let found = retry(|| fs::symlink_metadata(&path)).ok()?.file_type();
    // Something else may have taken its place.
    if let Some(cell) = cell.filter(|_| is(found, kind)) {
        return Some(*cell.get_or_init(|| found));
    }
    Some(found)
}

/// Whether both mean the same type.
fn is(found: FileType, kind: Kind) -> bool {
    use std::os::unix::fs::FileTypeExt;
    match kind {
        Kind::RegularFile => found.is_file(),
        Kind::Directory => found.is_dir(),
        Kind::Symlink => found.is_symlink(),
        Kind::Fifo => found.is_fifo(),
        Kind::Socket => found.is_socket(),
        Kind::CharacterDevice => found.is_char_device(),
        Kind::BlockDevice => found.is_block_device(),
        Kind::Unknown => false,
    }
}

/// An open folder.
#[derive(Debug)]
pub(crate) struct Entries {
    folder: File,
    /// What the system writes into, empty otherwise.
    room: Vec<u8>,
}

impl Entries {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = retry(|| Ok(rustix::fs::open(path, flags, Mode::empty())?))?;
        Ok(Self {
            folder: folder.into(),
            room: Vec::with_capacity(ROOM),
        })
    }

    /// Gives at least `least` further entries to `each`, in no order, unless there are
    /// fewer; `false` once there are no more. `path` is that of the folder.
    pub(crate) fn read(
        &mut self,
        path: &Path,
        least: usize,
        mut each: impl FnMut(Entry<'_>),
    ) -> io::Result<bool> {
        let mut raw = RawDir::new(&self.folder, self.room.spare_capacity_mut());
        let mut count = 0;
        // What a call has brought is given to its end: nothing else has it.
        while count < least || !raw.is_buffer_empty() {
            let entry = match raw.next() {
                Some(Ok(entry)) => entry,
                Some(Err(Errno::INTR)) => continue,
                // The folder itself was removed, and is empty.
                None | Some(Err(Errno::NOENT)) => return Ok(false),
                Some(Err(error)) => return Err(error.into()),
            };
            let name = entry.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            let name = OsStr::from_bytes(name);
            each(Entry {
                name,
                kind: file_type(entry.file_type(), || path.join(name)),
                inode: entry.ino(),
            });
            count += 1;
        }
        Ok(true)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn types_are_those_of_std() {
        let dir = ::tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("file"), "").unwrap();
        fs::create_dir(path("folder")).unwrap();
        std::os::unix::fs::symlink("nowhere", path("link")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        for kind in [Kind::Fifo, Kind::CharacterDevice] {
            let made = rustix::fs::mknodat(
                rustix::fs::CWD,
                path(&format!("{kind:?}")),
                kind,
                Mode::from_raw_mode(0o600),
                rustix::fs::makedev(1, 3),
            );
            if let Err(error) = made {
                eprintln!("skipped: no {kind:?} here: {error}");
            }
        }
        // Twice: of the first of each type a file is asked, of the second memory.
        for _ in 0..2 {
            let mut count = 0;
            let mut entries = Entries::open(dir.path()).unwrap();
            let more = entries.read(dir.path(), usize::MAX, |entry| {
                let std = fs::symlink_metadata(dir.path().join(entry.name)).unwrap();
                assert_eq!(entry.kind, Some(std.file_type()), "{:?}", entry.name);
                let std = std::os::unix::fs::MetadataExt::ino(&std);
                assert_eq!(entry.inode, std, "{:?}", entry.name);
                count += 1;
            });
            assert!(!more.unwrap());
            assert_eq!(count, fs::read_dir(dir.path()).unwrap().count());
        }
    }

    #[test]
    fn what_vanished_before_its_type_was_told_has_none() {
        let gone = || std::path::PathBuf::from("/proc/self/fd/no such file");
        assert_eq!(file_type(Kind::Unknown, gone), None);
        let found = file_type(Kind::Unknown, || "/proc/self/exe".into());
        assert!(found.unwrap().is_symlink());
        // What took the place of a block device is told as what it is, and not kept.
        let found = file_type(Kind::BlockDevice, || "/proc/self/exe".into());
        assert!(found.unwrap().is_symlink());
        assert_eq!(file_type(Kind::BlockDevice, gone), None);
    }

    #[test]
    fn folder_that_was_removed_is_empty() {
        let dir = ::tempfile::tempdir().unwrap();
        let path = dir.path().join("folder");
        fs::create_dir(&path).unwrap();
        let mut entries = Entries::open(&path).unwrap();
        fs::remove_dir(&path).unwrap();
        let more = entries.read(&path, usize::MAX, |entry| panic!("{:?}", entry.name));
        assert!(!more.unwrap());
    }
}
