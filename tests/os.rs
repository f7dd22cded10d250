//! `aiofiles::os` beyond what the table of `os_python.rs` says: hops, keywords
//! that borrow nothing, executors, errors.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::io::ErrorKind;

use aiofiles::executor::{InlineExecutor, ManualExecutor};
use aiofiles::{Error, os, ospath};
use common::{Counting, Refusing, run};
use futures::FutureExt;

/// Awaits each call on the counter, and checks that each was one job, so named.
macro_rules! one_hop_each {
    ($($call:expr => $op:literal),* $(,)?) => {{
        let counting = Counting::new();
        let mut expected = Vec::new();
        $(
            drop($call.executor(counting.clone()).await);
            expected.push($op);
            assert_eq!(counting.total(), expected.len(), $op);
        )*
        assert_eq!(counting.ops(), expected);
    }};
}

#[test]
fn every_function_is_one_hop_under_its_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let (d, f) = (dir.path().join("d"), dir.path().join("f"));
    let (g, deep) = (dir.path().join("g"), dir.path().join("x/y/z"));
    let to = dir.path().join("u/v/w");
    run(async {
        one_hop_each! {
            aiofiles::write(&f, "text") => "write",
            aiofiles::write_atomic(&f, "text") => "write",
            aiofiles::read(&f) => "read",
            aiofiles::read_to_string(&f) => "read",
            os::stat(&f) => "stat",
            os::lstat(&f) => "lstat",
            os::statvfs(&f) => "statvfs",
            os::access(&f, os::R_OK) => "access",
            os::chmod(&f, 0o600) => "chmod",
            os::chown(&f, None, None) => "chown",
            os::utime(&f) => "utime",
            os::mkdir(&d) => "mkdir",
            os::makedirs(&deep) => "makedirs",
            os::renames(&deep, &to) => "renames",
            os::removedirs(&to) => "removedirs",
            os::rmdir(&d) => "rmdir",
            os::rename(&f, &g) => "rename",
            os::replace(&g, &f) => "replace",
            os::link(&f, &g) => "link",
            os::unlink(&g) => "unlink",
            os::symlink(&f, &g) => "symlink",
            os::readlink(&g) => "readlink",
            os::remove(&g) => "remove",
            os::listdir(dir.path()) => "listdir",
            os::scandir(dir.path()) => "scandir",
            os::getcwd() => "getcwd",
            os::copyfile(&f, &g) => "copyfile",
            os::copytree(dir.path(), dir.path().with_extension("copy")) => "copytree",
            os::rmtree(dir.path().with_extension("copy")) => "rmtree",
            os::batch(|| Ok(())) => "run a batch",
            os::batch(|| Ok(())).op("tidy") => "tidy",
            os::wrap(|| ()) => "run",
            ospath::exists(&f) => "exists",
            ospath::lexists(&f) => "lexists",
            ospath::isfile(&f) => "isfile",
            ospath::isdir(&f) => "isdir",
            ospath::islink(&f) => "islink",
            ospath::ismount(&f) => "ismount",
            ospath::getsize(&f) => "getsize",
            ospath::getatime(&f) => "getatime",
            ospath::getmtime(&f) => "getmtime",
            ospath::getctime(&f) => "getctime",
            ospath::samefile(&f, &f) => "samefile",
            ospath::abspath(&f) => "abspath",
            ospath::realpath(&f) => "realpath",
            ospath::expanduser(&f) => "expanduser",
        }
    });
}

#[test]
fn calls_are_send_and_static() {
    fn check<T: Send + 'static>(_: T) {}
    check(os::stat("x").follow_symlinks(false));
    check(os::rename("x", "y"));
    check(os::copyfile("x", "y").on_progress(|_, _| ()));
    check(os::rmtree("x").on_progress(|_| ()));
    check(os::copytree("x", "y").ignore(|_| false));
    check(os::scandir("x"));
    check(os::walk("x").onerror(drop));
    check(aiofiles::write_atomic("x", vec![1]));
}

#[test]
fn nothing_happens_before_the_first_poll_or_after_a_drop() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("d");
    let jobs = ManualExecutor::new();
    let call = os::mkdir(&path).executor(jobs.clone());
    assert!(jobs.is_empty());
    drop(call);

    let mut call = os::mkdir(&path).executor(jobs.clone());
    assert!((&mut call).now_or_never().is_none());
    assert_eq!(jobs.len(), 1);
    drop(call);
    jobs.run_all();
    assert!(!path.exists(), "a call that was dropped in the queue");

    let mut call = os::mkdir(&path).executor(jobs.clone());
    assert!((&mut call).now_or_never().is_none());
    jobs.run_all();
    assert!(path.exists());
    assert!(call.now_or_never().expect("it has run").is_ok());
}

