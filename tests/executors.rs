//! Executors.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod common;
use aiofiles::ThreadPoolExecutor;
use common::*;

#[test]
fn last_line_without_end_is_the_last() {
    let dir = Dir::new();
    let path = dir.path("file");
    std::fs::write(&path, "one\ntwo").unwrap();
    let pool = ThreadPoolExecutor::new(1);
    futures::executor::block_on(async {
        let mut file = aiofiles::open(&path)
            .binary()
            .executor(pool.clone())
            .await
            .unwrap();
        assert_eq!(file.readline().await.unwrap(), b"one\n");
        assert_eq!(file.readline().await.unwrap(), b"two");
        assert_eq!(file.readline().await.unwrap(), b"");
        // The end is not for ever.
        assert!(pool.stats().done < 6, "{:?}", pool.stats());
    });
}
