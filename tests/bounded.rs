//! What one poll and one file may take: memory that the caller asked to hold, work
//! that ends, and time that others get.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{self, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use aiofiles::executor::ManualExecutor;
use aiofiles::{RawIo, open, wrap};
use common::{Counting, Dir, run};
use futures::FutureExt;

const MIB: usize = 1024 * 1024;

/// A stream of so many bytes `x` with a line end behind each so many, that notes the
/// longest read and takes writes into nowhere, up to so many bytes.
struct Endless {
    left: usize,
    line: usize,
    room: usize,
    longest: Arc<AtomicUsize>,
    taken: Arc<AtomicUsize>,
}

impl Endless {
    fn new(left: usize, line: usize) -> Self {
        Self {
            left,
            line,
            room: usize::MAX,
            longest: Arc::default(),
            taken: Arc::default(),
        }
    }
}

impl RawIo for Endless {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.longest.fetch_max(buf.len(), Ordering::Relaxed);
        let n = buf.len().min(self.left);
        buf[..n].fill(b'x');
        for byte in &mut buf[..n] {
            self.left -= 1;
            let is_end = self.left.checked_rem(self.line) == Some(0);
            if is_end {
                *byte = b'\n';
            }
        }
        Ok(n)
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let taken = self.taken.load(Ordering::Relaxed);
        let n = buf.len().min(self.room - taken);
        if n == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.taken.fetch_add(n, Ordering::Relaxed);
        Ok(n)
    }
}

#[test]
fn errors_that_are_ignored_leave_no_more_than_a_buffer_and_the_queue() {
    // The room ends within a buffer: what is left of it is less than one.
    for room in [0, 100, 64 * 1024, MIB, MIB + 77_777] {
        let pool = aiofiles::ThreadPoolExecutor::new(1);
        let stream = Endless {
            room,
            ..Endless::new(0, 1)
        };
        let taken = stream.taken.clone();
        futures::executor::block_on(async {
            let opened = wrap(stream).mode("w").executor(pool.clone());
            let mut file = opened.await.unwrap();
            let mut accepted = 0;
            for _ in 0..20_000 {
                accepted += file.write(&[7; 500]).await.unwrap_or(0);
            }
            let kept = accepted - taken.load(Ordering::Relaxed);
            assert!(kept <= 11 * 128 * 1024, "{room}: {kept} bytes are kept");
            file.close().await.unwrap_err();
        });
    }
}

#[test]
fn the_traits_take_and_give_a_buffer_at_a_time() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    run(async {
        let data = vec![7; 64 * MIB];
        for raw in [false, true] {
            let stream = Endless::new(data.len(), MIB);
            let (longest, most) = (stream.longest.clone(), if raw { MIB } else { 128 * 1024 });
            let mut buf = vec![0; data.len()];
            if raw {
                let mut file = wrap(stream).raw().await.unwrap();
                let first = file.write_all(&data).now_or_never();
                assert!(first.is_none(), "it waits for what it has taken");
                AsyncReadExt::read_exact(&mut file, &mut buf).await.unwrap();
            } else {
                let mut file = wrap(stream).await.unwrap();
                let n = AsyncWriteExt::write(&mut file, &data).await.unwrap();
                assert!(n <= most);
                AsyncReadExt::read_exact(&mut file, &mut buf).await.unwrap();
            }
            assert!(longest.load(Ordering::Relaxed) <= most, "raw: {raw}");
        }
    });
}

#[test]
fn both_halves_of_a_split_file_are_woken() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let jobs = ManualExecutor::new();
    let stream = Endless::new(10, 5);
    let opened = wrap(stream).executor(jobs.clone()).now_or_never();
    let (mut reader, mut writer) = tokio::io::split(opened.unwrap().unwrap());
    for reader_last in [false, true] {
        let (read_woken, write_woken) = (futures_waker(), futures_waker());
        let mut buf = [0; 5];
        let mut read = Box::pin(reader.read_exact(&mut buf));
        let mut write = Box::pin(async {
            writer.write_all(b"12345").await?;
            writer.flush().await
        });
        let mut poll_read = || poll_with(&mut read, &read_woken).is_pending();
        let mut poll_write = || poll_with(&mut write, &write_woken).is_pending();
        // Each is polled only when it was woken, whoever was polled last.
        let (mut reading, mut writing) = (true, true);
        if reader_last {
            writing = poll_write();
        }
        reading = reading && poll_read();
        if !reader_last {
            writing = poll_write();
        }
        for _ in 0..20 {
            jobs.run_all();
            if reading && read_woken.take() {
                reading = poll_read();
            }
            if writing && write_woken.take() {
                writing = poll_write();
            }
        }
        assert!(!reading && !writing, "{reader_last}: {reading} {writing}");
    }
}

/// Notes that it was woken.
#[derive(Default)]
struct Woken(std::sync::atomic::AtomicBool);

impl Woken {
    fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl std::task::Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn futures_waker() -> Arc<Woken> {
    Arc::default()
}

fn poll_with<F: Future + ?Sized>(
    future: &mut std::pin::Pin<Box<F>>,
    woken: &Arc<Woken>,
) -> Poll<F::Output> {
    let waker = woken.clone().into();
    future
        .as_mut()
        .poll(&mut std::task::Context::from_waker(&waker))
}

#[test]
fn one_in_binary_mode_stands_for_the_usual_buffer() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", vec![7; 10_000]);
        let jobs = Counting::new();
        let mut file = open(&path)
            .binary()
            .buffering(1)
            .executor(jobs.clone())
            .await
            .unwrap();
        jobs.take();
        for _ in 0..1000 {
            assert_eq!(file.read().size(10).await.unwrap().len(), 10);
        }
        assert!(jobs.take() <= 2);
        let any = open(&path)
            .any()
            .mode("rb")
            .buffering(1)
            .executor(jobs.clone());
        any.await.unwrap();
        let wrapped = wrap(io::Cursor::new(vec![7; 10_000])).buffering(1);
        let mut file = wrapped.executor(jobs.clone()).await.unwrap();
        jobs.take();
        while !file.read().size(10).await.unwrap().is_empty() {}
        assert!(jobs.take() <= 3);
    });
}

