//! The I/O traits under those who use them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/system.rs"]
mod system;

use std::io::{Cursor, ErrorKind, SeekFrom};

use aiofiles::{BinaryFile, Error, RawFile, ThreadPoolExecutor, open, wrap};
use async_compression::tokio::bufread::GzipDecoder;
use async_compression::tokio::write::GzipEncoder;
use common::{Chunks, Dir, run};
use futures::{SinkExt, StreamExt, TryStreamExt};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio_util::codec::{FramedRead, FramedWrite, LinesCodec};
use tokio_util::io::ReaderStream;

/// Half a megabyte that compresses well, but not to nothing.
fn sample() -> Vec<u8> {
    (0..60_000_u32)
        .flat_map(|n| format!("{:x}\n", n.wrapping_mul(2_654_435_761)).into_bytes())
        .collect()
}

async fn binary(path: &std::path::Path, mode: &str) -> BinaryFile {
    open(path).binary().mode(mode).await.unwrap()
}

async fn raw(path: &std::path::Path, mode: &str) -> RawFile {
    open(path).raw().mode(mode).await.unwrap()
}

#[test]
fn frames_of_tokio_util() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("f");
        let mut lines = FramedWrite::new(binary(&path, "w").await, LinesCodec::new());
        for n in 0..10_000 {
            lines.feed(format!("line {n}")).await.unwrap();
        }
        SinkExt::<String>::close(&mut lines).await.unwrap();
        let mut file = lines.into_inner();
        assert!(!file.closed(), "a shutdown flushes, `close` closes");
        file.close().await.unwrap();
        let lines = FramedRead::new(binary(&path, "r").await, LinesCodec::new());
        let lines: Vec<String> = lines.try_collect().await.unwrap();
        assert_eq!(lines.len(), 10_000);
        assert_eq!(lines[9_999], "line 9999");
        let stream = ReaderStream::new(raw(&path, "r").await);
        let bytes = stream
            .try_fold(0, async |sum, bytes| Ok(sum + bytes.len()))
            .await;
        assert_eq!(
            bytes.unwrap() as u64,
            std::fs::metadata(&path).unwrap().len()
        );
    });
}

#[test]
fn gzip_both_ways() {
    run(async {
        let dir = Dir::new();
        let (path, sample) = (dir.join("f.gz"), sample());
        let mut encoder = GzipEncoder::new(binary(&path, "w").await);
        encoder.write_all(&sample).await.unwrap();
        encoder.shutdown().await.unwrap();
        encoder.into_inner().close().await.unwrap();
        assert!((std::fs::metadata(&path).unwrap().len() as usize) < sample.len());
        let mut decoder = GzipDecoder::new(binary(&path, "r").await);
        let mut back = Vec::new();
        decoder.read_to_end(&mut back).await.unwrap();
        assert!(back == sample);
    });
}

#[test]
fn csv_both_ways() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("f.csv");
        let mut writer = csv_async::AsyncWriter::from_writer(binary(&path, "w").await);
        for n in 0..5_000 {
            writer
                .write_record([n.to_string(), format!("\"{n}\", quoted")])
                .await
                .unwrap();
        }
        writer.flush().await.unwrap();
        drop(writer);
        let mut reader = csv_async::AsyncReaderBuilder::new()
            .has_headers(false)
            .create_reader(binary(&path, "r").await);
        let records: Vec<_> = reader.records().try_collect().await.unwrap();
        assert_eq!(records.len(), 5_000);
        assert_eq!(&records[4_999][1], "\"4999\", quoted");
    });
}

#[test]
fn tar_both_ways() {
    run(async {
        let dir = Dir::new();
        let (path, sample) = (dir.join("f.tar"), sample());
        let (first, second) = (dir.file("first", &sample), dir.file("second", "short"));
        let mut archive = tokio_tar::Builder::new(binary(&path, "w").await);
        for (name, src) in [("a/first", &first), ("second", &second)] {
            let mut file = binary(src, "r").await;
            let mut header = tokio_tar::Header::new_gnu();
            header.set_size(file.metadata().await.unwrap().len());
            header.set_mode(0o644);
            archive
                .append_data(&mut header, name, &mut file)
                .await
                .unwrap();
        }
        let mut file = archive.into_inner().await.unwrap();
        file.close().await.unwrap();

        let mut archive = tokio_tar::Archive::new(binary(&path, "r").await);
        let mut entries = archive.entries().unwrap();
        let mut seen = Vec::new();
        while let Some(mut entry) = entries.try_next().await.unwrap() {
            let name = entry.path().unwrap().to_str().unwrap().to_owned();
            let out = dir.join(name.replace('/', "-"));
            let mut out = binary(&out, "w+").await;
            tokio::io::copy(&mut entry, &mut out).await.unwrap();
            out.seek(SeekFrom::Start(0)).await.unwrap();
            seen.push((name, out.read().await.unwrap()));
        }
        assert_eq!(seen.len(), 2);
        assert!(seen[0] == ("a/first".to_owned(), sample.clone()));
        assert_eq!(seen[1], ("second".to_owned(), b"short".to_vec()));

        // Without buffer, and to disk by tokio-tar itself.
        let mut archive = tokio_tar::Archive::new(raw(&path, "r").await);
        archive.unpack(dir.join("out")).await.unwrap();
        assert!(std::fs::read(dir.join("out/a/first")).unwrap() == sample);
        assert_eq!(std::fs::read(dir.join("out/second")).unwrap(), b"short");
    });
}

