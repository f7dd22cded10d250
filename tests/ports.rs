//! Five small programs that were written for `tokio::fs`, as they are, over it and over this
//! crate (`ports/shim.rs`): both do the same. `cargo bench --bench ports` compares their
//! times.
#![cfg(target_os = "linux")]
#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    dead_code,
    unused_imports,
    clippy::duplicate_mod,
    clippy::useless_conversion,
    clippy::unwrap_used,
    reason = "programs, which stand here twice, once with methods in place of traits and another error; a test \
              fails by panicking"
)]

mod common;

/// The programs as they were.
#[path = "ports"]
mod original {
    #[path = "original.rs"]
    mod fs;

    pub mod archive;
    pub mod cache;
    pub mod shipper;
    pub mod site;
    pub mod upload;
}

/// The same programs over this crate.
#[path = "ports"]
mod ported {
    #[path = "shim.rs"]
    mod fs;

    pub mod archive;
    pub mod atomic;
    pub mod cache;
    pub mod shipper;
    pub mod site;
    pub mod upload;
}

use std::fs;
use std::future::Future;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use common::{Dir, poll_once, run};
use futures::{Stream, StreamExt, TryStreamExt, stream};

/// Status, headers and body of the answer of one of the two services.
macro_rules! answer {
    ($program:ident, $root:expr, $request:expr) => {{
        let request = $request;
        let request = $program::site::Request {
            path: request.0,
            range: request.1,
            modified_since: request.2,
        };
        let response = $program::site::get($root, request).await;
        let body = match response.body {
            Some(body) => {
                let add = async |mut all: Vec<u8>, bytes: tokio_util::bytes::Bytes| {
                    all.extend_from_slice(&bytes);
                    Ok(all)
                };
                body.try_fold(Vec::new(), add).await.unwrap()
            }
            None => Vec::new(),
        };
        (response.status, response.headers, body)
    }};
}

#[test]
fn static_files() {
    run(async {
        let dir = Dir::new();
        let long: Vec<u8> = (0..300_000_u32).map(|n| n as u8).collect();
        dir.file("ten", "0123456789");
        dir.file("long", &long);
        dir.file("empty", "");
        fs::create_dir(dir.join("folder")).unwrap();
        dir.file("folder/index.html", "index");
        fs::create_dir(dir.join("bare")).unwrap();
        let now = SystemTime::now() + Duration::from_secs(60);
        let mut statuses = Vec::new();
        for request in [
            ("/ten", None, None),
            ("/ten", Some("bytes=2-4"), None),
            ("/ten", Some("bytes=-3"), None),
            ("/ten", Some("bytes=10-"), None),
            ("/ten", Some("bytes=4-2"), None),
            ("/ten", Some("bytes=0-1,4-5"), None),
            ("/ten", None, Some(now)),
            ("/ten", None, Some(SystemTime::UNIX_EPOCH)),
            ("/long", None, None),
            ("/long", Some("bytes=70000-200000"), None),
            ("/empty", None, None),
            ("/folder", None, None),
            ("/folder/", None, None),
            ("/bare", None, None),
            ("/missing", None, None),
            // ENOTDIR, which has to be told from other errors.
            ("/ten/below", None, None),
            ("/nul\0", None, None),
            ("/../ten", None, None),
        ] {
            let theirs = answer!(original, dir.path(), request);
            let ours = answer!(ported, dir.path(), request);
            assert!(theirs == ours, "{request:?}: {} {}", theirs.0, ours.0);
            statuses.push(ours.0);
        }
        assert_eq!(
            statuses,
            [
                200, 206, 206, 416, 200, 200, 304, 200, 200, 206, 200, 200, 200, 404, 404, 404,
                404, 404
            ]
        );
    });
}

