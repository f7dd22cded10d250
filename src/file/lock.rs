//! Locks, without a thread that waits for them.

use std::time::Duration;

use crate::error::Result;
use crate::file::core::Core;
use crate::raw_io::RawIo;
use crate::sys::{Lock, Wait};
use crate::timer::Sleep;

pub(crate) async fn attempt<R: RawIo>(core: &mut Core<R>, lock: Lock, wait: Wait) -> Result<bool> {
    core.with_open_file("lock", move |open, file| open.try_lock(file, lock, wait))
        .await
}

pub(crate) async fn wait<R: RawIo>(core: &mut Core<R>, lock: Lock) -> Result<()> {
    let mut pause = Duration::from_millis(1);
    while !attempt(core, lock, Wait::Yes).await? {
        Sleep::new(pause).await;
        pause = (pause * 2).min(Duration::from_millis(100));
    }
    Ok(())
}
