//! Every operation of a file, given up at every moment, from every state that a file can
//! be in: afterwards all is as if it had not begun, or as if it was complete, in content,
//! position and what is read next.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/moments.rs"]
mod moments;
#[path = "common/public.rs"]
mod public;

use std::io::SeekFrom;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use aiofiles::executor::ManualExecutor;
use aiofiles::{BinaryFile, RawFile, TextFile, open};
use common::Dir;
use futures::StreamExt;
use moments::{go_on, whole};

const CONTENT: &str = "zero\none\ntwo \u{e9}\nthree\nfour\n";

/// More moments than any operation has here.
const MOMENTS: usize = 40;

/// How a file is brought into a state, by number, before the operation.
const STATES: usize = 8;

macro_rules! bring {
    ($file:ident, $jobs:ident, $state:expr, $write:expr) => {{
        let jobs = &$jobs;
        match $state {
            0 => {}
            1 => drop(whole($file.read().size(3), jobs).unwrap()),
            2 => drop(whole($file.write($write), jobs).unwrap()),
            3 => {
                whole($file.read().size(3), jobs).unwrap();
                whole($file.write($write), jobs).unwrap();
            }
            // Busy, or with the end of a job that nobody has seen.
            4 => drop(go_on($file.read(), jobs, 0)),
            5 => drop(go_on($file.read(), jobs, 1)),
            6 => drop(go_on($file.seek(SeekFrom::End(0)), jobs, 1)),
            _ => {
                whole($file.write($write), jobs).unwrap();
                drop(go_on($file.flush(), jobs, 0));
            }
        }
    }};
}

/// Where the file is, what it reads next, and what it holds in the end.
type Seen = (String, Vec<u8>, Vec<u8>);

/// A kind of file. What is done with each operation is compiled for each kind, and not for each
/// operation.
trait Tried: Sized {
    fn made(dir: &Dir, mode: &str, jobs: &ManualExecutor) -> (Self, PathBuf);

    fn bring(&mut self, jobs: &ManualExecutor, state: usize);

    fn see(self, jobs: &ManualExecutor, path: &Path) -> Seen;
}

macro_rules! tried {
    ($Kind:ty, $open:expr, $write:expr) => {
        impl Tried for $Kind {
            fn made(dir: &Dir, mode: &str, jobs: &ManualExecutor) -> (Self, PathBuf) {
                let path = dir.file("f", CONTENT);
                let open: fn(&Path) -> aiofiles::open::Open<_> = $open;
                let open = open(&path).mode(mode).executor(jobs.clone());
                (whole(open, jobs).unwrap(), path)
            }

            fn bring(&mut self, jobs: &ManualExecutor, state: usize) {
                let (file, jobs) = (self, jobs.clone());
                bring!(file, jobs, state, $write);
            }

            fn see(mut self, jobs: &ManualExecutor, path: &Path) -> Seen {
                let position = match whole(self.tell(), jobs) {
                    Ok(position) => position.to_string(),
                    Err(error) => error.to_string(),
                };
                let rest = match whole(self.read(), jobs) {
                    Ok(rest) => Vec::from(rest),
                    Err(error) => error.to_string().into_bytes(),
                };
                whole(self.close(), jobs).unwrap();
                (position, rest, std::fs::read(path).unwrap())
            }
        }
    };
}

tried!(BinaryFile, |path| open(path).binary(), b"WRITTEN");
tried!(RawFile, |path| open(path).raw(), b"WRITTEN");
tried!(TextFile, |path| open(path), "WRITTEN\n");

type Call<F> = for<'f> fn(&'f mut F) -> Pin<Box<dyn Future<Output = ()> + 'f>>;

