//! A file that was split: one task reads it, another writes it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use aiofiles::executor::ManualExecutor;
use futures::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn both_halves_of_a_split_file_are_woken() {
    let jobs = ManualExecutor::new();
    let raw = Cursor::new(b"0123456789".to_vec());
    let made = aiofiles::wrap(raw).mode("r+").executor(jobs.clone());
    let file = made.into_future().now_or_never().unwrap().unwrap();
    let (mut reader, mut writer) = tokio::io::split(file);
    let (reads, writes) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
    let wakers = [Waker::from(reads.clone()), Waker::from(writes.clone())];
    let mut buf = [0; 4];
    let mut read = Box::pin(reader.read(&mut buf));
    assert!(
        read.as_mut()
            .poll(&mut Context::from_waker(&wakers[0]))
            .is_pending()
    );
    let mut write = Box::pin(writer.write(b"abc"));
    assert!(
        write
            .as_mut()
            .poll(&mut Context::from_waker(&wakers[1]))
            .is_pending()
    );
    assert!(jobs.run_one());
    let woken = [&reads, &writes].map(|woken| woken.0.load(Ordering::SeqCst));
    assert_eq!(woken, [1, 1]);
    assert_eq!(write.now_or_never().unwrap().unwrap(), 3);
}
