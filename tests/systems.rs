//! What systems do differently and this crate does alike: cursors beside positional
//! calls, locks, folders as files, long paths, junctions, names of open files.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;
#[path = "support/system.rs"]
mod system;

use std::io::{ErrorKind, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aiofiles::{ThreadPoolExecutor, open, os, ospath};
use futures::TryStreamExt;
use support::{Dir, run};

/// Each four bytes say where they are.
fn numbered(len: u32) -> Vec<u8> {
    (0..len / 4).flat_map(u32::to_be_bytes).collect()
}

#[test]
fn cursors_and_positional_calls_keep_out_of_each_others_way() {
    const LEN: u32 = 1 << 20;
    const BLOCK: usize = 4096;
    let pool = ThreadPoolExecutor::new(4);
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", numbered(LEN));
        let open = open(&path).raw().mode("r+").executor(pool.clone());
        let mut file = open.nowait(false).await.unwrap();
        let clone = Arc::new(file.try_clone().await.unwrap());
        let others: Vec<_> = (0..3_u64)
            .map(|n| {
                let file = clone.clone();
                tokio::spawn(async move {
                    for round in 0..300_u64 {
                        let at = (n * 7919 + round * 104_729) % u64::from(LEN / 8) * 4;
                        let data = file.read_exact_at(at, 64).await.unwrap();
                        let first = u32::from_be_bytes(data[..4].try_into().unwrap());
                        assert_eq!(u64::from(first) * 4, at);
                        // What is there already: nobody sees a difference.
                        file.write_all_at(at, &data).await.unwrap();
                    }
                })
            })
            .collect();
        let mut here = 0;
        for _ in 0..200 {
            let data = file.read().size(BLOCK).await.unwrap();
            let first = u32::from_be_bytes(data[..4].try_into().unwrap());
            assert_eq!(u64::from(first) * 4, here, "read where the cursor is");
            here = file.seek(SeekFrom::Current(-1024)).await.unwrap();
            file.write(&data[BLOCK - 1024..]).await.unwrap();
            here += 1024;
            if here + BLOCK as u64 > u64::from(LEN) {
                here = file.seek(SeekFrom::Start(0)).await.unwrap();
            }
        }
        for other in others {
            other.await.unwrap();
        }
        assert!(std::fs::read(&path).unwrap() == numbered(LEN));
    });
}

#[test]
fn lock_that_is_held_can_be_asked_for_again_and_changed() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "");
        let open = || open(&path).mode("r+").into_future();
        let (mut file, mut other) = (open().await.unwrap(), open().await.unwrap());
        file.lock().await.unwrap();
        file.lock().await.unwrap();
        assert!(file.try_lock().await.unwrap());
        assert!(!other.try_lock().await.unwrap() && !other.try_lock_shared().await.unwrap());
        let mut clone = file.try_clone().await.unwrap();
        assert!(clone.try_lock().await.unwrap(), "the same open file");
        assert!(file.try_lock_shared().await.unwrap());
        assert!(other.try_lock_shared().await.unwrap());
        other.unlock().await.unwrap();
        file.lock().await.unwrap();
        assert!(!other.try_lock_shared().await.unwrap());
        // Once is enough, however often it was taken.
        file.unlock().await.unwrap();
        file.unlock().await.unwrap();
        assert!(other.try_lock().await.unwrap());
        other.close().await.unwrap();
        assert!(file.try_lock().await.unwrap(), "a close gives it up");
    });
}

#[test]
fn shared_lock_stays_where_an_exclusive_one_is_not_to_be_had() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "");
        let open = || open(&path).mode("r+").into_future();
        let (mut file, mut other) = (open().await.unwrap(), open().await.unwrap());
        assert!(file.try_lock_shared().await.unwrap());
        assert!(other.try_lock_shared().await.unwrap());
        assert!(!file.try_lock().await.unwrap());
        other.unlock().await.unwrap();
        assert!(!other.try_lock().await.unwrap(), "it is shared still");
        assert!(file.try_lock().await.unwrap());
    });
}

#[test]
fn folders_have_times_and_are_no_files() {
    run(async {
        let dir = Dir::new();
        let folder = dir.join("src/inner");
        os::makedirs(&folder).await.unwrap();
        let when = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        os::utime(&folder).times(when, when).await.unwrap();
        let times = |path: PathBuf| std::fs::metadata(path).unwrap().modified().unwrap();
        assert_eq!(times(folder.clone()), when);
        os::copytree(dir.join("src"), dir.join("dst"))
            .await
            .unwrap();
        assert_eq!(times(dir.join("dst/inner")), when);
        let errors = [
            open(&folder).await.map(drop),
            open(&folder).binary().mode("r+").await.map(drop),
            open(&folder).raw().mode("w").await.map(drop),
            aiofiles::read(&folder).await.map(drop),
            aiofiles::write(&folder, "x").await,
            aiofiles::write_atomic(&folder, "x").await,
            os::copyfile(&folder, dir.join("f")).await.map(drop),
        ];
        for (number, error) in errors.into_iter().enumerate() {
            assert_eq!(
                error.unwrap_err().kind(),
                ErrorKind::IsADirectory,
                "{number}"
            );
        }
    });
}

