//! Which mounts are local file systems, and which of those are only memory.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use rustix::fs::{AtFlags, FileType, StatxFlags};

/// File systems that wait for nothing but a disk; the numbers are those of statfs(2) and
/// `linux/magic.h`. Overlays are not among them (see [`cached`](super::cached)).
const LOCAL: [u32; 8] = [
    0xef53,      // ext2, ext3, ext4
    0x5846_5342, // xfs
    0x9123_683e, // btrfs
    0xf2f5_2010, // f2fs
    0xca45_1a4e, // bcachefs
    0x2fc1_2fc1, // zfs
    0xe0f5_e1e2, // erofs
    0x7371_7368, // squashfs
];

/// Local file systems whose files are only in memory: a read is a copy, unless the memory
/// was swapped out. They refuse nowait reads.
const MEMORY: [u32; 2] = [
    0x0102_1994, // tmpfs
    0x8584_58f6, // ramfs
];

/// An overlay passes calls on to the layer in which the file is; hardly ever is that layer
/// on a network.
const OVERLAY: u32 = 0x794c_7630;

/// `STATX_MNT_ID_UNIQUE` of Linux 6.8: it asks for a number that no other mount gets until
/// the next boot. Older kernels give a small number, which may be used again.
const UNIQUE: StatxFlags = StatxFlags::from_bits_retain(0x4000);

/// How many mounts are remembered.
const MOST: usize = 64;

/// One mount of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    id: u64,
    device: u64,
    /// Whether no other mount will ever get `id`.
    unique: bool,
}

/// What the kernel tells about a descriptor, also an O_PATH one, without waiting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) kind: FileType,
    /// In bytes.
    pub(super) size: u64,
    pub(super) mount: Mount,
}

/// Where the files of a mount are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// On a network, or in something of which nothing is known.
    Elsewhere,
    Disk,
    Memory,
}

impl Place {
    /// On a file system of the type `kind`.
    fn of(kind: u32) -> Self {
        if MEMORY.contains(&kind) {
            Self::Memory
        } else if LOCAL.contains(&kind) {
            Self::Disk
        } else {
            Self::Elsewhere
        }
    }

    fn is_local(self) -> bool {
        self != Self::Elsewhere
    }
}

/// What is known of a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    mount: Mount,
    place: Place,
    /// Whether a read from the page cache was refused there.
    refuses_reads: bool,
}

/// Mounts that were looked at. There are a handful, so a search is the fastest map.
/// Oldest first; the oldest makes room.
static MOUNTS: RwLock<Vec<Known>> = RwLock::new(Vec::new());

/// Whether a mount was found that no job has looked at. (Its device may be known, from
/// another mount of it.) The next job looks at the mount of its file.
static WANTED: AtomicBool = AtomicBool::new(false);

pub(super) fn look(fd: BorrowedFd<'_>) -> Option<Look> {
    let asked = StatxFlags::TYPE | StatxFlags::SIZE | StatxFlags::MNT_ID | UNIQUE;
    // What is in memory is enough. For a file on a network, the type cannot be out of date,
    // and the size is not used.
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    let seen = rustix::fs::statx(fd, "", flags, asked).ok()?;
    let given = StatxFlags::from_bits_retain(seen.stx_mask);
    if !given.intersects(StatxFlags::MNT_ID | UNIQUE) {
        return None;
    }
    Some(Look {
        kind: FileType::from_raw_mode(seen.stx_mode.into()),
        size: seen.stx_size,
        mount: Mount {
            id: seen.stx_mnt_id,
            device: rustix::fs::makedev(seen.stx_dev_major, seen.stx_dev_minor),
            unique: given.contains(UNIQUE),
        },
    })
}

/// The type of the file system of `fd`. It blocks.
pub(super) fn kind(fd: BorrowedFd<'_>) -> Option<u32> {
    // A 32-bit number, sign-extended on some platforms.
    rustix::fs::fstatfs(fd).ok().map(|fs| fs.f_type as u32)
}

/// Whether a file tells its size without waiting. This holds for a regular file on a file
/// system of this machine, since the metadata of open files is in memory. Overlays are
/// trusted here: if one does wait, the only harm is that other followers are woken later.
/// It blocks: call it only in a job.
pub(crate) fn tells_size_at_once(file: &File) -> bool {
    let is_local = |kind| Place::of(kind).is_local() || kind == OVERLAY;
    file.metadata().is_ok_and(|metadata| metadata.is_file())
        && kind(file.as_fd()).is_some_and(is_local)
}

/// Whether a read from the page cache was refused there.
pub(super) fn refuses_reads(mount: Mount) -> bool {
    known(mount).is_some_and(|known| known.refuses_reads)
}

/// Notes that a read from the page cache was refused there.
pub(super) fn refuse_reads(mount: Mount) {
    let mut mounts = MOUNTS.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = mounts.iter_mut().find(|known| known.mount == mount) {
        known.refuses_reads = true;
    }
}

