//! What makes a spooled file go to disk, and when: every way to write, with and
//! without a limit.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::SeekFrom;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aiofiles::ThreadPoolExecutor;
use aiofiles::executor::{Executor, InlineExecutor, Job, Refused};
use aiofiles::tempfile::{Spooled, Temporary, spooled_temporary_file};
use futures::executor::block_on;

/// Runs in place and counts.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Executor for Count {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        self.0.fetch_add(1, Ordering::Relaxed);
        InlineExecutor.execute(job)
    }
}

fn spooled(max_size: u64) -> Temporary<Spooled> {
    spooled_temporary_file()
        .max_size(max_size)
        .executor(InlineExecutor)
}

#[test]
fn without_a_limit_nothing_but_a_size_goes_to_disk() {
    let count = Count::default();
    block_on(async {
        let made = spooled_temporary_file().executor(count.clone());
        let mut file = made.await.unwrap();
        file.write(&vec![b'x'; 1 << 20]).await.unwrap();
        for position in [1 << 20, 10, 0] {
            file.seek(SeekFrom::Start(position)).await.unwrap();
            assert_eq!(file.truncate().await.unwrap(), position);
            file.flush().await.unwrap();
            assert_eq!(file.read().await.unwrap(), b"");
        }
        // That of the file below does not say whether there was a size.
        file.write(b"0123456789").await.unwrap();
        assert_eq!((*file).truncate().await.unwrap(), 10);
        file.write_owned(vec![b'y'; 100_000]).await.0.unwrap();
        file.writelines(["a", "b"]).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut file, b"c")
            .await
            .unwrap();
        assert_eq!(file.tell().await.unwrap(), 100_013);
        assert!(!file.rolled());

        let made = spooled_temporary_file().text().executor(count.clone());
        let mut text = made.await.unwrap();
        text.write("\u{e9}t\u{e9}").await.unwrap();
        assert_eq!(text.truncate().await.unwrap(), 5);
        text.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(text.read().await.unwrap(), "\u{e9}t\u{e9}");
        assert_eq!(text.truncate().await.unwrap(), 5);
        text.write("more").await.unwrap();
        assert!(!text.rolled());
    });
    assert_eq!(count.0.load(Ordering::Relaxed), 0);
}

#[test]
fn truncate_goes_to_disk_past_the_limit_only() {
    block_on(async {
        let mut file = spooled(10).await.unwrap();
        file.write(b"0123456789").await.unwrap();
        for size in [10, 3, 0, 10] {
            assert_eq!(file.truncate().size(size).await.unwrap(), size);
            file.flush().await.unwrap();
        }
        assert_eq!(file.truncate().await.unwrap(), 10);
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.read().await.unwrap().len(), 10);
        assert!(!file.rolled());
        file.seek(SeekFrom::Start(11)).await.unwrap();
        assert_eq!(file.truncate().await.unwrap(), 11);
        assert!(file.rolled());
        let mut file = spooled(10).await.unwrap();
        assert_eq!(file.truncate().size(11).await.unwrap(), 11);
        assert!(file.rolled());
    });
}

#[test]
fn every_way_to_write_goes_to_disk_before_it_is_over() {
    const PAST: &[u8] = b"12345";
    block_on(async {
        let mut file = spooled(4).await.unwrap();
        file.write_owned(PAST.to_vec()).await.0.unwrap();
        assert!(file.rolled());

        let mut file = spooled(4).await.unwrap();
        file.writelines(["12", "34", "5"]).await.unwrap();
        assert!(file.rolled());

        let mut file = spooled(4).await.unwrap();
        file.seek(SeekFrom::Start(4)).await.unwrap();
        assert!(!file.rolled());
        file.write(b"5").await.unwrap();
        assert!(file.rolled());

        let mut file = spooled(4).text().await.unwrap();
        file.writelines(["12", "345"]).await.unwrap();
        assert!(file.rolled());
    });
}

#[test]
fn write_of_a_trait_goes_to_disk_before_it_is_over() {
    // On threads of its own, so that there is something to wait for.
    let pool = ThreadPoolExecutor::new(1);
    block_on(async {
        let made = || {
            spooled_temporary_file()
                .max_size(4)
                .mode("w+b")
                .executor(pool.clone())
        };
        let mut file = made().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut file, b"1234")
            .await
            .unwrap();
        assert!(!file.rolled());
        tokio::io::AsyncWriteExt::write_all(&mut file, b"5")
            .await
            .unwrap();
        assert!(file.rolled());
        tokio::io::AsyncSeekExt::rewind(&mut file).await.unwrap();
        assert_eq!(file.read().await.unwrap(), b"12345");

        let mut file = made().await.unwrap();
        let data = vec![b'x'; 300_000];
        futures::AsyncWriteExt::write_all(&mut file, &data)
            .await
            .unwrap();
        assert!(file.rolled());
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert!(file.read().await.unwrap() == data);
        pool.shutdown().await;
    });
}

#[test]
fn hole_that_would_fill_the_memory_goes_to_disk_even_without_a_limit() {
    const FAR: u64 = 1 << 36;
    block_on(async {
        let mut file = spooled(0).await.unwrap();
        file.write(b"near").await.unwrap();
        file.seek(SeekFrom::Start(1 << 20)).await.unwrap();
        file.write(b"a small hole").await.unwrap();
        assert!(!file.rolled());
        file.seek(SeekFrom::Start(FAR)).await.unwrap();
        file.write(b"x").await.unwrap();
        assert!(file.rolled());
        assert_eq!(file.metadata().await.unwrap().len(), FAR + 1);
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.read().size(5).await.unwrap(), b"near\0");

        // By the traits of the file below.
        let mut file = spooled(0).await.unwrap();
        tokio::io::AsyncSeekExt::seek(&mut *file, SeekFrom::Start(FAR))
            .await
            .unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut *file, b"x")
            .await
            .unwrap();
        tokio::io::AsyncWriteExt::flush(&mut *file).await.unwrap();
        assert!(file.rolled());
        assert_eq!(file.metadata().await.unwrap().len(), FAR + 1);
    });
}

/// Refuses everything.
struct Full;

impl Executor for Full {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        Err(Refused(job))
    }
}

#[test]
fn write_of_a_trait_that_cannot_go_to_disk_takes_nothing() {
    block_on(async {
        let made = spooled_temporary_file().max_size(4).executor(Full);
        let mut file = made.await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut file, b"1234")
            .await
            .unwrap();
        for _ in 0..2 {
            let written = tokio::io::AsyncWriteExt::write(&mut file, b"5").await;
            assert!(written.is_err());
        }
        assert!(!file.rolled());
    });
}

#[test]
fn a_position_that_no_file_has_keeps_what_is_in_memory() {
    block_on(async {
        for (to, refused) in [(u64::MAX, true), (1 << 63, true), ((1 << 63) - 1, false)] {
            let mut file = spooled(0).await.unwrap();
            file.write(b"data").await.unwrap();
            let sought = file.seek(SeekFrom::Start(to)).await;
            assert_eq!(sought.is_err(), refused, "{to}: {sought:?}");
            // Whether the disk knows such a position or not.
            file.seek(SeekFrom::Start(0)).await.unwrap();
            assert_eq!(file.read().await.unwrap(), b"data", "{to}");
            file.close().await.unwrap();
        }
    });
}
