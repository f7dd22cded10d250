//! `os::walk`, compared with a plain recursive model, and where it goes.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use aiofiles::{Error, os};
use common::{Counting, run};
use futures::{StreamExt, TryStreamExt};

fn tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for path in ["a/b/c", "a/d", "e"] {
        fs::create_dir_all(dir.path().join(path)).expect("a folder");
    }
    for path in ["top", "a/1", "a/2", "a/b/3", "a/b/c/4", "e/5"] {
        fs::write(dir.path().join(path), path).expect("a file");
    }
    dir
}

type Triples = BTreeMap<PathBuf, (Vec<String>, Vec<String>)>;

fn model(dir: &Path, triples: &mut Triples) {
    let (mut dirs, mut files) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(dir).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("text");
        if entry.path().is_dir() {
            dirs.push(name);
        } else {
            files.push(name);
        }
    }
    for name in &dirs {
        if !dir.join(name).is_symlink() {
            model(&dir.join(name), triples);
        }
    }
    dirs.sort();
    files.sort();
    triples.insert(dir.to_path_buf(), (dirs, files));
}

fn triple(entry: &os::WalkEntry) -> (PathBuf, (Vec<String>, Vec<String>)) {
    let text = |name: &std::ffi::OsStr| name.to_str().expect("text").to_owned();
    let mut dirs: Vec<_> = entry.dirnames().map(text).collect();
    let mut files: Vec<_> = entry.filenames().map(text).collect();
    dirs.sort();
    files.sort();
    (entry.dirpath.clone(), (dirs, files))
}

#[test]
fn both_directions_give_every_folder_once_a_hop_a_folder() {
    let dir = tree();
    let mut expected = Triples::new();
    model(dir.path(), &mut expected);
    for topdown in [true, false] {
        let counting = Counting::new();
        let walk = os::walk(dir.path())
            .topdown(topdown)
            .executor(counting.clone());
        let entries: Vec<_> = run(walk.try_collect()).expect("no error");
        let found: Triples = entries.iter().map(triple).collect();
        assert_eq!(found, expected);
        assert_eq!(entries.len(), expected.len());
        assert_eq!(counting.total(), expected.len());
        for (i, entry) in entries.iter().enumerate() {
            for below in &entries[..i] {
                let order = if topdown {
                    (&below.dirpath, &entry.dirpath)
                } else {
                    (&entry.dirpath, &below.dirpath)
                };
                assert!(
                    !order.0.starts_with(order.1) || order.0 == order.1,
                    "{order:?}"
                );
            }
        }
    }
}

#[test]
fn lending_walk_gives_the_same_in_both_directions() {
    let dir = tree();
    let mut expected = Triples::new();
    model(dir.path(), &mut expected);
    for topdown in [true, false] {
        let mut found = Triples::new();
        run(async {
            let mut walk = os::walk(dir.path()).topdown(topdown);
            while let Some(entry) = walk.next_dir().await {
                let (path, lists) = triple(entry.expect("no error"));
                assert!(found.insert(path, lists).is_none());
            }
            assert!(walk.next_dir().await.is_none());
        });
        assert_eq!(found, expected);
    }
}

#[test]
fn caller_prunes_and_orders() {
    let dir = tree();
    run(async {
        let mut walk = os::walk(dir.path());
        let mut visited = Vec::new();
        while let Some(entry) = walk.next_dir().await {
            let entry = entry?;
            visited.push(entry.dirpath.clone());
            entry.dirs.retain(|dir| dir.name() != "b");
            entry.dirs.sort_by(|a, b| b.name().cmp(a.name()));
        }
        let names = ["", "e", "a", "a/d"].map(|name| match name {
            "" => dir.path().to_path_buf(),
            name => dir.path().join(name),
        });
        assert_eq!(visited, names);

        let counting = Counting::new();
        let walk = os::walk(dir.path())
            .filter_dirs(|dir| dir.name() != "a")
            .executor(counting.clone());
        let entries: Vec<_> = walk.try_collect().await?;
        assert_eq!(entries.len(), 2);
        assert_eq!(counting.total(), 2);
        assert!(
            entries
                .iter()
                .all(|entry| entry.dirnames().all(|name| name != "a"))
        );
        Ok::<(), Error>(())
    })
    .expect("all of it works");
}

