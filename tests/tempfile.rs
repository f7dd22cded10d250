//! Temporary files and folders: names, permissions, and when they are removed.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::SeekFrom;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aiofiles::executor::{Executor, InlineExecutor, Job, ManualExecutor, Refused};
use aiofiles::tempfile::{
    named_temporary_file, spooled_temporary_file, temporary_directory, temporary_file,
};
use aiofiles::{AnyFile, Error, ThreadPoolExecutor};

#[cfg(target_os = "linux")]
#[path = "tempfile/alone.rs"]
mod alone;
#[path = "tempfile/folders.rs"]
mod folders;
#[path = "common/system.rs"]
mod system;

/// A folder of the test's own.
fn dir() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// Checks that a process of its own has run its one test.
#[cfg(target_os = "linux")]
fn passed(output: &std::process::Output) {
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && out.contains("1 passed"),
        "{output:?}"
    );
}

#[cfg(unix)]
fn mode_of(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Runs in place and notes the verbs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Executor for Log {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        self.0.lock().unwrap().push(job.op());
        InlineExecutor.execute(job)
    }
}

/// Runs the first so many jobs in place and refuses the others.
struct Tired(AtomicUsize);

impl Executor for Tired {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        let left = self.0.load(Ordering::Relaxed);
        if left == 0 {
            return Err(Refused(job));
        }
        self.0.store(left - 1, Ordering::Relaxed);
        InlineExecutor.execute(job)
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn anonymous_file_has_no_name_and_is_private() {
    use std::os::unix::fs::MetadataExt;
    let dir = dir();
    let mut file = temporary_file().dir(dir.path()).await.unwrap();
    assert_eq!(names(dir.path()), [""; 0]);
    let metadata = file.metadata().await.unwrap();
    assert_eq!((metadata.nlink(), metadata.mode() & 0o7777), (0, 0o600));
    assert_eq!((file.name(), file.mode()), (None, "rb+"));
}

#[tokio::test]
async fn anonymous_file_is_read_and_written_in_both_kinds() {
    let mut bytes = temporary_file().await.unwrap();
    bytes.write(b"a\r\nb").await.unwrap();
    bytes.seek(SeekFrom::Start(1)).await.unwrap();
    assert_eq!(bytes.read().await.unwrap(), b"\r\nb");

    let text = temporary_file().text().encoding("latin-1").newline("\r\n");
    let mut text = text.errors("replace").buffering(16).await.unwrap();
    assert_eq!((text.mode(), text.encoding()), ("w+", "latin-1"));
    text.write("\u{e9}\u{6f22}\n").await.unwrap();
    text.seek(SeekFrom::Start(0)).await.unwrap();
    assert_eq!(text.buffer().read().await.unwrap(), b"\xe9?\r\n");
}

#[tokio::test]
async fn kinds_are_those_of_open() {
    let raw = temporary_file().raw().await.unwrap();
    assert_eq!(raw.mode(), "rb+");
    let any = named_temporary_file().any().await.unwrap();
    assert!(matches!(*any, AnyFile::Binary(_)));
    let any = temporary_file().any().mode("w+").await.unwrap();
    assert!(matches!(any, AnyFile::Text(_)));
    let any = temporary_file().any().buffering(0).await.unwrap();
    assert!(matches!(any, AnyFile::Raw(_)));
}

#[tokio::test]
async fn modes_give_and_take_directions() {
    for (mode, readable, writable) in [("r", true, false), ("wb", false, true), ("x+", true, true)]
    {
        let file = temporary_file().mode(mode).await.unwrap();
        assert_eq!(
            (file.readable(), file.writable()),
            (readable, writable),
            "{mode}"
        );
    }
    let mut file = temporary_file().mode("a+").await.unwrap();
    file.write(b"one").await.unwrap();
    file.seek(SeekFrom::Start(0)).await.unwrap();
    file.write(b"two").await.unwrap();
    file.seek(SeekFrom::Start(0)).await.unwrap();
    assert_eq!(file.read().await.unwrap(), b"onetwo");
}

#[tokio::test]
async fn failed_creation_leaves_nothing() {
    let dir = dir();
    let named = || named_temporary_file().dir(dir.path());
    assert!(matches!(
        named().mode("rw").await,
        Err(Error::InvalidMode { .. })
    ));
    assert!(matches!(
        named().mode("w+t").await,
        Err(Error::InvalidMode { .. })
    ));
    let unknown = named().text().encoding("no-such").await;
    assert!(matches!(unknown, Err(Error::UnknownEncoding { .. })));
    assert!(named().text().errors("surrogateescape").await.is_err());
    assert!(named().buffering(0).await.is_err());
    assert_eq!(names(dir.path()), [""; 0]);

    let missing = dir.path().join("missing");
    let error = named_temporary_file().dir(&missing).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    assert_eq!(error.path(), Some(&*missing));
    assert!(error.raw_os_error().is_some());
    let error = temporary_file().dir(&missing).await.unwrap_err();
    assert_eq!(error.path(), Some(&*missing));
    assert!(temporary_directory().dir(&missing).await.is_err());
    let error = named().prefix("a\0b").await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}

#[tokio::test]
async fn name_is_absolute_with_prefix_and_suffix() {
    let dir = dir();
    let file = named_temporary_file()
        .dir(dir.path())
        .prefix("log-")
        .suffix(".txt");
    let file = file.await.unwrap();
    let name = file.name().file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("log-") && name.ends_with(".txt"), "{name}");
    assert_eq!(name.len(), "log-12345678.txt".len());
    assert_eq!(file.name().parent(), Some(dir.path()));

