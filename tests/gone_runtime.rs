//! Files that outlive the tokio runtime they were opened on, as a log that the whole
//! process shares, or one that several `#[tokio::test]`s use.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/system.rs"]
mod system;

use std::fs;
use std::future::poll_fn;
use std::io::SeekFrom;
use std::pin::pin;
use std::sync::mpsc::{Sender, channel};

use aiofiles::{Error, delegate, tempfile};
use common::{Dir, poll_once};
use futures::TryStreamExt;
use futures::executor::block_on;
use tokio::runtime::{Builder, Runtime};

/// A runtime with one thread for blocking calls.
fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.max_blocking_threads(1).build().unwrap()
}

/// Occupies the only blocking thread of `runtime` until the sender is dropped.
fn occupy(runtime: &Runtime) -> Sender<()> {
    let (begun, has_begun) = channel();
    let (end, ended) = channel::<()>();
    runtime.spawn_blocking(move || {
        begun.send(()).unwrap();
        ended.recv().unwrap_err();
    });
    has_begun.recv().unwrap();
    end
}

/// Ends `runtime` before it comes to what waits for its occupied thread.
fn end(runtime: Runtime, occupied: Sender<()>) {
    runtime.shutdown_background();
    drop(occupied);
}

#[test]
fn file_goes_on_in_another_runtime_with_all_that_was_written() {
    let dir = Dir::new();
    let path = dir.join("log");
    let first = runtime();
    let mut file = first.block_on(async {
        let mut file = aiofiles::open(&path).mode("w+").await.unwrap();
        file.write("one\n").await.unwrap();
        file
    });
    drop(first);
    for (number, line) in ["two\n", "three\n"].into_iter().enumerate() {
        runtime().block_on(async {
            file.write(line).await.unwrap();
            file.flush().await.unwrap();
            file.seek(SeekFrom::Start(0)).await.unwrap();
            assert_eq!(file.readlines().await.unwrap().len(), number + 2);
        });
    }
    runtime().block_on(file.close()).unwrap();
    assert_eq!(
        fs::read(&path).unwrap(),
        system::native("one\ntwo\nthree\n").as_bytes()
    );
}

#[test]
fn raw_and_binary_files_and_locks_go_on_in_another_runtime() {
    let dir = Dir::new();
    let path = dir.join("f");
    let first = runtime();
    let (mut raw, mut binary) = first.block_on(async {
        let raw = aiofiles::open(&path).raw().mode("w").await.unwrap();
        let binary = aiofiles::open(&path).binary().mode("r+").await.unwrap();
        (raw, binary)
    });
    drop(first);
    runtime().block_on(async {
        binary.lock().await.unwrap();
        raw.write(b"abc").await.unwrap();
        raw.write_all_at(3, b"d").await.unwrap();
        binary.unlock().await.unwrap();
        assert_eq!(binary.read().await.unwrap(), b"abcd");
        assert_eq!(raw.metadata().await.unwrap().len(), 4);
        binary.close().await.unwrap();
        raw.close().await.unwrap();
    });
}

#[test]
fn job_that_the_runtime_did_not_come_to_runs_in_the_next() {
    let dir = Dir::new();
    let path = dir.join("f");
    let first = runtime();
    let mut file = first
        .block_on(aiofiles::open(&path).binary().mode("w").into_future())
        .unwrap();
    let occupied = occupy(&first);
    first.block_on(async {
        file.write(b"first ").await.unwrap();
        // Given up: the bytes are on their way with a job that has not begun.
        let mut flush = pin!(file.flush());
        assert!(poll_once(flush.as_mut()).is_none());
    });
    end(first, occupied);
    runtime().block_on(async {
        file.write(b"second").await.unwrap();
        file.close().await.unwrap();
    });
    assert_eq!(fs::read(&path).unwrap(), b"first second");
}

#[test]
fn write_behind_that_the_runtime_did_not_come_to_is_written_by_the_next() {
    let dir = Dir::new();
    let path = dir.join("f");
    let first = runtime();
    let mut file = first
        .block_on(aiofiles::open(&path).binary().mode("w").into_future())
        .unwrap();
    let occupied = occupy(&first);
    let block = vec![b'x'; 1 << 20];
    first.block_on(async {
        // More than a buffer: its job waits for the thread.
        let mut write = pin!(file.write(&block));
        assert!(poll_once(write.as_mut()).is_none_or(|done| done.is_ok()));
    });
    end(first, occupied);
    runtime().block_on(async {
        file.write(b"end").await.unwrap();
        file.sync_all().await.unwrap();
    });
    let content = fs::read(&path).unwrap();
    assert!(content.ends_with(b"end"));
    assert!(
        content[..content.len() - 3]
            .iter()
            .all(|&byte| byte == b'x')
    );
}

#[test]
fn call_that_waits_while_its_runtime_ends_runs_in_the_one_that_polls_it() {
    let first = runtime();
    let occupied = occupy(&first);
    let mut call = pin!(delegate(|| 7));
    first.block_on(async {
        assert!(poll_once(call.as_mut()).is_none());
    });
    end(first, occupied);
    assert_eq!(runtime().block_on(call).unwrap(), 7);
}

