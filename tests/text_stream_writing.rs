//! Text into streams that are no files: the same bytes as those of a file, whatever they take
//! at a time, and whoever gives up in between.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{self, Cursor, ErrorKind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use aiofiles::text::{self, Writer};
use aiofiles::{Error, wrap};
use common::poll_once;
use futures::executor::block_on;
use tokio::io::AsyncWrite;

/// Takes `most` bytes at a time, after a wait, and fails or lies when told.
#[derive(Clone, Debug, Default)]
struct Sink {
    taken: Vec<u8>,
    most: usize,
    waited: bool,
    fail: bool,
    lie: bool,
    flushes: usize,
    shut: bool,
}

impl Sink {
    fn new(most: usize) -> Self {
        Self {
            most,
            ..Self::default()
        }
    }

    fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.waited = !self.waited;
        if self.waited {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.fail {
            return Poll::Ready(Err(ErrorKind::StorageFull.into()));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Sink {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        std::task::ready!(self.poll_wait(cx))?;
        if self.lie {
            return Poll::Ready(Ok(data.len() + 1));
        }
        let n = data.len().min(self.most);
        self.taken.extend_from_slice(&data[..n]);
        Poll::Ready(Ok(n))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.poll_wait(cx))?;
        self.flushes += 1;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.poll_wait(cx))?;
        self.shut = true;
        Poll::Ready(Ok(()))
    }
}

/// What a text file makes of the same writes.
fn written_by_a_file(encoding: &str, newline: &str, texts: &[&str]) -> Vec<u8> {
    let raw = Cursor::new(Vec::new());
    let made = wrap(raw)
        .text()
        .mode("w")
        .encoding(encoding)
        .newline(newline);
    block_on(async {
        let mut file = made
            .executor(aiofiles::executor::InlineExecutor)
            .await
            .unwrap();
        file.writelines(texts).await.unwrap();
        file.into_raw().await.unwrap().into_inner()
    })
}

#[test]
fn streams_are_written_as_files_are() {
    let texts = [
        "caf\u{e9}\n",
        "",
        "\u{65e5}\u{672c}\n\r\n",
        "\u{1f600}",
        "x\ny",
    ];
    for encoding in [
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-be",
        "utf-32",
        "gb18030",
    ] {
        for newline in ["", "\n", "\r", "\r\n"] {
            let expected = written_by_a_file(encoding, newline, &texts);
            for (most, buffering) in [(1, 1), (2, 7), (1000, 3), (1000, 1000)] {
                let made = text::writer(Sink::new(most))
                    .encoding(encoding)
                    .newline(newline);
                let mut writer: Writer<_> = block_on(made.buffering(buffering)).unwrap();
                for text in texts {
                    assert_eq!(block_on(writer.write(text)).unwrap(), text.chars().count());
                }
                block_on(writer.close()).unwrap();
                assert!(writer.closed() && writer.get_ref().shut);
                assert_eq!(writer.get_ref().taken, expected, "{encoding} {newline:?}");
                // The same by `AsyncWrite`, byte by byte.
                let made = text::writer(Sink::new(most))
                    .encoding(encoding)
                    .newline(newline);
                let mut bytes = block_on(made.buffering(buffering)).unwrap();
                for byte in texts.concat().as_bytes() {
                    let byte = [*byte];
                    let write = tokio::io::AsyncWriteExt::write_all(&mut bytes, &byte);
                    block_on(write).unwrap();
                }
                block_on(tokio::io::AsyncWriteExt::shutdown(&mut bytes)).unwrap();
                assert_eq!(bytes.get_ref().taken, expected, "{encoding} {newline:?}");
            }
        }
    }
}

#[test]
fn a_dropped_write_has_not_begun_or_is_whole() {
    // Dropped after each number of polls, and what it left behind flushed.
    for polls in 0..20 {
        let mut writer = block_on(text::writer(Sink::new(1)).buffering(4)).unwrap();
        block_on(writer.write("1234")).unwrap();
        let mut whole = false;
        {
            let mut write = pin!(writer.write("abcdef"));
            for _ in 0..polls {
                if poll_once(write.as_mut()).is_some() {
                    whole = true;
                    break;
                }
            }
        }
        block_on(writer.flush()).unwrap();
        let expected: &[u8] = if whole { b"1234abcdef" } else { b"1234" };
        assert_eq!(writer.get_ref().taken, expected, "after {polls} polls");
        assert_eq!(writer.buffer(), b"");
    }
}

