//! Files under the model checker: every byte that was accepted is written, once and in
//! order, every byte that was read is given to somebody, and both halves of a file that
//! was split go on.

use std::future::poll_fn;
use std::io::{self, SeekFrom};
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::queue::Queue;
use crate::error::Error;
use crate::executor::{Executor, Job, Refused};
use crate::model::{Count, Threads, begin, block_on, explore, give_up, join, with_bad_waker};
use crate::sync::checked::{Pace, point};
use crate::sync::{Mutex, MutexGuard, thread};
use crate::{BinaryFile, RawIo, ThreadPoolExecutor, wrap};

const PACE: &[Pace] = &[Pace::Punctual];

/// What a stream has taken. Looking at it is no step of the checker.
#[derive(Clone, Default)]
struct Taken(Arc<std::sync::Mutex<Vec<u8>>>);

impl Taken {
    fn add(&self, bytes: &[u8]) {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.extend_from_slice(bytes);
    }

    fn get(&self) -> Vec<u8> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.clone()
    }
}

/// A stream in both directions that gives and takes a few bytes at a time.
struct Pipe {
    gives: io::Cursor<Vec<u8>>,
    taken: Taken,
    closed: Count,
    /// How many writes panic before it takes any.
    panics: usize,
}

const AT_A_TIME: usize = 7;

impl RawIo for Pipe {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        point();
        let n = buf.len().min(AT_A_TIME);
        io::Read::read(&mut self.gives, &mut buf[..n])
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        point();
        if self.panics > 0 {
            self.panics -= 1;
            resume_unwind(Box::new("a stream"));
        }
        let n = buf.len().min(AT_A_TIME);
        self.taken.add(&buf[..n]);
        Ok(n)
    }

    fn close(&mut self) -> io::Result<()> {
        point();
        self.closed.add();
        Ok(())
    }
}

/// `0`, `1`, `2` and so on, so that no two bytes are the same.
fn numbers(n: u8) -> Vec<u8> {
    (0..n).collect()
}

struct Open {
    file: BinaryFile<Pipe>,
    taken: Taken,
    closed: Count,
}

/// A file whose buffer is small, over what gives `gives` bytes.
fn open(executor: impl Executor, gives: u8, panics: usize) -> Open {
    let (taken, closed) = (Taken::default(), Count::default());
    let pipe = Pipe {
        gives: io::Cursor::new(numbers(gives)),
        taken: taken.clone(),
        closed: closed.clone(),
        panics,
    };
    let file = block_on(wrap(pipe).buffering(4).executor(executor)).unwrap();
    Open {
        file,
        taken,
        closed,
    }
}

#[test]
fn writes_come_in_order_beside_the_job_that_writes() {
    explore(PACE, || {
        let Open {
            mut file,
            taken,
            closed,
        } = open(Threads::new(Job::run), 0, 0);
        block_on(async {
            // Far more than wait for the job at a time.
            for piece in numbers(90).chunks(3) {
                file.write(piece).await.unwrap();
            }
            file.close().await.unwrap();
        });
        assert_eq!(taken.get(), numbers(90));
        assert_eq!(closed.get(), 1);
    });
}

#[test]
fn writer_goes_on_once_half_is_written() {
    explore(PACE, || {
        let queue = Arc::<Queue>::default();
        queue.open(8);
        let offers = queue.clone();
        let writer = thread::spawn(move || {
            for n in 0..6 {
                let mut buffer = vec![n; 4];
                while !offers.offer(&mut buffer) {
                    let _ = with_bad_waker(|cx| offers.poll_room(cx));
                    block_on(poll_fn(|cx| offers.poll_room(cx)));
                }
                assert!(buffer.is_empty());
            }
        });
        // A job that never ends: nothing else tells that there is room.
        let (mut emptied, mut written) = (Vec::new(), Vec::new());
        while written.len() < 24 {
            while queue.is_empty() {
                thread::yield_now();
            }
            emptied = queue.next(emptied).unwrap();
            written.extend_from_slice(&emptied);
        }
        join(writer);
        assert!(written.iter().copied().eq((0..24).map(|n| n / 4)));
    });
}

