//! Trees of 20,000 files: this crate, tokio's `fs` and plain std.
//!
//!     cargo bench --bench os
//!     TMPDIR=/dev/shm cargo bench --bench os
//!
//! The second command leaves the disk out. In a removal the disk takes most of the time and
//! makes all of the noise, and ext4 is slow to make files where it has just removed some.

use std::fs;
use std::path::{Path, PathBuf};

use aiofiles::os;
use divan::Bencher;
use futures::TryStreamExt;
use tokio::runtime::Runtime;

const FOLDERS: usize = 200;
const FILES: usize = 100;

fn main() {
    divan::main();
}

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A tree of 20,000 files in 200 folders, two levels deep.
fn tree(root: &Path) {
    for i in 0..FOLDERS {
        let folder = root.join(format!("{:02}/{i:03}", i % 20));
        fs::create_dir_all(&folder).expect("a folder");
        for j in 0..FILES {
            fs::write(folder.join(format!("file-{j:03}.txt")), "").expect("a file");
        }
    }
}

/// A tree for one removal.
fn removable() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path().join("root");
    tree(&root);
    (dir, root)
}

#[divan::bench_group(sample_count = 6, sample_size = 1)]
mod remove_20000_files {
    use super::*;

    #[divan::bench]
    fn aiofiles_rmtree(bencher: Bencher<'_, '_>) {
        let runtime = runtime();
        bencher
            .with_inputs(removable)
            .bench_local_refs(|(_, root)| {
                runtime.block_on(async { os::rmtree(root).await.expect("it is removed") })
            });
    }

    #[divan::bench]
    fn tokio_remove_dir_all(bencher: Bencher<'_, '_>) {
        let runtime = runtime();
        bencher
            .with_inputs(removable)
            .bench_local_refs(|(_, root)| {
                runtime.block_on(async {
                    tokio::fs::remove_dir_all(root)
                        .await
                        .expect("it is removed")
                });
            });
    }
}

#[divan::bench_group(sample_count = 8, sample_size = 1)]
mod walk_and_stat_20000_files {
    use super::*;

    #[divan::bench]
    fn aiofiles_walk_with_stat(bencher: Bencher<'_, '_>) {
        let (runtime, (_dir, root)) = (runtime(), removable());
        bencher.bench_local(|| {
            runtime.block_on(async {
                let mut walk = os::walk(&root).with_stat(true);
                let (mut count, mut bytes) = (0, 0);
                while let Some(folder) = walk.try_next().await.expect("a folder") {
                    count += folder.files.len();
                    let metadata = folder.files.iter().filter_map(|file| file.metadata());
                    bytes += metadata.map(fs::Metadata::len).sum::<u64>();
                }
                assert_eq!(count, FOLDERS * FILES);
                bytes
            })
        });
    }

    /// `read_dir` and a `metadata` for each entry, as one writes it with tokio.
    #[divan::bench]
    fn tokio_call_per_entry(bencher: Bencher<'_, '_>) {
        let (runtime, (_dir, root)) = (runtime(), removable());
        bencher.bench_local(|| {
            runtime.block_on(async {
                let (mut folders, mut count, mut bytes) = (vec![root.clone()], 0, 0);
                while let Some(folder) = folders.pop() {
                    let mut entries = tokio::fs::read_dir(folder).await.expect("a folder");
                    while let Some(entry) = entries.next_entry().await.expect("an entry") {
                        let metadata = entry.metadata().await.expect("metadata");
                        if metadata.is_dir() {
                            folders.push(entry.path());
                        } else {
                            count += 1;
                            bytes += metadata.len();
                        }
                    }
                }
                assert_eq!(count, FOLDERS * FILES);
                bytes
            })
        });
    }

    #[divan::bench]
    fn std_in_one_thread(bencher: Bencher<'_, '_>) {
        let (_dir, root) = removable();
        bencher.bench_local(|| {
            let (mut folders, mut count, mut bytes) = (vec![root.clone()], 0, 0);
            while let Some(folder) = folders.pop() {
                for entry in fs::read_dir(folder).expect("a folder") {
                    let entry = entry.expect("an entry");
                    let metadata = entry.metadata().expect("metadata");
                    if metadata.is_dir() {
                        folders.push(entry.path());
                    } else {
                        count += 1;
                        bytes += metadata.len();
                    }
                }
            }
            assert_eq!(count, FOLDERS * FILES);
            bytes
        });
    }
}

#[divan::bench_group(sample_count = 30, sample_size = 1)]
mod list_20000_names {
    use super::*;

    fn flat() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        for i in 0..FOLDERS * FILES {
            fs::write(dir.path().join(format!("file-{i:05}.txt")), "").expect("a file");
        }
        dir
    }

    #[divan::bench]
    fn aiofiles_scandir(bencher: Bencher<'_, '_>) {
        let (runtime, dir) = (runtime(), flat());
        bencher.bench_local(|| {
            runtime.block_on(async {
                let mut entries = os::scandir(dir.path()).await.expect("a folder");
                let mut files = 0;
                while let Some(entry) = entries.try_next().await.expect("an entry") {
                    files += usize::from(entry.is_file());
                }
                files
            })
        });
    }

    #[divan::bench]
    fn tokio_read_dir(bencher: Bencher<'_, '_>) {
        let (runtime, dir) = (runtime(), flat());
        bencher.bench_local(|| {
            runtime.block_on(async {
                let mut entries = tokio::fs::read_dir(dir.path()).await.expect("a folder");
                let mut files = 0;
                while let Some(entry) = entries.next_entry().await.expect("an entry") {
                    files += usize::from(entry.file_type().await.expect("a type").is_file());
                }
                files
            })
        });
    }
}

#[divan::bench_group(sample_count = 20, sample_size = 1)]
mod copy_64_mib {
    use super::*;

    fn source() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let dir = tempfile::tempdir().expect("a folder");
        let (src, dst) = (dir.path().join("src"), dir.path().join("dst"));
        fs::write(&src, vec![7; 64 << 20]).expect("a file");
        (dir, src, dst)
    }

    #[divan::bench]
    fn aiofiles_copyfile(bencher: Bencher<'_, '_>) {
        let (runtime, (_dir, src, dst)) = (runtime(), source());
        bencher.bench_local(|| {
            runtime.block_on(async { os::copyfile(&src, &dst).await.expect("a copy") })
        });
    }

    #[divan::bench]
    fn tokio_copy(bencher: Bencher<'_, '_>) {
        let (runtime, (_dir, src, dst)) = (runtime(), source());
        bencher.bench_local(|| {
            runtime.block_on(async { tokio::fs::copy(&src, &dst).await.expect("a copy") })
        });
    }
}
