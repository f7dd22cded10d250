//! Files of bytes, with and without a buffer.

use std::cell::RefCell;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Waker};

use aiofiles::{BinaryFile, RawFile, ThreadPoolExecutor, wrap};
use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};

use super::common::Dir;
use super::common::cache_answers;
use super::{MIB, Pattern, SIZE, now, watch};

/// The operations that this file tries.
pub(super) const ROWS: &[(&str, &str)] = &[
    (
        "file/binary.rs",
        "detach read readall read1 peek readinto write writelines",
    ),
    ("file/raw.rs", "read readall readinto write writelines"),
    (
        "file/bytes/methods.rs",
        "readline readlines next_line next_lines lines into_lines read_owned write_owned",
    ),
    ("file/chunks.rs", "chunks into_chunks"),
    (
        "file/positional.rs",
        "read_at read_exact_at readinto_at write_at write_all_at write_owned_at",
    ),
];

/// Where the bytes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    /// Jobs bring them.
    Jobs,
    /// They are in the buffer: a read to the end was given up.
    Buffer,
    /// The page cache has them.
    Cache,
}

thread_local! {
    /// To be read into: made and dropped where nobody counts.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![1; SIZE]);
}

fn pool() -> ThreadPoolExecutor {
    ThreadPoolExecutor::new(1)
}

/// Has all bytes in the buffer of the file: a read to the end is given up once its job
/// is over, which the next job of the pool tells.
macro_rules! fill {
    ($file:ident, $pool:expr) => {{
        let mut read = pin!($file.read());
        let polled = read.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        now(aiofiles::delegate(|| ()).executor($pool.clone())).unwrap();
    }};
}

/// Tries `$call` on a buffered and on an unbuffered file of such bytes. `$shares` says
/// that the task moves them, wherever they come from; or only if they are in the buffer.
macro_rules! reads {
    ($name:literal, $pattern:expr, $size:expr, $shares:expr, |$f:ident| $call:expr) => {{
        let shares: fn(From) -> bool = $shares;
        BUFFER.with_borrow(|buf| assert_eq!(buf.len(), SIZE));
        for from in [From::Jobs, From::Buffer] {
            let at = format!("{} of {:?} from {from:?}", $name, &$pattern[..1]);
            let (stream, pool) = (Pattern::new($pattern, $size), pool());
            let mut $f: BinaryFile<Pattern> = now(wrap(stream).executor(pool.clone())).unwrap();
            if from == From::Buffer {
                fill!($f, pool);
            }
            let (n, polls): (usize, _) = watch(async { $call });
            assert_eq!(n, $size, "{at}");
            if shares(from) {
                polls.by_shares(&at, $size, MIB);
            } else {
                polls.bounded(&at, $size);
            }
            let stream = Pattern::new($pattern, $size);
            let opened = wrap(stream).raw().executor(pool.clone());
            let mut $f: RawFile<Pattern> = now(opened).unwrap();
            if from == From::Buffer {
                fill!($f, pool);
            }
            let (n, polls): (usize, _) = watch(async { $call });
            assert!(n > 0, "{at}");
            polls.bounded(&format!("raw {at}"), $size);
        }
    }};
}

const X: &[u8] = &[b'x'; 4096];
const CR: &[u8] = &[b'\r'; 4096];
const BAD: &[u8] = &[0xff; 4096];
const LF: &[u8] = &[b'\n'; 4096];

