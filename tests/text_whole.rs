//! Text read to the end by a job, which decodes it too.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use aiofiles::executor::ManualExecutor;
use aiofiles::{TextFile, TextPosition, text, wrap};
use common::{Memory, Stream};

const ENCODINGS: [&str; 6] = [
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "latin-1",
    "shift_jis",
    "iso-2022-jp",
];
const NEWLINES: [Option<&str>; 5] = [None, Some(""), Some("\n"), Some("\r"), Some("\r\n")];
const POLICIES: [&str; 3] = ["strict", "replace", "ignore"];

/// Bytes of all kinds: nothing, marks, line ends of each kind, cut and bad characters.
const SAMPLES: [&[u8]; 12] = [
    b"",
    b"plain\n",
    b"\xef\xbb\xbfmarked\r\ntext",
    b"\xff\xfea\0\r\0\n\0b\0",
    b"one\rtwo\r\nthree\n\rfour\r",
    b"\r\n",
    b"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\n",
    b"cut \xe2\x82",
    b"bad \xff in the\r\nmidst",
    b"\x93\xfa\x96\x7b\n",
    b"\x1b$BF|K\\\x1b(B\n",
    b"\x1b$BF|",
];

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Runs each job when its turn has come.
fn run<F: Future>(executor: &ManualExecutor, future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = poll(future.as_mut()) {
            return output;
        }
        executor.run_all();
    }
}

