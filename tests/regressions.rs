//! Bugs that were found once, each by name: in other crates and in this one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/system.rs"]
mod system;

use std::io::SeekFrom;
use std::pin::Pin;

use aiofiles::executor::{InlineExecutor, ManualExecutor};
use aiofiles::{BinaryFile, Error, RawIo as _, ThreadPoolExecutor, wrap};
use common::{Dir, EIO, Fault, Memory, Op, Stream, on_disk, start_and_abandon};
use futures::FutureExt as _;
use futures::executor::block_on;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader};

fn file_on(memory: &Memory) -> BinaryFile<Stream> {
    let made = wrap(memory.stream()).mode("r+").executor(InlineExecutor);
    block_on(made.into_future()).unwrap()
}

// ---- of this crate ------------------------------------------------------------

#[test]
fn abandoned_flush_is_not_taken_for_a_seek() {
    let (memory, jobs) = (Memory::new("0123456789"), ManualExecutor::new());
    let made = wrap(memory.stream()).mode("r+").executor(jobs.clone());
    let mut file = block_on(made.into_future()).unwrap();
    file.write(b"ab").now_or_never().unwrap().unwrap();
    start_and_abandon(AsyncWriteExt::flush(&mut file));
    jobs.run_all();
    {
        let seek = futures::io::AsyncSeekExt::seek(&mut file, SeekFrom::Start(7));
        let mut seek = std::pin::pin!(seek);
        assert!(common::poll_once(seek.as_mut()).is_none());
        jobs.run_all();
        assert_eq!(common::poll_once(seek).unwrap().unwrap(), 7);
    }
    // Nor one seek for another.
    start_and_abandon(futures::io::AsyncSeekExt::seek(
        &mut file,
        SeekFrom::Start(1),
    ));
    let seek = futures::io::AsyncSeekExt::seek(&mut file, SeekFrom::End(-2));
    let mut seek = std::pin::pin!(seek);
    assert!(common::poll_once(seek.as_mut()).is_none());
    jobs.run_all();
    assert!(common::poll_once(seek.as_mut()).is_none());
    jobs.run_all();
    assert_eq!(common::poll_once(seek).unwrap().unwrap(), 8);
}

#[test]
fn seek_back_after_a_read_past_the_buffer_gives_what_is_there() {
    let dir = Dir::new();
    let path = dir.join("file");
    let content: Vec<u8> = (0..200_000_u32).map(|n| (n / 3 % 251) as u8).collect();
    std::fs::write(&path, &content).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut file = aiofiles::open(&path).binary().buffering(64).await.unwrap();
        let mut at = 0;
        for n in 0..200 {
            // The whole buffer, by its user; and then past it.
            let buffered = file.fill_buf().await.unwrap().len();
            Pin::new(&mut file).consume(buffered);
            at += buffered;
            let mut buf = [0; 100];
            at += AsyncReadExt::read(&mut file, &mut buf).await.unwrap();
            let back = 1 + n % 50;
            file.seek(SeekFrom::Current(-(back as i64))).await.unwrap();
            let read = file.read().size(back).await.unwrap();
            assert_eq!(read, content[at - back..at], "{n}");
        }
    });
}

#[test]
fn wrapped_file_that_appends_waits_for_its_executor() {
    let pool = ThreadPoolExecutor::new(1);
    let memory = Memory::new("old");
    memory.append_mode();
    block_on(async {
        let made = wrap(memory.stream()).mode("a").executor(pool);
        let mut file = made.await.unwrap();
        assert_eq!(file.tell().await.unwrap(), 3);
        file.write(b"new").await.unwrap();
        file.close().await.unwrap();
    });
    assert_eq!(memory.data(), b"oldnew");
}

#[test]
fn abandoned_text_seek_is_found_out_about() {
    let (memory, jobs) = (Memory::new("\u{feff}one\ntwo\n"), ManualExecutor::new());
    let made = wrap(memory.stream())
        .text()
        .encoding("utf-8-sig")
        .executor(jobs.clone());
    let mut file = block_on(made.into_future()).unwrap();
    start_and_abandon(file.readline());
    jobs.run_all();
    assert_eq!(file.readline().now_or_never().unwrap().unwrap(), "one\n");
    start_and_abandon(file.seek(SeekFrom::Start(0)));
    jobs.run_all();
    start_and_abandon(file.readline());
    jobs.run_all();
    let line = file.readline().now_or_never().unwrap().unwrap();
    assert_eq!(line, "one\n", "without its mark");
}

