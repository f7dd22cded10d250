//! Opening files and asking for metadata without a job: `openat2(RESOLVE_CACHED)`
//! of Linux 5.12 and later.
//!
//! The kernel is asked to resolve a path from what it has in memory and to refuse
//! where a lookup would have to wait. That says nothing about what opening does
//! then, so a path is looked at first, with O_PATH, which has no effect on
//! anything: only a regular file, on a mount known to be local, is opened, and by
//! way of the descriptor that was looked at. What another process puts in its
//! place meanwhile, a FIFO for one, is not touched.
//!
//! A job finds out which mounts are local ([`learn`], [`learn_path`]); nothing
//! here asks a device. Anything but success is left to a job.
//!
//! Overlays (the root of most containers) are not trusted, though most are local.
//! The lookup would be safe: the layers check their names without waiting, or
//! refuse. But to open a file of an overlay, or to ask for its metadata, is to do
//! so in the layer below, which waits if that is a network's, and to find the data
//! of a file of which only metadata was copied up takes a lookup on the disk. What
//! the layers are cannot be told from inside: statfs(2) answers for the overlay;
//! `/proc/self/mountinfo` has the paths that were valid for whoever mounted it,
//! often relative, and in a container they lead nowhere or, worse, to something
//! else of that name. Volumes of a local file system are as fast as ever.

use std::fs::{File, Metadata};
use std::io::IoSliceMut;
use std::os::fd::{AsFd, OwnedFd};
use std::os::linux::fs::MetadataExt;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::{Errno, ReadWriteFlags};
use rustix::path::DecInt;
use rustix::process::Pid;

use super::mounts::{self, Look};

/// Set once the system call is known to be missing. A refusal (EPERM, by seccomp
/// or by whoever watches a folder) is about what was refused and nothing else.
static MISSING: AtomicBool = AtomicBool::new(false);

/// The folder of this process's descriptors in procfs, through which one that was
/// looked at is opened: half the price of the whole path each time. What a child
/// inherits by fork(2) are the descriptors of its parent, so it says whose it is.
static DESCRIPTORS: OnceLock<(Pid, OwnedFd)> = OnceLock::new();

/// The file system type of procfs (`linux/magic.h`).
const PROC: u32 = 0x9fa0;

/// Finds out whether the mount that an open file is on is local, unless that is
/// known; `metadata` is the file's. Blocks: only in a job.
pub(crate) fn learn(file: &File, metadata: &Metadata) {
    if mounts::wants(metadata.st_dev()) {
        // First, so that a mount that is known can be used.
        find_descriptors();
        mounts::learn(file.as_fd());
    }
}

/// The same of what is at `path`, or of the link there. Blocks: only in a job.
pub(crate) fn learn_path(path: &Path, follow: bool, metadata: &Metadata) {
    if mounts::wants(metadata.st_dev()) {
        find_descriptors();
        // The mount and its type come from one descriptor, whatever becomes of
        // the path.
        let flags = place(follow) | OFlags::CLOEXEC;
        if let Ok(fd) = rustix::fs::open(path, flags, Mode::empty()) {
            mounts::learn(fd.as_fd());
        }
    }
}

/// Opens [`DESCRIPTORS`], once. Where there is no procfs, files are a job's.
fn find_descriptors() {
    if DESCRIPTORS.get().is_some() {
        return;
    }
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let pid = rustix::process::getpid();
    let Ok(fd) = rustix::fs::open("/proc/self/fd", flags, Mode::empty()) else {
        return;
    };
    if mounts::kind(fd.as_fd()) == Some(PROC) {
        // Another thread may have been faster.
        let _ = DESCRIPTORS.set((pid, fd));
    }
}

/// To look at something without opening it.
fn place(follow: bool) -> OFlags {
    if follow {
        OFlags::PATH
    } else {
        OFlags::PATH | OFlags::NOFOLLOW
    }
}

