//! A file that somebody else uses at the same time: another descriptor, one that shares
//! the cursor, another thread, a child process.
//!
//! Where CPython is the judge, what it did is recorded (`tests/oracle/two_hands.py`); else
//! plain system calls are. A random sequence that fails prints its seed:
//! `AIOFILES_SEED=… cargo test --test two_hands random` runs it alone.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "two_hands/random.rs"]
mod random;
#[path = "two_hands/recorded.rs"]
mod recorded;
#[path = "common/system.rs"]
mod system;

use std::fs::File;
use std::sync::{Arc, Barrier};

use aiofiles::ThreadPoolExecutor;
#[cfg(unix)]
use aiofiles::executor::InlineExecutor;
use common::Dir;
use futures::executor::block_on;

#[test]
fn what_two_append_at_once_is_there_whole_and_in_order() {
    const LINES: usize = 2_000;
    let dir = Dir::new();
    let path = dir.join("log");
    let pool = ThreadPoolExecutor::new(2);
    let start = Arc::new(Barrier::new(3));
    let ours = |name: &'static str| {
        let (path, pool, start) = (path.clone(), pool.clone(), start.clone());
        std::thread::spawn(move || {
            block_on(async {
                let open = aiofiles::open(&path).mode("a").buffering(100);
                let mut file = open.executor(pool).await.unwrap();
                start.wait();
                for n in 0..LINES {
                    file.write(&format!("{name} {n}\n")).await.unwrap();
                    if n % 7 == 0 {
                        file.flush().await.unwrap();
                    }
                }
                file.close().await.unwrap();
            });
        })
    };
    let others = {
        let (path, start) = (path.clone(), start.clone());
        std::thread::spawn(move || {
            use std::io::Write as _;
            let file = File::options().append(true).create(true).open(path);
            let mut file = file.unwrap();
            start.wait();
            for n in 0..LINES {
                file.write_all(format!("other {n}\n").as_bytes()).unwrap();
            }
        })
    };
    for hand in [ours("one"), ours("two"), others] {
        hand.join().unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap();
    for name in ["one", "two", "other"] {
        let of = text.lines().filter_map(|line| line.split_once(' '));
        let numbers: Vec<usize> = of
            .filter(|(of, _)| *of == name)
            .map(|(_, n)| n.parse().unwrap())
            .collect();
        assert_eq!(numbers, (0..LINES).collect::<Vec<_>>(), "{name}");
    }
    assert_eq!(text.lines().count(), 3 * LINES);
}

/// What a file has opened itself, it does not ask for its cursor, until somebody else could
/// have moved it. (Elsewhere it asks each time.)
#[cfg(target_os = "linux")]
#[test]
fn whoever_got_the_descriptor_of_a_file_is_reckoned_with() {
    use std::io::{Seek, SeekFrom, Write};
    use std::os::fd::AsRawFd;

    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

    let dir = Dir::new();
    for way in ["as_fd", "as_fd of any", "as_raw_fd", "batch"] {
        block_on(async {
            let path = dir.join(way);
            std::fs::write(&path, vec![b'.'; 100]).unwrap();
            let open = aiofiles::open(&path).any().mode("r+b");
            let any = open.executor(InlineExecutor).nowait(false).await.unwrap();
            let mut other = (way == "as_fd of any").then(|| system::same_open_file(&any));
            let aiofiles::AnyFile::Binary(mut file) = any else {
                panic!("a file of bytes")
            };
            file.write(b"01").await.unwrap();
            file.flush().await.unwrap();
            match way {
                "as_fd" => other = Some(system::same_open_file(&file)),
                "batch" => other = Some(file.batch(|file| file.try_clone()).await.unwrap()),
                // By the number alone, as foreign code would.
                "as_raw_fd" => {
                    let number = file.as_raw_fd();
                    let me = pidfd_open(getpid(), PidfdFlags::empty()).unwrap();
                    match pidfd_getfd(me, number, PidfdGetfdFlags::empty()) {
                        Ok(same) => other = Some(same.into()),
                        Err(error) => {
                            println!("skipped: no handle by its number: {error}");
                            return;
                        }
                    }
                }
                _ => {}
            }
            let mut other = other.unwrap();
            other.seek(SeekFrom::Start(50)).unwrap();
            file.write(b"23").await.unwrap();
            file.flush().await.unwrap();
            assert_eq!(file.tell().await.unwrap(), 52, "{way}");
            other.write_all(b"45").unwrap();
            // Before it reads into an empty buffer, it asks.
            assert_eq!(file.read().size(6).await.unwrap(), b"......", "{way}");
            assert_eq!(file.tell().await.unwrap(), 60, "{way}");
            file.seek(SeekFrom::Start(0)).await.unwrap();
            rustix::fs::fcntl_setfl(&other, rustix::fs::OFlags::APPEND).unwrap();
            file.write(b"67").await.unwrap();
            file.flush().await.unwrap();
            assert_eq!(file.tell().await.unwrap(), 102, "{way}");
        });
    }
}

