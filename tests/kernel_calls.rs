//! How often the whole process asks the kernel to read and to write, by the
//! kernel's own count: what no stream of a test sees.
//!
//! A binary of its own, with one test: the count is that of the process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::io::{IoSliceMut, SeekFrom};
use std::path::Path;

use aiofiles::executor::{Executor, InlineExecutor, Job, ManualExecutor, Refused};
use aiofiles::{RawFile, open, wrap};
use common::{Counting, Dir, cache_answers, refills};
use futures::executor::block_on;
use rustix::fs::{Advice, fadvise};
use rustix::io::ReadWriteFlags;

/// How many calls there were of the kind of read(2) and of write(2), with the one
/// that looks.
fn counts() -> Option<(u64, u64)> {
    let io = std::fs::read_to_string("/proc/self/io").ok()?;
    let number = |name: &str| {
        let line = io.lines().find_map(|line| line.strip_prefix(name));
        line?.trim().parse::<u64>().ok()
    };
    Some((number("syscr:")?, number("syscw:")?))
}

/// How many reads and writes `step` takes.
async fn of<T>(step: impl Future<Output = T>) -> (u64, u64) {
    let look = {
        let (before, after) = (counts().unwrap(), counts().unwrap());
        after.0 - before.0
    };
    let before = counts().unwrap();
    step.await;
    let after = counts().unwrap();
    (after.0 - before.0 - look, after.1 - before.1)
}

#[test]
fn the_kernel_is_asked_as_often_as_the_bytes_need_it() {
    if counts().is_none() {
        eprintln!("skipped: the kernel does not count here");
        return;
    }
    let dir = Dir::new();
    let path = dir.join("f");
    let line = format!("{}\n", "x".repeat(79));
    std::fs::write(&path, line.repeat(10_000)).unwrap();
    let bufferfuls = refills(800_000, 128 * 1024) as u64;
    let in_place = [Some(false), Some(true).filter(|_| cache_answers(&path))];
    for nowait in in_place.into_iter().flatten() {
        block_on(async {
            let opened_in_place = nowait && {
                let mut file = std::pin::pin!(
                    open(&path)
                        .nowait(true)
                        .executor(ManualExecutor::new())
                        .into_future()
                );
                common::poll_once(file.as_mut()).is_some()
            };
            // An end that the page cache tells of is told again by a job, or by the
            // size of a file that was opened in place.
            let end = 1 + u64::from(nowait && !opened_in_place);
            let open = |path| open(path).executor(InlineExecutor).nowait(nowait);

            let mut file = open(&path).await.unwrap();
            let reads = of(async { while file.next_line().await.unwrap().is_some() {} }).await;
            assert_eq!(reads, (bufferfuls + end, 0), "lines, {nowait}");
            let again = of(async { assert!(file.next_line().await.unwrap().is_none()) }).await;
            assert_eq!(again, (end, 0), "the end again, {nowait}");
            assert_eq!(of(async { file.close().await.unwrap() }).await, (0, 0));

            let mut file = open(&path).raw().await.unwrap();
            let one = of(async { file.readinto(&mut [0; 80]).await.unwrap() }).await;
            assert_eq!(one, (1, 0), "readinto, {nowait}");
            let one = of(async { file.read_owned(Vec::with_capacity(80)).await.0.unwrap() }).await;
            assert_eq!(one, (1, 0), "read_owned, {nowait}");
            let one = of(async { file.read_at(800, 80).await.unwrap() }).await;
            assert_eq!(one, (1, 0), "read_at, {nowait}");
            let one = of(async { file.readinto_at(800, &mut [0; 80]).await.unwrap() }).await;
            assert_eq!(one, (1, 0), "readinto_at, {nowait}");
            let none = of(async { file.tell().await.unwrap() }).await;
            assert_eq!(none, (0, 0), "tell, {nowait}");
        });
    }
    block_on(async {
        // As std's own: one read of all of it, and one for the end.
        let read = || aiofiles::read(&path).executor(InlineExecutor);
        let reads = of(async { assert_eq!(read().await.unwrap().len(), 800_000) }).await;
        let std = of(async { std::fs::read(&path).unwrap() }).await;
        assert_eq!(reads, std, "a whole file");
        let out = dir.join("out");
        let data = vec![b'x'; 500_000];
        let whole = of(async {
            let write = aiofiles::write(&out, data).executor(InlineExecutor);
            write.await.unwrap();
        });
        assert_eq!(whole.await, (0, 1));
        let open = open(&out).mode("w").executor(InlineExecutor);
        let mut file = open.await.unwrap();
        let writes = of(async {
            for _ in 0..10_000 {
                file.write(&line[..49]).await.unwrap();
                file.write("\n").await.unwrap();
            }
            file.close().await.unwrap();
        });
        assert_eq!(writes.await, (0, 500_000_u64.div_ceil(128 * 1024)));
    });
    block_on(cold_files(&dir));
}

