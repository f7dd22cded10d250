//! What `write_atomic` keeps of the file it replaces, and what it refuses.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/nobody.rs"]
mod nobody;

use std::ffi::CString;
use std::fs::{self, File, Permissions};
use std::io::{ErrorKind, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use common::run;
use nobody::{as_nobody, run_as_nobody};
use rustix::fs::{XattrFlags, getxattr, listxattr, memfd_create, setxattr};
use rustix::io::Errno;

const ACCESS: &str = "system.posix_acl_access";
const DEFAULT: &str = "system.posix_acl_default";

/// An ACL as the kernel takes it: owner, user 1234, the group, the mask, others.
fn acl(owner: u16, user: u16, group: u16, mask: u16, other: u16) -> Vec<u8> {
    const NOBODY: u32 = u32::MAX;
    let entries = [
        (1u16, owner, NOBODY),
        (2, user, 1234),
        (4, group, NOBODY),
        (16, mask, NOBODY),
        (32, other, NOBODY),
    ];
    let mut bytes = 2u32.to_le_bytes().to_vec();
    for (tag, rights, id) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(rights.to_le_bytes());
        bytes.extend(id.to_le_bytes());
    }
    bytes
}

fn attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
    let mut value = [0; 4096];
    match getxattr(path, name, &mut value[..]) {
        Ok(len) => Some(value[..len].to_vec()),
        Err(Errno::NODATA | Errno::OPNOTSUPP) => None,
        Err(error) => panic!("{name}: {error}"),
    }
}

fn set(path: &Path, name: &str, value: &[u8]) -> Result<(), Errno> {
    setxattr(path, name, value, XattrFlags::empty())
}

fn names_of_attributes(path: &Path) -> Vec<CString> {
    let mut list = [0; 4096];
    let len = listxattr(path, &mut list[..]).unwrap();
    let names = list[..len].split(|&byte| byte == 0);
    let mut names: Vec<_> = names
        .filter(|name| !name.is_empty())
        .map(|name| CString::new(name).unwrap())
        .collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

/// Says why a test is not run where the system lacks something.
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// A folder with a file that has `rights` as its ACL; `None` without support.
fn file_with_acl(rights: &[u8]) -> Option<(tempfile::TempDir, PathBuf)> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    match set(&path, ACCESS, rights) {
        Ok(()) => Some((dir, path)),
        Err(error) => {
            skipped(&format!("no ACL here: {error}"));
            None
        }
    }
}

#[test]
fn access_list_is_kept_and_its_mask_does_not_become_the_groups_rights() {
    for rights in [
        acl(6, 6, 0, 6, 0),
        acl(7, 5, 4, 5, 1),
        acl(6, 0, 4, 4, 4),
        acl(4, 4, 6, 0, 0),
    ] {
        let Some((_dir, path)) = file_with_acl(&rights) else {
            return;
        };
        let before = mode(&path);
        run(aiofiles::write_atomic(&path, "new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(attribute(&path, ACCESS), Some(rights));
        assert_eq!(mode(&path), before);
    }
}

#[test]
fn default_list_of_the_folder_gives_nobody_rights_on_an_old_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
    let default = acl(7, 7, 7, 7, 0);
    if let Err(error) = set(dir.path(), DEFAULT, &default) {
        return skipped(&format!("no ACL here: {error}"));
    }
    for other in [None, Some("user.origin"), Some("security.origin")] {
        if let Some(Err(error)) = other.map(|name| set(&path, name, b"x")) {
            skipped(&format!("no attributes here: {error}"));
        }
        run(aiofiles::write_atomic(&path, "new")).unwrap();
        assert_eq!(attribute(&path, ACCESS), None, "it had none before");
        assert_eq!(mode(&path), 0o664);
    }

    // A new file has what std's has.
    let (ours, stds) = (dir.path().join("ours"), dir.path().join("stds"));
    run(aiofiles::write_atomic(&ours, "new")).unwrap();
    fs::write(&stds, "new").unwrap();
    assert_eq!(attribute(&ours, ACCESS), attribute(&stds, ACCESS));
    assert_eq!(mode(&ours), mode(&stds));
}

#[test]
fn other_attributes_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    fs::write(&path, "old").unwrap();
    let long = vec![b'x'; 2000];
    for (name, value) in [
        ("user.note", &b"by hand"[..]),
        ("user.empty", b""),
        ("user.long", &long),
    ] {
        if let Err(error) = set(&path, name, value) {
            return skipped(&format!("no attributes here: {error}"));
        }
    }
    // A capability is lent by root only.
    let capability = [&[1, 0, 0, 2][..], &0x400u32.to_le_bytes(), &[0; 12]].concat();
    if let Err(error) = set(&path, "security.capability", &capability) {
        skipped(&format!("no capabilities here: {error}"));
    }
    let before = names_of_attributes(&path);
    let capability = attribute(&path, "security.capability");
    run(aiofiles::write_atomic(&path, "new")).unwrap();
    assert_eq!(names_of_attributes(&path), before);
    assert_eq!(
        attribute(&path, "user.note").as_deref(),
        Some(&b"by hand"[..])
    );
    assert_eq!(attribute(&path, "user.empty").as_deref(), Some(&b""[..]));
    assert_eq!(attribute(&path, "user.long"), Some(long));
    assert_eq!(attribute(&path, "security.capability"), capability);
    assert_eq!(fs::read(&path).unwrap(), b"new");
}

