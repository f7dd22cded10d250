//! Lines and texts that grow until there is no more memory: an error that names the file,
//! never the end of the process, and the file goes on.
//!
//! Each case runs in a child of its own, whose memory is limited.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs::File;
use std::io::{ErrorKind, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;

use aiofiles::executor::InlineExecutor;
use aiofiles::open::Open;
use aiofiles::{Error, open};
use common::{Dir, run};
use futures::StreamExt;

/// How much memory a child has, in KiB.
const LIMIT: usize = 160 * 1024;

const CHILD: &str = "AIOFILES_MEMORY_CHILD";

/// Runs `test` in a child with little memory, and a file there that is far larger and
/// has no line end. `None` outside of the child, where nothing is left to do.
fn sparse(test: &str) -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(CHILD) {
        return Some(path.into());
    }
    let dir = Dir::new();
    let path = dir.join("sparse");
    // More than the memory, and little enough for any file system.
    File::create(&path).unwrap().set_len(1 << 33).unwrap();
    let output = Command::new("sh")
        .args(["-c", &format!("ulimit -v {LIMIT} && exec \"$@\"")])
        .arg("sh")
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--test-threads=1", "--nocapture"])
        .env(CHILD, &path)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {told}", output.status);
    None
}

/// Without a thread, for which there may be no memory.
fn here(path: &Path) -> Open {
    open(path).executor(InlineExecutor).nowait(true)
}

#[track_caller]
fn is_out_of_memory<T>(result: Result<T, Error>, path: &Path, what: &str) {
    let Err(error) = result else {
        panic!("{what} succeeded");
    };
    assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{what}: {error}");
    assert_eq!(error.path(), Some(path), "{what}");
}

#[test]
fn line_of_bytes_that_is_more_than_memory_fails() {
    let Some(path) = sparse("line_of_bytes_that_is_more_than_memory_fails") else {
        return;
    };
    run(async {
        let binary = || here(&path).binary();
        let mut file = binary().await.unwrap();
        is_out_of_memory(file.next_line().await, &path, "next_line");
        assert_eq!(file.seek(SeekFrom::Start(0)).await.unwrap(), 0);
        assert_eq!(file.read().size(3).await.unwrap(), [0; 3]);
        let mut file = binary().await.unwrap();
        is_out_of_memory(file.next_lines().await, &path, "next_lines");
        let mut file = binary().await.unwrap();
        is_out_of_memory(file.readline().await, &path, "readline");
        let mut file = binary().await.unwrap();
        is_out_of_memory(file.lines().next().await.unwrap(), &path, "lines");
        // By jobs, that read ahead.
        let mut file = binary().nowait(false).await.unwrap();
        is_out_of_memory(file.next_line().await, &path, "next_line by jobs");
        assert_eq!(file.tell().await.unwrap(), 0);
        file.seek(SeekFrom::End(-2)).await.unwrap();
        assert_eq!(file.read().await.unwrap(), [0; 2]);
        let mut file = here(&path).raw().await.unwrap();
        is_out_of_memory(file.readline().await, &path, "raw");
    });
}

#[test]
fn copy_of_bytes_that_is_more_than_memory_fails_and_takes_nothing() {
    let Some(path) = sparse("copy_of_bytes_that_is_more_than_memory_fails_and_takes_nothing")
    else {
        return;
    };
    run(async {
        let long = LIMIT * 1024 / 10 * 6;
        let mut file = here(&path).binary().await.unwrap();
        // What is behind it keeps the line from being handed out as it is.
        file.next_line().max_len(long).await.unwrap_err();
        is_out_of_memory(file.read().size(long).await, &path, "read");
        assert_eq!(file.tell().await.unwrap(), 0);
        assert_eq!(file.read().size(2).await.unwrap(), [0; 2]);
    });
}

