//! Temporary folders.

use std::fs;
use std::path::{Path, PathBuf};

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
    #[cfg(unix)]
    for link in ["link", "a/b/link"] {
        std::os::unix::fs::symlink(outside.path(), root.join(link)).unwrap();
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
struct Immovable(PathBuf);

impl Immovable {
    fn at(path: &Path) -> Self {
        fs::write(path, "").unwrap();
        Self(path.to_owned())
    }
}

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
}
