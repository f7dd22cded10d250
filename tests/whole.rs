//! Whole files: `read`, `read_to_string`, `write`, `write_atomic`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use aiofiles::Error;
use common::run;

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a folder");
    let name = |entry: std::io::Result<fs::DirEntry>| {
        entry
            .expect("an entry")
            .file_name()
            .into_string()
            .expect("text")
    };
    let mut names: Vec<_> = entries.map(name).collect();
    names.sort();
    names
}

#[test]
fn what_is_written_is_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("f");
    run(async {
        aiofiles::write(&path, String::from("long text")).await?;
        let owned = String::from("kept");
        aiofiles::write(&path, &owned).await?;
        aiofiles::write(&path, owned.as_str()).await?;
        aiofiles::write(&path, std::borrow::Cow::Borrowed(owned.as_str())).await?;
        aiofiles::write(&path, std::sync::Arc::<[u8]>::from(owned.as_bytes())).await?;
        aiofiles::write(&path, [b'x'; 3]).await?;
        aiofiles::write(&path, b"bytes").await?;
        aiofiles::write_atomic(&path, &owned).await?;
        assert_eq!(std::fs::read(&path).expect("it is there"), owned.as_bytes());
        aiofiles::write(&path, vec![b'x', b'\r', b'\n']).await?;
        assert_eq!(aiofiles::read(&path).await?, b"x\r\n");
        assert_eq!(aiofiles::read_to_string(&path).await?, "x\r\n");
        let error = aiofiles::read(dir.path()).await.expect_err("a folder");
        assert_eq!(error.kind(), ErrorKind::IsADirectory);
        assert_eq!(error.path(), Some(dir.path()));
        Ok::<(), Error>(())
    })
    .expect("all of it works");
}

#[test]
fn bytes_that_are_not_utf8_are_shown_with_their_place() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("f");
    for (text, at, bad) in [
        (&b"ab\xffcd"[..], 2, &b"\xff"[..]),
        (b"\xe2\x82x", 0, b"\xe2\x82"),
        (b"abc\xf0\x9f", 3, b"\xf0\x9f"),
    ] {
        fs::write(&path, text).expect("a file");
        match run(async { aiofiles::read_to_string(&path).await }) {
            Err(Error::Decode {
                offset,
                bytes,
                path: named,
                ..
            }) => {
                assert_eq!((offset, &bytes[..]), (at, bad));
                assert_eq!(named.as_deref(), Some(path.as_path()));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn other_encodings_are_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("f");
    let read = |bytes: &[u8], encoding: &str| {
        fs::write(&path, bytes).expect("a file");
        run(aiofiles::read_to_string(&path).encoding(encoding))
    };
    assert_eq!(read(b"\xe9", "latin-1").expect("text"), "é");
    assert_eq!(read(b"\xff\xfea\0", "utf-16").expect("text"), "a");
    assert_eq!(read(b"\xef\xbb\xbfa", "utf-8-sig").expect("text"), "a");
    assert_eq!(read(b"\xef\xbb\xbfa", "utf-8").expect("text"), "\u{feff}a");
    match read(b"ab\xe9", "ascii") {
        Err(Error::Decode {
            encoding, offset, ..
        }) => {
            assert_eq!((&encoding[..], offset), ("ascii", 2));
        }
        other => panic!("{other:?}"),
    }
    let call = aiofiles::read_to_string(dir.path().join("no")).encoding("klingon");
    assert!(
        matches!(run(call), Err(Error::UnknownEncoding { .. })),
        "before the file is touched"
    );
}

#[test]
fn atomic_write_leaves_one_file_only() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("f");
    run(async {
        aiofiles::write_atomic(&path, "one").await?;
        aiofiles::write_atomic(&path, "two").await
    })
    .expect("both are written");
    assert_eq!(fs::read(&path).expect("it is there"), b"two");
    assert_eq!(names(dir.path()), ["f"]);
}

#[cfg(unix)]
#[test]
fn atomic_write_keeps_permissions_and_goes_through_links() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("real/f");
    fs::create_dir(dir.path().join("real")).expect("a folder");
    run(aiofiles::write_atomic(&path, "new")).expect("it is written");
    fs::write(dir.path().join("by-std"), "").expect("a file");
    let mode = |path: &Path| fs::metadata(path).expect("it is there").mode() & 0o7777;
    assert_eq!(
        mode(&path),
        mode(&dir.path().join("by-std")),
        "less the umask"
    );

    for bits in [0o640, 0o755, 0o444, 0o4711] {
        fs::set_permissions(&path, fs::Permissions::from_mode(bits)).expect("they are set");
        run(aiofiles::write_atomic(&path, "kept")).expect("it is written");
        assert_eq!(mode(&path), bits);
    }
    symlink("real/f", dir.path().join("ln")).expect("a link");
    symlink("ln", dir.path().join("ln2")).expect("a link");
    symlink("real/new", dir.path().join("dangling")).expect("a link");
    symlink("loop", dir.path().join("loop")).expect("a link");
    run(async {
        aiofiles::write_atomic(dir.path().join("ln2"), "through").await?;
        aiofiles::write_atomic(dir.path().join("dangling"), "made").await?;
        let looped = aiofiles::write_atomic(dir.path().join("loop"), "").await;
        assert!(looped.is_err());
        Ok::<(), Error>(())
    })
    .expect("all of it works");
    assert_eq!(fs::read(&path).expect("it is there"), b"through");
    assert_eq!(
        fs::read(dir.path().join("real/new")).expect("it is there"),
        b"made"
    );
    assert!(dir.path().join("ln2").is_symlink() && dir.path().join("dangling").is_symlink());
}

