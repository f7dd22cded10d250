//! Streams that fail: no byte is lost or doubled once the fault is gone, errors
//! are kept until they are told, and nothing panics, hangs or spins.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "sequences/bytes.rs"]
mod bytes;
mod common;
#[path = "sequences/driver.rs"]
mod driver;
#[path = "sequences/model.rs"]
mod model;
#[path = "sequences/run.rs"]
mod run;
#[path = "common/system.rs"]
mod system;
#[path = "sequences/text.rs"]
mod text;

#[cfg(unix)]
use std::fs::File;
use std::io::SeekFrom;
#[cfg(unix)]
use std::path::PathBuf;
#[cfg(unix)]
use std::process::Command;

use aiofiles::executor::{InlineExecutor, ManualExecutor};
use aiofiles::{BinaryFile, Error, wrap};
#[cfg(unix)]
use common::Dir;
use common::{EIO, ENOSPC, Fault, Memory, Op, Stream, start_and_abandon};
use driver::Faults;
use futures::FutureExt as _;
use futures::executor::block_on;

#[test]
fn faults_lose_and_double_nothing() {
    run::sequences(Faults::Stream);
}

/// A binary file on `memory`, jobs in place.
fn file_on(memory: &Memory, buffering: usize) -> BinaryFile<Stream> {
    let made = wrap(memory.stream()).mode("r+").buffering(buffering);
    block_on(made.executor(InlineExecutor).into_future()).unwrap()
}

// tokio#6325: a failed flush dropped the bytes, and the next one said Ok.
#[test]
fn failed_flush_keeps_the_bytes_and_another_tries_again() {
    let memory = Memory::default();
    memory.set_room(Some(4));
    let mut file = file_on(&memory, 100);
    block_on(async {
        file.write(b"0123456789").await.unwrap();
        for _ in 0..3 {
            let error = file.flush().await.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(ENOSPC));
        }
        assert_eq!(memory.data(), b"0123", "what fitted");
        memory.set_room(None);
        file.flush().await.unwrap();
        assert_eq!(memory.data(), b"0123456789");
    });
}

#[test]
fn kept_error_is_told_by_whoever_tells_write_errors() {
    for teller in [
        "write",
        "write_owned",
        "flush",
        "seek",
        "truncate",
        "sync",
        "close",
        "batch",
    ] {
        let memory = Memory::default();
        let mut file = file_on(&memory, 4);
        block_on(async {
            // From now on it knows where it is.
            assert_eq!(file.tell().await.unwrap(), 0);
            memory.fail_once(Op::Write, Fault::Errno(EIO));
            // Its drain fails with nobody waiting; a read and a tell do not tell.
            file.write(b"012345").await.unwrap();
            assert_eq!(file.tell().await.unwrap(), 6);
            assert_eq!(file.read().await.unwrap(), b"");
            let result = match teller {
                "write" => file.write(b"lost?").await.map(drop),
                "write_owned" => file.write_owned(b"lost?".to_vec()).await.0.map(drop),
                "flush" => file.flush().await,
                "seek" => file.seek(SeekFrom::Start(1)).await.map(drop),
                "truncate" => file.truncate().size(3).await.map(drop),
                "sync" => file.sync_data().await,
                "close" => file.close().await,
                _ => file.batch(|_| Ok(())).await,
            };
            let error = result.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(EIO), "{teller}: {error}");
            // Told once; nothing of what failed was done.
            file.close().await.unwrap();
        });
        assert_eq!(memory.data(), b"012345", "{teller}");
    }
}

#[test]
fn abandoned_flush_keeps_its_error() {
    let memory = Memory::default();
    let jobs = ManualExecutor::new();
    let made = wrap(memory.stream()).mode("w").executor(jobs.clone());
    let mut file = block_on(made.into_future()).unwrap();
    file.write(b"data").now_or_never().unwrap().unwrap();
    memory.fail_once(Op::Flush, Fault::Errno(EIO));
    start_and_abandon(file.flush());
    jobs.run_all();
    let error = file.flush().now_or_never().unwrap().unwrap_err();
    assert_eq!(error.raw_os_error(), Some(EIO));
    start_and_abandon(file.flush());
    jobs.run_all();
    assert_eq!(memory.calls("flush"), 2);
    assert!(file.write(b"").now_or_never().unwrap().is_ok(), "told once");
    assert_eq!(memory.data(), b"data");
}

