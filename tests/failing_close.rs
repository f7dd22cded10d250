//! Files on a file system whose close fails: what a quota, or a file system over a
//! network, says of bytes that it took before.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

use aiofiles::raw_io::RawIo;
use aiofiles::{Error, Result, tempfile};

#[path = "common/quota.rs"]
mod quota;

/// EDQUOT, EIO and ENOSPC, as rustix names them.
const ERRNOS: [i32; 3] = [
    rustix::io::Errno::DQUOT.raw_os_error(),
    rustix::io::Errno::IO.raw_os_error(),
    rustix::io::Errno::NOSPC.raw_os_error(),
];

/// A mounted file system, whose closes fail with what is set.
struct Disk {
    // Ends the mount, before the folder that it is on is removed.
    _session: fuser::BackgroundSession,
    dir: ::tempfile::TempDir,
    errno: Arc<AtomicI32>,
    flushes: Arc<AtomicUsize>,
}

impl Disk {
    /// `None`, and says so, where nothing can be mounted.
    fn mount() -> Option<Self> {
        let dir = ::tempfile::tempdir().unwrap();
        let (errno, flushes) = <(Arc<AtomicI32>, Arc<AtomicUsize>)>::default();
        let fs = quota::Quota::new(errno.clone(), flushes.clone());
        match fuser::spawn_mount(fs, dir.path(), &fuser::Config::default()) {
            Ok(session) => Some(Self {
                dir,
                errno,
                flushes,
                _session: session,
            }),
            Err(error) => {
                eprintln!("skipped: nothing can be mounted by FUSE here: {error}");
                None
            }
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn fail(&self, errno: i32) {
        self.errno.store(errno, Ordering::SeqCst);
    }

    fn heal(&self) {
        self.fail(0);
    }

    fn flushes(&self) -> usize {
        self.flushes.load(Ordering::SeqCst)
    }
}

fn run(test: impl AsyncFnOnce(&Disk)) {
    if let Some(disk) = Disk::mount() {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(test(&disk));
    }
}

#[track_caller]
fn assert_errno<T: std::fmt::Debug>(result: Result<T>, errno: i32, op: &str) {
    match result {
        Err(Error::Os { op: of, source, .. }) => {
            assert_eq!((of, source.raw_os_error()), (op, Some(errno)));
        }
        other => panic!("{op} did not tell errno {errno}: {other:?}"),
    }
}

#[test]
fn close_tells_its_error_once_and_closes() {
    run(async |disk| {
        for errno in ERRNOS {
            let mut file = aiofiles::open(disk.path("text")).mode("w").await.unwrap();
            file.write("taken, not kept").await.unwrap();
            file.flush().await.unwrap();
            disk.fail(errno);
            let before = disk.flushes();
            assert_errno(file.close().await, errno, "close");
            assert_eq!(disk.flushes(), before + 1, "one close(2)");
            assert!(file.closed());
            file.close().await.unwrap();
            let error = file.write("more").await.unwrap_err();
            assert!(matches!(error, Error::Closed { .. }), "{error:?}");
            disk.heal();
        }
    });
}

#[test]
fn every_kind_of_file_tells_what_its_close_says() {
    run(async |disk| {
        let path = disk.path("f");
        let [errno, ..] = ERRNOS;
        let mut binary = aiofiles::open(&path).binary().mode("w").await.unwrap();
        let mut raw = aiofiles::open(&path).raw().mode("r+").await.unwrap();
        let std = fs::File::options().append(true).open(&path).unwrap();
        let mut wrapped = aiofiles::wrap(std).await.unwrap();
        let std = fs::File::options().append(true).open(&path).unwrap();
        let mut boxed = aiofiles::wrap(Box::new(std) as Box<dyn RawIo>)
            .await
            .unwrap();
        disk.fail(errno);
        binary.write(b"x").await.unwrap();
        assert_errno(binary.close().await, errno, "close");
        raw.write(b"x").await.unwrap();
        assert_errno(raw.close().await, errno, "close");
        wrapped.write(b"x").await.unwrap();
        assert_errno(wrapped.close().await, errno, "close");
        boxed.write(b"x").await.unwrap();
        assert_errno(boxed.close().await, errno, "close");
    });
}

#[test]
fn close_by_with_tells() {
    run(async |disk| {
        let [errno, ..] = ERRNOS;
        disk.fail(errno);
        let open = aiofiles::open(disk.path("f")).mode("w");
        let with = open.with(async |f| f.write("x").await.map(drop)).await;
        assert_errno(with, errno, "close");
    });
}

#[test]
fn whole_file_calls_tell() {
    run(async |disk| {
        fs::write(disk.path("old"), "old").unwrap();
        let [errno, ..] = ERRNOS;
        disk.fail(errno);
        assert_errno(aiofiles::write(disk.path("f"), "x").await, errno, "write");
        // The old content stays, and nothing is left beside it.
        let written = aiofiles::write_atomic(disk.path("old"), "new").await;
        assert_errno(written, errno, "write");
        disk.heal();
        assert_eq!(fs::read(disk.path("old")).unwrap(), b"old");
        let mut names: Vec<_> = fs::read_dir(disk.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["f", "old"]);
    });
}

#[test]
fn copies_tell_and_leave_no_half_file() {
    run(async |disk| {
        let source = ::tempfile::tempdir().unwrap();
        fs::write(source.path().join("a"), "content").unwrap();
        let [errno, ..] = ERRNOS;
        disk.fail(errno);
        let error = aiofiles::os::copyfile(source.path().join("a"), disk.path("b")).await;
        let error = error.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(errno), "{error}");
        assert!(!disk.path("b").exists());
        // Into a folder that is there: the only one of this file system.
        let tree = aiofiles::os::copytree(source.path(), disk.dir.path()).dirs_exist_ok(true);
        let error = tree.await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(errno), "{error}");
    });
}

