//! Files that are no regular files: folders, and devices whose cursor does not
//! count.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(unix)]

mod common;

use std::fs::File;
use std::io::{ErrorKind, SeekFrom};
use std::sync::Arc;

use aiofiles::{open, wrap};
use common::{Dir, run};

#[test]
fn a_folder_is_no_file_to_wrap() {
    run(async {
        let dir = Dir::new();
        let folder = || File::open(dir.path()).unwrap();
        let errors = [
            wrap(folder()).await.map(drop).unwrap_err(),
            wrap(folder()).text().await.map(drop).unwrap_err(),
            wrap(folder()).raw().mode("r").await.map(drop).unwrap_err(),
            wrap(Arc::new(folder())).any().await.map(drop).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::IsADirectory, "{error}");
            let opened = open(dir.path()).await.unwrap_err();
            assert_eq!(error.raw_os_error(), opened.raw_os_error());
            assert!(error.to_string().starts_with("failed to open"), "{error}");
        }
    });
}

// CPython: `open("/dev/zero", "rb")` tells 0 whatever was read.
#[test]
fn where_a_device_is_is_what_the_device_says() {
    run(async {
        let opened = open("/dev/zero").binary().mode("r+").await.unwrap();
        let std_file = || File::options().read(true).write(true).open("/dev/zero");
        let wrapped = wrap(std_file().unwrap()).await.unwrap();
        for mut file in [opened, wrapped] {
            assert!(file.seekable() && !file.isatty());
            assert_eq!(file.tell().await.unwrap(), 0);
            assert_eq!(file.read().size(10).await.unwrap(), [0; 10]);
            assert_eq!(file.tell().await.unwrap(), 0);
            assert_eq!(file.seek(SeekFrom::Start(5)).await.unwrap(), 0);
            assert_eq!(file.read().size(300_000).await.unwrap().len(), 300_000);
            assert_eq!(file.tell().await.unwrap(), 0);
            file.write(b"abc").await.unwrap();
            file.flush().await.unwrap();
            assert_eq!(file.tell().await.unwrap(), 0);
            file.close().await.unwrap();
        }
        let mut raw = open("/dev/zero").raw().await.unwrap();
        assert_eq!(raw.read().size(10).await.unwrap(), [0; 10]);
        assert_eq!(raw.tell().await.unwrap(), 0);
        let raw = wrap(Arc::new(File::open("/dev/zero").unwrap()));
        let mut raw = raw.raw().await.unwrap();
        assert_eq!(raw.read().size(10).await.unwrap(), [0; 10]);
        assert_eq!(raw.tell().await.unwrap(), 0);
        let mut text = open("/dev/zero").await.unwrap();
        assert_eq!(text.read().size(3).await.unwrap(), "\0\0\0");
        text.tell().await.unwrap();
        assert_eq!(text.read().size(3).await.unwrap(), "\0\0\0");
        // A regular file, and what it appends to, is counted as ever.
        let dir = Dir::new();
        let path = dir.file("f", "0123456789");
        let mut file = wrap(File::open(&path).unwrap()).await.unwrap();
        file.read().size(4).await.unwrap();
        assert_eq!(file.tell().await.unwrap(), 4);
    });
}
