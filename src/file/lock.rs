//! Locks, without a thread that waits for them.

use std::fs::{File, TryLockError};
use std::time::Duration;

use crate::error::Result;
use crate::file::core::Core;
use crate::raw_io::RawIo;
use crate::timer::Sleep;

type Try = fn(&File) -> std::result::Result<(), TryLockError>;

pub(crate) async fn attempt<R: RawIo>(core: &mut Core<R>, lock: Try) -> Result<bool> {
    core.with_file("lock", move |file| match lock(file) {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    })
    .await
}

pub(crate) async fn wait<R: RawIo>(core: &mut Core<R>, lock: Try) -> Result<()> {
    let mut pause = Duration::from_millis(1);
    while !attempt(core, lock).await? {
        Sleep::new(pause).await;
        pause = (pause * 2).min(Duration::from_millis(100));
    }
    Ok(())
}