/// An operation from every state, given up at every moment. Of `parts` is what else one that is
/// given up may have come to: a part that is whole in itself.
fn give_up<F: Tried>(name: &str, mode: &str, call: Call<F>, parts: &[Call<F>]) {
    for state in 0..STATES {
        let dir = Dir::new();
        let after = |step: &mut dyn FnMut(&mut F, &ManualExecutor)| {
            let jobs = ManualExecutor::new();
            let (mut file, path) = F::made(&dir, mode, &jobs);
            file.bring(&jobs, state);
            step(&mut file, &jobs);
            file.see(&jobs, &path)
        };
        // Not begun, and complete.
        let mut allowed = vec![after(&mut |_, _| ())];
        for complete in [call].iter().chain(parts) {
            allowed.push(after(&mut |file, jobs| whole(complete(file), jobs)));
        }
        let mut over = false;
        for moments in 0..MOMENTS {
            let seen = after(&mut |file, jobs| {
                over = go_on(call(file), jobs, moments).is_some();
            });
            assert!(
                allowed.contains(&seen),
                "{name}, {mode} in state {state} after {moments} moments: {seen:?} is none of \
                 {allowed:?}",
            );
            if over {
                break;
            }
        }
        assert!(over, "{name} has no end");
    }
}

/// The operations of one kind of file. With `or`, the parts of [`give_up`].
macro_rules! operations {
    ($Kind:ty, $mode:expr;
     $($name:literal: |$file:ident| $call:expr $(, or $part:expr)*;)*) => {
        $(give_up::<$Kind>(
            concat!(stringify!($Kind), ": ", $name),
            $mode,
            |$file| Box::pin(async move { drop($call.await) }),
            &[$(|$file| Box::pin(async move { drop($part.await) })),*],
        );)*
    };
}

#[test]
fn operations_of_bytes() {
    for mode in ["r+", "a+"] {
        operations! {
            BinaryFile, mode;
            "read": |file| file.read();
            "read of a size": |file| file.read().size(7);
            "readall": |file| file.readall();
            "read1": |file| file.read1(4);
            "peek": |file| file.peek(4);
            "readline": |file| file.readline();
            "readlines": |file| file.readlines();
            "readlines by a hint": |file| file.readlines().hint(7);
            "next_line": |file| file.next_line();
            "next_lines": |file| file.next_lines();
            "readinto": |file| async { file.readinto(&mut [0; 6]).await };
            "read_owned": |file| file.read_owned(Vec::with_capacity(6));
            "write": |file| file.write(b"ab");
            "writelines": |file| file.writelines([b"ab", b"cd"]), or file.write(b"ab");
            "write_owned": |file| file.write_owned(b"ab".to_vec());
            "flush": |file| file.flush();
            "seek": |file| file.seek(SeekFrom::Start(5));
            "seek from here": |file| file.seek(SeekFrom::Current(2));
            "seek from the end": |file| file.seek(SeekFrom::End(-4));
            "tell": |file| file.tell();
            "truncate": |file| file.truncate();
            "truncate to a size": |file| file.truncate().size(9);
            "set_len": |file| file.set_len(40);
            "metadata": |file| file.metadata();
            "sync_all": |file| file.sync_all();
            "sync_data": |file| file.sync_data();
            "lock": |file| file.lock();
            "try_lock": |file| file.try_lock();
            "unlock": |file| file.unlock();
            "batch": |file| file.batch(|file| file.metadata());
            "try_clone": |file| file.try_clone();
            "lines": |file| async { file.lines().next().await };
            "chunks": |file| async { BinaryFile::chunks(file, 4).next().await };
            "read_exact_at": |file| file.read_exact_at(3, 4);
            "readinto_at": |file| async { file.readinto_at(3, &mut [0; 4]).await };
            "set_permissions": |file| file.set_permissions(rights());
            "set_times": |file| file.set_times(std::fs::FileTimes::new());
            "read_at": |file| file.read_at(3, 4);
            "try_lock_shared": |file| file.try_lock_shared();
            "write_at": |file| file.write_at(3, b"at");
            "write_all_at": |file| file.write_all_at(3, b"at");
            "write_owned_at": |file| file.write_owned_at(3, b"at".to_vec());
            "tokio's read": |file| async {
                tokio::io::AsyncReadExt::read(file, &mut [0; 5]).await
            };
            "tokio's read_line": |file| async {
                tokio::io::AsyncBufReadExt::fill_buf(file).await.map(<[u8]>::len)
            };
            "tokio's write": |file| tokio::io::AsyncWriteExt::write(file, b"ab");
            "tokio's flush": |file| tokio::io::AsyncWriteExt::flush(file);
            "tokio's shutdown": |file| tokio::io::AsyncWriteExt::shutdown(file);
            "tokio's seek": |file| tokio::io::AsyncSeekExt::seek(file, SeekFrom::Start(5));
            "tokio's seek from here":
                |file| tokio::io::AsyncSeekExt::seek(file, SeekFrom::Current(2));
            "futures' seek": |file| futures::AsyncSeekExt::seek(file, SeekFrom::Current(2));
            "futures' write": |file| futures::AsyncWriteExt::write(file, b"ab");
        }
    }
}

