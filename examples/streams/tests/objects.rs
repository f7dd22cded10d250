//! Text in object stores: a folder, and memory.

use std::io::Write;
use std::process::{Command, Stdio};

use aiofiles_streams::objects;
use opendal::Operator;
use opendal::services::{Fs, Memory};

fn stores(dir: &std::path::Path) -> [Operator; 2] {
    let root = dir.to_str().unwrap();
    [
        Operator::new(Fs::default().root(root)).unwrap(),
        Operator::new(Memory::default()).unwrap(),
    ]
}

#[tokio::test]
async fn text_in_an_object_is_read_back_by_lines() {
    let dir = tempfile::tempdir().unwrap();
    for store in stores(dir.path()) {
        let mut object = objects::create(&store, "a/log.txt", "utf-16")
            .await
            .unwrap();
        for n in 0..20_000 {
            object
                .write(&format!("{n} caf\u{e9} \u{1d11e}\n"))
                .await
                .unwrap();
        }
        object.close().await.unwrap();
        let bytes = store.read("a/log.txt").await.unwrap().to_vec();
        assert_eq!(
            &bytes[..6],
            if cfg!(target_endian = "big") {
                b"\xfe\xff\x000\0 "
            } else {
                b"\xff\xfe0\0 \0"
            }
        );

        let mut lines = objects::open(&store, "a/log.txt", "utf-16").await.unwrap();
        let mut n = 0;
        while let Some(block) = lines.next_lines().await.unwrap() {
            for line in block {
                assert_eq!(line, format!("{n} caf\u{e9} \u{1d11e}"));
                n += 1;
            }
        }
        assert_eq!(n, 20_000);
    }
}

#[tokio::test]
async fn object_is_there_once_it_was_closed() {
    let store = Operator::new(Memory::default()).unwrap();
    let mut object = objects::create(&store, "new", "utf-8").await.unwrap();
    object.write("text").await.unwrap();
    object.flush().await.unwrap();
    assert!(!store.exists("new").await.unwrap());
    object.close().await.unwrap();
    assert_eq!(store.read("new").await.unwrap().to_vec(), b"text");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let dir = tempfile::tempdir().unwrap();
    for store in stores(dir.path()) {
        let read = async {
            objects::open(&store, "missing", "utf-8")
                .await?
                .read()
                .await
        };
        let error = read.await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}");
    }
}

#[test]
fn tool_puts_and_gets_and_replaces_nothing_half() {
    let dir = tempfile::tempdir().unwrap();
    let run = |encoding: &str, action: &str, input: &[u8]| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_object"))
            .args(["--encoding", encoding, action])
            .args([dir.path().to_str().unwrap(), "note"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    };
    let put = run("latin-1", "put", "caf\u{e9}\n".as_bytes());
    assert!(put.status.success(), "{put:?}");
    assert_eq!(
        std::fs::read(dir.path().join("note")).unwrap(),
        b"caf\xe9\n"
    );
    assert_eq!(run("latin-1", "get", b"").stdout, "caf\u{e9}\n".as_bytes());

    // The second line has a character that the encoding does not have.
    let failed = run("latin-1", "put", "new\n\u{20ac}\n".as_bytes());
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
    assert_eq!(
        std::fs::read(dir.path().join("note")).unwrap(),
        b"caf\xe9\n"
    );
}