#[test]
fn temporary_files_tell_and_persist_nothing_that_was_lost() {
    run(async |disk| {
        let [errno, ..] = ERRNOS;
        let dir = disk.dir.path();
        let mut named = tempfile::named_temporary_file().dir(dir).await.unwrap();
        let mut kept = tempfile::named_temporary_file().dir(dir).await.unwrap();
        let spooled = tempfile::spooled_temporary_file().dir(dir).max_size(1);
        let mut spooled = spooled.await.unwrap();
        let mut plain = tempfile::temporary_file().dir(dir).await.unwrap();
        let old = disk.path("old");
        fs::write(&old, "old").unwrap();
        let mut atomic = tempfile::atomic_file(&old).await.unwrap();
        disk.fail(errno);
        for file in [&mut named, &mut kept] {
            file.write(b"xyz").await.unwrap();
        }
        spooled.write(b"xyz").await.unwrap();
        plain.write(b"xyz").await.unwrap();
        atomic.write(b"new").await.unwrap();
        assert_errno(kept.persist(&old).await, errno, "write");
        assert_errno(named.close().await, errno, "close");
        assert_errno(spooled.close().await, errno, "close");
        assert_errno(plain.close().await, errno, "close");
        assert_errno(atomic.commit().await, errno, "close");
        disk.heal();
        assert_eq!(fs::read(&old).unwrap(), b"old");
        kept.persist(&old).await.unwrap();
        assert_eq!(fs::read(&old).unwrap(), b"xyz");
    });
}

#[test]
fn close_beside_a_call_on_the_same_file_tells() {
    run(async |disk| {
        let [errno, ..] = ERRNOS;
        let path = disk.path("f");
        let mut raw = aiofiles::open(&path).raw().mode("w+").await.unwrap();
        // A call that was not polled holds the file.
        let pending = raw.write_all_at(0, b"later");
        disk.fail(errno);
        assert_errno(raw.close().await, errno, "close");
        disk.heal();
        pending.await.unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"later");
    });
}

#[test]
fn shutdown_by_the_traits_tells_and_leaves_the_file_open() {
    use tokio::io::AsyncWriteExt as _;
    run(async |disk| {
        for errno in ERRNOS {
            let path = disk.path("f");
            let mut binary = aiofiles::open(&path).binary().mode("w").await.unwrap();
            let mut raw = aiofiles::open(&path).raw().mode("r+").await.unwrap();
            binary.write_all(b"taken, not kept").await.unwrap();
            raw.write_all(b"taken").await.unwrap();
            disk.fail(errno);
            let told = [
                binary.shutdown().await,
                raw.shutdown().await,
                futures::AsyncWriteExt::close(&mut raw).await,
            ];
            for error in told.map(Result::unwrap_err) {
                assert_eq!(error.raw_os_error(), Some(errno));
            }
            // All was written before: a flush has nothing to do.
            binary.flush().await.unwrap();
            // A copy ends with it, and so does a frame of tokio-util.
            let told = tokio::io::copy(&mut &b"more"[..], &mut binary).await;
            assert_eq!(told.unwrap(), 4);
            assert_eq!(
                binary.shutdown().await.unwrap_err().raw_os_error(),
                Some(errno)
            );
            disk.heal();
            binary.shutdown().await.unwrap();
            assert!(!binary.closed() && !raw.closed());
            binary.close().await.unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"taken, not keptmore");
        }
    });
}

