//! Text files: what is delivered beside bytes that are no text.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{Cursor, SeekFrom};

use aiofiles::{Error, TextFile, open, wrap};
use common::{Chunks, Dir, run};
use futures::StreamExt;

async fn chunked(data: &[u8], size: usize, buffer: usize, encoding: &str) -> TextFile<Chunks> {
    wrap(Chunks::new(data, size))
        .text()
        .buffering(buffer)
        .encoding(encoding)
        .await
        .unwrap()
}

/// A text whose second and fourth lines are bad, in several places each, and the
/// number of bad places.
fn families() -> Vec<(&'static str, Vec<u8>, usize)> {
    let utf16 =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    vec![
        (
            "utf-8",
            b"good \xc3\xa9\nab\xffcd\xff\xffef\nx\n\xe6\xbc\ny\nz".to_vec(),
            4,
        ),
        (
            "ascii",
            b"good e\nab\xffcd\x80ef\nx\n\xff\ny\nz".to_vec(),
            3,
        ),
        (
            "utf-16-le",
            [
                utf16("good é\nab"),
                vec![0, 0xd8],
                utf16("cd\nx\n"),
                vec![0, 0xdc],
                utf16("\ny\nz"),
            ]
            .concat(),
            2,
        ),
        (
            "shift_jis",
            b"good \x83e\nab\xffcd\nx\n\xfd\xfd\ny\nz".to_vec(),
            3,
        ),
    ]
}

/// The whole lines of [`families`].
fn good(encoding: &str) -> [&'static str; 4] {
    let first = match encoding {
        "ascii" => "good e",
        "shift_jis" => "good テ",
        _ => "good é",
    };
    [first, "x", "y", "z"]
}

fn is_bad<T>(result: &aiofiles::Result<T>) -> bool {
    matches!(result, Err(Error::Decode { .. }))
}

#[test]
fn loops_over_lines_that_skip_errors_see_whole_good_lines_only() {
    run(async {
        for (encoding, data, _) in families() {
            let good = good(encoding);
            for size in 1..data.len() + 1 {
                for buffer in [2, 3, 7, 64] {
                    let at = format!("{encoding}, reads of {size}, buffer of {buffer}");
                    let mut file = chunked(&data, size, buffer, encoding).await;
                    let (mut lines, mut errors) = (Vec::new(), 0);
                    loop {
                        match file.next_line().await {
                            Ok(Some(line)) => lines.push(line.to_owned()),
                            Ok(None) => break,
                            Err(Error::Decode { .. }) => errors += 1,
                            Err(error) => panic!("{error}"),
                        }
                    }
                    assert_eq!(
                        (&lines[..], errors),
                        (&good.map(String::from)[..], 2),
                        "next_line, {at}"
                    );

                    let mut file = chunked(&data, size, buffer, encoding).await;
                    let (mut lines, mut errors) = (Vec::new(), 0);
                    loop {
                        match file.readline().await {
                            Ok(line) if line.is_empty() => break,
                            Ok(line) => lines.push(line.trim_end().to_owned()),
                            Err(_) => errors += 1,
                        }
                    }
                    assert_eq!(
                        (&lines[..], errors),
                        (&good.map(String::from)[..], 2),
                        "readline, {at}"
                    );

                    let file = chunked(&data, size, buffer, encoding).await;
                    let lines: Vec<_> = file.into_lines().collect().await;
                    let bad: Vec<_> = lines.iter().map(is_bad).collect();
                    assert_eq!(
                        bad,
                        [false, true, false, true, false, false],
                        "into_lines, {at}"
                    );
                    let lines: Vec<_> = lines.into_iter().filter_map(Result::ok).collect();
                    assert_eq!(lines, good, "into_lines, {at}");

                    let file = chunked(&data, size, buffer, encoding).await;
                    let lines: Vec<_> = file.collect().await;
                    assert_eq!(lines.iter().filter(|line| is_bad(line)).count(), 2);
                    let lines: Vec<_> = lines.into_iter().filter_map(Result::ok).collect();
                    assert_eq!(
                        lines.concat(),
                        format!("{}\nx\ny\nz", good[0]),
                        "stream, {at}"
                    );

                    let mut file = chunked(&data, size, buffer, encoding).await;
                    let (mut lines, mut errors) = (Vec::new(), 0);
                    loop {
                        match file.readlines().await {
                            Ok(some) if some.is_empty() => break,
                            Ok(some) => lines.extend(some),
                            Err(_) => errors += 1,
                        }
                    }
                    assert_eq!(
                        lines.concat(),
                        format!("{}\nx\ny\nz", good[0]),
                        "readlines, {at}"
                    );
                    assert_eq!(errors, 2, "readlines, {at}");
                }
            }
        }
    });
}

