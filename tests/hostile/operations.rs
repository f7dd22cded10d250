//! The operations that partners are tried with, and what is looked at after each.

use std::io::SeekFrom;
use std::pin::Pin;

use aiofiles::executor::Executor;
use aiofiles::{BinaryFile, Error, RawFile, Result, TextFile, wrap};
use futures::executor::block_on;

use super::odd::{Memory, Odd};

pub(crate) type Given<'a> = Pin<Box<dyn Future<Output = Result<String>> + Send + 'a>>;
pub(crate) type Operation<F> = for<'a> fn(&'a mut F) -> Given<'a>;

/// Operations by name; each gives what it gave as text.
macro_rules! operations {
    ($name:ident, $file:ty, $($op:literal => |$f:ident| $call:expr),* $(,)?) => {
        pub(crate) const $name: &[(&str, Operation<$file>)] = &[$((
            $op,
            |$f| Box::pin(async move { Ok(format!("{:?}", $call)) }),
        )),*];
    };
}

operations!(BINARY, BinaryFile<Odd>,
    "read" => |f| f.read().await?,
    "read.size" => |f| f.read().size(5).await?,
    "readall" => |f| f.readall().await?,
    "read1" => |f| f.read1(5).await?,
    "peek" => |f| f.peek(5).await.map(<[u8]>::is_empty)?,
    "readinto" => |f| { let mut buf = [0; 9]; (f.readinto(&mut buf).await?, buf) },
    "readline" => |f| f.readline().await?,
    "readlines" => |f| f.readlines().await?,
    "next_line" => |f| f.next_line().await?.map(<[u8]>::to_vec),
    "next_lines" => |f| f.next_lines().await?.map(|lines| lines.count() > 0),
    "read_owned" => |f| f.read_owned(Vec::with_capacity(9)).await.0.map(|n| n > 0)?,
    "write" => |f| f.write(b"WRITTEN").await?,
    "write much" => |f| f.write(&[b'W'; 60]).await?,
    "writelines" => |f| f.writelines([&b"one\n"[..], b"two\n"]).await?,
    "write_owned" => |f| {
        let (n, _) = f.write_owned(b"given away".to_vec()).await;
        let n = n?;
        if n < 10 { f.write(&b"given away"[n..]).await?; }
    },
    "flush" => |f| f.flush().await?,
    "seek.start" => |f| f.seek(SeekFrom::Start(9)).await?,
    "seek.current" => |f| f.seek(SeekFrom::Current(20)).await?,
    "seek.end" => |f| f.seek(SeekFrom::End(-4)).await?,
    "tell" => |f| f.tell().await?,
    "truncate" => |f| f.truncate().size(12).await?,
    "read_at" => |f| f.read_at(4, 9).await?,
    "read_exact_at" => |f| f.read_exact_at(4, 9).await?,
    "readinto_at" => |f| { let mut buf = [0; 9]; (f.readinto_at(2, &mut buf).await?, buf) },
    "write_all_at" => |f| f.write_all_at(14, b"there").await?,
    "sync_all" => |f| f.sync_all().await?,
    "sync_data" => |f| f.sync_data().await?,
    "batch" => |f| f.batch(|raw| {
        use aiofiles::RawIo as _;
        // Its calls are the caller's own, interruptions and all.
        loop {
            match raw.seek(SeekFrom::Start(3)) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                moved => return moved,
            }
        }
    }).await?,
    "tokio read" => |f| {
        let mut buf = [0; 9];
        of_std(tokio::io::AsyncReadExt::read(f, &mut buf).await).map(|n| n > 0)?
    },
    "tokio write" => |f| {
        use tokio::io::AsyncWriteExt as _;
        of_std(f.write_all(b"by tokio").await)?
    },
    "tokio shutdown" => |f| {
        use tokio::io::AsyncWriteExt as _;
        of_std(f.shutdown().await)?
    },
    "futures seek" => |f| {
        of_std(futures::AsyncSeekExt::seek(f, SeekFrom::Start(2)).await)?
    },
    "close" => |f| f.close().await?,
);

operations!(RAW, RawFile<Odd>,
    "read" => |f| f.read().await?,
    "readall" => |f| f.readall().await?,
    "readline" => |f| f.readline().await?,
    "readinto" => |f| { let mut buf = [0; 9]; f.readinto(&mut buf).await? > 0 },
    "read_owned" => |f| f.read_owned(Vec::with_capacity(9)).await.0.map(|n| n > 0)?,
    "write" => |f| f.write(b"WRITTEN").await?,
    "writelines" => |f| f.writelines([&b"one\n"[..], b"two\n"]).await?,
    "seek.end" => |f| f.seek(SeekFrom::End(-4)).await?,
    "tell" => |f| f.tell().await?,
    "truncate" => |f| f.truncate().size(12).await?,
    "read_at" => |f| f.read_at(4, 9).await?,
    "write_all_at" => |f| f.write_all_at(14, b"there").await?,
    "sync_all" => |f| f.sync_all().await?,
    "close" => |f| f.close().await?,
);

