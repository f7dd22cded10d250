//! Opening files and asking for metadata without a job: `openat2(RESOLVE_CACHED)`
//! of Linux 5.12 and later.
//!
//! The kernel resolves a path from what it has in memory, and refuses where a lookup would
//! have to wait. This says nothing about the open itself. So the path is first looked at
//! with O_PATH, which has no effect on the file. Only a regular file on a mount that is
//! known to be local is then opened, by way of the descriptor that was looked at. If
//! another process puts something else at the path between the two steps, a FIFO for
//! instance, that is not touched.
//!
//! A job finds out which mounts are local ([`learn`], [`learn_path`]); the functions here
//! that run without a job never ask a device. Unless they succeed, a job does the work.
//!
//! Overlays (the root of most containers) are not trusted, although most are local. The
//! lookup would be safe: the layers check their names without waiting, or refuse. But an
//! open, or a question for metadata, goes on to the layer below, and waits if that layer is
//! on a network. And for a file of which only the metadata was copied up, the data must be
//! looked up on the disk. From inside, one cannot find out what the layers are: statfs(2)
//! answers for the overlay, and `/proc/self/mountinfo` has the paths that were valid for
//! whoever mounted it. These are often relative, and in a container they lead nowhere or,
//! worse, to something else with that name. Volumes with a local file system inside a
//! container are served without a job.

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

/// Set once the system call is known to be missing. A refusal (EPERM, by seccomp or by a
/// program that watches a folder) is about one path and is not remembered.
static MISSING: AtomicBool = AtomicBool::new(false);

/// The folder in procfs with the descriptors of this process. A descriptor that was looked
/// at is opened through it, which costs half as much as to resolve the whole path
/// `/proc/self/fd/..` each time. After fork(2) the child still has the folder of its
/// parent, so the process it belongs to is kept with it.
static DESCRIPTORS: OnceLock<(Pid, OwnedFd)> = OnceLock::new();

/// The file system type of procfs (`linux/magic.h`).
const PROC: u32 = 0x9fa0;

/// Finds out whether the mount of an open file is local, unless that is known. `metadata`
/// is that of the file. It blocks: call it only in a job.
pub(crate) fn learn(file: &File, metadata: &Metadata) {
    if mounts::wants(metadata.st_dev()) {
        learn_new(file);
    }
}

/// The same of a file that was looked at; returns whether the mount is local.
pub(super) fn learn_mount(file: &File, look: &Look) -> bool {
    if !mounts::knows(look.mount) {
        learn_new(file);
    }
    mounts::is_local(file.as_fd(), look.mount)
}

/// Finds out whether the mount of an open file is local.
fn learn_new(file: &File) {
    // This comes first: a mount that is known is of use only with the folder.
    find_descriptors();
    mounts::learn(file.as_fd());
}

/// The same for the mount of a path; without `follow`, of the link at the path. It blocks:
/// call it only in a job.
pub(crate) fn learn_path(path: &Path, follow: bool, metadata: &Metadata) {
    if mounts::wants(metadata.st_dev()) {
        find_descriptors();
        // One descriptor gives both the mount and its type, so that they belong together
        // even if the path changes.
        let flags = place(follow) | OFlags::CLOEXEC;
        if let Ok(fd) = rustix::fs::open(path, flags, Mode::empty()) {
            mounts::learn(fd.as_fd());
        }
    }
}

/// Opens [`DESCRIPTORS`], once. Without procfs, every open is left to a job.
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
        // Another thread may have set it just now, to the same.
        let _ = DESCRIPTORS.set((pid, fd));
    }
}

/// The flags to look at a path without opening what is there.
fn place(follow: bool) -> OFlags {
    if follow {
        OFlags::PATH
    } else {
        OFlags::PATH | OFlags::NOFOLLOW
    }
}

/// Looks at what is at `path` (without `follow`, at the link there), if it is on a local
/// mount.
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

/// Records an error that will be the same for all further calls.
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

/// The same for a file that is read from the page cache and that no user gets to see. It
/// also returns the size in bytes, and leaves O_NONBLOCK on, which has no effect on a
/// regular file. It opens nothing if `wanted` returns false for the size, or if such reads
/// are known to be refused.
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
    // Read again, at an offset, to learn the reason.
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
    // Nonblocking, since another process may hold a lease on the file.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let number = DecInt::from_fd(&fd);
    let file = rustix::fs::openat(descriptors, number, flags, Mode::empty()).ok()?;
    Some((File::from(file), look.size))
}

/// The metadata of what is at `path` (without `follow`, of the link there); `None` leaves
/// it to a job.
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