#[test]
fn reads_lose_nothing_but_the_bad_bytes() {
    run(async {
        for (encoding, data, faults) in families() {
            let mut expected = String::new();
            let mut lossy = wrap(Cursor::new(data.clone()))
                .text()
                .encoding(encoding)
                .errors("ignore")
                .await
                .unwrap();
            expected.push_str(&lossy.read().await.unwrap());
            for size in 1..data.len() + 1 {
                for buffer in [2, 3, 7, 64] {
                    for most in [None, Some(1), Some(3), Some(100)] {
                        let at = format!("{encoding}, reads of {size}, {buffer}, {most:?}");
                        let mut file = chunked(&data, size, buffer, encoding).await;
                        let (mut text, mut errors) = (String::new(), 0);
                        loop {
                            let read = match most {
                                Some(most) => file.read().size(most).await,
                                None => file.read().await,
                            };
                            match read {
                                Ok(piece) if piece.is_empty() => break,
                                Ok(piece) => text.push_str(&piece),
                                Err(Error::Decode { .. }) => errors += 1,
                                Err(error) => panic!("{error}"),
                            }
                        }
                        assert_eq!(text, expected, "{at}");
                        assert_eq!(errors, faults, "{at}");
                    }
                }
            }
        }
    });
}

#[test]
fn what_a_failed_read_has_decoded_comes_next() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", b"good one\nab\xffcd\nnext\n");
        let mut file = open(&path).await.unwrap();
        assert!(is_bad(&file.read().await));
        assert_eq!(file.read().await.unwrap(), "good one\nab");
        assert_eq!(file.read().await.unwrap(), "cd\nnext\n");

        // Lines behind a read that failed, and reads behind a line.
        let mut file = open(&path).await.unwrap();
        assert!(is_bad(&file.read().await));
        assert_eq!(file.next_line().await.unwrap(), Some("good one"));
        assert_eq!(file.next_line().await.unwrap(), Some("next"));
        file.seek(SeekFrom::Start(0)).await.unwrap();
        file.readline().await.unwrap();
        assert!(is_bad(&file.readline().await));
        assert_eq!(file.read().size(1).await.unwrap(), "a");
        assert_eq!(file.read().await.unwrap(), "b");
        assert_eq!(file.read().await.unwrap(), "cd\nnext\n");

        // A position before the bad bytes leads there again, one behind does not.
        let mut file = open(&path).await.unwrap();
        assert!(is_bad(&file.read().await));
        assert_eq!(file.readline().await.unwrap(), "good one\n");
        let before = file.tell().await.unwrap();
        assert_eq!(file.read().size(9).await.unwrap(), "ab");
        let behind = file.tell().await.unwrap();
        assert_eq!(file.read().size(2).await.unwrap(), "cd");
        file.seek(before).await.unwrap();
        assert!(is_bad(&file.next_line().await));
        assert_eq!(file.next_line().await.unwrap(), Some("next"));
        file.seek(behind).await.unwrap();
        assert_eq!(file.next_line().await.unwrap(), Some("next"), "no fragment");
        file.seek(behind).await.unwrap();
        assert_eq!(file.read().await.unwrap(), "cd\nnext\n");
    });
}

#[test]
fn a_line_end_beside_bad_bytes_is_one() {
    run(async {
        for newline in [None, Some("")] {
            for size in 1..12 {
                let call = wrap(Chunks::new(b"a\r\xff\nb\r\n\xff\r\nc\r", size)).text();
                let call = match newline {
                    Some(newline) => call.newline(newline),
                    None => call,
                };
                let lines: Vec<_> = call.await.unwrap().into_lines().collect().await;
                let bad: Vec<_> = lines.iter().map(is_bad).collect();
                assert_eq!(bad, [false, true, false, true, false], "reads of {size}");
                let lines: Vec<_> = lines.into_iter().filter_map(Result::ok).collect();
                assert_eq!(lines, ["a", "b", "c"], "reads of {size}");
            }
        }
    });
}

#[test]
fn a_write_goes_where_reading_has_come_to_beside_bad_bytes() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", b"ab\xffcd\n");
        let mut file = open(&path).mode("r+").await.unwrap();
        assert!(is_bad(&file.read().await));
        assert_eq!(file.read().size(1).await.unwrap(), "a");
        file.write("B").await.unwrap();
        assert!(is_bad(&file.read().await));
        file.write("C").await.unwrap();
        file.close().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"aB\xffCd\n");
    });
}

/// Whoever goes on with the bytes of a stream that cannot seek gets all that the text has
/// not delivered, bad bytes included, and nothing twice.
#[test]
fn bytes_behind_bad_ones_come_once_when_the_text_is_left() {
    let whole = b"one\ntw\xffo\xff\xff\nthree \xc3\xa9\n\xff\nfour\xff";
    run(async {
        for (chunk, buffer) in [(1, 64), (3, 4), (7, 64), (100, 64)] {
            for size in [1, 2, 5, 100] {
                for reads in 0..8 {
                    let what = format!("{chunk}, {buffer}: {reads} reads of {size}");
                    let stream = Chunks::new(&whole[..], chunk).pipe();
                    let text = wrap(stream).text().buffering(buffer).mode("r");
                    let mut text = text.await.unwrap();
                    let mut delivered = String::new();
                    for _ in 0..reads {
                        match text.read().size(size).await {
                            Ok(piece) => delivered += &piece,
                            Err(Error::Decode { .. }) => {}
                            Err(error) => panic!("{what}: {error}"),
                        }
                    }
                    let rest = text.detach().await.unwrap().read().await.unwrap();
                    assert!(whole.ends_with(&rest), "{what}: {rest:?}");
                    let before = &whole[..whole.len() - rest.len()];
                    let good: Vec<u8> = before.iter().copied().filter(|b| *b != 0xff).collect();
                    assert_eq!(delivered.as_bytes(), good, "{what}");
                }
            }
        }
    });
}