#[test]
fn loops_that_memory_answers_let_others_run() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", vec![b'x'; 10_000]);
        let turns = Arc::new(AtomicUsize::new(0));
        let other = {
            let turns = turns.clone();
            tokio::spawn(async move {
                loop {
                    turns.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                }
            })
        };
        let mut binary = open(&path).binary().mode("r+").await.unwrap();
        binary.read().size(5000).await.unwrap();
        let mut text = open(&path).mode("r+").await.unwrap();
        text.read().size(5000).await.unwrap();
        for what in ["seek", "tell", "flush", "text tell", "text flush"] {
            let before = turns.load(Ordering::Relaxed);
            for n in 0..100_000 {
                match what {
                    "seek" => drop(binary.seek(SeekFrom::Start(n % 5000)).await.unwrap()),
                    "tell" => drop(binary.tell().await.unwrap()),
                    "flush" => binary.flush().await.unwrap(),
                    "text tell" => drop(text.tell().await.unwrap()),
                    _ => text.flush().await.unwrap(),
                }
            }
            let taken = turns.load(Ordering::Relaxed) - before;
            assert!(taken > 3, "{what}: {taken} turns");
        }
        other.abort();
    });
}

/// How often a future was polled before it completed, and that each poll but the last
/// had itself woken, or a job was run for it.
fn polls<T>(jobs: &ManualExecutor, future: impl Future<Output = T>) -> (usize, T) {
    let mut future = Box::pin(future);
    let woken = futures_waker();
    for count in 1.. {
        if let Poll::Ready(value) = poll_with(&mut future, &woken) {
            return (count, value);
        }
        assert!(jobs.run_all() > 0 || woken.take(), "nobody wakes it");
    }
    unreachable!("it completes");
}

#[test]
fn a_long_write_is_copied_a_share_a_poll_and_is_whole_or_has_not_begun() {
    let jobs = ManualExecutor::new();
    let dir = Dir::new();
    let path = dir.file("f", "");
    for raw in [false, true] {
        let std_file = std::fs::File::create(&path).unwrap();
        let opened = wrap(std_file).executor(jobs.clone()).nowait(false);
        let data = vec![b'y'; 8 * MIB];
        if raw {
            let mut file = opened.raw().now_or_never().unwrap().unwrap();
            let (count, written) = polls(&jobs, file.write(&data));
            assert!(count >= 8, "{count} polls for {} bytes", data.len());
            assert_eq!(written.unwrap(), data.len());
        } else {
            let mut file = opened.now_or_never().unwrap().unwrap();
            assert_eq!(polls(&jobs, file.write(b"before")).1.unwrap(), 6);
            // Given up at each poll, it has not begun.
            for stop in 1..8 {
                let mut write = Box::pin(file.write(&data));
                let woken = futures_waker();
                for _ in 0..stop {
                    assert!(poll_with(&mut write, &woken).is_pending());
                    assert!(woken.take());
                }
            }
            let (count, written) = polls(&jobs, file.write(&data));
            assert!(count >= 8, "{count} polls for {} bytes", data.len());
            assert_eq!(written.unwrap(), data.len());
            polls(&jobs, file.write(b"behind")).1.unwrap();
            polls(&jobs, file.flush()).1.unwrap();
            let there = std::fs::read(&path).unwrap();
            assert_eq!(there.len(), data.len() + 12);
            assert!(there.starts_with(b"beforeyyy") && there.ends_with(b"yyybehind"));
        }
    }
}

#[test]
fn a_long_line_from_the_page_cache_is_searched_a_share_a_poll() {
    let dir = Dir::new();
    let path = dir.file("f", vec![b'x'; 16 * MIB]);
    let jobs = ManualExecutor::new();
    let opened = || {
        let file = std::fs::File::open(&path).unwrap();
        let wrapped = wrap(file).executor(jobs.clone()).nowait(true);
        wrapped.now_or_never().unwrap().unwrap()
    };
    let mut file = opened();
    let (count, line) = polls(&jobs, file.readline());
    assert_eq!(line.unwrap().len(), 16 * MIB);
    assert!(count >= 16, "{count} polls");
    let mut file = opened();
    let (count, found) = polls(&jobs, async {
        let line = file.next_line().await;
        line.map(|line| line.map(<[u8]>::len))
    });
    assert_eq!(found.unwrap(), Some(16 * MIB));
    assert!(count >= 16, "{count} polls");
}

#[test]
fn owned_writes_that_fail_and_are_given_up_keep_no_more_than_one() {
    let stream = Endless {
        room: 0,
        ..Endless::new(0, 1)
    };
    let jobs = ManualExecutor::new();
    let opened = wrap(stream).mode("w").executor(jobs.clone()).now_or_never();
    let mut file = opened.unwrap().unwrap();
    let mut given_back = 0;
    for round in 0..20 {
        // Begun, and given up while it fails.
        assert!(file.write_owned(vec![7; MIB]).now_or_never().is_none());
        jobs.run_all();
        // What is kept of it fails before anything else is taken.
        let (written, data) = polls(&jobs, file.write_owned(vec![7; MIB])).1;
        written.unwrap_err();
        given_back += data.len();
        assert_eq!(given_back, (round + 1) * MIB);
    }
}