#[test]
fn unreadable_folders_are_errors_in_the_stream_or_for_onerror() {
    let dir = tree();
    run(async {
        let items: Vec<_> = os::walk(dir.path().join("no")).collect().await;
        assert_eq!(items.len(), 1);
        assert!(items[0].is_err());
        let items: Vec<_> = os::walk(dir.path().join("no"))
            .onerror(drop)
            .collect()
            .await;
        assert!(items.is_empty());

        // A folder that goes while it is walked: the rest still comes.
        let (tell, told) = std::sync::mpsc::channel();
        let mut walk = os::walk(dir.path()).onerror(move |error| drop(tell.send(error)));
        let mut count = 0;
        while let Some(entry) = walk.next_dir().await {
            count += 1;
            if entry?.dirpath == dir.path() {
                fs::remove_dir_all(dir.path().join("e")).expect("it is there");
            }
        }
        assert_eq!(count, 5);
        let errors: Vec<_> = told.try_iter().collect();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].path(), Some(dir.path().join("e").as_path()));
        assert_eq!(errors[0].kind(), std::io::ErrorKind::NotFound);
        Ok::<(), Error>(())
    })
    .expect("all of it works");
}

#[cfg(unix)]
#[test]
fn links_are_listed_and_entered_only_when_told_and_never_in_a_loop() {
    use std::os::unix::fs::symlink;
    let dir = tree();
    let out = tempfile::tempdir().expect("a folder");
    fs::write(out.path().join("outside"), "").expect("a file");
    symlink(out.path(), dir.path().join("a/out")).expect("a link");
    symlink("..", dir.path().join("a/up")).expect("a link");
    symlink("nowhere", dir.path().join("a/dangling")).expect("a link");
    run(async {
        let entries: Vec<_> = os::walk(dir.path()).try_collect().await?;
        assert_eq!(entries.len(), 6);
        let a = entries
            .iter()
            .find(|entry| entry.dirpath.ends_with("a"))
            .expect("it is there");
        let (_, (dirs, files)) = triple(a);
        assert_eq!(dirs, ["b", "d", "out", "up"]);
        assert_eq!(files, ["1", "2", "dangling"]);

        for topdown in [true, false] {
            let walk = os::walk(dir.path()).followlinks(true).topdown(topdown);
            let entries: Vec<_> = walk.try_collect().await?;
            assert_eq!(entries.len(), 7, "and a/out, but not a/up");
        }
        Ok::<(), Error>(())
    })
    .expect("all of it works");
}

#[cfg(unix)]
#[test]
fn folder_swapped_for_a_link_is_not_entered() {
    let dir = tree();
    let out = tempfile::tempdir().expect("a folder");
    fs::write(out.path().join("outside"), "").expect("a file");
    run(async {
        let mut walk = os::walk(dir.path());
        walk.next_dir().await.expect("the root")?;
        fs::remove_dir_all(dir.path().join("e")).expect("it is there");
        std::os::unix::fs::symlink(out.path(), dir.path().join("e")).expect("a link");
        let mut errors = 0;
        while let Some(entry) = walk.next_dir().await {
            match entry {
                Ok(entry) => assert!(entry.filenames().all(|name| name != "outside")),
                Err(error) => {
                    assert_eq!(error.kind(), std::io::ErrorKind::NotADirectory);
                    errors += 1;
                }
            }
        }
        assert_eq!(errors, 1);
        Ok::<(), Error>(())
    })
    .expect("all of it works");
}

#[cfg(unix)]
#[test]
fn deep_tree_is_walked() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut path = dir.path().to_path_buf();
    for _ in 0..1500 {
        path.push("d");
    }
    fs::create_dir_all(&path).expect("folders");
    for topdown in [true, false] {
        let count = run(os::walk(dir.path()).topdown(topdown).count());
        assert_eq!(count, 1501);
    }
}
