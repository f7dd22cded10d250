//! Functions and iterators that callers give to the crate.

use std::fs::File;
use std::io::{self, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aiofiles::executor::InlineExecutor;
use aiofiles::{BinaryFile, Error, RawIo, Result, ThreadPoolExecutor, os, wrap};
use futures::StreamExt;
use futures::executor::block_on;

use super::odd::{Bomb, Deed, Memory};

fn is_panic<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::Panicked { .. }))
}

/// The pool has its threads, and its counts are right.
fn assert_alive(pool: &ThreadPoolExecutor) {
    let sum = aiofiles::delegate(|| 7).executor(pool.clone());
    assert_eq!(block_on(sum).unwrap(), 7);
    block_on(pool.shutdown());
    let stats = pool.stats();
    assert_eq!((stats.running, stats.queued, stats.waiting), (0, 0, 0));
}

/// A round trip through the crate, from wherever.
fn come_back(path: &Path, pool: &ThreadPoolExecutor) {
    smol::block_on(async {
        aiofiles::write(path, "back")
            .executor(pool.clone())
            .await
            .unwrap();
        assert_eq!(
            aiofiles::read(path).executor(pool.clone()).await.unwrap(),
            b"back"
        );
    });
}

type Opener = Box<dyn FnOnce(&Path, &std::fs::OpenOptions) -> io::Result<File> + Send>;

#[test]
fn openers_of_all_kinds_leave_no_file_and_no_descriptor() {
    let (dir, pool) = (tempfile::tempdir().unwrap(), ThreadPoolExecutor::new(2));
    let path = dir.path().join("f");
    let other = dir.path().join("other");
    let folder = dir.path().to_owned();
    let (inner, beside) = (pool.clone(), other.clone());
    let openers: [(&str, Opener); 6] = [
        ("panics", Box::new(|_, _| resume_unwind(Box::new(Bomb(2))))),
        (
            "opens and panics",
            Box::new(|path, options| {
                let _file = options.open(path)?;
                resume_unwind(Box::new(Bomb(2)))
            }),
        ),
        ("fails", Box::new(|_, _| Err(io::ErrorKind::Other.into()))),
        ("gives a folder", Box::new(move |_, _| File::open(folder))),
        (
            "gives what only reads",
            Box::new(|path, options| {
                drop(options.open(path)?);
                File::open(path)
            }),
        ),
        (
            "comes back",
            Box::new(move |path, options| {
                come_back(&beside, &inner);
                options.open(path)
            }),
        ),
    ];
    for (what, opener) in openers {
        let open = aiofiles::open(&path).binary().mode("w").opener(opener);
        let opened = block_on(open.executor(pool.clone()).into_future());
        match what {
            "panics" | "opens and panics" => assert!(is_panic(&opened), "{what}"),
            "fails" => assert_eq!(opened.unwrap_err().kind(), io::ErrorKind::Other),
            // The rights of the descriptor are what counts.
            "gives a folder" if cfg!(unix) => {
                assert_eq!(opened.unwrap_err().kind(), io::ErrorKind::IsADirectory);
            }
            "gives what only reads" => block_on(async {
                let mut file = opened.unwrap();
                let written = async {
                    file.write(b"x").await?;
                    file.flush().await
                };
                assert!(written.await.is_err(), "{what}");
                drop(file.close().await);
            }),
            "comes back" => block_on(async {
                let mut file = opened.unwrap();
                file.write(b"x").await.unwrap();
                file.close().await.unwrap();
                assert_eq!(std::fs::read(&path).unwrap(), b"x");
            }),
            _ => drop(opened),
        }
    }
    assert_alive(&pool);
    drop(pool);
    assert_eq!(crate::common::descriptors_below(dir.path()), 0);
}