#[test]
fn close_reports_and_closes() {
    for op in [Op::Write, Op::Flush, Op::Close] {
        let memory = Memory::default();
        let mut file = file_on(&memory, 100);
        block_on(async {
            file.write(b"data").await.unwrap();
            memory.fail(op, Fault::Errno(EIO));
            let error = file.close().await.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(EIO), "{op:?}");
            assert!(
                file.closed() && memory.closed() && memory.dropped(),
                "{op:?}"
            );
            // aiofile#89: a second close raised.
            file.close().await.unwrap();
            assert!(matches!(file.flush().await, Err(Error::Closed { .. })));
        });
    }
}

#[test]
fn failed_read_keeps_what_it_had_read() {
    let memory = Memory::new("0123456789");
    let mut file = file_on(&memory, 2);
    let mut reads = 0;
    memory.set_script(move |op| {
        reads += usize::from(op == Op::Read);
        match (op, reads) {
            (Op::Read, 3) => Fault::Errno(EIO),
            (Op::Read, 4) => Fault::Interrupted,
            (Op::Read, 5) => Fault::WouldBlock,
            (Op::Read, _) => Fault::Short(1),
            _ => Fault::None,
        }
    });
    block_on(async {
        assert_eq!(file.read().await.unwrap_err().raw_os_error(), Some(EIO));
        assert_eq!(file.tell().await.unwrap(), 0, "nothing was delivered");
        let error = file.read().await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
        assert_eq!(file.read().await.unwrap(), b"0123456789");
    });
}

// tokio#1986, tokio#4897: a seek that never woke, or panicked, beside a write.
#[test]
fn seek_after_a_failed_write_returns() {
    let memory = Memory::new("0123456789");
    let mut file = file_on(&memory, 4);
    memory.fail(Op::Write, Fault::Errno(EIO));
    block_on(async {
        file.write(b"abcdef").await.unwrap();
        assert!(file.seek(SeekFrom::Start(2)).await.is_err());
        assert!(file.seek(SeekFrom::Start(2)).await.is_err());
        memory.heal();
        assert_eq!(file.seek(SeekFrom::Start(2)).await.unwrap(), 2);
        assert_eq!(file.read().await.unwrap(), b"cdef6789");
    });
}

// ---- the real thing -----------------------------------------------------------------

// tokio#2307: what a full disk did not take.
#[test]
fn full_device_is_told_by_flush_and_by_close() {
    block_on(async {
        let Some(full) = system::full_device() else {
            return;
        };
        let open = || {
            aiofiles::open(full)
                .binary()
                .mode("w")
                .executor(InlineExecutor)
        };
        let mut file = open().await.unwrap();
        file.write(b"data").await.unwrap();
        for _ in 0..2 {
            let error = file.flush().await.unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
            assert_eq!(error.path(), Some("/dev/full".as_ref()));
        }
        let error = file.close().await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
        assert!(file.closed());
        let error = open()
            .with(async |file| file.write(b"x").await)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    });
}

#[test]
fn broken_pipe_is_told() {
    let (reader, writer) = system::pipe();
    drop(reader);
    block_on(async {
        let mut file = wrap(writer).executor(InlineExecutor).await.unwrap();
        file.write(b"data").await.unwrap();
        let error = file.flush().await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
        assert!(file.close().await.is_err() && file.closed());
    });
}

/// Runs the test `name` again in a child under the shell's `limit`, with the
/// variable `AIOFILES_CHILD` set to `dir`. `true` in that child.
#[cfg(unix)]
fn in_child(name: &str, limit: &str, dir: &Dir) -> Option<PathBuf> {
    if let Some(dir) = std::env::var_os("AIOFILES_CHILD") {
        return Some(dir.into());
    }
    let exe = std::env::current_exe().unwrap();
    let output = Command::new("sh")
        .args(["-c", &format!("trap '' XFSZ; {limit} && exec \"$@\"")])
        .arg("sh")
        .arg(exe)
        .args(["--exact", name, "--test-threads=1", "--nocapture"])
        .env("AIOFILES_CHILD", dir.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    None
}

#[cfg(unix)]
#[test]
fn size_limit_loses_nothing_that_fits_elsewhere() {
    let dir = Dir::new();
    // In blocks of 512 bytes.
    let Some(dir) = in_child(
        "size_limit_loses_nothing_that_fits_elsewhere",
        "ulimit -f 2",
        &dir,
    ) else {
        return;
    };
    block_on(async {
        let open = aiofiles::open(dir.join("file"))
            .binary()
            .mode("w+")
            .executor(InlineExecutor);
        let mut file = open.await.unwrap();
        file.write(&[b'x'; 1500]).await.unwrap();
        let error = file.flush().await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::FileTooLarge);
        let size = std::fs::metadata(dir.join("file")).unwrap().len();
        assert!((1024..1500).contains(&size), "{size}: what fits is written");
        assert_eq!(
            file.flush().await.unwrap_err().kind(),
            std::io::ErrorKind::FileTooLarge
        );
        assert!(file.close().await.is_err() && file.closed());
    });
}

