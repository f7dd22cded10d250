//! Files and folders with which only some things may be done: what is refused changes
//! nothing and leaves nothing behind.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/nobody.rs"]
mod nobody;

use std::fs::{self, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use aiofiles::{os, tempfile, write_atomic};
use common::{Dir, run};
use nobody::{as_nobody, own_folder, run_as_nobody};
use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn names(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn copy_over_a_file_of_somebody_else_is_whole_or_not_begun() {
    if let Some(dir) = as_nobody() {
        // Its rights are the owner's to change.
        let (source, other) = (dir.join("source"), dir.join("other"));
        let error = run(os::copyfile(&source, &other)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        assert_eq!(fs::read(&other).unwrap(), b"old");
        // Nothing is to be changed.
        run(os::copyfile(&source, dir.join("same"))).unwrap();
        run(os::copyfile(&source, dir.join("plain")).permissions(false)).unwrap();
        return;
    }
    if !rustix::process::geteuid().is_root() {
        return eprintln!("skipped: only root can be somebody else");
    }
    let dir = Dir::new();
    set_mode(dir.path(), 0o777);
    for (name, mode) in [("other", 0o666), ("same", 0o646), ("plain", 0o666)] {
        set_mode(&dir.file(name, "old"), mode);
    }
    set_mode(&dir.file("source", "new"), 0o646);
    run_as_nobody(
        "copy_over_a_file_of_somebody_else_is_whole_or_not_begun",
        dir.path(),
    );
    for (name, content) in [("other", "old"), ("same", "new"), ("plain", "new")] {
        let copied = fs::read_to_string(dir.join(name)).unwrap();
        assert_eq!(copied, content, "{name}");
    }
}

#[test]
fn file_in_a_sticky_folder_stays_and_nothing_is_left() {
    if let Some(dir) = as_nobody() {
        let (file, folder) = (dir.join("sticky/file"), dir.join("sticky"));
        run(async {
            let error = write_atomic(&file, "new").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
            assert_eq!(error.path(), Some(&*file));
            let mut atomic = tempfile::atomic_file(&file).await.unwrap();
            atomic.write(b"new").await.unwrap();
            let error = atomic.commit().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
            drop(atomic);
            let temporary = tempfile::named_temporary_file().dir(&folder);
            let mut temporary = temporary.await.unwrap();
            temporary.write(b"new").await.unwrap();
            let error = temporary.persist(&file).await.unwrap_err();
            assert_eq!(error.dst(), Some(&*file), "{error}");
            // It is a temporary file still, with all that was written.
            assert_eq!(fs::read(temporary.name()).unwrap(), b"new");
            temporary.close().await.unwrap();
            write_atomic(folder.join("own"), "new").await.unwrap();
        });
        return;
    }
    if !rustix::process::geteuid().is_root() {
        return eprintln!("skipped: only root can be somebody else");
    }
    let dir = Dir::new();
    set_mode(dir.path(), 0o777);
    let folder = dir.join("sticky");
    fs::create_dir(&folder).unwrap();
    set_mode(&folder, 0o1777);
    fs::write(folder.join("file"), "old").unwrap();
    set_mode(&folder.join("file"), 0o666);
    run_as_nobody(
        "file_in_a_sticky_folder_stays_and_nothing_is_left",
        dir.path(),
    );
    assert_eq!(fs::read(folder.join("file")).unwrap(), b"old");
    assert_eq!(names(&folder), 2);
}

/// Marks, as chattr(1) sets them, for as long as it lives. `None` where nobody may, or
/// the file system knows none.
struct Marked(File);

impl Marked {
    fn new(path: &Path, marks: IFlags) -> Option<Self> {
        let file = File::open(path).unwrap();
        let before = ioctl_getflags(&file).ok()?;
        ioctl_setflags(&file, before | marks).ok()?;
        Some(Self(file))
    }
}

impl Drop for Marked {
    fn drop(&mut self) {
        let marks = ioctl_getflags(&self.0).unwrap();
        ioctl_setflags(&self.0, marks - IFlags::APPEND - IFlags::IMMUTABLE).unwrap();
    }
}

#[test]
fn folder_in_which_no_name_can_be_changed_gets_none() {
    let dir = Dir::new();
    let (folder, old) = (dir.join("d"), dir.join("d/old"));
    fs::create_dir(&folder).unwrap();
    fs::write(&old, "old").unwrap();
    let Some(_marked) = Marked::new(&folder, IFlags::APPEND) else {
        return eprintln!("skipped: no such marks here");
    };
    run(async {
        for path in [&old, &folder.join("new")] {
            let error = write_atomic(path, "new").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
            let error = tempfile::atomic_file(path).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        }
    });
    assert_eq!(names(&folder), 1);
    assert_eq!(fs::read(&old).unwrap(), b"old");
}

#[test]
fn file_that_cannot_be_changed_stays_and_nothing_is_left() {
    for mark in [IFlags::IMMUTABLE, IFlags::APPEND] {
        let dir = Dir::new();
        let (old, source) = (dir.file("old", "old"), dir.file("source", "new"));
        let Some(_marked) = Marked::new(&old, mark) else {
            return eprintln!("skipped: no such marks here");
        };
        run(async {
            write_atomic(&old, "new").await.unwrap_err();
            let mut atomic = tempfile::atomic_file(&old).await.unwrap();
            atomic.write(b"new").await.unwrap();
            atomic.commit().await.unwrap_err();
            atomic.discard().await.unwrap();
            os::copyfile(&source, &old).await.unwrap_err();
            aiofiles::write(&old, "new").await.unwrap_err();
            aiofiles::open(&old).mode("w").await.unwrap_err();
        });
        assert_eq!(fs::read(&old).unwrap(), b"old");
        assert_eq!(names(dir.path()), 2);
    }
}

#[test]
fn access_says_what_each_bit_of_a_mode_allows() {
    const TEST: &str = "access_says_what_each_bit_of_a_mode_allows";
    let Some(dir) = as_nobody() else {
        if !rustix::process::geteuid().is_root() {
            return eprintln!("skipped: only root can be somebody else");
        }
        let dir = Dir::new();
        set_mode(dir.path(), 0o777);
        run_as_nobody(TEST, dir.path());
        return;
    };
    let (file, folder) = (dir.join("file"), dir.join("folder"));
    let (to_file, to_nothing) = (dir.join("to-file"), dir.join("to-nothing"));
    fs::write(&file, "").unwrap();
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(&file, &to_file).unwrap();
    std::os::unix::fs::symlink("nothing", &to_nothing).unwrap();
    run(async {
        for bits in 0..8 {
            for path in [&file, &folder] {
                set_mode(path, bits << 6 | 0o077);
            }
            for asked in 0..8 {
                // What is the owner's counts for the owner, whatever the others may.
                let allowed = asked & !bits == 0;
                let shown = format!("{bits:o}, asked for {asked:o}");
                for effective in [false, true] {
                    for path in [&file, &folder, &to_file] {
                        let access = os::access(path, asked).effective_ids(effective);
                        let said = access.await.unwrap();
                        assert_eq!(said, allowed, "{}: {shown}", path.display());
                    }
                    // A link has all rights, and is there wherever it leads.
                    for path in [&to_file, &to_nothing] {
                        let access = os::access(path, asked).effective_ids(effective);
                        let access = access.follow_symlinks(false);
                        assert!(access.await.unwrap(), "{}: {shown}", path.display());
                    }
                    let access = os::access(&to_nothing, asked).effective_ids(effective);
                    assert!(!access.await.unwrap(), "{shown}");
                }
            }
        }
    });
    fs::remove_file(&file).unwrap();
    fs::remove_dir(&folder).unwrap();
    run(async {
        for asked in 0..8 {
            for path in [&file, &folder] {
                assert!(!os::access(path, asked).await.unwrap());
            }
        }
    });
}

#[test]
fn access_is_that_of_the_real_user_unless_the_effective_one_is_meant() {
    use rustix::process::Uid;
    use rustix::thread::set_thread_res_uid;
    if !rustix::process::geteuid().is_root() {
        return eprintln!("skipped: only root can be two users");
    }
    let dir = Dir::new();
    set_mode(dir.path(), 0o755);
    let path = dir.file("roots", "");
    set_mode(&path, 0o600);
    // On Linux it is each thread that has a user, and this one ends with the test.
    let thread = std::thread::spawn(move || {
        set_thread_res_uid(Uid::from_raw(65534), Uid::ROOT, Uid::ROOT).unwrap();
        for (effective, allowed) in [(false, false), (true, true)] {
            let access = os::access(&path, os::R_OK).effective_ids(effective);
            let access = access.executor(aiofiles::executor::InlineExecutor);
            let said = futures::executor::block_on(access.into_future()).unwrap();
            assert_eq!(said, allowed, "effective: {effective}");
        }
    });
    thread.join().unwrap();
}

// CPython's issue 91133: a cleanup must not give rights to what only a link leads to.
#[test]
fn a_cleanup_that_has_to_give_itself_rights_gives_none_behind_a_link() {
    use std::os::unix::fs::symlink;
    const TEST: &str = "a_cleanup_that_has_to_give_itself_rights_gives_none_behind_a_link";
    let Some(dir) = own_folder(TEST, "own") else {
        return;
    };
    let mode_of = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    let (file, folder) = (dir.join("file"), dir.join("folder"));
    fs::write(&file, "x").unwrap();
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("inside"), "y").unwrap();
    run(async {
        for mode in (0..8).map(|bits| bits << 6) {
            let made = tempfile::temporary_directory().dir(&dir).into_future();
            let mut made = made.await.unwrap();
            let root = made.path().to_owned();
            let sub = root.join("sub");
            fs::create_dir_all(sub.join("deeper")).unwrap();
            for at in [&root, &sub, &sub.join("deeper")] {
                symlink(&file, at.join("to-file")).unwrap();
                symlink(&folder, at.join("to-folder")).unwrap();
                symlink("nowhere", at.join("to-nothing")).unwrap();
                symlink(".", at.join("to-itself")).unwrap();
                // Another name of the file, whose rights are those of the file.
                fs::hard_link(&file, at.join("other-name")).unwrap();
            }
            set_mode(&file, 0o400);
            set_mode(&folder, 0o500);
            for at in [&sub.join("deeper"), &sub, &root] {
                set_mode(at, mode);
            }
            let cleaned = made.cleanup().await;
            assert!(cleaned.is_ok(), "{mode:o}: {cleaned:?}");
            assert!(!root.exists(), "{mode:o}");
            assert_eq!(
                (mode_of(&file), mode_of(&folder)),
                (0o400, 0o500),
                "{mode:o}"
            );
            assert!(folder.join("inside").exists());
        }
    });
}
