//! How often the whole process asks the kernel to read and to write, by the
//! kernel's own count: what no stream of a test sees.
//!
//! A binary of its own, with one test: the count is that of the process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

mod common;

use aiofiles::executor::{InlineExecutor, ManualExecutor};
use aiofiles::open;
use common::{Dir, cache_answers, refills};
use futures::executor::block_on;

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
    let path = dir.path("f");
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
        let out = dir.path("out");
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
}
