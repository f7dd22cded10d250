//! Any calls in any order on any bytes: a text over a stream answers as the text of a file
//! does, in whatever pieces the bytes come and wherever a call is given up.
//!
//! `AIOFILES_SEQUENCES` sets how many sequences there are, `AIOFILES_SEED` the first.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{self, Cursor};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use aiofiles::codec::Newline;
use aiofiles::executor::InlineExecutor;
use aiofiles::text::{self, Reader};
use aiofiles::{Error, Result, TextFile, wrap};
use common::{Random, variable};
use futures::executor::block_on;
use tokio::io::{AsyncRead, ReadBuf};

const ENCODINGS: [&str; 14] = [
    "utf-8",
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-32-be",
    "latin-1",
    "ascii",
    "shift_jis",
    "gb18030",
    "iso-2022-jp",
    "windows-1252",
];

const POLICIES: [&str; 5] = ["strict", "strict", "ignore", "replace", "backslashreplace"];

const NEWLINES: [Newline; 6] = [
    Newline::Universal,
    Newline::Universal,
    Newline::Untranslated,
    Newline::Lf,
    Newline::Cr,
    Newline::CrLf,
];

/// What bytes are made of: line ends, characters of all lengths, and what is none, in the
/// encodings above.
const FRAGMENTS: [&[u8]; 24] = [
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\0",
    b"\r\0",
    b"\0\n",
    b"\0\r",
    b"\r\0\0\0\n\0\0\0",
    b"a",
    b"some words",
    b"w\0o\0",
    "\u{e9}".as_bytes(),
    "\u{65e5}\u{672c}".as_bytes(),
    "\u{1d11e}".as_bytes(),
    b"\xff",
    b"\xc3",
    b"\xe6\x97",
    b"\x80\x81",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"\x3d\xd8\0\xde",
    b"\x1b$B\x46\x7c",
    b"\x1b(B",
];

/// Gives its bytes in pieces as they come, and waits now and then.
#[derive(Debug)]
struct Dribble {
    pieces: VecDeque<Vec<u8>>,
    random: Random,
}

impl Dribble {
    fn new(mut bytes: &[u8], mut random: Random) -> Self {
        let most = [1, 3, 20, 1000, 100_000][random.below(5)];
        let mut pieces = VecDeque::new();
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at((1 + random.below(most)).min(bytes.len()));
            pieces.push_back(piece.to_vec());
            bytes = rest;
        }
        Self { pieces, random }
    }
}

impl AsyncRead for Dribble {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.random.one_in(2) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(mut piece) = self.pieces.pop_front() {
            let rest = piece.split_off(piece.len().min(buf.remaining()));
            buf.put_slice(&piece);
            if !rest.is_empty() {
                self.pieces.push_front(rest);
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// What a call gave, as something that can be compared.
fn told<T: std::fmt::Debug>(result: Result<T>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(Error::Decode {
            encoding,
            offset,
            bytes,
            reason,
            ..
        }) => format!("{encoding} {offset} {bytes:?} {reason}"),
        Err(Error::LineTooLong { limit, .. }) => format!("longer than {limit}"),
        Err(other) => panic!("{other}"),
    }
}

/// Polls what `$call` makes until it is ready; where it is pending it is given up or not,
/// as it comes, and made again.
macro_rules! until_ready {
    ($random:expr, $call:expr, $told:expr) => {{
        let mut cx = Context::from_waker(Waker::noop());
        'made: loop {
            let mut call = pin!($call);
            loop {
                match call.as_mut().poll(&mut cx) {
                    Poll::Ready(done) => break 'made $told(done),
                    Poll::Pending if $random.one_in(2) => continue 'made,
                    Poll::Pending => {}
                }
            }
        }
    }};
}

/// One call on both, and what each gave.
fn call(
    random: &mut Random,
    file: &mut TextFile<Cursor<Vec<u8>>>,
    reader: &mut Reader<Dribble>,
    what: &mut String,
) -> (String, String) {
    let size = [0, 1, 2, 5, 100, 9000, 300_000, usize::MAX][random.below(8)];
    let mut say = |call: &str| writeln!(what, "  {call} {size}").unwrap();
    macro_rules! both {
        ($name:literal, |$text:ident| $call:expr) => {{
            say($name);
            let expected = {
                let $text = &mut *file;
                told(block_on($call))
            };
            let $text = reader;
            (expected, until_ready!(random, $call, told))
        }};
    }
    match random.below(12) {
        0 if random.one_in(5) => both!("read", |text| text.read()),
        0 | 1 => both!("read size", |text| text.read().size(size)),
        2 | 3 => both!("readline", |text| text.readline()),
        4 => both!("readline size", |text| text.readline().size(size)),
        5 if random.one_in(5) => both!("readlines", |text| text.readlines()),
        5 => both!("readlines hint", |text| text.readlines().hint(size)),
        6 | 7 => both!("next_line", |text| text.next_line()),
        8 => both!("next_line max_len", |text| text.next_line().max_len(size)),
        _ => {
            say("next_lines max_len");
            // How many lines come together depends on how they come: as many are taken
            // of the file, one by one.
            let mut lines = 1;
            let mut block = |block: Result<Option<aiofiles::file::Block<'_>>>| {
                let block = block.map(|block| block.map(|lines| lines.map(Some).collect()));
                let block = block.map(|block: Option<Vec<_>>| block.unwrap_or_else(|| vec![None]));
                lines = block.as_ref().map_or(1, Vec::len);
                told(block.map(|lines| {
                    lines
                        .into_iter()
                        .map(|line| told(Ok(line)))
                        .collect::<Vec<_>>()
                }))
            };
            let got = until_ready!(random, reader.next_lines().max_len(size), block);
            let expected: Result<Vec<String>> = (0..lines)
                .map(|_| block_on(file.next_line().max_len(size)).map(|line| told(Ok(line))))
                .collect();
            (told(expected), got)
        }
    }
}