#[test]
fn what_a_user_may_not_set_is_left_unless_it_keeps_others_out() {
    const TEST: &str = "what_a_user_may_not_set_is_left_unless_it_keeps_others_out";
    const LEFT: &str = "security.aiofiles";
    const KEPT: [&str; 3] = [
        "security.selinux",
        "security.SMACK64",
        "security.SMACK64EXEC",
    ];
    if let Some(dir) = as_nobody() {
        let left = dir.join("left");
        run(aiofiles::write_atomic(&left, "new")).unwrap();
        assert_eq!(fs::read(&left).unwrap(), b"new");
        assert_eq!(attribute(&left, LEFT), None);
        for name in KEPT {
            let kept = dir.join(name);
            if attribute(&kept, name).is_none() {
                continue;
            }
            // Which of them a user may set depends on the security module of the system.
            let content = match run(aiofiles::write_atomic(&kept, "new")) {
                Ok(()) => "new",
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
                    assert!(error.to_string().contains(name), "{error}");
                    "old"
                }
            };
            assert_eq!(fs::read_to_string(&kept).unwrap(), content, "{name}");
            assert_eq!(attribute(&kept, name).as_deref(), Some(&b"value"[..]));
        }
        return;
    }
    if !rustix::process::geteuid().is_root() {
        return skipped("only root sets such attributes");
    }
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
    let mut files = 0;
    for (file, name) in [("left", LEFT)]
        .into_iter()
        .chain(KEPT.map(|name| (name, name)))
    {
        let path = dir.path().join(file);
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        std::os::unix::fs::chown(&path, Some(65534), Some(65534)).unwrap();
        files += 1;
        if let Err(error) = set(&path, name, b"value") {
            skipped(&format!("no `{name}` here: {error}"));
        }
    }
    run_as_nobody(TEST, dir.path());
    let left = fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(left, files, "nothing else is there");
}

#[test]
fn owner_group_and_special_bits_are_kept_by_root() {
    if !rustix::process::geteuid().is_root() {
        return skipped("only root gives files away");
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    fs::write(&path, "old").unwrap();
    std::os::unix::fs::chown(&path, Some(1234), Some(4321)).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o6750)).unwrap();
    run(aiofiles::write_atomic(&path, "new")).unwrap();
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!((metadata.uid(), metadata.gid()), (1234, 4321));
    assert_eq!(mode(&path), 0o6750);
}

#[test]
fn who_cannot_keep_the_group_widens_nothing() {
    if let Some(dir) = as_nobody() {
        for name in ["a", "b", "c", "d"] {
            run(aiofiles::write_atomic(dir.join(name), "new")).unwrap();
        }
        // The group of the ACL would be another.
        let error = run(aiofiles::write_atomic(dir.join("acl"), "new")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        return;
    }
    if !rustix::process::geteuid().is_root() {
        return skipped("only root gives files away");
    }
    let Some((dir, path)) = file_with_acl(&acl(6, 6, 4, 6, 0)) else {
        return;
    };
    fs::rename(path, dir.path().join("acl")).unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
    let modes = [
        ("a", 0o664, 0o644),
        ("b", 0o640, 0o600),
        ("c", 0o604, 0o600),
        ("d", 0o6755, 0o755),
    ];
    for (name, old, _) in modes {
        let path = dir.path().join(name);
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(old)).unwrap();
    }
    run_as_nobody("who_cannot_keep_the_group_widens_nothing", dir.path());
    for (name, old, new) in modes {
        let path = dir.path().join(name);
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(mode(&path), new, "{name}, {old:o}");
    }
    assert_eq!(fs::read(dir.path().join("acl")).unwrap(), b"old");
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        5,
        "nothing is left"
    );
}

