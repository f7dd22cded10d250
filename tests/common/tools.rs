//! The examples, as tools.

use std::path::Path;
use std::process::Command;

/// `target/<profile>/examples/<name>`, which `cargo test` builds with the tests.
pub(crate) fn example(name: &str) -> Option<Command> {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let path = profile.join("examples").join(name);
    if !path.exists() {
        println!("skipped: `cargo test --test NAME` alone does not build `{name}`");
        return None;
    }
    Some(Command::new(path))
}
