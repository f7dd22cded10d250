//! Every type and every future is `Send`, and `'static` where it borrows no file: that this
//! compiles is the test.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/system.rs"]
mod system;

use std::fs::File;
use std::future::{Future, IntoFuture};
use std::io::{Cursor, SeekFrom};

use aiofiles::executor::{InlineExecutor, ManualExecutor};
use aiofiles::{
    AnyFile, BinaryFile, Error, Executor, Open, RawFile, RawIo, Result, TextFile, TextPosition,
    ThreadPoolExecutor, TokioExecutor, open, wrap,
};
use common::{Dir, run};
use futures::{Stream, StreamExt, TryStreamExt};

fn send<T: Send>(value: T) -> T {
    value
}

fn send_static<T: Send + 'static>(value: T) -> T {
    value
}

#[test]
fn types_are_send() {
    fn check<T: Send + 'static>() {}
    fn check_sync<T: Send + Sync + 'static>() {}
    fn files<R: RawIo>() {
        check::<TextFile<R>>();
        check::<BinaryFile<R>>();
        check::<RawFile<R>>();
        check::<AnyFile<R>>();
    }
    files::<File>();
    files::<Cursor<Vec<u8>>>();
    files::<Box<dyn RawIo>>();
    check::<Open>();
    check_sync::<Error>();
    check_sync::<TextPosition>();
    check_sync::<TokioExecutor>();
    check_sync::<ThreadPoolExecutor>();
    check_sync::<InlineExecutor>();
    check_sync::<ManualExecutor>();
    check_sync::<std::sync::Arc<dyn Executor>>();
    // Positional calls on `&self` go on at once, also from several threads.
    check_sync::<BinaryFile>();
    check_sync::<RawFile>();
    check_sync::<TextFile>();
    check_sync::<AnyFile>();
}

fn unpin_stream<S: Stream + Send + Unpin>(stream: S) -> S {
    stream
}

/// Never called: every future of a text file.
async fn text_futures(file: &mut TextFile) -> Result<()> {
    send(file.read()).await?;
    send(file.read().size(1)).await?;
    send(file.readline().size(1)).await?;
    send(file.readlines().hint(1)).await?;
    send(file.next_line().max_len(1)).await?;
    send(file.write("x")).await?;
    send(file.writelines(["x"])).await?;
    let here = send(file.tell()).await?;
    send(file.seek(here)).await?;
    send(file.seek(SeekFrom::Start(0))).await?;
    send(file.truncate().size(1)).await?;
    send(file.reconfigure().newline("").into_future()).await?;
    send(file.flush()).await?;
    send(file.sync_all()).await?;
    send(file.metadata()).await?;
    send(file.lock()).await?;
    send(file.unlock()).await?;
    send(file.batch(|_| Ok(()))).await?;
    send_static(send(file.try_clone()).await?.detach()).await?;
    send_static(send(file.try_clone()).await?.into_std()).await?;
    unpin_stream(file.lines().max_len(1).follow())
        .try_next()
        .await?;
    unpin_stream(&mut *file).try_next().await?;
    send(file.close()).await
}

/// Never called: every future of a binary file.
async fn byte_futures(file: &mut BinaryFile) -> Result<()> {
    send(file.read().size(1)).await?;
    send(file.readall()).await?;
    send(file.read1(1)).await?;
    send(file.peek(1)).await?;
    send(file.readinto(&mut [0])).await?;
    send(file.read_owned(Vec::new())).await.0?;
    send(file.write_owned(Vec::new())).await.0?;
    send(file.write(b"x")).await?;
    send(file.writelines([b"x"])).await?;
    send(file.seek(SeekFrom::Start(0))).await?;
    send(file.tell()).await?;
    send_static(file.read_at(0, 1)).await?;
    send_static(file.read_exact_at(0, 1)).await?;
    send(file.readinto_at(0, &mut [0])).await?;
    send_static(file.write_at(0, b"x")).await?;
    send_static(file.write_all_at(0, b"x")).await?;
    unpin_stream(file.lines()).try_next().await?;
    send(file.raw().write(b"x")).await?;
    send(file.raw().readline()).await?;
    send(file.close()).await
}

