//! Names and trees at their limits: links without end, depth without descriptors,
//! copies onto what is no file.
#![cfg(unix)] // FIFOs, descriptors and links as Unix has them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use aiofiles::{ThreadPoolExecutor, os, ospath};
use common::{Dir, run};

fn real(path: impl AsRef<Path>) -> PathBuf {
    run(async { ospath::realpath(path).await.unwrap() })
}

#[test]
fn realpath_follows_any_number_of_links() {
    let dir = Dir::new();
    let root = std::fs::canonicalize(dir.path()).unwrap();
    std::fs::write(root.join("target"), "").unwrap();
    symlink("target", root.join("l0")).unwrap();
    for n in 1..10_000 {
        symlink(format!("l{}", n - 1), root.join(format!("l{n}"))).unwrap();
    }
    assert_eq!(real(root.join("l9999")), root.join("target"));
    let strict = ospath::realpath(root.join("l9999")).strict(true);
    assert_eq!(run(strict).unwrap(), root.join("target"));
}

#[test]
fn realpath_goes_on_behind_a_link_to_itself() {
    let dir = Dir::new();
    let root = std::fs::canonicalize(dir.path()).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    symlink("target", root.join("link")).unwrap();
    symlink("b", root.join("a")).unwrap();
    symlink("a", root.join("b")).unwrap();
    for (given, expected) in [
        ("loop/../link", "target"),
        ("loop/link", "loop/link"),
        ("loop/x/../../link", "target"),
        ("link/x", "target/x"),
        ("missing/../link", "target"),
        ("a/../link/./y/", "target/y"),
        (".//link", "target"),
    ] {
        assert_eq!(real(root.join(given)), root.join(expected), "{given}");
    }
    for given in ["loop", "loop/x", "a", "link", "missing/x"] {
        let strict = ospath::realpath(root.join(given)).strict(true);
        assert!(run(strict).is_err(), "{given}");
    }
    std::fs::write(root.join("target"), "").unwrap();
    let through = ospath::realpath(root.join("link/x")).strict(true);
    assert_eq!(run(through).unwrap_err().kind(), ErrorKind::NotADirectory);
}

#[test]
fn strict_realpath_of_a_path_that_asks_for_a_folder_wants_one() {
    let dir = Dir::new();
    let root = std::fs::canonicalize(dir.path()).unwrap();
    std::fs::write(root.join("file"), "").unwrap();
    std::fs::create_dir(root.join("folder")).unwrap();
    for (link, to) in [
        ("l", "file"),
        ("l2", "file/"),
        ("l3", "folder/."),
        ("l4", "file/."),
    ] {
        symlink(to, root.join(link)).unwrap();
    }
    for given in [
        "file/", "file/.", "file//./", "file/..", "l/", "l/.", "l2", "l4", "l4/x",
    ] {
        let strict = ospath::realpath(root.join(given)).strict(true);
        let error = run(strict).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotADirectory, "{given}");
    }
    for given in ["folder/", "folder/.", "l3", "l3/", "folder/../folder/"] {
        let strict = ospath::realpath(root.join(given)).strict(true);
        assert_eq!(run(strict).unwrap(), root.join("folder"), "{given}");
    }
    assert_eq!(real(root.join("file/")), root.join("file"), "not strict");
}

#[test]
fn folders_are_not_made_in_a_file() {
    let dir = Dir::new();
    let root = dir.path();
    std::fs::write(root.join("file"), "").unwrap();
    // As CPython's.
    for (path, kind) in [
        ("file", ErrorKind::AlreadyExists),
        ("file/", ErrorKind::AlreadyExists),
        ("file/.", ErrorKind::NotADirectory),
        ("file/./.", ErrorKind::NotADirectory),
        ("file/x", ErrorKind::NotADirectory),
    ] {
        for exist_ok in [false, true] {
            let error = run(os::makedirs(root.join(path)).exist_ok(exist_ok)).unwrap_err();
            assert_eq!(error.kind(), kind, "{path} {exist_ok}");
        }
    }
    run(os::makedirs(root.join("a/."))).unwrap();
    let error = run(os::makedirs(root.join("a/."))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    run(os::makedirs(root.join("a/.")).exist_ok(true)).unwrap();
}

#[test]
fn realpath_follows_each_link_of_a_bomb_once() {
    let dir = Dir::new();
    let root = std::fs::canonicalize(dir.path()).unwrap();
    // Each leads through the next twice: two to the thirtieth, followed by name.
    for n in 0..30 {
        let next = format!("l{}", n + 1);
        symlink(format!("{next}/../{next}"), root.join(format!("l{n}"))).unwrap();
    }
    assert_eq!(real(root.join("l0")), root.join("l30"));
}

#[test]
fn expanduser_keeps_what_is_behind_the_user() {
    let home = std::env::home_dir().unwrap();
    let home = home.to_str().unwrap().trim_end_matches('/');
    let or_root = |path: String| {
        if path.is_empty() {
            "/".to_owned()
        } else {
            path
        }
    };
    for (given, expected) in [
        ("~", or_root(home.to_owned())),
        ("~/", format!("{home}/")),
        ("~//", format!("{home}//")),
        ("~/x", format!("{home}/x")),
        ("~/x/", format!("{home}/x/")),
        ("~/./x", format!("{home}/./x")),
        ("x/~", "x/~".to_owned()),
        ("./~", "./~".to_owned()),
        ("", String::new()),
        (
            "~nobody-of-that-name/x/",
            "~nobody-of-that-name/x/".to_owned(),
        ),
    ] {
        let path = run(async { ospath::expanduser(given).await.unwrap() });
        assert_eq!(path.as_os_str(), expected.as_str(), "{given}");
    }
}

#[test]
fn samefile_names_the_one_that_is_missing() {
    let dir = Dir::new();
    let (there, gone) = (dir.file("there", ""), dir.join("gone"));
    for (a, b) in [(&there, &gone), (&gone, &there)] {
        let error = run(async { ospath::samefile(a, b).await.unwrap_err() });
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.path(), Some(gone.as_path()));
        assert!(!error.to_string().contains("there"), "{error}");
    }
}

