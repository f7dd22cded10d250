//! Waiting for time to pass, under any runtime: one thread for all who wait,
//! which lives only while somebody does.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

struct Timer {
    sleepers: BTreeMap<(Instant, u64), Waker>,
    next: u64,
    running: bool,
}

static TIMER: Mutex<Timer> = Mutex::new(Timer {
    sleepers: BTreeMap::new(),
    next: 0,
    running: false,
});
static CHANGED: Condvar = Condvar::new();

fn lock() -> MutexGuard<'static, Timer> {
    // Nothing panics while it is held.
    TIMER.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run() {
    let mut timer = lock();
    loop {
        let now = Instant::now();
        while let Some(entry) = timer.sleepers.first_entry()
            && entry.key().0 <= now
        {
            let waker = entry.remove();
            drop(timer);
            waker.wake();
            timer = lock();
        }
        let Some((&(due, _), _)) = timer.sleepers.first_key_value() else {
            timer.running = false;
            return;
        };
        let (back, _) = CHANGED
            .wait_timeout(timer, due.saturating_duration_since(now))
            .unwrap_or_else(PoisonError::into_inner);
        timer = back;
    }
}

/// Ready once its time has come.
#[derive(Debug)]
pub(crate) struct Sleep {
    due: Instant,
    id: Option<u64>,
}

impl Sleep {
    pub(crate) fn new(time: Duration) -> Self {
        Self {
            due: Instant::now() + time,
            id: None,
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.due {
            return Poll::Ready(());
        }
        let mut timer = lock();
        let id = match self.id {
            Some(id) => id,
            None => {
                timer.next += 1;
                timer.next
            }
        };
        self.id = Some(id);
        timer.sleepers.insert((self.due, id), cx.waker().clone());
        if !timer.running {
            let started = thread::Builder::new()
                .name("aiofiles-timer".to_owned())
                .spawn(run);
            timer.running = started.is_ok();
            if started.is_err() {
                timer.sleepers.remove(&(self.due, id));
                drop(timer);
                // No thread to be had: poll again rather than never. A system in such
                // need shall not have a task that spins, so this one blocks a little.
                let left = self.due.saturating_duration_since(Instant::now());
                thread::sleep(left.min(Duration::from_millis(1)));
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        drop(timer);
        CHANGED.notify_one();
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            lock().sleepers.remove(&(self.due, id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleepers_wake_in_time_and_leave_nothing() {
        let start = Instant::now();
        futures::executor::block_on(async {
            let long = Sleep::new(Duration::from_secs(3600));
            futures::pin_mut!(long);
            assert!(futures::poll!(long.as_mut()).is_pending());
            Sleep::new(Duration::from_millis(5)).await;
        });
        assert!(start.elapsed() >= Duration::from_millis(5));
        assert!(lock().sleepers.is_empty());
    }
}
