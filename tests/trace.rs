//! The example `trace`: what it logs.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn every_job_is_logged_with_its_path() {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let example = profile
        .join("examples/trace")
        .with_extension(std::env::consts::EXE_EXTENSION);
    if !example.exists() {
        println!("skipped: `cargo test --test trace` alone does not build the example");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (file, missing) = (path("file"), path("missing"));
    fs::write(&file, "a\nb\n").unwrap();
    let output = Command::new(example)
        .args([&file, &missing])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!("2 {file}\n")
    );
    let told = String::from_utf8(output.stderr).unwrap();
    let mut jobs: Vec<(&str, &str)> = told
        .lines()
        .filter(|line| line.contains(" waited ") && line.contains(" took "))
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            (words[0], words[words.len() - 1])
        })
        .collect();
    // Of the last read there may be one to be sure of the end.
    jobs.dedup();
    assert_eq!(
        jobs,
        [
            ("open", file.as_str()),
            ("read", &file),
            ("close", &file),
            ("open", &missing),
        ],
        "{told}"
    );
}