fn sequence(seed: u64) {
    let mut random = Random::new(seed);
    let fragments = if random.one_in(20) {
        20_000
    } else {
        random.below(200)
    };
    // Mostly of a few kinds, so that there are long lines and many line ends.
    let kinds: Vec<&[u8]> = (0..1 + random.below(8))
        .map(|_| FRAGMENTS[random.below(FRAGMENTS.len())])
        .collect();
    let bytes: Vec<u8> = (0..fragments)
        .flat_map(|_| kinds[random.below(kinds.len())])
        .copied()
        .collect();
    let encoding = ENCODINGS[random.below(ENCODINGS.len())];
    let errors = POLICIES[random.below(POLICIES.len())];
    let newline = NEWLINES[random.below(NEWLINES.len())];
    let buffering = [1, 2, 7, 100, 8192, 65536][random.below(6)];
    let file = wrap(Cursor::new(bytes.clone())).text().mode("r");
    let file = file.encoding(encoding).errors(errors).newline(newline);
    let mut file = block_on(file.executor(InlineExecutor)).unwrap();
    let stream = Dribble::new(&bytes, Random::new(seed ^ 1));
    let reader = text::reader(stream).encoding(encoding).errors(errors);
    let mut reader = block_on(reader.newline(newline).buffering(buffering)).unwrap();

    let mut what = format!(
        "seed {seed}: {encoding}, {errors}, {newline:?}, a buffer of {buffering}, {} bytes\n",
        bytes.len()
    );
    for _ in 0..1 + random.below(40) {
        let (expected, got) = call(&mut random, &mut file, &mut reader, &mut what);
        assert!(
            got == expected,
            "{what}  gave {got:.2000}\n not {expected:.2000}"
        );
    }
    // What is left, bad bytes included.
    for _ in 0..bytes.len() + 2 {
        let expected = told(block_on(file.read()));
        let got = until_ready!(random, reader.read(), told);
        assert!(
            got == expected,
            "{what}  the rest: {got:.2000}\n not {expected:.2000}"
        );
        if got == "\"\"" {
            break;
        }
    }
    assert_eq!(reader.newlines(), file.newlines(), "{what}");
    let parts = reader.into_parts();
    assert!(
        parts.text.is_empty() && parts.bytes.is_empty(),
        "{what} {parts:?}"
    );
}

#[test]
fn texts_of_streams_answer_as_texts_of_files() {
    let first = variable("AIOFILES_SEED").unwrap_or(0);
    let count = variable("AIOFILES_SEQUENCES").unwrap_or(200);
    for seed in first..first + count {
        sequence(seed);
    }
}
