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
    ("file/text/write.rs", "write writelines"),
    (
        "text/reader.rs",
        "read readline readlines next_line next_lines lines into_lines",
    ),
    ("text/making.rs", "into_lines"),
    ("text/writer.rs", "write writelines flush close"),
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
        let text = unit.repeat(MIB / unit.len());
        let chars = text.chars().count();
        let mut f = file(X, encoding, newline);
        let (n, polls) = watch(f.write(&text));
        assert_eq!(n.unwrap(), chars, "{at}");
        polls.by_shares(&at, text.len(), SHARE / 2);
        let (done, polls) = watch(f.writelines(["one", &text]));
        done.unwrap();
        polls.by_shares(&at, text.len(), SHARE / 2);
    }
}

#[test]
fn reads_of_text_decode_a_share_a_poll() {
    let open = || file(X, "utf-8", "\n");
    let mut f = open();
    let (text, polls) = watch(f.read());
    assert_eq!(text.unwrap().len(), SIZE);
    // The job that reads has decoded it.
    polls.bounded("read", SIZE);
    let mut f = open();
    assert_eq!(now(f.read().size(1)).unwrap(), "x");
    let (text, polls) = watch(f.read());
    assert_eq!(text.unwrap().len(), SIZE - 1);
    polls.counted("the rest", SIZE, SHARE);
    let mut f = open();
    let (text, polls) = watch(f.readline());
    assert_eq!(text.unwrap().len(), SIZE);
    polls.counted("readline", SIZE, SHARE);
    let mut f = open();
    let (text, polls) = watch(f.readlines());
    assert_eq!(text.unwrap()[0].len(), SIZE);
    // As with `read`.
    polls.bounded("readlines", SIZE);
    let mut f = open();
    assert_eq!(now(f.read().size(1)).unwrap(), "x");
    let (text, polls) = watch(f.readlines());
    assert_eq!(text.unwrap()[0].len(), SIZE - 1);
    polls.counted("the rest, in lines", SIZE, SHARE);
    let mut f = open();
    let (len, polls) = watch(async { f.next_line().await.unwrap().unwrap().len() });
    assert_eq!(len, SIZE);
    polls.counted("next_line", SIZE, SHARE);
    let mut f = open();
    let (len, polls) = watch(async {
        f.next_lines()
            .await
            .unwrap()
            .unwrap()
            .map(str::len)
            .sum::<usize>()
    });
    assert_eq!(len, SIZE);
    polls.counted("next_lines", SIZE, SHARE);
    let mut f = open();
    let (text, polls) = watch(async { f.lines().next().await });
    assert_eq!(text.unwrap().unwrap().len(), SIZE);
    polls.counted("lines", SIZE, SHARE);
    let mut f = open().into_lines();
    let (text, polls) = watch(f.next());
    assert_eq!(text.unwrap().unwrap().len(), SIZE);
    polls.counted("into_lines", SIZE, SHARE);
    let mut f = open();
    drop(now(f.read().size(10)));
    let (binary, polls) = watch(f.detach());
    drop(binary.unwrap());
    polls.bounded("detach", SIZE);
}

#[test]
fn text_over_streams_takes_a_share_a_poll() {
    let bytes = vec![b'x'; SIZE];
    let open = || now(text::reader(&bytes[..])).unwrap();
    let mut r = open();
    let (text, polls) = watch(r.read());
    assert_eq!(text.unwrap().len(), SIZE);
    polls.counted("read", SIZE, SHARE);
    let mut r = open();
    let (text, polls) = watch(r.readline());
    assert_eq!(text.unwrap().len(), SIZE);
    polls.counted("readline", SIZE, SHARE);
    let mut r = open();
    let (text, polls) = watch(r.readlines());
    assert_eq!(text.unwrap()[0].len(), SIZE);
    polls.counted("readlines", SIZE, SHARE);
    let mut r = open();
    let (len, polls) = watch(async { r.next_line().await.unwrap().unwrap().len() });
    assert_eq!(len, SIZE);
    polls.counted("next_line", SIZE, SHARE);
    let mut r = open();
    let (block, polls) = watch(async { r.next_lines().await.unwrap().unwrap().count() });
    assert_eq!(block, 1);
    polls.counted("next_lines", SIZE, SHARE);
    let mut r = open();
    let (text, polls) = watch(async { r.lines().next().await });
    assert_eq!(text.unwrap().unwrap().len(), SIZE);
    polls.counted("lines", SIZE, SHARE);
    let mut r = text::reader(&bytes[..]).into_lines();
    let (text, polls) = watch(r.next());
    assert_eq!(text.unwrap().unwrap().len(), SIZE);
    polls.counted("into_lines", SIZE, SHARE);

    let long = "\u{e9}".repeat(SIZE / 2);
    let mut w = now(text::writer(tokio::io::sink()).encoding("latin-1")).unwrap();
    let (n, polls) = watch(w.write(&long));
    assert_eq!(n.unwrap(), SIZE / 2);
    polls.by_shares("write", SIZE, SHARE);
    let (done, polls) = watch(w.flush());
    done.unwrap();
    polls.bounded("flush", SIZE);
    let (done, polls) = watch(w.writelines(["one", &long]));
    done.unwrap();
    polls.by_shares("writelines", SIZE, SHARE);
    let (done, polls) = watch(w.close());
    done.unwrap();
    polls.bounded("close", SIZE);
}
