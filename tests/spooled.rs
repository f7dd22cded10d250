//! Spooled files: when they roll over, and that nothing else tells them from a
//! file on disk.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::SeekFrom;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aiofiles::executor::{Executor, InlineExecutor, Job, Refused};
use aiofiles::tempfile::{SpooledTemporaryFile, spooled_temporary_file, temporary_file};
use aiofiles::{BinaryFile, Error, TextFile};
use futures::executor::block_on;
use proptest::prelude::*;

/// Runs in place and counts.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn jobs(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Executor for Count {
    fn execute(&self, job: Job) -> Result<(), Refused> {
        self.0.fetch_add(1, Ordering::Relaxed);
        InlineExecutor.execute(job)
    }
}

fn spooled(max_size: u64) -> aiofiles::tempfile::Temporary<aiofiles::tempfile::Spooled> {
    spooled_temporary_file()
        .max_size(max_size)
        .executor(InlineExecutor)
}

#[test]
fn in_memory_no_executor_sees_a_job() {
    let count = Count::default();
    block_on(async {
        let file = spooled_temporary_file()
            .max_size(1 << 20)
            .executor(count.clone());
        let mut file = file.await.unwrap();
        for _ in 0..1000 {
            file.write(&[b'x'; 99]).await.unwrap();
            file.write(b"\n").await.unwrap();
        }
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.readlines().await.unwrap().len(), 1000);
        assert_eq!(file.truncate().size(50).await.unwrap(), 50);
        assert_eq!(file.tell().await.unwrap(), 100_000);
        file.flush().await.unwrap();
        file.read_at(0, 10).await.unwrap();
        assert!(!file.rolled());
        file.close().await.unwrap();
        drop(file);
        assert_eq!(count.jobs(), 0);
    });
}

// anyio#915: it rolled over at the limit already.
#[test]
fn rolls_past_the_limit_and_not_at_it() {
    block_on(async {
        let mut file = spooled(4).await.unwrap();
        file.write(b"1234").await.unwrap();
        assert!(!file.rolled());
        file.seek(SeekFrom::Start(100)).await.unwrap();
        file.read().await.unwrap();
        assert!(!file.rolled());
        file.seek(SeekFrom::Start(4)).await.unwrap();
        file.write(b"5").await.unwrap();
        assert!(file.rolled());
        assert_eq!(file.tell().await.unwrap(), 5);
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.read().await.unwrap(), b"12345");
    });
}

#[test]
fn position_counts_and_not_the_size() {
    block_on(async {
        let mut file = spooled(4).await.unwrap();
        file.seek(SeekFrom::Start(1 << 40)).await.unwrap();
        // Not a terabyte of zeros in memory.
        file.write(b"x").await.unwrap();
        assert!(file.rolled());
        assert_eq!(file.metadata().await.unwrap().len(), (1 << 40) + 1);
    });
}

#[test]
fn text_counts_encoded_bytes() {
    block_on(async {
        let mut file = spooled(5).text().await.unwrap();
        file.write("\u{e9}\u{e9}").await.unwrap();
        assert!(!file.rolled());
        file.write("\u{e9}").await.unwrap();
        assert!(file.rolled());
        let mut file = spooled(6).text().encoding("utf-16").await.unwrap();
        file.writelines(["ab"]).await.unwrap();
        assert!(!file.rolled());
        file.writelines(["c"]).await.unwrap();
        assert!(file.rolled());
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.read().await.unwrap(), "abc");
    });
}

#[test]
fn without_a_limit_only_truncate_and_demand_roll() {
    block_on(async {
        let mut file = spooled(0).await.unwrap();
        file.write(&vec![b'x'; 1 << 20]).await.unwrap();
        assert!(!file.rolled());
        assert_eq!(file.truncate().await.unwrap(), 1 << 20);
        assert!(!file.rolled());
        assert_eq!(file.truncate().size(10).await.unwrap(), 10);
        assert!(file.rolled());

        let mut file = spooled(0).await.unwrap();
        file.write(b"abc").await.unwrap();
        file.seek(SeekFrom::Start(1)).await.unwrap();
        file.rollover().await.unwrap();
        file.rollover().await.unwrap();
        assert!(file.rolled());
        assert_eq!(file.read().await.unwrap(), b"bc");
        file.close().await.unwrap();
        assert!(matches!(file.rollover().await, Err(Error::Closed { .. })));
    });
}

