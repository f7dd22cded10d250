//! `os::copyfile` (= `copy`) and `os::copytree`.

mod common;
#[path = "common/system.rs"]
mod system;

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use aiofiles::{Error, ThreadPoolExecutor, os};
use common::run;
use system::link_to_file;

struct Dir(tempfile::TempDir);

impl Dir {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("folders");
        fs::write(&path, bytes).expect("a file");
        path
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("a folder");
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
}

#[test]
fn content_of_any_size_is_copied() {
    let dir = Dir::new();
    for size in [0, 1, 4096, 1_000_003, 9_000_001] {
        let bytes: Vec<u8> = (0..size).map(|i: u32| (i % 251) as u8).collect();
        let src = dir.file("src", &bytes);
        // Over a longer one.
        let dst = dir.file("dst", &vec![7; size as usize + 10]);
        let mut seen = Vec::new();
        let (tell, told) = std::sync::mpsc::channel();
        let call = aiofiles::copy(&src, &dst)
            .on_progress(move |done, total| tell.send((done, total)).unwrap_or_default());
        assert_eq!(run(call).expect("a copy"), u64::from(size));
        assert_eq!(fs::read(&dst).expect("it is there"), bytes);
        seen.extend(told.try_iter());
        assert_eq!(seen.last(), Some(&(size.into(), size.into())));
        assert!(seen.is_sorted());
        if size > 8_000_000 {
            assert!(seen.len() > 1, "told between pieces");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn files_that_do_not_tell_their_size_are_copied() {
    let dir = Dir::new();
    let bytes = run(os::copyfile("/proc/self/maps", dir.join("maps"))).expect("a copy");
    assert!(bytes > 100);
    assert_eq!(
        fs::read(dir.join("maps")).expect("it is there").len() as u64,
        bytes
    );
    assert!(run(os::copyfile("/proc/version", "/dev/null")).expect("a copy") > 10);
}

#[cfg(target_os = "linux")]
#[test]
fn copies_between_file_systems() {
    let dir = Dir::new();
    let Ok(other) = tempfile::tempdir_in("/dev/shm") else {
        println!("skipped: no /dev/shm");
        return;
    };
    let bytes: Vec<u8> = (0..3_000_000u32).map(|i| (i % 253) as u8).collect();
    let src = dir.file("src", &bytes);
    let there = other.path().join("there");
    run(async {
        os::copyfile(&src, &there).await?;
        os::copyfile(&there, dir.join("back")).await
    })
    .expect("both copies");
    assert_eq!(fs::read(dir.join("back")).expect("it is there"), bytes);
}

#[cfg(target_os = "linux")]
#[test]
fn holes_stay_holes() {
    use std::os::unix::fs::{FileExt, MetadataExt};
    let dir = Dir::new();
    let src = dir.join("src");
    let file = File::create(&src).expect("a file");
    file.write_all_at(b"begin", 0).expect("a write");
    file.write_all_at(&[5; 10_000], 40 << 20).expect("a write");
    file.set_len(100 << 20).expect("a hole");
    file.sync_all().expect("on the disk");
    let before = fs::metadata(&src).expect("it is there").blocks();
    assert_eq!(
        run(os::copyfile(&src, dir.join("dst"))).expect("a copy"),
        100 << 20
    );
    let copy = fs::metadata(dir.join("dst")).expect("it is there");
    assert_eq!(copy.len(), 100 << 20);
    assert!(
        copy.blocks() <= before + 64,
        "{} of {before} blocks",
        copy.blocks()
    );
    let same =
        fs::read(&src).expect("it is there") == fs::read(dir.join("dst")).expect("it is there");
    assert!(same);
}

#[cfg(unix)]
#[test]
fn permissions_are_kept_unless_told_otherwise() {
    use std::os::unix::fs::PermissionsExt;
    let dir = Dir::new();
    let mode = |name: &str| {
        fs::metadata(dir.join(name))
            .expect("it is there")
            .permissions()
            .mode()
            & 0o7777
    };
    // tokio#2354.
    for bits in [0o600, 0o444, 0o755, 0o4755] {
        let src = dir.file(&format!("src{bits:o}"), b"text");
        fs::set_permissions(&src, fs::Permissions::from_mode(bits)).expect("they are set");
        run(os::copyfile(&src, dir.join("kept"))).expect("a copy");
        assert_eq!(mode("kept"), bits);
        fs::remove_file(dir.join("kept")).expect("it is there");

        let old = dir.file("old", b"old");
        fs::set_permissions(&old, fs::Permissions::from_mode(0o640)).expect("they are set");
        run(os::copyfile(&src, &old).permissions(false)).expect("a copy");
        assert_eq!(mode("old"), 0o640);
        run(os::copyfile(&src, &old)).expect("a copy");
        assert_eq!(mode("old"), bits);
        fs::remove_file(old).expect("it is there");
    }
    run(os::copyfile(dir.join("src600"), dir.join("new")).permissions(false)).expect("a copy");
    assert_eq!(mode("new") & 0o600, 0o600);
}

#[test]
fn times_are_kept_on_request() {
    let dir = Dir::new();
    let src = dir.file("src", b"text");
    let then = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    run(async {
        os::utime(&src).times(then, then).await?;
        os::copyfile(&src, dir.join("a")).await?;
        os::copyfile(&src, dir.join("b")).times(true).await?;
        assert_ne!(aiofiles::ospath::getmtime(dir.join("a")).await?, then);
        assert_eq!(aiofiles::ospath::getmtime(dir.join("b")).await?, then);
        Ok::<(), Error>(())
    })
    .expect("all of it works");
}

#[test]
fn the_same_file_is_refused_and_kept() {
    let dir = Dir::new();
    let src = dir.file("src", b"text");
    fs::hard_link(&src, dir.join("hard")).expect("a link");
    let mut others = vec![src.clone(), dir.join("./src"), dir.join("hard")];
    if link_to_file("src", dir.join("soft")).is_some() {
        others.push(dir.join("soft"));
    }
    for other in others {
        let error = run(os::copyfile(&src, &other)).expect_err("the same file");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert_eq!(error.path(), Some(src.as_path()));
        assert_eq!(error.dst(), Some(other.as_path()));
        assert_eq!(fs::read(&src).expect("it is there"), b"text");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused() {
    let dir = Dir::new();
    let src = dir.file("src", b"text");
    let status = std::process::Command::new("mkfifo")
        .arg(dir.join("fifo"))
        .status();
    assert!(status.expect("mkfifo runs").success());
    let kind = |a: PathBuf, b: PathBuf| run(os::copyfile(a, b)).expect_err("refused").kind();
    // Neither waits for the other end of the FIFO.
    assert_eq!(
        kind(dir.join("fifo"), dir.join("dst")),
        ErrorKind::InvalidInput
    );
    assert!(run(os::copyfile(&src, dir.join("fifo"))).is_err());
    assert_eq!(
        kind(dir.join("."), dir.join("dst")),
        ErrorKind::IsADirectory
    );
    assert_eq!(kind(src.clone(), dir.join(".")), ErrorKind::IsADirectory);
    assert_eq!(kind(dir.join("no"), dir.join("dst")), ErrorKind::NotFound);
    assert_eq!(kind(src, dir.join("no/dst")), ErrorKind::NotFound);
    assert_eq!(dir.names(), ["fifo", "src"]);
}

#[test]
fn link_is_copied_as_a_link_when_told() {
    let dir = Dir::new();
    if link_to_file("nowhere", dir.join("ln")).is_none() {
        return;
    }
    run(os::copyfile(dir.join("ln"), dir.join("copy")).follow_symlinks(false)).expect("a copy");
    assert_eq!(
        fs::read_link(dir.join("copy")).expect("a link"),
        PathBuf::from("nowhere")
    );
    let error = run(os::copyfile(dir.join("ln"), dir.join("copy2"))).expect_err("it dangles");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[cfg(target_os = "linux")]
#[test]
fn failed_copy_removes_what_it_made() {
    // A file in procfs that opens and cannot be read.
    let dir = Dir::new();
    let unreadable = "/proc/self/mem";
    let error = run(os::copyfile(unreadable, dir.join("dst"))).expect_err("address 0");
    assert_eq!(error.path(), Some(unreadable.as_ref()));
    assert!(!dir.join("dst").exists());
    dir.file("dst", b"old");
    run(os::copyfile(unreadable, dir.join("dst"))).expect_err("address 0");
    assert!(dir.join("dst").exists(), "it was there before");
}

#[cfg(target_os = "linux")]
#[test]
fn copy_through_links_to_nothing_makes_what_they_lead_to_or_nothing() {
    use std::os::unix::fs::symlink;
    let dir = Dir::new();
    fs::create_dir(dir.join("sub")).expect("a folder");
    symlink("sub/b", dir.join("a")).expect("a link");
    symlink("../c", dir.join("sub/b")).expect("a link");
    run(os::copyfile("/proc/self/mem", dir.join("a"))).expect_err("address 0");
    assert_eq!(dir.names(), ["a", "sub"], "no half file");
    dir.file("src", b"content");
    run(os::copyfile(dir.join("src"), dir.join("a"))).expect("it is copied");
    assert_eq!(fs::read(dir.join("c")).expect("it is there"), b"content");
    assert!(dir.join("a").is_symlink() && dir.join("sub/b").is_symlink());
    symlink("loop", dir.join("loop")).expect("a link");
    let error = run(os::copyfile(dir.join("src"), dir.join("loop"))).expect_err("a loop");
    assert_eq!(
        error.raw_os_error(),
        Some(rustix::io::Errno::LOOP.raw_os_error())
    );
    symlink("none/x", dir.join("lost")).expect("a link");
    let error = run(os::copyfile(dir.join("src"), dir.join("lost"))).expect_err("no folder");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn dropped_copy_stops_between_pieces_and_leaves_nothing() {
    let dir = Dir::new();
    let src = dir.join("src");
    let mut file = File::create(&src).expect("a file");
    for _ in 0..32 {
        file.write_all(&vec![1; 1 << 20]).expect("a write");
    }
    let pool = ThreadPoolExecutor::new(1);
    let (first, was_first) = std::sync::mpsc::sync_channel(0);
    let (go, may_go) = std::sync::mpsc::channel::<()>();
    let pieces = Arc::new(AtomicU64::new(0));
    let count = pieces.clone();
    let mut call = os::copyfile(&src, dir.join("dst"))
        .executor(pool.clone())
        .on_progress(move |_, _| {
            if count.fetch_add(1, Ordering::SeqCst) == 0 {
                first.send(()).unwrap_or_default();
                may_go.recv().unwrap_or_default();
            }
        });
    assert!(futures::FutureExt::now_or_never(&mut call).is_none());
    was_first.recv().expect("the first piece is copied");
    drop(call);
    go.send(()).expect("the job waits");
    futures::executor::block_on(aiofiles::delegate(|| ()).executor(pool)).expect("after the copy");
    assert_eq!(pieces.load(Ordering::SeqCst), 1);
    assert_eq!(dir.names(), ["src"]);
}

#[test]
fn tree_is_copied_with_content_and_times() {
    let dir = Dir::new();
    dir.file("src/a/b/1", b"one");
    dir.file("src/a/2", b"two");
    dir.file("src/3", b"three");
    fs::create_dir(dir.join("src/empty")).expect("a folder");
    let then = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    run(async {
        os::utime(dir.join("src/a/2")).times(then, then).await?;
        os::utime(dir.join("src/a")).times(then, then).await?;
        let (tell, told) = std::sync::mpsc::channel();
        let call = os::copytree(dir.join("src"), dir.join("new/dst"));
        let bytes = call
            .on_progress(move |files, bytes| tell.send((files, bytes)).unwrap_or_default())
            .await?;
        assert_eq!(bytes, 11);
        assert_eq!(told.try_iter().last(), Some((3, 11)));
        for (name, text) in [("a/b/1", "one"), ("a/2", "two"), ("3", "three")] {
            let path = dir.join("new/dst").join(name);
            assert_eq!(aiofiles::read_to_string(path).await?, text);
        }
        assert!(dir.join("new/dst/empty").is_dir());
        for name in ["a/2", "a"] {
            let time = aiofiles::ospath::getmtime(dir.join("new/dst").join(name)).await?;
            assert_eq!(time, then, "{name}");
        }

        let again = os::copytree(dir.join("src"), dir.join("new/dst"));
        let error = again.await.expect_err("it is there");
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        os::copytree(dir.join("src"), dir.join("new/dst"))
            .dirs_exist_ok(true)
            .await?;
        Ok::<(), Error>(())
    })
    .expect("all of it works");
}

#[test]
fn tree_is_not_copied_into_itself() {
    let dir = Dir::new();
    dir.file("src/f", b"");
    for dst in ["src/x", "src/x/y", "src/../src/x"] {
        let call = os::copytree(dir.join("src"), dir.join(dst));
        let error = run(call).expect_err("in itself");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    assert_eq!(fs::read_dir(dir.join("src")).expect("a folder").count(), 1);
}

#[cfg(unix)]
#[test]
fn tree_is_not_copied_into_itself_through_a_link() {
    use std::os::unix::fs::symlink;
    let dir = Dir::new();
    dir.file("src/f", b"text");
    dir.file("box/g", b"beside");
    fs::create_dir_all(dir.join("there/deep")).expect("a folder");
    symlink("../box", dir.join("src/link")).expect("a link");
    run(async {
        let dst = dir.join("box/copy");
        let error = os::copytree(dir.join("src"), &dst)
            .await
            .expect_err("endless");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(!dst.join("link/copy").exists());

        // Not its root, but a folder of it.
        fs::remove_file(dir.join("src/link")).expect("removed");
        fs::create_dir(dir.join("src/deep")).expect("a folder");
        symlink("../../there/deep", dir.join("src/deep/link")).expect("a link");
        let call = os::copytree(dir.join("src"), dir.join("there"));
        let error = call.dirs_exist_ok(true).await.expect_err("endless");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(!dir.join("there/deep/link/link").exists());
        Ok::<(), Error>(())
    })
    .expect("nothing else fails");
}

#[cfg(unix)]
#[test]
fn links_in_a_tree() {
    use std::os::unix::fs::symlink;
    let dir = Dir::new();
    dir.file("src/f", b"text");
    dir.file("out/g", b"outside");
    symlink("f", dir.join("src/ln")).expect("a link");
    symlink("../out", dir.join("src/out")).expect("a link");
    run(async {
        os::copytree(dir.join("src"), dir.join("followed")).await?;
        assert!(!dir.join("followed/ln").is_symlink());
        assert_eq!(
            fs::read(dir.join("followed/out/g")).expect("a file"),
            b"outside"
        );

        for _ in 0..2 {
            let call = os::copytree(dir.join("src"), dir.join("kept"));
            call.symlinks(true).dirs_exist_ok(true).await?;
        }
        assert_eq!(
            fs::read_link(dir.join("kept/ln")).expect("a link"),
            PathBuf::from("f")
        );
        assert!(dir.join("kept/out").is_symlink());

        symlink("nowhere", dir.join("src/dangling")).expect("a link");
        let error = os::copytree(dir.join("src"), dir.join("d1"))
            .await
            .expect_err("it dangles");
        assert_eq!(error.path(), Some(dir.join("src/dangling").as_path()));
        let call = os::copytree(dir.join("src"), dir.join("d2"));
        call.ignore_dangling_symlinks(true).await?;

        fs::create_dir(dir.join("src/sub")).expect("a folder");
        symlink("..", dir.join("src/sub/up")).expect("a link");
        let call = os::copytree(dir.join("src"), dir.join("d3"));
        let error = call
            .ignore_dangling_symlinks(true)
            .await
            .expect_err("a loop");
        assert_eq!(
            error.raw_os_error(),
            Some(rustix::io::Errno::LOOP.raw_os_error())
        );
        Ok::<(), Error>(())
    })
    .expect("all of it works");
}