/// The other one is a process of its own, which has inherited the descriptor.
#[cfg(unix)]
#[test]
fn a_child_writes_where_its_parent_has_come_to_and_the_parent_goes_on_behind_it() {
    use std::process::{Command, Stdio};
    let dir = Dir::new();
    let path = dir.join("f");
    let child = |file: File, command: &str| {
        let mut child = Command::new("sh");
        child
            .args(["-c", command])
            .stdin(Stdio::null())
            .stdout(file);
        assert!(child.status().unwrap().success());
    };
    block_on(async {
        let open = aiofiles::open(&path).mode("w+").executor(InlineExecutor);
        let mut file = open.await.unwrap();
        file.write("parent, ").await.unwrap();
        file.flush().await.unwrap();
        child(system::same_open_file(&file), "printf 'child, '");
        file.write("parent again").await.unwrap();
        file.flush().await.unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "parent, child, parent again"
        );
        // What was read ahead is given back before somebody else reads on.
        file.seek(std::io::SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.read().size(8).await.unwrap(), "parent, ");
        let std = file.into_std().await.unwrap();
        let mut reads = Command::new("cat");
        let output = reads.stdin(std).output().unwrap();
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            "child, parent again"
        );
    });
}

#[cfg(unix)]
#[test]
fn what_a_child_cuts_off_is_neither_read_nor_written_back() {
    use std::process::Command;
    let dir = Dir::new();
    let path = dir.join("f");
    block_on(async {
        for truncated in [0, 5, 100_000] {
            std::fs::write(&path, vec![b'x'; 300_000]).unwrap();
            let open = aiofiles::open(&path).binary().mode("r+");
            let mut file = open.executor(InlineExecutor).await.unwrap();
            file.seek(std::io::SeekFrom::Start(150_000)).await.unwrap();
            assert_eq!(file.read().size(10).await.unwrap(), [b'x'; 10]);
            let mut child = Command::new("truncate");
            let status = child
                .arg("-s")
                .arg(truncated.to_string())
                .arg(&path)
                .status();
            if !status.is_ok_and(|status| status.success()) {
                eprintln!("skipped: there is no truncate(1) here");
                return;
            }
            // At the end there is nothing; a write makes a hole, and nothing comes back.
            assert_eq!(
                file.seek(std::io::SeekFrom::End(0)).await.unwrap(),
                truncated
            );
            assert_eq!(file.read().await.unwrap(), b"");
            file.seek(std::io::SeekFrom::Start(150_000)).await.unwrap();
            file.write(b"end").await.unwrap();
            file.close().await.unwrap();
            let mut expected = vec![b'x'; truncated as usize];
            expected.resize(150_000, 0);
            expected.extend(b"end");
            assert!(std::fs::read(&path).unwrap() == expected, "{truncated}");
        }
    });
}