/// Whether a job has looked at `mount`.
pub(super) fn knows(mount: Mount) -> bool {
    known(mount).is_some()
}

fn known(mount: Mount) -> Option<Known> {
    let mounts = MOUNTS.read().unwrap_or_else(PoisonError::into_inner);
    mounts.iter().find(|known| known.mount == mount).copied()
}

/// Where the files of `mount` are, if that is known; `fd` is on it. If it is not known, the
/// next job is asked to find out.
fn place(fd: BorrowedFd<'_>, mount: Mount) -> Option<Place> {
    match known(mount).map(|known| known.place) {
        // The number of a mount that is gone may belong to another one now, and so may the
        // number of its device. So ask again for the type. That can wait only if a file
        // system on a network has got both numbers, and then only once.
        Some(before) if before.is_local() && !mount.unique => {
            let now = kind(fd).map_or(Place::Elsewhere, Place::of);
            if now != before {
                set(mount, now);
            }
            Some(now)
        }
        Some(place) => Some(place),
        None => {
            WANTED.store(true, Ordering::Relaxed);
            None
        }
    }
}

/// Whether `mount` is known to be local; `fd` is on it. If nothing is known, the next job is
/// asked to find out.
pub(super) fn is_local(fd: BorrowedFd<'_>, mount: Mount) -> bool {
    place(fd, mount).is_some_and(Place::is_local)
}

/// Whether a read of `fd` only copies memory: it is known to be a regular file on tmpfs or
/// ramfs, and the machine has no swap. This asks only the kernel's own tables, so it does
/// not wait.
pub(super) fn is_memory(fd: BorrowedFd<'_>) -> bool {
    look(fd).is_some_and(|look| {
        look.kind == FileType::RegularFile
            && place(fd, look.mount) == Some(Place::Memory)
            && rustix::system::sysinfo().totalswap == 0
    })
}

/// Whether a job that has used a file on `device` must call [`learn`].
pub(super) fn wants(device: u64) -> bool {
    if WANTED.load(Ordering::Relaxed) && WANTED.swap(false, Ordering::Relaxed) {
        return true;
    }
    let mounts = MOUNTS.read().unwrap_or_else(PoisonError::into_inner);
    !mounts.iter().any(|known| known.mount.device == device)
}

/// Finds out what kind of file system the mount of `fd` is. It blocks.
pub(super) fn learn(fd: BorrowedFd<'_>) {
    let Some(Look { mount, .. }) = look(fd) else {
        return;
    };
    if known(mount).is_none() {
        if let Some(kind) = kind(fd) {
            set(mount, Place::of(kind));
        }
    }
}

fn set(mount: Mount, place: Place) {
    let mut mounts = MOUNTS.write().unwrap_or_else(PoisonError::into_inner);
    remember(&mut mounts, mount, place);
}

fn remember(mounts: &mut Vec<Known>, mount: Mount, place: Place) {
    mounts.retain(|known| known.mount != mount);
    if mounts.len() >= MOST {
        mounts.remove(0);
    }
    mounts.push(Known {
        mount,
        place,
        refuses_reads: false,
    });
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_mount_number_that_may_be_another_s_is_asked_about_again() {
        let file = std::fs::File::open("/proc/self/status").unwrap();
        let fd = file.as_fd();
        // As if procfs had got both numbers of a local file system that has gone.
        for unique in [false, true] {
            let mount = Mount {
                id: u64::MAX,
                device: u64::MAX,
                unique,
            };
            for place in [Place::Disk, Place::Memory] {
                set(mount, place);
                assert_eq!(is_local(fd, mount), unique);
                let right = if unique { place } else { Place::Elsewhere };
                let known = known(mount).map(|known| known.place);
                assert_eq!(known, Some(right), "remembered");
            }
        }
    }

    #[test]
    fn no_more_mounts_are_kept_than_there_is_room_for() {
        let mount = |id| Mount {
            id,
            device: u64::MAX - 1,
            unique: true,
        };
        let mut mounts = Vec::new();
        for id in 0..2 * MOST as u64 {
            remember(&mut mounts, mount(id), Place::Disk);
            remember(&mut mounts, mount(id), Place::Elsewhere);
        }
        assert_eq!(mounts.len(), MOST);
        let oldest = (mounts[0].mount, mounts[0].place);
        assert_eq!(
            oldest,
            (mount(MOST as u64), Place::Elsewhere),
            "the oldest have gone"
        );
    }

    #[test]
    fn refusal_is_noted_until_another_is_mounted_there() {
        let mount = Mount {
            id: u64::MAX - 2,
            device: u64::MAX - 2,
            unique: true,
        };
        refuse_reads(mount);
        assert!(!refuses_reads(mount), "nothing is known of it");
        set(mount, Place::Memory);
        assert!(!refuses_reads(mount));
        refuse_reads(mount);
        assert!(refuses_reads(mount));
        set(mount, Place::Disk);
        assert!(!refuses_reads(mount));
    }
}