#[test]
fn without_a_runtime_the_error_says_what_to_do_and_nothing_is_lost() {
    let dir = Dir::new();
    let path = dir.join("f");
    let first = runtime();
    let mut file = first.block_on(async {
        let mut file = aiofiles::open(&path).mode("w").await.unwrap();
        file.write("kept").await.unwrap();
        file
    });
    drop(first);
    let error = block_on(file.flush()).unwrap_err();
    assert!(
        matches!(error, Error::ExecutorGone { op: "flush", .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("a tokio runtime"), "{error}");
    runtime().block_on(file.flush()).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"kept");
    // The same for a file that is dropped where there is no runtime.
    runtime().block_on(file.write(" too")).unwrap();
    drop(file);
    assert_eq!(fs::read(&path).unwrap(), b"kept too");
}

#[test]
fn executor_that_was_asked_for_is_not_replaced() {
    let dir = Dir::new();
    let first = runtime();
    let open = aiofiles::open(dir.join("f")).mode("w");
    let mut file = first
        .block_on(open.executor(first.handle().clone()).into_future())
        .unwrap();
    drop(first);
    runtime().block_on(async {
        file.write("kept").await.unwrap();
        let error = file.flush().await.unwrap_err();
        assert!(matches!(error, Error::ExecutorGone { .. }), "{error:?}");
    });
}

#[test]
fn temporary_files_and_folders_go_on_in_another_runtime() {
    let first = runtime();
    let (mut named, mut spooled, mut folder) = first.block_on(async {
        let mut named = tempfile::named_temporary_file().await.unwrap();
        named.write(b"named").await.unwrap();
        let mut spooled = tempfile::spooled_temporary_file()
            .max_size(4)
            .await
            .unwrap();
        spooled.write(b"spo").await.unwrap();
        (
            named,
            spooled,
            tempfile::temporary_directory().await.unwrap(),
        )
    });
    let (path, folder_path) = (named.name().to_owned(), folder.path().to_owned());
    drop(first);
    runtime().block_on(async {
        named.flush().await.unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"named");
        named.close().await.unwrap();
        spooled.write(b"oled").await.unwrap();
        spooled.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(spooled.read().await.unwrap(), b"spooled");
        folder.close().await.unwrap();
    });
    assert!(!path.exists() && !folder_path.exists());
}

#[test]
fn atomic_file_is_committed_by_another_runtime() {
    let dir = Dir::new();
    let path = dir.join("f");
    let first = runtime();
    let mut file = first.block_on(async {
        let mut file = tempfile::atomic_file(&path).await.unwrap();
        file.write(b"new").await.unwrap();
        file
    });
    drop(first);
    runtime().block_on(file.commit()).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
}

#[test]
fn streams_and_followers_go_on_in_another_runtime() {
    let dir = Dir::new();
    let log = dir.join("log");
    fs::write(&log, "one\n").unwrap();
    let sub = dir.join("sub");
    fs::create_dir(&sub).unwrap();
    for number in 0..300 {
        fs::write(sub.join(number.to_string()), "").unwrap();
    }
    let first = runtime();
    let (mut lines, mut entries, mut walk) = first.block_on(async {
        let mut lines = aiofiles::open(&log).await.unwrap().into_lines().follow();
        assert_eq!(lines.try_next().await.unwrap().unwrap().trim(), "one");
        let mut entries = aiofiles::os::scandir(&sub).await.unwrap();
        entries.try_next().await.unwrap().unwrap();
        let mut walk = aiofiles::os::walk(dir.path());
        walk.try_next().await.unwrap().unwrap();
        (lines, entries, walk)
    });
    drop(first);
    runtime().block_on(async {
        let append = fs::File::options().append(true).open(&log).unwrap();
        std::io::Write::write_all(&mut &append, b"two\n").unwrap();
        assert_eq!(lines.try_next().await.unwrap().unwrap().trim(), "two");
        let mut count = 1;
        while let Some(entry) = entries.try_next().await.unwrap() {
            entry.stat().await.unwrap();
            count += 1;
        }
        assert_eq!(count, 300);
        assert_eq!(walk.try_next().await.unwrap().unwrap().files.len(), 300);
    });
}

#[test]
fn call_on_a_shared_file_goes_on_in_another_runtime() {
    let dir = Dir::new();
    let path = dir.join("f");
    let first = runtime();
    let mut raw = first
        .block_on(aiofiles::open(&path).raw().mode("w").into_future())
        .unwrap();
    let occupied = occupy(&first);
    first.block_on(async {
        let mut write = pin!(raw.write(b"abc"));
        assert!(poll_once(write.as_mut()).is_none());
    });
    end(first, occupied);
    // `&self`, and behind the write that was given up.
    runtime().block_on(async {
        let mut sync = pin!(raw.sync_all());
        poll_fn(|cx| sync.as_mut().poll(cx)).await.unwrap();
    });
    assert_eq!(fs::read(&path).unwrap(), b"abc");
}
