//! Every call that makes, replaces, moves or removes something, given up at every moment:
//! afterwards all below the folder is as if it had not begun, or as if it was complete,
//! and nothing is left that nobody knows of.

// The descriptor of a spooled file is Unix's.
#![cfg(all(unix, feature = "tempfile"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/moments.rs"]
mod moments;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use aiofiles::executor::ManualExecutor;
use aiofiles::tempfile::{
    SpooledTemporaryFile, atomic_file, named_temporary_file, spooled_temporary_file,
    temporary_directory, temporary_file,
};
use aiofiles::{open, os};
use common::Dir;
use moments::{go_on, whole};

/// More moments than any call has here.
const MOMENTS: usize = 40;

/// The names below `root`, folders with `None`, files with their content; those that are
/// drawn by lot as one.
fn tree(root: &Path) -> BTreeMap<PathBuf, Option<String>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let content = if path.is_dir() {
                folders.push(path.clone());
                None
            } else {
                Some(String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned())
            };
            found.insert(path.strip_prefix(root).unwrap().to_owned(), content);
        }
    }
    found
}

fn grow(dir: &Dir) {
    dir.file("old", "old content");
    std::fs::create_dir_all(dir.join("folder/inner")).unwrap();
    std::fs::write(dir.join("folder/inner/file"), "inner").unwrap();
    std::fs::create_dir(dir.join("empty")).unwrap();
}

type Pending<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Tries `call` on a folder that has grown; it and all that it gives is gone when the
/// folder is looked at.
fn try_all(name: &str, call: impl for<'a> Fn(&'a Dir, &'a ManualExecutor) -> Pending<'a>) {
    let after = |moments: usize| {
        let (dir, jobs) = (Dir::new(), ManualExecutor::new());
        grow(&dir);
        let over = go_on(call(&dir, &jobs), &jobs, moments).is_some();
        jobs.run_all();
        (over, tree(dir.path()))
    };
    let before = Dir::new();
    grow(&before);
    let before = tree(before.path());
    let (over, complete) = after(1000);
    assert!(over, "{name} has no end");
    for moments in 0..MOMENTS {
        let (over, seen) = after(moments);
        assert!(
            seen == before || seen == complete,
            "{name} after {moments} moments: {seen:?}"
        );
        if over {
            return;
        }
    }
    panic!("{name} has no end");
}

/// The result of a call that succeeds, dropped.
macro_rules! calls {
    ($($name:literal: |$dir:ident, $jobs:ident| $call:expr;)*) => {
        $(try_all($name, |$dir, $jobs| Box::pin(async move { $call.await.map(drop).unwrap() }));)*
    };
}

#[test]
fn calls_from_a_path_to_a_path() {
    calls! {
        "write": |dir, jobs| aiofiles::write(dir.join("old"), "new").executor(jobs.clone());
        "write a new one":
            |dir, jobs| aiofiles::write(dir.join("new"), "new").executor(jobs.clone());
        "write_atomic":
            |dir, jobs| aiofiles::write_atomic(dir.join("old"), "new").executor(jobs.clone());
        "write_atomic a new one":
            |dir, jobs| aiofiles::write_atomic(dir.join("new"), "new").executor(jobs.clone());
        "copyfile":
            |dir, jobs| os::copyfile(dir.join("old"), dir.join("new")).executor(jobs.clone());
        "copyfile over": |dir, jobs| {
            os::copyfile(dir.join("folder/inner/file"), dir.join("old")).executor(jobs.clone())
        };
        "copytree":
            |dir, jobs| os::copytree(dir.join("folder"), dir.join("copy")).executor(jobs.clone());
        "rmtree": |dir, jobs| os::rmtree(dir.join("folder")).executor(jobs.clone());
        "mkdir": |dir, jobs| os::mkdir(dir.join("new")).executor(jobs.clone());
        "makedirs": |dir, jobs| os::makedirs(dir.join("a/b/c")).executor(jobs.clone());
        "rmdir": |dir, jobs| os::rmdir(dir.join("empty")).executor(jobs.clone());
        "rename": |dir, jobs| os::rename(dir.join("old"), dir.join("new")).executor(jobs.clone());
        "renames":
            |dir, jobs| os::renames(dir.join("old"), dir.join("x/y/new")).executor(jobs.clone());
        "replace": |dir, jobs| {
            os::replace(dir.join("folder/inner/file"), dir.join("old")).executor(jobs.clone())
        };
        "remove": |dir, jobs| os::remove(dir.join("old")).executor(jobs.clone());
        "unlink": |dir, jobs| os::unlink(dir.join("old")).executor(jobs.clone());
        "removedirs":
            |dir, jobs| os::removedirs(dir.join("empty")).executor(jobs.clone());
        "symlink":
            |dir, jobs| os::symlink("old", dir.join("new")).executor(jobs.clone());
        "link": |dir, jobs| os::link(dir.join("old"), dir.join("new")).executor(jobs.clone());
        "open": |dir, jobs| open(dir.join("new")).mode("w").executor(jobs.clone());
        "open and truncate": |dir, jobs| open(dir.join("old")).mode("w+").executor(jobs.clone());
        "open a new one": |dir, jobs| open(dir.join("new")).mode("x").executor(jobs.clone());
    }
}

