//! Text over streams that are no files: the same text as that of a file, whatever comes in
//! whatever pieces, and whoever gives up in between.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::VecDeque;
use std::future::Future;
use std::io::{self, Cursor, ErrorKind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use aiofiles::text::{self, Reader};
use aiofiles::{Error, Result, TextFile, wrap};
use futures::executor::block_on;
use futures::{FutureExt, StreamExt, TryStreamExt};
use support::poll_once;
use tokio::io::{AsyncRead, ReadBuf};

/// What a stream does next.
#[derive(Clone, Debug)]
enum Step {
    Bytes(Vec<u8>),
    Wait,
    Fail(ErrorKind),
    /// As at its end.
    Nothing,
    Panic,
}

/// Does what it is told, and is at its end then.
#[derive(Clone, Debug, Default)]
struct Script(VecDeque<Step>);

impl Script {
    fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self(steps.into_iter().collect())
    }

    /// `size` bytes at a time, with a wait before each.
    fn dribble(bytes: &[u8], size: usize) -> Self {
        let pieces = bytes.chunks(size).map(|piece| Step::Bytes(piece.to_vec()));
        Self::new(pieces.flat_map(|piece| [Step::Wait, piece]))
    }
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.0.pop_front() {
            None | Some(Step::Nothing) => Poll::Ready(Ok(())),
            Some(Step::Bytes(mut bytes)) => {
                let rest = bytes.split_off(bytes.len().min(buf.remaining()));
                buf.put_slice(&bytes);
                if !rest.is_empty() {
                    self.0.push_front(Step::Bytes(rest));
                }
                Poll::Ready(Ok(()))
            }
            Some(Step::Wait) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Step::Fail(kind)) => Poll::Ready(Err(kind.into())),
            Some(Step::Panic) => panic!("the stream panics"),
        }
    }
}

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

#[test]
fn the_stream_of_lines_is_readline() {
    block_on(async {
        let stream = Script::dribble(b"one\r\ntwo\n\nthree", 2);
        let lines: Vec<String> = text::reader(stream).try_collect().await.unwrap();
        assert_eq!(lines, ["one\n", "two\n", "\n", "three"]);
        let stream = Script::dribble(b"one\r\ntwo\n\nthree", 2);
        let lines: Vec<String> = text::reader(stream)
            .into_lines()
            .try_collect()
            .await
            .unwrap();
        assert_eq!(lines, ["one", "two", "", "three"]);
        // Also of a stream that cannot move.
        let stream = futures::stream::once(async { Ok::<_, io::Error>(&b"a\nb"[..]) });
        let stream = Box::pin(stream).into_async_read();
        let lines = text::futures_reader(stream).await.unwrap();
        let lines: Vec<String> = pin!(lines).try_collect().await.unwrap();
        assert_eq!(lines, ["a\n", "b"]);
    });
}