#[test]
fn reads_of_bytes_take_a_share_a_poll() {
    for pattern in [X, CR, BAD] {
        reads!("readline", pattern, SIZE, |_| true, |f| f
            .readline()
            .await
            .unwrap()
            .len());
        reads!("next_line", pattern, SIZE, |_| true, |f| f
            .next_line()
            .await
            .unwrap()
            .unwrap()
            .len());
        reads!("next_lines", pattern, SIZE, |_| true, |f| f
            .next_lines()
            .await
            .unwrap()
            .unwrap()
            .map(<[u8]>::len)
            .sum::<usize>());
        reads!("readlines", pattern, SIZE, |_| true, |f| {
            total(f.readlines().await.unwrap())
        });
    }
    reads!("read", X, SIZE, |_| false, |f| f
        .read()
        .await
        .unwrap()
        .len());
    reads!("readall", X, SIZE, |_| false, |f| f
        .readall()
        .await
        .unwrap()
        .len());
    reads!("read.size", X, SIZE, |_| false, |f| f
        .read()
        .size(SIZE)
        .await
        .unwrap()
        .len());
    reads!("readline.size", X, SIZE, |_| true, |f| f
        .readline()
        .size(SIZE - 1)
        .await
        .unwrap()
        .len()
        + 1);
    reads!("readlines.hint", X, SIZE, |_| true, |f| {
        f.readlines().hint(SIZE / 2).await.unwrap()[0].len()
    });
    reads!("lines", X, SIZE, |_| true, |f| {
        f.lines().next().await.unwrap().unwrap().len()
    });
    reads!("into_lines", X, SIZE, |_| true, |f| {
        f.into_lines().next().await.unwrap().unwrap().len()
    });
    reads!("stream", X, SIZE, |_| true, |f| {
        f.next().await.unwrap().unwrap().len()
    });
    reads!("readinto", X, SIZE, |_| true, |f| {
        let mut buf = BUFFER.take();
        let n = f.readinto(&mut buf).await.unwrap();
        BUFFER.set(buf);
        n
    });
    reads!("read_exact", X, SIZE, |_| false, |f| {
        let mut buf = BUFFER.take();
        AsyncReadExt::read_exact(&mut f, &mut buf).await.unwrap();
        BUFFER.set(buf);
        SIZE
    });
    reads!("read_owned", X, SIZE, |_| false, |f| {
        let mut buf = Vec::with_capacity(SIZE);
        while buf.len() < SIZE {
            let (n, back) = f.read_owned(buf).await;
            assert!(n.unwrap() > 0);
            buf = back;
        }
        buf.len()
    });
    reads!("chunks", X, SIZE, |_| false, |f| {
        let f = &mut f;
        assert!(f.chunks(SIZE).next().await.is_some());
        SIZE
    });
    reads!("into_chunks", X, SIZE, |_| false, |f| {
        assert!(f.into_chunks(SIZE).next().await.is_some());
        SIZE
    });
    let mut f = now(wrap(Pattern::new(LF, 2 * MIB)).executor(pool())).unwrap();
    let (lines, polls) = watch(f.readlines());
    assert_eq!(total(lines.unwrap()), 2 * MIB);
    polls.by_shares("readlines of empty lines", 2 * MIB, MIB / 32);
}

/// What only one kind of file has, or what is taken in odd pieces.
#[test]
fn odd_pieces_of_a_full_buffer_take_a_share_a_poll() {
    let open = || -> BinaryFile<Pattern> {
        let pool = pool();
        let mut file = now(wrap(Pattern::new(X, SIZE)).executor(pool.clone())).unwrap();
        fill!(file, pool);
        file
    };
    let mut f = open();
    now(f.read().size(7)).unwrap();
    let (piece, polls) = watch(f.read1(SIZE - 10));
    assert_eq!(piece.unwrap().len(), SIZE - 10);
    polls.by_shares("read1", SIZE, MIB);
    let mut f = open();
    let (piece, polls) = watch(async { f.peek(SIZE).await.unwrap().len() });
    assert_eq!(piece, SIZE);
    polls.bounded("peek", SIZE);
    let mut f = open();
    let (piece, polls) = watch(f.read().size(SIZE / 3));
    assert_eq!(piece.unwrap().len(), SIZE / 3);
    polls.by_shares("read", SIZE / 3, MIB);
    let (rest, polls) = watch(f.read());
    assert_eq!(rest.unwrap().len(), SIZE - SIZE / 3);
    polls.by_shares("read", SIZE - SIZE / 3, MIB);
    let f = open();
    let (raw, polls) = watch(f.detach());
    polls.bounded("detach", SIZE);
    let mut raw = raw.unwrap();
    let (line, polls) = watch(raw.readline());
    assert_eq!(line.unwrap().len(), SIZE);
    polls.by_shares("raw readline", SIZE, MIB);
}

#[test]
fn calls_that_are_given_up_between_two_shares_have_taken_nothing() {
    for what in 0..5 {
        let pool = pool();
        let mut f = now(wrap(Pattern::new(X, 16 * MIB)).executor(pool.clone())).unwrap();
        fill!(f, pool);
        now(f.read().size(3)).unwrap();
        let mut buf = vec![0; 16 * MIB];
        for stop in 1..5 {
            let polled = |future: std::pin::Pin<&mut dyn Future<Output = ()>>| {
                let mut future = future;
                for _ in 0..stop {
                    let mut cx = Context::from_waker(Waker::noop());
                    assert!(future.as_mut().poll(&mut cx).is_pending(), "{what}");
                }
            };
            match what {
                0 => polled(pin!(async { drop(f.readline().await) })),
                1 => polled(pin!(async { drop(f.readlines().await) })),
                2 => polled(pin!(async { drop(f.readinto(&mut buf).await) })),
                3 => polled(pin!(async { drop(f.read1(15 * MIB).await) })),
                _ => polled(pin!(async { drop(f.next().await) })),
            }
        }
        assert_eq!(now(f.read().size(5)).unwrap(), b"xxxxx");
        assert_eq!(now(f.readline()).unwrap().len(), 16 * MIB - 8);
        assert_eq!(now(f.readline()).unwrap().len(), 0);
    }
}