#[test]
fn progress_that_panics_ends_the_copy_and_leaves_no_half_file() {
    let (dir, pool) = (tempfile::tempdir().unwrap(), ThreadPoolExecutor::new(2));
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    std::fs::write(&from, vec![b'x'; 3_000_000]).unwrap();
    for old in [None, Some("old")] {
        for panics_at in 0..3 {
            drop(std::fs::remove_file(&to));
            if let Some(old) = old {
                std::fs::write(&to, old).unwrap();
            }
            let mut told = 0;
            let copy = os::copyfile(&from, &to).on_progress(move |_, _| {
                told += 1;
                if told > panics_at {
                    resume_unwind(Box::new(Bomb(2)));
                }
            });
            let copied = block_on(copy.executor(pool.clone()));
            if is_panic(&copied) {
                let left = std::fs::read(&to).ok();
                // One that was there is written in place.
                assert_eq!(left.is_some(), old.is_some(), "after {panics_at}");
            } else {
                copied.unwrap();
                assert_eq!(std::fs::metadata(&to).unwrap().len(), 3_000_000);
            }
            assert_eq!(
                std::fs::read_dir(dir.path()).unwrap().count(),
                1 + usize::from(to.exists())
            );
        }
    }
    let (beside, inner) = (dir.path().join("beside"), pool.clone());
    let copy = os::copyfile(&from, &to).on_progress(move |_, _| come_back(&beside, &inner));
    block_on(copy.executor(pool.clone())).unwrap();
    assert_alive(&pool);
    drop(pool);
    assert_eq!(crate::common::descriptors_below(dir.path()), 0);
}

/// As with a generator of Python, nothing more need come; but it ends.
#[test]
fn walk_ends_behind_a_filter_that_panics() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        std::fs::create_dir(dir.path().join(name)).unwrap();
        std::fs::write(dir.path().join(name).join("f"), "").unwrap();
    }
    let pool = ThreadPoolExecutor::new(1);
    let counted = AtomicUsize::new(0);
    let walk = os::walk(dir.path())
        .executor(pool.clone())
        .filter_dirs(move |_| {
            if counted.fetch_add(1, Ordering::SeqCst) == 1 {
                resume_unwind(Box::new("the filter panics"));
            }
            true
        });
    let mut walk = pin!(walk);
    let mut panics = 0;
    for turns in 0.. {
        assert!(turns < 100, "it has no end");
        let next = catch_unwind(AssertUnwindSafe(|| block_on(walk.next())));
        match next {
            Ok(None) => break,
            Ok(Some(Ok(_))) => {}
            Ok(Some(Err(error))) => panic!("{error}"),
            Err(_) => panics += 1,
        }
    }
    assert_eq!(panics, 1);
    assert_alive(&pool);
}

#[test]
fn batches_that_panic_or_put_another_stream_there_leave_a_file() {
    let pool = ThreadPoolExecutor::new(2);
    for executor in [true, false] {
        let memory = Memory::new(b"0123456789");
        let made = wrap(memory.stream()).mode("r+");
        let made = match executor {
            true => made.executor(pool.clone()),
            false => made.executor(InlineExecutor),
        };
        block_on(async {
            let mut file = made.await.unwrap();
            file.write(b"ab").await.unwrap();
            let result = file.batch(|_| -> io::Result<()> { resume_unwind(Box::new(Bomb(2))) });
            assert!(is_panic(&result.await));
            assert_eq!(file.tell().await.unwrap(), 2);
            let moved = file.batch(|raw| {
                raw.seek(SeekFrom::Start(7))?;
                resume_unwind(Box::new(Bomb(2)))
            });
            assert!(is_panic::<()>(&moved.await));
            assert_eq!(file.tell().await.unwrap(), 7, "where the stream is");
            assert_eq!(file.read().await.unwrap(), b"789");
            assert_eq!(memory.data(), b"ab23456789");
            let other = Memory::new(b"other");
            let stream = other.stream();
            let before = file.batch(move |raw| Ok(std::mem::replace(raw, stream)));
            drop(before.await.unwrap());
            file.seek(SeekFrom::Start(0)).await.unwrap();
            assert_eq!(file.read().await.unwrap(), b"other");
            file.close().await.unwrap();
            assert!(memory.dropped() && other.dropped());
        });
    }
    assert_alive(&pool);
}