#[test]
fn what_the_stream_does_not_take_stays_and_is_not_written_twice() {
    block_on(async {
        let mut writer = text::writer(Sink::new(2)).buffering(4).await.unwrap();
        writer.write("1234").await.unwrap();
        writer.get_mut().fail = true;
        let error = writer.write("5678").await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::StorageFull,
            "and nothing of it is stored"
        );
        assert_eq!(
            writer.flush().await.unwrap_err().kind(),
            ErrorKind::StorageFull
        );
        writer.get_mut().fail = false;
        writer.flush().await.unwrap();
        assert_eq!(writer.get_ref().taken, b"1234");
        writer.write("5678").await.unwrap();
        writer.get_mut().fail = true;
        assert_eq!(
            writer.close().await.unwrap_err().kind(),
            ErrorKind::StorageFull
        );
        assert!(writer.closed());
        assert_eq!(writer.buffer(), b"5678", "not lost without a word");
        assert!(matches!(writer.write("x").await, Err(Error::Closed { .. })));
        writer.close().await.unwrap();

        let mut lied = text::writer(Sink {
            lie: true,
            ..Sink::new(9)
        })
        .await
        .unwrap();
        lied.write("abc").await.unwrap();
        let error = lied.flush().await.unwrap_err();
        assert!(error.to_string().contains("took more bytes"), "{error}");
        let mut full = text::writer(Sink::new(0)).await.unwrap();
        full.write("abc").await.unwrap();
        assert_eq!(full.flush().await.unwrap_err().kind(), ErrorKind::WriteZero);
    });
}

#[test]
fn lines_are_flushed_where_that_was_asked_for() {
    block_on(async {
        let mut lines = text::writer(Sink::new(100))
            .line_buffering(true)
            .await
            .unwrap();
        lines.write("no end").await.unwrap();
        assert_eq!(lines.get_ref().flushes, 0);
        lines.write(" now\n").await.unwrap();
        assert_eq!((lines.get_ref().flushes, lines.buffer()), (1, &b""[..]));
        let mut all = text::writer(Sink::new(100))
            .write_through(true)
            .await
            .unwrap();
        all.write("x").await.unwrap();
        assert_eq!(all.get_ref().taken, b"x");
        all.reconfigure()
            .write_through(false)
            .encoding("utf-16")
            .await
            .unwrap();
        all.write("y").await.unwrap();
        assert_eq!(
            (all.get_ref().taken.as_slice(), all.buffer()),
            (&b"x"[..], &b"y\0"[..])
        );
    });
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    use tokio::io::AsyncWriteExt;
    block_on(async {
        let mut writer = text::writer(Vec::new()).encoding("latin-1").await.unwrap();
        writer.write_all(b"ok ").await.unwrap();
        let error = AsyncWriteExt::write_all(&mut writer, b"\xff")
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        let error = AsyncWriteExt::write_all(&mut writer, "\u{65e5}".as_bytes())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData, "not in Latin-1");
        AsyncWriteExt::write_all(&mut writer, b"\xc3")
            .await
            .unwrap();
        let error = AsyncWriteExt::shutdown(&mut writer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData, "half a character");
        assert_eq!(writer.into_inner(), b"ok ");
    });
}

#[test]
fn half_a_character_is_never_overtaken_nor_lost_in_silence() {
    use tokio::io::AsyncWriteExt;
    block_on(async {
        let mut writer = text::writer(Vec::new()).await.unwrap();
        writer.write_all(b"caf\xc3").await.unwrap();
        let error = writer.write("x").await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::InvalidData,
            "it would stand before the \u{e9}"
        );
        let error = writer.writelines(["x"]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        writer.write_all(b"\xa9 ").await.unwrap();
        assert_eq!(writer.write("x").await.unwrap(), 1);
        // What does not complete it is refused, and it with that: once.
        writer.write_all(b"\xe6\x97").await.unwrap();
        let error = writer.write_all(b"abc").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        writer.write_all(b"abc").await.unwrap();
        writer.flush().await.unwrap();
        assert_eq!(writer.get_ref().as_slice(), "caf\u{e9} xabc".as_bytes());
        writer.write_all(b"\xf0\x9f").await.unwrap();
        let error = writer.close().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData, "told by either close");
        assert!(writer.closed());
        writer.close().await.unwrap();
    });
}

#[test]
fn reconfigure_changes_nothing_that_it_was_not_told() {
    block_on(async {
        let made = text::writer(Sink::new(100)).write_through(true);
        let mut through = made.await.unwrap();
        through.reconfigure().encoding("latin-1").await.unwrap();
        through.write("\u{e9}").await.unwrap();
        assert_eq!(through.get_ref().taken, b"\xe9");
        let made = text::writer(Sink::new(100))
            .newline("\n")
            .line_buffering(true);
        let mut lines = made.await.unwrap();
        lines.reconfigure().write_through(false).await.unwrap();
        lines.write("x\n").await.unwrap();
        assert_eq!(lines.get_ref().taken, b"x\n");
    });
}