type Setting = (&'static str, &'static str, Option<&'static str>);

fn settings() -> impl Iterator<Item = Setting> {
    let all = ENCODINGS
        .into_iter()
        .flat_map(|encoding| POLICIES.into_iter().map(move |policy| (encoding, policy)));
    all.flat_map(|(encoding, policy)| {
        NEWLINES
            .into_iter()
            .map(move |newline| (encoding, policy, newline))
    })
}

fn open(
    data: &[u8],
    pipe: bool,
    (encoding, policy, newline): Setting,
) -> (TextFile<Stream>, ManualExecutor) {
    let memory = Memory::new(data);
    let stream = if pipe { memory.pipe() } else { memory.stream() };
    let executor = ManualExecutor::new();
    let mut wrapped = wrap(stream)
        .text()
        .encoding(encoding)
        .errors(policy)
        .executor(executor.clone());
    if let Some(newline) = newline {
        wrapped = wrapped.newline(newline);
    }
    let file = run(&executor, wrapped).unwrap();
    (file, executor)
}

/// The same by the reader of streams, which has no jobs.
fn expected(data: &[u8], (encoding, policy, newline): Setting) -> Vec<String> {
    futures::executor::block_on(async {
        let mut made = text::reader(data).encoding(encoding).errors(policy);
        if let Some(newline) = newline {
            made = made.newline(newline);
        }
        let mut reader = made.await.unwrap();
        let mut told = Vec::new();
        for _ in 0..3 {
            let read = reader.read().await.map_err(|error| error.to_string());
            told.push(format!("{read:?} {:?}", reader.newlines()));
        }
        told
    })
}

fn told(file: &mut TextFile<Stream>, executor: &ManualExecutor) -> Vec<String> {
    let mut told = Vec::new();
    for _ in 0..3 {
        let read = run(executor, file.read()).map_err(|error| error.to_string());
        told.push(format!("{read:?} {:?}", file.newlines()));
    }
    told
}

#[test]
fn what_a_job_decodes_is_what_is_decoded_bit_by_bit() {
    for data in SAMPLES {
        for setting in settings() {
            for pipe in [false, true] {
                let at = format!("{data:?} {setting:?} pipe: {pipe}");
                let (mut file, executor) = open(data, pipe, setting);
                let told = told(&mut file, &executor);
                assert_eq!(told, expected(data, setting), "{at}");
                if !pipe && told.iter().all(|told| told.starts_with("Ok")) {
                    let end = run(&executor, file.tell()).unwrap();
                    assert_eq!(
                        end.to_string().split(':').next(),
                        Some(&*data.len().to_string()),
                        "{at}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_read_that_is_dropped_with_its_job_done_leaves_all_to_the_next() {
    for data in SAMPLES {
        for setting in settings() {
            for pipe in [false, true] {
                let at = format!("{data:?} {setting:?} pipe: {pipe}");
                let (mut file, executor) = open(data, pipe, setting);
                {
                    let mut read = pin!(file.read());
                    assert!(poll(read.as_mut()).is_pending(), "{at}");
                    executor.run_all();
                }
                if !pipe {
                    let start = run(&executor, file.tell()).unwrap();
                    assert_eq!(start, "0".parse::<TextPosition>().unwrap(), "{at}");
                }
                assert_eq!(told(&mut file, &executor), expected(data, setting), "{at}");
            }
        }
    }
}

#[test]
fn what_a_dropped_read_has_decoded_is_read_by_lines() {
    let (mut file, executor) = open(b"one\r\ntwo\rthree", false, ("utf-8", "strict", None));
    {
        let mut read = pin!(file.read());
        assert!(poll(read.as_mut()).is_pending());
        executor.run_all();
    }
    assert_eq!(run(&executor, file.readline()).unwrap(), "one\n");
    assert_eq!(run(&executor, file.read().size(2)).unwrap(), "tw");
    assert_eq!(run(&executor, file.read()).unwrap(), "o\nthree");
    assert_eq!(file.newlines(), ["\r", "\r\n"]);
}

#[test]
fn what_comes_behind_the_end_is_read_on() {
    let memory = Memory::new("caf\u{e9}\n");
    let executor = ManualExecutor::new();
    let opened = wrap(memory.stream())
        .text()
        .mode("r+")
        .executor(executor.clone());
    let mut file = run(&executor, opened).unwrap();
    assert_eq!(run(&executor, file.read()).unwrap(), "caf\u{e9}\n");
    let end = run(&executor, file.tell()).unwrap();
    assert_eq!(run(&executor, file.write("more")).unwrap(), 4);
    run(&executor, file.flush()).unwrap();
    run(&executor, file.seek(end)).unwrap();
    assert_eq!(run(&executor, file.read()).unwrap(), "more");
    assert_eq!(memory.data(), "caf\u{e9}\nmore".as_bytes());
}

#[test]
fn a_read_to_the_end_is_one_job_and_two_polls() {
    let text = "line of text\r\n".repeat(100_000);
    let (mut file, executor) = open(text.as_bytes(), false, ("utf-8", "strict", None));
    let mut read = pin!(file.read());
    assert!(poll(read.as_mut()).is_pending());
    assert_eq!(executor.run_all(), 1);
    let Poll::Ready(read) = poll(read.as_mut()) else {
        panic!("the job has decoded it");
    };
    assert_eq!(read.unwrap(), text.replace("\r\n", "\n"));
}

/// What `readlines` gives of a file, three times, and of a reader of the same bytes.
fn lines_told(data: &[u8], pipe: bool, setting: Setting) -> (Vec<String>, Vec<String>) {
    let (encoding, policy, newline) = setting;
    let (mut file, executor) = open(data, pipe, setting);
    let mut made = text::reader(data).encoding(encoding).errors(policy);
    if let Some(newline) = newline {
        made = made.newline(newline);
    }
    let mut reader = run(&executor, made).unwrap();
    let (mut told, mut expected) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let lines = run(&executor, file.readlines()).map_err(|error| error.to_string());
        told.push(format!("{lines:?} {:?}", file.newlines()));
        let lines = run(&executor, reader.readlines()).map_err(|error| error.to_string());
        expected.push(format!("{lines:?} {:?}", reader.newlines()));
    }
    (told, expected)
}

#[test]
fn lines_that_a_job_has_decoded_are_those_that_are_decoded_bit_by_bit() {
    for data in SAMPLES {
        for setting in settings() {
            for pipe in [false, true] {
                let (told, expected) = lines_told(data, pipe, setting);
                assert_eq!(told, expected, "{data:?} {setting:?} pipe: {pipe}");
            }
        }
    }
}

#[test]
fn lines_that_nobody_comes_for_are_read_again() {
    for data in SAMPLES {
        for setting in settings() {
            let (mut file, executor) = open(data, false, setting);
            {
                let mut lines = pin!(file.readlines());
                assert!(poll(lines.as_mut()).is_pending());
                executor.run_all();
            }
            let at = format!("{data:?} {setting:?}");
            let start = run(&executor, file.tell()).unwrap();
            assert_eq!(start, "0".parse::<TextPosition>().unwrap(), "{at}");
            assert_eq!(told(&mut file, &executor), expected(data, setting), "{at}");
        }
    }
}

#[test]
fn all_lines_are_one_job_and_two_polls() {
    let text = "line of text\r\n".repeat(100_000);
    let (mut file, executor) = open(text.as_bytes(), false, ("utf-8", "strict", None));
    let mut read = pin!(file.readlines());
    assert!(poll(read.as_mut()).is_pending());
    assert_eq!(executor.run_all(), 1);
    let Poll::Ready(lines) = poll(read.as_mut()) else {
        panic!("the job has decoded it");
    };
    assert_eq!(lines.unwrap(), vec!["line of text\n"; 100_000]);
}