/// With jobs in place it would wait for itself.
#[test]
fn a_call_of_the_stream_that_comes_back_to_its_own_file_is_refused() {
    let memory = Memory::new(b"0123456789");
    let made = wrap(memory.stream()).mode("r+").executor(InlineExecutor);
    let mut file = block_on(made.into_future()).unwrap();
    // These belong to the file, and do not borrow it.
    let (read, write) = (file.read_at(0, 3), file.write_at(0, b"x"));
    let inside = block_on(file.batch(move |_| Ok((smol::block_on(read), smol::block_on(write)))));
    let (read, write) = inside.unwrap();
    for error in [read.unwrap_err(), write.unwrap_err()] {
        assert_eq!(error.kind(), io::ErrorKind::Deadlock, "{error}");
    }
    assert_eq!(block_on(file.read_at(0, 3)).unwrap(), b"012");
    block_on(file.write(b"ab")).unwrap();
    block_on(file.close()).unwrap();
    assert_eq!(memory.data(), b"ab23456789");
    // Another file is another stream.
    let other = Memory::new(b"other");
    let made = || wrap(memory.stream()).executor(InlineExecutor);
    let mut file = block_on(made().into_future()).unwrap();
    let beside = wrap(other.stream()).executor(InlineExecutor).into_future();
    let read =
        block_on(file.batch(move |_| Ok(smol::block_on(async { beside.await?.read().await }))));
    assert_eq!(read.unwrap().unwrap(), b"other");
}

/// The last write waits for the call that the drop happens in.
#[test]
fn a_file_that_is_dropped_in_a_call_of_its_own_stream_is_written() {
    let memory = Memory::new(b"0123456789");
    let made = wrap(memory.stream()).mode("r+").executor(InlineExecutor);
    let mut file = block_on(made.into_future()).unwrap();
    block_on(file.write(b"ab")).unwrap();
    let read = file.read_at(4, 3);
    let slot = std::sync::Mutex::new(Some(file));
    memory.on_return(move || drop(slot.lock().unwrap().take()));
    memory.plan(Deed::ComesBack, 0);
    // By the call that is there, which has the stream alone.
    assert_eq!(block_on(read).unwrap(), b"456");
    assert!(memory.heal());
    // On another thread, which nobody else can wait for.
    let late = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !memory.dropped() {
        assert!(std::time::Instant::now() < late, "it is not closed");
        std::thread::yield_now();
    }
    assert_eq!(memory.data(), b"ab23456789");
}

/// Says that it has all items in the world, and gives what it has.
struct Liar<I>(I);

impl<I: Iterator> Iterator for Liar<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, Some(0))
    }
}

/// Is another item each time that somebody looks.
struct Changing(AtomicUsize);

impl AsRef<[u8]> for Changing {
    fn as_ref(&self) -> &[u8] {
        const SHAPES: [&[u8]; 3] = [b"one", b"", b"much longer than the others"];
        SHAPES[self.0.fetch_add(1, Ordering::SeqCst) % 3]
    }
}

/// Panics when somebody looks.
struct Shy;

impl AsRef<[u8]> for Shy {
    fn as_ref(&self) -> &[u8] {
        resume_unwind(Box::new("do not look"))
    }
}

impl AsRef<str> for Shy {
    fn as_ref(&self) -> &str {
        resume_unwind(Box::new("do not look"))
    }
}

fn caught<F: Future>(future: F) -> std::thread::Result<F::Output> {
    catch_unwind(AssertUnwindSafe(|| block_on(future)))
}

#[test]
fn iterators_of_all_kinds_leave_the_items_before_them() {
    let pool = ThreadPoolExecutor::new(2);
    let dir = tempfile::tempdir().unwrap();
    let beside = dir.path().join("beside");
    for raw in [false, true] {
        let memory = Memory::new(b"");
        let made = wrap(memory.stream()).mode("w").executor(pool.clone());
        let expected = "one|two|one|two|one|one|two|end";
        /// The same for both kinds.
        macro_rules! feed {
            ($file:ident) => {{
                block_on($file.writelines(Liar(["one|", "two|"].iter()))).unwrap();
                let panics = ["one|", "two|", "!"].iter().inspect(|item| {
                    if **item == "!" {
                        resume_unwind(Box::new("the iterator panics"));
                    }
                });
                assert!(caught($file.writelines(panics)).is_err());
                let shy: [Box<dyn AsRef<[u8]>>; 2] = [Box::new("one|"), Box::new(Shy)];
                assert!(caught($file.writelines(shy.iter().map(|item| Look(&**item)))).is_err());
                block_on($file.writelines(["one|", "two|"].iter().inspect(|_| {
                    come_back(&beside, &pool);
                })))
                .unwrap();
                assert_eq!(block_on($file.write(b"end")).unwrap(), 3);
                block_on($file.close()).unwrap();
            }};
        }
        if raw {
            let mut file = block_on(made.raw().into_future()).unwrap();
            feed!(file);
        } else {
            let mut file = block_on(made.into_future()).unwrap();
            feed!(file);
        }
        assert_eq!(String::from_utf8(memory.data()).unwrap(), expected);
    }
    let memory = Memory::new(b"");
    let made = wrap(memory.stream()).mode("w").executor(pool.clone());
    let mut file: BinaryFile<_> = block_on(made.into_future()).unwrap();
    block_on(file.writelines([Changing(AtomicUsize::new(0))])).unwrap();
    block_on(file.close()).unwrap();
    assert_eq!(memory.data(), b"one");
    assert_alive(&pool);
}

