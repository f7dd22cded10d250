//! How many jobs things take: what a buffer is for.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{self, SeekFrom};

use aiofiles::{RawIo, open, wrap};
use common::cache_answers;
use common::{Caching, Count, Counting, Dir, run};
use futures::StreamExt;

const LINES: usize = 100_000;

/// 100,000 lines of 80 bytes.
fn lines(dir: &Dir) -> std::path::PathBuf {
    dir.file("lines", format!("{}\n", "x".repeat(79)).repeat(LINES))
}

#[test]
fn many_lines_take_few_jobs() {
    run(async {
        let dir = Dir::new();
        let path = lines(&dir);
        let jobs = Counting::new();
        let mut file = open(&path).executor(jobs.clone()).await.unwrap();
        let mut count = 0;
        while let Some(line) = file.next_line().await.unwrap() {
            assert_eq!(line.len(), 79);
            count += 1;
        }
        file.close().await.unwrap();
        let taken = jobs.take();
        assert!(count == LINES && taken <= 70, "next_line: {taken}");

        let file = open(&path).executor(jobs.clone()).await.unwrap();
        assert_eq!(file.into_lines().count().await, LINES);
        let taken = jobs.take();
        assert!(taken <= 70, "into_lines: {taken}");
        let mut file = open(&path).binary().executor(jobs.clone()).await.unwrap();
        assert_eq!(file.by_ref().count().await, LINES);
        file.close().await.unwrap();
        let taken = jobs.take();
        assert!(taken <= 70, "the stream itself: {taken}");
        let mut file = open(&path).executor(jobs.clone()).await.unwrap();
        while !file.readline().await.unwrap().is_empty() {}
        let taken = jobs.take();
        assert!(taken <= 70, "readline: {taken}");
        let mut file = open(&path).executor(jobs.clone()).await.unwrap();
        assert_eq!(file.readlines().await.unwrap().len(), LINES);
        let taken = jobs.take();
        // The last gives the memory back that held it all.
        assert!(taken <= 4, "readlines: {taken}");
    });
}

#[test]
fn many_writes_take_few_jobs() {
    run(async {
        let dir = Dir::new();
        let jobs = Counting::new();
        let path = dir.join("f");
        let mut file = open(&path).mode("w").executor(jobs.clone()).await.unwrap();
        let line = format!("{}\n", "x".repeat(49));
        for _ in 0..10_000 {
            file.write(&line).await.unwrap();
        }
        file.close().await.unwrap();
        let taken = jobs.take();
        assert!(taken <= 8, "text: {taken}");
        let mut file = open(&path)
            .binary()
            .mode("w")
            .executor(jobs.clone())
            .await
            .unwrap();
        for _ in 0..10_000 {
            file.write(line.as_bytes()).await.unwrap();
        }
        file.close().await.unwrap();
        let taken = jobs.take();
        assert!(taken <= 8, "binary: {taken}");
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 500_000);
    });
}

#[test]
fn a_small_file_takes_three_jobs() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "x".repeat(4096));
        let jobs = Counting::new();
        let mut file = open(&path).executor(jobs.clone()).await.unwrap();
        assert_eq!(file.read().await.unwrap().len(), 4096);
        file.close().await.unwrap();
        let taken = jobs.ops();
        assert!(taken.len() <= 4, "text: {taken:?}");
        let mut file = open(&path).binary().executor(jobs.clone()).await.unwrap();
        assert_eq!(file.read().await.unwrap().len(), 4096);
        file.close().await.unwrap();
        let taken = jobs.ops();
        assert!(taken.len() <= 4, "binary: {taken:?}");
        let mut file = open(&path).raw().executor(jobs.clone()).await.unwrap();
        assert_eq!(file.read().await.unwrap().len(), 4096);
        file.close().await.unwrap();
        let taken = jobs.ops();
        assert!(taken.len() <= 4, "raw: {taken:?}");
    });
}

