//! Locks on files. No thread waits for a lock: a task tries again and again.

use std::sync::Arc;
use std::time::Duration;

use crate::budget;
use crate::delegate::run_detached;
use crate::error::Result;
use crate::executor::Chosen;
use crate::file::core::Core;
use crate::file::stream::WeakStream;
use crate::raw_io::RawIo;
use crate::sys::{Asked, Lock, Reply, Wait};
use crate::timer::Sleep;

pub(crate) async fn attempt<R: RawIo>(core: &mut Core<R>, lock: Lock, wait: Wait) -> Result<bool> {
    budget::turn().await;
    core.check_open("lock")?;
    let asked = Asked::default();
    let mut caller = Caller {
        executor: core.executor("lock")?.clone(),
        path: core.meta.name.clone(),
        stream: core.stream().map(|stream| stream.downgrade()),
        asked: Some(asked.clone()),
    };
    let taken = core
        .with_open_file("lock", move |open, file| {
            open.locks().take(file, lock, wait, &asked)
        })
        .await;
    caller.asked = None;
    taken
}

pub(crate) async fn wait<R: RawIo>(core: &mut Core<R>, lock: Lock) -> Result<()> {
    let mut pause = Duration::from_millis(1);
    while !attempt(core, lock, Wait::Yes).await? {
        Sleep::new(pause).await;
        pause = (pause * 2).min(Duration::from_millis(100));
    }
    Ok(())
}

/// Waits for the answer of one try. If this is dropped before the answer has come, its drop
/// gives up the lock that the job may have taken.
struct Caller<R: RawIo> {
    executor: Chosen,
    path: Option<Arc<std::path::Path>>,
    /// `None` while the stream is being closed: a closed stream has no lock.
    stream: Option<WeakStream<R>>,
    /// `None` once the answer has come.
    asked: Option<Asked>,
}

impl<R: RawIo> Drop for Caller<R> {
    fn drop(&mut self) {
        let Some(Reply::Taken { turn, before }) = self.asked.take().map(|asked| asked.give_up())
        else {
            return;
        };
        if let Some(stream) = self.stream.take() {
            run_detached(&self.executor, "unlock", self.path.take(), move || {
                // If the stream is gone, its lock is gone with it.
                if let Some(stream) = stream.upgrade() {
                    let locks = stream.open_file().locks();
                    drop(stream.with(|raw| match raw.as_file() {
                        Some(file) => locks.go_back(file, turn, before),
                        None => Ok(()),
                    }));
                }
            });
        }
    }
}
