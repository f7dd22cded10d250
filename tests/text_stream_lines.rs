//! When the lines of a stream come, and what is kept of them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use aiofiles::text;
use futures::FutureExt;
use futures::executor::block_on;
use tokio::io::AsyncWriteExt;

#[test]
fn line_that_ends_in_cr_is_there_before_what_is_behind_it() {
    for what in ["next_line", "next_lines", "readline"] {
        let (mut child, stream) = tokio::io::duplex(64);
        let mut lines = block_on(text::reader(stream)).unwrap();
        let mut next = || {
            let line = match what {
                "next_line" => lines
                    .next_line()
                    .now_or_never()?
                    .unwrap()
                    .map(str::to_owned),
                "next_lines" => {
                    let block = lines.next_lines().now_or_never()?.unwrap();
                    block.map(|block| block.collect::<Vec<_>>().join("|"))
                }
                _ => {
                    let line = lines.readline().now_or_never()?.unwrap();
                    (!line.is_empty()).then(|| line.strip_suffix('\n').unwrap().to_owned())
                }
            };
            Some(line)
        };
        let mut draw = |text: &str| block_on(child.write_all(text.as_bytes())).unwrap();
        draw("10%\r");
        assert_eq!(next(), Some(Some("10%".to_owned())), "{what}");
        assert_eq!(next(), None, "{what}");
        draw("20%\r");
        assert_eq!(next(), Some(Some("20%".to_owned())), "{what}");
        // It was half of a line end; the other half is no line of its own.
        draw("\n");
        assert_eq!(next(), None, "{what}");
        draw("\n");
        assert_eq!(next(), Some(Some(String::new())), "{what}");
        draw("100%\r");
        assert_eq!(next(), Some(Some("100%".to_owned())), "{what}");
        drop(child);
        assert_eq!(next(), Some(None), "{what}");
        assert_eq!(lines.newlines(), ["\r", "\n", "\r\n"], "{what}");
    }
}

#[test]
fn line_end_of_two_parts_stays_whole_where_it_is_not_translated() {
    let (mut child, stream) = tokio::io::duplex(64);
    let mut lines = block_on(text::reader(stream).newline("")).unwrap();
    block_on(child.write_all(b"one\r")).unwrap();
    assert!(lines.readline().now_or_never().is_none());
    block_on(child.write_all(b"\ntwo")).unwrap();
    assert_eq!(block_on(lines.readline()).unwrap(), "one\r\n");
}

#[test]
fn lines_of_all_lengths_come_whole_out_of_a_large_stream() {
    // Short ones, and some of several buffers, of characters of one to four bytes.
    let line = |n: usize| {
        let length = if n % 997 == 0 { 100_000 } else { n % 300 };
        ["x", "\u{e9}", "\u{65e5}", "\u{1d11e}"][n % 4].repeat(length)
    };
    for end in ["\n", "\r\n", "\r"] {
        let text: String = (0..3000).map(|n| line(n) + end).collect();
        let mut lines = block_on(text::reader(text.as_bytes())).unwrap();
        for n in 0..3000 {
            assert_eq!(
                block_on(lines.next_line()).unwrap(),
                Some(&*line(n)),
                "{n} {end:?}"
            );
        }
        assert_eq!(block_on(lines.next_line()).unwrap(), None);
        let mut blocks = block_on(text::reader(text.as_bytes())).unwrap();
        let mut n = 0;
        while let Some(block) = block_on(blocks.next_lines()).unwrap() {
            for got in block {
                assert_eq!(got, line(n), "{n} {end:?}");
                n += 1;
            }
        }
        assert_eq!(n, 3000);
    }
}

#[test]
fn bad_bytes_far_behind_are_told_where_they_are() {
    let mut bytes = "some line\n".repeat(100_000).into_bytes();
    bytes[777_777] = 0xff;
    let mut lines = block_on(text::reader(&bytes[..])).unwrap();
    let mut good = 0;
    let error = loop {
        match block_on(lines.next_line()) {
            Ok(line) => good += usize::from(line.is_some()),
            Err(error) => break error,
        }
    };
    let aiofiles::Error::Decode { offset, bytes, .. } = error else {
        panic!("{error}");
    };
    assert_eq!((good, offset, &bytes[..]), (77_777, 777_777, &b"\xff"[..]));
    while block_on(lines.next_line()).unwrap().is_some() {
        good += 1;
    }
    assert_eq!(good, 99_999, "all but the line with the bad byte");
}

#[test]
fn reads_that_are_given_up_while_much_text_is_copied_take_nothing() {
    let text = "a line\r\nb\rc\n".repeat(400_000);
    let expected = text.replace("\r\n", "\n").replace('\r', "\n");
    let polled = |read: std::pin::Pin<&mut dyn Future<Output = ()>>| {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        read.poll(&mut cx).is_ready()
    };
    for polls in [3, 20, 22, 24] {
        let mut reader = block_on(text::reader(text.as_bytes())).unwrap();
        let mut ready = 0;
        {
            let mut read = std::pin::pin!(async { drop(reader.read().await) });
            for _ in 0..polls {
                ready += usize::from(ready == 0 && polled(read.as_mut()));
            }
        }
        assert_eq!(ready, 0, "{polls} polls are too few for so much");
        {
            let mut lines = std::pin::pin!(async { drop(reader.readlines().await) });
            assert!(!polled(lines.as_mut()));
        }
        assert_eq!(block_on(reader.read().size(8)).unwrap(), expected[..8]);
        let lines = block_on(reader.readlines()).unwrap();
        assert!(lines.concat() == expected[8..], "{polls} polls");
        assert_eq!(lines.len(), 1_200_000 - 1);
        assert_eq!(block_on(reader.read()).unwrap(), "");
        assert_eq!(reader.newlines(), ["\r", "\n", "\r\n"]);
    }
}
