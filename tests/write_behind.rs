//! Full buffers that the job in flight takes over while the task fills the next.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

use aiofiles::executor::ManualExecutor;
use aiofiles::{BinaryFile, wrap};
use common::{EIO, Fault, Gate, Memory, Op, Stream, poll_once, start_and_abandon};
use futures::FutureExt as _;

/// Counts how often a task is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A file on `memory` with buffers of `size` bytes, and its jobs.
fn writer(memory: &Memory, size: usize) -> (BinaryFile<Stream>, ManualExecutor) {
    let jobs = ManualExecutor::new();
    let made = wrap(memory.stream()).mode("w").buffering(size);
    let file = made.executor(jobs.clone()).into_future();
    (file.now_or_never().unwrap().unwrap(), jobs)
}

/// Whether the file takes `data` at once.
fn takes(file: &mut BinaryFile<Stream>, data: &[u8]) -> bool {
    let taken = file.write(data).now_or_never();
    taken.map(Result::unwrap).is_some()
}

#[test]
fn full_buffers_go_to_the_job_that_waits_or_runs_already() {
    let memory = Memory::default();
    let (gate, attach) = Gate::new();
    attach(&memory);
    let (mut file, jobs) = writer(&memory, 4);
    for data in [b"0123", b"4567"] {
        assert!(takes(&mut file, data));
    }
    // It has the first; the second is being filled.
    assert_eq!(jobs.len(), 1);
    assert!(takes(&mut file, b"89ab") && takes(&mut file, b"cdef"));
    assert_eq!(jobs.len(), 1, "not begun, it takes more");
    assert!(gate.start(jobs.take_one().unwrap()));
    assert!(takes(&mut file, b"ghij"));
    assert!(jobs.is_empty(), "running, it takes more");
    assert_eq!(memory.data(), b"");
    gate.finish();
    assert_eq!(memory.data(), b"0123456789abcdef");
    assert_eq!(jobs.len(), 0);
    start_and_abandon(file.flush());
    assert_eq!(jobs.run_all(), 1);
    assert_eq!(memory.data(), b"0123456789abcdefghij");
}

#[test]
fn eight_buffers_wait_at_most_and_the_task_goes_on_when_half_are_written() {
    let memory = Memory::default();
    let (mut file, jobs) = writer(&memory, 4);
    let mut taken = 0;
    while takes(&mut file, b"data") {
        taken += 1;
        assert!(taken < 100, "it would fill the memory");
    }
    assert_eq!(
        (taken, jobs.len()),
        (10, 1),
        "one, eight, and one that is full"
    );
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    // How often it was woken before each write of the job.
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (noted, count) = (seen.clone(), woken.clone());
    memory.set_hook(move |op| {
        if op == Op::Write {
            noted.lock().unwrap().push(count.0.load(Ordering::SeqCst));
        }
    });
    {
        let mut write = pin!(file.write(b"more"));
        let mut cx = Context::from_waker(&waker);
        assert!(write.as_mut().poll(&mut cx).is_pending());
        assert!(jobs.run_one());
        assert_eq!(*seen.lock().unwrap(), [0, 0, 0, 0, 1, 1, 1, 1, 1]);
        assert!(write.as_mut().poll(&mut cx).is_ready());
    }
    drop(file);
    jobs.run_all();
    assert_eq!(memory.data(), [&b"data".repeat(10)[..], b"more"].concat());
}

#[test]
fn error_of_a_buffer_handed_over_is_kept_and_nothing_overtakes() {
    let memory = Memory::default();
    let (mut file, jobs) = writer(&memory, 4);
    let data: Vec<[u8; 4]> = (b'a'..=b'f').map(|letter| [letter; 4]).collect();
    for data in &data {
        assert!(takes(&mut file, data));
    }
    let mut writes = 0;
    memory.set_script(move |op| {
        writes += usize::from(op == Op::Write);
        match (op, writes) {
            (Op::Write, 3) => Fault::Short(1),
            (Op::Write, 4) => Fault::Errno(EIO),
            _ => Fault::None,
        }
    });
    jobs.run_all();
    assert_eq!(memory.data(), b"aaaabbbbc");
    let error = file.write(b"lost").now_or_never().unwrap().unwrap_err();
    assert_eq!(error.raw_os_error(), Some(EIO));
    // Told once. What failed goes first, by a job of its own.
    assert!(!takes(&mut file, b"gggg"));
    jobs.run_all();
    assert_eq!(memory.data(), data.concat());
    assert!(takes(&mut file, b"gggg"));
    start_and_abandon(file.close());
    jobs.run_all();
    assert_eq!(memory.data(), b"aaaabbbbccccddddeeeeffffgggg");
    assert!(memory.closed());
}

