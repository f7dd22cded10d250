//! The page of the tests (`tests/README.md`) names every one that there is, and no other.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn the_page_of_the_tests_names_them_all() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let there: BTreeSet<String> = std::fs::read_dir(&tests)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let page = std::fs::read_to_string(tests.join("README.md")).unwrap();
    let mut named = BTreeSet::new();
    // The tables behind it are about other things.
    let (tables, _) = page.split_once("\n## Running them\n").unwrap();
    for row in tables.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.split(" | ").collect();
        let name = cells[1].trim_matches('`');
        if name != "test" {
            assert!(named.insert(name.to_owned()), "{name} is named twice");
            assert!(cells.len() == 3, "{row}");
        }
    }
    let missing: Vec<_> = there.difference(&named).collect();
    assert!(missing.is_empty(), "not in tests/README.md: {missing:?}");
    let gone: Vec<_> = named.difference(&there).collect();
    assert!(gone.is_empty(), "there is no such test: {gone:?}");
}