#[test]
fn an_error_is_told_once_and_nothing_is_lost() {
    let script = || {
        Script::new([
            Step::Bytes(b"one\ntw".to_vec()),
            Step::Fail(ErrorKind::TimedOut),
            Step::Bytes(b"o\nthree".to_vec()),
            Step::Fail(ErrorKind::ConnectionReset),
        ])
    };
    block_on(async {
        let mut lines = text::reader(script()).await.unwrap();
        assert_eq!(lines.next_line().await.unwrap(), Some("one"));
        let error = lines.next_line().await.unwrap_err();
        assert_eq!(
            (
                error.kind(),
                error.to_string().starts_with("failed to read")
            ),
            (ErrorKind::TimedOut, true)
        );
        assert_eq!(lines.next_line().await.unwrap(), Some("two"));
        assert_eq!(
            lines.next_line().await.unwrap_err().kind(),
            ErrorKind::ConnectionReset
        );
        assert_eq!(lines.next_line().await.unwrap(), Some("three"));
        assert_eq!(lines.next_line().await.unwrap(), None);

        let mut all = text::reader(script()).await.unwrap();
        assert_eq!(all.read().await.unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(
            all.read().await.unwrap_err().kind(),
            ErrorKind::ConnectionReset
        );
        assert_eq!(all.read().await.unwrap(), "one\ntwo\nthree");

        let mut some = text::reader(script()).await.unwrap();
        assert_eq!(some.read().size(5).await.unwrap(), "one\nt");
        assert_eq!(
            some.read().size(5).await.unwrap_err().kind(),
            ErrorKind::TimedOut
        );
        assert_eq!(some.read().size(5).await.unwrap(), "wo\nth");
    });
}

#[test]
fn an_end_before_the_end_can_be_read_past() {
    block_on(async {
        let steps = [
            Step::Bytes(b"one\ntw".to_vec()),
            Step::Nothing,
            Step::Bytes(b"o\nlast \xc3".to_vec()),
            Step::Nothing,
            Step::Bytes(b"\xa9".to_vec()),
        ];
        let made = text::reader(Script::new(steps)).errors("replace");
        let mut reader = made.await.unwrap();
        assert_eq!(reader.readline().await.unwrap(), "one\n");
        assert_eq!(reader.readline().await.unwrap(), "tw");
        assert_eq!(reader.next_line().await.unwrap(), Some("o"));
        // Half a character is none at the end.
        assert_eq!(reader.read().await.unwrap(), "last \u{fffd}");
        assert_eq!(reader.read().await.unwrap(), "\u{fffd}");
        assert_eq!(reader.read().await.unwrap(), "");
        // A stream that ends within a character.
        let mut strict = text::reader(&b"ab\xe6\x97"[..]).await.unwrap();
        let error = strict.read().await.unwrap_err();
        assert!(matches!(error, Error::Decode { offset: 2, .. }), "{error}");
        assert_eq!(strict.read().await.unwrap(), "ab");
        assert_eq!(strict.read().await.unwrap(), "");
    });
}

#[test]
fn a_stream_that_panics_leaves_a_reader_that_goes_on() {
    let steps = [
        Step::Bytes(b"one\nt".to_vec()),
        Step::Panic,
        Step::Bytes(b"wo\n".to_vec()),
    ];
    let mut reader = block_on(text::reader(Script::new(steps))).unwrap();
    assert_eq!(block_on(reader.next_line()).unwrap(), Some("one"));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        block_on(reader.next_line()).map(drop)
    }));
    assert!(panicked.is_err());
    assert_eq!(block_on(reader.next_line()).unwrap(), Some("two"));
}

/// Gives another buffer than the one it was lent.
struct Swaps;

impl AsyncRead for Swaps {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let other = Box::leak(vec![b'x'; 1 << 20].into_boxed_slice());
        *buf = ReadBuf::new(other);
        buf.set_filled(1 << 20);
        Poll::Ready(Ok(()))
    }
}

#[test]
fn a_stream_that_swaps_the_buffer_is_refused() {
    let error = block_on(text::reader(Swaps).read()).unwrap_err();
    assert!(error.to_string().contains("replaced the buffer"), "{error}");
}

#[test]
fn keywords_that_say_nothing_are_told_at_once_or_by_each_operation() {
    block_on(async {
        let error = text::reader(&b"x"[..])
            .encoding("klingon")
            .await
            .unwrap_err();
        assert!(matches!(&error, Error::UnknownEncoding { label, .. } if label == "klingon"));
        let mut reader = text::reader(&b"x"[..]).encoding("klingon");
        for _ in 0..2 {
            let error = reader.read().await.unwrap_err();
            assert!(matches!(error, Error::UnknownEncoding { .. }), "{error}");
        }
        assert_eq!(reader.into_inner(), b"x", "nothing was read");
        for made in [
            text::writer(Vec::new()).newline("\n\r"),
            text::writer(Vec::new()).errors("perhaps"),
            text::writer(Vec::new()).buffering(0),
        ] {
            assert_eq!(made.await.unwrap_err().kind(), ErrorKind::InvalidInput);
        }
        let mut writer = text::writer(Vec::new()).encoding("klingon");
        assert!(writer.write("x").await.is_err() && writer.close().await.is_err());
        assert_eq!(writer.into_inner(), b"");
        // As it is, without a word.
        let mut reader = text::reader(&b"caf\xe9"[..])
            .encoding("latin-1")
            .buffering(1);
        assert_eq!(reader.read().await.unwrap(), "caf\u{e9}");
    });
}

