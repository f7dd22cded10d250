//! Whole files, the standard streams, and temporary files.

use aiofiles::tempfile::spooled_temporary_file;
use aiofiles::{ThreadPoolExecutor, stdio};
use futures::StreamExt;

use super::common::Dir;
use super::{MIB, Pattern, SIZE, now, watch};

/// The operations that this file tries.
pub(super) const ROWS: &[(&str, &str)] = &[
    ("whole.rs", "read read_to_string write write_atomic"),
    (
        "stdio/input.rs",
        "read readline readlines next_line lines readall read1 readinto read_owned",
    ),
    ("stdio/output.rs", "write writelines write_owned"),
    (
        "tempfile/spooled.rs",
        "rollover write write_owned writelines",
    ),
    // The same as in the files below, with a look at the size before.
    ("tempfile/traits.rs", "read write"),
];

const X: &[u8] = &[b'x'; 4096];
/// What one poll decodes or encodes.
const SHARE: usize = 256 * 1024;

#[test]
fn whole_files_are_moved_by_their_jobs() {
    let (dir, pool) = (Dir::new(), ThreadPoolExecutor::new(1));
    let path = dir.join("f");
    let data = vec![b'x'; SIZE];
    let (done, polls) = watch(aiofiles::write(&path, data.clone()).executor(pool.clone()));
    done.unwrap();
    polls.bounded("write", SIZE);
    let (done, polls) = watch(aiofiles::write_atomic(&path, data).executor(pool.clone()));
    done.unwrap();
    polls.bounded("write_atomic", SIZE);
    let (data, polls) = watch(aiofiles::read(&path).executor(pool.clone()));
    assert_eq!(data.unwrap().len(), SIZE);
    polls.bounded("read", SIZE);
    for encoding in ["utf-8", "latin-1"] {
        let read = aiofiles::read_to_string(&path).encoding(encoding);
        let (text, polls) = watch(read.executor(pool.clone()));
        assert_eq!(text.unwrap().len(), SIZE);
        polls.bounded("read_to_string", SIZE);
    }
}

#[test]
fn spooled_files_move_a_share_a_poll_in_memory_too() {
    let (dir, pool) = (Dir::new(), ThreadPoolExecutor::new(1));
    let made = || {
        let file = spooled_temporary_file().max_size(1 << 30).dir(dir.path());
        now(file.executor(pool.clone()).into_future()).unwrap()
    };
    let data = vec![b'x'; SIZE];
    let mut f = made();
    let (n, polls) = watch(f.write(&data));
    assert_eq!(n.unwrap(), SIZE);
    polls.by_shares("write", SIZE, MIB);
    assert!(!f.rolled());
    now(f.seek(std::io::SeekFrom::Start(0))).unwrap();
    let (all, polls) = watch(f.read());
    assert_eq!(all.unwrap().len(), SIZE);
    polls.bounded("read", SIZE);
    let (all, polls) = watch(f.read_at(0, SIZE));
    assert_eq!(all.unwrap().len(), SIZE);
    polls.bounded("read_at", SIZE);
    let (n, polls) = watch(f.write_all_at(0, &data));
    assert_eq!(n.unwrap(), SIZE);
    polls.by_shares("write_all_at", SIZE, MIB);
    let (size, polls) = watch(f.truncate().size(2 * SIZE as u64));
    assert_eq!(size.unwrap(), 2 * SIZE as u64);
    polls.bounded("truncate", SIZE);
    assert!(!f.rolled());
    let (done, polls) = watch(f.rollover());
    done.unwrap();
    polls.bounded("rollover", SIZE);
    let mut f = made();
    let (written, polls) = watch(async { f.write_owned(data.clone()).await.0 });
    assert_eq!(written.unwrap(), SIZE);
    polls.bounded("write_owned", SIZE);
    let mut f = made();
    let (done, polls) = watch(f.writelines([&data]));
    done.unwrap();
    polls.by_shares("writelines", SIZE, MIB);
    let file = spooled_temporary_file().text().dir(dir.path());
    let mut f = now(file.executor(pool.clone()).into_future()).unwrap();
    let text = "\u{e9}".repeat(4 * MIB);
    let (n, polls) = watch(f.write(&text));
    assert_eq!(n.unwrap(), 4 * MIB);
    polls.by_shares("text write", text.len(), SHARE);
}