/// Never called: every future of a file of any kind.
async fn any_futures(mut file: AnyFile) -> Result<()> {
    let here = send(file.tell()).await?;
    send(file.seek(here)).await?;
    send(file.truncate().size(1)).await?;
    send(file.set_len(1)).await?;
    send(file.metadata()).await?;
    send(file.sync_all()).await?;
    send(file.lock()).await?;
    send(file.batch(|_| Ok(()))).await?;
    send_static(send(file.try_clone()).await?.into_std()).await?;
    send(file.flush()).await?;
    send(file.close()).await
}

#[test]
fn futures_are_send() {
    // Not run: only made.
    let call = async || {
        let mut file = open("x").await?;
        text_futures(&mut file).await?;
        any_futures(open("x").any().await?).await?;
        byte_futures(&mut file.detach().await?).await
    };
    drop(send_static(call()));
    drop(send_static(open("x").mode("w")));
    drop(send_static(open("x").into_future()));
    drop(send_static(open("x").binary().into_future()));
    drop(send_static(open("x").raw().into_future()));
    drop(send_static(open("x").any().into_future()));
    drop(send_static(
        open("x")
            .opener(|path, options| options.open(path))
            .into_future(),
    ));
    drop(send_static(
        wrap(Cursor::new(Vec::new())).text().mode("a").into_future(),
    ));
    drop(send_static(aiofiles::delegate(|| 1)));
}

/// Every pending call is a future itself, and may be kept in a box that is shared.
fn pending<'a, T>(
    call: impl Future<Output = Result<T>> + Send + Sync + Unpin + 'a,
) -> Box<dyn Future<Output = Result<T>> + Send + Sync + Unpin + 'a> {
    Box::new(call)
}

#[test]
fn pending_calls_are_futures_send_sync_and_unpin() {
    use aiofiles::{os, ospath, tempfile as temp};
    let job: Box<dyn FnMut() + Send> = Box::new(|| ());
    let cell = std::cell::Cell::new(1);
    drop(pending(open("x").opener(move |path, options| {
        let _ = (&job, &cell);
        options.open(path)
    })));
    let raw: Box<dyn RawIo> = Box::new(Cursor::new(Vec::new()));
    drop(pending(wrap(raw).text()));
    drop(pending(temp::temporary_file().any()));
    drop(pending(temp::named_temporary_file().text()));
    drop(pending(temp::spooled_temporary_file().max_size(1)));
    drop(pending(temp::temporary_directory().delete(false)));
    drop(pending(temp::atomic_file("x").raw()));
    drop(pending(os::stat("x")));
    drop(pending(os::scandir("x")));
    drop(pending(os::copyfile("x", "y").on_progress(|_, _| ())));
    drop(pending(os::rmtree("x").on_progress(|_| ())));
    drop(pending(ospath::exists("x")));
    drop(pending(aiofiles::write("x", "y")));
    drop(pending(aiofiles::stdin().read()));
    drop(pending(aiofiles::stdout().reconfigure().newline("")));
    let mut file = TextFile::new(Cursor::new(Vec::new()));
    drop(pending(file.read().size(1)));
    drop(pending(file.readline()));
    drop(pending(file.readlines()));
    drop(pending(file.next_line()));
    drop(pending(file.truncate()));
    drop(pending(file.reconfigure().newline("")));
    fn shared<T: Send + Sync + Unpin + 'static>(_: &T) {}
    shared(&os::walk("x").onerror(drop).filter_dirs(|_| true));
    fn nobody_needs<K: aiofiles::open::Kind>(file: &mut temp::NamedTemporaryFile<K>) {
        drop(pending(file.persist("x").permissions(0o600)));
    }
    let _ = nobody_needs::<aiofiles::open::Text>;
}