#[test]
fn truncate_past_the_limit_rolls_before_it_allocates() {
    block_on(async {
        let mut file = spooled(10).await.unwrap();
        file.write(b"abc").await.unwrap();
        assert_eq!(file.truncate().size(1 << 40).await.unwrap(), 1 << 40);
        assert!(file.rolled());
        let mut file = spooled(10).await.unwrap();
        file.write(b"abc").await.unwrap();
        // Python's stays at 3 bytes in memory; a file grows, and so does this.
        assert_eq!(file.truncate().size(6).await.unwrap(), 6);
        assert!(!file.rolled());
        assert_eq!(file.read().await.unwrap(), b"\0\0\0");
    });
}

#[cfg(unix)]
#[test]
fn what_needs_a_file_makes_one() {
    block_on(async {
        let mut file = spooled(0).await.unwrap();
        file.write(b"abc").await.unwrap();
        assert!(file.fileno().await.unwrap() > 2);
        assert!(file.rolled());

        let mut file = spooled(0).text().await.unwrap();
        file.write("abc").await.unwrap();
        assert_eq!(file.metadata().await.unwrap().len(), 3);
        assert!(file.rolled());

        let mut file = spooled(0).await.unwrap();
        file.sync_all().await.unwrap();
        assert!(file.rolled());
        let mut file = spooled(0).await.unwrap();
        assert!(file.try_lock().await.unwrap());
        assert!(file.rolled());
    });
}

#[test]
fn failed_rollover_keeps_everything_and_is_tried_again() {
    block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("later");
        let mut file = spooled(4).dir(&missing).await.unwrap();
        file.write(b"1234").await.unwrap();
        file.write(b"5678").await.unwrap();
        assert!(!file.rolled());
        let error = file.flush().await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
        assert_eq!(error.path(), Some(&*missing));
        assert!(file.rollover().await.is_err());
        std::fs::create_dir(&missing).unwrap();
        file.flush().await.unwrap();
        assert!(file.rolled());
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.read().await.unwrap(), b"12345678");
    });
}

#[test]
fn closed_or_read_only_is_refused_as_on_disk() {
    block_on(async {
        let mut file = spooled(1).mode("r").await.unwrap();
        assert!(matches!(
            file.write(b"x").await,
            Err(Error::Unsupported { .. })
        ));
        assert!(matches!(
            file.truncate().size(9).await,
            Err(Error::Unsupported { .. })
        ));
        assert!(!file.rolled());
        let mut file = spooled(1).await.unwrap();
        file.close().await.unwrap();
        assert!(matches!(
            file.write(b"xyz").await,
            Err(Error::Closed { .. })
        ));
        assert!(matches!(file.read().await, Err(Error::Closed { .. })));
    });
}

#[test]
fn append_writes_at_the_end_in_memory_and_on_disk() {
    block_on(async {
        let mut file = spooled(6).mode("a+").await.unwrap();
        for part in [b"abc", b"def", b"ghi"] {
            file.seek(SeekFrom::Start(0)).await.unwrap();
            file.write(part).await.unwrap();
        }
        assert!(file.rolled());
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.read().await.unwrap(), b"abcdefghi");
    });
}

#[test]
fn writes_through_the_traits_roll_over_too() {
    use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
    block_on(async {
        let mut file = spooled(100).await.unwrap();
        let data: Vec<u8> = (0..100_000u32).map(|n| n as u8).collect();
        AsyncWriteExt::write_all(&mut *file, &data).await.unwrap();
        AsyncWriteExt::flush(&mut *file).await.unwrap();
        AsyncSeekExt::rewind(&mut *file).await.unwrap();
        let mut back = Vec::new();
        AsyncReadExt::read_to_end(&mut *file, &mut back)
            .await
            .unwrap();
        assert!(back == data && file.rolled());
    });
}

