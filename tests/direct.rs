//! Files opened with O_DIRECT, past the page cache: what is aligned works, what
//! is not is the system's error, and nothing is read inline.
//!
//! How buffers, lengths and offsets must be aligned is up to the file system and
//! the device; 4096 bytes are enough for all in use. tmpfs wants nothing.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;

use aiofiles::{RawFile, ThreadPoolExecutor, open, wrap};
use common::{Dir, on_disk};
use futures::executor::block_on;
use rustix::fs::OFlags;

// tokio#6973: the buffer inside was not aligned, and nothing went past it.

const BLOCK: usize = 4096;
const EINVAL: i32 = 22;

fn content(blocks: usize) -> Vec<u8> {
    let bytes = 0..blocks * BLOCK;
    bytes.map(|n| (n / 7 % 251) as u8).collect()
}

fn flags() -> i32 {
    OFlags::DIRECT.bits() as i32
}

/// A file with this content; `None` where the file system knows no O_DIRECT.
fn direct_file(dir: &Dir, content: &[u8]) -> Option<std::path::PathBuf> {
    let path = dir.join("file");
    std::fs::write(&path, content).unwrap();
    let mut options = OpenOptions::new();
    match options.read(true).custom_flags(flags()).open(&path) {
        Ok(_) => Some(path),
        Err(error) if error.raw_os_error() == Some(EINVAL) => {
            eprintln!("skipped: no O_DIRECT on the file system of temporary files");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// As `open`, with O_DIRECT.
macro_rules! direct {
    ($path:expr) => {
        open($path).opener(|path, options| options.clone().custom_flags(flags()).open(path))
    };
}

/// A buffer whose spare capacity is so many blocks, aligned, behind a prefix.
fn aligned(blocks: usize) -> Vec<u8> {
    // The allocator decides where it is: the prefix ends at a multiple.
    for extra in 0.. {
        let mut buf: Vec<u8> = Vec::with_capacity((blocks + 1) * BLOCK + extra * 16);
        let prefix = buf.as_ptr().align_offset(BLOCK);
        buf.resize(prefix, b'-');
        buf.shrink_to(prefix + blocks * BLOCK);
        if buf.capacity() == prefix + blocks * BLOCK
            && buf[prefix..].as_ptr().align_offset(BLOCK) == 0
        {
            return buf;
        }
    }
    unreachable!("one of them is shrunk in place")
}

async fn read_all(file: &mut RawFile) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let buf = aligned(2);
        let prefix = buf.len();
        let (result, buf) = file.read_owned(buf).await;
        assert_eq!(result.unwrap(), buf.len() - prefix);
        if buf.len() == prefix {
            return all;
        }
        all.extend_from_slice(&buf[prefix..]);
    }
}

#[test]
fn owned_buffers_are_read_into_as_they_are() {
    let (dir, content) = (Dir::new(), content(5));
    let Some(path) = direct_file(&dir, &content) else {
        return;
    };
    block_on(async {
        let pool = ThreadPoolExecutor::new(1);
        let mut file = direct!(&path).raw().executor(pool.clone()).await.unwrap();
        assert_eq!(read_all(&mut file).await, content);
        file.seek(SeekFrom::Start(BLOCK as u64)).await.unwrap();
        assert_eq!(read_all(&mut file).await, content[BLOCK..]);
        // A buffered file does not put its buffer between.
        let open = direct!(&path).binary().buffering(100);
        let mut file = open.executor(pool).await.unwrap();
        let buf = aligned(5);
        let prefix = buf.len();
        let (result, buf) = file.read_owned(buf).await;
        assert_eq!(
            (result.unwrap(), &buf[prefix..]),
            (content.len(), &content[..])
        );
    });
}

#[test]
fn owned_buffers_are_written_as_they_are_or_not_at_all() {
    let (dir, old) = (Dir::new(), content(2));
    let Some(path) = direct_file(&dir, &old) else {
        return;
    };
    block_on(async {
        let open = direct!(&path).raw().mode("r+");
        let mut file = open.executor(ThreadPoolExecutor::new(1)).await.unwrap();
        // Its memory is not aligned to a block, unless by luck: not all devices mind.
        let (result, _) = file.write_owned(vec![b'x'; BLOCK]).await;
        let first = match result {
            Ok(n) => {
                assert_eq!(n, BLOCK);
                vec![b'x'; BLOCK]
            }
            Err(error) => {
                assert_eq!(error.raw_os_error(), Some(EINVAL), "{error}");
                assert_eq!(error.kind(), ErrorKind::InvalidInput);
                assert_eq!(file.tell().await.unwrap(), 0);
                old[..BLOCK].to_vec()
            }
        };
        file.close().await.unwrap();
        assert_eq!(on_disk(&path), [&first, &old[BLOCK..]].concat());
    });
}

#[test]
fn what_is_not_aligned_is_refused_or_right() {
    let (dir, content) = (Dir::new(), content(3));
    let Some(path) = direct_file(&dir, &content) else {
        return;
    };
    let check = |result: aiofiles::Result<Vec<u8>>, expected: &[u8], what: &str| match result {
        Ok(data) => assert_eq!(data, expected, "{what}"),
        Err(error) => {
            assert_eq!(error.raw_os_error(), Some(EINVAL), "{what}: {error}");
            assert_eq!(error.path(), Some(path.as_path()), "{what}");
        }
    };
    block_on(async {
        let pool = ThreadPoolExecutor::new(1);
        let open = || direct!(&path).executor(pool.clone());
        let mut raw = open().raw().await.unwrap();
        check(raw.read().size(100).await, &content[..100], "length");
        raw.seek(SeekFrom::Start(7)).await.unwrap();
        let tail = &content[7..7 + BLOCK];
        check(raw.read().size(BLOCK).await, tail, "offset");
        check(raw.read_at(3, 10).await, &content[3..13], "positional");
        // It works on: nothing was lost, nothing has moved but by what was read.
        raw.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(read_all(&mut raw).await, content);
        let mut binary = open().binary().await.unwrap();
        check(binary.read().await, &content, "buffer");
        let mut text = open().encoding("latin-1").newline("").await.unwrap();
        let text = text
            .read()
            .await
            .map(|text| text.chars().map(|c| c as u8).collect());
        check(text, &content, "text");
    });
}

// ClickHouse#85765: without the page cache, NOWAIT goes to the device.
#[test]
fn nothing_is_read_inline() {
    let (dir, content) = (Dir::new(), content(4));
    let Some(path) = direct_file(&dir, &content) else {
        return;
    };
    block_on(async {
        let pool = ThreadPoolExecutor::new(1);
        let open = direct!(&path).raw().nowait(true).executor(pool.clone());
        let mut file = open.await.unwrap();
        assert_eq!(read_all(&mut file).await, content);
        drop(file.read_at(0, BLOCK).await);
        let mut options = OpenOptions::new();
        let std: File = options
            .read(true)
            .custom_flags(flags())
            .open(&path)
            .unwrap();
        let made = wrap(std).nowait(true).executor(pool.clone());
        let mut file = made.await.unwrap();
        for _ in 0..3 {
            drop(file.read().size(BLOCK).await);
            drop(file.readinto(&mut [0; BLOCK]).await);
        }
        assert_eq!(pool.stats().nowait_hits, 0);
    });
}