#[test]
fn a_small_static_file_takes_no_hop() {
    run(async {
        let dir = Dir::new();
        dir.file("small", vec![7; 1000]);
        // The first look at a file system takes jobs, which then know it.
        for _ in 0..2 {
            let answer = answer!(ported, dir.path(), ("/small", None, None));
            assert_eq!((answer.0, answer.2.len()), (200, 1000));
        }
        let request = ported::site::Request {
            path: "/small",
            ..Default::default()
        };
        if poll_once(std::pin::pin!(aiofiles::open(dir.join("small")))).is_none() {
            println!("skipped: files are not opened in place here");
            return;
        }
        let mut whole = Box::pin(async {
            let response = ported::site::get(dir.path(), request).await;
            response.body.unwrap().count().await
        });
        assert!(poll_once(whole.as_mut()).is_some(), "it waited for a job");
    });
}

/// All that is below a folder: names, contents, targets of links, and rights.
fn tree(folder: &Path) -> Vec<(String, Vec<u8>, u32)> {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;

    let (mut all, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(dir) = folders.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let content = if metadata.is_symlink() {
                let target = fs::read_link(&path).unwrap();
                target.as_os_str().as_bytes().to_vec()
            } else if metadata.is_dir() {
                folders.push(path.clone());
                Vec::new()
            } else {
                fs::read(&path).unwrap()
            };
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            all.push((name, content, metadata.permissions().mode() & 0o777));
        }
    }
    all.sort();
    all
}

#[test]
fn archives() {
    run(async {
        use std::os::unix::fs::PermissionsExt;

        let dir = Dir::new();
        let from = dir.join("from");
        fs::create_dir_all(from.join("a/b")).unwrap();
        for n in 0..50 {
            fs::write(from.join(format!("a/{n}")), vec![n as u8; n * 37]).unwrap();
        }
        fs::write(from.join("long"), vec![1; 700_000]).unwrap();
        fs::set_permissions(from.join("long"), fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("../long", from.join("a/link")).unwrap();
        let theirs = original::archive::pack(&from).await.unwrap();
        let ours = ported::archive::pack(&from).await.unwrap();
        assert!(theirs == ours);
        let (first, second) = (dir.join("first"), dir.join("second"));
        let count = original::archive::unpack(ours.clone(), &first)
            .await
            .unwrap();
        assert_eq!(ported::archive::unpack(ours, &second).await.unwrap(), count);
        assert!(tree(&first) == tree(&second));
        assert!(tree(&second) == tree(&from));
    });
}

#[test]
fn contents_by_their_hashes() {
    run(async {
        let dir = Dir::new();
        let (first, second) = (dir.join("first"), dir.join("second"));
        let theirs = original::cache::Cache::open(&first).await.unwrap();
        let ours = ported::cache::Cache::open(&second).await.unwrap();
        for size in [0, 1, 1000, 16 * 1024, 100_000] {
            let (key, data) = (format!("key-{size}"), vec![3; size]);
            let hash = theirs.put(&key, &data).await.unwrap();
            assert_eq!(ours.put(&key, &data).await.unwrap(), hash);
            assert!(theirs.get(&key).await.unwrap().unwrap() == data);
            assert!(ours.get(&key).await.unwrap().unwrap() == data);
        }
        assert!(theirs.get("unknown").await.unwrap().is_none());
        assert!(ours.get("unknown").await.unwrap().is_none());
        assert!(tree(&first) == tree(&second));
        for (name, _, _) in tree(&second) {
            let path = second.join(&name);
            if name.starts_with("content") && path.is_file() {
                fs::write(path, "broken").unwrap();
            }
        }
        let error = ours.get("key-1").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    });
}

#[test]
fn logs_are_shipped_once_and_whole() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("log");
        let append = |data: &str| {
            use std::io::Write;
            let log = fs::File::options().append(true).create(true).open(&path);
            log.unwrap().write_all(data.as_bytes()).unwrap();
        };
        let mut theirs = original::shipper::Shipper::new(&path, "");
        let mut ours = ported::shipper::Shipper::new(&path, "");
        let (mut their_lines, mut our_lines) = (Vec::new(), Vec::new());
        let mut expected = Vec::<String>::new();
        macro_rules! ship {
            ($($line:expr),*) => {
                theirs.ship(&mut their_lines).await.unwrap();
                ours.ship(&mut our_lines).await.unwrap();
                $(expected.push(String::from($line));)*
                assert_eq!(their_lines, expected);
                assert_eq!(our_lines, expected);
                assert_eq!(theirs.kept(), ours.kept());
            };
        }
        ship!();
        append("one\ntwo\nin ");
        ship!("one", "two");
        append("pieces\n");
        ship!("in pieces");
        // Rotated, with a last line that came after the last look.
        append("last of the old\n");
        fs::rename(&path, dir.join("log.1")).unwrap();
        ship!("last of the old");
        append("first of the new\n");
        ship!("first of the new");
        // A new run goes on where the last one was, in the midst of a line too.
        append("half");
        ship!();
        let (their_place, our_place) = (theirs.kept(), ours.kept());
        append(" and whole\n");
        theirs = original::shipper::Shipper::new(&path, &their_place);
        ours = ported::shipper::Shipper::new(&path, &our_place);
        ship!("half and whole");
        // Cut off.
        fs::write(&path, "anew\n").unwrap();
        ship!("anew");
        let many: Vec<String> = (0..5_000).map(|n| format!("line {n}")).collect();
        append(&(many.join("\n") + "\n"));
        theirs.ship(&mut their_lines).await.unwrap();
        ours.ship(&mut our_lines).await.unwrap();
        expected.extend(many);
        assert!(their_lines == expected && our_lines == expected);
    });
}

