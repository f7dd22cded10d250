//! What only Windows has: names that stand for others, files that nobody may write, that
//! are open elsewhere or about to go, handles that append, and `NUL`. Where Wine and
//! Windows differ, or one Windows and another, either is taken that loses nothing.
//! (Links to folders are in tests/folder_links.rs, what all systems have in
//! tests/systems.rs.)

#![cfg(windows)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, SeekFrom, Write};
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aiofiles::tempfile::{named_temporary_file, temporary_directory};
use aiofiles::{BinaryFile, open, os, ospath, wrap};
use common::{Dir, run};
use futures::{StreamExt, TryStreamExt};

/// The path with names that are taken as they stand.
fn literal(path: &Path) -> PathBuf {
    let mut literal = std::ffi::OsString::from(r"\\?\");
    literal.push(std::path::absolute(path).unwrap());
    literal.into()
}

fn set_readonly(path: &Path, yes: bool) {
    let mut permissions = std::fs::metadata(path).unwrap().permissions();
    permissions.set_readonly(yes);
    std::fs::set_permissions(path, permissions).unwrap();
}

/// The names in a folder, sorted.
fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
    let mut names: Vec<_> = entries.map(name).collect();
    names.sort();
    let text = |name: std::ffi::OsString| name.into_string().unwrap();
    names.into_iter().map(text).collect()
}

/// A folder with names as other systems make them: without `\\?\` the one stands for the
/// folder that it is in, the other for its neighbour. `None` where they cannot be made.
fn tree_of_odd_names(root: &Path) -> Option<()> {
    let literal = literal(root);
    std::fs::create_dir(root).unwrap();
    std::fs::write(root.join("a"), "plain").unwrap();
    let made = std::fs::write(literal.join("a."), "with a dot")
        .and_then(|()| std::fs::create_dir(literal.join("...")))
        .and_then(|()| std::fs::create_dir(literal.join(".. ")))
        .and_then(|()| std::fs::write(literal.join(".. ").join("in "), "deep"));
    let names = names(root);
    if made.is_err() || names != [".. ", "...", "a", "a."] {
        println!("skipped: names that end with dots cannot be made here ({made:?}, {names:?})");
        return None;
    }
    Some(())
}

#[test]
fn names_that_stand_for_others_lead_nowhere_else() {
    run(async {
        let dir = Dir::new();
        let precious = dir.file("precious", "old");
        let (root, copy) = (dir.join("root"), dir.join("copy"));
        if tree_of_odd_names(&root).is_none() {
            return;
        }
        let walked: Vec<_> = os::walk(&root).take(10).collect().await;
        assert_eq!(walked.len(), 3, "{walked:?}");
        let failed = walked.iter().filter_map(|folder| folder.as_ref().err());
        let kinds: Vec<_> = failed.map(aiofiles::Error::kind).collect();
        assert_eq!(kinds, [ErrorKind::InvalidInput; 2]);

        let copied = os::copytree(&root, &copy).await;
        assert_eq!(copied.unwrap_err().kind(), ErrorKind::InvalidInput);
        os::rmtree(&copy).await.unwrap();
        // Nothing is in the way of who takes names literally.
        let walked: Vec<_> = os::walk(literal(&root)).try_collect().await.unwrap();
        assert_eq!(walked.len(), 3);
        let copied = os::copytree(literal(&root), literal(&copy)).await;
        assert_eq!(copied.unwrap(), 19);
        let copy = literal(&copy);
        assert_eq!(std::fs::read(copy.join("a.")).unwrap(), b"with a dot");
        assert_eq!(
            std::fs::read(copy.join(".. ").join("in ")).unwrap(),
            b"deep"
        );

        for tree in [root, copy] {
            assert_eq!(os::rmtree(&tree).await.unwrap(), 6);
            assert!(!ospath::exists(&tree).await.unwrap());
        }
        assert_eq!(std::fs::read(precious).unwrap(), b"old");
        assert_eq!(names(dir.path()), ["precious"]);
    });
}

#[test]
fn a_temporary_folder_goes_with_odd_names_and_read_only_files() {
    run(async {
        let mut folder = temporary_directory().await.unwrap();
        let root = folder.path().to_path_buf();
        let inner = root.join("inner");
        let _ = tree_of_odd_names(&inner);
        std::fs::write(inner.join("read only"), "").unwrap();
        set_readonly(&inner.join("read only"), true);
        set_readonly(&inner, true);
        folder.close().await.unwrap();
        assert!(!root.exists());
    });
}