#[test]
fn failed_atomic_write_keeps_the_old_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("folder");
    fs::create_dir(&folder).expect("a folder");
    run(async {
        let error = aiofiles::write_atomic(&folder, "x")
            .await
            .expect_err("a folder");
        assert_eq!(error.kind(), ErrorKind::IsADirectory);
        assert_eq!(error.path(), Some(folder.as_path()));
        let missing = dir.path().join("no/f");
        let error = aiofiles::write_atomic(&missing, "x")
            .await
            .expect_err("missing");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.path(), Some(missing.as_path()));
        #[cfg(unix)]
        {
            assert!(error.raw_os_error().is_some(), "{error}");
            let error = aiofiles::write_atomic("/dev/null", "x")
                .await
                .expect_err("a device");
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
    });
    assert_eq!(names(dir.path()), ["folder"]);
}

/// A full disk in the middle of the content: the child process may write files
/// of 4 KiB only.
#[cfg(target_os = "linux")]
#[test]
fn atomic_write_that_runs_out_of_space_keeps_content_and_permissions() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    const PATH: &str = "AIOFILES_TEST_WRITE_ATOMIC";
    if let Some(path) = std::env::var_os(PATH) {
        let old = getrlimit(Resource::Fsize);
        let current = Some(4096);
        setrlimit(Resource::Fsize, Rlimit { current, ..old }).expect("a limit");
        let error = run(aiofiles::write_atomic(path, vec![1; 100_000])).expect_err("no space");
        assert_eq!(error.kind(), ErrorKind::FileTooLarge, "{error}");
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("f");
    fs::write(&path, "old").expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).expect("they are set");
    let test = "atomic_write_that_runs_out_of_space_keeps_content_and_permissions";
    // The signal of the limit is ignored by the shell, and so by its child.
    let program = std::env::current_exe().expect("this test");
    let child = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" --exact \"$1\""])
        .args([program.as_os_str(), test.as_ref()])
        .env(PATH, &path)
        .output()
        .expect("a child process");
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && output.contains("1 passed"),
        "{child:?}"
    );
    assert_eq!(fs::read(&path).expect("it is there"), b"old");
    assert_eq!(
        fs::metadata(&path).expect("it is there").mode() & 0o7777,
        0o604
    );
    assert_eq!(names(dir.path()), ["f"]);
}

#[cfg(target_os = "linux")]
#[test]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
fn names_may_be_as_long_and_as_strange_as_the_system_takes_them() {
    use std::os::unix::ffi::OsStrExt;
    let long = [b'x'; 255];
    for name in [&long[..], b"new\nline\x1b[1m", b"\xff\xfe not text", b" "] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(std::ffi::OsStr::from_bytes(name));
        run(aiofiles::write(&path, "one")).unwrap();
        run(aiofiles::write_atomic(&path, "two")).unwrap();
        assert_eq!(run(aiofiles::read(&path)).unwrap(), b"two");
        run(aiofiles::tempfile::atomic_file(&path).with(async |file| {
            file.write(b"three").await?;
            Ok(())
        }))
        .unwrap();
        let copy = dir.path().join("copy");
        run(aiofiles::os::copyfile(&path, &copy)).unwrap();
        assert_eq!(std::fs::read(&copy).unwrap(), b"three");
        run(aiofiles::os::remove(&path)).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
