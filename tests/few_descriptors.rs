//! Calls that run out of descriptors, at any point of them: nothing is lost, nothing is
//! left behind, the error names what it was about, and the next try succeeds.
//!
//! The limit is that of the process, so this binary has one test.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use aiofiles::executor::InlineExecutor;
use aiofiles::{Error, open, os, tempfile};
use common::Dir;
use futures::executor::block_on;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many descriptors no call needs more of.
const ENOUGH: usize = 8;

/// The limit, low, and all descriptors taken but for a few.
struct Few {
    before: Rlimit,
    taken: Vec<File>,
}

impl Few {
    fn leave(count: usize) -> Self {
        let before = getrlimit(Resource::Nofile);
        let low = Rlimit {
            current: Some(128),
            maximum: before.maximum,
        };
        setrlimit(Resource::Nofile, low).unwrap();
        let mut taken: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
        taken.truncate(taken.len() - count);
        Self { before, taken }
    }
}

impl Drop for Few {
    fn drop(&mut self) {
        self.taken.clear();
        setrlimit(Resource::Nofile, self.before).unwrap();
    }
}

/// Everything below `root`, with the content of its files.
fn tree(root: &Path) -> BTreeSet<(PathBuf, Vec<u8>)> {
    let mut found = BTreeSet::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let content = if path.is_dir() {
                folders.push(path.clone());
                Vec::new()
            } else {
                fs::read(&path).unwrap()
            };
            found.insert((path.strip_prefix(root).unwrap().to_owned(), content));
        }
    }
    found
}

/// A tree to begin with.
fn grow(dir: &Dir) {
    for folder in ["src/a/deep/er", "src/b", "src/c/d"] {
        fs::create_dir_all(dir.join(folder)).unwrap();
        fs::write(dir.join(folder).join("file"), folder).unwrap();
    }
    fs::write(dir.join("old"), "old content").unwrap();
}

#[track_caller]
fn assert_told(error: &Error, dir: &Dir, what: &str) {
    assert!(
        matches!(error.raw_os_error(), Some(23 | 24)),
        "{what}: {error}"
    );
    let path = error.path().unwrap_or_else(|| panic!("{what}: {error}"));
    assert!(path.starts_with(dir.path()), "{what}: {error}");
}

/// Has `call` run with 0, 1, … descriptors left until it succeeds. After each failure,
/// below the folder must be what was there before, and then `call` succeeds.
fn sweep<T>(what: &str, call: impl Fn(&Dir) -> Result<T, Error>, keeps: bool) {
    for left in 0..=ENOUGH {
        let dir = Dir::new();
        grow(&dir);
        let before = tree(dir.path());
        let few = Few::leave(left);
        let done = call(&dir);
        drop(few);
        match done {
            Ok(_) if left > 0 => return,
            Ok(_) => panic!("{what} needs no descriptor"),
            Err(error) => assert_told(&error, &dir, what),
        }
        if keeps {
            assert_eq!(tree(dir.path()), before, "{what}, {left} left");
        }
        if let Err(error) = call(&dir) {
            panic!("{what} again, {left} left: {error}");
        }
    }
    panic!("{what} needs more than {ENOUGH} descriptors");
}

/// The same for something that is made before descriptors are short: `make`, then `call`,
/// which is tried again with enough of them.
fn sweep_made<M, T>(
    what: &str,
    make: impl Fn(&Dir) -> M,
    call: impl Fn(&Dir, &mut M) -> Result<T, Error>,
    check: impl Fn(&Dir, &mut M),
) {
    for left in 0..=ENOUGH {
        let dir = Dir::new();
        grow(&dir);
        let mut made = make(&dir);
        let before = tree(dir.path());
        let few = Few::leave(left);
        let done = call(&dir, &mut made);
        drop(few);
        if let Err(error) = &done {
            assert_told(error, &dir, what);
            assert_eq!(tree(dir.path()), before, "{what}, {left} left");
            if let Err(error) = call(&dir, &mut made) {
                panic!("{what} again, {left} left: {error}");
            }
        }
        check(&dir, &mut made);
        if done.is_ok() {
            return;
        }
    }
    panic!("{what} needs more than {ENOUGH} descriptors");
}