#[test]
fn calls_that_are_given_up_lose_and_double_nothing() {
    explore(PACE, || {
        let Open {
            mut file, taken, ..
        } = open(Threads::new(Job::run), 0, 0);
        for (n, piece) in numbers(45).chunks(3).enumerate() {
            block_on(file.write(piece)).unwrap();
            match n % 4 {
                0 => drop(give_up(file.flush())),
                1 => with_bad_waker(|cx| drop(begin(Box::pin(file.flush()), cx))),
                2 => drop(give_up(file.write_owned(Vec::new()))),
                _ => {}
            }
        }
        block_on(file.flush()).unwrap();
        assert_eq!(taken.get(), numbers(45));
    });
}

#[test]
fn file_that_is_dropped_writes_all_and_closes() {
    explore(PACE, || {
        for flushes in [false, true] {
            let pool = ThreadPoolExecutor::new(2).queue_limit(1);
            let Open {
                mut file,
                taken,
                closed,
            } = open(pool.clone(), 0, 0);
            for piece in numbers(12).chunks(3) {
                block_on(file.write(piece)).unwrap();
            }
            if flushes {
                drop(give_up(file.flush()));
            }
            drop(file);
            block_on(pool.shutdown());
            assert_eq!(taken.get(), numbers(12));
            assert!(closed.get() <= 1);
            assert!(!closed.is_shared(), "the stream is gone");
        }
    });
}

#[test]
fn dropped_file_and_a_shutdown_lose_nothing() {
    explore(PACE, || {
        let pool = ThreadPoolExecutor::new(1).queue_limit(1);
        let ends = pool.clone();
        let Open {
            mut file,
            taken,
            closed,
        } = open(pool, 0, 0);
        let writer = thread::spawn(move || {
            let mut accepted = Vec::new();
            for piece in numbers(12).chunks(3) {
                if block_on(file.write(piece)).is_ok() {
                    accepted.extend_from_slice(piece);
                }
            }
            accepted
        });
        block_on(ends.shutdown());
        let accepted = join(writer);
        // The file is dropped by now, but its last job may still be about to end.
        while closed.is_shared() {
            thread::yield_now();
        }
        assert_eq!(taken.get(), accepted);
    });
}

type Shared = Mutex<BinaryFile<Pipe>>;

/// The file, for one poll of one of its halves.
fn half(file: &Shared) -> Pin<MutexGuard<'_, BinaryFile<Pipe>>> {
    Pin::new(file.lock().unwrap_or_else(PoisonError::into_inner))
}

#[test]
fn both_halves_of_a_split_file_go_on() {
    explore(PACE, || {
        let Open { file, taken, .. } = open(Threads::new(Job::run), 10, 0);
        let file = Arc::new(Mutex::new(file));
        let other = file.clone();
        let reader = thread::spawn(move || {
            let mut read = Vec::new();
            loop {
                let mut space = [0; 4];
                let mut buf = ReadBuf::new(&mut space);
                block_on(poll_fn(|cx| half(&other).as_mut().poll_read(cx, &mut buf))).unwrap();
                match buf.filled() {
                    [] => return read,
                    filled => read.extend_from_slice(filled),
                }
            }
        });
        block_on(async {
            for mut piece in numbers(12).chunks(6) {
                while !piece.is_empty() {
                    let n = poll_fn(|cx| half(&file).as_mut().poll_write(cx, piece));
                    piece = &piece[n.await.unwrap()..];
                }
                poll_fn(|cx| half(&file).as_mut().poll_flush(cx))
                    .await
                    .unwrap();
            }
        });
        assert_eq!(join(reader), numbers(10));
        assert_eq!(taken.get(), numbers(12));
    });
}

/// Takes a while for each sync, and counts them.
struct Synced(Count);

impl RawIo for Synced {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        point();
        Ok(buf.len())
    }

    fn sync_all(&mut self) -> io::Result<()> {
        point();
        self.0.add();
        Ok(())
    }
}

#[test]
fn all_who_sync_beside_a_write_that_was_given_up_go_on() {
    explore(PACE, || {
        let syncs = Count::default();
        let made = wrap(Synced(syncs.clone())).raw();
        let mut file = block_on(made.executor(Threads::new(Job::run))).unwrap();
        drop(give_up(file.write(b"abc")));
        let file = Arc::new(file);
        let others = [(); 2].map(|()| {
            let file = file.clone();
            thread::spawn(move || block_on(file.sync_all()).unwrap())
        });
        drop(with_bad_waker(|cx| begin(Box::pin(file.sync_all()), cx)));
        block_on(file.sync_all()).unwrap();
        others.into_iter().for_each(join);
        assert!(syncs.get() >= 3);
    });
}