/// Looks at what is at `path`, or at the link there, if it is on a local mount.
fn look(path: &Path, follow: bool) -> Option<(OwnedFd, Look)> {
    if MISSING.load(Ordering::Relaxed) {
        return None;
    }
    let flags = place(follow) | OFlags::CLOEXEC;
    let fd = rustix::fs::openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED);
    let fd = fd.inspect_err(|error| note(*error)).ok()?;
    let look = mounts::look(fd.as_fd())?;
    mounts::is_local(fd.as_fd(), look.mount).then_some((fd, look))
}

/// Notes what an error says of all calls to come.
fn note(error: Errno) {
    if error == Errno::NOSYS {
        MISSING.store(true, Ordering::Relaxed);
    }
}

/// Opens a regular file for reading; `None` leaves it to a job.
pub(crate) fn open(path: &Path) -> Option<File> {
    let (file, _) = open_if(path, |_| true)?;
    rustix::fs::fcntl_setfl(&file, OFlags::empty()).ok()?;
    Some(file)
}

/// The same with its size in bytes, and with O_NONBLOCK left on, which means
/// nothing to a regular file: for one that nobody else gets to see, and that is read
/// from the page cache. Only where `wanted` says so of the size, and where such reads are
/// not known to be refused; otherwise nothing is opened.
pub(crate) fn open_nonblocking(
    path: &Path,
    wanted: impl FnOnce(u64) -> bool,
) -> Option<(File, u64)> {
    open_if(path, |look| {
        wanted(look.size) && !mounts::refuses_reads(look.mount)
    })
}

/// Learns from a read that was refused that all on this mount are, if it was for that: it
/// is not worth the calls to open the next file, as on tmpfs that may be swapped out.
pub(crate) fn read_was_refused(file: &File) {
    let mut byte = [0];
    let mut bufs = [IoSliceMut::new(&mut byte)];
    // Again, at an offset, to learn why.
    let again = rustix::io::preadv2(file, &mut bufs, 0, ReadWriteFlags::NOWAIT);
    if again == Err(Errno::OPNOTSUPP) {
        if let Some(look) = mounts::look(file.as_fd()) {
            mounts::refuse_reads(look.mount);
        }
    }
}

fn open_if(path: &Path, wanted: impl FnOnce(&Look) -> bool) -> Option<(File, u64)> {
    let (owner, descriptors) = DESCRIPTORS.get()?;
    let (fd, look) = look(path, true)?;
    if look.kind != FileType::RegularFile || !wanted(&look) {
        return None;
    }
    if rustix::process::getpid() != *owner {
        return None;
    }
    // Nonblocking: somebody may hold a lease on the file.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let number = DecInt::from_fd(&fd);
    let file = rustix::fs::openat(descriptors, number, flags, Mode::empty()).ok()?;
    Some((File::from(file), look.size))
}

