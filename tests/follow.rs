//! Lines of a file that grows: `.follow()`, as `tail -f`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs::OpenOptions;
use std::io::{Cursor, Write};
use std::path::Path;

use aiofiles::executor::InlineExecutor;
use futures::{FutureExt, StreamExt};
use support::{Dir, run};

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn growth_is_delivered_by_whole_lines() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("log", "one\ntw");
        let mut lines = aiofiles::open(&path).await.unwrap().into_lines().follow();
        assert_eq!(lines.next().await.unwrap().unwrap(), "one");
        // The half line waits for its end; waiting may be given up at any time.
        assert!(lines.next().now_or_never().is_none());
        append(&path, "o\nthree\n");
        assert_eq!(lines.next().await.unwrap().unwrap(), "two");
        assert_eq!(lines.next().await.unwrap().unwrap(), "three");
        assert!(lines.next().now_or_never().is_none());
        append(&path, "four\n");
        assert_eq!(lines.next().await.unwrap().unwrap(), "four");
    });
}

#[test]
fn truncated_file_is_read_from_its_start() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("log", "a long first line\nanother\n");
        let file = aiofiles::open(&path).binary().await.unwrap();
        let mut lines = file.into_lines().follow();
        assert_eq!(lines.next().await.unwrap().unwrap(), b"a long first line");
        assert_eq!(lines.next().await.unwrap().unwrap(), b"another");
        assert!(lines.next().now_or_never().is_none());
        std::fs::write(&path, "new\n").unwrap();
        assert_eq!(lines.next().await.unwrap().unwrap(), b"new");
    });
}

#[test]
fn stream_that_is_no_file_is_not_taken_for_truncated() {
    run(async {
        let raw = Cursor::new(b"one\ntwo\n".to_vec());
        let file = aiofiles::wrap(raw).text().executor(InlineExecutor).await;
        let mut lines = file.unwrap().into_lines().follow();
        assert_eq!(lines.next().await.unwrap().unwrap(), "one");
        assert_eq!(lines.next().await.unwrap().unwrap(), "two");
        // Two looks at the end, a tenth of a second apart, bring nothing again.
        let waiting = tokio::time::timeout(std::time::Duration::from_millis(350), lines.next());
        assert!(waiting.await.is_err(), "nothing came back from the start");
    });
}