#[test]
fn line_of_text_that_is_more_than_memory_fails() {
    let Some(path) = sparse("line_of_text_that_is_more_than_memory_fails") else {
        return;
    };
    run(async {
        for encoding in ["utf-8", "latin-1"] {
            let text = || here(&path).encoding(encoding);
            let mut file = text().await.unwrap();
            is_out_of_memory(file.next_line().await, &path, encoding);
            file.seek(SeekFrom::Start(0)).await.unwrap();
            assert_eq!(file.read().size(3).await.unwrap(), "\0\0\0");
        }
        let mut file = here(&path).await.unwrap();
        is_out_of_memory(file.next_lines().await, &path, "next_lines");
        let mut file = here(&path).await.unwrap();
        is_out_of_memory(file.readline().await, &path, "readline");
        let mut file = here(&path).await.unwrap();
        let most = LIMIT * 1024 * 2;
        is_out_of_memory(file.read().size(most).await, &path, "read");
        let stream = here(&path).binary().await.unwrap();
        let mut text = aiofiles::text::reader(stream).await.unwrap();
        let error = text.next_line().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{error}");
    });
}

#[test]
fn text_that_is_more_than_memory_beside_its_bytes_fails() {
    let Some(path) = sparse("text_that_is_more_than_memory_beside_its_bytes_fails") else {
        return;
    };
    run(async {
        // The bytes fit, and the text beside them does not.
        let path = path.with_file_name("half");
        let file = File::create(&path).unwrap();
        file.set_len((LIMIT * 1024 / 10 * 6) as u64).unwrap();
        let whole = aiofiles::read_to_string(&path).encoding("latin-1");
        let whole = whole.executor(InlineExecutor).await;
        is_out_of_memory(whole, &path, "read_to_string");
        let mut file = here(&path).encoding("latin-1").await.unwrap();
        is_out_of_memory(file.read().await, &path, "read");
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.read().size(2).await.unwrap(), "\0\0");
    });
}

#[test]
fn copy_of_what_is_to_be_written_that_is_more_than_memory_fails() {
    let Some(path) = sparse("copy_of_what_is_to_be_written_that_is_more_than_memory_fails") else {
        return;
    };
    run(async {
        let data = vec![b'x'; LIMIT * 1024 / 10 * 4];
        let path = path.with_file_name("new");
        let whole = aiofiles::write(&path, &data).executor(InlineExecutor);
        let error = whole.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{error}");
        assert_eq!(error.path(), Some(&*path));
        assert!(!path.exists(), "nothing was begun");
        let file = here(&path).binary().mode("w").await.unwrap();
        for all in [true, false] {
            let call = match all {
                true => file.write_all_at(0, &data),
                false => file.write_at(0, &data),
            };
            let error = call.await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{error}");
            assert_eq!(error.path(), Some(&*path));
        }
        assert_eq!(file.write_all_at(0, b"good").await.unwrap(), 4);
        assert_eq!(std::fs::read(&path).unwrap(), b"good");
        #[cfg(feature = "tempfile")]
        {
            let atomic = aiofiles::write_atomic(&path, &data).executor(InlineExecutor);
            let error = atomic.await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{error}");
            assert_eq!(std::fs::read(&path).unwrap(), b"good");
        }
    });
}

#[test]
fn buffer_that_is_said_to_be_more_than_memory_is_written_when_that_is_full() {
    let Some(path) =
        sparse("buffer_that_is_said_to_be_more_than_memory_is_written_when_that_is_full")
    else {
        return;
    };
    run(async {
        let path = path.with_file_name("new");
        let file = here(&path).binary().mode("w").buffering(1 << 40);
        let mut file = file.await.unwrap();
        let piece = vec![b'x'; 1 << 20];
        let pieces = 2 * LIMIT / 1024;
        for _ in 0..pieces {
            file.write(&piece).await.unwrap();
        }
        file.close().await.unwrap();
        let size = std::fs::metadata(&path).unwrap().len();
        assert_eq!(size, (pieces << 20) as u64);
    });
}
