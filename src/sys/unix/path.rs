//! Functions about the names in a path, and about mounts.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::super::retry;

/// The absolute path after all links were followed.
pub(crate) fn canonicalize(path: &Path) -> io::Result<PathBuf> {
    retry(|| std::fs::canonicalize(path))
}

/// Joins the path with the current folder and resolves `.` and `..` by name only, as
/// Python's `posixpath.abspath`.
pub(crate) fn abspath(path: &Path) -> io::Result<PathBuf> {
    let path = if path.is_absolute() {
        path.to_path_buf()
    } else {
        std::env::current_dir()?.join(path)
    };
    Ok(normpath(&path))
}

fn normpath(path: &Path) -> PathBuf {
    let bytes = path.as_os_str().as_bytes();
    // In POSIX, exactly two slashes at the start have a special meaning.
    let two = bytes.starts_with(b"//") && !bytes.starts_with(b"///");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in bytes.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    let mut normal = if two { b"//".to_vec() } else { b"/".to_vec() };
    normal.extend_from_slice(&parts.join(&b'/'));
    OsString::from_vec(normal).into()
}

/// Whether something is mounted at `path`, as Python's `posixpath.ismount`.
pub(crate) fn is_mount(path: &Path) -> io::Result<bool> {
    let here = retry(|| std::fs::symlink_metadata(path))?;
    if here.is_symlink() {
        return Ok(false);
    }
    let above = retry(|| std::fs::symlink_metadata(path.join("..")))?;
    Ok(here.dev() != above.dev() || here.ino() == above.ino())
}

/// Replaces `~` or `~user` at the start of a path by a home folder, and leaves the rest as
/// it is; `None` if there is nothing to replace. It does the same as CPython's `posixpath`.
#[allow(
    deprecated,
    reason = "`home_dir` is as it should be; deprecated before Rust 1.87"
)]
pub(crate) fn expand_user(path: &Path) -> Option<PathBuf> {
    let bytes = path.as_os_str().as_bytes();
    let behind = bytes.strip_prefix(b"~")?;
    let end = behind.iter().position(|&byte| byte == b'/');
    let (user, rest) = behind.split_at(end.unwrap_or(behind.len()));
    let home = if user.is_empty() {
        std::env::home_dir()?
    } else {
        home_of(OsStr::from_bytes(user))?
    };
    let mut home = home.into_os_string().into_vec();
    while home.last() == Some(&b'/') {
        home.pop();
    }
    home.extend_from_slice(rest);
    if home.is_empty() {
        home.push(b'/');
    }
    Some(OsString::from_vec(home).into())
}

/// The home of a user by name, from `/etc/passwd`.
fn home_of(user: &OsStr) -> Option<PathBuf> {
    let table = std::fs::read("/etc/passwd").ok()?;
    table.split(|&byte| byte == b'\n').find_map(|line| {
        let mut fields = line.split(|&byte| byte == b':');
        if fields.next()? != user.as_bytes() {
            return None;
        }
        let home = fields.nth(4)?;
        Some(OsString::from_vec(home.to_vec()).into())
    })
}

/// Whether the system takes the last name of a path literally: here it always does.
pub(crate) fn is_literal(_: &Path) -> bool {
    true
}

/// Whether a path ends with a separator, so that it can only name a folder.
pub(crate) fn names_folder(path: &Path) -> bool {
    path.as_os_str().as_bytes().ends_with(b"/")
}

/// The same path in a form in which the system takes all names below it literally: here it
/// always does.
#[cfg(all(feature = "tempfile", not(target_os = "linux")))]
#[allow(clippy::unnecessary_wraps, reason = "the same signature as on Windows")]
pub(crate) fn literal(path: &Path) -> std::io::Result<PathBuf> {
    Ok(path.to_path_buf())
}
