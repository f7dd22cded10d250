//! Temporary folders.

use std::fs;

use aiofiles::executor::InlineExecutor;
use aiofiles::tempfile::temporary_directory;

use super::{dir, names};

#[tokio::test]
async fn cleanup_removes_all_and_follows_no_link() {
    let outside = dir();
    fs::write(outside.path().join("precious"), "1").unwrap();
    let mut folder = temporary_directory().await.unwrap();
    let root = folder.path().to_owned();
    fs::create_dir_all(root.join("a/b/c")).unwrap();
    fs::write(root.join("a/b/f"), "x").unwrap();
    for link in ["link", "a/b/link"] {
        crate::system::link_to_folder(outside.path(), root.join(link));
    }
    folder.cleanup().await.unwrap();
    assert!(!root.exists());
    folder.cleanup().await.unwrap();
    assert_eq!(fs::read(outside.path().join("precious")).unwrap(), b"1");
}

#[tokio::test]
async fn folder_not_to_be_deleted_is_removed_by_cleanup_only() {
    let dir = dir();
    let new = || {
        temporary_directory()
            .dir(dir.path())
            .delete(false)
            .executor(InlineExecutor)
    };
    drop(new().await.unwrap());
    new().with(async |_| Ok(())).await.unwrap();
    assert_eq!(names(dir.path()).len(), 2);
    let mut folder = new().await.unwrap();
    folder.cleanup().await.unwrap();
    assert_eq!(names(dir.path()).len(), 2);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn cleanup_errors_are_told_unless_ignored() {
    for ignore in [false, true] {
        let folder = temporary_directory().ignore_cleanup_errors(ignore);
        let mut folder = folder.await.unwrap();
        let parent = folder.path().to_owned();
        // Its name is a file's by now: not a folder to be emptied.
        fs::remove_dir(&parent).unwrap();
        let _held = Immovable::at(&parent);
        let cleaned = folder.cleanup().await;
        assert_eq!(cleaned.is_ok(), ignore, "{cleaned:?}");
        folder.keep();
    }
}

/// What stands at a path and cannot be removed as a folder: a file.
#[cfg(target_os = "linux")]
struct Immovable(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl Immovable {
    fn at(path: &std::path::Path) -> Self {
        fs::write(path, "").unwrap();
        Self(path.to_owned())
    }
}

#[cfg(target_os = "linux")]
impl Drop for Immovable {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

/// Root may read anything: the test runs itself again as nobody.
#[cfg(target_os = "linux")]
#[test]
fn unreadable_folders_are_removed() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    const CHILD: &str = "AIOFILES_TEST_UNPRIVILEGED";
    if std::env::var_os(CHILD).is_none() && rustix::process::geteuid().is_root() {
        // Where nobody can reach it.
        let dir = dir();
        let exe = dir.path().join("test");
        fs::copy(std::env::current_exe().unwrap(), &exe).unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut child = std::process::Command::new(exe);
        child
            .args(["--exact", "folders::unreadable_folders_are_removed"])
            .env(CHILD, "1");
        let output = child
            .uid(65534)
            .gid(65534)
            .current_dir("/")
            .output()
            .unwrap();
        super::passed(&output);
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut folder = temporary_directory().await.unwrap();
        let root = folder.path().to_owned();
        fs::create_dir_all(root.join("a/b/c")).unwrap();
        fs::write(root.join("a/b/c/f"), "x").unwrap();
        for (path, mode) in [("a/b/c", 0o000), ("a/b", 0o500), ("a", 0o000), ("", 0o500)] {
            fs::set_permissions(root.join(path), fs::Permissions::from_mode(mode)).unwrap();
        }
        folder.cleanup().await.unwrap();
        assert!(!root.exists());
    });
    if std::env::var_os(CHILD).is_none() {
        eprintln!("skipped: a limit on descriptors would be that of all tests");
        return;
    }
    let resource = rustix::process::Resource::Nofile;
    let mut limit = rustix::process::getrlimit(resource);
    limit.current = Some(128);
    rustix::process::setrlimit(resource, limit).unwrap();
    runtime.block_on(async {
        let mut folder = temporary_directory().await.unwrap();
        let root = folder.path().to_owned();
        for n in 0..300 {
            let one = root.join(format!("{n}"));
            fs::create_dir(&one).unwrap();
            fs::write(one.join("f"), "").unwrap();
            fs::set_permissions(one, fs::Permissions::from_mode(0o000)).unwrap();
        }
        folder.cleanup().await.unwrap();
        assert!(!root.exists(), "more folders than descriptors");
    });
}

/// Makes a folder in a folder in a folder …, deeper than any path can be long.
#[cfg(target_os = "linux")]
fn make_deep(root: &std::path::Path, levels: usize) {
    use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut folder = openat(CWD, root, flags, Mode::empty()).unwrap();
    for _ in 0..levels {
        mkdirat(&folder, c"d", Mode::RWXU).unwrap();
        folder = openat(&folder, c"d", flags, Mode::empty()).unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn deep_folders_are_removed_without_deep_recursion() {
    use futures::executor::block_on;
    let dir = dir();
    // As small as a thread of somebody's pool may be.
    let thread = std::thread::Builder::new().stack_size(128 * 1024);
    let parent = dir.path().to_owned();
    let removed = thread.spawn(move || {
        block_on(async {
            for ignore in [false, true] {
                let made = || {
                    temporary_directory()
                        .dir(&parent)
                        .ignore_cleanup_errors(ignore)
                        .executor(InlineExecutor)
                };
                let mut folder = made().await.unwrap();
                make_deep(folder.path(), 1_000);
                folder.cleanup().await.unwrap();
                assert!(!folder.path().exists());
                let folder = made().await.unwrap();
                make_deep(folder.path(), 1_000);
                drop(folder);
            }
        });
    });
    removed.unwrap().join().unwrap();
    assert_eq!(names(dir.path()), [""; 0]);
}

/// Root may remove anything but what is marked immutable, which not every file
/// system knows: something mounted will do as well.
#[cfg(target_os = "linux")]
#[test]
fn ignored_errors_do_not_keep_the_rest_from_going() {
    use futures::executor::block_on;
    struct Mounted(std::path::PathBuf);
    impl Drop for Mounted {
        fn drop(&mut self) {
            let umount = std::process::Command::new("umount").arg(&self.0).status();
            assert!(umount.unwrap().success());
            fs::remove_dir_all(self.0.parent().unwrap()).unwrap();
        }
    }
    let dir = dir();
    for at_drop in [false, true] {
        let made = temporary_directory().dir(dir.path());
        let made = made
            .ignore_cleanup_errors(!at_drop)
            .executor(InlineExecutor);
        let mut folder = block_on(made.into_future()).unwrap();
        let root = folder.path().to_owned();
        for n in 0..20 {
            fs::create_dir_all(root.join(format!("{n}/a/b"))).unwrap();
        }
        let busy = root.join("busy");
        fs::create_dir(&busy).unwrap();
        let mount = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "none"])
            .arg(&busy)
            .output();
        if !mount.as_ref().is_ok_and(|mount| mount.status.success()) {
            eprintln!("skipped: no mounts here: {mount:?}");
            return;
        }
        let mounted = Mounted(busy);
        if !at_drop {
            block_on(folder.cleanup()).unwrap();
        }
        drop(folder);
        assert_eq!(names(&root), ["busy"], "all else is gone");
        drop(mounted);
    }
}
