//! Files of the three kinds, and whole files.

use std::fs::{File, FileTimes, Metadata, Permissions};
use std::io::{Cursor, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use aiofiles::file::{Block, Buffers, Bytes, FileKind};
use aiofiles::{
    BinaryFile, Error, Executor, RawFile, RawIo, Result, TextFile, TextPosition, TextSeek, open,
    wrap,
};
use futures::{Stream, StreamExt};

use crate::common::{Dir, is_closed, is_unsupported, run};

/// What all kinds have, over any stream.
async fn common<K: FileKind, R: RawIo>(file: &mut aiofiles::File<K, R>) -> Result<u64> {
    let _: [bool; 5] = [
        file.isatty(),
        file.readable(),
        file.writable(),
        file.seekable(),
        file.closed(),
    ];
    let _: Option<&Path> = file.name();
    let _: Option<Arc<dyn Executor>> = file.executor();
    let _: () = file.flush().await?;
    let _: () = file.set_times(FileTimes::new()).await?;
    let _: () = file.lock().await?;
    let _: () = file.unlock().await?;
    let _: () = file.lock_shared().await?;
    file.unlock().await?;
    let _: bool = file.try_lock().await?;
    file.unlock().await?;
    let value: u64 = file
        .batch(|raw: &mut R| raw.seek(SeekFrom::Current(0)))
        .await?;
    Ok(value)
}

/// What the kinds have that write a buffer first; `RawFile` has it on `&self`.
async fn attributes<K: Buffers>(file: &mut aiofiles::File<K>) -> Result<()> {
    let _: () = file.sync_all().await?;
    let _: () = file.sync_data().await?;
    let metadata: Metadata = file.metadata().await?;
    file.set_permissions(metadata.permissions()).await
}

/// What both kinds of bytes have.
async fn bytes<K: Bytes>(file: &mut aiofiles::File<K>) -> Result<()>
where
    aiofiles::File<K>: Stream<Item = Result<Vec<u8>>>,
{
    let _: &str = file.mode();
    let _: u64 = file.seek(SeekFrom::Start(0)).await?;
    let line: Vec<u8> = file.readline().await?;
    assert_eq!(line, b"one\n");
    let part: Vec<u8> = file.readline().size(2).await?;
    assert_eq!(part, b"tw");
    let lines: Vec<Vec<u8>> = file.readlines().hint(1).await?;
    assert_eq!(lines, [b"o\n"]);
    assert_eq!(file.readlines().await?, [b"three"]);
    assert_eq!(file.seek(SeekFrom::Start(4)).await?, 4);
    let lent: Option<&[u8]> = file.next_line().max_len(100).await?;
    assert_eq!(lent, Some(&b"two"[..]));
    file.seek(SeekFrom::Start(0)).await?;
    let block: Option<Block<'_, [u8]>> = file.next_lines().max_len(100).await?;
    assert_eq!(block.unwrap().next(), Some(&b"one"[..]));
    file.seek(SeekFrom::Start(0)).await?;
    let owned: Vec<Vec<u8>> = file.lines().map(|line| line.unwrap()).collect().await;
    assert_eq!(owned, [&b"one"[..], b"two", b"three"]);
    file.seek(SeekFrom::Start(0)).await?;
    assert!(file.lines().follow().max_len(100).next().await.is_some());
    file.seek(SeekFrom::Start(0)).await?;
    assert_eq!(file.next().await.unwrap()?, b"one\n");
    file.seek(SeekFrom::Start(0)).await?;
    let chunk: Vec<u8> = file.chunks(3).next().await.unwrap()?;
    assert_eq!(chunk, b"one");
    let (result, buf): (Result<usize>, Vec<u8>) = file.read_owned(Vec::with_capacity(1)).await;
    assert_eq!((result?, buf.len()), (1, 1));
    file.seek(SeekFrom::End(0)).await?;
    let (result, data): (Result<usize>, Vec<u8>) = file.write_owned(b"!".to_vec()).await;
    assert_eq!((result?, data), (1, b"!".to_vec()));
    let tell: u64 = file.tell().await?;
    assert_eq!(tell, 14);
    assert_eq!(file.truncate().size(13).await?, 13);
    assert_eq!(file.tell().await?, 14);
    file.seek(SeekFrom::Start(13)).await?;
    let size: u64 = file.truncate().await?;
    assert_eq!(size, 13);
    let _: () = file.set_len(13).await?;
    Ok(())
}

/// Positional calls, on a file that nobody may change meanwhile: several at once.
async fn positional<K: Bytes>(file: &aiofiles::File<K>) -> Result<()>
where
    aiofiles::File<K>: Sync,
{
    let mut buf = [0; 3];
    let (read, exact) = futures::try_join!(file.read_at(0, 3), file.read_exact_at(4, 3))?;
    let _: (&Vec<u8>, &Vec<u8>) = (&read, &exact);
    assert_eq!((read, exact), (b"one".to_vec(), b"two".to_vec()));
    let n: usize = file.readinto_at(0, &mut buf).await?;
    assert_eq!((n, &buf), (3, b"one"));
    let n: usize = file.write_at(0, b"O").await?;
    assert_eq!(n, 1);
    file.write_all_at(0, b"o").await?;
    Ok(())
}

/// The traits of tokio and of futures.
fn traits<T>(_: &T)
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + tokio::io::AsyncSeek,
    T: futures::io::AsyncRead + futures::io::AsyncWrite + futures::io::AsyncSeek,
    T: Stream<Item = Result<Vec<u8>>> + Send + Sync + Unpin,
{
}

fn buffered_traits<T: tokio::io::AsyncBufRead + futures::io::AsyncBufRead>(_: &T) {}

#[test]
fn files_of_bytes_have_all_that_is_promised() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("x", "one\ntwo\nthree");
        let mut f: BinaryFile = open(&path).binary().mode("r+").await.unwrap();
        common(&mut f).await.unwrap();
        attributes(&mut f).await.unwrap();
        bytes(&mut f).await.unwrap();
        positional(&f).await.unwrap();
        traits(&f);
        buffered_traits(&f);
        f.seek(SeekFrom::Start(0)).await.unwrap();
        let peeked: &[u8] = f.peek(1).await.unwrap();
        assert_eq!(peeked[0], b'o');
        let some: Vec<u8> = f.read1(2).await.unwrap();
        assert_eq!(some, b"on");
        let mut buf = [0; 2];
        let n: usize = f.readinto(&mut buf).await.unwrap();
        assert_eq!((n, &buf), (2, b"e\n"));
        let some: Vec<u8> = f.read().size(3).await.unwrap();
        assert_eq!(some, b"two");
        assert_eq!(f.readall().await.unwrap(), b"\nthree");
        assert_eq!(f.read().await.unwrap(), b"");
        f.writelines([b"a", b"b"]).await.unwrap();
        let n: usize = f.write(b"c").await.unwrap();
        assert_eq!(n, 1);
        let raw: &mut RawFile = f.raw();
        assert_eq!(raw.mode(), "rb+");
        let mut raw: RawFile = f.detach().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one\ntwo\nthreeabc");
        raw.set_len(13).await.unwrap();

        common(&mut raw).await.unwrap();
        bytes(&mut raw).await.unwrap();
        positional(&raw).await.unwrap();
        traits(&raw);
        let shared: &RawFile = &raw;
        let (metadata, (), ()) =
            futures::try_join!(shared.metadata(), shared.sync_all(), shared.sync_data()).unwrap();
        let rights: Permissions = metadata.permissions();
        shared.set_permissions(rights).await.unwrap();
        raw.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(raw.read().size(3).await.unwrap(), b"one");
        assert_eq!(raw.readinto(&mut buf).await.unwrap(), 2);
        assert_eq!(raw.readall().await.unwrap(), b"wo\nthree");
        let n: usize = raw.write(b"d").await.unwrap();
        assert_eq!(n, 1);
        raw.writelines([b"e"]).await.unwrap();
        let std: File = raw.into_std().await.unwrap();
        drop(RawFile::from_std(std));
        assert_eq!(std::fs::read(&path).unwrap(), b"one\ntwo\nthreede");
    });
}