#[test]
fn panic_in_a_buffer_handed_over_loses_nothing_behind_it() {
    let memory = Memory::default();
    let (mut file, jobs) = writer(&memory, 4);
    for data in [b"aaaa", b"bbbb", b"cccc", b"dddd"] {
        assert!(takes(&mut file, data));
    }
    let mut writes = 0;
    memory.set_script(move |op| {
        writes += usize::from(op == Op::Write);
        match (op, writes) {
            (Op::Write, 2) => Fault::Panic,
            _ => Fault::None,
        }
    });
    jobs.run_all();
    file.flush().now_or_never().unwrap().unwrap_err();
    start_and_abandon(file.flush());
    jobs.run_all();
    assert_eq!(memory.data(), b"aaaabbbbccccdddd");
}

#[test]
fn position_counts_what_was_handed_over() {
    let memory = Memory::default();
    let (mut file, jobs) = writer(&memory, 4);
    for _ in 0..4 {
        assert!(takes(&mut file, b"data"));
    }
    {
        let mut tell = pin!(file.tell());
        assert!(poll_once(tell.as_mut()).is_none());
        jobs.run_all();
        assert_eq!(poll_once(tell.as_mut()).unwrap().unwrap(), 16);
    }
    assert_eq!(memory.data().len(), 12, "one buffer is not full");
}

#[test]
fn drop_writes_what_was_handed_over() {
    for running in [false, true] {
        let memory = Memory::default();
        let (gate, attach) = Gate::new();
        attach(&memory);
        let (mut file, jobs) = writer(&memory, 4);
        for data in [b"0123", b"4567", b"89ab"] {
            assert!(takes(&mut file, data));
        }
        if running {
            assert!(gate.start(jobs.take_one().unwrap()));
            assert!(takes(&mut file, b"cd"), "behind what the job has");
        }
        drop(file);
        if running {
            gate.finish();
        }
        jobs.run_all();
        let all: &[u8] = if running {
            b"0123456789abcd"
        } else {
            b"0123456789ab"
        };
        assert_eq!(memory.data(), all);
        assert!(memory.dropped());
    }
}

#[test]
fn owned_data_goes_behind_what_was_handed_over_and_before_the_rest() {
    for fails in [false, true] {
        for running in [false, true] {
            let memory = Memory::default();
            let (gate, attach) = Gate::new();
            attach(&memory);
            let (mut file, jobs) = writer(&memory, 4);
            for data in [b"0123", b"4567", b"89ab"] {
                assert!(takes(&mut file, data));
            }
            if fails {
                // What was handed over stays in the line.
                memory.fail_once(Op::Write, Fault::Errno(EIO));
            }
            jobs.run_all();
            if fails {
                file.flush().now_or_never().unwrap().unwrap_err();
                memory.fail_once(Op::Write, Fault::Errno(EIO));
            }
            start_and_abandon(file.write_owned(b"OWNED".to_vec()));
            if fails {
                jobs.run_all();
                file.flush().now_or_never().unwrap().unwrap_err();
            } else if running {
                assert!(gate.start(jobs.take_one().unwrap()));
                assert!(takes(&mut file, b"cd"));
            }
            drop(file);
            if running && !fails {
                gate.finish();
            }
            jobs.run_all();
            let rest = if running && !fails { "cd" } else { "" };
            // What failed goes first and alone: given up meanwhile, it has not begun.
            let owned = if fails { "" } else { "OWNED" };
            let all = format!("0123456789ab{owned}{rest}");
            assert_eq!(memory.data(), all.as_bytes(), "{fails} {running}");
        }
    }
}

#[test]
fn job_that_is_given_more_and_more_makes_room_for_others() {
    const SIZE: usize = 4 * 1024 * 1024;
    let memory = Memory::default();
    let (mut file, jobs) = writer(&memory, SIZE);
    let data: Vec<u8> = (0..SIZE).map(|at| (at / 1000) as u8).collect();
    for _ in 0..5 {
        assert!(takes(&mut file, &data));
    }
    assert!(jobs.run_one());
    assert_eq!(memory.data().len(), 2 * SIZE);
    start_and_abandon(file.flush());
    assert_eq!(jobs.run_all(), 1);
    assert!(memory.data() == data.repeat(5));
}

#[test]
fn long_writes_are_handed_over_whole() {
    let memory = Memory::default();
    let (mut file, jobs) = writer(&memory, 4);
    assert!(takes(&mut file, b"ab"));
    assert!(takes(&mut file, b"0123456789"));
    assert_eq!(jobs.len(), 1, "it need not wait for more");
    assert!(takes(&mut file, b"cd") && takes(&mut file, b"9876543210"));
    assert_eq!(jobs.run_all(), 1);
    assert_eq!(memory.data(), b"ab0123456789cd9876543210");
    assert_eq!(memory.calls("write"), 3);
    // The job is over, but nobody has looked.
    assert!(takes(&mut file, b"0123456789"));
    assert_eq!(jobs.run_all(), 1);
    assert_eq!(memory.data().len(), 34);
}