#[test]
fn clones_know_that_they_share_a_cursor() {
    let dir = Dir::new();
    let path = dir.join("file");
    std::fs::write(&path, "0123456789").unwrap();
    block_on(async {
        let open = aiofiles::open(&path).raw().mode("r+");
        let mut file = open.executor(InlineExecutor).await.unwrap();
        assert_eq!(file.tell().await.unwrap(), 0);
        let mut clone = file.try_clone().await.unwrap();
        assert_eq!(clone.read().size(4).await.unwrap(), b"0123");
        assert_eq!(file.tell().await.unwrap(), 4);
        assert_eq!(file.read().size(2).await.unwrap(), b"45");
        assert_eq!(clone.tell().await.unwrap(), 6);
        assert_eq!(clone.truncate().await.unwrap(), 6);
    });
    assert_eq!(on_disk(&path), b"012345");
}

#[test]
fn read_owned_that_panicked_gives_no_bytes_out_of_nothing() {
    let memory = Memory::new("data");
    let mut file = file_on(&memory);
    memory.fail_once(Op::Read, Fault::Panic);
    block_on(async {
        let (result, buf) = file.read_owned(Vec::with_capacity(8)).await;
        assert!(matches!(result, Err(Error::Panicked { .. })));
        assert_eq!(buf, b"");
        assert_eq!(file.read().await.unwrap(), b"data");
    });
}

#[test]
fn interrupted_calls_are_made_again() {
    // tokio#7786: EINTR in a write.
    for op in [
        Op::Read,
        Op::Write,
        Op::Seek,
        Op::Flush,
        Op::Truncate,
        Op::Sync,
    ] {
        let memory = Memory::new("0123456789");
        let mut file = file_on(&memory);
        let mut calls = 0;
        memory.set_script(move |now| {
            calls += usize::from(now == op);
            if now == op && calls % 2 == 1 {
                Fault::Interrupted
            } else {
                Fault::None
            }
        });
        block_on(async {
            assert_eq!(file.read().size(2).await.unwrap(), b"01", "{op:?}");
            file.write(b"ab").await.unwrap();
            file.sync_all().await.unwrap();
            file.sync_data().await.unwrap();
            assert_eq!(file.read_at(1, 4).await.unwrap(), b"1ab4");
            file.write_all_at(9, b"x").await.unwrap();
            assert_eq!(file.tell().await.unwrap(), 4);
            assert_eq!(file.read().await.unwrap(), b"45678x", "{op:?}");
            file.truncate().size(5).await.unwrap();
            file.close().await.unwrap();
        });
        assert_eq!(memory.data(), b"01ab4", "{op:?}");
    }
}

#[test]
fn cursor_that_a_positional_call_lost_is_put_back() {
    for (fault, fails) in [
        (Fault::Errno(EIO), 1),
        (Fault::Errno(EIO), 3),
        (Fault::Panic, 1),
        (Fault::WouldBlock, 2),
    ] {
        for writes in [false, true] {
            let memory = Memory::new("0123456789");
            let made = wrap(memory.stream()).raw().mode("r+");
            let mut file = block_on(made.executor(InlineExecutor).into_future()).unwrap();
            block_on(async {
                assert_eq!(file.read().size(2).await.unwrap(), b"01");
                // There, and back: which fails, and so do the next tries.
                let mut seeks = 0;
                memory.set_script(move |op| {
                    seeks += usize::from(op == Op::Seek);
                    match op {
                        Op::Seek if (2..2 + fails).contains(&seeks) => fault,
                        _ => Fault::None,
                    }
                });
                let lost = if writes {
                    file.write_at(7, b"x").await.map(drop)
                } else {
                    file.read_at(7, 1).await.map(drop)
                };
                let errno = lost.unwrap_err().raw_os_error();
                assert_eq!(errno.is_some(), matches!(fault, Fault::Errno(_)));
                for _ in 1..fails {
                    assert!(file.read().size(1).await.is_err(), "{fault:?}");
                }
                assert_eq!(file.read().size(2).await.unwrap(), b"23", "{fault:?}");
                file.write(b"ab").await.unwrap();
                assert_eq!(file.tell().await.unwrap(), 6);
                assert_eq!(file.into_raw().await.unwrap().read(&mut [0; 1]).unwrap(), 1);
            });
            let seven = if writes { 'x' } else { '7' };
            let expected = format!("0123ab6{seven}89");
            assert_eq!(memory.data(), expected.as_bytes(), "{fault:?}");
        }
    }
}

#[test]
fn panic_in_a_positional_call_leaves_the_cursor() {
    let memory = Memory::new("0123456789");
    let mut file = file_on(&memory);
    block_on(async {
        memory.fail_once(Op::Write, Fault::Panic);
        let error = file.write_at(7, b"x").await.unwrap_err();
        assert!(matches!(error, Error::Panicked { .. }), "{error}");
        file.write(b"ab").await.unwrap();
        file.flush().await.unwrap();
        assert_eq!(memory.data(), b"ab23456789");
    });
}

