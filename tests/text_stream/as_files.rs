//! A stream gives the text that a file gives: by every call, in whatever pieces its bytes
//! come, and given up at every poll.

use std::future::Future;
use std::io::Cursor;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use aiofiles::text::{self, Reader};
use aiofiles::{Error, TextFile, wrap};
use futures::executor::block_on;

use super::script::Script;

/// Awaits what `call` makes, and drops it at each poll where it is pending.
fn persist<T, E>(
    mut call: impl FnMut(&mut Context<'_>) -> Poll<std::result::Result<T, E>>,
) -> std::result::Result<T, E> {
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..100_000 {
        if let Poll::Ready(done) = call(&mut cx) {
            return done;
        }
    }
    panic!("it never ends")
}

/// A call of a text, and what it gives as something that can be compared.
#[derive(Clone, Copy, Debug)]
enum Call {
    Read,
    ReadSize(usize),
    Line,
    LineSize(usize),
    Lines,
    Hint(usize),
    Next,
    NextMax(usize),
    Block,
}

const CALLS: [Call; 12] = [
    Call::Read,
    Call::ReadSize(1),
    Call::ReadSize(7),
    Call::Line,
    Call::LineSize(1),
    Call::LineSize(5),
    Call::Lines,
    Call::Hint(4),
    Call::Next,
    Call::NextMax(3),
    Call::Block,
    Call::ReadSize(100_000),
];

fn told(error: &Error) -> String {
    match error {
        Error::Decode {
            offset,
            bytes,
            reason,
            ..
        } => format!("Decode {offset} {bytes:?} {reason}"),
        other => format!("{other:?}"),
    }
}

macro_rules! make_call {
    ($text:expr, $call:expr) => {{
        let text = $text;
        let done = match $call {
            Call::Read => persist(|cx| pin!(text.read()).poll(cx)).map(|text| vec![text]),
            Call::ReadSize(n) => {
                persist(|cx| pin!(text.read().size(n)).poll(cx)).map(|text| vec![text])
            }
            Call::Line => persist(|cx| pin!(text.readline()).poll(cx)).map(|text| vec![text]),
            Call::LineSize(n) => {
                persist(|cx| pin!(text.readline().size(n)).poll(cx)).map(|text| vec![text])
            }
            Call::Lines => persist(|cx| pin!(text.readlines()).poll(cx)),
            Call::Hint(n) => persist(|cx| pin!(text.readlines().hint(n)).poll(cx)),
            Call::Next => persist(|cx| {
                let line = std::task::ready!(pin!(text.next_line()).poll(cx));
                Poll::Ready(line.map(|line| line.map(str::to_owned)))
            })
            .map(|line| line.into_iter().collect()),
            Call::NextMax(n) => persist(|cx| {
                let line = std::task::ready!(pin!(text.next_line().max_len(n)).poll(cx));
                Poll::Ready(line.map(|line| line.map(str::to_owned)))
            })
            .map(|line| line.into_iter().collect()),
            Call::Block => persist(|cx| {
                let block = std::task::ready!(pin!(text.next_lines()).poll(cx));
                Poll::Ready(
                    block.map(|block| block.map(|lines| lines.map(str::to_owned).collect())),
                )
            })
            .map(|block: Option<Vec<String>>| block.into_iter().flatten().collect()),
        };
        done.map_err(|error| told(&error))
    }};
}

type Answer = std::result::Result<Vec<String>, String>;

/// Calls again and again, to the end.
fn all_of(mut call: impl FnMut() -> Answer, kind: Call) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::new();
    let mut over = 0;
    // The end is told twice, so that an error behind it shows.
    while over < 2 && answers.len() < 10_000 {
        let answer = call();
        let ended = match &answer {
            // An empty line has a terminator, unless that was stripped.
            Ok(parts) => match kind {
                Call::Next | Call::NextMax(_) | Call::Block => parts.is_empty(),
                _ => parts.concat().is_empty(),
            },
            Err(error) => error.starts_with("LineTooLong"),
        };
        over = if ended { over + 1 } else { 0 };
        // How many lines a block has is a matter of how they came.
        match (&answer, answers.last_mut()) {
            (Ok(more), Some(Ok(before))) if matches!(kind, Call::Block) => {
                before.extend_from_slice(more)
            }
            _ => answers.push(answer),
        }
    }
    answers
}

const SAMPLES: [&[u8]; 9] = [
    b"",
    b"one\ntwo\r\nthree\rfour",
    b"\r\r\n\n\r",
    "caf\u{e9} \u{65e5}\u{672c}\u{8a9e} \u{1f600}\n\u{1f600}\r\nx".as_bytes(),
    b"good\nba\xffd and more\nagain\n\xc3",
    b"\xef\xbb\xbfmark\n",
    b"\xff\xfeh\0i\0\n\0\x3d\xd8\0\xde\r\0\n\0\x3d\xd8",
    b"\x1b$B\x46\x7c\x4b\x5c\x1b(B\nabc\r\n\x1b$B\x38",
    b"\x93\xfa\x96\x7b\r\n\x93",
];

#[test]
fn streams_read_as_files_do_at_every_split_and_poll() {
    let encodings = [
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "latin-1",
        "ascii",
        "shift_jis",
        "iso-2022-jp",
    ];
    for sample in SAMPLES {
        for encoding in encodings {
            for errors in ["strict", "replace", "backslashreplace"] {
                for newline in [None, Some(""), Some("\n"), Some("\r"), Some("\r\n")] {
                    for call in CALLS {
                        compare(sample, encoding, errors, newline, call);
                    }
                }
            }
        }
    }
}

fn compare(sample: &[u8], encoding: &str, errors: &str, newline: Option<&str>, call: Call) {
    let raw = Cursor::new(sample.to_vec());
    let made = wrap(raw)
        .text()
        .mode("r")
        .encoding(encoding)
        .errors(errors)
        .newline(newline);
    let made = made.executor(aiofiles::executor::InlineExecutor);
    let mut file: TextFile<_> = block_on(made).unwrap();
    let expected = all_of(|| make_call!(&mut file, call), call);
    for size in [1, 2, 3, 5, 1000] {
        let stream = Script::dribble(sample, size);
        let made = text::reader(stream)
            .encoding(encoding)
            .errors(errors)
            .newline(newline);
        let mut reader: Reader<_> = block_on(made).unwrap();
        let answers = all_of(|| make_call!(&mut reader, call), call);
        assert_eq!(
            answers, expected,
            "{sample:?} as {encoding} {errors} {newline:?} by {call:?}, {size} at a time"
        );
        if matches!(call, Call::NextMax(_)) {
            // It has not come so far.
            continue;
        }
        assert_eq!(
            reader.newlines(),
            file.newlines(),
            "{sample:?} as {encoding} {errors} {newline:?} by {call:?}, {size} at a time"
        );
    }
}
