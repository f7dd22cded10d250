//! Files of bytes.

use std::fs::FileTimes;
use std::io::{Cursor, SeekFrom};
use std::time::SystemTime;

use aiofiles::{AnyFile, BinaryFile, RawFile, open, raw_io, wrap};
use futures::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, StreamExt};

use super::common::Dir;
use super::{looped, rows};

const START: SeekFrom = SeekFrom::Start(0);

/// More lines than a turn takes.
fn lines() -> Vec<u8> {
    b"a line\n".repeat(150_000)
}

/// Of a memory, with all that is read of it in the buffer.
async fn bytes() -> BinaryFile<Cursor<Vec<u8>>> {
    wrap(Cursor::new(lines())).buffering(2 << 20).await.unwrap()
}

/// One to be written to: what does not fit the buffer goes nowhere but to memory.
async fn sink() -> BinaryFile<Cursor<Vec<u8>>> {
    wrap(Cursor::new(Vec::new()))
        .buffering(1 << 20)
        .await
        .unwrap()
}

async fn raw() -> RawFile<Cursor<Vec<u8>>> {
    wrap(Cursor::new(lines())).raw().await.unwrap()
}

/// A file of the system, in both directions.
async fn real(dir: &Dir) -> BinaryFile {
    let path = dir.file("f", "some lines\n".repeat(1000));
    open(path).binary().mode("r+").await.unwrap()
}

async fn any(dir: &Dir) -> AnyFile {
    let path = dir.file("f", "some lines\n".repeat(1000));
    open(path).any().mode("r+").await.unwrap()
}

/// The locks of a file, which `AnyFile` has as well.
macro_rules! locks {
    ($at:ident, $f:ident) => {{
        looped($at, async || $f.lock().await.unwrap()).await;
        looped($at, async || $f.lock_shared().await.unwrap()).await;
        looped($at, async || assert!($f.try_lock().await.unwrap())).await;
        looped($at, async || assert!($f.try_lock_shared().await.unwrap())).await;
        looped($at, async || $f.unlock().await.unwrap()).await;
    }};
}

/// What a file says of itself and is told to be, which `AnyFile` has as well.
macro_rules! attributes {
    ($at:ident, $f:ident) => {{
        looped($at, async || $f.sync_all().await.unwrap()).await;
        looped($at, async || $f.sync_data().await.unwrap()).await;
        looped($at, async || $f.metadata().await.unwrap()).await;
        let rights = $f.metadata().await.unwrap().permissions();
        looped($at, async || {
            $f.set_permissions(rights.clone()).await.unwrap()
        })
        .await;
        let now = FileTimes::new().set_modified(SystemTime::now());
        looped($at, async || $f.set_times(now).await.unwrap()).await;
    }};
}