operations!(TEXT, TextFile<Odd>,
    "read" => |f| f.read().await?,
    "read.size" => |f| f.read().size(5).await?,
    "readline" => |f| f.readline().await?,
    "readlines" => |f| f.readlines().await?,
    "next_line" => |f| f.next_line().await?.map(str::to_owned),
    "next_lines" => |f| f.next_lines().await?.map(|lines| lines.count() > 0),
    "write" => |f| f.write("WRITTEN").await?,
    "write much" => |f| f.write(&"W".repeat(60)).await?,
    "writelines" => |f| f.writelines(["one\n", "two\n"]).await?,
    "flush" => |f| f.flush().await?,
    "seek.end" => |f| f.seek(SeekFrom::End(0)).await?,
    "seek.current" => |f| f.seek(SeekFrom::Current(0)).await?,
    "tell" => |f| f.tell().await?,
    "truncate" => |f| f.truncate().size(12).await?,
    "reconfigure" => |f| f.reconfigure().write_through(true).await?,
    "batch" => |f| f.batch(|_| Ok(())).await?,
    "close" => |f| f.close().await?,
);

/// What a trait gave, with its error as one of the crate.
pub(crate) fn of_std<T>(result: std::io::Result<T>) -> Result<T> {
    result.map_err(Error::from)
}

pub(crate) const CONTENT: &[u8] = b"first line\nsecond\nthird line, the last one\n";

/// What was done with the file before.
pub(crate) const BEFORE: [&str; 4] = ["nothing", "read", "written", "moved"];

/// How one operation went: what it gave, and what the file held in the end.
pub(crate) struct Went {
    pub(crate) result: Result<String>,
    pub(crate) data: Vec<u8>,
    /// Whether what was planned has happened.
    pub(crate) happened: bool,
    /// How many calls of the stream it took.
    pub(crate) calls: usize,
}

macro_rules! tried {
    ($name:ident, $file:ty, $made:expr, $take:expr, $write:expr) => {
        /// Makes a file, does with it what is to be done `before`, has `plan` prepare
        /// what the partner is to do in `operation`, and `heal` say whether it did.
        pub(crate) fn $name(
            operation: Operation<$file>,
            before: &str,
            executor: &(impl Executor + Clone),
            plan: impl FnOnce(&Memory),
            heal: impl FnOnce(&Memory) -> bool,
        ) -> Went {
            let memory = Memory::new(CONTENT);
            let mut file: $file = block_on(($made)(memory.stream(), executor.clone())).unwrap();
            block_on(async {
                match before {
                    "read" => assert_eq!(file.read().size(2).await.unwrap(), ($take)("fi")),
                    "written" => assert_eq!(file.write($write).await.unwrap(), 3),
                    "moved" => {
                        file.seek(SeekFrom::End(0)).await.unwrap();
                    }
                    _ => {}
                }
            });
            let calls = memory.calls();
            plan(&memory);
            let result = block_on(operation(&mut file));
            let calls = memory.calls() - calls;
            let happened = heal(&memory);
            // It works, as soon as the stream does: once errors were told.
            block_on(async {
                for attempt in 0.. {
                    assert!(attempt < 4, "it goes on failing");
                    match file.flush().await {
                        Ok(()) | Err(Error::Closed { .. }) => break,
                        Err(_) => {}
                    }
                }
                if file.closed() {
                    file.close().await.unwrap();
                    return;
                }
                file.seek(SeekFrom::Start(0)).await.unwrap();
                let all = file.read().await.unwrap();
                let data = memory.data();
                assert_eq!(all, ($take)(std::str::from_utf8(&data).unwrap()));
                file.close().await.unwrap();
            });
            assert!(file.closed());
            drop(file);
            assert!(memory.dropped(), "somebody has the stream yet");
            Went {
                result,
                data: memory.data(),
                happened,
                calls,
            }
        }
    };
}

tried!(
    try_binary,
    BinaryFile<Odd>,
    |stream, executor| wrap(stream)
        .mode("r+")
        .buffering(16)
        .executor(executor)
        .into_future(),
    |text: &str| text.as_bytes().to_vec(),
    b"new"
);
tried!(
    try_raw,
    RawFile<Odd>,
    |stream, executor| wrap(stream)
        .raw()
        .mode("r+")
        .executor(executor)
        .into_future(),
    |text: &str| text.as_bytes().to_vec(),
    b"new"
);
tried!(
    try_text,
    TextFile<Odd>,
    |stream, executor| {
        let text = wrap(stream).text().mode("r+").newline("\n").buffering(16);
        text.executor(executor).into_future()
    },
    |text: &str| text.to_owned(),
    "new"
);