#[test]
fn what_memory_can_answer_takes_no_job() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "0123456789\n".repeat(10));
        let jobs = Counting::new();
        let mut file = open(&path)
            .binary()
            .mode("r+")
            .executor(jobs.clone())
            .await
            .unwrap();
        assert_eq!(file.read().size(30).await.unwrap().len(), 30);
        jobs.take();
        file.flush().await.unwrap();
        assert_eq!(file.tell().await.unwrap(), 30);
        assert_eq!(file.seek(SeekFrom::Start(2)).await.unwrap(), 2);
        assert_eq!(file.seek(SeekFrom::Current(5)).await.unwrap(), 7);
        assert_eq!(file.seek(SeekFrom::Current(-4)).await.unwrap(), 3);
        assert_eq!(file.read().size(4).await.unwrap(), b"3456");
        assert_eq!(file.seek(SeekFrom::Start(109)).await.unwrap(), 109);
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.peek(1).await.unwrap()[0], b'0');
        assert!(file.readable() && file.seekable() && !file.isatty());
        assert_eq!(jobs.ops(), [""; 0]);
        file.write(b"x").await.unwrap();
        assert_eq!(file.tell().await.unwrap(), 1);
        assert_eq!(jobs.ops(), [""; 0], "with a write pending too");
        file.flush().await.unwrap();
        assert_eq!(jobs.take(), 1);
        file.flush().await.unwrap();
        assert_eq!(file.tell().await.unwrap(), 1);
        assert_eq!(jobs.take(), 0, "clean again");

        let mut file = open(&path).executor(jobs.clone()).await.unwrap();
        file.readline().await.unwrap();
        jobs.take();
        let second = file.tell().await.unwrap();
        file.flush().await.unwrap();
        assert_eq!(jobs.take(), 0);
        file.readline().await.unwrap();
        file.seek(second).await.unwrap();
        assert_eq!(file.readline().await.unwrap(), "0123456789\n");
        assert!(jobs.take() <= 2);
    });
}

/// Counts what must not happen.
struct ReadOnly(io::Cursor<Vec<u8>>, Count);

impl RawIo for ReadOnly {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        io::Read::read(&mut self.0, buf)
    }

    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        self.1.add();
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.1.add();
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

/// async-fs 1.2.1.
#[test]
fn a_file_that_was_only_read_is_neither_written_nor_flushed() {
    run(async {
        let writes = Count::default();
        let raw = || ReadOnly(io::Cursor::new(b"text\n".to_vec()), writes.clone());
        let mut file = wrap(raw()).text().await.unwrap();
        assert_eq!(file.readline().await.unwrap(), "text\n");
        file.flush().await.unwrap();
        file.close().await.unwrap();
        let mut file = wrap(raw()).raw().mode("r").await.unwrap();
        assert_eq!(file.read().await.unwrap(), b"text\n");
        file.close().await.unwrap();
        let mut file = wrap(raw()).await.unwrap();
        file.read().size(1).await.unwrap();
        drop(file);
        assert_eq!(
            wrap(raw()).await.unwrap().into_raw().await.unwrap().1.get(),
            0
        );
        assert_eq!(writes.get(), 0);
    });
}