/// A body of so many chunks, which then breaks or not.
fn body(chunks: usize, breaks: bool) -> impl Stream<Item = io::Result<Vec<u8>>> + Unpin {
    let whole = stream::iter((0..chunks).map(|n| Ok(vec![n as u8; 50_000])));
    let broken = breaks.then(|| Err(io::ErrorKind::ConnectionReset.into()));
    whole.chain(stream::iter(broken))
}

/// What is at the path after an upload, and what is beside it.
fn uploaded(path: &Path) -> (Option<Vec<u8>>, usize) {
    let beside = fs::read_dir(path.parent().unwrap()).unwrap().count();
    (fs::read(path).ok(), beside)
}

#[test]
fn uploads_are_whole_or_not_there() {
    async fn all<F: Future<Output = io::Result<u64>>>(
        receive: impl Fn(std::path::PathBuf, usize, bool) -> F,
    ) -> Vec<(Option<Vec<u8>>, usize)> {
        let dir = Dir::new();
        let path = dir.join("file");
        let mut seen = Vec::new();
        for (chunks, breaks) in [(5, true), (0, false), (9, false), (3, true), (2, false)] {
            let received = receive(path.clone(), chunks, breaks).await;
            match received {
                Ok(count) => assert!(!breaks && count == 50_000 * chunks as u64),
                Err(error) => {
                    assert!(breaks && error.kind() == io::ErrorKind::ConnectionReset);
                }
            }
            seen.push(uploaded(&path));
        }
        seen
    }
    run(async {
        let theirs = all(async |path: std::path::PathBuf, chunks, breaks| {
            original::upload::receive(&path, body(chunks, breaks)).await
        });
        let theirs = theirs.await;
        let ported = all(async |path: std::path::PathBuf, chunks, breaks| {
            ported::upload::receive(&path, body(chunks, breaks)).await
        });
        assert!(theirs == ported.await);
        let atomic = all(async |path: std::path::PathBuf, chunks, breaks| {
            ported::atomic::receive(&path, body(chunks, breaks)).await
        });
        assert!(theirs == atomic.await);
    });
}

#[test]
fn an_upload_that_is_given_up_leaves_nothing() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("file", "old");
        let never = body(5, false).chain(stream::pending());
        let upload = ported::atomic::receive(&path, Box::pin(never));
        let waited = tokio::time::timeout(Duration::from_millis(50), upload).await;
        assert!(waited.is_err(), "it cannot end");
        let gone = async {
            // It is removed by a job.
            while uploaded(&path) != (Some(b"old".to_vec()), 1) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), gone)
            .await
            .unwrap();
    });
}