const PAGE: usize = 4096;
const PAGES: u64 = 512;

/// The file at `path`, of which nothing is in the page cache any more, nor comes there
/// but what is read.
fn cold(path: &Path) -> File {
    let file = File::open(path).unwrap();
    file.sync_all().unwrap();
    fadvise(&file, 0, None, Advice::Random).unwrap();
    fadvise(&file, 0, None, Advice::DontNeed).unwrap();
    file
}

/// Whether what is at `offset` has left the page cache. To ask may bring it back.
fn has_left(file: &File, offset: u64) -> bool {
    let mut byte = [0];
    let mut bufs = [IoSliceMut::new(&mut byte)];
    let answer = rustix::io::preadv2(file, &mut bufs, offset, ReadWriteFlags::NOWAIT);
    answer == Err(rustix::io::Errno::AGAIN)
}

/// The ways to read a page.
const WAYS: [&str; 4] = ["read_at", "readinto_at", "readinto", "read_owned"];

/// Reads each page in some way, as jobs in place, in an order that is not that of the
/// file.
async fn read_pages(file: &mut RawFile, way: &str) {
    for n in 0..PAGES {
        let number = n * 77 % PAGES;
        let offset = number * PAGE as u64;
        let mut page = vec![0; PAGE];
        match way {
            "read_at" => page = file.read_at(offset, PAGE).await.unwrap(),
            "readinto_at" => assert_eq!(file.readinto_at(offset, &mut page).await.unwrap(), PAGE),
            _ => {
                file.seek(SeekFrom::Start(offset)).await.unwrap();
                if way == "readinto" {
                    assert_eq!(file.readinto(&mut page).await.unwrap(), PAGE);
                } else {
                    page.clear();
                    let (n, read) = file.read_owned(page).await;
                    assert_eq!(n.unwrap(), PAGE);
                    page = read;
                }
            }
        }
        assert!(page == vec![number as u8; PAGE], "page {number} by {way}");
    }
}

/// What the page cache does not have, again and again, is not asked for each time; once
/// it has it, it is asked for again.
async fn cold_files(dir: &Dir) {
    let path = dir.join("cold");
    let data: Vec<u8> = (0..=PAGES).flat_map(|n| [n as u8; PAGE]).collect();
    std::fs::write(&path, data).unwrap();
    if !cache_answers(&path) {
        return;
    }
    for way in WAYS {
        let file = cold(&path);
        // The page that nobody reads.
        if !has_left(&file, PAGES * PAGE as u64) {
            eprintln!("skipped: a file does not leave the page cache here");
            return;
        }
        let jobs = Counting::default();
        let file = wrap(file).raw().executor(jobs.clone()).nowait(true);
        let mut file = file.await.unwrap();
        let (reads, _) = of(read_pages(&mut file, way)).await;
        // At first each read asks in vain, and later one in 33. The kernel may have kept
        // a few pages.
        let (kept, most) = (PAGES / 16, PAGES + PAGES / 16);
        assert!((PAGES..=most).contains(&reads), "{way}: {reads} calls");
        let cold = jobs.count("read") as u64;
        assert!((PAGES - kept..=PAGES).contains(&cold), "{way}: {cold} jobs");
        let (reads, _) = of(read_pages(&mut file, way)).await;
        assert!(
            (PAGES..=PAGES + 8).contains(&reads),
            "{way}, cached: {reads}"
        );
        let late = jobs.count("read") as u64 - cold;
        assert!(late <= 32, "{way}: {late} jobs for what was cached");
    }
    // Whole files, which are opened for one read.
    const FILES: u64 = 128;
    let paths: Vec<_> = (0..FILES).map(|n| dir.join(format!("cold {n}"))).collect();
    for path in &paths {
        std::fs::write(path, [7; 100]).unwrap();
    }
    let read = || async {
        for path in &paths {
            let read = aiofiles::read(path).executor(Willing);
            assert_eq!(read.await.unwrap(), [7; 100]);
        }
    };
    let (warm, _) = of(read()).await;
    if warm > FILES + 3 {
        eprintln!("skipped: whole files are not read in place here");
        return;
    }
    for path in &paths {
        cold(path);
    }
    let bare = 2 * FILES;
    let (reads, _) = of(read()).await;
    assert!((bare - 16..=bare + 16).contains(&reads), "{reads} calls");
    let (reads, _) = of(read()).await;
    assert!((FILES..=FILES + 32).contains(&reads), "{reads}, cached");
}

/// Runs jobs in place, and lets files be touched without one.
struct Willing;

impl Executor for Willing {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        InlineExecutor.execute(job)
    }

    fn allows_nowait(&self) -> bool {
        true
    }
}