#[test]
fn temporaries_are_joined_as_they_are() {
    run(async {
        let made = (0..3).map(|_| aiofiles::tempfile::temporary_file());
        let files = futures::future::try_join_all(made).await.unwrap();
        assert_eq!(files.len(), 3);
        let (folder, file) = futures::future::try_join(
            aiofiles::tempfile::temporary_directory(),
            aiofiles::tempfile::named_temporary_file(),
        )
        .await
        .unwrap();
        assert!(folder.path().is_dir() && file.name().is_file());
    });
}

#[test]
fn streams_and_waits_are_sync() {
    fn check<T: Send + Sync + Unpin + 'static>() {}
    check::<aiofiles::file::Lines<TextFile>>();
    check::<aiofiles::file::Lines<BinaryFile>>();
    fn sync<T: Send + Sync>(value: T) -> T {
        value
    }
    let pool = ThreadPoolExecutor::new(1);
    futures::executor::block_on(sync(pool.shutdown()));
    let lent = async |file: &mut TextFile| {
        sync(file.lock()).await?;
        sync(file.lines().follow().next()).await.transpose()
    };
    let mut file = TextFile::from_std(tempfile::tempfile().unwrap());
    drop(lent(&mut file));
}

#[test]
fn files_and_streams_move_between_tasks() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "one\ntwo\nthree\n");
        let first = path.clone();
        let opened = tokio::spawn(open(first).into_future()).await.unwrap();
        let mut file = opened.unwrap();
        let mut file = tokio::spawn(async move {
            assert_eq!(file.next_line().await.unwrap(), Some("one"));
            file
        })
        .await
        .unwrap();
        let second = tokio::spawn(async move {
            let line = file.lines().next().await;
            (line.unwrap().unwrap(), file)
        });
        let (line, file) = second.await.unwrap();
        assert_eq!(line, "two");
        let rest = tokio::spawn(file.into_lines().try_collect::<Vec<_>>());
        assert_eq!(rest.await.unwrap().unwrap(), ["three"]);
        // The arguments of a call are its own.
        let spawned = {
            let borrowed = path.to_str().unwrap().to_owned();
            tokio::spawn(open(&borrowed).mode("r").encoding("utf-8").into_future())
        };
        assert!(spawned.await.unwrap().is_ok());
    });
}

#[test]
fn a_shared_file_serves_positional_calls_of_several_tasks() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "0123456789");
        let file = std::sync::Arc::new(open(&path).binary().mode("r+").await.unwrap());
        let task = |at: u64| {
            let file = file.clone();
            tokio::spawn(async move { file.read_exact_at(at, 2).await })
        };
        let all = futures::future::join_all((0..9).map(task)).await;
        for (at, got) in all.into_iter().enumerate() {
            assert_eq!(got.unwrap().unwrap(), b"0123456789"[at..at + 2]);
        }
    });
}

#[test]
fn with_is_send_where_its_body_is() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("f");
        let task = tokio::spawn(async move {
            open(&path)
                .mode("w")
                .with(async |f| {
                    f.write("x\n").await?;
                    tokio::task::yield_now().await;
                    f.flush().await
                })
                .await?;
            let text = open(&path).with(async |f| f.read().await).await?;
            let bytes = open(&path).binary().with(async |f| f.read().await).await?;
            Ok::<_, Error>((text, bytes))
        });
        let (text, bytes) = task.await.unwrap().unwrap();
        assert_eq!(
            (text.as_str(), bytes),
            ("x\n", system::native("x\n").into())
        );
        let path = dir.join("f");
        let mut seen = String::new();
        let tried = send(
            open(&path).try_with(async |f| -> std::io::Result<usize> { Ok(f.read().await?.len()) }),
        );
        assert_eq!(tried.await.unwrap(), "x\n".len());
        let call = send(open(&path).with(async |f| {
            seen = f.read().await?;
            Ok(())
        }));
        call.await.unwrap();
        assert_eq!(seen, "x\n", "it may borrow");
    });
}