rows! {
    "file/binary.rs: read" => |at| {
        let mut f = bytes().await;
        looped(at, async || {
            if f.read().size(1).await.unwrap().is_empty() { f.seek(START).await.unwrap(); }
        }).await;
        looped("of nothing", async || f.read().size(0).await.unwrap()).await;
        f.seek(SeekFrom::End(0)).await.unwrap();
        looped("at the end", async || f.read().await.unwrap()).await;
    }
    "file/binary.rs: readall" => |at| {
        let mut f = bytes().await;
        looped(at, async || f.readall().await.unwrap()).await;
    }
    "file/binary.rs: read1" => |at| {
        let mut f = bytes().await;
        looped(at, async || {
            if f.read1(1).await.unwrap().is_empty() { f.seek(START).await.unwrap(); }
        }).await;
        looped("of nothing", async || f.read1(0).await.unwrap()).await;
    }
    "file/binary.rs: peek" => |at| {
        let mut f = bytes().await;
        looped(at, async || assert!(!f.peek(1).await.unwrap().is_empty())).await;
    }
    "file/binary.rs: readinto" => |at| {
        let mut f = bytes().await;
        looped(at, async || {
            if f.readinto(&mut [0]).await.unwrap() == 0 { f.seek(START).await.unwrap(); }
        }).await;
        looped("of nothing", async || assert_eq!(f.readinto(&mut []).await.unwrap(), 0)).await;
    }
    "file/binary.rs: write" => |at| {
        let mut f = sink().await;
        looped(at, async || f.write(b"x").await.unwrap()).await;
        looped("of nothing", async || f.write(b"").await.unwrap()).await;
    }
    "file/binary.rs: writelines" => |at| {
        let mut f = sink().await;
        looped(at, async || f.writelines(["x"]).await.unwrap()).await;
        looped("of nothing", async || f.writelines([""; 0]).await.unwrap()).await;
    }
    "file/binary.rs: detach" => |at| {
        looped(at, async || bytes().await.detach().await.unwrap()).await;
    }
    "file/raw.rs: read" => |at| {
        let mut f = raw().await;
        looped(at, async || f.read().size(1).await.unwrap()).await;
        looped("of nothing", async || f.read().size(0).await.unwrap()).await;
    }
    "file/raw.rs: readall" => |at| {
        let mut f = raw().await;
        looped(at, async || f.readall().await.unwrap()).await;
    }
    "file/raw.rs: readinto" => |at| {
        let mut f = raw().await;
        looped(at, async || f.readinto(&mut [0]).await.unwrap()).await;
        looped("of nothing", async || f.readinto(&mut []).await.unwrap()).await;
    }
    "file/raw.rs: write" => |at| {
        let mut f = raw().await;
        looped(at, async || f.write(b"x").await.unwrap()).await;
        looped("of nothing", async || f.write(b"").await.unwrap()).await;
    }
    "file/raw.rs: writelines" => |at| {
        let mut f = raw().await;
        looped(at, async || f.writelines(["x"]).await.unwrap()).await;
        looped("of nothing", async || f.writelines([""; 0]).await.unwrap()).await;
        looped("of empty ones", async || f.writelines(["", ""]).await.unwrap()).await;
    }
    "file/bytes/methods.rs: readline" => |at| {
        let mut f = bytes().await;
        looped(at, async || {
            if f.readline().await.unwrap().is_empty() { f.seek(START).await.unwrap(); }
        }).await;
        looped("the stream", async || {
            if f.next().await.is_none() { f.seek(START).await.unwrap(); }
        }).await;
        looped("of nothing", async || f.readline().size(0).await.unwrap()).await;
    }
    "file/bytes/methods.rs: readlines" => |at| {
        let mut f = bytes().await;
        looped(at, async || {
            if f.readlines().hint(1).await.unwrap().is_empty() { f.seek(START).await.unwrap(); }
        }).await;
        f.seek(SeekFrom::End(0)).await.unwrap();
        looped("at the end", async || f.readlines().await.unwrap()).await;
    }
    "file/bytes/methods.rs: next_line" => |at| {
        let mut f = bytes().await;
        looped(at, async || {
            if f.next_line().await.unwrap().is_none() { f.seek(START).await.unwrap(); }
        }).await;
        f.seek(START).await.unwrap();
        looped("too long", async || f.next_line().max_len(1).await.unwrap_err()).await;
    }
    "file/bytes/methods.rs: next_lines" => |at| {
        let mut f = bytes().await;
        looped(at, async || {
            if f.next_lines().await.unwrap().is_none() { f.seek(START).await.unwrap(); }
        }).await;
        f.seek(START).await.unwrap();
        looped("too long", async || {
            assert!(f.next_lines().max_len(1).await.is_err());
        }).await;
    }
    "file/bytes/methods.rs: lines" => |at| {
        let mut f = bytes().await;
        looped(at, async || {
            if f.lines().next().await.is_none() { f.seek(START).await.unwrap(); }
        }).await;
        f.seek(SeekFrom::End(0)).await.unwrap();
        let mut over = f.lines();
        looped("over", async || assert!(over.next().await.is_none())).await;
    }
    "file/bytes/methods.rs: into_lines" => |at| {
        let mut lines = bytes().await.into_lines();
        looped(at, async || lines.next().await).await;
    }
    "file/bytes/methods.rs: read_owned" => |at| {
        let mut f = bytes().await;
        f.peek(1).await.unwrap();
        looped(at, async || {
            if f.read_owned(Vec::with_capacity(1)).await.0.unwrap() == 0 {
                f.seek(START).await.unwrap();
            }
        }).await;
        looped("of nothing", async || f.read_owned(Vec::new()).await).await;
    }
    "file/bytes/methods.rs: write_owned" => |at| {
        let mut f = sink().await;
        looped(at, async || f.write_owned(vec![7]).await.0.unwrap()).await;
        looped("of nothing", async || f.write_owned(Vec::new()).await.0.unwrap()).await;
    }
    "file/bytes/methods.rs: seek tell" => |at| {
        let mut f = bytes().await;
        f.peek(1).await.unwrap();
        let mut to = 0;
        looped(at, async || {
            to = 1 - to;
            assert_eq!(f.seek(SeekFrom::Start(to)).await.unwrap(), to);
        }).await;
        looped(at, async || assert_eq!(f.tell().await.unwrap(), to)).await;
        looped("the trait", async || {
            AsyncSeekExt::seek(&mut f, SeekFrom::Start(1)).await.unwrap();
        }).await;
        looped("where it is", async || {
            AsyncSeekExt::stream_position(&mut f).await.unwrap();
        }).await;
    }
    "file/bytes/methods.rs: truncate set_len" => |at| {
        let mut f = sink().await;
        looped(at, async || f.truncate().await.unwrap()).await;
        looped(at, async || f.set_len(3).await.unwrap()).await;
    }
    "file/chunks.rs: chunks into_chunks" => |at| {
        let mut f = bytes().await;
        looped(at, async || {
            if BinaryFile::chunks(&mut f, 1).next().await.is_none() {
                f.seek(START).await.unwrap();
            }
        }).await;
        let mut chunks = f.into_chunks(1);
        looped(at, async || chunks.next().await).await;
        let mut over = sink().await.into_chunks(1);
        looped("over", async || assert!(over.next().await.is_none())).await;
    }
    "file/positional.rs: read_at read_exact_at readinto_at" => |at| {
        let dir = Dir::new();
        let f = real(&dir).await;
        looped(at, async || f.read_at(3, 5).await.unwrap()).await;
        looped(at, async || f.read_exact_at(3, 5).await.unwrap()).await;
        looped(at, async || f.readinto_at(3, &mut [0; 5]).await.unwrap()).await;
        looped("of nothing", async || f.read_at(3, 0).await.unwrap()).await;
        looped("into nothing", async || f.readinto_at(3, &mut []).await.unwrap()).await;
    }
    "file/positional.rs: write_at write_all_at write_owned_at" => |at| {
        let dir = Dir::new();
        let f = real(&dir).await;
        looped(at, async || f.write_at(0, b"x").await.unwrap()).await;
        looped(at, async || f.write_all_at(0, b"x").await.unwrap()).await;
        looped(at, async || f.write_owned_at(0, vec![7]).await.unwrap()).await;
        looped("of nothing", async || f.write_all_at(0, b"").await.unwrap()).await;
    }
    "file/common.rs: flush" => |at| {
        let mut f = bytes().await;
        looped(at, async || f.flush().await.unwrap()).await;
        looped("the trait", async || AsyncWriteExt::flush(&mut f).await.unwrap()).await;
        looped("the end", async || AsyncWriteExt::close(&mut f).await.unwrap()).await;
        let mut f = sink().await;
        looped("of something", async || {
            f.write(b"x").await.unwrap();
            f.flush().await.unwrap();
        }).await;
    }
    "file/common.rs: close" => |at| {
        looped(at, async || sink().await.close().await.unwrap()).await;
    }
    "file/common.rs: lock lock_shared try_lock try_lock_shared unlock" => |at| {
        let dir = Dir::new();
        let mut f = real(&dir).await;
        locks!(at, f);
    }
    "file/common.rs: batch" => |at| {
        let mut f = bytes().await;
        looped(at, async || f.batch(|_| Ok(())).await.unwrap()).await;
    }
    "file/attributes.rs: sync_all sync_data metadata set_permissions set_times" => |at| {
        let dir = Dir::new();
        let mut f = real(&dir).await;
        attributes!(at, f);
    }
    "file/hand_over.rs: into_raw into_std" => |at| {
        looped(at, async || bytes().await.into_raw().await.unwrap()).await;
        let dir = Dir::new();
        looped(at, async || real(&dir).await.into_std().await.unwrap()).await;
    }
    "file/std_file.rs: try_clone" => |at| {
        let dir = Dir::new();
        let mut f = real(&dir).await;
        looped(at, async || f.try_clone().await.unwrap()).await;
    }
    "open.rs: open binary raw any" => |at| {
        let dir = Dir::new();
        let path = dir.file("f", "x");
        looped(at, async || open(&path).await.unwrap()).await;
        looped(at, async || open(&path).binary().await.unwrap()).await;
        looped(at, async || open(&path).raw().await.unwrap()).await;
        looped(at, async || open(&path).any().await.unwrap()).await;
    }
    "open.rs: with try_with" => |at| {
        let dir = Dir::new();
        let path = dir.file("f", "x");
        looped(at, async || {
            open(&path).with(async |_| Ok(())).await.unwrap();
        }).await;
        looped(at, async || {
            open(&path).try_with(async |_| Ok::<_, aiofiles::Error>(())).await.unwrap();
        }).await;
    }
    "open/wrap.rs: wrap binary text raw any" => |at| {
        let memory = || Cursor::new(Vec::new());
        looped(at, async || wrap(memory()).await.unwrap()).await;
        looped(at, async || wrap(memory()).binary().await.unwrap()).await;
        looped(at, async || wrap(memory()).text().await.unwrap()).await;
        looped(at, async || wrap(memory()).raw().await.unwrap()).await;
        looped(at, async || wrap(memory()).any().await.unwrap()).await;
    }
    "open/any.rs: close flush into_raw batch" => |at| {
        let dir = Dir::new();
        looped(at, async || any(&dir).await.close().await.unwrap()).await;
        looped(at, async || any(&dir).await.into_raw().await.unwrap()).await;
        let mut f = any(&dir).await;
        looped(at, async || f.flush().await.unwrap()).await;
        looped(at, async || f.batch(|_| Ok(())).await.unwrap()).await;
    }
    "open/any.rs: tell seek truncate set_len" => |at| {
        let dir = Dir::new();
        let mut f = any(&dir).await;
        looped(at, async || f.tell().await.unwrap()).await;
        looped(at, async || f.seek(START).await.unwrap()).await;
        looped(at, async || f.truncate().size(10).await.unwrap()).await;
        looped(at, async || f.set_len(9).await.unwrap()).await;
    }
    "open/any.rs: sync_all sync_data metadata set_permissions set_times" => |at| {
        let dir = Dir::new();
        let mut f = any(&dir).await;
        attributes!(at, f);
    }
    "open/any.rs: lock lock_shared try_lock try_lock_shared unlock" => |at| {
        let dir = Dir::new();
        let mut f = any(&dir).await;
        locks!(at, f);
    }
    "open/any/std_file.rs: try_clone into_std" => |at| {
        let dir = Dir::new();
        let mut f = any(&dir).await;
        looped(at, async || f.try_clone().await.unwrap()).await;
        looped(at, async || any(&dir).await.into_std().await.unwrap()).await;
    }
    "raw_io/adapt.rs: reader" => |at| {
        looped(at, async || {
            let mut f = wrap(raw_io::reader(&b"x"[..])).await.unwrap();
            assert_eq!(AsyncReadExt::read(&mut f, &mut [0]).await.unwrap(), 1);
        }).await;
        let mut f = bytes().await;
        looped("the trait", async || {
            if AsyncReadExt::read(&mut f, &mut [0]).await.unwrap() == 0 {
                f.seek(START).await.unwrap();
            }
        }).await;
        looped("of nothing", async || {
            assert_eq!(AsyncReadExt::read(&mut f, &mut []).await.unwrap(), 0);
        }).await;
        looped("the buffer", async || {
            tokio::io::AsyncBufReadExt::fill_buf(&mut f).await.unwrap();
        }).await;
        looped("a write", async || {
            assert_eq!(AsyncWriteExt::write(&mut f, b"x").await.unwrap(), 1);
        }).await;
        looped("a write of nothing", async || {
            assert_eq!(AsyncWriteExt::write(&mut f, b"").await.unwrap(), 0);
        }).await;
    }
}
