//! The table knows every public operation: the sources are read for them.

use std::collections::BTreeSet;

use super::operations::operations;
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
    ("open/kind.rs", "close flush"),
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
];

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
