//! Lines of a file that grows: `.follow()`, as `tail -f`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs::OpenOptions;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use aiofiles::executor::InlineExecutor;
use common::{Counting, Dir, run};
use futures::{FutureExt, Stream, StreamExt};

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

/// Ticks each time that followers are woken, by following a file itself.
struct Clock<S> {
    path: PathBuf,
    lines: S,
}

async fn clock(dir: &Dir) -> Clock<impl Stream<Item = aiofiles::Result<String>> + Unpin> {
    let path = dir.file("clock", "tick\n");
    let file = aiofiles::open(&path).executor(InlineExecutor).await;
    let lines = file.unwrap().into_lines().follow();
    let mut clock = Clock { path, lines };
    assert_eq!(clock.lines.next().await.unwrap().unwrap(), "tick");
    clock
}

impl<S: Stream<Item = aiofiles::Result<String>> + Unpin> Clock<S> {
    async fn tick(&mut self) {
        assert!(self.lines.next().now_or_never().is_none());
        append(&self.path, "tick\n");
        assert_eq!(self.lines.next().await.unwrap().unwrap(), "tick");
    }
}

/// Whether one thread looks for the followers of files in this folder.
#[cfg(target_os = "linux")]
fn is_looked_at_together(dir: &Dir) -> bool {
    let magic = rustix::fs::statfs(dir.join(".")).unwrap().f_type as u32;
    // ext4, XFS, Btrfs, tmpfs, overlayfs
    [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0x794c_7630].contains(&magic)
}

#[cfg(target_os = "linux")]
#[test]
fn idle_followers_take_no_job_and_no_poll() {
    use futures::stream::FuturesUnordered;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    const FOLLOWERS: usize = 300;
    run(async {
        let dir = Dir::new();
        if !is_looked_at_together(&dir) {
            eprintln!("skipped: the temporary folder is on no local file system");
            return;
        }
        let (counting, polls) = (Counting::new(), Arc::new(AtomicUsize::new(0)));
        let path = dir.file("log", "one\n");
        let followers = FuturesUnordered::new();
        let mut opened = Vec::new();
        for n in 0..FOLLOWERS {
            // Text and bytes, with page-cache reads and without.
            let open = aiofiles::open(&path).executor(counting.clone());
            let open = open.nowait(n % 2 == 0);
            opened.push(if n % 4 < 2 {
                open.await.unwrap().into_lines().follow().boxed()
            } else {
                let lines = open.binary().await.unwrap().into_lines().follow();
                let text = |line| String::from_utf8(line).unwrap();
                lines.map(move |line| line.map(text)).boxed()
            });
        }
        for mut lines in opened {
            assert_eq!(lines.next().await.unwrap().unwrap(), "one");
            let polls = polls.clone();
            let follow = async move {
                let mut next = lines.next();
                let next = std::future::poll_fn(|cx| {
                    polls.fetch_add(1, Ordering::SeqCst);
                    next.poll_unpin(cx)
                });
                next.await.unwrap().unwrap()
            };
            followers.push(tokio::spawn(follow));
        }
        let mut clock = clock(&dir).await;
        // Each looks once by a job, to see that it need not.
        for _ in 0..4 {
            clock.tick().await;
        }
        let (jobs, before) = (counting.take(), polls.load(Ordering::SeqCst));
        assert!(jobs <= 4 * FOLLOWERS, "{jobs}");
        for _ in 0..5 {
            clock.tick().await;
        }
        assert_eq!((counting.take(), polls.load(Ordering::SeqCst)), (0, before));
        append(&path, "two\n");
        let lines: Vec<_> = followers.map(Result::unwrap).collect().await;
        assert_eq!(lines, ["two"; FOLLOWERS]);
    });
}

#[test]
fn stream_that_takes_a_job_to_look_at_is_looked_at_less_and_less() {
    run(async {
        let (dir, counting) = (Dir::new(), Counting::new());
        let raw = Cursor::new(b"one\n".to_vec());
        let file = aiofiles::wrap(raw).text().executor(counting.clone()).await;
        let mut lines = file.unwrap().into_lines().follow();
        assert_eq!(lines.next().await.unwrap().unwrap(), "one");
        let mut clock = clock(&dir).await;
        let begun = Instant::now();
        counting.take();
        let follower = tokio::spawn(async move { lines.next().await });
        for _ in 0..12 {
            clock.tick().await;
        }
        // At the end once, then after 0.1, 0.3, 0.7, 1.5 s, and then each second.
        let jobs = counting.take();
        let most = 5 + begun.elapsed().as_secs() as usize;
        assert!((2..=most).contains(&jobs), "{jobs} of {most}");
        assert!(!follower.is_finished());
        follower.abort();
    });
}