/// The metadata of what is at `path`, or of the link there; `None` leaves it to
/// a job.
pub(crate) fn metadata(path: &Path, follow: bool) -> Option<Metadata> {
    let (fd, _) = look(path, follow)?;
    File::from(fd).metadata().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_is_opened_inline_is_what_is_opened_by_a_job() {
        let dir = ::tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "x").unwrap();
        let plain = File::open(&path).unwrap();
        learn(&plain, &plain.metadata().unwrap());
        let Some(file) = open(&path) else {
            let here = mounts::look(plain.as_fd()).unwrap().mount;
            assert!(
                !mounts::is_local(plain.as_fd(), here) || MISSING.load(Ordering::Relaxed),
                "a local file"
            );
            eprintln!("skipped: not a local file system, or an old kernel");
            return;
        };
        let (same, size) = open_nonblocking(&path, |size| size == 1).unwrap();
        assert_eq!(size, 1);
        for file in [&file, &same] {
            let (seen, right) = (file.metadata().unwrap(), plain.metadata().unwrap());
            assert_eq!(
                (seen.st_dev(), seen.st_ino()),
                (right.st_dev(), right.st_ino())
            );
        }
        let flags = |file: &File| rustix::fs::fcntl_getfl(file).unwrap();
        assert_eq!(flags(&file), flags(&plain));
        assert!(
            rustix::io::fcntl_getfd(&file)
                .unwrap()
                .contains(rustix::io::FdFlags::CLOEXEC)
        );
        assert!(open_nonblocking(&path, |_| false).is_none(), "not wanted");

        std::os::unix::fs::symlink(&path, dir.path().join("link")).unwrap();
        let link = dir.path().join("link");
        let seen = |follow| super::metadata(&link, follow).unwrap().file_type();
        assert!(seen(true).is_file() && seen(false).is_symlink());
        assert!(open(dir.path()).is_none(), "folders are a job's");
        assert!(
            open(Path::new("/proc/self/stat")).is_none(),
            "not a local file system"
        );
        assert!(open(&dir.path().join("none")).is_none());
    }

    #[test]
    fn tmpfs_is_read_as_memory_where_there_is_no_swap() {
        use super::super::super::Answer;
        use super::super::nowait::read;

        let Ok(dir) = ::tempfile::tempdir_in("/dev/shm") else {
            eprintln!("skipped: no /dev/shm here");
            return;
        };
        let path = dir.path().join("file");
        std::fs::write(&path, "0123456789").unwrap();
        let plain = File::open(&path).unwrap();
        learn(&plain, &plain.metadata().unwrap());
        let Some((file, 10)) = open_nonblocking(&path, |_| true) else {
            eprintln!("skipped: not opened in place here");
            return;
        };
        let mut buf = [0; 4];
        if rustix::system::sysinfo().totalswap > 0 {
            eprintln!("skipped in part: this machine has swap");
            if read(&file, &mut buf, None) == Answer::Never {
                read_was_refused(&file);
                assert!(open_nonblocking(&path, |_| true).is_none());
            }
        } else {
            let four = |buf: [u8; 4], answer| (answer == Answer::Data(4)).then_some(buf);
            for at in [b"0123", b"4567"] {
                let answer = read(&file, &mut buf, None);
                assert_eq!(four(buf, answer), Some(*at), "the cursor moves");
            }
            let answer = read(&file, &mut buf, Some(1));
            assert_eq!(four(buf, answer), Some(*b"1234"), "and not for this");
            assert_eq!(read(&file, &mut buf, None), Answer::Data(2));
            // The end is a job's, as everywhere.
            assert_eq!(read(&file, &mut buf, None), Answer::WouldWait);
        }
        assert!(
            open(&path).is_some(),
            "to open it in place is worth it with and without"
        );
    }

    #[test]
    fn what_takes_the_place_of_a_file_after_the_look_is_not_touched() {
        let dir = ::tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "the first").unwrap();
        let first = File::open(&path).unwrap();
        learn(&first, &first.metadata().unwrap());
        let replace = |size| {
            let fifo = dir.path().join("fifo");
            let mode = Mode::from_raw_mode(0o600);
            rustix::fs::mknodat(CWD, &fifo, FileType::Fifo, mode, 0).unwrap();
            std::fs::rename(fifo, &path).unwrap();
            size == 9
        };
        let Some((file, _)) = open_nonblocking(&path, replace) else {
            eprintln!("skipped: not a local file system, or an old kernel");
            return;
        };
        let ino = |file: &File| file.metadata().unwrap().st_ino();
        assert_eq!(ino(&file), ino(&first));
    }

    #[test]
    fn only_a_missing_system_call_is_never_tried_again() {
        for error in [Errno::PERM, Errno::ACCESS, Errno::AGAIN, Errno::NOENT] {
            note(error);
            assert!(!MISSING.load(Ordering::Relaxed), "{error}");
        }
    }
}
