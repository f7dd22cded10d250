//! Text files.

use aiofiles::{TextFile, ThreadPoolExecutor, text, wrap};
use futures::StreamExt;

use super::{MIB, Pattern, now, watch};

/// The operations that this file tries. What a poll decodes has tests of its own.
pub(super) const ROWS: &[(&str, &str)] = &[
    (
        "file/text.rs",
        "detach read readline readlines next_line next_lines lines into_lines",
    ),
    (
        "text/reader.rs",
        "read readline readlines next_line next_lines lines into_lines",
    ),
    ("text/writer.rs", "write writelines flush close"),
    ("file/text/write.rs", "write writelines"),
];

const SIZE: usize = 8 * MIB;
/// What one poll encodes or decodes.
const SHARE: usize = 256 * 1024;

const X: &[u8] = &[b'x'; 4096];

fn file(pattern: &'static [u8], encoding: &str, newline: &str) -> TextFile<Pattern> {
    let wrapped = wrap(Pattern::new(pattern, SIZE))
        .text()
        .mode("r+")
        .encoding(encoding)
        .newline(newline)
        .errors("replace");
    now(wrapped.executor(ThreadPoolExecutor::new(1))).unwrap()
}

#[test]
fn writes_of_text_encode_a_share_a_poll() {
    let shapes = [
        ("utf-8", "\n", "x"),
        ("utf-8", "\r\n", "\n"),
        ("utf-8-sig", "\n", "\r"),
        ("utf-16", "\n", "\u{1f600}"),
        ("latin-1", "\n", "\u{e9}"),
        ("ascii", "\n", "\u{1f600}"),
        ("gb18030", "\r\n", "\u{4e2d}\n"),
        ("iso-2022-jp", "\n", "\u{65e5}\u{a5}"),
    ];
    for (encoding, newline, unit) in shapes {
        let at = format!("{encoding} {newline:?} {unit:?}");
        let text = unit.repeat(4 * MIB / unit.len());
        let chars = text.chars().count();
        let mut f = file(X, encoding, newline);
        let (n, polls) = watch(f.write(&text));
        assert_eq!(n.unwrap(), chars, "{at}");
        polls.by_shares(&at, text.len(), SHARE);
        let (done, polls) = watch(f.writelines(["one", &text]));
        done.unwrap();
        polls.by_shares(&at, text.len(), SHARE);
    }
}

#[test]
fn reads_of_text_decode_a_share_a_poll() {
    let open = || file(X, "utf-8", "\n");
    let mut f = open();
    let (text, polls) = watch(f.read());
    assert_eq!(text.unwrap().len(), SIZE);
    polls.bounded("read", SIZE);
    let mut f = open();
    let (text, polls) = watch(f.readline());
    assert_eq!(text.unwrap().len(), SIZE);
    polls.by_shares("readline", SIZE, SHARE);
    let mut f = open();
    let (text, polls) = watch(f.readlines());
    assert_eq!(text.unwrap().concat().len(), SIZE);
    polls.by_shares("readlines", SIZE, SHARE);
    let mut f = open();
    let (len, polls) = watch(async { f.next_line().await.unwrap().unwrap().len() });
    assert_eq!(len, SIZE);
    polls.by_shares("next_line", SIZE, SHARE);
    let mut f = open();
    let (text, polls) = watch(async { f.lines().next().await });
    assert_eq!(text.unwrap().unwrap().len(), SIZE);
    polls.by_shares("lines", SIZE, SHARE);
    let mut f = open();
    let lines = async { f.next_lines().await.unwrap().unwrap().map(str::len).sum() };
    let (len, polls): (usize, _) = watch(lines);
    assert_eq!(len, SIZE);
    polls.by_shares("next_lines", SIZE, SHARE);
    let mut f = open().into_lines();
    let (text, polls) = watch(f.next());
    assert_eq!(text.unwrap().unwrap().len(), SIZE);
    polls.by_shares("into_lines", SIZE, SHARE);
    let mut f = open();
    drop(now(f.read().size(10)));
    let (binary, polls) = watch(f.detach());
    drop(binary.unwrap());
    polls.bounded("detach", SIZE);
}

#[test]
fn texts_of_streams_take_a_share_a_poll() {
    let bytes = vec![b'x'; SIZE];
    let open = || now(text::reader(&bytes[..])).unwrap();
    let mut r = open();
    let (text, polls) = watch(r.read());
    assert_eq!(text.unwrap().len(), SIZE);
    polls.by_shares("read", SIZE, SHARE);
    let mut r = open();
    let (text, polls) = watch(r.readline());
    assert_eq!(text.unwrap().len(), SIZE);
    polls.by_shares("readline", SIZE, SHARE);
    let mut r = open();
    let (text, polls) = watch(r.readlines());
    assert_eq!(text.unwrap().concat().len(), SIZE);
    polls.by_shares("readlines", SIZE, SHARE);
    let mut r = open();
    let (len, polls) = watch(async { r.next_line().await.unwrap().unwrap().len() });
    assert_eq!(len, SIZE);
    polls.by_shares("next_line", SIZE, SHARE);
    let mut r = open();
    let lines = async { r.next_lines().await.unwrap().unwrap().map(str::len).sum() };
    let (len, polls): (usize, _) = watch(lines);
    assert_eq!(len, SIZE);
    polls.by_shares("next_lines", SIZE, SHARE);
    let mut r = open();
    let (line, polls) = watch(async { r.lines().next().await });
    assert_eq!(line.unwrap().unwrap().len(), SIZE);
    polls.by_shares("lines", SIZE, SHARE);
    let mut r = open().into_lines();
    let (line, polls) = watch(r.next());
    assert_eq!(line.unwrap().unwrap().len(), SIZE);
    polls.by_shares("into_lines", SIZE, SHARE);

    let text = "x".repeat(SIZE);
    let mut w = now(text::writer(tokio::io::sink())).unwrap();
    let (done, polls) = watch(w.write(&text));
    assert_eq!(done.unwrap(), SIZE);
    polls.by_shares("write", SIZE, SHARE);
    let (done, polls) = watch(w.writelines(["one", &text]));
    done.unwrap();
    polls.by_shares("writelines", SIZE, SHARE);
    for last in ["flush", "close"] {
        now(w.write(&text)).unwrap();
        let (done, polls) = watch(async {
            match last {
                "flush" => w.flush().await,
                _ => w.close().await,
            }
        });
        done.unwrap();
        polls.bounded(last, SIZE);
    }
}
