//! The table knows every public operation.

use super::{bytes, other, public, text};

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

#[test]
fn every_public_operation_has_a_row() {
    let tables = [LITTLE, IN_A_JOB, bytes::ROWS, text::ROWS, other::ROWS];
    public::assert_all(&public::by_name(tables.into_iter().flatten()));
}
