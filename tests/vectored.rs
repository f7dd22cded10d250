//! Vectored writes through the I/O traits: all slices go with one write.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{Cursor, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::Context;

use aiofiles::executor::ManualExecutor;
use aiofiles::tempfile::{atomic_file, named_temporary_file, spooled_temporary_file};
use aiofiles::{Error, open, wrap};
use common::{Chunks, Counting, Dir, is_unsupported, poll_once, run};
use tokio::io::{AsyncSeekExt, AsyncWrite, AsyncWriteExt};

const MIB: usize = 1024 * 1024;

fn slices<'a>(parts: &[&'a [u8]]) -> Vec<IoSlice<'a>> {
    parts.iter().map(|part| IoSlice::new(part)).collect()
}

/// Writes all, as hyper does: from what was not taken on.
async fn write_all<W: AsyncWrite + Unpin>(file: &mut W, parts: &[&[u8]]) {
    let mut slices = slices(parts);
    let mut left = &mut slices[..];
    while left.iter().any(|slice| !slice.is_empty()) {
        let n = file.write_vectored(left).await.unwrap();
        assert_ne!(n, 0);
        IoSlice::advance_slices(&mut left, n);
    }
}

/// The same by the traits of futures.
async fn write_all_futures<W: futures::AsyncWrite + Unpin>(file: &mut W, parts: &[&[u8]]) {
    let mut slices = slices(parts);
    let mut left = &mut slices[..];
    while left.iter().any(|slice| !slice.is_empty()) {
        let n = futures::AsyncWriteExt::write_vectored(file, left)
            .await
            .unwrap();
        assert_ne!(n, 0);
        IoSlice::advance_slices(&mut left, n);
    }
}

#[test]
fn all_slices_are_one_write_and_one_job() {
    run(async {
        let (memory, jobs) = (Chunks::new("", 1 << 30), Counting::new());
        let raw = wrap(memory.clone()).raw().executor(jobs.clone());
        let mut raw = raw.await.unwrap();
        assert!(raw.is_write_vectored());
        let parts = slices(&[b"head ", b"", b"body ", b"tail"]);
        assert_eq!(raw.write_vectored(&parts).await.unwrap(), 14);
        AsyncWriteExt::flush(&mut raw).await.unwrap();
        assert_eq!(
            (memory.data(), memory.calls().1),
            (b"head body tail".to_vec(), 1)
        );
        assert_eq!(jobs.ops()[0], "write");
        // Through a buffer they take no job at all.
        let buffered = wrap(memory.clone()).executor(jobs.clone());
        let mut buffered = buffered.await.unwrap();
        assert!(buffered.is_write_vectored());
        buffered.seek(SeekFrom::End(0)).await.unwrap();
        jobs.take();
        for _ in 0..10 {
            assert_eq!(buffered.write_vectored(&parts).await.unwrap(), 14);
        }
        assert_eq!(jobs.take(), 0);
        buffered.close().await.unwrap();
        assert_eq!((memory.data().len(), memory.calls().1), (11 * 14, 2));
    });
}

#[test]
fn one_poll_takes_a_share_of_bytes_and_of_slices() {
    run(async {
        let long = vec![7; 3 * MIB];
        let mut raw = wrap(Cursor::new(Vec::new())).raw().await.unwrap();
        let parts = slices(&[b"12345", &long, b"never"]);
        assert_eq!(raw.write_vectored(&parts).await.unwrap(), MIB);
        AsyncWriteExt::flush(&mut raw).await.unwrap();
        let most = vec![IoSlice::new(b"x"); 5_000];
        assert_eq!(raw.write_vectored(&most).await.unwrap(), 1024);
        // Empty ones do not hide what is behind them: nothing written means the end.
        let mut hidden = vec![IoSlice::new(b""); 5_000];
        assert_eq!(raw.write_vectored(&hidden).await.unwrap(), 0);
        hidden.push(IoSlice::new(b"there"));
        assert_eq!(raw.write_vectored(&hidden).await.unwrap(), 5);
        assert_eq!(raw.write_vectored(&[]).await.unwrap(), 0);
        let written = raw.into_raw().await.unwrap().into_inner();
        assert_eq!(written.len(), MIB + 1024 + 5);
        assert!(written.ends_with(b"xthere"));
    });
}

#[test]
fn what_is_written_is_the_concatenation() {
    run(async {
        let dir = Dir::new();
        let long: Vec<u8> = (0..700_000_u32).map(|n| n as u8).collect();
        let parts: [&[u8]; 6] = [b"a", b"", &long, b"bc", &long[..100_000], b"d"];
        let expected = parts.concat();
        for size in [1, 3, 4_096, 131_072, 2 * MIB] {
            let path = dir.join(format!("buffered-{size}"));
            let mut file = open(&path)
                .binary()
                .mode("w")
                .buffering(size)
                .await
                .unwrap();
            write_all(&mut file, &parts).await;
            AsyncWriteExt::write_all(&mut file, b"|").await.unwrap();
            write_all_futures(&mut file, &parts).await;
            file.close().await.unwrap();
            let both = [&expected[..], &expected[..]].join(&b'|');
            assert!(std::fs::read(&path).unwrap() == both, "{size}");
        }
        let path = dir.join("raw");
        let mut file = open(&path).raw().mode("w").await.unwrap();
        write_all(&mut file, &parts).await;
        write_all_futures(&mut file, &parts).await;
        file.close().await.unwrap();
        assert!(std::fs::read(&path).unwrap() == [&expected[..], &expected[..]].concat());
    });
}