#[derive(Clone, Debug)]
enum Op {
    Write(Vec<u8>),
    WriteLines(Vec<Vec<u8>>),
    Read(Option<usize>),
    ReadLine(Option<usize>),
    ReadInto(usize),
    ReadLines(usize),
    NextLine,
    Peek,
    Seek(SeekFrom),
    Tell,
    Truncate(Option<u64>),
    Flush,
    Rollover,
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(b"ab\n\r\xc3".to_vec()), 0..12)
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => bytes().prop_map(Op::Write),
        1 => prop::collection::vec(bytes(), 0..3).prop_map(Op::WriteLines),
        3 => prop::option::of(0usize..20).prop_map(Op::Read),
        3 => prop::option::of(0usize..20).prop_map(Op::ReadLine),
        1 => (0usize..20).prop_map(Op::ReadInto),
        1 => (0usize..20).prop_map(Op::ReadLines),
        2 => Just(Op::NextLine),
        1 => Just(Op::Peek),
        2 => (0u64..40).prop_map(|n| Op::Seek(SeekFrom::Start(n))),
        1 => (-9i64..9).prop_map(|n| Op::Seek(SeekFrom::Current(n))),
        1 => (-9i64..9).prop_map(|n| Op::Seek(SeekFrom::End(n))),
        2 => Just(Op::Tell),
        2 => prop::option::of(0u64..40).prop_map(Op::Truncate),
        1 => Just(Op::Flush),
        1 => Just(Op::Rollover),
    ]
}

/// What an operation gave, in a form to be compared.
fn shown<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        // Memory has no errno.
        Err(error) => format!("{:?}", error.kind()),
    }
}

/// Both kinds of file have these methods under the same names, and nothing else
/// in common.
macro_rules! apply {
    ($file:expr, $op:expr) => {{
        let file = $file;
        match $op {
            Op::Write(data) => shown(file.write(data).await),
            Op::WriteLines(items) => shown(file.writelines(items).await),
            Op::Read(None) => shown(file.read().await),
            Op::Read(Some(n)) => shown(file.read().size(*n).await),
            Op::ReadLine(None) => shown(file.readline().await),
            Op::ReadLine(Some(n)) => shown(file.readline().size(*n).await),
            Op::ReadInto(n) => {
                let mut buf = vec![0; *n];
                let read = file.readinto(&mut buf).await;
                shown(read.map(|n| buf[..n].to_vec()))
            }
            Op::ReadLines(hint) => shown(file.readlines().hint(*hint).await),
            Op::NextLine => shown(file.next_line().await.map(|line| line.map(<[u8]>::to_vec))),
            // How much it shows is no promise; whether it shows anything is.
            Op::Peek => shown(file.peek(1).await.map(|bytes| bytes.first().copied())),
            Op::Seek(to) => shown(file.seek(*to).await),
            Op::Tell => shown(file.tell().await),
            Op::Truncate(None) => shown(file.truncate().await),
            Op::Truncate(Some(n)) => shown(file.truncate().size(*n).await),
            Op::Flush | Op::Rollover => shown(file.flush().await),
        }
    }};
}

async fn on_spooled(file: &mut SpooledTemporaryFile, op: &Op) -> String {
    if matches!(op, Op::Rollover) {
        return shown(file.rollover().await);
    }
    apply!(file, op)
}

async fn on_plain(file: &mut BinaryFile, op: &Op) -> String {
    apply!(file, op)
}

#[derive(Clone, Debug)]
enum TextOp {
    Write(String),
    Read(Option<usize>),
    ReadLine(Option<usize>),
    NextLine,
    Tell,
    /// To one of the positions told so far.
    SeekTold(prop::sample::Index),
    SeekStart,
    SeekEnd,
    Truncate(Option<u64>),
    Flush,
    Rollover,
}

fn text_op() -> impl Strategy<Value = TextOp> {
    prop_oneof![
        6 => "[a\u{e9}\u{1f600}\r\n]{0,6}".prop_map(TextOp::Write),
        3 => prop::option::of(0usize..10).prop_map(TextOp::Read),
        3 => prop::option::of(0usize..10).prop_map(TextOp::ReadLine),
        2 => Just(TextOp::NextLine),
        3 => Just(TextOp::Tell),
        3 => any::<prop::sample::Index>().prop_map(TextOp::SeekTold),
        2 => Just(TextOp::SeekStart),
        1 => Just(TextOp::SeekEnd),
        1 => prop::option::of(0u64..40).prop_map(TextOp::Truncate),
        1 => Just(TextOp::Flush),
        1 => Just(TextOp::Rollover),
    ]
}

