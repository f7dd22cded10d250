//! Atomic files: what is at the path before, at and after the commit, and what is
//! left of one that is given up.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::future::IntoFuture;
use std::io::{ErrorKind, SeekFrom};
use std::path::Path;
use std::pin::pin;

use aiofiles::executor::{InlineExecutor, ManualExecutor};
use aiofiles::tempfile::{AtomicFile, atomic_file};
use aiofiles::{AnyFile, Error, ThreadPoolExecutor};
use common::{Dir, poll_once};
use futures::executor::block_on;

fn names(dir: &Dir) -> Vec<String> {
    let entries = fs::read_dir(dir.path()).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A folder with an old file.
fn old() -> (Dir, std::path::PathBuf) {
    let dir = Dir::new();
    let path = dir.join("f");
    fs::write(&path, "old").unwrap();
    (dir, path)
}

fn content(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn content_is_there_at_the_commit_and_not_before() {
    block_on(async {
        let (dir, path) = old();
        let made = atomic_file(&path).executor(InlineExecutor);
        let mut file = made.await.unwrap();
        assert_eq!((file.path(), file.name()), (&*path, Some(&*path)));
        file.write(&vec![b'x'; 300_000]).await.unwrap();
        file.flush().await.unwrap();
        file.seek(SeekFrom::Start(0)).await.unwrap();
        file.write(b"new").await.unwrap();
        assert_eq!(content(&path), "old");
        file.commit().await.unwrap();
        assert!(content(&path).starts_with("newxxx"));
        assert_eq!(content(&path).len(), 300_000);
        assert!(file.closed());
        file.commit().await.unwrap();
        drop(file);
        assert_eq!(names(&dir), ["f"]);
    });
}

#[test]
fn kinds_and_keywords_are_those_of_open() {
    block_on(async {
        let (dir, path) = old();
        let text = atomic_file(&path).text().encoding("utf-16-le");
        let text = text.newline("\r\n").executor(InlineExecutor);
        let count = text.with(async |file| file.write("a\n").await).await;
        assert_eq!(count.unwrap(), 2);
        assert_eq!(fs::read(&path).unwrap(), b"a\0\r\0\n\0");

        let raw = atomic_file(&path).raw().mode("w+");
        let mut raw = raw.executor(InlineExecutor).await.unwrap();
        raw.write(b"raw").await.unwrap();
        raw.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(raw.read().await.unwrap(), b"raw");
        raw.commit().await.unwrap();
        assert_eq!(content(&path), "raw");

        let any = atomic_file(&path).any().mode("w");
        let any = any.executor(InlineExecutor).await.unwrap();
        assert!(matches!(*any, AnyFile::Text(_)));
        drop(any);

        for mode in ["r", "r+", "a", "a+"] {
            let made = atomic_file(&path).mode(mode).executor(InlineExecutor);
            let error = made.await.unwrap_err();
            assert!(matches!(error, Error::InvalidMode { .. }), "{error}");
        }
        assert_eq!(names(&dir), ["f"]);
    });
}

#[test]
fn what_is_not_committed_leaves_nothing() {
    block_on(async {
        let (dir, path) = old();
        let made = || atomic_file(&path).executor(InlineExecutor);
        let mut file = made().await.unwrap();
        file.write(b"dropped").await.unwrap();
        drop(file);

        let mut file = made().await.unwrap();
        file.write(b"discarded").await.unwrap();
        file.discard().await.unwrap();
        assert!(matches!(file.commit().await, Err(Error::Closed { .. })));
        drop(file);

        let mut file = made().await.unwrap();
        file.write(b"closed").await.unwrap();
        file.close().await.unwrap();
        assert!(matches!(file.commit().await, Err(Error::Closed { .. })));
        drop(file);

        let failed = made().with(async |file| {
            file.write(b"half").await?;
            aiofiles::read("").executor(InlineExecutor).await
        });
        assert_eq!(failed.await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(content(&path), "old");
        assert_eq!(names(&dir), ["f"]);
    });
}

#[test]
fn exclusive_mode_replaces_nothing() {
    block_on(async {
        let (dir, path) = old();
        let made = |path| atomic_file(path).mode("x").executor(InlineExecutor);
        let error = made(path.clone()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        let late = dir.join("late");
        let mut file = made(late.clone()).await.unwrap();
        file.write(b"new").await.unwrap();
        fs::write(&late, "faster").unwrap();
        let error = file.commit().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(content(&late), "faster");
        fs::remove_file(&late).unwrap();
        file.commit().await.unwrap();
        assert_eq!(content(&late), "new");
        drop(file);
        assert_eq!(names(&dir), ["f", "late"]);
    });
}

#[test]
fn failed_commit_keeps_the_old_and_can_be_tried_again() {
    block_on(async {
        let (dir, path) = old();
        let mut file = atomic_file(&path).executor(InlineExecutor).await.unwrap();
        file.write(b"new").await.unwrap();
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        for _ in 0..2 {
            let error = file.commit().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::IsADirectory);
            assert_eq!(error.path(), Some(&*path));
        }
        if cfg!(target_os = "linux") {
            // Elsewhere the new content has a name of its own until then.
            assert_eq!(names(&dir), ["f"]);
        }
        fs::remove_dir(&path).unwrap();
        file.commit().await.unwrap();
        assert_eq!(content(&path), "new");
        assert_eq!(names(&dir), ["f"]);
    });
}

#[test]
fn another_file_in_its_place_is_not_committed() {
    block_on(async {
        let (_dir, path) = old();
        let mut file = atomic_file(&path).executor(InlineExecutor).await.unwrap();
        let other = aiofiles::tempfile::temporary_file().executor(InlineExecutor);
        let ours = std::mem::replace(&mut *file, other.await.unwrap());
        file.write(b"other").await.unwrap();
        let error = file.commit().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert_eq!(content(&path), "old");
        *file = ours;
        file.write(b"ours").await.unwrap();
        file.commit().await.unwrap();
        assert_eq!(content(&path), "ours");
    });
}

#[test]
fn bad_paths_are_refused_as_by_write_atomic() {
    let (dir, path) = old();
    let error = |path: &Path| {
        let made = block_on(atomic_file(path).executor(InlineExecutor).into_future());
        made.map(drop).unwrap_err().kind()
    };
    assert_eq!(error(dir.path()), ErrorKind::IsADirectory);
    assert_eq!(error(&dir.join("no/f")), ErrorKind::NotFound);
    assert_eq!(error(Path::new("")), ErrorKind::NotFound);
    assert_eq!(error(&dir.join("a\0b")), ErrorKind::InvalidInput);
    #[cfg(unix)]
    {
        assert_eq!(error(&dir.join("no/")), ErrorKind::IsADirectory);
        assert_eq!(error(Path::new("/dev/null")), ErrorKind::InvalidInput);
        assert_eq!(error(&path.join("f")), ErrorKind::NotADirectory);
    }
    assert_eq!(
        (content(&path), names(&dir)),
        ("old".to_owned(), vec!["f".to_owned()])
    );
}

#[cfg(unix)]
#[test]
fn rights_are_those_of_the_old_file_at_the_commit() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    block_on(async {
        let (dir, path) = old();
        let link = dir.join("link");
        symlink("f", &link).unwrap();
        let mut file = atomic_file(&link).executor(InlineExecutor).await.unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
        file.commit().await.unwrap();
        assert_eq!((content(&path), mode(&path)), (String::new(), 0o604));
        assert!(link.is_symlink());

        let (ours, stds) = (dir.join("ours"), dir.join("stds"));
        atomic_file(&ours)
            .executor(InlineExecutor)
            .with(async |_| Ok(()))
            .await
            .unwrap();
        fs::write(&stds, "").unwrap();
        assert_eq!(mode(&ours), mode(&stds));

        let private = dir.join("private");
        let made = atomic_file(&private).permissions(0o640);
        let mut made = made.executor(InlineExecutor).await.unwrap();
        made.commit().await.unwrap();
        assert_eq!(mode(&private), 0o640 & mode(&stds) | 0o600);
        // Only for a new one.
        let made = atomic_file(&path).permissions(0o777);
        let mut made = made.executor(InlineExecutor).await.unwrap();
        made.commit().await.unwrap();
        assert_eq!(mode(&path), 0o604);
    });
}

/// Runs jobs until the future is done or `most` of them have run.
fn drive<F: Future>(
    future: std::pin::Pin<&mut F>,
    executor: &ManualExecutor,
    most: usize,
) -> Option<F::Output> {
    let mut future = future;
    for _ in 0..most {
        if let Some(output) = poll_once(future.as_mut()) {
            return Some(output);
        }
        assert!(executor.run_one());
    }
    poll_once(future)
}

#[test]
fn commit_given_up_at_any_job_leaves_the_old_or_the_new() {
    let mut seen = [false; 2];
    for jobs in 0..6 {
        // Given up between two jobs, or with one in the queue.
        for queued in [false, true] {
            for again in [false, true] {
                let (dir, path) = old();
                let executor = ManualExecutor::new();
                let made = atomic_file(&path).executor(executor.clone());
                let made = drive(pin!(made.into_future()), &executor, 9);
                let mut file: AtomicFile = made.unwrap().unwrap();
                drive(pin!(file.write(b"new")), &executor, 9)
                    .unwrap()
                    .unwrap();
                {
                    let mut commit = pin!(file.commit());
                    let done = drive(commit.as_mut(), &executor, jobs);
                    if done.is_none() && !queued {
                        executor.run_one();
                    }
                }
                if again {
                    executor.run_all();
                    drive(pin!(file.commit()), &executor, 9).unwrap().unwrap();
                    assert_eq!(content(&path), "new");
                }
                drop(file);
                executor.run_all();
                let now = content(&path);
                assert!(["old", "new"].contains(&&*now), "{jobs}: {now}");
                seen[usize::from(now == "new")] = true;
                assert_eq!(names(&dir), ["f"], "{jobs}");
            }
        }
    }
    assert_eq!(seen, [true, true]);
}

#[test]
fn atomic_files_are_send_and_sync() {
    fn check<T: Send + Sync + 'static>(_: &T) {}
    block_on(async {
        let (_dir, path) = old();
        let pool = ThreadPoolExecutor::new(1);
        let mut file = atomic_file(&path).executor(pool.clone()).await.unwrap();
        check(&file);
        let task = std::thread::spawn(move || block_on(async { file.commit().await }));
        task.join().unwrap().unwrap();
        assert_eq!(content(&path), "");
        pool.shutdown().await;
    });
}

/// A full disk in the middle of the content: the child process may write files
/// of 4 KiB only, until it may write more.
#[cfg(target_os = "linux")]
#[test]
fn commit_that_ran_out_of_space_goes_on_where_there_is_some() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    const CHILD: &str = "AIOFILES_TEST_FULL";
    const TEST: &str = "commit_that_ran_out_of_space_goes_on_where_there_is_some";
    if let Some(path) = std::env::var_os(CHILD) {
        let path = Path::new(&path);
        block_on(async {
            let mut file = atomic_file(path).executor(InlineExecutor).await.unwrap();
            file.write(&[b'x'; 100_000]).await.unwrap();
            let old = getrlimit(Resource::Fsize);
            let mut low = old;
            low.current = Some(4096);
            setrlimit(Resource::Fsize, low).unwrap();
            for _ in 0..2 {
                let error = file.commit().await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::FileTooLarge, "{error}");
                assert_eq!(content(path), "old");
            }
            setrlimit(Resource::Fsize, old).unwrap();
            file.commit().await.unwrap();
            assert_eq!(content(path), "x".repeat(100_000));
        });
        return;
    }
    let (dir, path) = old();
    // The signal of the limit is ignored by the shell, and so by its child.
    let output = std::process::Command::new("sh")
        .args(["-c", r#"trap '' XFSZ; exec "$0" --exact "$1""#])
        .arg(std::env::current_exe().unwrap())
        .arg(TEST)
        .env(CHILD, &path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{output:?}"
    );
    assert_eq!(names(&dir), ["f"]);
}

/// What the path leads to may be on another file system by the time of the commit.
#[cfg(target_os = "linux")]
#[test]
fn link_that_comes_meanwhile_is_followed() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let (dir, path) = old();
    let memory = match tempfile::tempdir_in("/dev/shm") {
        Ok(memory) => memory,
        Err(error) => return eprintln!("skipped: no file system in memory: {error}"),
    };
    let device = |path: &Path| fs::metadata(path).unwrap().dev();
    if device(memory.path()) == device(dir.path()) {
        return eprintln!("skipped: one file system for all");
    }
    let far = memory.path().join("far");
    fs::write(&far, "far").unwrap();
    fs::set_permissions(&far, fs::Permissions::from_mode(0o640)).unwrap();
    block_on(async {
        let mut file = atomic_file(&path).executor(InlineExecutor).await.unwrap();
        file.write(&[b'x'; 100_000]).await.unwrap();
        fs::remove_file(&path).unwrap();
        symlink(&far, &path).unwrap();
        file.commit().await.unwrap();
    });
    assert_eq!(content(&far), "x".repeat(100_000));
    assert_eq!(fs::metadata(&far).unwrap().mode() & 0o7777, 0o640);
    assert!(path.is_symlink());
    assert_eq!(fs::read_dir(memory.path()).unwrap().count(), 1);
    assert_eq!(names(&dir), ["f"]);
}

/// Where `/proc` is missing a file without a name could not get one: files have
/// names then from the start.
#[cfg(target_os = "linux")]
#[test]
fn file_with_a_name_is_removed_by_the_drop() {
    const CHILD: &str = "AIOFILES_TEST_NO_PROC";
    const TEST: &str = "file_with_a_name_is_removed_by_the_drop";
    if let Some(dir) = std::env::var_os(CHILD) {
        let path = Path::new(&dir).join("f");
        let count = || fs::read_dir(&dir).unwrap().count();
        block_on(async {
            let made = || atomic_file(&path).executor(InlineExecutor);
            let mut file = made().await.unwrap();
            file.write(b"dropped").await.unwrap();
            assert_eq!(count(), 2, "it has a name");
            drop(file);
            assert_eq!(count(), 1);

            let executor = ManualExecutor::new();
            let made = atomic_file(&path).executor(executor.clone());
            let made = drive(pin!(made.into_future()), &executor, 9);
            drop(made.unwrap().unwrap());
            assert_eq!((count(), executor.len()), (2, 1), "off the task's thread");
            executor.run_all();
            assert_eq!(count(), 1);

            let mut file = atomic_file(&path).executor(InlineExecutor).await.unwrap();
            file.write(b"new").await.unwrap();
            file.commit().await.unwrap();
            assert_eq!((content(&path), count()), ("new".to_owned(), 1));
            aiofiles::write_atomic(&path, "newer")
                .executor(InlineExecutor)
                .await
                .unwrap();
            assert_eq!((content(&path), count()), ("newer".to_owned(), 1));
        });
        return;
    }
    let (dir, path) = old();
    let output = std::process::Command::new("unshare")
        .args(["--mount", "sh", "-c"])
        .arg(r#"mount -t tmpfs none /proc || exit 99; exec "$0" --exact "$1""#)
        .arg(std::env::current_exe().unwrap())
        .arg(TEST)
        .env(CHILD, dir.path())
        .output();
    match output {
        Ok(output) if output.status.success() => {
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(said.contains("1 passed"), "{output:?}");
            assert_eq!(content(&path), "newer");
        }
        Ok(output) if output.status.code() == Some(101) => panic!("{output:?}"),
        other => eprintln!("skipped: no mounts here: {other:?}"),
    }
}
