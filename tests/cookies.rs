//! Text positions of every encoding, at every size of what a read of the stream gives and
//! of the buffer: at each character it can be told where that is, and gone back there.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/encodings.rs"]
mod encodings;

use std::io::SeekFrom;

use aiofiles::executor::InlineExecutor;
use aiofiles::{TextFile, wrap};
use common::Chunks;
use encodings::ENCODINGS;
use futures::executor::block_on;

/// Python's own, and all of the WHATWG standard, but for those that only decode to
/// nothing or are UTF-8 by another name.
/// Characters of all scripts that some encoding has.
const ALL: &str = "a\u{e9}\u{df}\u{142}\u{17e}\u{126}\u{104}\u{416}\u{44f}\u{627}\u{3b1}\u{3a9}\
    \u{5d0}\u{1e0b}\u{e01}\u{ac00}\u{4e2d}\u{65e5}\u{3042}\u{ff71}\u{20ac}\u{1f600}";

/// A text of what the encoding has, with line ends in between.
fn text_for(encoding: &str) -> String {
    let has = |c: &char| {
        let memory = Chunks::new(Vec::new(), 1 << 20);
        let made = || {
            let made = wrap(memory.clone()).text().encoding(encoding);
            made.executor(InlineExecutor).into_future()
        };
        block_on(async {
            let mut file = made().await.unwrap();
            let text = c.to_string();
            // Some stand for others, as half as wide ones do in ISO-2022-JP.
            if file.write(&text).await.is_err() {
                return false;
            }
            file.seek(SeekFrom::Start(0)).await.unwrap();
            file.read().await.unwrap() == text
        })
    };
    let chars: Vec<char> = ALL.chars().filter(has).collect();
    assert!(!chars.is_empty(), "{encoding} has nothing");
    // Both of an escape and of none side by side.
    let mixed = chars.iter().flat_map(|c| [*c, 'x', *c, *c, '\n']);
    mixed.collect::<String>() + "\nend"
}

fn encoded(text: &str, encoding: &str) -> Vec<u8> {
    let memory = Chunks::new(Vec::new(), 1 << 20);
    let made = wrap(memory.clone()).text().mode("w").newline("\n");
    let made = made.encoding(encoding).executor(InlineExecutor);
    let mut file = block_on(made.into_future()).unwrap();
    block_on(file.write(text)).unwrap();
    block_on(file.close()).unwrap();
    memory.data()
}

async fn opened(data: &[u8], encoding: &str, chunk: usize, size: usize) -> TextFile<Chunks> {
    let made = wrap(Chunks::new(data, chunk)).text().newline("\n");
    let made = made.encoding(encoding).buffering(size);
    made.executor(InlineExecutor).await.unwrap()
}

async fn walk(data: &[u8], text: &str, encoding: &str, chunk: usize, size: usize) {
    let at = format!("{encoding}, reads of {chunk}, a buffer of {size}");
    let mut file = opened(data, encoding, chunk, size).await;
    let mut cookies = Vec::new();
    for (n, c) in text.char_indices() {
        cookies.push((n, file.tell().await.unwrap()));
        assert_eq!(
            file.read().size(1).await.unwrap(),
            c.to_string(),
            "{at}, at {n}"
        );
    }
    cookies.push((text.len(), file.tell().await.unwrap()));
    assert_eq!(file.read().await.unwrap(), "", "{at}");
    // From the last to the first, and by a file that has read nothing.
    let mut fresh = opened(data, encoding, chunk, size).await;
    for (n, cookie) in cookies.into_iter().rev().step_by(3) {
        file.seek(cookie).await.unwrap();
        assert_eq!(file.tell().await.unwrap(), cookie, "{at}, at {n}");
        let line = file.readline().await.unwrap();
        let rest = &text[n..];
        let end = rest.find('\n').map_or(rest.len(), |end| end + 1);
        assert_eq!(line, rest[..end], "{at}, at {n}");
        fresh.seek(cookie).await.unwrap();
        assert_eq!(fresh.read().await.unwrap(), rest, "{at}, at {n}, fresh");
    }
    file.seek(SeekFrom::Start(0)).await.unwrap();
    assert_eq!(file.read().await.unwrap(), text, "{at}");
}

#[test]
fn every_encoding_at_every_chunk_size() {
    for encoding in ENCODINGS {
        let text = text_for(encoding);
        let data = encoded(&text, encoding);
        block_on(async {
            for chunk in (1..=20).chain([33, 64, data.len()]) {
                walk(&data, &text, encoding, chunk, 4096).await;
            }
            for size in (2..=12).chain([17, 31]) {
                walk(&data, &text, encoding, usize::MAX, size).await;
            }
        });
    }
}
