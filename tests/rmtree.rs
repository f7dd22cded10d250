//! `os::rmtree`: all of the tree, and nothing else.

mod common;
#[path = "common/system.rs"]
mod system;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use aiofiles::os;
use common::run;
use system::{link_to_file, link_to_folder};

fn fill(root: &Path, width: usize) {
    for i in 0..width {
        let folder = root.join(format!("d{i}/e"));
        fs::create_dir_all(&folder).expect("folders");
        for j in 0..width {
            fs::write(folder.join(format!("f{j}")), "").expect("a file");
        }
    }
}

#[test]
fn tree_is_removed_and_counted() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path().join("root");
    fill(&root, 20);
    let (tell, told) = std::sync::mpsc::channel();
    let call = os::rmtree(&root).on_progress(move |removed| tell.send(removed).unwrap_or_default());
    let removed = run(call).expect("it is removed");
    assert!(!root.exists());
    assert_eq!(removed, 1 + 20 * (2 + 20));
    let told: Vec<_> = told.try_iter().collect();
    assert!(told.iter().copied().eq(1..=removed));
}

#[test]
fn what_is_no_folder_is_refused_and_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("f");
    fs::write(&file, "").expect("a file");
    let kind = |path: &Path| run(os::rmtree(path)).expect_err("refused").kind();
    assert_eq!(kind(&file), ErrorKind::NotADirectory);
    assert!(file.exists());
    assert_eq!(kind(&dir.path().join("no")), ErrorKind::NotFound);
    run(os::rmtree(dir.path().join("no")).ignore_errors(true)).expect("ignored");
    let target = dir.path().join("target");
    fill(&target, 2);
    let link = dir.path().join("ln");
    if link_to_folder("target", &link).is_some() {
        assert_eq!(kind(&link), ErrorKind::NotADirectory);
        assert_eq!(kind(&dir.path().join("ln/")), ErrorKind::NotADirectory);
        assert!(target.join("d1/e/f1").exists() && link.is_symlink());
    }
}

#[test]
fn links_in_it_are_removed_and_not_followed() {
    let dir = tempfile::tempdir().expect("a folder");
    let (root, out) = (dir.path().join("root"), dir.path().join("out"));
    fill(&root, 2);
    fill(&out, 2);
    link_to_folder(&out, root.join("ln"));
    link_to_file("nowhere", root.join("d0/dangling"));
    run(os::rmtree(&root)).expect("it is removed");
    assert!(!root.exists());
    assert!(out.join("d1/e/f1").exists());
}

