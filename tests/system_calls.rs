//! How many calls of the stream each operation takes: what a buffer is for, and
//! what must never be asked of the system at all.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/system.rs"]
mod system;

use std::io::SeekFrom;

use aiofiles::executor::InlineExecutor;
use aiofiles::{BinaryFile, RawFile, TextFile, wrap};
use common::{Memory, Stream, refills};
use futures::executor::block_on;

/// In the order in which [`since`] shows them.
const CALLS: [&str; 7] = [
    "read", "write", "seek", "flush", "truncate", "sync", "close",
];

/// What was called since `before`, each with how often.
fn since(memory: &Memory, before: &[usize; 7]) -> String {
    let now = CALLS.map(|op| memory.calls(op));
    let calls = CALLS.iter().zip(now.iter().zip(before));
    let calls = calls.filter(|(_, (now, before))| now > before);
    let calls: Vec<_> = calls
        .map(|(op, (now, before))| format!("{op} {}", now - before))
        .collect();
    calls.join(", ")
}

/// Asserts what a step calls, in the order of [`CALLS`].
macro_rules! calls {
    ($memory:ident, $expected:expr, $step:expr) => {{
        let before = CALLS.map(|op| $memory.calls(op));
        let value = $step;
        assert_eq!(since(&$memory, &before), $expected, "{}", stringify!($step));
        value
    }};
}

async fn binary(memory: &Memory, mode: &str, buffering: usize) -> BinaryFile<Stream> {
    let file = wrap(memory.stream()).mode(mode).buffering(buffering);
    file.executor(InlineExecutor).await.unwrap()
}

async fn text(memory: &Memory, mode: &str, buffering: usize) -> TextFile<Stream> {
    let file = wrap(memory.stream()).text().mode(mode).buffering(buffering);
    file.executor(InlineExecutor).await.unwrap()
}

async fn raw(memory: &Memory, mode: &str) -> RawFile<Stream> {
    let file = wrap(memory.stream()).raw().mode(mode);
    file.executor(InlineExecutor).await.unwrap()
}

fn lines(count: usize) -> String {
    format!("{}\n", "x".repeat(79)).repeat(count)
}

#[test]
fn reading_to_the_end_takes_a_read_a_bufferful_and_one_for_the_end() {
    block_on(async {
        for (count, buffering) in [(1_000, 4096), (1_000, 128 * 1024), (4_000, 16 * 1024)] {
            let data = lines(count);
            let fills = refills(data.len(), buffering);
            let expected = format!("read {}", fills + 1);
            let new = || Memory::new(data.as_str());

            let memory = new();
            let mut file = binary(&memory, "r", buffering).await;
            calls!(memory, expected, {
                while file.next_line().await.unwrap().is_some() {}
            });
            let memory = new();
            let mut file = binary(&memory, "r", buffering).await;
            calls!(memory, expected, {
                while !file.read().size(100).await.unwrap().is_empty() {}
            });
            let memory = new();
            let mut file = text(&memory, "r", buffering).await;
            calls!(memory, expected, {
                while file.next_line().await.unwrap().is_some() {}
            });
            let memory = new();
            let mut file = text(&memory, "r", buffering).await;
            calls!(memory, expected, {
                while !file.readline().await.unwrap().is_empty() {}
            });
            let memory = new();
            let mut file = text(&memory, "r", buffering).await;
            let before = memory.calls("read");
            assert_eq!(file.read().await.unwrap().len(), data.len());
            // One read asks for all of it; how much a stream has it does not tell.
            assert!(memory.calls("read") - before <= fills + 1);
        }
    });
}

#[test]
fn a_raw_operation_is_one_call() {
    block_on(async {
        let memory = Memory::new("0123456789");
        let mut file = raw(&memory, "r+").await;
        calls!(memory, "read 1", file.read().size(4).await.unwrap());
        calls!(memory, "read 1", file.readinto(&mut [0; 2]).await.unwrap());
        let owned = Vec::with_capacity(2);
        calls!(memory, "read 1", file.read_owned(owned).await.0.unwrap());
        calls!(memory, "write 1", file.write(b"x").await.unwrap());
        calls!(
            memory,
            "write 1",
            file.write_owned(vec![b'y']).await.0.unwrap()
        );
        calls!(memory, "", file.tell().await.unwrap());
        calls!(
            memory,
            "seek 1",
            file.seek(SeekFrom::Start(3)).await.unwrap()
        );
        // Where the cursor is, is asked: another process may have moved it.
        calls!(memory, "seek 1, truncate 1", file.truncate().await.unwrap());
        calls!(memory, "flush 1", file.flush().await.unwrap());
        calls!(memory, "sync 1", file.sync_data().await.unwrap());
        calls!(memory, "", file.read().size(0).await.unwrap());
        calls!(memory, "close 1", file.close().await.unwrap());
        assert_eq!(memory.data(), b"012");
    });
}