#[test]
fn copies_of_tokio() {
    run(async {
        let dir = Dir::new();
        let (src, sample) = (dir.file("src", sample()), sample());
        let dst = dir.join("dst");
        let on_disk = || std::fs::read(&dst).unwrap() == sample;
        let (mut a, mut b) = (binary(&src, "r").await, binary(&dst, "w").await);
        assert_eq!(
            tokio::io::copy(&mut a, &mut b).await.unwrap(),
            sample.len() as u64
        );
        AsyncWriteExt::flush(&mut b).await.unwrap();
        assert!(on_disk());
        let (mut a, mut b) = (binary(&src, "r").await, raw(&dst, "w").await);
        tokio::io::copy_buf(&mut a, &mut b).await.unwrap();
        AsyncWriteExt::shutdown(&mut b).await.unwrap();
        assert!(on_disk());
        let (mut a, mut b) = (raw(&src, "r").await, raw(&dst, "w").await);
        tokio::io::copy(&mut a, &mut b).await.unwrap();
        b.close().await.unwrap();
        assert!(on_disk());
    });
}

#[test]
fn extensions_of_tokio() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "0123456789\none\r\ntwo");
        for kind in ["binary", "raw"] {
            let file = open(&path).any().mode("rb+");
            let file = match kind {
                "binary" => file.await.unwrap(),
                _ => file.buffering(0).await.unwrap(),
            };
            match file {
                aiofiles::AnyFile::Binary(file) => exercise(file).await,
                aiofiles::AnyFile::Raw(file) => exercise(file).await,
                aiofiles::AnyFile::Text(_) => unreachable!(),
            }
            assert_eq!(std::fs::read(&path).unwrap(), b"01XY456789\none\r\ntwo");
            std::fs::write(&path, "0123456789\none\r\ntwo").unwrap();
        }
        let mut file = binary(&path, "r").await;
        let mut lines = AsyncBufReadExt::lines(&mut file);
        lines.next_line().await.unwrap();
        assert_eq!(lines.next_line().await.unwrap().unwrap(), "one");
        assert_eq!(file.tell().await.unwrap(), 16);
        let mut line = String::new();
        AsyncBufReadExt::read_line(&mut file, &mut line)
            .await
            .unwrap();
        assert_eq!(line, "two");
        let mut until = Vec::new();
        AsyncSeekExt::rewind(&mut file).await.unwrap();
        AsyncBufReadExt::read_until(&mut file, b'5', &mut until)
            .await
            .unwrap();
        assert_eq!(until, b"012345");
    });
}

async fn exercise<F>(mut file: F)
where
    F: tokio::io::AsyncRead + tokio::io::AsyncWrite + tokio::io::AsyncSeek + Unpin,
{
    let mut two = [0; 2];
    assert_eq!(AsyncReadExt::read(&mut file, &mut []).await.unwrap(), 0);
    AsyncReadExt::read_exact(&mut file, &mut two).await.unwrap();
    assert_eq!(&two, b"01");
    AsyncWriteExt::write_all(&mut file, b"XY").await.unwrap();
    assert_eq!(AsyncSeekExt::stream_position(&mut file).await.unwrap(), 4);
    AsyncReadExt::read_exact(&mut file, &mut two).await.unwrap();
    assert_eq!(&two, b"45", "a read is behind the write before it");
    assert_eq!(
        AsyncSeekExt::seek(&mut file, SeekFrom::Current(-4))
            .await
            .unwrap(),
        2
    );
    AsyncReadExt::read_exact(&mut file, &mut two).await.unwrap();
    assert_eq!(&two, b"XY");
    AsyncSeekExt::seek(&mut file, SeekFrom::End(-3))
        .await
        .unwrap();
    let mut rest = String::new();
    AsyncReadExt::read_to_string(&mut file, &mut rest)
        .await
        .unwrap();
    assert_eq!(rest, "two");
    assert_eq!(AsyncReadExt::read(&mut file, &mut two).await.unwrap(), 0);
    let error = AsyncSeekExt::seek(&mut file, SeekFrom::Current(-100))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    AsyncSeekExt::rewind(&mut file).await.unwrap();
    assert_eq!(AsyncReadExt::read_u8(&mut file).await.unwrap(), b'0');
    AsyncWriteExt::shutdown(&mut file).await.unwrap();
}

