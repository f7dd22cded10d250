//! Text: of files, and over streams.

use std::io::{Cursor, SeekFrom};

use aiofiles::text::{self, Reader, Writer};
use aiofiles::{TextFile, wrap};
use futures::StreamExt;
use tokio::io::AsyncWriteExt;

use super::{looped, rows};

const START: SeekFrom = SeekFrom::Start(0);
const LINES: &str = "a line\n";

/// Of a memory, with all that is read of it in the buffer.
async fn file() -> TextFile<Cursor<Vec<u8>>> {
    let lines = LINES.repeat(150_000);
    let wrapped = wrap(Cursor::new(lines.into_bytes())).text().mode("r+");
    wrapped.buffering(2 << 20).await.unwrap()
}

async fn sink() -> TextFile<Cursor<Vec<u8>>> {
    let wrapped = wrap(Cursor::new(Vec::new())).text().mode("r+");
    wrapped.buffering(1 << 20).await.unwrap()
}

fn lines() -> &'static [u8] {
    LINES.repeat(150_000).into_bytes().leak()
}

async fn reader() -> Reader<&'static [u8]> {
    text::reader(lines()).await.unwrap()
}

/// Over a stream that takes all at once.
async fn writer() -> Writer<Vec<u8>> {
    text::writer(Vec::new()).await.unwrap()
}

