//! Calls that fail at once: of files that are closed, or that cannot do it. Who tries again
//! and again lets others run.

use std::io::{Cursor, SeekFrom};

use aiofiles::{BinaryFile, RawFile, TextFile, open, text, wrap};
use futures::StreamExt;

use super::common::Dir;
use super::{looped, rows};

const START: SeekFrom = SeekFrom::Start(0);

async fn bytes() -> BinaryFile<Cursor<Vec<u8>>> {
    let mut f = wrap(Cursor::new(vec![7; 9])).await.unwrap();
    f.close().await.unwrap();
    f
}

async fn raw() -> RawFile<Cursor<Vec<u8>>> {
    let mut f = wrap(Cursor::new(vec![7; 9])).raw().await.unwrap();
    f.close().await.unwrap();
    f
}

async fn texts() -> TextFile<Cursor<Vec<u8>>> {
    let wrapped = wrap(Cursor::new(vec![7; 9])).text().mode("r+");
    let mut f = wrapped.await.unwrap();
    f.close().await.unwrap();
    f
}

rows! {
    "closed: reads" => |_at| {
        let mut f = bytes().await;
        looped("read", async || assert!(f.read().await.is_err())).await;
        looped("readall", async || assert!(f.readall().await.is_err())).await;
        looped("read1", async || assert!(f.read1(1).await.is_err())).await;
        looped("peek", async || assert!(f.peek(1).await.is_err())).await;
        looped("readinto", async || assert!(f.readinto(&mut [0]).await.is_err())).await;
        looped("readline", async || assert!(f.readline().await.is_err())).await;
        looped("readlines", async || assert!(f.readlines().await.is_err())).await;
        looped("next_line", async || assert!(f.next_line().await.is_err())).await;
        looped("next_lines", async || assert!(f.next_lines().await.is_err())).await;
        looped("lines", async || assert!(f.lines().next().await.is_some())).await;
        looped("stream", async || assert!(f.next().await.is_some())).await;
        looped("chunks", async || BinaryFile::chunks(&mut f, 1).next().await).await;
        looped("read_owned", async || assert!(f.read_owned(vec![]).await.0.is_err())).await;
        looped("read_at", async || assert!(f.read_at(0, 1).await.is_err())).await;
        looped("readinto_at", async || assert!(f.readinto_at(0, &mut [0]).await.is_err())).await;
    }
    "closed: writes" => |_at| {
        let mut f = bytes().await;
        looped("write", async || assert!(f.write(b"x").await.is_err())).await;
        let long = vec![7; 5 << 20];
        looped("a long write", async || assert!(f.write(&long).await.is_err())).await;
        looped("writelines", async || assert!(f.writelines(["x"]).await.is_err())).await;
        looped("write_owned", async || assert!(f.write_owned(vec![7]).await.0.is_err())).await;
        looped("write_at", async || assert!(f.write_at(0, b"x").await.is_err())).await;
        looped("write_all_at", async || assert!(f.write_all_at(0, &long).await.is_err())).await;
        looped("write_owned_at", async || {
            assert!(f.write_owned_at(0, vec![7]).await.is_err());
        }).await;
    }
    "closed: the rest" => |_at| {
        let mut f = bytes().await;
        looped("close", async || f.close().await.unwrap()).await;
        looped("flush", async || assert!(f.flush().await.is_err())).await;
        looped("seek", async || assert!(f.seek(START).await.is_err())).await;
        looped("tell", async || assert!(f.tell().await.is_err())).await;
        looped("truncate", async || assert!(f.truncate().await.is_err())).await;
        looped("set_len", async || assert!(f.set_len(1).await.is_err())).await;
        looped("batch", async || assert!(f.batch(|_| Ok(())).await.is_err())).await;
        looped("sync_all", async || assert!(f.sync_all().await.is_err())).await;
        looped("sync_data", async || assert!(f.sync_data().await.is_err())).await;
        looped("metadata", async || assert!(f.metadata().await.is_err())).await;
        looped("lock", async || assert!(f.lock().await.is_err())).await;
        looped("try_lock", async || assert!(f.try_lock().await.is_err())).await;
        looped("unlock", async || assert!(f.unlock().await.is_err())).await;
        looped("detach", async || assert!(bytes().await.detach().await.is_err())).await;
        looped("into_raw", async || assert!(bytes().await.into_raw().await.is_err())).await;
    }
    "closed: raw" => |_at| {
        let mut f = raw().await;
        looped("close", async || f.close().await.unwrap()).await;
        looped("read", async || assert!(f.read().await.is_err())).await;
        looped("readinto", async || assert!(f.readinto(&mut [0]).await.is_err())).await;
        looped("write", async || assert!(f.write(b"x").await.is_err())).await;
        looped("writelines", async || assert!(f.writelines(["x"]).await.is_err())).await;
        looped("seek", async || assert!(f.seek(START).await.is_err())).await;
    }
    "closed: text" => |_at| {
        let mut f = texts().await;
        looped("close", async || f.close().await.unwrap()).await;
        looped("read", async || assert!(f.read().await.is_err())).await;
        looped("readline", async || assert!(f.readline().await.is_err())).await;
        looped("readlines", async || assert!(f.readlines().await.is_err())).await;
        looped("next_line", async || assert!(f.next_line().await.is_err())).await;
        looped("write", async || assert!(f.write("x").await.is_err())).await;
        let long = "x".repeat(1 << 20);
        looped("a long write", async || assert!(f.write(&long).await.is_err())).await;
        looped("writelines", async || assert!(f.writelines(["x"]).await.is_err())).await;
        looped("flush", async || assert!(f.flush().await.is_err())).await;
        looped("seek", async || assert!(f.seek(START).await.is_err())).await;
        looped("tell", async || assert!(f.tell().await.is_err())).await;
        looped("truncate", async || assert!(f.truncate().await.is_err())).await;
        looped("reconfigure", async || assert!(f.reconfigure().await.is_err())).await;
        looped("detach", async || assert!(texts().await.detach().await.is_err())).await;
    }
    "closed: text over streams" => |_at| {
        let mut w = text::writer(Vec::new()).await.unwrap();
        w.close().await.unwrap();
        looped("write", async || assert!(w.write("x").await.is_err())).await;
        looped("writelines", async || assert!(w.writelines(["x"]).await.is_err())).await;
        looped("flush", async || assert!(w.flush().await.is_err())).await;
        looped("reconfigure", async || assert!(w.reconfigure().await.is_err())).await;
        looped("no encoding", async || {
            assert!(text::reader(&b""[..]).encoding("none").await.is_err());
        }).await;
    }
    "unsupported" => |_at| {
        let dir = Dir::new();
        let path = dir.file("f", "x");
        let mut f = open(&path).binary().await.unwrap();
        looped("write", async || assert!(f.write(b"x").await.is_err())).await;
        looped("truncate", async || assert!(f.truncate().await.is_err())).await;
        looped("write_owned", async || assert!(f.write_owned(vec![7]).await.0.is_err())).await;
        looped("write_at", async || assert!(f.write_at(0, b"x").await.is_err())).await;
        let mut f = open(&path).raw().await.unwrap();
        looped("raw write", async || assert!(f.write(b"x").await.is_err())).await;
        let mut f = open(&path).await.unwrap();
        looped("text write", async || assert!(f.write("x").await.is_err())).await;
        looped("text seek", async || assert!(f.seek(SeekFrom::Start(1)).await.is_err())).await;
        let mut f = open(&path).binary().mode("a").await.unwrap();
        looped("read", async || assert!(f.read().await.is_err())).await;
        looped("next_line", async || assert!(f.next_line().await.is_err())).await;
        let mut f = wrap(aiofiles::raw_io::reader(&b""[..])).await.unwrap();
        looped("seek", async || assert!(f.seek(START).await.is_err())).await;
        looped("tell", async || assert!(f.tell().await.is_err())).await;
        let mut f = wrap(aiofiles::raw_io::reader(&b""[..])).text().await.unwrap();
        looped("text tell", async || assert!(f.tell().await.is_err())).await;
        looped("no mode", async || assert!(open(&path).mode("none").await.is_err())).await;
        looped("no file", async || assert!(open(dir.join("no")).await.is_err())).await;
        looped("no path", async || assert!(open("a\0b").await.is_err())).await;
    }
}