#[test]
fn consuming_more_than_there_is_consumes_what_there_is() {
    let dir = Dir::new();
    let path = dir.join("file");
    std::fs::write(&path, "0123456789").unwrap();
    block_on(async {
        let open = aiofiles::open(&path).binary().buffering(4);
        let mut file = open.executor(InlineExecutor).await.unwrap();
        assert_eq!(AsyncBufReadExt::fill_buf(&mut file).await.unwrap(), b"0123");
        AsyncBufReadExt::consume(&mut file, 100);
        assert_eq!(file.tell().await.unwrap(), 4);
        assert_eq!(file.fill_buf().await.unwrap(), b"4567");
        futures::io::AsyncBufReadExt::consume_unpin(&mut file, usize::MAX);
        assert_eq!(file.read().await.unwrap(), b"89");
    });
}

#[test]
fn whatever_was_written_is_flushed_once() {
    for how in ["write", "batch", "write_at", "write_owned"] {
        let memory = Memory::new("0123456789");
        let made = wrap(memory.stream()).raw().mode("r+");
        let mut file = block_on(made.executor(InlineExecutor).into_future()).unwrap();
        block_on(async {
            file.flush().await.unwrap();
            assert_eq!(memory.calls("flush"), 0, "{how}: nothing was written");
            match how {
                "write" => file.write(b"ab").await.unwrap(),
                "batch" => file.batch(|raw| raw.write(b"ab")).await.unwrap(),
                "write_at" => file.write_at(0, b"ab").await.unwrap(),
                _ => file.write_owned(b"ab".to_vec()).await.0.unwrap(),
            };
            file.flush().await.unwrap();
            assert_eq!(memory.calls("flush"), 1, "{how}");
            file.close().await.unwrap();
            assert_eq!(memory.calls("flush"), 1, "{how}: it has been flushed");
        });
        assert_eq!(memory.data(), b"ab23456789", "{how}");
    }
}

#[test]
fn abandoned_flush_that_succeeds_is_not_made_again() {
    let (memory, jobs) = (Memory::default(), ManualExecutor::new());
    let made = wrap(memory.stream()).mode("w").executor(jobs.clone());
    let mut file = block_on(made.into_future()).unwrap();
    file.write(b"data").now_or_never().unwrap().unwrap();
    start_and_abandon(file.flush());
    jobs.run_all();
    file.flush().now_or_never().unwrap().unwrap();
    assert_eq!(memory.calls("flush"), 1);
    file.write(b"more").now_or_never().unwrap().unwrap();
    start_and_abandon(file.flush());
    drop(file);
    jobs.run_all();
    assert_eq!((memory.calls("flush"), memory.data().len()), (2, 8));
}

// ---- of others ------------------------------------------------------------------

// tokio#3009: `shutdown()` skipped the flush. tokio#1528: nor did it go further.
#[test]
fn shutdown_writes_and_flushes() {
    let memory = Memory::default();
    let mut file = file_on(&memory);
    block_on(async {
        file.write_all(b"data").await.unwrap();
        file.shutdown().await.unwrap();
    });
    assert_eq!(
        (memory.data(), memory.calls("flush")),
        (b"data".to_vec(), 1)
    );
}

// tokio#5803: `try_clone` missed a write in flight. tokio#7593: and the buffer size.
#[test]
fn clone_sees_what_was_written() {
    let dir = Dir::new();
    let path = dir.join("file");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        for n in 0..200_u32 {
            let open = aiofiles::open(&path).binary().mode("w+").buffering(16);
            let mut file = open.await.unwrap();
            file.write(&n.to_le_bytes().repeat(10)).await.unwrap();
            let mut clone = file.try_clone().await.unwrap();
            clone.seek(SeekFrom::Start(36)).await.unwrap();
            assert_eq!(clone.read().await.unwrap(), n.to_le_bytes());
        }
    });
}

// tokio#7139: an empty read gave the end at the next one.
#[test]
fn empty_read_is_no_end() {
    let mut file = file_on(&Memory::new("data"));
    block_on(async {
        assert_eq!(AsyncReadExt::read(&mut file, &mut []).await.unwrap(), 0);
        assert_eq!(file.readinto(&mut []).await.unwrap(), 0);
        assert_eq!(file.read().size(0).await.unwrap(), b"");
        assert_eq!(file.read().await.unwrap(), b"data");
    });
}

