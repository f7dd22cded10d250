//! A pending call is a value like others: named, stored, moved between threads,
//! joined, and taken by code that does not know which one it is.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs::{File, Metadata};
use std::future::Future;
use std::io::Cursor;
use std::pin::Pin;

use aiofiles::executor::ManualExecutor;
use aiofiles::{Call, Open, Result, TextFile, ThreadPoolExecutor, os, ospath, wrap};
use common::{Dir, run};
use futures::FutureExt;
use futures::future::{join_all, try_join_all};

/// Says at compile time that a value is all that a call is to be.
fn free<T: Send + Sync + Unpin + 'static>(value: T) -> T {
    value
}

/// The box that programs keep whose futures are polled from several threads.
type Boxed<T> = Pin<Box<dyn Future<Output = Result<T>> + Send + Sync>>;

#[test]
fn every_call_is_send_sync_unpin_and_static() {
    drop(free(aiofiles::open("x")));
    drop(free(aiofiles::open("x").binary()));
    drop(free(aiofiles::open("x").raw()));
    drop(free(aiofiles::open("x").any()));
    drop(free(
        aiofiles::open("x").opener(|path, options| options.open(path)),
    ));
    drop(free(wrap(Cursor::new(Vec::new())).text().mode("a")));
    drop(free(aiofiles::delegate(|| std::cell::Cell::new(1))));
    drop(free(aiofiles::read("x")));
    drop(free(aiofiles::read_to_string("x").encoding("latin-1")));
    drop(free(aiofiles::write("x", "y")));
    drop(free(aiofiles::write_atomic("x", "y")));
    drop(free(os::stat("x")));
    drop(free(os::makedirs("x")));
    drop(free(os::copyfile("x", "y").on_progress(|_, _| ())));
    drop(free(os::copytree("x", "y").ignore(|_| false)));
    drop(free(os::rmtree("x").on_progress(|_| ())));
    drop(free(os::scandir("x")));
    drop(free(os::batch(|| Ok(()))));
    drop(free(ospath::realpath("x")));
    drop(free(ospath::exists("x")));
}

#[test]
fn a_helper_takes_any_call() {
    fn on<T, K>(call: Call<T, K>, pool: ThreadPoolExecutor) -> Call<T, K> {
        call.executor(pool)
    }
    let pool = ThreadPoolExecutor::new(1);
    futures::executor::block_on(async {
        let dir = Dir::new();
        on(os::mkdir(dir.join("d")), pool.clone()).await.unwrap();
        let listed = on(os::listdir(dir.join("d")), pool.clone());
        assert!(listed.await.unwrap().is_empty());
        assert_eq!(on(aiofiles::delegate(|| 7), pool.clone()).await.unwrap(), 7);
        pool.shutdown().await;
    });
    assert_eq!(pool.stats().done, 3);
}

#[test]
fn calls_have_names() {
    struct Questions {
        stat: os::Stat,
        entries: os::Scanning,
        exists: ospath::Exists,
        whole: aiofiles::ReadFile,
        boxed: Boxed<Metadata>,
    }
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "12345");
        let questions = Questions {
            stat: os::stat(&path).follow_symlinks(false),
            entries: os::scandir(dir.path()),
            exists: ospath::exists(&path),
            whole: aiofiles::read(&path),
            boxed: Box::pin(os::lstat(&path)),
        };
        assert_eq!(questions.stat.await.unwrap().len(), 5);
        let mut entries = questions.entries.await.unwrap();
        assert_eq!(entries.next_entry().await.unwrap().unwrap().name(), "f");
        assert!(questions.exists.await.unwrap());
        assert_eq!(questions.whole.await.unwrap(), b"12345");
        assert_eq!(questions.boxed.await.unwrap().len(), 5);
    });
}

#[test]
fn opens_are_joined_and_boxed() {
    run(async {
        let dir = Dir::new();
        let paths: Vec<_> = (0..5)
            .map(|i| dir.file(&format!("f{i}"), format!("{i}")))
            .collect();
        let files = try_join_all(paths.iter().map(aiofiles::open))
            .await
            .unwrap();
        let mut texts = Vec::new();
        for mut file in files {
            texts.push(file.read().await.unwrap());
        }
        assert_eq!(texts, ["0", "1", "2", "3", "4"]);

        let wrapped = join_all((0..3).map(|i| wrap(Cursor::new(vec![i])).raw())).await;
        assert_eq!(wrapped.len(), 3);

        let boxed: Boxed<TextFile> = Box::pin(aiofiles::open(&paths[4]));
        let (mut file, stat) = futures::try_join!(boxed, os::stat(&paths[4])).unwrap();
        assert_eq!(file.read().await.unwrap().len() as u64, stat.len());
    });
}

#[test]
fn a_keyword_of_a_call_that_has_begun_changes_nothing() {
    let jobs = ManualExecutor::new();
    let dir = Dir::new();
    let path = dir.file("f", "text");
    let mut open: Open = aiofiles::open(&path).executor(jobs.clone()).nowait(false);
    assert!((&mut open).now_or_never().is_none());
    let open = open.mode("w");
    assert_eq!(jobs.run_all(), 1);
    let file: TextFile<File> = open.now_or_never().unwrap().unwrap();
    assert_eq!(file.mode(), "r");
    assert_eq!(std::fs::read(&path).unwrap(), b"text");

    let mut call = os::mkdir(dir.join("d")).executor(jobs.clone());
    assert!((&mut call).now_or_never().is_none());
    let call = call.mode(0);
    assert_eq!(jobs.run_all(), 1);
    call.now_or_never().unwrap().unwrap();
    let rights = std::fs::metadata(dir.join("d")).unwrap().permissions();
    assert!(!rights.readonly());
}

#[test]
#[should_panic(expected = "before the call is polled")]
fn the_kind_of_a_call_that_has_begun_is_fixed() {
    let jobs = ManualExecutor::new();
    let mut open = aiofiles::open("x").executor(jobs);
    assert!((&mut open).now_or_never().is_none());
    drop(open.binary());
}

#[test]
#[should_panic(expected = "polled after it had completed")]
fn a_call_is_not_polled_after_its_end() {
    run(async {
        let mut call = ospath::exists("/");
        assert!((&mut call).await.unwrap());
        drop((&mut call).await);
    });
}

#[test]
fn a_dropped_call_that_has_not_begun_does_nothing() {
    let jobs = ManualExecutor::new();
    let dir = Dir::new();
    drop(os::mkdir(dir.join("d")).executor(jobs.clone()));
    let mut begun = os::mkdir(dir.join("d")).executor(jobs.clone());
    assert!((&mut begun).now_or_never().is_none());
    drop(begun);
    jobs.run_all();
    assert!(!dir.join("d").exists());
}
