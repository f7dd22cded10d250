//! Text files: one poll decodes a bounded share, whatever the file holds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::Future;
use std::io::Cursor;
use std::pin::pin;
use std::task::{Context, Poll};

use aiofiles::executor::InlineExecutor;
use aiofiles::{TextFile, wrap};
use futures::StreamExt;
use futures::task::noop_waker;

const SIZE: usize = 3 * 1024 * 1024;
/// What a poll may decode, and a piece that it has begun.
const SHARE: usize = 264 * 1024;

async fn file(data: &[u8], encoding: &str, errors: &str) -> TextFile<Cursor<Vec<u8>>> {
    wrap(Cursor::new(data.to_vec()))
        .text()
        .encoding(encoding)
        .errors(errors)
        .newline("\n")
        .executor(InlineExecutor)
        .await
        .unwrap()
}

/// Polls to the end; every job runs in the poll that starts it, so that a poll which
/// is pending has paused.
fn polls<F: Future>(future: F) -> (F::Output, usize) {
    let mut future = pin!(future);
    let waker = noop_waker();
    for polls in 1.. {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return (output, polls);
        }
    }
    unreachable!("it ends, or is polled for ever")
}

/// Inputs without a line end, and how many characters they are.
fn shapes() -> Vec<(&'static str, &'static str, Vec<u8>, usize)> {
    vec![
        ("utf-8", "strict", vec![b'x'; SIZE], SIZE),
        ("utf-8", "strict", "😀".repeat(SIZE / 4).into(), SIZE / 4),
        ("utf-8", "strict", vec![b'\r'; SIZE], SIZE),
        ("utf-8", "replace", vec![0xff; SIZE], SIZE),
        (
            "utf-8-sig",
            "strict",
            [&b"\xef\xbb\xbf"[..], &vec![b'x'; SIZE]].concat(),
            SIZE,
        ),
        ("utf-16-le", "strict", b"x\0".repeat(SIZE / 2), SIZE / 2),
        ("latin-1", "strict", vec![0xe9; SIZE], SIZE),
        ("gb18030", "strict", b"\xb0\xa1".repeat(SIZE / 2), SIZE / 2),
    ]
}

#[test]
fn one_poll_decodes_a_share_of_a_long_line() {
    let (mut checked, least) = (0, SIZE / SHARE);
    for (encoding, errors, data, chars) in shapes() {
        let made = || polls(file(&data, encoding, errors)).0;
        let at = format!("{encoding} {errors} {:?}", data[3]);
        let mut check = |text: String, polls: usize, op: &str| {
            assert_eq!(text.chars().count(), chars, "{op}, {at}");
            assert!(
                polls >= least && polls <= 5 * least,
                "{op}, {at}: {polls} polls"
            );
            checked += 1;
        };
        let mut f = made();
        let (text, n) = polls(f.read());
        assert_eq!(text.unwrap().chars().count(), chars, "read, {at}");
        assert_eq!(n, 1, "the job that reads decodes, too: {at}");
        let mut f = made();
        assert_eq!(polls(f.read().size(1)).0.unwrap().chars().count(), 1);
        let (rest, n) = polls(f.read());
        let rest = rest.unwrap();
        check(format!("{}{rest}", rest.chars().next().unwrap()), n, "rest");
        let mut f = made();
        let (text, n) = polls(f.readline());
        check(text.unwrap(), n, "readline");
        let mut f = made();
        let (text, n) = polls(f.next_line());
        check(text.unwrap().unwrap().to_owned(), n, "next_line");
        let mut f = made();
        let (text, n) = polls(f.readlines());
        assert_eq!(text.unwrap().concat().chars().count(), chars, "{at}");
        assert_eq!(n, 1, "the job that reads decodes, too: {at}");
        let mut f = made();
        assert_eq!(polls(f.read().size(1)).0.unwrap().chars().count(), 1);
        let (rest, n) = polls(f.readlines());
        let rest = rest.unwrap().concat();
        check(format!("{}{rest}", rest.chars().next().unwrap()), n, "rest");
        let mut lines = made().into_lines();
        let (text, n) = polls(lines.next());
        check(text.unwrap().unwrap(), n, "into_lines");
        let mut f = made();
        let (text, n) = polls(f.next());
        check(text.unwrap().unwrap(), n, "stream");
    }
    assert_eq!(checked, 6 * shapes().len());
}

#[test]
fn a_bad_line_is_skipped_by_shares() {
    let data = [
        &[b'x'; 10][..],
        &vec![0xff; SIZE / 4],
        &vec![b'y'; SIZE],
        b"\nz\n",
    ]
    .concat();
    let mut f = polls(file(&data, "utf-8", "strict")).0;
    assert!(polls(f.next_line()).0.is_err());
    let (line, n) = polls(f.next_line());
    assert_eq!(line.unwrap(), Some("z"));
    assert!(n >= SIZE / SHARE, "{n} polls");
}

#[test]
fn what_was_decoded_before_a_pause_stays() {
    for dropped in 1..8 {
        let mut f = polls(file(&vec![b'x'; SIZE], "utf-8", "strict")).0;
        {
            let mut read = pin!(f.readline());
            let waker = noop_waker();
            for _ in 0..dropped {
                let polled = read.as_mut().poll(&mut Context::from_waker(&waker));
                assert!(polled.is_pending());
            }
        }
        assert_eq!(polls(f.read().size(5)).0.unwrap(), "xxxxx");
        assert_eq!(polls(f.read()).0.unwrap().len(), SIZE - 5);
        assert_eq!(polls(f.read()).0.unwrap(), "");
    }
}
