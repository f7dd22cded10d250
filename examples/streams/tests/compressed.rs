//! Text files that are compressed, in an encoding that is not UTF-8.

use std::path::Path;
use std::process::Command;

use aiofiles_streams::compressed;
use async_compression::tokio::write::{GzipEncoder, ZstdEncoder};
use futures::TryStreamExt;
use tokio::io::AsyncWriteExt;

/// Lines with characters of one and of two bytes in Shift_JIS, with ends of all kinds.
fn text() -> String {
    let ends = ["\n", "\r\n", "\r"];
    let line = |n: usize| format!("{n} 日本語 ｶﾅ {}{}", "表".repeat(n % 50), ends[n % 3]);
    (0..1500).map(line).collect()
}

fn shift_jis(text: &str) -> Vec<u8> {
    let (bytes, _, unmappable) = encoding_rs::SHIFT_JIS.encode(text);
    assert!(!unmappable);
    bytes.into_owned()
}

/// `data`, compressed as the name says, in two members that part it in the middle.
async fn compress(path: &Path, data: &[u8]) {
    let mut out = Vec::new();
    for half in data.chunks(data.len() / 2 + 1) {
        if path.extension().unwrap() == "gz" {
            let mut encoder = GzipEncoder::new(&mut out);
            encoder.write_all(half).await.unwrap();
            encoder.shutdown().await.unwrap();
        } else {
            let mut encoder = ZstdEncoder::new(&mut out);
            encoder.write_all(half).await.unwrap();
            encoder.shutdown().await.unwrap();
        }
    }
    std::fs::write(path, out).unwrap();
}

#[tokio::test]
async fn lines_of_gzip_and_zstd_are_those_of_the_text() {
    let dir = tempfile::tempdir().unwrap();
    let text = text();
    let expected: Vec<&str> = text
        .split_terminator(['\r', '\n'])
        .filter(|line| !line.is_empty())
        .collect();
    for name in ["log.gz", "log.zst"] {
        let path = dir.path().join(name);
        compress(&path, &shift_jis(&text)).await;

        let reader = compressed::open(&path, "shift_jis").await.unwrap();
        let lines: Vec<String> = reader.into_lines().try_collect().await.unwrap();
        assert_eq!(lines, expected, "{name}");

        let mut reader = compressed::open(&path, "shift_jis").await.unwrap();
        let whole = reader.read().await.unwrap();
        assert_eq!(
            whole,
            text.replace("\r\n", "\n").replace('\r', "\n"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn what_was_written_is_read_back() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.gz", "a.zst", "a.txt"] {
        let path = dir.path().join(name);
        let mut writer = compressed::create(&path, "shift_jis").await.unwrap();
        for line in text().lines() {
            writer.write(line).await.unwrap();
            writer.write("\n").await.unwrap();
        }
        writer.close().await.unwrap();

        let mut reader = compressed::open(&path, "shift_jis").await.unwrap();
        let expected: String = text().lines().map(|line| format!("{line}\n")).collect();
        assert_eq!(
            reader.read().await.unwrap(),
            expected.replace("\r\n", "\n").replace('\r', "\n"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn data_that_breaks_off_is_an_error_behind_its_whole_lines() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.gz", "a.zst"] {
        let path = dir.path().join(name);
        compress(&path, &shift_jis(&text())).await;
        let data = std::fs::read(&path).unwrap();
        std::fs::write(&path, &data[..data.len() - 20]).unwrap();

        let mut reader = compressed::open(&path, "shift_jis").await.unwrap();
        let mut lines = 0;
        let error = loop {
            match reader.next_line().await {
                Ok(Some(_)) => lines += 1,
                Ok(None) => panic!("{name}: it ended without an error"),
                Err(error) => break error,
            }
        };
        assert!(lines > 700, "{name}: {lines}");
        assert_eq!(
            error.kind(),
            std::io::ErrorKind::UnexpectedEof,
            "{name}: {error}"
        );
    }
}

#[tokio::test]
async fn tool_shows_them_in_utf8_and_reports_what_it_cannot_read() {
    let dir = tempfile::tempdir().unwrap();
    let (good, missing) = (dir.path().join("a.zst"), dir.path().join("missing.gz"));
    compress(&good, &shift_jis("日本\r\n語")).await;
    let tool = || Command::new(env!("CARGO_BIN_EXE_zlines"));
    let args = [missing.as_os_str(), good.as_os_str()];
    let output = tool()
        .args(["--encoding", "shift_jis"])
        .args(args)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "日本\n語\n");
    assert!(String::from_utf8_lossy(&output.stderr).contains("missing.gz"));
    assert_eq!(output.status.code(), Some(1));

    let output = tool()
        .args(["--encoding", "rot13"])
        .arg(&good)
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("rot13"));
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(tool().output().unwrap().status.code(), Some(2));
}