/// What is neither a file nor missing is refused, and nothing is made.
fn is_refused(path: &Path, kind: ErrorKind) {
    let error = run(aiofiles::write_atomic(path, "new")).unwrap_err();
    assert_eq!(error.kind(), kind, "{}: {error}", path.display());
    assert_eq!(error.path(), Some(path));
}

#[test]
fn links_of_proc_to_open_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    fs::write(&path, "old").unwrap();
    let named = File::open(&path).unwrap();
    let gone = tempfile::tempfile_in(dir.path()).unwrap();
    let mut memory = File::from(memfd_create("aiofiles", rustix::fs::MemfdFlags::CLOEXEC).unwrap());
    memory.write_all(b"old").unwrap();
    let (pipe, _writer) = rustix::pipe::pipe().unwrap();
    let (socket, _peer) = std::os::unix::net::UnixStream::pair().unwrap();
    let descriptors = [
        named.as_raw_fd(),
        gone.as_raw_fd(),
        memory.as_raw_fd(),
        pipe.as_raw_fd(),
        socket.as_raw_fd(),
    ];
    for fd in descriptors {
        for folder in ["/proc/self/fd", "/dev/fd"] {
            is_refused(
                &Path::new(folder).join(fd.to_string()),
                ErrorKind::InvalidInput,
            );
        }
        let link = dir.path().join(format!("to-{fd}"));
        symlink(format!("/proc/self/fd/{fd}"), &link).unwrap();
        is_refused(&link, ErrorKind::InvalidInput);
        fs::remove_file(link).unwrap();
    }
    is_refused(Path::new("/dev/stdout"), ErrorKind::InvalidInput);
    is_refused(Path::new("/proc/self/cwd"), ErrorKind::IsADirectory);
    assert!(!Path::new("/memfd:aiofiles (deleted)").exists());
    assert_eq!(memory.metadata().unwrap().len(), 3);
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn what_is_no_file_is_refused_and_stays() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    let socket = dir.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let looped = dir.path().join("loop");
    symlink("loop", &looped).unwrap();
    is_refused(&fifo, ErrorKind::InvalidInput);
    is_refused(&socket, ErrorKind::InvalidInput);
    is_refused(Path::new("/dev/null"), ErrorKind::InvalidInput);
    is_refused(dir.path(), ErrorKind::IsADirectory);
    is_refused(&dir.path().join("missing/"), ErrorKind::IsADirectory);
    is_refused(&dir.path().join("missing/."), ErrorKind::NotFound);
    is_refused(&dir.path().join("fifo/"), ErrorKind::NotADirectory);
    is_refused(Path::new(""), ErrorKind::NotFound);
    let error = run(aiofiles::write_atomic(&looped, "new")).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(Errno::LOOP.raw_os_error()));
    assert!(fs::symlink_metadata(&fifo).unwrap().file_type().is_fifo());
    assert!(
        fs::symlink_metadata(&socket)
            .unwrap()
            .file_type()
            .is_socket()
    );
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
}

#[test]
fn file_behind_a_link_into_a_folder_not_to_be_written_stays() {
    if let Some(dir) = as_nobody() {
        let path = dir.join("link");
        let error = run(aiofiles::write_atomic(&path, "new")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        assert_eq!(error.path(), Some(&*path));
        return;
    }
    if !rustix::process::geteuid().is_root() {
        return skipped("only root becomes somebody else");
    }
    let dir = tempfile::tempdir().unwrap();
    let inner = dir.path().join("inner");
    fs::create_dir(&inner).unwrap();
    fs::write(inner.join("f"), "old").unwrap();
    fs::set_permissions(inner.join("f"), Permissions::from_mode(0o666)).unwrap();
    symlink("inner/f", dir.path().join("link")).unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
    let test = "file_behind_a_link_into_a_folder_not_to_be_written_stays";
    run_as_nobody(test, dir.path());
    assert_eq!(fs::read(inner.join("f")).unwrap(), b"old");
    assert!(dir.path().join("link").is_symlink());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}