#[test]
fn temporary_files_hand_slices_on() {
    run(async {
        let dir = Dir::new();
        let mut named = named_temporary_file().dir(dir.path()).await.unwrap();
        assert!(named.is_write_vectored());
        write_all(&mut named, &[b"one", b"two"]).await;
        write_all_futures(&mut named, &[b"three"]).await;
        named.flush().await.unwrap();
        assert_eq!(std::fs::read(named.name()).unwrap(), b"onetwothree");

        let mut atomic = atomic_file(dir.join("f")).binary().await.unwrap();
        assert!(atomic.is_write_vectored());
        write_all(&mut atomic, &[b"one", b"two"]).await;
        atomic.commit().await.unwrap();
        assert_eq!(std::fs::read(dir.join("f")).unwrap(), b"onetwo");

        let spooled = spooled_temporary_file().dir(dir.path()).max_size(8);
        let mut spooled = spooled.await.unwrap();
        assert!(spooled.is_write_vectored());
        write_all(&mut spooled, &[b"1234", b"5678"]).await;
        assert!(!spooled.rolled());
        // No slice is too long for the memory, but all together are.
        write_all_futures(&mut spooled, &[b"9", b"10"]).await;
        assert!(spooled.rolled());
        spooled.rewind().await.unwrap();
        assert_eq!(spooled.read().await.unwrap(), b"12345678910");
    });
}

#[test]
fn a_dropped_vectored_write_is_whole_or_has_not_begun() {
    let (memory, jobs) = (Chunks::new("", 1 << 30), ManualExecutor::new());
    let raw = wrap(memory.clone()).raw().executor(jobs.clone());
    let mut raw = futures::executor::block_on(raw).unwrap();
    let (first, second) = (slices(&[b"a", b"b"]), slices(&[b"c", b"d"]));
    // Taken at once: a job writes it.
    let mut write = Box::pin(raw.write_vectored(&first));
    assert!(matches!(poll_once(write.as_mut()), Some(Ok(2))));
    drop(write);
    // Behind another job that has the cursor, it waits; dropped, it is as if it never was.
    let mut seek = Box::pin(raw.seek(SeekFrom::Start(0)));
    assert!(poll_once(seek.as_mut()).is_none());
    drop(seek);
    let mut write = Box::pin(raw.write_vectored(&second));
    while poll_once(write.as_mut()).is_none() && jobs.is_empty() {}
    drop(write);
    jobs.run_all();
    let mut flush = Box::pin(raw.flush());
    while poll_once(flush.as_mut()).is_none() {
        jobs.run_all();
    }
    let data = memory.data();
    assert!(data == b"ab" || data == b"cd", "{data:?}");
}

#[test]
fn a_file_that_is_only_read_says_so() {
    run(async {
        let dir = Dir::new();
        let mut file = open(dir.file("f", "x")).binary().await.unwrap();
        let error = file.write_vectored(&slices(&[b"x"])).await.unwrap_err();
        assert!(is_unsupported(&Err::<(), _>(Error::from(error))));
    });
}

#[test]
fn a_line_end_in_any_slice_flushes_a_line_buffered_stdout() {
    run(async {
        let memory = Chunks::new("", 1 << 30);
        let old = aiofiles::stdio::set_stdout(memory.clone()).await.unwrap();
        let text = aiofiles::stdout();
        text.reconfigure().line_buffering(true).await.unwrap();
        let mut out = aiofiles::stdout_bytes();
        assert!(out.is_write_vectored());
        let poll = |cx: &mut Context<'_>, out: &mut aiofiles::stdio::BytesOutput| {
            let parts = slices(&[b"no", b" end"]);
            Pin::new(out).poll_write_vectored(cx, &parts)
        };
        let n = std::future::poll_fn(|cx| poll(cx, &mut out)).await.unwrap();
        assert_eq!((n, memory.calls().1), (6, 0));
        let n = out
            .write_vectored(&slices(&[b"", b" yet\n", b"next"]))
            .await;
        assert_eq!(n.unwrap(), 9);
        // The flush was begun with it, and nothing else is needed.
        let flushed = async {
            while memory.data().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        let limit = std::time::Duration::from_secs(60);
        tokio::time::timeout(limit, flushed).await.unwrap();
        assert_eq!(memory.data(), b"no end yet\nnext");
        aiofiles::stdio::set_stdout(old).await.unwrap();
    });
}