    let file = named_temporary_file().dir("target").await;
    if let Ok(file) = file {
        assert!(file.name().is_absolute());
    }
    let file = named_temporary_file().await.unwrap();
    assert!(file.name().starts_with(std::env::temp_dir()));
    assert!(
        file.name()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("tmp")
    );
}

#[cfg(unix)]
#[tokio::test]
async fn permissions_are_the_users_own() {
    let file = named_temporary_file().await.unwrap();
    assert_eq!(mode_of(file.name()), 0o600);
    let folder = temporary_directory().await.unwrap();
    assert_eq!(mode_of(folder.path()), 0o700);
}

// anyio#1333: `delete_on_close=False` left the file for ever.
#[tokio::test]
async fn delete_and_delete_on_close_in_all_combinations() {
    for (delete, on_close, after_close, after_drop) in [
        (true, true, false, false),
        (true, false, true, false),
        (false, true, true, true),
        (false, false, true, true),
    ] {
        let case = format!("delete {delete}, delete_on_close {on_close}");
        let dir = dir();
        let new = || {
            let file = named_temporary_file()
                .dir(dir.path())
                .executor(InlineExecutor);
            file.delete(delete).delete_on_close(on_close)
        };
        let is_there = |name: &PathBuf, how: &str, expected: bool| {
            assert_eq!(name.exists(), expected, "{case}: {how}");
        };

        let mut file = new().await.unwrap();
        file.write(b"x").await.unwrap();
        let name = file.name().to_owned();
        is_there(&name, "open", true);
        file.close().await.unwrap();
        is_there(&name, "close", after_close);
        file.close().await.unwrap();
        drop(file);
        is_there(&name, "drop after close", after_drop);

        let mut file = new().await.unwrap();
        file.write(b"x").await.unwrap();
        let name = file.name().to_owned();
        drop(file);
        is_there(&name, "drop", after_drop);

        let name = new()
            .with(async |file| Ok(file.name().to_owned()))
            .await
            .unwrap();
        is_there(&name, "scope", after_drop);
        let scope = new().with(async |file| {
            file.close().await?;
            Ok((file.name().to_owned(), file.name().exists()))
        });
        let (name, in_scope) = scope.await.unwrap();
        assert_eq!(in_scope, after_close, "{case}: closed in scope");
        is_there(&name, "scope after close", after_drop);

        let mut failed = PathBuf::new();
        let scope = new().with(async |file| {
            failed = file.name().to_owned();
            file.seek(SeekFrom::Current(-1)).await
        });
        scope.await.unwrap_err();
        is_there(&failed, "failed scope", after_drop);
    }
}

#[tokio::test]
async fn file_removed_by_somebody_else_closes_without_error() {
    let mut file = named_temporary_file().await.unwrap();
    fs::remove_file(file.name()).unwrap();
    file.close().await.unwrap();
    let mut dir = temporary_directory().await.unwrap();
    fs::remove_dir(dir.path()).unwrap();
    dir.cleanup().await.unwrap();
    dir.close().await.unwrap();
}

#[tokio::test]
async fn persisted_file_stays_and_goes_on() {
    let dir = dir();
    let to = dir.path().join("kept");
    fs::write(&to, "old").unwrap();
    let mut file = named_temporary_file().dir(dir.path()).await.unwrap();
    file.write(b"new").await.unwrap();
    file.persist(&to).await.unwrap();
    assert_eq!(fs::read(&to).unwrap(), b"new");
    assert_eq!(file.name(), to);
    file.write(b"er").await.unwrap();
    file.close().await.unwrap();
    drop(file);
    assert_eq!(fs::read(&to).unwrap(), b"newer");
    assert_eq!(names(dir.path()), ["kept"]);
}

#[tokio::test]
async fn closed_file_can_be_persisted() {
    let dir = dir();
    let file = named_temporary_file()
        .dir(dir.path())
        .text()
        .delete_on_close(false);
    let mut file = file.await.unwrap();
    file.write("text").await.unwrap();
    file.close().await.unwrap();
    file.persist(dir.path().join("kept")).await.unwrap();
    drop(file);
    assert_eq!(names(dir.path()), ["kept"]);
}

