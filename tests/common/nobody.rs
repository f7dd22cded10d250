//! Tests that are run again by a user without rights.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use crate::common::Dir;

const VARIABLE: &str = "AIOFILES_TEST_FOLDER";

/// The folder where a test, run again, finds what was made for it.
pub(crate) fn as_nobody() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).map(PathBuf::from)
}

/// Runs `test` of this file again as user and group 65534, for which `dir` is made; a copy
/// of the tests stands where that user can reach it.
pub(crate) fn run_as_nobody(test: &str, dir: &Path) {
    let exe = dir.join("test");
    fs::copy(std::env::current_exe().unwrap(), &exe).unwrap();
    let mut child = std::process::Command::new(exe);
    child.args(["--exact", test]).env(VARIABLE, dir);
    let output = child.uid(65534).gid(65534).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{output:?}"
    );
    fs::remove_file(dir.join("test")).unwrap();
}

/// The folder `name` of user 65534, in the run of `test` by that user; `None` in the run that
/// starts it, or says that it cannot.
pub(crate) fn own_folder(test: &str, name: &str) -> Option<PathBuf> {
    if let Some(dir) = as_nobody() {
        return Some(dir.join(name));
    }
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root becomes another user");
        return None;
    }
    let dir = Dir::new();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let own = dir.join(name);
    fs::create_dir(&own).unwrap();
    chown(&own, Some(65534), Some(65534)).unwrap();
    run_as_nobody(test, dir.path());
    None
}