#[test]
fn hard_link_is_the_same_file() {
    run(async {
        let dir = Dir::new();
        let (path, link) = (dir.file("f", "content"), dir.join("link"));
        os::link(&path, &link).await.unwrap();
        assert!(ospath::samefile(&path, &link).await.unwrap());
        let handle = |path: &PathBuf| std::fs::File::open(path).unwrap();
        let same = ospath::sameopenfile(handle(&path), handle(&link));
        assert!(same.await.unwrap());
        let other = dir.file("other", "content");
        let same = ospath::sameopenfile(handle(&path), handle(&other));
        assert!(!same.await.unwrap());
        assert!(!ospath::samefile(&path, &other).await.unwrap());
        for (src, dst) in [(&path, &link), (&link, &path)] {
            let error = os::copyfile(src, dst).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
        assert_eq!(std::fs::read(&link).unwrap(), b"content");
        assert!(ospath::samefile(dir.path(), dir.join(".")).await.unwrap());
    });
}

#[test]
fn paths_may_be_longer_than_260_characters() {
    run(async {
        let dir = Dir::new();
        let root = dir.join("root");
        let mut deep = root.clone();
        for _ in 0..12 {
            deep.push("a name of about thirty letters");
        }
        os::makedirs(&deep).await.unwrap();
        let file = deep.join("f");
        assert!(file.as_os_str().len() > 360);
        aiofiles::write(&file, "here").await.unwrap();
        aiofiles::write_atomic(&file, "there").await.unwrap();
        assert_eq!(open(&file).await.unwrap().read().await.unwrap(), "there");
        let when = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        os::utime(&file).times(when, when).await.unwrap();
        assert_eq!(os::stat(&file).await.unwrap().modified().unwrap(), when);
        let walked: Vec<_> = os::walk(&root).try_collect().await.unwrap();
        assert_eq!(walked.len(), 13);
        os::copytree(&root, dir.join("copy")).await.unwrap();
        assert_eq!(os::rmtree(dir.join("copy")).await.unwrap(), 14);
        assert_eq!(os::rmtree(&root).await.unwrap(), 14);
    });
}

#[test]
fn file_that_is_open_can_be_replaced_and_removed() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "old");
        let mut reader = open(&path).await.unwrap();
        match aiofiles::write_atomic(&path, "new").await {
            Err(error) if cfg!(windows) && error.kind() == ErrorKind::PermissionDenied => {
                println!("skipped: the system (Wine, or an old one) replaces no open files");
                return;
            }
            done => done.unwrap(),
        }
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(reader.read().await.unwrap(), "old", "it has what it opened");
        let newer = dir.file("newer", "newer");
        let mut reader = open(&path).await.unwrap();
        os::replace(&newer, &path).await.unwrap();
        assert_eq!(reader.read().await.unwrap(), "new");
        let mut reader = open(&path).await.unwrap();
        os::remove(&path).await.unwrap();
        assert!(!path.exists());
        assert_eq!(reader.read().await.unwrap(), "newer");
    });
}

#[test]
fn file_without_a_name_leaves_none() {
    run(async {
        let dir = Dir::new();
        let file = aiofiles::tempfile::temporary_file().dir(dir.path());
        let mut file = file.await.unwrap();
        file.write(b"bytes").await.unwrap();
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.read().await.unwrap(), b"bytes");
        file.close().await.unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    });
}

#[cfg(windows)]
#[test]
fn junctions_are_links() {
    run(async {
        let dir = Dir::new();
        let out = dir.join("out");
        std::fs::create_dir(&out).unwrap();
        std::fs::write(out.join("precious"), "").unwrap();
        let root = dir.join("root");
        std::fs::create_dir(&root).unwrap();
        let junction = root.join("junction");
        let made = std::process::Command::new("cmd")
            .args(["/c", "mklink", "/J"])
            .args([&junction, &out])
            .output();
        if made.is_err() || std::fs::symlink_metadata(&junction).is_err() {
            println!("skipped: no junction can be made here");
            return;
        }
        let walked: Vec<_> = os::walk(&root).try_collect().await.unwrap();
        assert_eq!(walked.len(), 1, "it is not entered");
        let kind = os::rmtree(&junction).await.unwrap_err().kind();
        assert_eq!(kind, ErrorKind::NotADirectory);
        assert_eq!(os::rmtree(&root).await.unwrap(), 2);
        assert!(out.join("precious").exists());
    });
}
