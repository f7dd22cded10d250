//! Sizes that come from outside and are more than memory: an error, never an abort,
//! and no memory for what is not there.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs::File;
use std::io::{Cursor, ErrorKind, SeekFrom};
use std::path::PathBuf;

use aiofiles::{Error, open, wrap};
use common::{Chunks, Dir, run};

/// Sparse files of more bytes than memory can be had for, and their folders.
fn sparse() -> Vec<(tempfile::TempDir, PathBuf, u64)> {
    let folders = [std::env::temp_dir(), PathBuf::from("/dev/shm")];
    let mut files = Vec::new();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        let dir = tempfile::tempdir_in(folder).unwrap();
        let path = dir.path().join("sparse");
        let file = File::create(&path).unwrap();
        // As large as the file system lets it be.
        let size = (35..=62).rev().map(|bits| 1_u64 << bits).find(|&size| {
            let fits = file.set_len(size).is_ok();
            fits && Vec::<u8>::new()
                .try_reserve_exact(usize::try_from(size).unwrap_or(usize::MAX))
                .is_err()
        });
        match size {
            Some(size) => files.push((dir, path, size)),
            None => eprintln!("skipped: no large sparse files in {}", folder.display()),
        }
    }
    files
}

#[track_caller]
fn is_out_of_memory<T>(result: Result<T, Error>, path: &std::path::Path, what: &str) {
    let Err(error) = result else {
        panic!("{what} succeeded");
    };
    assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{what}: {error}");
    assert_eq!(error.path(), Some(path), "{what}");
    let text = error.to_string();
    assert!(text.starts_with("failed to read"), "{what}: {text}");
}

#[test]
fn a_file_that_is_more_than_memory_fails_and_stays_usable() {
    run(async {
        for (_dir, path, size) in sparse() {
            is_out_of_memory(aiofiles::read(&path).await, &path, "read");
            is_out_of_memory(aiofiles::read_to_string(&path).await, &path, "text");
            let latin = aiofiles::read_to_string(&path).encoding("latin-1").await;
            is_out_of_memory(latin, &path, "latin-1");

            let mut file = open(&path).binary().await.unwrap();
            is_out_of_memory(file.read().await, &path, "BinaryFile::read");
            assert_eq!(file.tell().await.unwrap(), 0);
            is_out_of_memory(file.readall().await, &path, "readall");
            is_out_of_memory(file.readlines().await, &path, "readlines");
            let most = usize::try_from(size).unwrap_or(usize::MAX);
            for n in [most, usize::MAX - 1] {
                is_out_of_memory(file.read().size(n).await, &path, "size");
                is_out_of_memory(file.read_at(0, n).await, &path, "read_at");
                is_out_of_memory(file.read_exact_at(5, n - 5).await, &path, "read_exact_at");
            }
            assert_eq!(file.read().size(3).await.unwrap(), [0; 3]);
            file.seek(SeekFrom::Start(size - 2)).await.unwrap();
            assert_eq!(file.read().await.unwrap(), [0; 2]);
            assert_eq!(file.read_at(size - 1, usize::MAX).await.unwrap(), [0]);

            let mut file = open(&path).raw().await.unwrap();
            is_out_of_memory(file.readall().await, &path, "RawFile::readall");
            // One call: what the page cache has is an answer too.
            match file.read().size(most).await {
                Ok(read) => assert!(!read.is_empty() && read.len() <= 1 << 20),
                failed => is_out_of_memory(failed, &path, "RawFile::size"),
            }
            file.seek(SeekFrom::Start(size - 2)).await.unwrap();
            assert_eq!(file.read().size(usize::MAX).await.unwrap(), [0; 2]);

            let mut file = open(&path).await.unwrap();
            is_out_of_memory(file.read().await, &path, "TextFile::read");
            is_out_of_memory(file.read().size(most).await, &path, "TextFile::size");
            is_out_of_memory(file.read().size(usize::MAX).await, &path, "size");
            is_out_of_memory(file.readlines().await, &path, "TextFile::readlines");
            assert_eq!(file.read().size(3).await.unwrap(), "\0\0\0");
        }
    });
}

#[test]
fn as_much_as_was_asked_for_is_not_reserved() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "12345");
        for n in [1 << 40, 1 << 60, usize::MAX] {
            let mut file = open(&path).binary().buffering(n).mode("r+").await.unwrap();
            assert_eq!(file.read().size(n).await.unwrap(), b"12345");
            assert_eq!(file.read_at(1, n).await.unwrap(), b"2345");
            file.seek(SeekFrom::Start(0)).await.unwrap();
            assert_eq!(file.read1(n).await.unwrap(), b"12345");
            file.seek(SeekFrom::Start(0)).await.unwrap();
            assert_eq!(file.write(b"abc").await.unwrap(), 3);
            file.close().await.unwrap();
            let mut file = open(&path).raw().await.unwrap();
            assert_eq!(file.read().size(n).await.unwrap(), b"abc45");
            let mut file = open(&path).buffering(n).await.unwrap();
            assert_eq!(file.read().size(n).await.unwrap(), "abc45");
            let mut file = open(&path).await.unwrap();
            assert_eq!(file.readlines().hint(n).await.unwrap(), ["abc45"]);
            let mut file = open(&path).await.unwrap();
            assert_eq!(file.readline().size(n).await.unwrap(), "abc45");
            let mut file = open(&path).binary().await.unwrap();
            assert_eq!(file.peek(n).await.unwrap(), b"abc45");
            assert_eq!(file.readlines().hint(n).await.unwrap(), [b"abc45"]);
            file.seek(SeekFrom::Start(0)).await.unwrap();
            assert_eq!(file.readline().size(n).await.unwrap(), b"abc45");
            let mut file = wrap(Chunks::new("abc", 2)).buffering(n).await.unwrap();
            assert_eq!(file.read().size(n).await.unwrap(), b"abc");
            assert_eq!(file.read_at(1, n).await.unwrap(), b"bc");
            std::fs::write(&path, "12345").unwrap();
        }
    });
}

#[test]
fn a_cursor_far_out_is_an_error_where_bytes_are_to_be_there() {
    run(async {
        for far in [1 << 50, 1 << 62, u64::MAX - 1, u64::MAX] {
            let memory = Cursor::new(b"abc".to_vec());
            let mut file = wrap(memory).raw().await.unwrap();
            if far < 1 << 63 {
                assert_eq!(file.seek(SeekFrom::Start(far)).await.unwrap(), far);
                assert_eq!(file.read().await.unwrap(), b"");
                let written = file.write(b"x").await.unwrap_err();
                assert_eq!(written.kind(), ErrorKind::OutOfMemory, "{written}");
            }
            let written = file.write_all_at(far, b"x").await.unwrap_err();
            assert_eq!(written.kind(), ErrorKind::OutOfMemory, "{written}");
            let truncated = file.truncate().size(far).await.unwrap_err();
            assert_eq!(truncated.kind(), ErrorKind::OutOfMemory, "{truncated}");
            file.seek(SeekFrom::Start(3)).await.unwrap();
            file.write(b"d").await.unwrap();
            assert_eq!(file.into_raw().await.unwrap().into_inner(), b"abcd");
        }
    });
}
