//! `openat2(RESOLVE_CACHED)`.

use std::fs::{File, Metadata};
use std::os::fd::OwnedFd;
use std::os::linux::fs::MetadataExt;
use std::path::Path;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags, StatxFlags};
use rustix::io::Errno;

/// Set once the system call is known to be missing or forbidden.
static FORBIDDEN: AtomicBool = AtomicBool::new(false);

/// Devices that were looked at: whether each is a local file system. There are a
/// handful, so a search is the fastest map.
static DEVICES: RwLock<Vec<(u64, bool)>> = RwLock::new(Vec::new());

/// Whether `/` is on one of the local ones.
static ROOT_IS_LOCAL: AtomicBool = AtomicBool::new(false);

/// File systems that do not wait for anybody but a disk (statfs(2), and
/// `linux/magic.h`). Overlays are not among them (see the module).
const LOCAL: [u32; 10] = [
    0xef53,      // ext2, ext3, ext4
    0x5846_5342, // xfs
    0x9123_683e, // btrfs
    0xf2f5_2010, // f2fs
    0xca45_1a4e, // bcachefs
    0x2fc1_2fc1, // zfs
    0x0102_1994, // tmpfs
    0x8584_58f6, // ramfs
    0xe0f5_e1e2, // erofs
    0x7371_7368, // squashfs
];

fn is_local(device: u64) -> bool {
    let devices = DEVICES
        .read()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    devices.contains(&(device, true))
}

pub(super) fn learn(path: &Path, metadata: &Metadata) {
    if look(metadata.st_dev(), || rustix::fs::statfs(path)) {
        // The first file brings the root along.
        if let Ok(root) = std::fs::metadata("/") {
            look(root.st_dev(), || rustix::fs::statfs("/"));
            ROOT_IS_LOCAL.store(is_local(root.st_dev()), Ordering::Relaxed);
        }
    }
}

/// Notes what kind of file system a device is; `false` if that is known.
fn look(device: u64, statfs: impl FnOnce() -> rustix::io::Result<rustix::fs::StatFs>) -> bool {
    let known = |devices: &[(u64, bool)]| devices.iter().any(|&(known, _)| known == device);
    if known(
        &DEVICES
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner),
    ) {
        return false;
    }
    // The type is a 32-bit number, sign-extended on some platforms.
    let local = statfs().is_ok_and(|fs| LOCAL.contains(&(fs.f_type as u32)));
    let mut devices = DEVICES
        .write()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if !known(&devices) {
        devices.push((device, local));
    }
    true
}

fn openat2(path: &Path, flags: OFlags, resolve: ResolveFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::CLOEXEC;
    let result = rustix::fs::openat2(
        CWD,
        path,
        flags,
        Mode::empty(),
        resolve | ResolveFlags::CACHED,
    );
    if let Err(Errno::NOSYS | Errno::PERM) = result {
        FORBIDDEN.store(true, Ordering::Relaxed);
    }
    result
}

/// Opens `path` with `flags`, once it is known that this leads to a local file
/// system: because it is the one of `/` and no mount point is crossed, or because
/// a look at the place, without opening it, says so.
fn open_local(path: &Path, flags: OFlags) -> Option<OwnedFd> {
    if FORBIDDEN.load(Ordering::Relaxed) {
        return None;
    }
    if path.is_absolute() && ROOT_IS_LOCAL.load(Ordering::Relaxed) {
        match openat2(path, flags, ResolveFlags::NO_XDEV) {
            Ok(fd) => return Some(fd),
            Err(Errno::XDEV) => {}
            Err(_) => return None,
        }
    }
    let place = OFlags::PATH | (flags & OFlags::NOFOLLOW);
    let fd = openat2(path, place, ResolveFlags::empty()).ok()?;
    // What is in memory will do: the device does not change.
    let seen = rustix::fs::statx(
        &fd,
        "",
        AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC,
        StatxFlags::TYPE,
    );
    let seen = seen.ok()?;
    if !is_local(rustix::fs::makedev(seen.stx_dev_major, seen.stx_dev_minor)) {
        return None;
    }
    if flags == place {
        Some(fd)
    } else {
        openat2(path, flags, ResolveFlags::empty()).ok()
    }
}

pub(super) fn open(path: &Path) -> Option<File> {
    let (file, _) = open_nonblocking(path)?;
    rustix::fs::fcntl_setfl(&file, OFlags::empty()).ok()?;
    Some(file)
}

pub(super) fn open_nonblocking(path: &Path) -> Option<(File, Metadata)> {
    // A FIFO, a lease or a device must not make it wait.
    let fd = open_local(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?;
    let file = File::from(fd);
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || !is_local(metadata.st_dev()) {
        return None;
    }
    Some((file, metadata))
}

pub(super) fn metadata(path: &Path, follow: bool) -> Option<Metadata> {
    let link = if follow {
        OFlags::empty()
    } else {
        OFlags::NOFOLLOW
    };
    let file = File::from(open_local(path, OFlags::PATH | link)?);
    file.metadata().ok()
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
        learn(&path, &plain.metadata().unwrap());
        if !is_local(plain.metadata().unwrap().st_dev()) || FORBIDDEN.load(Ordering::Relaxed) {
            eprintln!("skipped: not a local file system, or an old kernel");
            return;
        }
        let (_, metadata) = open_nonblocking(&path).unwrap();
        let file = open(&path).unwrap();
        assert_eq!(metadata.st_ino(), plain.metadata().unwrap().st_ino());
        let flags = |file: &File| rustix::fs::fcntl_getfl(file).unwrap();
        assert_eq!(flags(&file), flags(&plain));
        assert!(
            rustix::io::fcntl_getfd(&file)
                .unwrap()
                .contains(rustix::io::FdFlags::CLOEXEC)
        );

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
}