#[test]
fn what_was_read_ahead_comes_back_in_parts() {
    block_on(async {
        let mut reader = text::reader(&b"one\ntwo\r\n\xff rest"[..]).await.unwrap();
        assert_eq!(reader.next_line().await.unwrap(), Some("one"));
        let parts = reader.into_parts();
        assert_eq!((parts.inner, parts.text.as_str()), (&b""[..], "two\r\n"));
        assert_eq!(parts.bytes, b"\xff rest");
        let untouched = text::reader(&b"abc"[..]).into_parts();
        assert_eq!(
            (untouched.inner, untouched.text.as_str()),
            (&b"abc"[..], "")
        );
    });
}

#[test]
fn a_long_line_is_bounded_and_kept() {
    block_on(async {
        let long = "x".repeat(100_000);
        let input = format!("short\n{long}\nshort\n");
        let mut reader = text::reader(Script::dribble(input.as_bytes(), 999))
            .await
            .unwrap();
        let block = reader.next_lines().max_len(10).await.unwrap().unwrap();
        assert_eq!(block.collect::<Vec<_>>(), ["short"]);
        let error = reader.next_lines().max_len(10).await.unwrap_err();
        assert!(
            matches!(error, Error::LineTooLong { limit: 10, .. }),
            "{error}"
        );
        assert_eq!(
            reader.next_line().await.unwrap().map(str::len),
            Some(100_000)
        );
        assert_eq!(reader.next_line().await.unwrap(), Some("short"));
    });
}

#[test]
fn long_texts_take_more_than_one_poll() {
    let long = "\u{e9}".repeat(1 << 20);
    let mut writer = block_on(text::writer(Vec::new()).encoding("latin-1")).unwrap();
    {
        let mut write = pin!(writer.write(&long));
        let mut polls = 0;
        while poll_once(&mut write).is_pending() {
            polls += 1;
        }
        assert!(polls >= 4, "{polls} polls for 2 MiB");
    }
    let error = block_on(writer.write(&format!("{long}\u{65e5}"))).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Encode {
                index: 1_048_576,
                ..
            }
        ),
        "{error}"
    );
    block_on(writer.flush()).unwrap();
    assert_eq!(writer.into_inner().len(), 1 << 20);
    let bytes = long.into_bytes();
    let mut reader = block_on(text::reader(&bytes[..])).unwrap();
    let mut read = pin!(reader.read());
    let mut polls = 0;
    while poll_once(&mut read).is_pending() {
        polls += 1;
    }
    assert!(polls >= 4, "{polls} polls for 2 MiB");
}

#[test]
fn other_runtimes_and_streams_of_futures() {
    smol::block_on(async {
        let mut reader = text::futures_reader(futures::io::Cursor::new(b"a\r\nb"))
            .await
            .unwrap();
        assert_eq!(
            reader.lines().try_collect::<Vec<_>>().await.unwrap(),
            ["a", "b"]
        );
        let mut writer = text::futures_writer(futures::io::Cursor::new(Vec::new()))
            .await
            .unwrap();
        writer.write("text").await.unwrap();
        writer.close().await.unwrap();
        assert_eq!(writer.into_inner().into_inner().into_inner(), b"text");
        let listener = smol::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let one = smol::net::TcpStream::connect(listener.local_addr().unwrap());
        let one = one.await.unwrap();
        let (two, _) = listener.accept().await.unwrap();
        let mut to = text::futures_writer(one).encoding("utf-16").await.unwrap();
        let mut from = text::futures_reader(two).encoding("utf-16").await.unwrap();
        to.write("over a socket\n").await.unwrap();
        to.flush().await.unwrap();
        assert_eq!(from.next_line().await.unwrap(), Some("over a socket"));
        to.close().await.unwrap();
        assert_eq!(from.next().await.transpose().unwrap(), None);
    });
}

#[test]
fn futures_of_readers_and_writers_are_send() {
    fn send<T: Send>(value: T) -> T {
        value
    }
    let mut reader = block_on(send(text::reader(&b"x"[..]))).unwrap();
    drop(send(reader.read()));
    drop(send(reader.next_lines().max_len(1)));
    drop(send(reader.reconfigure().newline("")));
    let mut writer = block_on(send(text::writer(Vec::new()))).unwrap();
    drop(send(writer.write("x")));
    drop(send(writer.close()));
    let done: Result<()> = writer.flush().now_or_never().unwrap();
    done.unwrap();
}