// aiofiles#83: EMFILE.
#[cfg(unix)]
#[test]
fn descriptor_limit_fails_opens_and_nothing_else() {
    let dir = Dir::new();
    let Some(dir) = in_child(
        "descriptor_limit_fails_opens_and_nothing_else",
        "ulimit -n 32",
        &dir,
    ) else {
        return;
    };
    block_on(async {
        let open = |n: usize| {
            let path = dir.join(n.to_string());
            aiofiles::open(path)
                .binary()
                .mode("w")
                .executor(InlineExecutor)
                .into_future()
        };
        let mut files = Vec::new();
        let error = loop {
            match open(files.len()).await {
                Ok(file) => files.push(file),
                Err(error) => break error,
            }
        };
        assert_eq!(error.raw_os_error(), Some(24), "{error}");
        let last = files.len();
        assert!(last > 10);
        let error = files[0].try_clone().await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(24), "{error}");
        for file in &mut files {
            file.write(b"data").await.unwrap();
            file.close().await.unwrap();
        }
        open(last).await.unwrap().close().await.unwrap();
        assert_eq!(std::fs::read(dir.join("0")).unwrap(), b"data");
    });
}

#[cfg(unix)]
#[test]
fn descriptor_limit_spoils_no_close_and_no_way_back() {
    let dir = Dir::new();
    let Some(dir) = in_child(
        "descriptor_limit_spoils_no_close_and_no_way_back",
        "ulimit -n 32",
        &dir,
    ) else {
        return;
    };
    block_on(async {
        let open = |name: &str| {
            let open = aiofiles::open(dir.join(name)).binary().mode("w+");
            open.executor(InlineExecutor).into_future()
        };
        let mut closed = open("closed").await.unwrap();
        let mut taken = open("taken").await.unwrap();
        let mut alone = open("alone").await.unwrap();
        let mut others = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            others.push(file);
        }
        for file in [&mut closed, &mut taken, &mut alone] {
            file.write(b"data").await.unwrap();
        }
        // Calls that have not begun have the files too.
        let (one, two) = (closed.read_at(0, 4), taken.read_at(0, 4));
        closed.close().await.unwrap();
        let error = taken.into_std().await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(24), "{error}");
        assert_eq!(one.await.unwrap(), b"data");
        assert_eq!(two.await.unwrap(), b"data");
        let std = alone.into_std().await.unwrap();
        assert_eq!(std.metadata().unwrap().len(), 4);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk_takes_the_rest_once_there_is_room() {
    let dir = Dir::new();
    let mut mount = Command::new("mount");
    let mounted = mount
        .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
        .arg(dir.path())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no tmpfs can be mounted here");
        return;
    }
    let data: Vec<u8> = (0..40 * 1024).map(|n| (n % 251) as u8).collect();
    let result = std::panic::catch_unwind(|| {
        std::fs::write(dir.join("ballast"), vec![0; 40 * 1024]).unwrap();
        block_on(async {
            let open = aiofiles::open(dir.join("file"))
                .binary()
                .mode("w")
                .executor(InlineExecutor);
            let mut file = open.await.unwrap();
            file.write(&data).await.unwrap();
            let error = file.flush().await.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(ENOSPC));
            std::fs::remove_file(dir.join("ballast")).unwrap();
            file.close().await.unwrap();
        });
        assert_eq!(std::fs::read(dir.join("file")).unwrap(), data);
    });
    Command::new("umount").arg(dir.path()).status().unwrap();
    result.unwrap();
}

#[test]
fn ignored_errors_do_not_fill_the_memory() {
    use aiofiles::executor::InlineExecutor;
    use common::{Fault, Memory, Op};
    let memory = Memory::new("");
    memory.fail(Op::Write, Fault::Errno(common::ENOSPC));
    let made = aiofiles::wrap(memory.stream()).mode("w").buffering(100);
    futures::executor::block_on(async {
        let mut file = made.executor(InlineExecutor).await.unwrap();
        let mut accepted = Vec::new();
        for i in 0..10_000_u32 {
            let item = [i as u8; 10];
            if file.write(&item).await.is_ok() {
                accepted.extend_from_slice(&item);
            }
        }
        assert!(accepted.len() <= 400, "{} bytes are kept", accepted.len());
        memory.heal();
        // What was accepted is there, once, in order.
        while file.flush().await.is_err() {}
        assert_eq!(memory.data(), accepted);
        file.close().await.unwrap();
    });
}
