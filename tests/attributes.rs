//! Sizes, permissions, times and syncs of open files, and a file as a stream of
//! chunks.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs::FileTimes;
use std::io::{Cursor, ErrorKind, SeekFrom};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aiofiles::executor::ManualExecutor;
use aiofiles::{BinaryFile, RawFile, TextFile, open, wrap};
use common::{Chunks, Dir, is_closed, is_unsupported, run};
use futures::{FutureExt, StreamExt, TryStreamExt};

#[test]
fn set_len_moves_no_position() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "0123456789");
        let mut text = open(&path).mode("r+").await.unwrap();
        assert_eq!(text.read().size(3).await.unwrap(), "012");
        text.set_len(6).await.unwrap();
        assert_eq!(text.read().await.unwrap(), "345");
        text.close().await.unwrap();

        let mut binary = open(&path).binary().mode("r+").await.unwrap();
        binary.write(b"ab").await.unwrap();
        binary.set_len(4).await.unwrap();
        assert_eq!(binary.tell().await.unwrap(), 2);
        assert_eq!(std::fs::read(&path).unwrap(), b"ab23", "written before");

        let mut raw = open(&path).raw().mode("r+").await.unwrap();
        raw.set_len(5).await.unwrap();
        assert_eq!(raw.read().await.unwrap(), b"ab23\0");

        let mut unwritable = open(&path).binary().await.unwrap();
        assert!(is_unsupported(&unwritable.set_len(0).await));
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 5);
    });
}

#[test]
fn times_are_not_changed_by_what_was_pending() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("f");
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let mut file = open(&path).mode("w").await.unwrap();
        file.write("pending").await.unwrap();
        file.set_times(FileTimes::new().set_modified(then).set_accessed(then))
            .await
            .unwrap();
        file.close().await.unwrap();
        let metadata = std::fs::metadata(&path).unwrap();
        assert_eq!(metadata.modified().unwrap(), then);
        assert_eq!(metadata.len(), 7);
    });
}

#[test]
fn permissions_are_set_through_the_descriptor() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "");
        let mut file = open(&path).binary().mode("r+").await.unwrap();
        std::fs::rename(&path, dir.join("elsewhere")).unwrap();
        let mut permissions = file.metadata().await.unwrap().permissions();
        permissions.set_readonly(true);
        file.set_permissions(permissions.clone()).await.unwrap();
        let moved = std::fs::metadata(dir.join("elsewhere")).unwrap();
        assert!(moved.permissions().readonly());

        let raw = RawFile::from(std::fs::File::open(dir.join("elsewhere")).unwrap());
        #[expect(
            clippy::permissions_set_readonly_false,
            reason = "the folder is the test's own"
        )]
        permissions.set_readonly(false);
        raw.set_permissions(permissions).await.unwrap();
        assert!(!raw.metadata().await.unwrap().permissions().readonly());
    });
}

#[test]
fn what_has_no_file_behind_it_says_so() {
    run(async {
        let memory = || Cursor::new(Vec::new());
        let mut binary = wrap(memory()).await.unwrap();
        assert!(is_unsupported(&binary.metadata().await));
        assert!(is_unsupported(&binary.set_times(FileTimes::new()).await));
        let raw = wrap(memory()).raw().await.unwrap();
        assert!(is_unsupported(&raw.metadata().await));
        let permissions = std::fs::metadata(".").unwrap().permissions();
        assert!(is_unsupported(&raw.set_permissions(permissions).await));
    });
}

#[test]
fn a_shared_raw_file_is_asked_and_synced_side_by_side() {
    let jobs = ManualExecutor::new();
    let dir = Dir::new();
    let path = dir.file("f", "0123456789");
    let file = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .unwrap();
    let opened = wrap(file).raw().executor(jobs.clone()).now_or_never();
    let file = Arc::new(opened.unwrap().unwrap());
    let mut write = Box::pin(file.write_all_at(10, b"ab"));
    let mut sync = Box::pin(file.sync_data());
    let mut size = Box::pin(file.metadata());
    assert!((&mut write).now_or_never().is_none());
    assert!(sync.as_mut().now_or_never().is_none());
    assert!(size.as_mut().now_or_never().is_none());
    assert_eq!(jobs.len(), 3, "none waits for another");
    assert_eq!(jobs.run_all(), 3);
    assert_eq!(write.now_or_never().unwrap().unwrap(), 2);
    sync.now_or_never().unwrap().unwrap();
    assert_eq!(size.now_or_never().unwrap().unwrap().len(), 12);
}

#[test]
fn a_closed_file_has_none_of_it() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "text");
        let mut raw = open(&path).raw().mode("r+").await.unwrap();
        raw.close().await.unwrap();
        assert!(is_closed(&raw.metadata().await));
        assert!(is_closed(&raw.sync_all().await));
        assert!(is_closed(&raw.set_len(1).await));
        let mut text = open(&path).mode("r+").await.unwrap();
        text.close().await.unwrap();
        assert!(is_closed(&text.metadata().await));
        assert!(is_closed(&text.set_times(FileTimes::new()).await));
        assert!(is_closed(&text.set_len(1).await));
        assert_eq!(std::fs::read(&path).unwrap(), b"text");
    });
}