#[test]
fn a_read_only_file_is_not_replaced() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "old");
        set_readonly(&path, true);
        let written = aiofiles::write_atomic(&path, "new").await;
        assert_eq!(written.unwrap_err().kind(), ErrorKind::PermissionDenied);
        if File::options().write(true).open(&path).is_ok() {
            println!("skipped: a read-only file can be written here (root, under Wine)");
        } else {
            let opened = open(&path).mode("w").await;
            assert_eq!(opened.unwrap_err().kind(), ErrorKind::PermissionDenied);
        }
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(names(dir.path()), ["f"], "nothing is left");
        assert_eq!(open(&path).await.unwrap().read().await.unwrap(), "old");

        // A tree goes, or the file stays: that depends on the version of std.
        let root = dir.join("root");
        std::fs::create_dir(&root).unwrap();
        std::fs::write(root.join("f"), "old").unwrap();
        set_readonly(&root.join("f"), true);
        match os::rmtree(&root).await {
            Ok(removed) => assert_eq!((removed, root.exists()), (2, false)),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::PermissionDenied);
                assert_eq!(std::fs::read(root.join("f")).unwrap(), b"old");
                set_readonly(&root.join("f"), false);
            }
        }
        set_readonly(&path, false);
        aiofiles::write_atomic(&path, "new").await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
    });
}

#[test]
fn what_somebody_else_keeps_open_stays_whole() {
    const FILE_SHARE_READ: u32 = 1;
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "old");
        // Who shares nothing, and who shares no deletion, as most programs.
        for share in [0, FILE_SHARE_READ] {
            let other = OpenOptions::new().read(true).share_mode(share).open(&path);
            let other = other.unwrap();
            let read = aiofiles::read_to_string(&path).await;
            assert_eq!(read.is_ok(), share == FILE_SHARE_READ);
            assert!(open(&path).mode("w").await.is_err());
            assert!(aiofiles::write(&path, "new").await.is_err());
            assert!(aiofiles::write_atomic(&path, "new").await.is_err());
            assert!(os::remove(&path).await.is_err());
            let mut temporary = named_temporary_file().dir(dir.path()).await.unwrap();
            let error = temporary.persist(&path).await.unwrap_err();
            assert_eq!(error.dst(), Some(&*path));
            let name = temporary.name().to_path_buf();
            assert!(name.exists(), "it can be persisted elsewhere");
            temporary.close().await.unwrap();
            drop(other);
            assert_eq!(std::fs::read(&path).unwrap(), b"old");
            assert_eq!(names(dir.path()), ["f"]);
        }
        // Files of this crate share all.
        let mut reader = open(&path).await.unwrap();
        match aiofiles::write_atomic(&path, "new").await {
            Ok(()) => assert_eq!(std::fs::read(&path).unwrap(), b"new"),
            Err(error) => {
                println!("skipped: an open file is not replaced here ({error})");
                assert_eq!(std::fs::read(&path).unwrap(), b"old");
            }
        }
        assert_eq!(reader.read().await.unwrap(), "old");
        reader.close().await.unwrap();
        assert_eq!(names(dir.path()), ["f"]);
    });
}

/// A removed file that is open may keep its name until it is closed.
#[test]
fn a_name_that_is_about_to_go_is_an_error() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "old");
        let mut file = open(&path).await.unwrap();
        os::remove(&path).await.unwrap();
        let is_pending = names(dir.path()) == ["f"];
        if is_pending {
            println!("here the name stays until the file is closed");
            if let Ok(mut wrote) = open(&path).mode("w").await {
                println!("skipped: what is about to go can be opened here (Wine)");
                wrote.close().await.unwrap();
                return;
            }
            assert!(aiofiles::write_atomic(&path, "new").await.is_err());
        } else {
            let missing = os::stat(&path).await.unwrap_err();
            assert_eq!(missing.kind(), ErrorKind::NotFound);
        }
        assert_eq!(file.read().await.unwrap(), "old");
        file.close().await.unwrap();
        assert!(names(dir.path()).is_empty());
        aiofiles::write_atomic(&path, "new").await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
    });
}

