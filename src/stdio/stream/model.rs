//! The turn under the model checker: one at a time, in order, and whoever waits for it,
//! or watches, has it in the end.

use std::future::poll_fn;
use std::pin::Pin;

use futures::future::join;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::*;
use crate::executor::Job;
use crate::foreign::catch;
use crate::model::{
    Count, Threads, block_on, explore, give_up, join as end, visitor, with_bad_waker,
};
use crate::sync::checked::{Pace, point};
use crate::sync::thread;

const PACE: &[Pace] = &[Pace::Punctual];

/// What was written. Looking at it is no step of the checker.
type Written = Arc<std::sync::Mutex<Vec<u8>>>;

/// Gives and takes three bytes at a time.
struct Pipe(io::Cursor<Vec<u8>>, Written);

impl RawIo for Pipe {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        point();
        let n = buf.len().min(3);
        io::Read::read(&mut self.0, &mut buf[..n])
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        point();
        let n = buf.len().min(3);
        let mut written = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        written.extend_from_slice(&buf[..n]);
        Ok(n)
    }
}

fn stream(spec: Spec, gives: &[u8]) -> (&'static Stream, Written) {
    let written = Written::default();
    let raw = Pipe(io::Cursor::new(gives.to_vec()), written.clone());
    let executor = Chosen::new(Threads::new(Job::run));
    let stream = Stream::over(spec, Box::new(raw), executor);
    // As the static ones, it is never dropped.
    (Box::leak(Box::new(stream)), written)
}

/// Frees what a stream has that is not dropped. Nobody waits for a turn any more.
fn close(stream: &'static Stream) {
    assert!(stream.slot().queue.is_empty());
    block_on(async {
        let mut turn = stream.turn().await;
        turn.close().await.unwrap();
    });
    assert!(stream.facts().closed);
    assert!(stream.slot().file.is_some());
}

/// Has the turn for a while, alone.
fn take(stream: &'static Stream, inside: &Count, taken: &Count) {
    let turn = block_on(stream.turn());
    let before = inside.get();
    inside.add();
    point();
    assert_eq!(inside.get(), before + 1, "nobody else is inside");
    taken.add();
    drop(turn);
}

#[test]
fn turn_is_taken_by_one_at_a_time() {
    explore(PACE, || {
        let (stream, _) = stream(Spec::Stdin, b"");
        let (inside, taken) = (Count::default(), Count::default());
        let threads = [(); 3].map(|()| {
            let (inside, taken) = (inside.clone(), taken.clone());
            thread::spawn(move || {
                take(stream, &inside, &taken);
                take(stream, &inside, &taken);
            })
        });
        threads.into_iter().for_each(end);
        assert_eq!(taken.get(), 6);
        close(stream);
    });
}

#[test]
fn turn_goes_to_who_came_first() {
    explore(PACE, || {
        let (stream, _) = stream(Spec::Stdin, b"");
        let turn = block_on(stream.turn());
        let (mut first, mut second) = (stream.turn(), stream.turn());
        let mut alone = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut first).poll(&mut alone).is_pending());
        assert!(Pin::new(&mut second).poll(&mut alone).is_pending());
        let order = Count::default();
        let (after, before) = (order.clone(), order.clone());
        let second = thread::spawn(move || {
            drop(block_on(second));
            assert_eq!(after.get(), 1);
        });
        let first = thread::spawn(move || {
            let turn = block_on(first);
            before.add();
            drop(turn);
        });
        drop(turn);
        end(first);
        end(second);
        close(stream);
    });
}

#[test]
fn place_that_is_given_up_keeps_the_turn_from_nobody() {
    explore(PACE, || {
        let (stream, _) = stream(Spec::Stdin, b"");
        let (inside, taken) = (Count::default(), Count::default());
        let turn = block_on(stream.turn());
        // One is given up by who was never woken, one by whose waker panics, before or
        // after it was its turn.
        let mut places = [stream.turn(), stream.turn()];
        for place in &mut places {
            let polled = with_bad_waker(|cx| Pin::new(place).poll(cx));
            assert!(polled.is_pending());
        }
        let (inside_too, taken_too) = (inside.clone(), taken.clone());
        let other = thread::spawn(move || take(stream, &inside_too, &taken_too));
        let gone = thread::spawn(move || drop(places));
        let given_up = thread::spawn(move || drop(give_up(stream.turn())));
        drop(turn);
        take(stream, &inside, &taken);
        end(other);
        end(gone);
        end(given_up);
        assert_eq!(taken.get(), 2);
        close(stream);
    });
}

/// Reads to the end as the I/O traits do, without keeping a turn.
fn watch(stream: &'static Stream) -> Vec<u8> {
    let mut read = Vec::new();
    loop {
        let mut space = [0; 2];
        let mut buf = ReadBuf::new(&mut space);
        let poll = |cx: &mut Context<'_>| {
            stream.poll_with(cx, |file, cx| {
                Pin::new(file.undecoded()).poll_read(cx, &mut buf)
            })
        };
        block_on(poll_fn(poll)).unwrap();
        match buf.filled() {
            [] => return read,
            filled => read.extend_from_slice(filled),
        }
    }
}