#[test]
fn files_come_of_std_files_and_of_descriptors() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "text");
        let std_file = || std::fs::File::open(&path).unwrap();
        assert_eq!(TextFile::from(std_file()).read().await.unwrap(), "text");
        let mut binary: BinaryFile = std_file().into();
        assert_eq!(binary.read().await.unwrap(), b"text");
        #[cfg(unix)]
        let owned = std::os::fd::OwnedFd::from(std_file());
        #[cfg(windows)]
        let owned = std::os::windows::io::OwnedHandle::from(std_file());
        assert_eq!(RawFile::from(owned).read().await.unwrap(), b"text");
    });
}

#[test]
fn chunks_hold_at_most_what_was_asked_for() {
    run(async {
        let bytes: Vec<u8> = (0..100_000u32).map(|n| n as u8).collect();
        let dir = Dir::new();
        let path = dir.file("f", &bytes);
        for size in [0, 1, 7, 4096, 65_536, 1 << 20] {
            let file = open(&path).binary().buffering(8192).await.unwrap();
            let chunks: Vec<_> = file.into_chunks(size).try_collect().await.unwrap();
            let most = chunks.iter().map(Vec::len).max().unwrap();
            assert!(most <= size.max(1), "{size}: {most}");
            assert!(chunks.iter().all(|chunk| !chunk.is_empty()));
            assert_eq!(chunks.concat(), bytes, "{size}");
            if size == 0 {
                break;
            }
        }
        let raw = open(&path).raw().await.unwrap();
        let chunks: Vec<_> = raw.into_chunks(60_000).try_collect().await.unwrap();
        assert_eq!(chunks.concat(), bytes);
        assert_eq!(chunks.len(), 2);
    });
}

#[test]
fn chunks_begin_where_the_file_is_and_leave_it_where_they_end() {
    run(async {
        let mut file = wrap(Cursor::new(b"0123456789".to_vec())).await.unwrap();
        file.seek(SeekFrom::Start(1)).await.unwrap();
        let by_reference = &mut file;
        let first = by_reference.chunks(3).next().await.unwrap().unwrap();
        assert_eq!(first, b"123");
        assert_eq!(file.read().size(2).await.unwrap(), b"45");
        let mut rest = file.into_chunks(3);
        assert_eq!(rest.next().await.unwrap().unwrap(), b"678");
        assert_eq!(rest.into_inner().read().await.unwrap(), b"9");
    });
}

#[test]
fn a_dropped_chunk_is_not_lost() {
    let jobs = ManualExecutor::new();
    let raw = Chunks::new(&b"0123456789"[..], 4);
    let opened = wrap(raw).executor(jobs.clone()).now_or_never();
    let file = &mut opened.unwrap().unwrap();
    assert!(file.chunks(8).next().now_or_never().is_none());
    jobs.run_all();
    let chunk = file.chunks(8).next().now_or_never().unwrap();
    assert_eq!(chunk.unwrap().unwrap(), b"0123", "what one call gave");
}

#[test]
fn an_error_ends_the_chunks() {
    run(async {
        let dir = Dir::new();
        let file = &mut open(dir.join("f")).binary().mode("w").await.unwrap();
        let mut chunks = file.chunks(10);
        let error = chunks.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(chunks.next().await.is_none());
    });
}

/// A stream whose next sync fails.
struct BadSync(Arc<std::sync::atomic::AtomicBool>);

impl aiofiles::RawIo for BadSync {
    fn sync_all(&mut self) -> std::io::Result<()> {
        if self.0.swap(false, std::sync::atomic::Ordering::Relaxed) {
            return Err(std::io::Error::from_raw_os_error(5));
        }
        Ok(())
    }
}

#[test]
fn the_error_of_a_sync_that_was_given_up_is_told_once() {
    let jobs = ManualExecutor::new();
    for closes in [false, true] {
        let fails = Arc::new(std::sync::atomic::AtomicBool::new(true));
        let opened = wrap(BadSync(fails)).raw().executor(jobs.clone());
        let mut file = opened.now_or_never().unwrap().unwrap();
        {
            // Given up once its job has run, before anybody looks.
            let mut sync = Box::pin(file.sync_all());
            assert!(sync.as_mut().now_or_never().is_none());
            jobs.run_all();
        }
        let finish = |future: &mut (dyn Future<Output = aiofiles::Result<()>> + Unpin)| loop {
            match future.now_or_never() {
                Some(result) => return result,
                None => assert!(jobs.run_all() > 0),
            }
        };
        let told = if closes {
            finish(&mut Box::pin(file.close()))
        } else {
            finish(&mut Box::pin(file.sync_all()))
        };
        assert_eq!(told.unwrap_err().raw_os_error(), Some(5), "{closes}");
        let again = if closes {
            finish(&mut Box::pin(file.close()))
        } else {
            finish(&mut Box::pin(file.sync_all()))
        };
        again.unwrap();
    }
}