#[test]
fn temporary_files_and_folders() {
    calls! {
        "temporary_file":
            |dir, jobs| temporary_file().dir(dir.path()).executor(jobs.clone());
        "named_temporary_file":
            |dir, jobs| named_temporary_file().dir(dir.path()).executor(jobs.clone());
        "named_temporary_file, with":
            |dir, jobs| named_temporary_file().dir(dir.path()).executor(jobs.clone()).with(
                async |file| { file.write(b"x").await?; file.flush().await }
            );
        "temporary_directory":
            |dir, jobs| temporary_directory().dir(dir.path()).executor(jobs.clone());
        "temporary_directory, with":
            |dir, jobs| temporary_directory().dir(dir.path()).executor(jobs.clone()).with(
                async |folder| {
                    std::fs::write(folder.path().join("file"), "x").unwrap();
                    Ok(())
                }
            );
        "atomic_file":
            |dir, jobs| atomic_file(dir.join("old")).executor(jobs.clone());
        "atomic_file, with":
            |dir, jobs| atomic_file(dir.join("old")).executor(jobs.clone()).with(
                async |file| { file.write(b"new").await?; Ok(()) }
            );
        "atomic_file, text, a new one":
            |dir, jobs| atomic_file(dir.join("new")).text().executor(jobs.clone()).with(
                async |file| { file.write("new").await?; Ok(()) }
            );
        "atomic_file, discard": |dir, jobs| async move {
            let mut file = atomic_file(dir.join("old")).executor(jobs.clone()).await?;
            file.write(b"new").await?;
            file.discard().await
        };
        "named_temporary_file, close": |dir, jobs| async move {
            let file = named_temporary_file().dir(dir.path()).executor(jobs.clone());
            file.await?.close().await
        };
        "temporary_directory, cleanup": |dir, jobs| async move {
            let folder = temporary_directory().dir(dir.path()).executor(jobs.clone());
            let mut folder = folder.await?;
            std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
            folder.cleanup().await?;
            folder.close().await
        };
        "persist": |dir, jobs| async move {
            let file = named_temporary_file().dir(dir.path()).executor(jobs.clone());
            let mut file = file.await?;
            file.write(b"new").await?;
            file.persist(dir.join("old")).permissions(0o644).await?;
            file.close().await
        };
        "spooled_temporary_file": |dir, jobs| async move {
            let file = spooled_temporary_file().dir(dir.path()).executor(jobs.clone());
            let mut file = file.await?;
            file.write(b"new").await?;
            file.rollover().await?;
            file.close().await
        };
    }
}

/// What a rollover that is given up may cost: nothing.
#[test]
fn spooled_file_keeps_its_content_and_its_place() {
    type Step = fn(&mut SpooledTemporaryFile) -> Pending<'_>;
    let steps: [(&str, Step); 5] = [
        ("fileno", |file| {
            Box::pin(async { file.fileno().await.map(drop).unwrap() })
        }),
        ("rollover", |file| {
            Box::pin(async { file.rollover().await.unwrap() })
        }),
        ("flush", |file| {
            Box::pin(async { file.flush().await.unwrap() })
        }),
        ("seek", |file| {
            Box::pin(async { file.tell().await.map(drop).unwrap() })
        }),
        ("read", |file| {
            Box::pin(async { drop(file.read().await.unwrap()) })
        }),
    ];
    for (name, step) in steps {
        for rolled in [false, true] {
            for moments in 0..8 {
                let (dir, jobs) = (Dir::new(), ManualExecutor::new());
                let file = spooled_temporary_file().dir(dir.path());
                let mut file = whole(file.executor(jobs.clone()), &jobs).unwrap();
                whole(file.write(b"0123456789"), &jobs).unwrap();
                whole(file.seek(std::io::SeekFrom::Start(4)), &jobs).unwrap();
                if rolled {
                    whole(file.rollover(), &jobs).unwrap();
                }
                let over = go_on(step(&mut file), &jobs, moments).is_some();
                let what = format!("{name}, rolled {rolled}, after {moments}");
                if !(over && name == "read") {
                    assert_eq!(whole(file.tell(), &jobs).unwrap(), 4, "{what}");
                    let rest = whole(file.read(), &jobs).unwrap();
                    assert_eq!(rest, b"456789", "{what}");
                }
                whole(file.seek(std::io::SeekFrom::Start(0)), &jobs).unwrap();
                let all = whole(file.read(), &jobs).unwrap();
                assert_eq!(all, b"0123456789", "{what}");
            }
        }
    }
}
