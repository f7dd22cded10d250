//! Text over streams that are no files: the same text as that of a file, whatever comes in
//! whatever pieces, and whoever gives up in between.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

mod text_stream {
    mod as_files;
    pub(crate) mod script;
}

use std::io::{self, ErrorKind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use aiofiles::text;
use aiofiles::{Error, Result};
use common::poll_once;
use futures::executor::block_on;
use futures::{FutureExt, StreamExt, TryStreamExt};
use text_stream::script::{Script, Step};
use tokio::io::{AsyncRead, ReadBuf};

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

/// Endless lines; notes the largest room that it was given.
struct Room {
    most: usize,
    given: usize,
}

impl AsyncRead for Room {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.most = self.most.max(buf.remaining());
        while buf.remaining() > 0 {
            buf.put_slice(&[b"line\n"[self.given % 5]]);
            self.given += 1;
        }
        Poll::Ready(Ok(()))
    }
}

#[test]
fn a_reader_asks_for_no_more_than_its_buffer_holds() {
    block_on(async {
        for size in [1, 7, 4096, 64 * 1024] {
            let made = text::reader(Room { most: 0, given: 0 }).buffering(size);
            let mut reader = made.await.unwrap();
            for _ in 0..size.clamp(20, 20_000) {
                assert_eq!(reader.next_line().await.unwrap(), Some("line"));
            }
            let most = reader.get_ref().most;
            // The first reads may ask for less: it may be a short text.
            assert!(most <= size && most >= size.min(4096), "{most} of {size}");
        }
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
        // Of a read to the end that was abandoned, all bytes are there, more than a buffer.
        let stream = Script::new([
            Step::Bytes(vec![b'x'; 100]),
            Step::Wait,
            Step::Bytes(vec![b'y'; 100]),
            Step::Wait,
        ]);
        let mut reader = text::reader(stream).buffering(10).await.unwrap();
        assert!(reader.read().now_or_never().is_none());
        assert!(reader.read().now_or_never().is_none());
        let parts = reader.into_parts();
        let bytes = [[b'x'; 100], [b'y'; 100]].concat();
        assert_eq!((parts.text.as_str(), parts.bytes), ("", bytes));
    });
}

#[test]
fn line_end_that_came_in_two_pieces_is_told_in_parts() {
    let parts = |packets: &'static [&'static [u8]], newline: Option<&str>, lines: usize| {
        let packets = futures::stream::iter(packets.iter().map(Ok::<_, io::Error>));
        let mut reader = text::futures_reader(packets.into_async_read());
        if let Some(newline) = newline {
            reader = reader.newline(newline);
        }
        block_on(async {
            let mut reader = reader.await.unwrap();
            for _ in 0..lines {
                reader.next_line().await.unwrap();
            }
            reader.into_parts()
        })
    };
    let halves: &[&[u8]] = &[b"head\r", b"\nbody"];
    assert!(parts(halves, None, 1).after_cr);
    let read_on = parts(halves, None, 2);
    assert!(!read_on.after_cr, "the other half has come");
    let whole = parts(&[b"head\r\nbody"], None, 1);
    assert_eq!((whole.text.as_str(), whole.after_cr), ("body", false));
    let lone = parts(&[b"head\rbody"], None, 1);
    assert_eq!((lone.text.as_str(), lone.after_cr), ("body", false));
    // There a line is delivered once its end is whole.
    let waits = parts(halves, Some(""), 1);
    assert_eq!((waits.text.as_str(), waits.after_cr), ("body", false));
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
        while poll_once(write.as_mut()).is_none() {
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
    while poll_once(read.as_mut()).is_none() {
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