// tokio#4897: a seek during a write panicked.
#[test]
fn seek_during_a_write_waits_for_it() {
    let dir = Dir::new();
    let path = dir.join("file");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let file = aiofiles::open(&path)
            .binary()
            .mode("w+")
            .buffering(8)
            .await
            .unwrap();
        let mut file = BufReader::new(file);
        file.write_all(&[b'x'; 100]).await.unwrap();
        file.seek(SeekFrom::Start(98)).await.unwrap();
        file.write_all(b"end").await.unwrap();
        file.flush().await.unwrap();
    });
    assert_eq!(on_disk(&path)[97..], *b"xend");
}

// async-fs#45: `sync_data` overtook the write.
#[test]
fn sync_comes_after_the_writes() {
    let memory = Memory::default();
    let mut file = file_on(&memory);
    block_on(async {
        file.write(b"data").await.unwrap();
        file.sync_data().await.unwrap();
    });
    assert_eq!(memory.data(), b"data");
}

// async-fs#5, async-fs 1.2.1, async-std#364: needless flushes and seeks.
#[test]
fn file_that_was_read_is_closed_without_a_write() {
    let memory = Memory::new("data");
    let pipe = wrap(memory.pipe()).mode("r").executor(InlineExecutor);
    let mut file = block_on(pipe.into_future()).unwrap();
    block_on(async {
        assert_eq!(file.read().size(2).await.unwrap(), b"da");
        file.close().await.unwrap();
    });
    assert_eq!((memory.calls("write"), memory.calls("seek")), (0, 0));
}

// blocking#10: `SeekFrom::Current` counted the read-ahead.
#[test]
fn relative_seek_starts_at_the_position() {
    let mut file = file_on(&Memory::new("0123456789"));
    block_on(async {
        assert_eq!(file.read().size(4).await.unwrap(), b"0123");
        assert_eq!(file.tell().await.unwrap(), 4);
        assert_eq!(file.seek(SeekFrom::Current(0)).await.unwrap(), 4);
        assert_eq!(file.read().await.unwrap(), b"456789");
    });
}

// async-std#1030: the end was for ever.
#[test]
fn file_that_grew_is_read_on() {
    let dir = Dir::new();
    let path = dir.join("file");
    std::fs::write(&path, "one").unwrap();
    block_on(async {
        let mut file = aiofiles::open(&path)
            .executor(InlineExecutor)
            .await
            .unwrap();
        assert_eq!(file.read().await.unwrap(), "one");
        assert_eq!(file.read().await.unwrap(), "");
        std::fs::write(&path, "onetwo").unwrap();
        assert_eq!(file.read().await.unwrap(), "two");
    });
}

// compio@7e39c989: a descriptor that was closed and opened again below a job.
#[test]
fn positional_read_keeps_its_file_open() {
    let dir = Dir::new();
    let (path, jobs) = (dir.join("file"), ManualExecutor::new());
    std::fs::write(&path, "data").unwrap();
    let file = std::fs::File::open(&path).unwrap();
    let made = wrap(file).executor(jobs.clone());
    let file = block_on(made.into_future()).unwrap();
    let mut read = std::pin::pin!(file.read_at(1, 2).into_future());
    assert!(common::poll_once(read.as_mut()).is_none());
    drop(file);
    let other = std::fs::File::open("/dev/zero").unwrap();
    jobs.run_all();
    assert_eq!(common::poll_once(read).unwrap().unwrap(), b"at");
    drop(other);
}

// tokio#8400, tokio#2541: a partial line was lost, or panicked, beside an error.
#[test]
fn text_that_breaks_off_in_a_character_fails_once() {
    let memory = Memory::new(*b"ab\xc3\nrest\n");
    let made = wrap(memory.stream()).text().executor(InlineExecutor);
    let mut file = block_on(made.into_future()).unwrap();
    block_on(async {
        let error = file.readline().await.unwrap_err();
        assert!(matches!(error, Error::Decode { offset: 2, .. }), "{error}");
        assert_eq!(file.readline().await.unwrap(), "rest\n");
    });
}

// tokio#2734: a character was cut in half, and its halves spoiled.
#[test]
fn characters_that_short_writes_cut_arrive_whole() {
    for buffering in 2..9 {
        let memory = Memory::default();
        memory.fail(Op::Write, Fault::Short(1 + buffering % 3));
        let made = wrap(memory.stream()).text().mode("w").buffering(buffering);
        block_on(async {
            let mut file = made.executor(InlineExecutor).await.unwrap();
            for _ in 0..20 {
                file.write("aé漢𝄞\n").await.unwrap();
            }
            file.close().await.unwrap();
        });
        let expected = system::native("aé漢𝄞\n").repeat(20);
        assert_eq!(memory.data(), expected.as_bytes());
    }
}
