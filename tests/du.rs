//! The example `du`, compared with the system's `du -sb`.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `target/<profile>/examples/du`, which `cargo test` builds with the tests.
fn example() -> PathBuf {
    let test = std::env::current_exe().expect("this test");
    let profile = test
        .parent()
        .and_then(Path::parent)
        .expect("target/<profile>/deps");
    profile.join("examples/du")
}

#[test]
fn example_counts_as_the_system_does() {
    let dir = tempfile::tempdir().expect("a folder");
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    fs::create_dir_all(a.join("deep/er")).expect("folders");
    fs::create_dir(&b).expect("a folder");
    for i in 0..500 {
        fs::write(a.join(format!("deep/{i}")), vec![0; i]).expect("a file");
    }
    fs::write(b.join("f"), "12345").expect("a file");
    fs::hard_link(b.join("f"), b.join("g")).expect("a link");
    symlink("../a", b.join("link")).expect("a link");
    symlink("nowhere", a.join("deep/er/link")).expect("a link");
    fs::File::create(b.join("sparse"))
        .and_then(|f| f.set_len(1 << 30))
        .expect("a file");

    if !example().exists() {
        println!("skipped: `cargo test --test du` alone does not build the example");
        return;
    }
    let Ok(system) = Command::new("du").arg("-sb").args([&a, &b]).output() else {
        println!("skipped: no du here");
        return;
    };
    let example = Command::new(example())
        .args([&a, &b])
        .output()
        .expect("it is built");
    assert!(example.status.success(), "{example:?}");
    assert!(example.stderr.is_empty(), "no progress without a terminal");
    assert_eq!(
        String::from_utf8_lossy(&example.stdout),
        String::from_utf8_lossy(&system.stdout)
    );
    let missing = Command::new(self::example())
        .arg(dir.path().join("no"))
        .output()
        .expect("it is built");
    assert!(!missing.status.success());
}