#[test]
fn a_folder_with_open_files_is_moved_whole_or_not_at_all() {
    run(async {
        let dir = Dir::new();
        let (from, to) = (dir.join("from"), dir.join("to"));
        std::fs::create_dir(&from).unwrap();
        std::fs::write(from.join("f"), "content").unwrap();
        let mut file = open(from.join("f")).await.unwrap();
        let moved = os::rename(&from, &to).await;
        let there = if moved.is_ok() { &to } else { &from };
        assert_eq!(names(dir.path()).len(), 1);
        assert_eq!(std::fs::read(there.join("f")).unwrap(), b"content");
        assert_eq!(file.read().await.unwrap(), "content");
        file.close().await.unwrap();
        if moved.is_err() {
            os::rename(&from, &to).await.unwrap();
        }
        // A folder with something in it is in the way of all that would replace it.
        std::fs::create_dir(&from).unwrap();
        assert!(os::rename(&from, &to).await.is_err());
        assert!(os::replace(&from, &to).await.is_err());
        let file = dir.file("file", "");
        assert!(os::replace(&file, &to).await.is_err());
        assert_eq!(std::fs::read(to.join("f")).unwrap(), b"content");
    });
}

#[test]
fn how_a_handle_was_opened_is_found_out() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "content");
        for (read, write, append) in [
            (true, false, false),
            (false, true, false),
            (true, true, false),
            (false, false, true),
            (true, false, true),
        ] {
            let mut options = File::options();
            options.read(read).write(write).append(append);
            let std = options.open(&path).unwrap();
            let before = std::fs::metadata(&path).unwrap();
            let mut file = BinaryFile::from(std);
            let told = (file.readable(), file.writable());
            assert_eq!(told, (read, write || append), "{options:?}");
            let after = std::fs::metadata(&path).unwrap();
            assert_eq!(after.len(), before.len());
            assert_eq!(after.modified().unwrap(), before.modified().unwrap());
            file.close().await.unwrap();
        }
        let appends = File::options().append(true).open(&path).unwrap();
        let told = appends.set_len(u64::MAX).unwrap_err().kind() == ErrorKind::PermissionDenied;
        let mut file = wrap(appends).await.unwrap();
        file.seek(SeekFrom::Start(0)).await.unwrap();
        file.write(b" and more").await.unwrap();
        if told {
            assert_eq!(file.tell().await.unwrap(), 16);
        } else {
            println!("skipped: nothing tells here that a handle appends (Wine)");
        }
        file.write(b"!").await.unwrap();
        file.close().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"content and more!");
    });
}

#[test]
fn the_null_device_is_empty_and_takes_all() {
    run(async {
        for name in ["NUL", "nul", r"\\.\NUL"] {
            assert_eq!(aiofiles::read(name).await.unwrap(), b"");
            assert_eq!(aiofiles::read_to_string(name).await.unwrap(), "");
            if let Err(error) = std::fs::write(name, "") {
                println!("skipped: std does not write to {name} here ({error})");
                continue;
            }
            aiofiles::write(name, "lost").await.unwrap();
            let mut file = open(name).mode("w").await.unwrap();
            for _ in 0..100 {
                file.write(&"line\n".repeat(1000)).await.unwrap();
            }
            file.close().await.unwrap();
            let mut file = open(name).binary().mode("r+").await.unwrap();
            assert_eq!(file.read().await.unwrap(), b"");
            file.write(b"lost").await.unwrap();
            file.close().await.unwrap();
            let mut file = open(name).mode("a").await.unwrap();
            file.write("lost").await.unwrap();
            file.close().await.unwrap();
        }
    });
}

/// A literal path may be longer than others, and goes through every call as it is.
#[test]
fn literal_paths_are_taken_by_all_calls() {
    run(async {
        let dir = Dir::new();
        let root = literal(&dir.join("root"));
        let mut deep = root.clone();
        for _ in 0..10 {
            deep.push("a name of about thirty letters");
        }
        os::makedirs(&deep).await.unwrap();
        let file = deep.join("f");
        aiofiles::write(&file, "one").await.unwrap();
        aiofiles::write_atomic(&file, "two").await.unwrap();
        os::rename(&file, deep.join("g")).await.unwrap();
        os::replace(deep.join("g"), &file).await.unwrap();
        assert_eq!(aiofiles::read(&file).await.unwrap(), b"two");
        let mut std = File::options().append(true).open(&file).unwrap();
        std.write_all(b" three").unwrap();
        drop(std);
        assert_eq!(os::stat(&file).await.unwrap().len(), 9);
        let entries: Vec<_> = os::scandir(&deep).await.unwrap().collect().await;
        assert_eq!(entries[0].as_ref().unwrap().path(), file);
        let walked: Vec<_> = os::walk(&root).try_collect().await.unwrap();
        assert_eq!(walked.len(), 11);
        let copy = literal(&dir.join("copy"));
        assert_eq!(os::copytree(&root, &copy).await.unwrap(), 9);
        assert_eq!(os::rmtree(&copy).await.unwrap(), 12);
        assert_eq!(os::rmtree(&root).await.unwrap(), 12);
    });
}