#[test]
fn operations_of_raw_bytes() {
    for mode in ["r+", "a+"] {
        operations! {
            RawFile, mode;
            "read": |file| file.read();
            "read of a size": |file| file.read().size(7);
            "readall": |file| file.readall();
            "readline": |file| file.readline();
            "readlines": |file| file.readlines();
            "next_line": |file| file.next_line();
            "next_lines": |file| file.next_lines();
            "readinto": |file| async { file.readinto(&mut [0; 6]).await };
            "read_owned": |file| file.read_owned(Vec::with_capacity(6));
            "write": |file| file.write(b"ab");
            "writelines": |file| file.writelines([b"ab", b"cd"]), or file.write(b"ab");
            "write_owned": |file| file.write_owned(b"ab".to_vec());
            "flush": |file| file.flush();
            "seek": |file| file.seek(SeekFrom::Start(5));
            "seek from here": |file| file.seek(SeekFrom::Current(2));
            "tell": |file| file.tell();
            "truncate": |file| file.truncate();
            "set_len": |file| file.set_len(40);
            "metadata": |file| file.metadata();
            "sync_all": |file| file.sync_all();
            "batch": |file| file.batch(|file| file.metadata());
            "try_clone": |file| file.try_clone();
            "lines": |file| async { file.lines().next().await };
            "chunks": |file| async { RawFile::chunks(file, 4).next().await };
            "read_exact_at": |file| file.read_exact_at(3, 4);
            "readinto_at": |file| async { file.readinto_at(3, &mut [0; 4]).await };
            "set_permissions": |file| file.set_permissions(rights());
            "set_times": |file| file.set_times(std::fs::FileTimes::new());
            "read_at": |file| file.read_at(3, 4);
            "write_at": |file| file.write_at(3, b"at");
            "sync_data": |file| file.sync_data();
            "tokio's read": |file| async {
                tokio::io::AsyncReadExt::read(file, &mut [0; 5]).await
            };
            "tokio's write": |file| tokio::io::AsyncWriteExt::write(file, b"ab");
            "tokio's seek": |file| tokio::io::AsyncSeekExt::seek(file, SeekFrom::Current(2));
            "tokio's shutdown": |file| tokio::io::AsyncWriteExt::shutdown(file);
        }
    }
}

#[test]
fn operations_of_text() {
    use aiofiles::TextPosition;
    for mode in ["r+", "a+"] {
        operations! {
            TextFile, mode;
            "read": |file| file.read();
            "read of a size": |file| file.read().size(7);
            "readline": |file| file.readline();
            "readline of a size": |file| file.readline().size(2);
            "readlines": |file| file.readlines();
            "readlines by a hint": |file| file.readlines().hint(7);
            "next_line": |file| file.next_line();
            "next_lines": |file| file.next_lines();
            "write": |file| file.write("\u{e9}b");
            "writelines": |file| file.writelines(["ab", "cd"]), or file.write("ab");
            "flush": |file| file.flush();
            "seek to the start": |file| file.seek(SeekFrom::Start(0));
            "seek to the end": |file| file.seek(SeekFrom::End(0));
            "seek to here": |file| file.seek(SeekFrom::Current(0));
            "seek to a position": |file| {
                let there: TextPosition = whole_position();
                file.seek(there)
            };
            "tell": |file| file.tell();
            "truncate": |file| file.truncate();
            "truncate to a size": |file| file.truncate().size(9);
            "set_len": |file| file.set_len(40);
            "metadata": |file| file.metadata();
            "sync_all": |file| file.sync_all();
            "lock_shared": |file| file.lock_shared();
            "batch": |file| file.batch(|file| file.metadata());
            "try_clone": |file| file.try_clone();
            "reconfigure": |file| file.reconfigure().line_buffering(true);
            "lines": |file| async { file.lines().next().await };
        }
    }
}

