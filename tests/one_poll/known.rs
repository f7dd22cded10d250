//! The table knows every public operation: the sources are read for them.

use std::collections::BTreeSet;
use std::path::Path;

use super::{bytes, other, text};

/// Calls that move no content, or none that grows with what a file holds: opening,
/// positions, names, permissions. Each is one job, or answered from memory.
const LITTLE: &[(&str, &str)] = &[
    ("executor/thread_pool.rs", "shutdown"),
    (
        "file/attributes.rs",
        "sync_all sync_data metadata set_permissions set_times",
    ),
    ("file/bytes/methods.rs", "seek tell truncate set_len"),
    (
        "file/common.rs",
        "close flush lock lock_shared try_lock try_lock_shared unlock",
    ),
    ("file/hand_over.rs", "into_raw into_std"),
    ("file/std_file.rs", "try_clone"),
    ("file/text/reconfigure.rs", "reconfigure"),
    ("file/text/seeking.rs", "tell seek truncate set_len"),
    ("open.rs", "open binary raw any with try_with"),
    (
        "open/any.rs",
        "close flush tell seek truncate set_len sync_all sync_data metadata set_permissions \
         set_times lock lock_shared try_lock try_lock_shared unlock into_raw",
    ),
    ("open/any/std_file.rs", "try_clone into_std"),
    ("open/wrap.rs", "wrap binary text raw any"),
    (
        "os/folders.rs",
        "mkdir makedirs rmdir removedirs listdir sync_dir getcwd",
    ),
    (
        "os/metadata.rs",
        "stat lstat statvfs access chmod chown utime",
    ),
    (
        "os/names.rs",
        "rename replace renames remove unlink link symlink readlink",
    ),
    ("os/scandir.rs", "stat next_entry scandir"),
    ("os/walk.rs", "next_dir walk"),
    (
        "ospath.rs",
        "exists lexists isfile isdir islink ismount getsize getatime getmtime getctime \
         samefile sameopenfile",
    ),
    ("ospath/names.rs", "abspath expanduser"),
    ("ospath/realpath.rs", "realpath"),
    ("stdio.rs", "set_stdin set_stdout set_stderr"),
    ("stdio/input.rs", "close flush reconfigure"),
    ("stdio/output.rs", "flush close reconfigure"),
    (
        "tempfile.rs",
        "temporary_file named_temporary_file spooled_temporary_file text binary raw any with \
         try_with",
    ),
    (
        "tempfile/atomic.rs",
        "atomic_file text binary raw any with try_with commit discard",
    ),
    (
        "tempfile/directory.rs",
        "temporary_directory with try_with cleanup close",
    ),
    ("tempfile/named.rs", "close persist"),
    ("tempfile/spooled.rs", "fileno truncate"),
    ("tempfile/traits.rs", "flush seek"),
    ("text.rs", "reader futures_reader writer futures_writer"),
    ("text/reader.rs", "reconfigure"),
    ("text/writer.rs", "reconfigure"),
    // What it reads, a job does.
    ("raw_io/adapt.rs", "reader"),
];

/// Calls that hand all they move to one job, from a path to a path.
const IN_A_JOB: &[(&str, &str)] = &[
    ("os/copyfile.rs", "copyfile"),
    ("os/copytree.rs", "copytree"),
    ("os/rmtree.rs", "rmtree"),
    ("os/sendfile.rs", "sendfile"),
    // The caller's own function, and its result.
    ("file/common.rs", "batch"),
    ("open/any.rs", "batch"),
];

/// The words behind `word` in `text`, up to what is no part of a name.
fn names_behind<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    let name = |rest: &'a str| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        &rest[..end.unwrap_or(rest.len())]
    };
    text.split(word).skip(1).map(name)
}

fn sources(folder: &Path, found: &mut Vec<(String, String)>, root: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found, root);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
            let name = path.strip_prefix(root).unwrap();
            found.push((name.to_str().unwrap().to_owned(), code));
        }
    }
}

/// All public functions that are async or give something to be awaited, as (file, name).
fn operations() -> BTreeSet<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root, &mut found, &root);
    let mut pending = BTreeSet::new();
    for (_, code) in &found {
        pending.extend(names_behind(code, "Future for "));
        pending.extend(names_behind(code, "Stream for "));
        for line in code.lines().filter(|line| line.starts_with("pub type ")) {
            let of = ["= Call<", "= Lines<", "= Chunks<"];
            if of.iter().any(|of| line.contains(of)) {
                pending.extend(names_behind(line, "pub type "));
            }
        }
    }
    // Every file is a stream of lines; what gives a file is seldom awaited for them.
    pending.remove("File");
    pending.remove("");
    let mut all = BTreeSet::new();
    for (file, code) in &found {
        let code = format!("\n{code}");
        for (at, _) in code.match_indices("pub ") {
            let before = &code[..at];
            if !before.ends_with([' ', '\n']) || !before.trim_end_matches(' ').ends_with('\n') {
                continue;
            }
            let head = &code[at..];
            let head = &head[..head.find(['{', ';']).unwrap_or(head.len())];
            let head = head.split(" where").next().unwrap();
            let gives = head.rsplit_once(") -> ").map_or("", |(_, gives)| gives);
            let gives = gives.split(|c: char| !c.is_alphanumeric()).next().unwrap();
            let name = if head.starts_with("pub async fn ") {
                names_behind(head, "pub async fn ").next()
            } else if head.starts_with("pub fn ") && pending.contains(gives) {
                names_behind(head, "pub fn ").next()
            } else {
                None
            };
            all.extend(name.map(|name| (file.clone(), name.to_owned())));
        }
    }
    all
}

#[test]
fn every_public_operation_has_a_row() {
    let found = operations();
    assert!(found.len() > 150, "only {} were found", found.len());
    let known: BTreeSet<(String, String)> =
        [LITTLE, IN_A_JOB, bytes::ROWS, text::ROWS, other::ROWS]
            .into_iter()
            .flatten()
            .flat_map(|(file, names)| {
                let names = names.split_whitespace();
                names.map(|name| ((*file).to_owned(), name.to_owned()))
            })
            .collect();
    let missing: Vec<_> = found.difference(&known).collect();
    assert!(missing.is_empty(), "without a row: {missing:?}");
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(gone.is_empty(), "there is no such operation: {gone:?}");
}