#[test]
fn the_page_cache_gives_a_share_a_poll() {
    let dir = Dir::new();
    let path = dir.file("f", vec![b'x'; SIZE]);
    if !cache_answers(&path) {
        return;
    }
    let at = |what: &str| format!("{what} from {:?}", From::Cache);
    let open = |path: &Path| -> BinaryFile {
        let file = std::fs::File::open(path).unwrap();
        now(wrap(file).nowait(true).executor(pool())).unwrap()
    };
    let (line, polls) = watch(async { open(&path).readline().await });
    assert_eq!(line.unwrap().len(), SIZE);
    polls.by_shares(&at("readline"), SIZE, MIB);
    let mut f = open(&path);
    let (lines, polls) = watch(f.readlines());
    assert_eq!(lines.unwrap()[0].len(), SIZE);
    polls.by_shares(&at("readlines"), SIZE, MIB);
    let mut f = open(&path);
    let (line, polls) = watch(async { f.next_line().await.unwrap().unwrap().len() });
    assert_eq!(line, SIZE);
    polls.by_shares(&at("next_line"), SIZE, MIB);
}

#[test]
fn positional_calls_move_a_share_a_poll() {
    let open = || -> BinaryFile<Pattern> {
        now(wrap(Pattern::new(X, SIZE)).mode("r+").executor(pool())).unwrap()
    };
    let f = open();
    for exact in [false, true] {
        let (data, polls) = watch(async {
            match exact {
                true => f.read_exact_at(0, SIZE).await,
                false => f.read_at(0, SIZE).await,
            }
        });
        assert_eq!(data.unwrap().len(), SIZE);
        polls.bounded("read_at", SIZE);
    }
    let mut buf = vec![0; SIZE];
    let (n, polls) = watch(f.readinto_at(0, &mut buf));
    assert_eq!(n.unwrap(), SIZE);
    polls.by_shares("readinto_at", SIZE, MIB);
    let (n, polls) = watch(f.write_at(0, &buf));
    assert_eq!(n.unwrap(), SIZE);
    polls.by_shares("write_at", SIZE, MIB);
    let (n, polls) = watch(f.write_all_at(0, &buf));
    assert_eq!(n.unwrap(), SIZE);
    polls.by_shares("write_all_at", SIZE, MIB);
    let (n, polls) = watch(async { f.write_owned_at(0, buf).await });
    assert_eq!(n.unwrap(), SIZE);
    polls.bounded("write_owned_at", SIZE);
}

/// Tries `$call` on a buffered file, on one with a huge buffer, and on an unbuffered one.
macro_rules! writes {
    ($name:literal, $shares:literal, |$f:ident, $data:ident| $call:expr) => {{
        let $data = vec![b'x'; SIZE];
        let made = || wrap(Pattern::new(X, 0)).mode("w").executor(pool());
        let check = |polls: super::Polls, at: &str| match $shares {
            true => polls.by_shares(&format!("{at} {}", $name), SIZE, MIB),
            false => polls.bounded(&format!("{at} {}", $name), SIZE),
        };
        let mut $f: BinaryFile<Pattern> = now(made()).unwrap();
        check(watch(async { $call }).1, "buffered");
        let mut $f: BinaryFile<Pattern> = now(made().buffering(2 * SIZE)).unwrap();
        check(watch(async { $call }).1, "hugely buffered");
        let mut $f: RawFile<Pattern> = now(made().raw()).unwrap();
        check(watch(async { $call }).1, "raw");
    }};
}

#[test]
fn writes_of_bytes_copy_a_share_a_poll() {
    writes!("write", true, |f, data| assert_eq!(
        f.write(&data).await.unwrap(),
        SIZE
    ));
    writes!("writelines", true, |f, data| {
        f.writelines([&data[..10], &data]).await.unwrap();
    });
    // Its own loop goes on as long as a buffer takes more: outside tokio, which has a
    // budget for that, it is bounded by what is on its way to the stream.
    let made = wrap(Pattern::new(X, 0)).mode("w").executor(pool());
    let mut f: BinaryFile<Pattern> = now(made).unwrap();
    let data = vec![b'x'; SIZE];
    let (done, polls) = watch(async { AsyncWriteExt::write_all(&mut f, &data).await });
    done.unwrap();
    polls.bounded("write_all", SIZE);
    for capacity in [128 * 1024, 2 * SIZE] {
        let made = wrap(Pattern::new(X, 0)).mode("w").buffering(capacity);
        let mut f: BinaryFile<Pattern> = now(made.executor(pool())).unwrap();
        let data = vec![b'x'; SIZE];
        let ((written, _data), polls) = watch(f.write_owned(data));
        assert_eq!(written.unwrap(), SIZE);
        polls.bounded("write_owned", SIZE);
    }
}

fn total(lines: Vec<Vec<u8>>) -> usize {
    // Its owner's drop is not the call's; what it costs is not counted.
    let len = lines.iter().map(Vec::len).sum();
    std::mem::forget(lines);
    len
}