#[test]
fn those_who_watch_share_what_there_is() {
    explore(PACE, || {
        let (stream, _) = stream(Spec::Stdin, b"abcdefghijk");
        let watchers = [(); 2].map(|()| thread::spawn(move || watch(stream)));
        let beside = thread::spawn(move || {
            let mut read = block_on(async { stream.turn().await.bytes().read1(2).await.unwrap() });
            drop(give_up(stream.turn()));
            read.extend(block_on(async {
                stream.turn().await.bytes().read().size(3).await.unwrap()
            }));
            read
        });
        let mut all: Vec<_> = watchers.into_iter().flat_map(end).collect();
        all.extend(end(beside));
        all.sort_unstable();
        assert_eq!(all, b"abcdefghijk");
        close(stream);
    });
}

/// Reads a byte as the I/O traits do, in one poll: how many it has got.
fn glance(stream: &'static Stream, cx: &mut Context<'_>) -> Poll<usize> {
    let mut space = [0; 1];
    let mut buf = ReadBuf::new(&mut space);
    let polled = stream.poll_with(cx, |file, cx| {
        Pin::new(file.undecoded()).poll_read(cx, &mut buf)
    });
    polled.map(|_| buf.filled().len())
}

#[test]
fn one_that_watches_and_gives_up_keeps_nobody_waiting() {
    explore(PACE, || {
        let (stream, _) = stream(Spec::Stdin, b"ab");
        let watcher = thread::spawn(move || watch(stream));
        let mut read = 0;
        for _ in 0..2 {
            // Woken, perhaps, it never comes back.
            read += give_up(poll_fn(|cx| glance(stream, cx))).unwrap_or(0);
        }
        assert_eq!(end(watcher).len() + read, 2);
        close(stream);
    });
}

#[test]
fn one_that_watches_with_a_bad_waker_harms_nobody() {
    explore(PACE, || {
        let (stream, _) = stream(Spec::Stdin, b"ab");
        let turn = block_on(stream.turn());
        assert!(with_bad_waker(|cx| glance(stream, cx)).is_pending());
        let watcher = thread::spawn(move || watch(stream));
        drop(turn);
        // It may be woken in its own poll: that panic is its own.
        let polled = catch(|| with_bad_waker(|cx| glance(stream, cx)));
        let read = match polled {
            Ok(Poll::Ready(n)) => n,
            Ok(Poll::Pending) | Err(_) => 0,
        };
        assert_eq!(end(watcher).len() + read, 2);
        close(stream);
    });
}

#[test]
fn waker_may_come_back_to_its_stream() {
    explore(PACE, || {
        let (stream, _) = stream(Spec::Stdin, b"ab");
        let turn = block_on(stream.turn());
        let visit = move || {
            assert!(!stream.facts().closed);
            drop(give_up(stream.turn()));
        };
        let (waits, waited) = visitor(visit);
        let (watches, watched) = visitor(visit);
        let mut place = stream.turn();
        let mut context = Context::from_waker(&waits);
        assert!(Pin::new(&mut place).poll(&mut context).is_pending());
        let mut context = Context::from_waker(&watches);
        assert!(glance(stream, &mut context).is_pending());
        let watcher = thread::spawn(move || watch(stream));
        drop((turn, waits, watches));
        drop(block_on(place));
        assert_eq!(end(watcher), b"ab");
        waited.all_went_well();
        watched.all_went_well();
        close(stream);
    });
}

#[test]
fn lines_of_several_are_whole() {
    explore(PACE, || {
        let (stream, written) = stream(Spec::Stdout, b"");
        let by_turns = thread::spawn(move || {
            let write = async |line: &str| {
                let mut turn = stream.turn().await;
                turn.write(line).await.unwrap();
                turn.flush().await.unwrap();
            };
            block_on(join(write("aaaaa\n"), write("bbbbb\n")));
        });
        block_on(async {
            let write = |cx: &mut Context<'_>| {
                stream.poll_with(cx, |file, cx| {
                    Pin::new(file.undecoded()).poll_write(cx, b"ccccc\n")
                })
            };
            assert_eq!(poll_fn(write).await.unwrap(), 6);
        });
        let _ = give_up(async {
            stream.turn().await.write("ddddd\n").await.unwrap();
        });
        end(by_turns);
        close(stream);
        let written = written.lock().unwrap_or_else(PoisonError::into_inner);
        let text = std::str::from_utf8(&written).unwrap();
        let mut lines: Vec<_> = text.lines().collect();
        lines.sort_unstable();
        lines.retain(|line| *line != "ddddd");
        assert_eq!(lines, ["aaaaa", "bbbbb", "ccccc"]);
    });
}
