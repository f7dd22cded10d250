//! Lines of an async stream: the text reader beside `BufReader::read_line` of tokio into
//! a `String` that is used again, in one run: `cargo bench --bench text_stream`.
//!
//! The stream is 64 MiB in memory, of lines of 80 bytes in UTF-8, or of that text in
//! another encoding; tokio's reads it in UTF-8 always.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a benchmark fails by panicking"
)]

use std::hint::black_box;
use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::BytesCount;
use futures::StreamExt;
use tokio::io::AsyncBufReadExt;

/// How many lines there are, and how many bytes of UTF-8 each has.
const LINES: usize = SIZE / LINE;
const LINE: usize = 80;
const SIZE: usize = 64 * 1024 * 1024;

static UTF8: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut text = Vec::with_capacity(SIZE);
    for index in 0..LINES {
        let line = format!(
            "{index:>8} {:.<70}",
            "the quick brown fox jumps over the lazy dog"
        );
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    text
});

/// The same text, with `\r\n` for each `\n`.
static CRLF: LazyLock<Vec<u8>> = LazyLock::new(|| {
    String::from_utf8(UTF8.clone())
        .unwrap()
        .replace('\n', "\r\n")
        .into_bytes()
});

/// The same lines with as many bytes, in which most characters have two.
static ACCENTS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut text = Vec::with_capacity(SIZE);
    for index in 0..LINES {
        text.extend_from_slice(format!("{index:>9}{}\n", "\u{e9}".repeat(35)).as_bytes());
    }
    text
});

/// The accents in one byte a character.
static LATIN1: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let text = String::from_utf8(ACCENTS.clone()).unwrap();
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect()
});

static UTF16: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let text = String::from_utf8(UTF8.clone()).unwrap();
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
});

fn main() {
    // Each text is made before the clock runs.
    for text in [&UTF8, &CRLF, &ACCENTS, &LATIN1, &UTF16] {
        LazyLock::force(text);
    }
    divan::main();
}

fn run<F: Future>(bencher: Bencher<'_, '_>, body: impl Fn() -> F + Sync) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let bencher = bencher.counter(BytesCount::new(SIZE));
    bencher.bench_local(|| runtime.block_on(body()));
}

/// tokio's, over `text`.
fn read_line(bencher: Bencher<'_, '_>, text: &'static [u8]) {
    run(bencher, || async {
        let mut reader = tokio::io::BufReader::new(text);
        let (mut line, mut lines) = (String::new(), 0);
        while reader.read_line(&mut line).await.unwrap() > 0 {
            black_box(&line);
            line.clear();
            lines += 1;
        }
        assert_eq!(lines, LINES);
    });
}

/// `next_line` over `text` in `encoding`.
fn next_line(bencher: Bencher<'_, '_>, text: &'static [u8], encoding: &'static str) {
    run(bencher, || async {
        let mut reader = aiofiles::text::reader(text)
            .encoding(encoding)
            .await
            .unwrap();
        let mut lines = 0;
        while let Some(line) = reader.next_line().await.unwrap() {
            black_box(line);
            lines += 1;
        }
        assert_eq!(lines, LINES);
    });
}

/// `next_lines` over `text` in `encoding`.
fn next_lines(bencher: Bencher<'_, '_>, text: &'static [u8], encoding: &'static str) {
    run(bencher, || async {
        let mut reader = aiofiles::text::reader(text)
            .encoding(encoding)
            .await
            .unwrap();
        let mut lines = 0;
        while let Some(block) = reader.next_lines().await.unwrap() {
            for line in block {
                black_box(line);
                lines += 1;
            }
        }
        assert_eq!(lines, LINES);
    });
}

/// The text in ASCII.
#[divan::bench_group(sample_count = 15)]
mod ascii {
    use super::*;

    #[divan::bench]
    fn tokio_read_line(bencher: Bencher<'_, '_>) {
        read_line(bencher, &UTF8);
    }

    #[divan::bench]
    fn next_line(bencher: Bencher<'_, '_>) {
        super::next_line(bencher, &UTF8, "utf-8");
    }

    #[divan::bench]
    fn next_lines(bencher: Bencher<'_, '_>) {
        super::next_lines(bencher, &UTF8, "utf-8");
    }

    #[divan::bench]
    fn into_lines(bencher: Bencher<'_, '_>) {
        run(bencher, || async {
            let reader = aiofiles::text::reader(&UTF8[..]).await.unwrap();
            let mut lines = reader.into_lines();
            while let Some(line) = lines.next().await {
                black_box(line.unwrap());
            }
        });
    }

    /// The least that any reader must do: a read, a check for UTF-8, and the lines.
    #[divan::bench]
    fn bare_loop(bencher: Bencher<'_, '_>) {
        bencher.counter(BytesCount::new(SIZE)).bench_local(|| {
            let (mut buf, mut lines) = (vec![0; 64 * 1024], 0);
            let (mut rest, mut kept) = (&UTF8[..], 0);
            loop {
                let n = std::io::Read::read(&mut rest, &mut buf[kept..]).unwrap();
                if n == 0 {
                    break;
                }
                let text = std::str::from_utf8(&buf[..kept + n]).unwrap();
                let mut at = 0;
                for end in memchr::memchr_iter(b'\n', text.as_bytes()) {
                    black_box(&text[at..end]);
                    at = end + 1;
                    lines += 1;
                }
                let len = text.len();
                buf.copy_within(at..len, 0);
                kept = len - at;
            }
            assert_eq!(lines, LINES);
        });
    }

    #[divan::bench]
    fn tokio_crlf(bencher: Bencher<'_, '_>) {
        read_line(bencher, &CRLF);
    }

    #[divan::bench]
    fn next_line_crlf(bencher: Bencher<'_, '_>) {
        super::next_line(bencher, &CRLF, "utf-8");
    }

    #[divan::bench]
    fn next_line_utf16(bencher: Bencher<'_, '_>) {
        super::next_line(bencher, &UTF16, "utf-16-le");
    }

    #[divan::bench]
    fn next_lines_utf16(bencher: Bencher<'_, '_>) {
        super::next_lines(bencher, &UTF16, "utf-16-le");
    }
}

/// The text with accents.
#[divan::bench_group(sample_count = 15)]
mod accents {
    use super::*;

    #[divan::bench]
    fn tokio_read_line(bencher: Bencher<'_, '_>) {
        read_line(bencher, &ACCENTS);
    }

    #[divan::bench]
    fn next_line(bencher: Bencher<'_, '_>) {
        super::next_line(bencher, &ACCENTS, "utf-8");
    }

    #[divan::bench]
    fn next_lines(bencher: Bencher<'_, '_>) {
        super::next_lines(bencher, &ACCENTS, "utf-8");
    }

    #[divan::bench]
    fn next_line_latin1(bencher: Bencher<'_, '_>) {
        super::next_line(bencher, &LATIN1, "latin-1");
    }

    #[divan::bench]
    fn next_lines_latin1(bencher: Bencher<'_, '_>) {
        super::next_lines(bencher, &LATIN1, "latin-1");
    }
}
