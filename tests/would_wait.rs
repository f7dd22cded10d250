//! What is served without a job when it is in memory, where now and then it is
//! said not to be: the answers are std's either way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

mod common;

use std::io::SeekFrom;
use std::os::unix::fs::{FileExt, MetadataExt};

use aiofiles::executor::InlineExecutor;
use aiofiles::{open, os, ospath};
use common::{Dir, Random, Wavering, cache_answers};

fn run<F: Future>(future: F) -> F::Output {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.build().unwrap().block_on(future)
}

/// Fails if only one way was taken where both can be.
fn both_ways(wavering: &Wavering, dir: &Dir) {
    let (jobs, hits) = (wavering.jobs(), wavering.hits());
    assert!(jobs > 20, "{jobs} jobs");
    let path = dir.join("some");
    std::fs::write(&path, "some").unwrap();
    if cache_answers(&path) {
        assert!(hits > 20, "{hits} without a job, {jobs} jobs");
    }
}

fn noise(random: &mut Random, n: usize) -> Vec<u8> {
    (0..n).map(|_| random.next() as u8).collect()
}

#[test]
fn reads_that_change_sides_midway_are_whole() {
    run(async {
        let (dir, mut random) = (Dir::new(), Random::new(1));
        let wavering = Wavering::new(InlineExecutor, 2);
        let path = dir.join("f");
        // Around the most that is read in place at a time, and far beyond it.
        for size in [1, 4096, 131_071, 131_072, 131_073, 1_000_003] {
            let data = noise(&mut random, size);
            std::fs::write(&path, &data).unwrap();
            for _ in 0..8 {
                let buffering = 1 + random.below(200_000);
                let open = open(&path).binary().buffering(buffering);
                let mut file = open.executor(wavering.clone()).await.unwrap();
                let mut got = Vec::new();
                while got.len() < size {
                    let n = 1 + random.below(200_000);
                    match random.below(4) {
                        0 => got.extend(file.read().size(n).await.unwrap()),
                        1 => {
                            let mut buf = vec![0; n];
                            let n = file.readinto(&mut buf).await.unwrap();
                            got.extend(&buf[..n]);
                        }
                        2 => {
                            got.reserve_exact(n);
                            let before = got.len();
                            let (read, buf) = file.read_owned(got).await;
                            got = buf;
                            assert_eq!(got.len() - before, read.unwrap());
                        }
                        _ => got.extend(file.read1(n).await.unwrap()),
                    }
                    assert!(data.starts_with(&got), "{} of {size}", got.len());
                    assert_eq!(file.tell().await.unwrap(), got.len() as u64);
                }
                assert_eq!(file.read().await.unwrap(), b"", "the end");
            }
        }
        both_ways(&wavering, &dir);
    });
}

#[test]
fn what_was_consumed_before_a_read_past_the_buffer_is_not_sought_into() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("f");
        let data: Vec<u8> = (0..100).collect();
        std::fs::write(&path, &data).unwrap();
        let open = open(&path).binary().buffering(10);
        let mut file = open.executor(InlineExecutor).nowait(true).await.unwrap();
        // What is peeked at is consumed by the first, and still in the buffer.
        assert_eq!(file.peek(1).await.unwrap(), &data[..10]);
        let (_, got) = file.read_owned(Vec::with_capacity(10)).await;
        assert_eq!(got, data[..10]);
        let (_, got) = file.read_owned(Vec::with_capacity(20)).await;
        let at = 10 + got.len();
        assert_eq!(got, data[10..at]);
        file.seek(SeekFrom::Current(-5)).await.unwrap();
        assert_eq!(file.read().size(5).await.unwrap(), data[at - 5..at]);
    });
}

#[test]
fn positional_reads_that_would_wait_are_whole() {
    run(async {
        let (dir, mut random) = (Dir::new(), Random::new(3));
        let wavering = Wavering::new(InlineExecutor, 4);
        let path = dir.join("f");
        std::fs::write(&path, noise(&mut random, 300_000)).unwrap();
        let plain = std::fs::File::open(&path).unwrap();
        let file = open(&path).raw().executor(wavering.clone()).await.unwrap();
        for _ in 0..200 {
            let (at, n) = (random.below(301_000) as u64, random.below(140_000));
            let mut expected = vec![0; n];
            // One system call gives all there is of a regular file.
            let there = plain.read_at(&mut expected, at).unwrap();
            expected.truncate(there);
            if random.one_in(2) {
                assert_eq!(file.read_at(at, n).await.unwrap(), expected);
            } else {
                let mut buf = vec![0; n];
                assert_eq!(file.readinto_at(at, &mut buf).await.unwrap(), there);
                assert_eq!(buf[..there], expected);
            }
        }
        both_ways(&wavering, &dir);
    });
}

#[test]
fn whole_files_and_metadata_that_would_wait_are_those_of_std() {
    run(async {
        let (dir, mut random) = (Dir::new(), Random::new(5));
        let wavering = Wavering::new(InlineExecutor, 6);
        let (path, link, none) = (dir.join("f"), dir.join("link"), dir.join("none"));
        std::os::unix::fs::symlink(&path, &link).unwrap();
        for size in [0, 1, 4096, 131_072, 131_073, 300_000] {
            let text: String = "x".repeat(size);
            std::fs::write(&path, &text).unwrap();
            for _ in 0..12 {
                let on = || wavering.clone();
                let path = if random.one_in(2) { &path } else { &link };
                assert_eq!(
                    aiofiles::read(path).executor(on()).await.unwrap(),
                    text.as_bytes()
                );
                let read = aiofiles::read_to_string(path).executor(on());
                assert_eq!(read.await.unwrap(), text);
                let seen = os::stat(path).executor(on()).await.unwrap();
                let expected = std::fs::metadata(path).unwrap();
                assert_eq!(
                    (seen.ino(), seen.len(), seen.mode(), seen.mtime_nsec()),
                    (
                        expected.ino(),
                        expected.len(),
                        expected.mode(),
                        expected.mtime_nsec()
                    )
                );
                let seen = os::lstat(&link).executor(on()).await.unwrap();
                assert!(seen.is_symlink());
                let size_seen = ospath::getsize(path).executor(on()).await.unwrap();
                assert_eq!(size_seen, size as u64);
                assert!(ospath::exists(path).executor(on()).await.unwrap());
                assert!(!ospath::exists(&none).executor(on()).await.unwrap());
                let error = os::stat(&none).executor(on()).await.unwrap_err();
                assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
                let mut opened = open(path).executor(on()).await.unwrap();
                assert_eq!(opened.metadata().await.unwrap().ino(), expected.ino());
            }
        }
        assert!(wavering.jobs() > 20, "{} jobs", wavering.jobs());
    });
}
