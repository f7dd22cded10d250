//! A tokio clock that is paused, as in tests of one's own: it stands still while
//! a job runs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::{Duration, Instant};

use common::Dir;
use tokio::time::timeout;

/// Works for a while that a paused clock would not wait for.
fn work() -> u32 {
    let begun = Instant::now();
    let mut turns = 0_u32;
    while begun.elapsed() < Duration::from_millis(30) {
        turns = turns.wrapping_add(1) | 1;
    }
    turns
}

// tokio#4614, tokio#5115: a paused clock let timeouts fire during a blocking job.
#[tokio::test(start_paused = true)]
async fn paused_clock_stands_still_while_a_job_runs() {
    let limit = Duration::from_secs(1);
    let call = timeout(limit, aiofiles::delegate(work));
    assert!(call.await.expect("not too late").unwrap() > 0);
    let dir = Dir::new();
    let path = dir.join("file");
    for n in 0..200_usize {
        let io = async {
            let mut file = aiofiles::open(&path).binary().mode("w+").await?;
            file.write(&vec![b'x'; 100 + n]).await?;
            file.sync_data().await?;
            file.seek(std::io::SeekFrom::Start(0)).await?;
            let length = file.batch(|file| Ok(file.metadata()?.len())).await?;
            assert_eq!(length, 100 + n as u64);
            file.close().await
        };
        timeout(limit, io).await.expect("not too late").unwrap();
    }
}