#[test]
fn refused_call_says_so_with_its_path() {
    let error = run(async { os::stat("x").executor(Refusing).await.expect_err("refused") });
    assert!(matches!(&error, Error::ExecutorGone { op: "stat", .. }));
    assert_eq!(error.path(), Some("x".as_ref()));
    let result = futures::executor::block_on(async { os::stat("x").await });
    assert!(matches!(result, Err(Error::NoRuntime { op: "stat", .. })));
}

#[test]
fn errors_read_as_sentences() {
    run(async {
        let error = os::rename("no/a", "no/b").await.expect_err("it is missing");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(
            (error.path(), error.dst()),
            (Some("no/a".as_ref()), Some("no/b".as_ref()))
        );
        #[cfg(target_os = "linux")]
        assert_eq!(
            error.to_string(),
            "failed to rename `no/a` to `no/b`: No such file or directory (os error 2)"
        );
        let error = os::mkdir("a\0b").await.expect_err("a NUL");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(
            error.to_string(),
            r"cannot mkdir `a\u{0}b`: the path has a NUL byte in it"
        );
    });
}

#[cfg(unix)]
#[test]
fn dir_fd_may_be_closed_before_the_await() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("f"), "12345").expect("a file");
    run(async {
        let folder = fs::File::open(dir.path()).expect("a folder");
        let call = os::stat("f").dir_fd(&folder);
        drop(folder);
        // Takes the number of the descriptor that was closed.
        let other = fs::File::open("/").expect("the root");
        assert_eq!(call.await.expect("the duplicate is open").len(), 5);
        drop(other);

        let folder = fs::File::open(dir.path()).expect("a folder");
        let call = os::rename("f", "g").src_dir_fd(&folder).dst_dir_fd(folder);
        call.await.expect("both are open");
        assert!(dir.path().join("g").exists());
    });
}

#[cfg(target_os = "linux")]
#[test]
fn dir_fd_that_is_no_folder_fails_at_the_await() {
    run(async {
        let file = tempfile::tempfile().expect("a file");
        let error = os::stat("f").dir_fd(&file).await.expect_err("no folder");
        assert_eq!(error.kind(), ErrorKind::NotADirectory);
        let error = os::mkdir("f").dir_fd(&file).await.expect_err("no folder");
        assert_eq!(error.kind(), ErrorKind::NotADirectory);
    });
}

#[cfg(unix)]
#[test]
fn link_follows_only_when_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = |name: &str| dir.path().join(name);
    run(async {
        aiofiles::write(path("f"), "").await?;
        os::symlink("f", path("ln")).await?;
        os::link(path("ln"), path("itself")).await?;
        assert!(ospath::islink(path("itself")).await?);
        os::link(path("ln"), path("target"))
            .follow_symlinks(true)
            .await?;
        assert!(!ospath::islink(path("target")).await?);
        assert!(ospath::samefile(path("f"), path("target")).await?);
        Ok::<(), Error>(())
    })
    .expect("all of it works");
}