#[test]
fn files_of_text_have_all_that_is_promised() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("x", "één\ntwo\nthree\n");
        let mut f: TextFile = open(&path).mode("r+").await.unwrap();
        common(&mut f).await.unwrap();
        attributes(&mut f).await.unwrap();
        let some: String = f.read().size(2).await.unwrap();
        assert_eq!(some, "éé");
        let line: String = f.readline().size(1).await.unwrap();
        assert_eq!(line, "n");
        assert_eq!(f.readline().await.unwrap(), "\n");
        let position: TextPosition = f.tell().await.unwrap();
        let kept: TextPosition = position.to_string().parse().unwrap();
        assert_eq!(kept, position);
        let lines: Vec<String> = f.readlines().hint(1).await.unwrap();
        assert_eq!(lines, ["two\n"]);
        assert_eq!(f.readlines().await.unwrap(), ["three\n"]);
        let back: TextPosition = f.seek(kept).await.unwrap();
        assert_eq!(back, position);
        let lent: Option<&str> = f.next_line().max_len(9).await.unwrap();
        assert_eq!(lent, Some("two"));
        f.seek(TextSeek::from(position)).await.unwrap();
        let block: Option<Block<'_>> = f.next_lines().max_len(9).await.unwrap();
        assert_eq!(block.unwrap().collect::<Vec<&str>>(), ["two", "three"]);
        f.seek(SeekFrom::Start(0)).await.unwrap();
        let owned: Vec<String> = f.lines().map(|line| line.unwrap()).collect().await;
        assert_eq!(owned, ["één", "two", "three"]);
        f.seek(SeekFrom::Start(0)).await.unwrap();
        assert!(f.lines().follow().max_len(99).next().await.is_some());
        f.seek(SeekFrom::Start(0)).await.unwrap();
        let kept: String = f.next().await.unwrap().unwrap();
        assert_eq!(kept, "één\n");
        f.seek(SeekFrom::Current(0)).await.unwrap();
        for elsewhere in [SeekFrom::Start(1), SeekFrom::Current(1), SeekFrom::End(-1)] {
            assert!(f.seek(elsewhere).await.is_err(), "{elsewhere:?}");
        }
        f.seek(SeekFrom::End(0)).await.unwrap();
        let n: usize = f.write("été").await.unwrap();
        assert_eq!(n, 3);
        f.writelines(["a", "b"]).await.unwrap();
        f.writelines(vec![String::from("c")]).await.unwrap();
        let size: u64 = f.truncate().await.unwrap();
        assert_eq!(size, 24);
        assert_eq!(f.truncate().size(16).await.unwrap(), 16);
        f.set_len(16).await.unwrap();
        let _: [&str; 3] = [f.mode(), f.encoding(), f.errors()];
        let _: &[&str] = f.newlines();
        let _: bool = f.line_buffering();
        let change = f.reconfigure();
        change
            .line_buffering(true)
            .write_through(false)
            .await
            .unwrap();
        assert!(f.line_buffering());
        let mut fresh = open(&path).await.unwrap();
        let change = fresh.reconfigure().encoding("latin-1").errors("replace");
        change.newline("\n").await.unwrap();
        assert_eq!(fresh.encoding(), "latin-1");
        let below: &mut BinaryFile = f.buffer();
        assert_eq!(below.mode(), "rb+");
        let mut binary: BinaryFile = f.detach().await.unwrap();
        binary.seek(SeekFrom::Start(0)).await.unwrap();
        let lines = open(&path).await.unwrap().into_lines();
        assert_eq!(lines.count().await, 3);
        let lines = binary.into_lines();
        assert_eq!(lines.count().await, 3);
        let chunks = open(&path).binary().await.unwrap().into_chunks(4);
        assert_eq!(chunks.count().await, 4);
    });
}