#[cfg(unix)]
#[test]
fn folder_swapped_for_a_link_midway_is_not_followed() {
    // Whatever the moment of the swap: at each removal in turn, all folders
    // that are left are replaced by links to one outside.
    for moment in 1..30 {
        let dir = tempfile::tempdir().expect("a folder");
        let (root, out) = (dir.path().join("root"), dir.path().join("out"));
        fill(&root, 3);
        fill(&out, 3);
        let (there, elsewhere, to) = (root.clone(), dir.path().join("moved"), out.clone());
        fs::create_dir(&elsewhere).expect("a folder");
        let call = os::rmtree(&root).on_progress(move |removed| {
            if removed != moment {
                return;
            }
            for i in 0..3 {
                for name in [format!("d{i}/e"), format!("d{i}")] {
                    let folder = there.join(&name);
                    if folder.is_dir()
                        && fs::rename(&folder, elsewhere.join(name.replace('/', "-"))).is_ok()
                    {
                        std::os::unix::fs::symlink(&to, folder).expect("a link");
                    }
                }
            }
        });
        // It may fail, but never outside.
        drop(run(call));
        for i in 0..3 {
            for j in 0..3 {
                assert!(out.join(format!("d{i}/e/f{j}")).exists(), "at {moment}");
            }
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn depth_costs_no_stack_and_few_descriptors() {
    use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
    const DEPTH: usize = 5000;
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path().join("root");
    fs::create_dir(&root).expect("a folder");
    // Deeper than any path could name.
    let folder = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut fd = openat(CWD, &root, folder, Mode::empty()).expect("a folder");
    for _ in 0..DEPTH {
        mkdirat(&fd, "d", Mode::RWXU).expect("a folder");
        openat(&fd, "f", OFlags::CREATE, Mode::RWXU).expect("a file");
        fd = openat(&fd, "d", folder, Mode::empty()).expect("a folder");
    }
    drop(fd);
    let call = os::rmtree(&root).on_progress(|removed| {
        if removed % 500 == 0 {
            let open = fs::read_dir("/proc/self/fd").expect("a folder").count();
            assert!(open < 200, "{open} descriptors");
        }
    });
    // A thread of a pool has 2 MiB of stack.
    let pool = aiofiles::ThreadPoolExecutor::new(1);
    let removed = run(call.executor(pool)).expect("it is removed");
    assert_eq!(removed, 2 * DEPTH as u64 + 1);
    assert!(!root.exists());
}

#[test]
fn folder_is_not_emptied_by_a_name_that_cannot_be_removed() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path().join("root");
    fill(&root, 2);
    for name in [".", "..", "d0/.", "d0/..", "d0/./", "d0/e/.."] {
        for ignore in [false, true] {
            let removed = run(os::rmtree(root.join(name)).ignore_errors(ignore));
            let error = removed.expect_err("it is refused");
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name}");
        }
    }
    assert!(root.join("d0/e/f0").exists() && root.join("d1/e/f1").exists());
}

#[cfg(unix)]
#[test]
fn with_errors_ignored_a_folder_that_is_moved_away_keeps_none_of_the_others() {
    // Deeper than folders are held open.
    const DEPTH: usize = 40;
    for ignore in [true, false] {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().join("root");
        let deep = root.join(["d"; DEPTH].join("/"));
        fs::create_dir_all(&deep).expect("folders");
        for n in 0..20 {
            fs::write(root.join(format!("f{n}")), "").expect("a file");
            fs::write(root.join(format!("d/f{n}")), "").expect("a file");
        }
        let (moved, to, last) = (root.join("d/d"), dir.path().join("moved"), deep.clone());
        let call = os::rmtree(&root)
            .ignore_errors(ignore)
            .on_progress(move |_| {
                if !last.exists() && moved.exists() {
                    fs::rename(&moved, &to).expect("it is moved");
                }
            });
        match (run(call), ignore) {
            (Ok(_), true) => assert!(!root.exists()),
            (Err(error), false) => assert!(error.to_string().contains("was moved"), "{error}"),
            (other, _) => panic!("{ignore}: {other:?}"),
        }
        assert!(
            dir.path().join("moved").exists(),
            "it was never empty to the end"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_removed_is_named_or_ignored() {
    use std::os::unix::fs::PermissionsExt;
    if rustix::process::geteuid().is_root() {
        println!("skipped: root may remove everything");
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path().join("root");
    fill(&root, 3);
    let closed = root.join("d1/e");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).expect("they are set");
    let error = run(os::rmtree(&root)).expect_err("denied");
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.path().expect("it is named").starts_with(&closed));
    run(os::rmtree(&root).ignore_errors(true)).expect("ignored");
    assert!(closed.join("f0").exists() && !root.join("d0").exists() && !root.join("d2").exists());
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("they are set");
}

#[test]
fn panicking_progress_is_an_error() {
    let dir = tempfile::tempdir().expect("a folder");
    fill(&dir.path().join("root"), 2);
    let call = os::rmtree(dir.path().join("root")).on_progress(|_| panic!("oh"));
    let error = run(call).expect_err("a panic");
    assert!(matches!(
        error,
        aiofiles::Error::Panicked { op: "rmtree", .. }
    ));
}