#[test]
fn small_writes_are_gathered_to_bufferfuls() {
    block_on(async {
        for (count, buffering) in [(10_000_usize, 4096), (1_000, 128 * 1024), (4_000, 10_000)] {
            let record = [b'x'; 50];
            // As many records as fit go out at a time: none is split. The last
            // bufferful waits for the close.
            let writes = count.div_ceil(buffering / record.len());

            let memory = Memory::default();
            let mut file = binary(&memory, "w", buffering).await;
            calls!(memory, gathered(writes - 1), {
                for _ in 0..count {
                    file.write(&record).await.unwrap();
                }
            });
            calls!(
                memory,
                "write 1, flush 1, close 1",
                file.close().await.unwrap()
            );
            assert_eq!(memory.data().len(), 50 * count);
        }
    });
}

fn gathered(n: usize) -> String {
    match n {
        0 => String::new(),
        n => format!("write {n}"),
    }
}

#[test]
fn seeks_inside_the_buffer_take_no_call() {
    block_on(async {
        let memory = Memory::new(lines(100));
        let mut file = binary(&memory, "r+", 4096).await;
        calls!(memory, "read 1", file.read().size(1000).await.unwrap());
        calls!(memory, "", file.tell().await.unwrap());
        calls!(memory, "", file.seek(SeekFrom::Start(0)).await.unwrap());
        calls!(
            memory,
            "",
            file.seek(SeekFrom::Current(4000)).await.unwrap()
        );
        calls!(
            memory,
            "",
            file.seek(SeekFrom::Current(-3999)).await.unwrap()
        );
        calls!(memory, "", file.read().size(4000).await.unwrap());
        // Out of it: one, and no way back over what was read ahead.
        calls!(
            memory,
            "seek 1",
            file.seek(SeekFrom::Start(5000)).await.unwrap()
        );
        calls!(memory, "read 1", file.read().size(10).await.unwrap());
        calls!(
            memory,
            "seek 1",
            file.seek(SeekFrom::End(-100)).await.unwrap()
        );
        calls!(memory, "", file.tell().await.unwrap());
        calls!(memory, "read 1", file.peek(1).await.unwrap().len());
    });
}

#[test]
fn a_write_after_reading_goes_back_once() {
    block_on(async {
        let memory = Memory::new(lines(100));
        let mut file = binary(&memory, "r+", 4096).await;
        calls!(memory, "read 1", file.read().size(10).await.unwrap());
        calls!(memory, "", file.write(b"abc").await.unwrap());
        calls!(memory, "", file.tell().await.unwrap());
        calls!(
            memory,
            "write 1, seek 1, flush 1",
            file.flush().await.unwrap()
        );
        calls!(memory, "", file.flush().await.unwrap());
        calls!(memory, "read 1", file.read().size(4096).await.unwrap());
        assert_eq!(&memory.data()[..14], b"xxxxxxxxxxabcx");
    });
}

#[test]
fn what_is_as_long_as_the_buffer_passes_it_by() {
    block_on(async {
        let memory = Memory::new(lines(100));
        let mut file = binary(&memory, "r+", 512).await;
        let mut buf = [0; 4000];
        calls!(memory, "read 1", file.readinto(&mut buf).await.unwrap());
        calls!(memory, "write 1", {
            file.write(&[b'y'; 3000]).await.unwrap();
            file.write_owned(Vec::new()).await.0.unwrap();
        });
        assert_eq!(&memory.data()[4000..7000], [b'y'; 3000]);
    });
}

#[test]
fn an_appended_bufferful_is_a_write_and_a_look_where_it_went() {
    block_on(async {
        let memory = Memory::new("old");
        memory.append_mode();
        let mut file = binary(&memory, "a", 4096).await;
        calls!(memory, "", file.write(b"new").await.unwrap());
        calls!(
            memory,
            "write 1, seek 1, flush 1",
            file.flush().await.unwrap()
        );
        calls!(memory, "", file.tell().await.unwrap());
        calls!(memory, "close 1", file.close().await.unwrap());
    });
}

#[test]
fn a_file_that_was_only_read_is_closed_and_nothing_else() {
    block_on(async {
        for dropped in [false, true] {
            let memory = Memory::new("a line\nanother");
            let mut file = text(&memory, "r+", 4096).await;
            file.readline().await.unwrap();
            calls!(memory, "", file.flush().await.unwrap());
            if dropped {
                calls!(memory, "", drop(file));
            } else {
                calls!(memory, "close 1", file.close().await.unwrap());
                calls!(memory, "", file.close().await.unwrap());
                drop(file);
            }
            assert!(memory.dropped());
        }
    });
}

#[test]
fn writes_of_text_are_gathered_too() {
    block_on(async {
        let memory = Memory::default();
        let mut file = text(&memory, "w", 4096).await;
        let before = CALLS.map(|op| memory.calls(op));
        for _ in 0..10_000 {
            file.write("0123456789\n").await.unwrap();
        }
        file.close().await.unwrap();
        let writes = memory.calls("write");
        let least = (10_000 * system::native("0123456789\n").len()).div_ceil(4096);
        // A line that no longer fits begins the next bufferful.
        assert!((least..=least + 1).contains(&writes), "{writes}");
        let expected = format!("write {writes}, flush 1, close 1");
        assert_eq!(since(&memory, &before), expected);
    });
}