macro_rules! apply_text {
    ($file:expr, $op:expr, $told:expr) => {{
        let (file, told) = ($file, $told);
        match $op {
            TextOp::Write(text) => shown(file.write(text).await),
            TextOp::Read(None) => shown(file.read().await),
            TextOp::Read(Some(n)) => shown(file.read().size(*n).await),
            TextOp::ReadLine(None) => shown(file.readline().await),
            TextOp::ReadLine(Some(n)) => shown(file.readline().size(*n).await),
            TextOp::NextLine => shown(file.next_line().await.map(|line| line.map(str::to_owned))),
            TextOp::Tell => {
                let position = file.tell().await;
                told.extend(position.as_ref().ok().copied());
                shown(position)
            }
            TextOp::SeekTold(_) if told.is_empty() => String::new(),
            TextOp::SeekTold(index) => shown(file.seek(*index.get(told)).await),
            TextOp::SeekStart => shown(file.seek(SeekFrom::Start(0)).await),
            TextOp::SeekEnd => shown(file.seek(SeekFrom::End(0)).await),
            TextOp::Truncate(None) => shown(file.truncate().await),
            TextOp::Truncate(Some(n)) => shown(file.truncate().size(*n).await),
            TextOp::Flush | TextOp::Rollover => shown(file.flush().await),
        }
    }};
}

async fn on_spooled_text(
    file: &mut SpooledTemporaryFile<aiofiles::open::Text>,
    op: &TextOp,
    told: &mut Vec<aiofiles::TextPosition>,
) -> String {
    if matches!(op, TextOp::Rollover) {
        return shown(file.rollover().await);
    }
    apply_text!(file, op, told)
}

async fn on_plain_text(
    file: &mut TextFile,
    op: &TextOp,
    told: &mut Vec<aiofiles::TextPosition>,
) -> String {
    apply_text!(file, op, told)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    // anyio#1215: `readinto` read twice. cpython#82806: lines and seeks went wrong
    // behind a rollover.
    #[test]
    fn spooled_bytes_are_those_of_a_plain_file(
        ops in prop::collection::vec(op(), 1..40),
        max_size in 0u64..24,
        buffering in 1usize..20,
        append in any::<bool>(),
    ) {
        let mode = if append { "a+b" } else { "w+b" };
        block_on(async {
            let mut spool = spooled(max_size).mode(mode).buffering(buffering).await.unwrap();
            let plain = temporary_file().mode(mode).buffering(buffering);
            let mut plain = plain.executor(InlineExecutor).await.unwrap();
            for (at, op) in ops.iter().enumerate() {
                let (one, other) = (on_spooled(&mut spool, op).await, on_plain(&mut plain, op).await);
                prop_assert_eq!(one, other, "{} {:?}", at, op);
                if append && matches!(op, Op::Write(_) | Op::WriteLines(_)) {
                    // Only then is the position the end, in Python too.
                    plain.flush().await.unwrap();
                    spool.flush().await.unwrap();
                }
                if let Op::Write(_) = op {
                    let past = max_size > 0 && spool.tell().await.unwrap() > max_size;
                    prop_assert!(spool.rolled() || !past, "{} {:?}", at, op);
                }
            }
            let start = SeekFrom::Start(0);
            prop_assert_eq!(spool.seek(start).await.unwrap(), plain.seek(start).await.unwrap());
            prop_assert_eq!(spool.read().await.unwrap(), plain.read().await.unwrap());
            Ok(())
        })?;
    }

    #[test]
    fn spooled_text_is_that_of_a_plain_file(
        ops in prop::collection::vec(text_op(), 1..40),
        max_size in 0u64..24,
        encoding in prop::sample::select(vec!["utf-8", "utf-16", "utf-8-sig"]),
        newline in prop::sample::select(vec!["", "\n", "\r\n"]),
    ) {
        block_on(async {
            let spool = spooled(max_size).text().encoding(encoding).errors("replace");
            let mut spool = spool.newline(newline).await.unwrap();
            let plain = temporary_file().text().encoding(encoding).errors("replace");
            let mut plain = plain.newline(newline).executor(InlineExecutor).await.unwrap();
            let (mut told_one, mut told_other) = (Vec::new(), Vec::new());
            for (at, op) in ops.iter().enumerate() {
                let one = on_spooled_text(&mut spool, op, &mut told_one).await;
                let other = on_plain_text(&mut plain, op, &mut told_other).await;
                prop_assert_eq!(one, other, "{} {:?}", at, op);
            }
            spool.seek(SeekFrom::Start(0)).await.unwrap();
            plain.seek(SeekFrom::Start(0)).await.unwrap();
            let (one, other) = (spool.buffer().read().await, plain.buffer().read().await);
            prop_assert_eq!(one.unwrap(), other.unwrap());
            Ok(())
        })?;
    }
}