#[test]
fn reads_that_are_given_up_lose_nothing() {
    explore(PACE, || {
        let Open { mut file, .. } = open(Threads::new(Job::run), 40, 0);
        let mut read = Vec::new();
        for n in 0..4 {
            // Whatever was there is given at once.
            let given = give_up(file.read().size(9)).into_iter().flatten();
            read.extend(given.flatten());
            read.extend(give_up(file.readline()).into_iter().flatten().flatten());
            match n % 2 {
                0 => read.extend(block_on(file.read().size(5)).unwrap()),
                _ => read.extend(block_on(file.read_owned(Vec::with_capacity(3))).1),
            }
        }
        read.extend(block_on(file.read()).unwrap());
        assert_eq!(read, numbers(40));
    });
}

#[test]
fn stream_that_panics_loses_nothing_that_it_did_not_take() {
    explore(PACE, || {
        let Open {
            mut file,
            taken,
            closed,
        } = open(Threads::new(Job::run), 0, 2);
        let mut told = 0;
        let mut accepted = Vec::new();
        let mut tell = |result: crate::Result<()>| match result {
            Ok(()) => true,
            Err(Error::Panicked { .. }) => {
                told += 1;
                false
            }
            Err(error) => panic!("{error}"),
        };
        for piece in numbers(18).chunks(3) {
            // One that fails has taken nothing.
            if tell(block_on(file.write(piece)).map(drop)) {
                accepted.extend_from_slice(piece);
            }
        }
        while !tell(block_on(file.flush())) {}
        assert!(tell(block_on(file.close())));
        assert_eq!(told, 2, "each is told once");
        assert_eq!(taken.get(), accepted);
        assert_eq!(closed.get(), 1);
    });
}

/// Drops each second job.
struct Forgetful {
    threads: Arc<Threads>,
    jobs: Count,
}

impl Executor for Forgetful {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        self.jobs.add();
        if self.jobs.get() % 2 == 0 {
            return self.threads.execute(job);
        }
        let wrapped = job.wrap(|_| point());
        self.threads.execute(wrapped)
    }
}

#[test]
fn jobs_that_are_not_run_lose_nothing() {
    explore(PACE, || {
        let forgetful = Forgetful {
            threads: Threads::new(Job::run),
            jobs: Count::default(),
        };
        let Open {
            mut file, taken, ..
        } = open(forgetful, 0, 0);
        let mut accepted = Vec::new();
        for piece in numbers(30).chunks(3) {
            match block_on(file.write(piece)) {
                Ok(_) => accepted.extend_from_slice(piece),
                Err(Error::ExecutorGone { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        let gone = |error: &Error| matches!(error, Error::ExecutorGone { .. });
        while let Err(error) = block_on(file.flush()) {
            assert!(gone(&error));
        }
        assert_eq!(taken.get(), accepted);
    });
}

/// A file in memory: others may run between the two halves of a positional call.
struct Memory(io::Cursor<Vec<u8>>);

impl RawIo for Memory {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        point();
        io::Read::read(&mut self.0, buf)
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        point();
        let n = buf.len().min(AT_A_TIME);
        io::Write::write(&mut self.0, &buf[..n])
    }

    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        point();
        io::Seek::seek(&mut self.0, pos)
    }
}

#[test]
fn positional_calls_leave_the_cursor_to_the_others() {
    explore(PACE, || {
        let memory = Memory(io::Cursor::new(numbers(12)));
        let made = wrap(memory).mode("r+").buffering(4);
        let mut file = block_on(made.executor(Threads::new(Job::run))).unwrap();
        let read = file.read_at(2, 3);
        let beside = thread::spawn(move || block_on(read));
        let write = file.write_all_at(20, b"behind");
        let written = thread::spawn(move || block_on(write));
        block_on(async {
            assert_eq!(file.read().size(6).await.unwrap(), &numbers(12)[..6]);
            file.write(b"abc").await.unwrap();
            file.write(b"defgh").await.unwrap();
            file.flush().await.unwrap();
        });
        assert_eq!(join(written).unwrap(), 6);
        assert_eq!(join(beside).unwrap(), [2, 3, 4]);
        let memory = block_on(file.into_raw()).unwrap_or_else(|_| panic!("it is given up"));
        let mut expected = numbers(6);
        expected.extend_from_slice(b"abcdefgh");
        expected.resize(20, 0);
        expected.extend_from_slice(b"behind");
        assert_eq!(memory.0.into_inner(), expected);
    });
}