/// Looks into what it holds.
struct Look<'a>(&'a dyn AsRef<[u8]>);

impl AsRef<[u8]> for Look<'_> {
    fn as_ref(&self) -> &[u8] {
        self.0.as_ref()
    }
}

/// Outside tokio, whose budget is not there, no poll may go on for ever.
#[test]
fn an_iterator_without_an_end_does_not_hold_a_poll() {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let counted = |items: &Arc<AtomicUsize>| {
            let items = items.clone();
            std::iter::repeat_with(move || {
                items.fetch_add(1, Ordering::Relaxed);
                ""
            })
        };
        let mut most = 0;
        let mut check = |what: &str, items: Arc<AtomicUsize>, ready: bool| {
            assert!(!ready, "{what}");
            most = most.max(items.load(Ordering::Relaxed));
        };
        let sink = || {
            wrap(Memory::new(b"").stream())
                .mode("w")
                .executor(InlineExecutor)
        };
        let items = Arc::<AtomicUsize>::default();
        let mut file = block_on(sink().into_future()).unwrap();
        let ready = crate::common::poll_once(pin!(file.writelines(counted(&items)))).is_some();
        check("binary", items, ready);
        let items = Arc::<AtomicUsize>::default();
        let mut file = block_on(sink().raw().into_future()).unwrap();
        let ready = crate::common::poll_once(pin!(file.writelines(counted(&items)))).is_some();
        check("raw", items, ready);
        let items = Arc::<AtomicUsize>::default();
        let mut file = block_on(sink().text().into_future()).unwrap();
        let ready = crate::common::poll_once(pin!(file.writelines(counted(&items)))).is_some();
        check("text", items, ready);
        let items = Arc::<AtomicUsize>::default();
        let mut file = block_on(aiofiles::text::writer(tokio::io::sink())).unwrap();
        let ready = crate::common::poll_once(pin!(file.writelines(counted(&items)))).is_some();
        check("text::writer", items, ready);
        for bytes in [true, false] {
            let items = Arc::<AtomicUsize>::default();
            let made = aiofiles::tempfile::spooled_temporary_file().executor(InlineExecutor);
            let ready = if bytes {
                let mut file = block_on(made.into_future()).unwrap();
                crate::common::poll_once(pin!(file.writelines(counted(&items)))).is_some()
            } else {
                let mut file = block_on(made.text().into_future()).unwrap();
                crate::common::poll_once(pin!(file.writelines(counted(&items)))).is_some()
            };
            check("spooled", items, ready);
        }
        block_on(aiofiles::stdio::set_stdout(Memory::new(b"").stream())).unwrap();
        for bytes in [true, false] {
            let items = Arc::<AtomicUsize>::default();
            let (text, raw) = (aiofiles::stdout(), aiofiles::stdout_bytes());
            let ready = if bytes {
                crate::common::poll_once(pin!(raw.writelines(counted(&items)))).is_some()
            } else {
                crate::common::poll_once(pin!(text.writelines(counted(&items)))).is_some()
            };
            check("stdout", items, ready);
        }
        tell.send(most).unwrap();
    });
    let most = told.recv_timeout(std::time::Duration::from_secs(60));
    let most = most.expect("a poll has no end, or the test failed above");
    assert!(most < 1_000_000, "{most} items in a poll");
}