#[test]
fn a_warm_file_is_read_from_the_page_cache_without_jobs() {
    run(async {
        let dir = Dir::new();
        let path = lines(&dir);
        if !cache_answers(&path) {
            return;
        }
        let jobs = Caching::default();
        // An open may be answered from the cache of names too; that is not the matter here.
        let ops = |jobs: &Counting| -> Vec<_> {
            let ops = jobs.ops().into_iter();
            ops.filter(|op| *op != "open").collect()
        };
        for _ in 0..3 {
            jobs.0.take();
            open(&path).executor(jobs.clone()).await.unwrap();
        }
        // Of a file that was opened in place, the size tells where it ends.
        let sure_of_the_end: &[&str] = match jobs.0.take() {
            0 => &[],
            _ => &["read"],
        };
        let mut file = open(&path).executor(jobs.clone()).await.unwrap();
        let mut count = 0;
        while file.next_line().await.unwrap().is_some() {
            count += 1;
        }
        file.close().await.unwrap();
        assert_eq!(count, LINES);
        assert_eq!(
            ops(&jobs.0),
            sure_of_the_end,
            "a file that was only read closes in place"
        );
        let mut file = open(&path).binary().executor(jobs.clone()).await.unwrap();
        while !file.read().size(4000).await.unwrap().is_empty() {}
        assert_eq!(ops(&jobs.0), sure_of_the_end);
        let mut file = open(&path).raw().executor(jobs.clone()).await.unwrap();
        let mut buf = b">".to_vec();
        buf.reserve_exact(80);
        let (at, room) = (buf.as_ptr(), buf.capacity() - 1);
        let (read, buf) = file.read_owned(buf).await;
        assert_eq!((read.unwrap(), buf.as_ptr()), (room, at));
        assert_eq!(buf, [b">", &std::fs::read(&path).unwrap()[..room]].concat());
        assert_eq!(file.tell().await.unwrap(), room as u64);
        assert_eq!(ops(&jobs.0), [""; 0], "read_owned");
        file.seek(SeekFrom::End(0)).await.unwrap();
        jobs.0.take();
        let (read, buf) = file.read_owned(buf).await;
        assert_eq!((read.unwrap(), buf.len()), (0, room + 1), "no room");
        let (read, buf) = file.read_owned(Vec::with_capacity(80)).await;
        assert_eq!((read.unwrap(), buf), (0, Vec::new()));
        assert_eq!(ops(&jobs.0), sure_of_the_end);
        // All of a small file, and all that is left of a large one.
        let small = dir.file("small", "line\n".repeat(200));
        let small = || open(&small).executor(jobs.clone());
        assert_eq!(small().await.unwrap().read().await.unwrap().len(), 1000);
        let mut file = small().await.unwrap();
        assert_eq!(file.readlines().await.unwrap().len(), 200);
        let mut file = small().raw().await.unwrap();
        assert_eq!(file.readall().await.unwrap().len(), 1000);
        let mut file = open(&path).binary().executor(jobs.clone()).await.unwrap();
        file.seek(SeekFrom::End(-100_000)).await.unwrap();
        assert_eq!(file.read().await.unwrap().len(), 100_000);
        let taken = ops(&jobs.0);
        assert!(
            !sure_of_the_end.is_empty() || taken == ["seek"],
            "{taken:?}"
        );
        // What is appended later is read.
        let mut file = open(&path).raw().executor(jobs.clone()).await.unwrap();
        let size = file.seek(SeekFrom::End(0)).await.unwrap();
        for n in 1..=3 {
            assert_eq!(file.read().size(80).await.unwrap(), b"", "the end, {n}");
            let mut more = std::fs::File::options().append(true).open(&path).unwrap();
            std::io::Write::write_all(&mut more, b"more").unwrap();
            assert_eq!(file.read().size(80).await.unwrap(), b"more", "{n}");
            jobs.0.take();
            assert_eq!(file.metadata().await.unwrap().len(), size + 4 * n);
            assert_eq!(jobs.0.take(), sure_of_the_end.len(), "as for the end");
        }
        let file = open(&path).raw().executor(jobs.clone()).await.unwrap();
        assert_eq!(file.read_at(80, 160).await.unwrap().len(), 160);
        assert_eq!(ops(&jobs.0), [""; 0]);
        // `nowait` has the last word.
        let file = open(&path).raw().executor(jobs.clone()).nowait(false);
        let mut file = file.await.unwrap();
        file.read().size(80).await.unwrap();
        file.read_at(80, 160).await.unwrap();
        assert_eq!(ops(&jobs.0), ["read", "read"]);
        let mut file = open(&path)
            .raw()
            .executor(jobs.0.clone())
            .nowait(true)
            .await
            .unwrap();
        file.read().size(80).await.unwrap();
        assert_eq!(ops(&jobs.0), [""; 0]);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn tmpfs_takes_no_jobs_for_what_is_memory() {
    let Ok(dir) = tempfile::tempdir_in("/dev/shm") else {
        println!("skipped: no /dev/shm here");
        return;
    };
    let kind = rustix::fs::statfs("/dev/shm").unwrap().f_type as u32;
    let swap = std::fs::read_to_string("/proc/meminfo").unwrap();
    let swap = swap.lines().find(|line| line.starts_with("SwapTotal:"));
    if kind != 0x0102_1994 || !swap.is_some_and(|swap| swap.ends_with(" 0 kB")) {
        println!("skipped: no tmpfs, or swap, where files of tmpfs may be");
        return;
    }
    run(async {
        let text = "a line of 20 bytes.\n".repeat(1000);
        let path = dir.path().join("f");
        std::fs::write(&path, &text).unwrap();
        // The first job learns what is mounted there, if none has before.
        let jobs = Caching::default();
        let read = aiofiles::read(&path).executor(jobs.clone()).await.unwrap();
        assert_eq!(read, text.as_bytes());
        assert!(jobs.0.take() <= 1);
        let read = aiofiles::read(&path).executor(jobs.clone()).await.unwrap();
        if jobs.0.take() > 0 {
            println!("skipped: this kernel does not open what is in memory");
            return;
        }
        assert_eq!(read, text.as_bytes());

        let mut file = open(&path).executor(jobs.clone()).await.unwrap();
        let mut lines = 0;
        while let Some(line) = file.next_line().await.unwrap() {
            assert_eq!(line, "a line of 20 bytes.");
            lines += 1;
        }
        assert_eq!((lines, jobs.0.take()), (1000, 0));

        let mut file = open(&path).binary().executor(jobs.clone()).await.unwrap();
        let at = file.read_at(10_000, 5).await.unwrap();
        assert_eq!(
            (at.as_slice(), jobs.0.take()),
            (&text.as_bytes()[10_000..10_005], 0)
        );
        // What was written in the meantime is read.
        std::fs::write(&path, text.replace("line", "LINE")).unwrap();
        let at = file.read_at(0, 9).await.unwrap();
        assert_eq!((at.as_slice(), jobs.0.take()), (&b"a LINE of"[..], 0));
        file.close().await.unwrap();
    });
}