/// That behind the first line.
fn whole_position() -> aiofiles::TextPosition {
    let (dir, jobs) = (Dir::new(), ManualExecutor::new());
    let path = dir.file("f", CONTENT);
    let mut file = whole(open(&path).executor(jobs.clone()), &jobs).unwrap();
    whole(file.readline(), &jobs).unwrap();
    whole(file.tell(), &jobs).unwrap()
}

/// What a new file gets.
fn rights() -> std::fs::Permissions {
    let dir = Dir::new();
    std::fs::metadata(dir.file("f", "")).unwrap().permissions()
}

/// What is written by files that are closed, or given away for what is below: all of it.
macro_rules! ends {
    ($($name:literal: $open:expr, $write:expr, |$file:ident| $call:expr;)*) => {{
        $(
            for state in 0..STATES {
                let end = |moments: usize| {
                    let (dir, jobs) = (Dir::new(), ManualExecutor::new());
                    let path = dir.file("f", CONTENT);
                    let open: fn(&Path) -> aiofiles::open::Open<_> = $open;
                    let open = open(&path).mode("r+").executor(jobs.clone());
                    let mut $file = whole(open, &jobs).unwrap();
                    bring!($file, jobs, state, $write);
                    let over = go_on(async move { $call.await.map(drop).unwrap() }, &jobs, moments);
                    jobs.run_all();
                    (over.is_some(), std::fs::read_to_string(&path).unwrap())
                };
                let (over, complete) = end(1000);
                assert!(over, "{} has no end", $name);
                for moments in 0..MOMENTS {
                    let (over, seen) = end(moments);
                    assert_eq!(seen, complete, "{}, {state}, {moments} moments", $name);
                    if over {
                        break;
                    }
                }
            }
        )*
    }};
}

#[test]
fn ends_of_files() {
    ends! {
        "close": |path| open(path).binary(), b"WRITTEN", |file| file.close();
        "detach": |path| open(path).binary(), b"WRITTEN", |file| file.detach();
        "into_std": |path| open(path).binary(), b"WRITTEN", |file| file.into_std();
        "into_raw": |path| open(path).binary(), b"WRITTEN", |file| file.into_raw();
        "raw close": |path| open(path).raw(), b"WRITTEN", |file| file.close();
        "raw into_std": |path| open(path).raw(), b"WRITTEN", |file| file.into_std();
        "text close": |path| open(path), "WRITTEN", |file| file.close();
        "text detach": |path| open(path), "WRITTEN", |file| file.detach();
        "text into_std": |path| open(path), "WRITTEN", |file| file.into_std();
        "text flush": |path| open(path), "WRITTEN", |file| file.flush();
    }
}