#[tokio::test]
async fn failed_persist_leaves_a_file_that_works_and_is_removed() {
    let dir = dir();
    let file = named_temporary_file()
        .dir(dir.path())
        .executor(InlineExecutor);
    let mut file = file.await.unwrap();
    let name = file.name().to_owned();
    file.write(b"one").await.unwrap();
    let to = dir.path().join("no/such");
    let error = file.persist(&to).await.unwrap_err();
    assert_eq!((error.path(), error.dst()), (Some(&*name), Some(&*to)));
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    file.write(b"two").await.unwrap();
    file.flush().await.unwrap();
    assert_eq!(fs::read(&name).unwrap(), b"onetwo");
    drop(file);
    assert_eq!(names(dir.path()), [""; 0]);
}

#[tokio::test]
async fn persist_left_behind_is_neither_lost_nor_removed() {
    let dir = dir();
    let executor = ManualExecutor::new();
    let file = named_temporary_file()
        .dir(dir.path())
        .executor(executor.clone());
    let mut making = Box::pin(file.into_future());
    assert!(futures::poll!(&mut making).is_pending());
    executor.run_all();
    let mut file = making.await.unwrap();

    // Not begun: recalled. The drop removes the file.
    let mut persist = Box::pin(file.persist(dir.path().join("kept")));
    assert!(futures::poll!(&mut persist).is_pending());
    drop(persist);
    executor.run_all();
    assert!(file.name().exists());
    drop(file);
    assert_eq!(executor.len(), 1);
    executor.run_all();
    assert_eq!(names(dir.path()), [""; 0]);
}

#[tokio::test]
async fn kept_file_and_folder_stay() {
    let dir = dir();
    let mut file = named_temporary_file().dir(dir.path()).await.unwrap();
    let name = file.keep().to_owned();
    file.close().await.unwrap();
    drop(file);
    assert!(name.exists());
    let mut folder = temporary_directory().dir(dir.path()).await.unwrap();
    let name = folder.keep().to_owned();
    drop(folder);
    assert!(name.is_dir());
}

#[tokio::test]
async fn everything_goes_through_the_executor_given() {
    let log = Log::default();
    let mut file = named_temporary_file().executor(log.clone()).await.unwrap();
    file.write(b"x").await.unwrap();
    file.close().await.unwrap();
    let folder = temporary_directory().executor(log.clone()).await.unwrap();
    drop(folder);
    let created = "create a temporary file in";
    let made = "create a temporary folder in";
    assert_eq!(
        *log.0.lock().unwrap(),
        [created, "close", "remove", made, "rmtree"]
    );
}

#[tokio::test]
async fn drop_removes_on_the_spot_where_the_executor_refuses() {
    let dir = dir();
    let tired = |jobs| Tired(AtomicUsize::new(jobs));
    let file = named_temporary_file().dir(dir.path()).executor(tired(1));
    let mut file = file.await.unwrap();
    file.write(b"unwritten").await.unwrap();
    drop(file);
    let folder = temporary_directory()
        .dir(dir.path())
        .executor(tired(1))
        .await
        .unwrap();
    fs::write(folder.path().join("f"), "").unwrap();
    drop(folder);
    assert_eq!(names(dir.path()), [""; 0]);
}

#[tokio::test]
async fn close_that_could_not_begin_keeps_the_file() {
    let file = named_temporary_file().executor(Tired(AtomicUsize::new(1)));
    let mut file = file.await.unwrap();
    let error = file.close().await.unwrap_err();
    assert!(matches!(error, Error::ExecutorGone { .. }), "{error}");
    assert!(!file.closed() && file.name().exists());
}

#[tokio::test]
async fn cancelled_creation_leaves_nothing() {
    let dir = dir();
    let pool = ThreadPoolExecutor::new(2);
    for _ in 0..200 {
        let file = named_temporary_file()
            .dir(dir.path())
            .executor(pool.clone());
        let mut file = Box::pin(file.into_future());
        drop(futures::poll!(&mut file));
        let folder = temporary_directory().dir(dir.path()).executor(pool.clone());
        let mut folder = Box::pin(folder.into_future());
        drop(futures::poll!(&mut folder));
    }
    pool.shutdown().await;
    assert_eq!(names(dir.path()), [""; 0]);
}

#[test]
fn pending_calls_and_files_are_send() {
    fn check<T: Send>(_: &T) {}
    check(&temporary_file().into_future());
    check(&named_temporary_file().text().into_future());
    check(&spooled_temporary_file().into_future());
    check(&temporary_directory().into_future());
    check(&named_temporary_file().with(async |file| file.write(b"x").await));
}