#[test]
fn files_are_made_of_std_files_streams_and_descriptors() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("x", "text");
        let std = || File::open(&path).unwrap();
        assert_eq!(TextFile::from_std(std()).read().await.unwrap(), "text");
        let mut binary: BinaryFile = std().into();
        assert_eq!(binary.read().await.unwrap(), b"text");
        let mut raw = RawFile::new(Cursor::new(b"memory".to_vec()));
        assert_eq!(raw.read().await.unwrap(), b"memory");
        #[cfg(unix)]
        {
            use std::os::fd::{AsFd, AsRawFd, OwnedFd};
            let file = BinaryFile::from(OwnedFd::from(std()));
            assert_eq!(file.as_fd().as_raw_fd(), file.as_raw_fd());
        }
    });
}

#[test]
fn closed_files_and_wrong_directions_have_their_errors() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("x", "text");
        let mut f = open(&path).await.unwrap();
        assert!(is_unsupported(&f.write("x").await));
        f.close().await.unwrap();
        f.close().await.unwrap();
        assert!(f.closed());
        assert!(is_closed(&f.read().await));
        assert!(is_closed(&f.tell().await));
        let mut f = open(&path).binary().mode("a").await.unwrap();
        assert!(is_unsupported(&f.read().await));
        let mut f = open(&path).await.unwrap();
        let long = f.next_line().max_len(2).await.unwrap_err();
        assert!(matches!(long, Error::LineTooLong { limit: 2, .. }));
        let mut memory = wrap(Cursor::new(b"\xff".to_vec())).text().await.unwrap();
        let bad = memory.read().await.unwrap_err();
        assert!(matches!(bad, Error::Decode { offset: 0, .. }), "{bad:?}");
        let mut memory = wrap(Cursor::new(Vec::new()))
            .text()
            .encoding("ascii")
            .await
            .unwrap();
        let bad = memory.write("é").await.unwrap_err();
        assert!(
            matches!(
                bad,
                Error::Encode {
                    character: 'é',
                    index: 0,
                    ..
                }
            ),
            "{bad:?}"
        );
    });
}

#[test]
fn whole_files_take_owned_and_borrowed_data() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("x");
        let string = String::from("text");
        let _: () = aiofiles::write(&path, &string).await.unwrap();
        aiofiles::write(&path, string.clone()).await.unwrap();
        aiofiles::write(&path, "text").await.unwrap();
        aiofiles::write(&path, b"text").await.unwrap();
        aiofiles::write(&path, &b"text"[..]).await.unwrap();
        let bytes = vec![b't'];
        aiofiles::write(&path, &bytes).await.unwrap();
        aiofiles::write(&path, bytes).await.unwrap();
        let _: () = aiofiles::write_atomic(&path, &string).await.unwrap();
        aiofiles::write_atomic(&path, b"caf\xe9").await.unwrap();
        let bytes: Vec<u8> = aiofiles::read(&path).await.unwrap();
        assert_eq!(bytes, b"caf\xe9");
        let text = aiofiles::read_to_string(&path).encoding("latin-1");
        let text: String = text.await.unwrap();
        assert_eq!(text, "café");
        assert!(aiofiles::read_to_string(&path).await.is_err());
        let copied: u64 = aiofiles::copy(&path, dir.join("y")).await.unwrap();
        assert_eq!(copied, 4);
    });
}