/// What is tried here and in `given_up_calls.rs`, by the file that has it.
const TRIED: &[(&str, &str)] = &[
    (
        "file/attributes.rs",
        "metadata set_permissions set_times sync_all sync_data",
    ),
    (
        "file/binary.rs",
        "detach peek read read1 readall readinto write writelines",
    ),
    (
        "file/bytes/methods.rs",
        "lines next_line next_lines read_owned readline readlines seek set_len tell truncate \
         write_owned",
    ),
    ("file/chunks.rs", "chunks"),
    (
        "file/common.rs",
        "batch close flush lock lock_shared try_lock try_lock_shared unlock",
    ),
    ("file/hand_over.rs", "into_raw into_std"),
    (
        "file/positional.rs",
        "read_at read_exact_at readinto_at write_all_at write_at write_owned_at",
    ),
    ("file/raw.rs", "read readall readinto write writelines"),
    ("file/std_file.rs", "try_clone"),
    (
        "file/text.rs",
        "detach lines next_line next_lines read readline readlines",
    ),
    ("file/text/reconfigure.rs", "reconfigure"),
    ("file/text/seeking.rs", "seek set_len tell truncate"),
    ("file/text/write.rs", "write writelines"),
    ("open.rs", "binary open raw"),
    ("os/copyfile.rs", "copyfile"),
    ("os/copytree.rs", "copytree"),
    ("os/folders.rs", "makedirs mkdir removedirs rmdir"),
    (
        "os/names.rs",
        "link remove rename renames replace symlink unlink",
    ),
    ("os/rmtree.rs", "rmtree"),
    (
        "tempfile.rs",
        "named_temporary_file spooled_temporary_file temporary_file with",
    ),
    ("tempfile/atomic.rs", "atomic_file commit discard text with"),
    (
        "tempfile/directory.rs",
        "cleanup close temporary_directory with",
    ),
    ("tempfile/named.rs", "close persist"),
    ("tempfile/spooled.rs", "fileno rollover write"),
    ("tempfile/traits.rs", "flush read seek write"),
    ("whole.rs", "write write_atomic"),
];

/// What is not, because it changes nothing, or stands on what is tried; or it is tried
/// with other streams, in `text_stream*.rs`, `stdio.rs`, `scandir.rs` and `walk.rs`.
const ELSEWHERE: &[(&str, &str)] = &[
    ("executor/thread_pool.rs", "shutdown"),
    ("file/bytes/methods.rs", "into_lines"),
    ("file/chunks.rs", "into_chunks"),
    ("file/text.rs", "into_lines"),
    ("open.rs", "any try_with with"),
    // They hand on to those of the three kinds.
    (
        "open/any.rs",
        "batch close flush into_raw lock lock_shared metadata seek set_len set_permissions \
         set_times sync_all sync_data tell truncate try_lock try_lock_shared unlock",
    ),
    ("open/any/std_file.rs", "into_std try_clone"),
    ("open/wrap.rs", "any binary raw text wrap"),
    ("os/folders.rs", "getcwd listdir sync_dir"),
    (
        "os/metadata.rs",
        "access chmod chown lstat stat statvfs utime",
    ),
    ("os/names.rs", "readlink"),
    ("os/scandir.rs", "next_entry scandir stat"),
    ("os/sendfile.rs", "sendfile"),
    ("os/walk.rs", "next_dir walk"),
    (
        "ospath.rs",
        "exists getatime getctime getmtime getsize isdir isfile islink ismount lexists samefile \
         sameopenfile",
    ),
    ("ospath/names.rs", "abspath expanduser"),
    ("ospath/realpath.rs", "realpath"),
    ("raw_io/adapt.rs", "reader"),
    ("stdio.rs", "set_stderr set_stdin set_stdout"),
    (
        "stdio/input.rs",
        "close flush lines next_line read read1 read_owned readall readinto readline readlines \
         reconfigure",
    ),
    (
        "stdio/output.rs",
        "close flush reconfigure write write_owned writelines",
    ),
    ("tempfile.rs", "any binary raw text try_with"),
    ("tempfile/atomic.rs", "any binary raw try_with"),
    ("tempfile/directory.rs", "try_with"),
    ("tempfile/spooled.rs", "truncate write_owned writelines"),
    ("text.rs", "futures_reader futures_writer reader writer"),
    ("text/making.rs", "into_lines"),
    (
        "text/reader.rs",
        "into_lines lines next_line next_lines read readline readlines reconfigure",
    ),
    ("text/writer.rs", "close flush reconfigure write writelines"),
    ("whole.rs", "read read_to_string"),
];

#[test]
fn every_public_operation_is_tried_or_has_a_reason() {
    let tables = [TRIED, ELSEWHERE];
    public::assert_all(&public::by_name(tables.into_iter().flatten()));
}