rows! {
    "file/text.rs: read" => |at| {
        let mut f = file().await;
        looped(at, async || {
            if f.read().size(1).await.unwrap().is_empty() { f.seek(START).await.unwrap(); }
        }).await;
        looped("of nothing", async || f.read().size(0).await.unwrap()).await;
        f.seek(SeekFrom::End(0)).await.unwrap();
        looped("at the end", async || f.read().await.unwrap()).await;
    }
    "file/text.rs: readline" => |at| {
        let mut f = file().await;
        looped(at, async || {
            if f.readline().await.unwrap().is_empty() { f.seek(START).await.unwrap(); }
        }).await;
        looped("of nothing", async || f.readline().size(0).await.unwrap()).await;
        looped("the stream", async || {
            if f.next().await.is_none() { f.seek(START).await.unwrap(); }
        }).await;
    }
    "file/text.rs: readlines" => |at| {
        let mut f = file().await;
        looped(at, async || {
            if f.readlines().hint(1).await.unwrap().is_empty() { f.seek(START).await.unwrap(); }
        }).await;
        f.seek(SeekFrom::End(0)).await.unwrap();
        looped("at the end", async || f.readlines().await.unwrap()).await;
    }
    "file/text.rs: next_line" => |at| {
        let mut f = file().await;
        looped(at, async || {
            if f.next_line().await.unwrap().is_none() { f.seek(START).await.unwrap(); }
        }).await;
        f.seek(START).await.unwrap();
        looped("too long", async || f.next_line().max_len(1).await.unwrap_err()).await;
    }
    "file/text.rs: next_lines" => |at| {
        let mut f = file().await;
        looped(at, async || {
            if f.next_lines().await.unwrap().is_none() { f.seek(START).await.unwrap(); }
        }).await;
    }
    "file/text.rs: lines into_lines" => |at| {
        let mut f = file().await;
        looped(at, async || {
            if f.lines().next().await.is_none() { f.seek(START).await.unwrap(); }
        }).await;
        let mut lines = f.into_lines();
        looped(at, async || lines.next().await).await;
        let mut over = sink().await.into_lines();
        looped("over", async || assert!(over.next().await.is_none())).await;
    }
    "file/text.rs: detach" => |at| {
        looped(at, async || sink().await.detach().await.unwrap()).await;
    }
    "file/text/write.rs: write" => |at| {
        let mut f = sink().await;
        looped(at, async || f.write("x").await.unwrap()).await;
        looped("of nothing", async || f.write("").await.unwrap()).await;
    }
    "file/text/write.rs: writelines" => |at| {
        let mut f = sink().await;
        looped(at, async || f.writelines(["x"]).await.unwrap()).await;
        looped("of nothing", async || f.writelines([""; 0]).await.unwrap()).await;
    }
    "file/text/seeking.rs: tell" => |at| {
        let mut f = file().await;
        looped(at, async || f.tell().await.unwrap()).await;
        f.readline().await.unwrap();
        looped("in the text", async || f.tell().await.unwrap()).await;
    }
    "file/text/seeking.rs: seek" => |at| {
        let mut f = file().await;
        looped(at, async || f.seek(START).await.unwrap()).await;
        looped("the end", async || f.seek(SeekFrom::End(0)).await.unwrap()).await;
        f.seek(START).await.unwrap();
        f.readline().await.unwrap();
        let second = f.tell().await.unwrap();
        looped("a place", async || f.seek(second).await.unwrap()).await;
        looped("where it is", async || f.seek(SeekFrom::Current(0)).await.unwrap()).await;
    }
    "file/text/seeking.rs: truncate set_len" => |at| {
        let mut f = sink().await;
        looped(at, async || f.truncate().await.unwrap()).await;
        looped(at, async || f.set_len(3).await.unwrap()).await;
    }
    "file/text/reconfigure.rs: reconfigure" => |at| {
        let mut f = sink().await;
        looped(at, async || f.reconfigure().await.unwrap()).await;
        looped("its encoding", async || f.reconfigure().encoding("ascii").await.unwrap()).await;
    }
    "text.rs: reader futures_reader writer futures_writer" => |at| {
        looped(at, async || text::reader(&b""[..]).await.unwrap()).await;
        looped(at, async || text::futures_reader(&b""[..]).await.unwrap()).await;
        looped(at, async || text::writer(Vec::new()).await.unwrap()).await;
        looped(at, async || text::futures_writer(Vec::new()).await.unwrap()).await;
    }
    "text/reader.rs: read" => |at| {
        let mut r = reader().await;
        looped(at, async || {
            if r.read().size(1).await.unwrap().is_empty() { r = reader().await; }
        }).await;
        drop(r.read().await.unwrap());
        looped("at the end", async || r.read().await.unwrap()).await;
    }
    "text/reader.rs: readline" => |at| {
        let mut r = reader().await;
        looped(at, async || {
            if r.readline().await.unwrap().is_empty() { r = reader().await; }
        }).await;
        looped("the stream", async || r.next().await).await;
    }
    "text/reader.rs: readlines" => |at| {
        let mut r = reader().await;
        looped(at, async || r.readlines().hint(1).await.unwrap()).await;
        drop(r.read().await.unwrap());
        looped("at the end", async || r.readlines().await.unwrap()).await;
    }
    "text/reader.rs: next_line" => |at| {
        let mut r = reader().await;
        looped(at, async || {
            if r.next_line().await.unwrap().is_none() { r = reader().await; }
        }).await;
    }
    "text/reader.rs: next_lines" => |at| {
        let mut r = reader().await;
        looped(at, async || {
            if r.next_lines().await.unwrap().is_none() { r = reader().await; }
        }).await;
    }
    "text/reader.rs: lines into_lines" => |at| {
        let mut r = reader().await;
        looped(at, async || r.lines().next().await).await;
        let mut lines = r.into_lines();
        looped(at, async || lines.next().await).await;
    }
    "text/making.rs: into_lines" => |at| {
        let mut lines = text::reader(lines()).into_lines();
        looped(at, async || lines.next().await).await;
        looped("made", async || text::reader(&b"x"[..]).into_lines().next().await).await;
    }
    "text/reader.rs: reconfigure" => |at| {
        let mut r = reader().await;
        looped(at, async || r.reconfigure().encoding("ascii").await.unwrap()).await;
    }
    "text/writer.rs: write" => |at| {
        let mut w = writer().await;
        looped(at, async || w.write("x").await.unwrap()).await;
        looped("of nothing", async || w.write("").await.unwrap()).await;
        let mut w = text::writer(Vec::new()).write_through(true).await.unwrap();
        looped("at once", async || w.write("x").await.unwrap()).await;
        looped("the trait", async || AsyncWriteExt::write(&mut w, b"x").await.unwrap()).await;
    }
    "text/writer.rs: writelines" => |at| {
        let mut w = writer().await;
        looped(at, async || w.writelines(["x"]).await.unwrap()).await;
        looped("of nothing", async || w.writelines([""; 0]).await.unwrap()).await;
    }
    "text/writer.rs: flush" => |at| {
        let mut w = writer().await;
        looped(at, async || w.flush().await.unwrap()).await;
        looped("the trait", async || AsyncWriteExt::flush(&mut w).await.unwrap()).await;
    }
    "text/writer.rs: close" => |at| {
        let mut w = writer().await;
        looped(at, async || w.close().await.unwrap()).await;
        looped("the trait", async || AsyncWriteExt::shutdown(&mut w).await.unwrap()).await;
    }
    "text/writer.rs: reconfigure" => |at| {
        let mut w = writer().await;
        looped(at, async || w.reconfigure().encoding("ascii").await.unwrap()).await;
    }
}