#[cfg(target_os = "linux")]
#[test]
fn chmod_of_a_link_itself_is_unsupported() {
    let dir = tempfile::tempdir().expect("a folder");
    run(async {
        os::symlink("f", dir.path().join("ln"))
            .await
            .expect("a link");
        let call = os::chmod(dir.path().join("ln"), 0o600).follow_symlinks(false);
        let error = call.await.expect_err("Linux cannot");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let error = os::chown(dir.path(), Some(u32::MAX), None)
            .await
            .expect_err("no user");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn utime_takes_times_before_1970_and_now() {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};
    let dir = tempfile::tempdir().expect("a folder");
    run(async {
        for offset in [Duration::new(10, 0), Duration::new(10, 250_000_000)] {
            let then = UNIX_EPOCH - offset;
            os::utime(dir.path()).times(then, then).await?;
            assert_eq!(ospath::getmtime(dir.path()).await?, then);
        }
        os::utime(dir.path()).await?;
        let now = ospath::getmtime(dir.path()).await?;
        let age = SystemTime::now().duration_since(now).unwrap_or_default();
        assert!(age < Duration::from_secs(60));
        Ok::<(), Error>(())
    })
    .expect("all of it works");
}

#[cfg(target_os = "linux")]
#[test]
fn sendfile_reaches_a_socket() {
    use std::io::{Read, Write};
    let (mut here, there) = std::os::unix::net::UnixStream::pair().expect("sockets");
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(b"0123456789").expect("a write");
    run(async {
        let sent = os::sendfile(&there, &file, Some(2), 5)
            .await
            .expect("it is sent");
        assert_eq!(sent, 5);
    });
    let mut bytes = [0; 5];
    here.read_exact(&mut bytes).expect("a read");
    assert_eq!(&bytes, b"23456");
}

#[test]
fn batch_gives_its_error_the_name() {
    run(async {
        let call = os::batch(|| fs::read("no/such")).op("load the index");
        let error = call.executor(InlineExecutor).await.expect_err("missing");
        assert!(error.to_string().starts_with("failed to load the index: "));
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let error = os::batch::<_, ()>(|| panic!("oh"))
            .await
            .expect_err("a panic");
        assert!(matches!(error, Error::Panicked { .. }));
    });
}

#[cfg(unix)]
#[test]
fn denied_folder_is_not_there_and_not_accessible() {
    use std::os::unix::fs::PermissionsExt;
    if rustix::process::geteuid().is_root() {
        println!("skipped: root may do everything");
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).expect("a folder");
    fs::write(closed.join("f"), "").expect("a file");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("they are set");
    run(async {
        assert!(!ospath::exists(closed.join("f")).await?);
        assert!(!os::access(&closed, os::R_OK).await?);
        let error = os::stat(closed.join("f")).await.expect_err("denied");
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        Ok::<(), Error>(())
    })
    .expect("all of it works");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("they are set");
}

#[test]
fn folders_are_synced_and_files_are_not_taken_for_them() {
    run(async {
        let temporary = tempfile::tempdir().unwrap();
        let dir = temporary.path();
        let file = dir.join("f");
        fs::write(&file, "").unwrap();
        os::sync_dir(dir).await.unwrap();
        let error = os::sync_dir(dir.join("none")).await.unwrap_err();
        assert_eq!(error.path(), Some(dir.join("none").as_path()));
        let mut entries = os::scandir(dir).await.unwrap();
        let entry = entries.next_entry().await.unwrap().unwrap();
        assert_eq!(entry.file_name(), entry.name());
        assert_eq!(
            os::sync_dir(&file).await.unwrap_err().kind(),
            std::io::ErrorKind::NotADirectory
        );
        drop(file);
    });
}

#[test]
fn removedirs_stops_at_a_dot() {
    run(async {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path();
        for (given, left) in [
            ("k/./q", Some("k")),
            ("a/b/./c/d", Some("a/b")),
            ("x/y", None),
        ] {
            fs::create_dir_all(root.join(given)).unwrap();
            fs::write(root.join("keep"), "").unwrap();
            os::removedirs(root.join(given)).await.unwrap();
            assert!(!root.join(given).exists());
            match left {
                Some(left) => assert!(root.join(left).is_dir(), "{given}"),
                None => assert!(!root.join("x").exists()),
            }
            assert!(root.is_dir());
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn times_and_flags_are_the_kernels_to_the_last_digit() {
    use std::os::unix::fs::MetadataExt;
    use std::time::{Duration, UNIX_EPOCH};
    run(async {
        let dir = common::Dir::new();
        for n in 0..20 {
            let path = dir.file(&format!("f{n}"), "x");
            let told = std::fs::metadata(&path).unwrap();
            let changed = Duration::new(told.ctime() as u64, told.ctime_nsec() as u32);
            let ctime = ospath::getctime(&path).await.unwrap();
            assert_eq!(ctime, UNIX_EPOCH + changed);
            assert_eq!(
                ospath::getmtime(&path).await.unwrap(),
                told.modified().unwrap()
            );
            assert_eq!(
                ospath::getatime(&path).await.unwrap(),
                told.accessed().unwrap()
            );
        }
        // The kernel sets it to say that the others are right. The C library, and so
        // Python, takes it away.
        const VALID: u64 = 0x20;
        assert_eq!(os::statvfs("/").await.unwrap().f_flag & VALID, 0);
        assert_ne!(
            os::statvfs("/proc").await.unwrap().f_flag,
            0,
            "nosuid and others"
        );
    });
}