#[test]
fn extensions_of_futures() {
    use futures::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
    run(async {
        let dir = Dir::new();
        let (src, dst) = (dir.file("src", sample()), dir.join("dst"));
        let (mut a, mut b) = (binary(&src, "r").await, binary(&dst, "w+").await);
        futures::io::copy(&mut a, &mut b).await.unwrap();
        assert!(std::fs::read(&dst).unwrap() == sample());
        AsyncSeekExt::seek(&mut b, SeekFrom::Start(3))
            .await
            .unwrap();
        AsyncWriteExt::write_all(&mut b, b"XY").await.unwrap();
        assert_eq!(AsyncSeekExt::stream_position(&mut b).await.unwrap(), 5);
        assert_eq!(
            AsyncSeekExt::seek(&mut b, SeekFrom::Current(-2))
                .await
                .unwrap(),
            3
        );
        let mut two = [0; 2];
        AsyncReadExt::read_exact(&mut b, &mut two).await.unwrap();
        assert_eq!(&two, b"XY");
        AsyncWriteExt::close(&mut b).await.unwrap();
        assert!(!b.closed());
        AsyncSeekExt::seek(&mut a, SeekFrom::Start(0))
            .await
            .unwrap();
        let lines = AsyncBufReadExt::lines(&mut a).try_fold(0, async |n, _| Ok(n + 1));
        assert_eq!(lines.await.unwrap(), 60_000);
        let (mut a, mut b) = (raw(&src, "r").await, raw(&dst, "w").await);
        futures::io::copy(&mut a, &mut b).await.unwrap();
        AsyncWriteExt::flush(&mut b).await.unwrap();
        assert!(std::fs::read(&dst).unwrap() == sample());
    });
}

#[test]
fn streams_of_lines_combine() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "b 2\na 1\n\nc 3\n");
        let lines = open(&path).await.unwrap().into_lines();
        let words = lines
            .try_filter(|line| std::future::ready(!line.is_empty()))
            .map_ok(|line| line.split(' ').next().unwrap_or_default().to_owned());
        assert_eq!(
            words.try_collect::<Vec<_>>().await.unwrap(),
            ["b", "a", "c"]
        );
        let mut file = open(&path).await.unwrap();
        let numbered: Vec<_> = file.by_ref().take(2).enumerate().collect().await;
        assert_eq!(numbered.len(), 2);
        assert_eq!(file.try_next().await.unwrap().as_deref(), Some("\n"));
        let mut chunks = binary(&path, "r").await.into_lines().chunks(3);
        assert_eq!(chunks.next().await.unwrap().len(), 3);
        assert_eq!(chunks.next().await.unwrap().len(), 1);
        assert!(chunks.next().await.is_none());
        // It has ended for good.
        let mut lines = open(&path).await.unwrap().into_lines();
        while lines.next().await.is_some() {}
        assert!(lines.next().await.is_none() && lines.next().await.is_none());
    });
}

#[test]
fn errors_come_through_as_they_are() {
    run(async {
        let mut file = wrap(Cursor::new(Vec::new())).mode("r").await.unwrap();
        let error = AsyncWriteExt::write_all(&mut file, b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(matches!(
            error.downcast::<Error>(),
            Ok(Error::Unsupported { op: "write", .. })
        ));
        if let Some(full) = system::full_device() {
            let mut full = open(full).binary().mode("w").await.unwrap();
            AsyncWriteExt::write_all(&mut full, b"x").await.unwrap();
            let error = AsyncWriteExt::flush(&mut full).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull);
        }
        let mut pipe = wrap(Chunks::new("x", 1).pipe()).await.unwrap();
        let error = AsyncSeekExt::seek(&mut pipe, SeekFrom::Start(0))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    });
}

/// tokio#7139: an empty read made the next one say that it is the end.
#[test]
fn regression_an_empty_read_is_not_the_end() {
    run(async {
        let mut file = wrap(Cursor::new(b"data".to_vec())).await.unwrap();
        assert_eq!(AsyncReadExt::read(&mut file, &mut []).await.unwrap(), 0);
        let mut buf = [0; 8];
        assert_eq!(AsyncReadExt::read(&mut file, &mut buf).await.unwrap(), 4);
    });
}

#[test]
fn without_tokio_a_pool_of_ones_own_does() {
    smol::block_on(async {
        let pool = ThreadPoolExecutor::new(2);
        let dir = Dir::new();
        let path = dir.join("f");
        let open = || open(&path).executor(pool.clone());
        let mut file = open().mode("w").await.unwrap();
        for n in 0..1_000 {
            file.write(&format!("line {n}\n")).await.unwrap();
        }
        file.close().await.unwrap();
        let lines = smol::spawn(open().await.unwrap().into_lines().try_collect::<Vec<_>>());
        assert_eq!(lines.await.unwrap().len(), 1_000);
        let mut file = open().binary().await.unwrap();
        let mut text = String::new();
        smol::io::AsyncReadExt::read_to_string(&mut file, &mut text)
            .await
            .unwrap();
        assert!(text.ends_with(&system::native("line 999\n")));
        let text = open().with(async |f| f.readline().await).await.unwrap();
        assert_eq!(text, "line 0\n");
        let mut dropped = open().mode("a").await.unwrap();
        dropped.write("the end").await.unwrap();
        drop(dropped);
        pool.shutdown().await;
        assert!(
            std::fs::read_to_string(&path)
                .unwrap()
                .ends_with("\nthe end")
        );
    });
}