#[test]
fn running_out_of_descriptors_loses_nothing_and_leaves_nothing_behind() {
    let here = InlineExecutor;
    // What the crate keeps open for itself is open.
    block_on(async {
        let dir = Dir::new();
        aiofiles::write(dir.join("x"), "x").await.unwrap_err();
        drop(tempfile::temporary_file().executor(here).await.unwrap());
    });

    sweep(
        "open",
        |dir| block_on(open(dir.join("new")).mode("w").executor(here)),
        true,
    );
    sweep(
        "write",
        |dir| block_on(aiofiles::write(dir.join("old"), "x").executor(here)),
        true,
    );
    sweep(
        "read",
        |dir| block_on(aiofiles::read(dir.join("old")).executor(here)),
        true,
    );
    sweep(
        "write_atomic over",
        |dir| block_on(aiofiles::write_atomic(dir.join("old"), "new").executor(here)),
        true,
    );
    sweep(
        "write_atomic new",
        |dir| block_on(aiofiles::write_atomic(dir.join("new"), "new").executor(here)),
        true,
    );
    sweep(
        "copyfile",
        |dir| block_on(os::copyfile(dir.join("old"), dir.join("new")).executor(here)),
        true,
    );
    sweep(
        "copyfile over",
        |dir| block_on(os::copyfile(dir.join("src/b/file"), dir.join("old")).executor(here)),
        true,
    );
    let copytree = |dir: &Dir| {
        let copy = os::copytree(dir.join("src"), dir.join("dst")).dirs_exist_ok(true);
        block_on(copy.executor(here))
    };
    // As Python's, it leaves what it has copied.
    sweep("copytree", copytree, false);
    sweep(
        "rmtree",
        |dir| {
            block_on(os::rmtree(dir.join("src")).executor(here))?;
            assert_eq!(tree(dir.path()).len(), 1);
            grow(dir);
            Ok(())
        },
        true,
    );
    sweep(
        "scandir",
        |dir| {
            block_on(async {
                let mut entries = os::scandir(dir.join("src")).executor(here).await?;
                while entries.next_entry().await?.is_some() {}
                Ok(())
            })
        },
        true,
    );
    sweep(
        "walk",
        |dir| {
            block_on(async {
                let mut walk = os::walk(dir.join("src")).executor(here);
                let mut folders = 0;
                while let Some(folder) = walk.next_dir().await {
                    folder?;
                    folders += 1;
                }
                assert_eq!(folders, 7);
                Ok(())
            })
        },
        true,
    );
    let sync = |dir: &Dir| block_on(os::sync_dir(dir.join("src")).executor(here));
    sweep("sync_dir", sync, true);
    sweep(
        "temporary_file",
        |dir| {
            let file = tempfile::temporary_file().dir(dir.path()).executor(here);
            block_on(file).map(drop)
        },
        true,
    );
    sweep(
        "named_temporary_file",
        |dir| {
            let file = tempfile::named_temporary_file().dir(dir.path());
            block_on(file.executor(here)).map(drop)
        },
        true,
    );
    sweep(
        "atomic_file",
        |dir| {
            let file = tempfile::atomic_file(dir.join("old"));
            block_on(file.executor(here)).map(drop)
        },
        true,
    );

    let atomic = |name: &'static str| {
        sweep_made(
            "commit",
            |dir| {
                block_on(async {
                    let file = tempfile::atomic_file(dir.join(name)).executor(here);
                    let mut file = file.await.unwrap();
                    file.write(b"new content").await.unwrap();
                    file
                })
            },
            |_, file| block_on(file.commit()),
            |dir, _| {
                assert_eq!(fs::read(dir.join(name)).unwrap(), b"new content");
                let names = fs::read_dir(dir.path()).unwrap().count();
                assert_eq!(names, 2 + usize::from(name == "new"));
            },
        );
    };
    atomic("old");
    atomic("new");
    sweep_made(
        "persist",
        |dir| {
            block_on(async {
                let file = tempfile::named_temporary_file().dir(dir.path());
                let mut file = file.executor(here).await.unwrap();
                file.write(b"new content").await.unwrap();
                file.flush().await.unwrap();
                file
            })
        },
        |dir, file| {
            block_on(
                file.persist(dir.join("old"))
                    .permissions(0o644)
                    .into_future(),
            )
        },
        |dir, _| {
            assert_eq!(fs::read(dir.join("old")).unwrap(), b"new content");
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
        },
    );
    sweep_made(
        "rollover",
        |dir| {
            block_on(async {
                let file = tempfile::spooled_temporary_file().dir(dir.path());
                let mut file = file.executor(here).await.unwrap();
                file.write(b"content").await.unwrap();
                file
            })
        },
        |_, file| block_on(file.rollover()),
        |_, file| {
            block_on(async {
                assert_eq!(file.tell().await.unwrap(), 7);
                file.seek(std::io::SeekFrom::Start(0)).await.unwrap();
                assert_eq!(file.read().await.unwrap(), b"content");
            });
        },
    );
    sweep_made(
        "try_clone",
        |dir| {
            block_on(async {
                let file = open(dir.join("old")).mode("r+").executor(here);
                let mut file = file.await.unwrap();
                assert_eq!(file.read().size(4).await.unwrap(), "old ");
                file
            })
        },
        |_, file| block_on(file.try_clone()),
        |_, file| assert_eq!(block_on(file.read()).unwrap(), "content"),
    );
    sweep_made(
        "cleanup",
        |dir| {
            block_on(async {
                let folder = tempfile::temporary_directory().dir(dir.path());
                let folder = folder.executor(here).await.unwrap();
                fs::create_dir_all(folder.path().join("a/b/c")).unwrap();
                fs::write(folder.path().join("a/b/c/file"), "x").unwrap();
                folder
            })
        },
        |_, folder| block_on(folder.cleanup()),
        |dir, folder| {
            assert!(!folder.path().exists());
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
        },
    );
}