#[test]
fn shutdown_that_is_given_up_is_told_later() {
    use tokio::io::AsyncWriteExt as _;
    run(async |disk| {
        let path = disk.path("f");
        let manual = aiofiles::executor::ManualExecutor::new();
        let open = aiofiles::open(&path).binary().mode("w");
        let open = open.executor(manual.clone());
        let mut open = std::pin::pin!(open.into_future());
        assert!(futures::poll!(&mut open).is_pending());
        manual.run_all();
        let mut file = open.await.unwrap();
        file.write_all(b"x").await.unwrap();
        disk.fail(ERRNOS[0]);
        {
            let mut shutdown = std::pin::pin!(file.shutdown());
            assert!(futures::poll!(&mut shutdown).is_pending());
        }
        manual.run_all();
        let error = file.write(b"y").await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(ERRNOS[0]));
        disk.heal();
        let mut close = std::pin::pin!(file.close());
        assert!(futures::poll!(&mut close).is_pending());
        manual.run_all();
        close.await.unwrap();
    });
}

#[test]
fn adapters_and_shared_files_tell() {
    use aiofiles::raw_io::{read_write, writer};
    run(async |disk| {
        let path = disk.path("f");
        write(&path);
        let [errno, ..] = ERRNOS;
        let open = || {
            fs::File::options()
                .write(true)
                .read(true)
                .open(&path)
                .unwrap()
        };
        let mut shared = aiofiles::wrap(Arc::new(open())).await.unwrap();
        let mut plain = aiofiles::wrap(writer(open())).await.unwrap();
        let buffered = writer(std::io::BufWriter::new(open()));
        let mut buffered = aiofiles::wrap(buffered).await.unwrap();
        let mut both = aiofiles::wrap(read_write(open())).await.unwrap();
        disk.fail(errno);
        shared.write(b"x").await.unwrap();
        assert_errno(shared.close().await, errno, "close");
        plain.write(b"x").await.unwrap();
        assert_errno(plain.close().await, errno, "close");
        buffered.write(b"x").await.unwrap();
        assert_errno(buffered.close().await, errno, "close");
        both.write(b"x").await.unwrap();
        assert_errno(both.close().await, errno, "close");
    });
}

/// Takes every descriptor that there is, until it is dropped.
fn take_all() -> Vec<fs::File> {
    let null = std::iter::repeat_with(|| fs::File::open("/dev/null"));
    null.map_while(std::result::Result::ok).collect()
}

#[test]
fn without_a_descriptor_left_nothing_lost_is_persisted() {
    // In a process of its own: others here want descriptors too.
    const INSIDE: &str = "AIOFILES_TEST_NO_DESCRIPTORS";
    if std::env::var_os(INSIDE).is_none() {
        let name = "without_a_descriptor_left_nothing_lost_is_persisted";
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        let output = command
            .args(["--exact", name, "--nocapture"])
            .env(INSIDE, "1")
            .output();
        let output = output.unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        return;
    }
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(64),
            maximum,
        },
    )
    .unwrap();
    run(async |disk| {
        let [errno, ..] = ERRNOS;
        let old = disk.path("old");
        fs::write(&old, "old").unwrap();
        let mut named = tempfile::named_temporary_file()
            .dir(disk.dir.path())
            .await
            .unwrap();
        named.write(b"new").await.unwrap();
        named.flush().await.unwrap();
        disk.fail(errno);
        let none_left = take_all();
        assert_errno(named.persist(&old).await, errno, "write");
        drop(none_left);
        disk.heal();
        assert_eq!(fs::read(&old).unwrap(), b"old");
        let none_left = take_all();
        named.persist(&old).await.unwrap();
        drop(none_left);
        assert_eq!(fs::read(&old).unwrap(), b"new");
    });
}

#[test]
fn file_that_was_only_read_closes_without_a_word() {
    run(async |disk| {
        let path = disk.path("f");
        write(&path);
        let mut file = aiofiles::open(&path).await.unwrap();
        assert_eq!(file.read().await.unwrap(), "content");
        disk.fail(ERRNOS[0]);
        file.close().await.unwrap();
    });
}

fn write(path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    file.write_all(b"content").unwrap();
}