fn fifo(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

/// Whether somebody who waits at the other end of a FIFO is let go.
fn is_opened(fifo: &Path, write: bool, call: impl FnOnce()) -> bool {
    let path = fifo.to_owned();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut options = std::fs::OpenOptions::new();
        let opened = options.read(!write).write(write).open(path).is_ok();
        sender.send(opened).unwrap();
    });
    // It is in open(2), or soon will be: nothing tells, so the call is made twice, with
    // time for it in between.
    call();
    let early = receiver.recv_timeout(Duration::from_millis(200)).is_ok();
    // Let go, so that the thread ends.
    let mut options = std::fs::OpenOptions::new();
    drop(options.read(true).write(true).open(fifo).unwrap());
    early || {
        receiver.recv_timeout(Duration::from_secs(10)).unwrap();
        false
    }
}

#[test]
fn copyfile_does_not_open_what_it_refuses() {
    let dir = Dir::new();
    let (file, pipe) = (dir.file("file", "text"), dir.join("pipe"));
    fifo(&pipe);
    for (src, dst) in [(&file, &pipe), (&pipe, &file), (&pipe, &dir.join("new"))] {
        let refuse = || {
            let error = run(async { os::copyfile(src, dst).await.unwrap_err() });
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        };
        // A reader waits for a writer, a writer for a reader.
        assert!(!is_opened(&pipe, src == &pipe, refuse), "{src:?} {dst:?}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), b"text");
    assert!(!dir.join("new").exists());
    // A tree over one, too.
    let (tree, over) = (dir.join("tree"), dir.join("over"));
    std::fs::create_dir(&tree).unwrap();
    std::fs::create_dir(&over).unwrap();
    std::fs::write(tree.join("f"), "text").unwrap();
    fifo(&over.join("f"));
    let refuse = || {
        let copied = run(async { os::copytree(&tree, &over).dirs_exist_ok(true).await });
        assert_eq!(copied.unwrap_err().kind(), ErrorKind::InvalidInput);
    };
    assert!(!is_opened(&over.join("f"), false, refuse));
}

#[test]
fn copyfile_says_what_is_missing() {
    let dir = Dir::new();
    let file = dir.file("file", "text");
    std::fs::create_dir(dir.join("dir")).unwrap();
    for (dst, kind) in [
        ("missing/", ErrorKind::NotFound),
        ("missing/x", ErrorKind::NotFound),
        ("dir", ErrorKind::IsADirectory),
        ("dir/", ErrorKind::IsADirectory),
        ("file/", ErrorKind::NotADirectory),
    ] {
        let error = run(async { os::copyfile(&file, dir.join(dst)).await.unwrap_err() });
        assert_eq!(error.kind(), kind, "{dst}: {error}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), b"text");
}

#[test]
fn copytree_gives_links_their_times() {
    let dir = Dir::new();
    let src = dir.join("src");
    std::fs::create_dir(&src).unwrap();
    symlink("nowhere", src.join("link")).unwrap();
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    run(async {
        let set = os::utime(src.join("link")).times(then, then);
        set.follow_symlinks(false).await.unwrap();
        os::copytree(&src, dir.join("kept"))
            .symlinks(true)
            .await
            .unwrap();
        let kept = os::lstat(dir.join("kept/link")).await.unwrap();
        assert_eq!(kept.modified().unwrap(), then);
        let copy = os::copytree(&src, dir.join("new")).symlinks(true);
        copy.times(false).await.unwrap();
        let new = os::lstat(dir.join("new/link")).await.unwrap();
        assert_ne!(new.modified().unwrap(), then);
    });
}

/// Makes a tree so many levels deep, each with a file in it.
fn deep(root: &Path, levels: usize) {
    std::fs::create_dir(root).unwrap();
    // By a shell that goes down: a path of all of it is too long.
    let script = "i=0; while [ $i -lt $1 ]; do : >f; mkdir d; cd -P d || exit 1; i=$((i+1)); done";
    let made = Command::new("sh")
        .args(["-c", script, "sh", &levels.to_string()])
        .current_dir(root)
        .status()
        .unwrap();
    assert!(made.success());
}

const TREE: &str = "AIOFILES_TEST_TREE";

/// Not a test of its own: what the children of the next one do.
#[test]
fn remove_a_tree_with_few_descriptors() {
    let Some(tree) = std::env::var_os(TREE) else {
        return;
    };
    let pool = ThreadPoolExecutor::new(1);
    let removed = futures::executor::block_on(os::rmtree(tree).executor(pool));
    println!("removed {}", removed.unwrap());
}

#[test]
fn rmtree_needs_few_descriptors_however_deep_a_tree_is() {
    let dir = Dir::new();
    for (descriptors, levels) in [(72, 300), (16, 300), (12, 40), (64, 500)] {
        let root = dir.join("tree");
        deep(&root, levels);
        let line = format!(
            "ulimit -n {descriptors}; exec \"$0\" --exact remove_a_tree_with_few_descriptors \
             --nocapture"
        );
        let output = Command::new("sh")
            .args(["-c", &line])
            .arg(std::env::current_exe().unwrap())
            .env(TREE, &root)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let expected = format!("removed {}", 2 * levels + 1);
        assert!(
            told.contains(&expected),
            "{descriptors} {levels}: {output:?}"
        );
        assert!(!root.exists());
    }
}
