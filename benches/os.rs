//! Folders and trees: this crate beside std in one thread, `tokio::fs` and the tools.
//!
//! ```text
//! cargo bench --bench os [-- NAME ..]
//! TMPDIR=/dev/shm cargo bench --bench os
//! ```
//!
//! `NAME` picks the tables whose name contains it. The second command leaves the disk out. In
//! a removal the disk takes most of the time and makes all of the noise, and ext4 is slow to
//! make files where it has just removed some.

#[path = "support/rounds.rs"]
mod rounds;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aiofiles::os;
use futures::TryStreamExt;
use rounds::{case, compare};
use tokio::runtime::Runtime;

const ROUNDS: usize = 5;
const FOLDERS: usize = 200;
const FILES: usize = 100;
const NAMES: usize = 50_000;

fn fail<T>(error: impl std::fmt::Display) -> T {
    panic!("a call of the benchmark failed: {error}")
}

/// A tree of 20,000 files in 200 folders, two levels deep.
fn tree(root: &Path) {
    for i in 0..FOLDERS {
        let folder = root.join(format!("{:02}/{i:03}", i % 20));
        fs::create_dir_all(&folder).unwrap_or_else(fail);
        for j in 0..FILES {
            fs::write(folder.join(format!("file-{j:03}.txt")), [b'x'; 100]).unwrap_or_else(fail);
        }
    }
}

/// Runs a tool, without a word.
fn tool(program: &str, args: &[&str], paths: &[&Path]) -> u64 {
    let mut command = Command::new(program);
    let status = command
        .args(paths)
        .args(args)
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap_or_else(fail).success(), "{program}");
    1
}

fn list(runtime: &Runtime) {
    let dir = tempfile::tempdir().unwrap_or_else(fail);
    for i in 0..NAMES {
        fs::write(dir.path().join(format!("file-{i:05}.txt")), "").unwrap_or_else(fail);
    }
    let std = || {
        let entries = fs::read_dir(dir.path()).unwrap_or_else(fail);
        let files = entries.filter(|entry| {
            let entry = entry.as_ref().unwrap_or_else(fail);
            entry.file_type().unwrap_or_else(fail).is_file()
        });
        files.count() as u64
    };
    let ours = || {
        runtime.block_on(async {
            let mut entries = os::scandir(dir.path()).await.unwrap_or_else(fail);
            let mut files = 0;
            while let Some(entry) = entries.next_entry().await.unwrap_or_else(fail) {
                files += u64::from(entry.is_file());
            }
            files
        })
    };
    let tokio = || {
        runtime.block_on(async {
            let mut entries = tokio::fs::read_dir(dir.path()).await.unwrap_or_else(fail);
            let mut files = 0;
            while let Some(entry) = entries.next_entry().await.unwrap_or_else(fail) {
                files += u64::from(entry.file_type().await.unwrap_or_else(fail).is_file());
            }
            files
        })
    };
    let cases = vec![
        case("std", std),
        case("aiofiles scandir", ours),
        case("tokio::fs read_dir", tokio),
    ];
    compare("list: 50,000 entries with types", 3 * ROUNDS, |_| (), cases);
}

fn walk(runtime: &Runtime) {
    let dir = tempfile::tempdir().unwrap_or_else(fail);
    let root = dir.path().join("root");
    tree(&root);
    let std = || {
        let (mut folders, mut bytes) = (vec![root.clone()], 0);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap_or_else(fail) {
                let entry = entry.unwrap_or_else(fail);
                let metadata = entry.metadata().unwrap_or_else(fail);
                if metadata.is_dir() {
                    folders.push(entry.path());
                } else {
                    bytes += metadata.len();
                }
            }
        }
        bytes
    };
    let ours = || {
        runtime.block_on(async {
            let mut walk = os::walk(&root).with_stat(true);
            let mut bytes = 0;
            while let Some(folder) = walk.try_next().await.unwrap_or_else(fail) {
                let metadata = folder.files.iter().filter_map(|file| file.metadata());
                bytes += metadata.map(fs::Metadata::len).sum::<u64>();
            }
            bytes
        })
    };
    let find = || {
        tool("find", &["-size", "+1000"], &[&root]);
        (FOLDERS * FILES * 100) as u64
    };
    let tokio = || {
        runtime.block_on(async {
            let (mut folders, mut bytes) = (vec![root.clone()], 0);
            while let Some(folder) = folders.pop() {
                let mut entries = tokio::fs::read_dir(folder).await.unwrap_or_else(fail);
                while let Some(entry) = entries.next_entry().await.unwrap_or_else(fail) {
                    let metadata = entry.metadata().await.unwrap_or_else(fail);
                    if metadata.is_dir() {
                        folders.push(entry.path());
                    } else {
                        bytes += metadata.len();
                    }
                }
            }
            bytes
        })
    };
    let cases = vec![
        case("std", std),
        case("find -size", find),
        case("aiofiles walk.with_stat", ours),
        case("tokio::fs", tokio),
    ];
    compare("walk: 20,000 files with metadata", ROUNDS, |_| (), cases);
}