/// The standard streams are the process's own: one test for all.
#[test]
fn standard_streams_move_a_share_a_poll() {
    let refill = || {
        drop(now(stdio::set_stdin(Pattern::new(X, SIZE))).unwrap());
    };
    let bytes = stdio::stdin_bytes();
    refill();
    let (all, polls) = watch(bytes.read());
    assert_eq!(all.unwrap().len(), SIZE);
    polls.bounded("read", SIZE);
    refill();
    let (all, polls) = watch(bytes.readall());
    assert_eq!(all.unwrap().len(), SIZE);
    polls.bounded("readall", SIZE);
    refill();
    let (some, polls) = watch(bytes.read1(SIZE));
    assert!(!some.unwrap().is_empty());
    polls.bounded("read1", SIZE);
    refill();
    let (all, polls) = watch(bytes.readline());
    assert_eq!(all.unwrap().len(), SIZE);
    polls.by_shares("readline", SIZE, MIB);
    refill();
    let (all, polls) = watch(bytes.readlines());
    assert_eq!(all.unwrap()[0].len(), SIZE);
    polls.by_shares("readlines", SIZE, MIB);
    refill();
    let mut handle = stdio::stdin_bytes();
    let (len, polls) = watch(async { handle.next_line().await.unwrap().unwrap().len() });
    assert_eq!(len, SIZE);
    polls.by_shares("next_line", SIZE, MIB);
    refill();
    let (line, polls) = watch(async { bytes.lines().next().await });
    assert_eq!(line.unwrap().unwrap().len(), SIZE);
    polls.by_shares("lines", SIZE, MIB);
    refill();
    let mut buf = vec![0; SIZE];
    let (n, polls) = watch(bytes.readinto(&mut buf));
    assert_eq!(n.unwrap(), SIZE);
    polls.by_shares("readinto", SIZE, MIB);
    refill();
    let (n, polls) = watch(async { bytes.read_owned(Vec::with_capacity(SIZE)).await.0 });
    assert!(n.unwrap() > 0);
    polls.bounded("read_owned", SIZE);
    let size = 8 * MIB;
    drop(now(stdio::set_stdin(Pattern::new(X, size))).unwrap());
    let mut handle = stdio::stdin();
    let (len, polls) = watch(async { handle.next_line().await.unwrap().unwrap().len() });
    assert_eq!(len, size);
    polls.counted("text next_line", size, SHARE);

    drop(now(stdio::set_stdout(Pattern::new(X, 0))).unwrap());
    let text = "x".repeat(SIZE);
    let (n, polls) = watch(async { stdio::stdout().write(&text).await });
    assert_eq!(n.unwrap(), SIZE);
    polls.by_shares("text write", SIZE, SHARE);
    let (done, polls) = watch(async { stdio::stdout().writelines([&text]).await });
    done.unwrap();
    polls.by_shares("text writelines", SIZE, SHARE);
    let bytes = stdio::stdout_bytes();
    let (n, polls) = watch(bytes.write(text.as_bytes()));
    assert_eq!(n.unwrap(), SIZE);
    polls.by_shares("write", SIZE, MIB);
    let (done, polls) = watch(bytes.writelines([text.as_bytes()]));
    done.unwrap();
    polls.by_shares("writelines", SIZE, MIB);
    let (n, polls) = watch(async { bytes.write_owned(text.into_bytes()).await.0 });
    assert_eq!(n.unwrap(), SIZE);
    polls.bounded("write_owned", SIZE);
}
