//! Signals that interrupt system calls: what a call of the crate does is done again, and
//! nobody sees it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    unsafe_code,
    reason = "a handler that does not restart calls is to be had in no other way"
)]

mod common;

use std::fs::File;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use aiofiles::{BinaryFile, ThreadPoolExecutor, delegate, wrap};
use common::Dir;
use futures::executor::block_on;
use nix::sys::pthread::{Pthread, pthread_kill, pthread_self};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

#[path = "environments/alone.rs"]
#[allow(dead_code, reason = "it mounts for others")]
mod alone;
#[path = "common/system.rs"]
mod system;

static SIGNALS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count(_: i32) {
    SIGNALS.fetch_add(1, Ordering::SeqCst);
}

/// Has the thread of `pool` interrupted, all the time, while `f` runs.
fn under_fire<T>(pool: &ThreadPoolExecutor, f: impl FnOnce() -> T) -> T {
    let action = SigAction::new(
        SigHandler::Handler(count),
        SaFlags::empty(),
        SigSet::empty(),
    );
    // SAFETY: the handler only counts.
    unsafe { sigaction(Signal::SIGUSR1, &action) }.unwrap();
    // A signal to the process could go to any of its threads, and to one alone.
    // It may be a pointer, which cannot be sent.
    let of_pool = delegate(|| pthread_self() as usize).executor(pool.clone());
    let thread = block_on(of_pool).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let fires = std::thread::spawn({
        let done = done.clone();
        move || {
            while !done.load(Ordering::SeqCst) {
                pthread_kill(thread as Pthread, Signal::SIGUSR1).unwrap();
                std::thread::sleep(Duration::from_micros(100));
            }
        }
    });
    let value = f();
    done.store(true, Ordering::SeqCst);
    fires.join().unwrap();
    value
}

/// Until so many more came.
fn signals(n: usize) {
    let before = SIGNALS.load(Ordering::SeqCst);
    while SIGNALS.load(Ordering::SeqCst) < before + n {
        std::thread::yield_now();
    }
}

#[test]
fn interrupted_calls_are_made_again() {
    if !alone::alone("interrupted_calls_are_made_again", &[]) {
        return;
    }
    let (dir, pool) = (Dir::new(), ThreadPoolExecutor::new(1));
    under_fire(&pool, || {
        // The signals do interrupt: a plain call says so.
        let (reader, mut writer) = system::pipe();
        let call = delegate(move || (&reader).read(&mut [0; 4])).executor(pool.clone());
        let error = block_on(call).unwrap().unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::Interrupted);
        drop(writer.write(b"x"));

        // A read that waits.
        let (reader, mut writer) = system::pipe();
        let types = std::thread::spawn(move || {
            for part in ["on", "e\ntw", "o\n"] {
                signals(50);
                writer.write_all(part.as_bytes()).unwrap();
            }
        });
        block_on(async {
            let wrapped = wrap(reader).text().executor(pool.clone());
            let mut file = wrapped.await.unwrap();
            assert_eq!(file.readline().await.unwrap(), "one\n");
            assert_eq!(file.read().await.unwrap(), "two\n");
        });
        types.join().unwrap();

        // A write that waits: a pipe holds less.
        let (mut reader, writer) = system::pipe();
        let reads = std::thread::spawn(move || {
            let mut all = Vec::new();
            let mut buf = [0; 10_000];
            loop {
                signals(20);
                match reader.read(&mut buf).unwrap() {
                    0 => return all,
                    n => all.extend_from_slice(&buf[..n]),
                }
            }
        });
        let data: Vec<u8> = (0..400_000_u32).map(|n| n as u8).collect();
        block_on(async {
            let wrapped = wrap(writer).executor(pool.clone());
            let mut file: BinaryFile = wrapped.await.unwrap();
            for part in data.chunks(9_000) {
                file.write(part).await.unwrap();
            }
            file.close().await.unwrap();
        });
        assert!(reads.join().unwrap() == data);

        // An open that waits for somebody at the other end.
        let path = dir.join("fifo");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let opens = std::thread::spawn({
            let path = path.clone();
            move || {
                signals(50);
                File::options()
                    .write(true)
                    .open(path)
                    .unwrap()
                    .write_all(b"at last")
                    .unwrap();
            }
        });
        block_on(async {
            let open = aiofiles::open(&path).executor(pool.clone());
            assert_eq!(open.await.unwrap().read().await.unwrap(), "at last");
        });
        opens.join().unwrap();

        // Many short calls.
        block_on(async {
            for n in 0..30 {
                let path = dir.join(n.to_string());
                aiofiles::write(&path, "content")
                    .executor(pool.clone())
                    .await
                    .unwrap();
                aiofiles::write_atomic(&path, "other")
                    .executor(pool.clone())
                    .await
                    .unwrap();
                let copy = dir.join("copy");
                aiofiles::os::copyfile(&path, &copy)
                    .executor(pool.clone())
                    .await
                    .unwrap();
                let read = aiofiles::read_to_string(&copy).executor(pool.clone());
                assert_eq!(read.await.unwrap(), "other");
                let open = aiofiles::open(&path).mode("r+").executor(pool.clone());
                let mut file = open.await.unwrap();
                file.write("an").await.unwrap();
                file.sync_all().await.unwrap();
                file.close().await.unwrap();
                assert_eq!(std::fs::read(&path).unwrap(), b"anher");
            }
        });
    });
    assert!(SIGNALS.load(Ordering::SeqCst) > 300);
}
