//! What tests ask of the system, under one name on each.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test binary uses a part of it; a test fails by panicking"
)]

use std::fs::File;
use std::io;
use std::path::Path;

#[cfg(unix)]
use std::os::fd::{AsFd as AsSystem, OwnedFd as Owned};
#[cfg(windows)]
use std::os::windows::io::{AsHandle as AsSystem, OwnedHandle as Owned};

/// The end of a pipe that is read, and the one that is written.
#[allow(clippy::incompatible_msrv, reason = "tests take the newest std")]
pub(crate) fn pipe() -> (File, File) {
    let (reader, writer) = io::pipe().unwrap();
    (Owned::from(reader).into(), Owned::from(writer).into())
}

/// Another handle of the same open file, cursor and all, as a child process has it.
pub(crate) fn same_open_file(file: &impl AsSystem) -> File {
    #[cfg(unix)]
    let handle = file.as_fd();
    #[cfg(windows)]
    let handle = file.as_handle();
    handle.try_clone_to_owned().unwrap().into()
}

/// A symbolic link to what is a file, or nothing. `None`, and a line that says so,
/// where this user may not make links, as on most machines with Windows.
pub(crate) fn link_to_file(target: impl AsRef<Path>, link: impl AsRef<Path>) -> Option<()> {
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(target, &link);
    #[cfg(windows)]
    let made = std::os::windows::fs::symlink_file(target, &link);
    may_fail_here(made, link)
}

/// The same, to a folder.
pub(crate) fn link_to_folder(target: impl AsRef<Path>, link: impl AsRef<Path>) -> Option<()> {
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(target, &link);
    #[cfg(windows)]
    let made = std::os::windows::fs::symlink_dir(target, &link);
    may_fail_here(made, link)
}

/// A junction, which everybody may make: what Windows has for folders beside links.
#[cfg(windows)]
pub(crate) fn junction(target: &Path, link: &Path) -> Option<()> {
    let made = std::process::Command::new("cmd")
        .args(["/c", "mklink", "/J"])
        .args([link, target])
        .output();
    made.unwrap();
    if std::fs::symlink_metadata(link).is_err() {
        println!("skipped: no junction can be made here (Wine makes none)");
        return None;
    }
    Some(())
}

fn may_fail_here(made: io::Result<()>, link: impl AsRef<Path>) -> Option<()> {
    // Wine says that it has made one, and has not.
    let made = made.and_then(|()| std::fs::symlink_metadata(link).map(drop));
    match made {
        Err(error) if cfg!(windows) => {
            println!("skipped: symbolic links cannot be made here ({error})");
            None
        }
        made => {
            made.unwrap();
            Some(())
        }
    }
}

/// A device that is always full, where the system has one.
pub(crate) fn full_device() -> Option<&'static str> {
    if cfg!(target_os = "linux") {
        Some("/dev/full")
    } else {
        println!("skipped: there is no device here that is always full");
        None
    }
}

/// The text as this system's files have it, with its line ends.
pub(crate) fn native(text: &str) -> String {
    if cfg!(windows) {
        text.replace('\n', "\r\n")
    } else {
        text.to_owned()
    }
}