/// As one writes it with std.
fn copy_all(src: &Path, dst: &Path) {
    fs::create_dir(dst).unwrap_or_else(fail);
    for entry in fs::read_dir(src).unwrap_or_else(fail) {
        let entry = entry.unwrap_or_else(fail);
        let dst = dst.join(entry.file_name());
        if entry.file_type().unwrap_or_else(fail).is_dir() {
            copy_all(&entry.path(), &dst);
        } else {
            fs::copy(entry.path(), dst).unwrap_or_else(fail);
        }
    }
}

fn copy(runtime: &Runtime) {
    let dir = tempfile::tempdir().unwrap_or_else(fail);
    let (src, dst) = (dir.path().join("src"), dir.path().join("dst"));
    tree(&src);
    let std = || {
        copy_all(&src, &dst);
        1
    };
    let cp = || tool("cp", &["-r"], &[&src, &dst]);
    let ours = || {
        let copied = runtime.block_on(async { os::copytree(&src, &dst).await });
        copied.map_or_else(fail, |_| 1)
    };
    let prepare = |_: &str| {
        if dst.exists() {
            fs::remove_dir_all(&dst).unwrap_or_else(fail);
        }
    };
    let cases = vec![
        case("std", std),
        case("cp -r", cp),
        case("aiofiles copytree", ours),
    ];
    compare("copy: a tree of 20,000 files", ROUNDS, prepare, cases);
}

fn remove(runtime: &Runtime) {
    let dir = tempfile::tempdir().unwrap_or_else(fail);
    let root = dir.path().join("root");
    let std = || {
        fs::remove_dir_all(&root).unwrap_or_else(fail);
        1
    };
    let rm = || tool("rm", &["-r"], &[&root]);
    let ours = || {
        let removed = runtime.block_on(async { os::rmtree(&root).await });
        removed.map_or_else(fail, |_| 1)
    };
    let tokio = || {
        let removed = runtime.block_on(tokio::fs::remove_dir_all(&root));
        removed.map_or_else(fail, |()| 1)
    };
    let cases = vec![
        case("std", std),
        case("rm -r", rm),
        case("aiofiles rmtree", ours),
        case("tokio::fs remove_dir_all", tokio),
    ];
    compare(
        "remove: a tree of 20,000 files",
        ROUNDS,
        |_| tree(&root),
        cases,
    );
}

fn copy_file(runtime: &Runtime) {
    let dir = tempfile::tempdir().unwrap_or_else(fail);
    let (src, dst): (PathBuf, PathBuf) = (dir.path().join("src"), dir.path().join("dst"));
    fs::write(&src, vec![7; 64 << 20]).unwrap_or_else(fail);
    let std = || fs::copy(&src, &dst).unwrap_or_else(fail);
    let ours = || {
        let copied = runtime.block_on(async { os::copyfile(&src, &dst).await });
        copied.map_or_else(fail, |_| 64 << 20)
    };
    let tokio = || {
        let copied = runtime.block_on(tokio::fs::copy(&src, &dst));
        copied.unwrap_or_else(fail)
    };
    let cases = vec![
        case("std", std),
        case("aiofiles copyfile", ours),
        case("tokio::fs copy", tokio),
    ];
    compare("file: a copy of 64 MiB", 3 * ROUNDS, |_| (), cases);
}

fn main() {
    let args = std::env::args().skip(1);
    let wanted: Vec<_> = args.filter(|arg| arg != "--bench").collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|want| name.contains(want));
    let runtime = Runtime::new().unwrap_or_else(fail);
    type Table = fn(&Runtime);
    let tables: [(&str, Table); 5] = [
        ("list", list),
        ("walk", walk),
        ("copy", copy),
        ("remove", remove),
        ("file", copy_file),
    ];
    for (name, table) in tables {
        if wants(name) {
            table(&runtime);
        }
    }
}
