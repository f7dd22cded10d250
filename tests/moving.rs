//! The README's tables, run: each row beside the original, on success and on the error
//! that users meet.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/system.rs"]
mod system;

mod moving {
    mod pitfalls;
}

use std::io::{ErrorKind, SeekFrom};
use std::path::{Path, PathBuf};

use aiofiles::{open, os, ospath};
use common::{Dir, run};
use futures::TryStreamExt;
use tokio::fs;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

/// The same of both, kind and errno of the error included.
#[track_caller]
fn same<T, U>(theirs: std::io::Result<T>, ours: aiofiles::Result<U>)
where
    T: std::fmt::Debug + PartialEq<U>,
    U: std::fmt::Debug,
{
    match (theirs, ours) {
        (Ok(theirs), Ok(ours)) => assert_eq!(theirs, ours),
        // Of a folder, and of a seek to before the start, Windows has no good word.
        (Err(_), Err(ours))
            if cfg!(windows)
                && matches!(
                    ours.kind(),
                    ErrorKind::IsADirectory | ErrorKind::InvalidInput
                ) => {}
        (Err(theirs), Err(ours)) => {
            assert_eq!(theirs.kind(), ours.kind());
            assert_eq!(theirs.raw_os_error(), ours.raw_os_error());
        }
        (theirs, ours) => panic!("tokio: {theirs:?}, here: {ours:?}"),
    }
}

/// The error alone.
#[track_caller]
fn same_error<T: std::fmt::Debug, U: std::fmt::Debug>(
    theirs: std::io::Result<T>,
    ours: aiofiles::Result<U>,
) {
    same(theirs.map(|_| ()), ours.map(|_| ()));
}

#[test]
fn opening() {
    run(async {
        let dir = Dir::new();
        let (file, missing) = (dir.file("f", "old"), dir.join("missing"));
        let through = file.join("x");
        for path in [&missing, &through] {
            same_error(fs::File::open(path).await, open(path).binary().await);
            let ours = open(path).binary().mode("r+").await;
            same_error(
                fs::OpenOptions::new()
                    .read(true)
                    .write(true)
                    .open(path)
                    .await,
                ours,
            );
        }
        same_error(
            fs::File::create(&through).await,
            open(&through).binary().mode("w").await,
        );
        // `create` truncates, `create_new` refuses, and both ways the content goes in.
        let mut theirs = fs::File::create(dir.join("a")).await.unwrap();
        let mut ours = open(dir.join("b")).binary().mode("w").await.unwrap();
        theirs.write_all(b"new").await.unwrap();
        theirs.flush().await.unwrap();
        ours.write_all(b"new").await.unwrap();
        ours.close().await.unwrap();
        same(
            fs::read(dir.join("a")).await,
            aiofiles::read(dir.join("b")).await,
        );
        let ours = open(&file).binary().mode("x+").await;
        same_error(fs::File::create_new(&file).await, ours);
        // `append` alone makes no file; `a` does.
        let append = fs::OpenOptions::new().append(true).open(&missing).await;
        assert_eq!(append.unwrap_err().kind(), ErrorKind::NotFound);
        open(&missing).binary().mode("a").await.unwrap();
        assert!(missing.exists());
    });
}

#[test]
fn whole_files() {
    run(async {
        let dir = Dir::new();
        let (path, missing) = (dir.file("f", b"bytes \xff"), dir.join("no/such"));
        let text = String::from("text");
        for path in [&path, &missing, &dir.path().to_owned()] {
            same(fs::read(path).await, aiofiles::read(path).await);
            same_error(
                fs::write(path, &text).await,
                aiofiles::write(path, &text).await,
            );
        }
        same(
            fs::read_to_string(&path).await,
            aiofiles::read_to_string(&path).await,
        );
        std::fs::write(&path, b"\xff").unwrap();
        let theirs = fs::read_to_string(&path).await.unwrap_err();
        let ours = aiofiles::read_to_string(&path).await.unwrap_err();
        assert_eq!(
            (theirs.kind(), ours.kind()),
            (ErrorKind::InvalidData, ErrorKind::InvalidData)
        );
        std::fs::write(&path, "12345").unwrap();
        // Wine counts nothing for std.
        let counted = |n| if cfg!(windows) && n == 0 { 5 } else { n };
        same(
            fs::copy(&path, dir.join("a")).await.map(counted),
            aiofiles::copy(&path, dir.join("b")).await,
        );
        let ours = aiofiles::copy(&missing, dir.join("b")).await;
        same_error(fs::copy(&missing, dir.join("a")).await, ours);
    });
}

#[test]
fn reading_and_seeking() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "0123456789");
        let mut theirs = fs::File::open(&path).await.unwrap();
        let mut ours = open(&path).binary().await.unwrap();
        let (mut a, mut b) = ([0; 4], [0; 4]);
        // The trait by its name; the method `read` of the file is Python's.
        same(
            theirs.read(&mut a).await,
            Ok(AsyncReadExt::read(&mut ours, &mut b).await.unwrap()),
        );
        assert_eq!(a, b);
        theirs.read_exact(&mut a).await.unwrap();
        ours.read_exact(&mut b).await.unwrap();
        assert_eq!(a, b);
        same(
            theirs.seek(SeekFrom::Start(2)).await,
            ours.seek(SeekFrom::Start(2)).await,
        );
        let (mut c, mut d) = (Vec::new(), Vec::new());
        theirs.read_to_end(&mut c).await.unwrap();
        ours.read_to_end(&mut d).await.unwrap();
        assert_eq!(c, d);
        same_error(
            theirs.seek(SeekFrom::Current(-99)).await,
            ours.seek(SeekFrom::Current(-99)).await,
        );
        let eof = ours.read_exact(&mut b).await.unwrap_err();
        assert_eq!(eof.kind(), ErrorKind::UnexpectedEof);
        assert_eq!(ours.read_at(3, 4).await.unwrap(), b"3456");
    });
}

#[test]
fn lines_of_unix_and_of_windows() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "one\r\ntwo\n\nlast");
        let mut theirs = tokio::io::BufReader::new(fs::File::open(&path).await.unwrap()).lines();
        let mut ours = open(&path).await.unwrap();
        while let Some(line) = theirs.next_line().await.unwrap() {
            assert_eq!(ours.next_line().await.unwrap(), Some(line.as_str()));
        }
        assert_eq!(ours.next_line().await.unwrap(), None);
    });
}

#[test]
fn attributes() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "12345");
        let theirs = fs::OpenOptions::new()
            .write(true)
            .open(&path)
            .await
            .unwrap();
        let mut ours = open(&path).binary().mode("r+").await.unwrap();
        theirs.set_len(3).await.unwrap();
        same(
            theirs.metadata().await.map(|m| m.len()),
            ours.metadata().await.map(|m| m.len()),
        );
        ours.set_len(4).await.unwrap();
        let mut permissions = ours.metadata().await.unwrap().permissions();
        permissions.set_readonly(true);
        ours.set_permissions(permissions).await.unwrap();
        assert!(theirs.metadata().await.unwrap().permissions().readonly());
        ours.sync_all().await.unwrap();
        ours.sync_data().await.unwrap();
        let mut clone = ours.try_clone().await.unwrap();
        assert_eq!(clone.metadata().await.unwrap().len(), 4);
        let std: std::fs::File = ours.into_std().await.unwrap();
        assert_eq!(std.metadata().unwrap().len(), 4);
    });
}

#[test]
fn folders_and_names() {
    run(async {
        let dir = Dir::new();
        let (file, deep, missing) = (dir.file("f", "1"), dir.join("a/b"), dir.join("missing"));
        same_error(
            fs::create_dir_all(&deep).await,
            os::makedirs(&deep).exist_ok(true).await,
        );
        let through = file.join("x");
        let theirs = fs::create_dir_all(&through).await;
        let ours = os::makedirs(&through).exist_ok(true).await;
        if cfg!(windows) {
            // As Python's there: the system says no more.
            assert!(theirs.is_err());
            assert_eq!(ours.unwrap_err().kind(), ErrorKind::NotFound);
        } else {
            same_error(theirs, ours);
        }
        for path in [&file, &deep, &missing, &through] {
            let len = |metadata: std::fs::Metadata| metadata.is_dir();
            same(
                fs::metadata(path).await.map(len),
                os::stat(path).await.map(len),
            );
            same(
                fs::symlink_metadata(path).await.map(len),
                os::lstat(path).await.map(len),
            );
            // Ours is as people write it, also on Windows.
            let shown = |path: PathBuf| match path.to_str() {
                Some(text) => PathBuf::from(text.trim_start_matches(r"\\?\")),
                None => path,
            };
            let theirs = fs::canonicalize(path).await.map(shown);
            let ours = ospath::realpath(path).strict(true).await;
            if cfg!(windows) && *path == through {
                // The system says only that nothing is there.
                assert!(theirs.is_err());
                assert_eq!(ours.unwrap_err().kind(), ErrorKind::NotADirectory);
            } else {
                same(theirs, ours);
            }
            same_error(fs::remove_dir(path).await, {
                std::fs::create_dir_all(&deep).unwrap();
                os::rmdir(path).await
            });
            std::fs::create_dir_all(&deep).unwrap();
        }
        let mut theirs = fs::read_dir(dir.path()).await.unwrap();
        let mut names = Vec::new();
        while let Some(entry) = theirs.next_entry().await.unwrap() {
            names.push(entry.file_name());
        }
        let ours = os::scandir(dir.path()).await.unwrap();
        let ours: Vec<_> = ours
            .map_ok(|entry| entry.file_name())
            .try_collect()
            .await
            .unwrap();
        assert_eq!(names.len(), ours.len());
        assert!(names.iter().all(|name| ours.contains(name)));
        same_error(fs::read_dir(&file).await, os::scandir(&file).await);
        same_error(
            fs::rename(&missing, &file).await,
            os::rename(&missing, &file).await,
        );
        same_error(fs::remove_file(&missing).await, os::remove(&missing).await);
        same_error(
            fs::remove_dir_all(&missing).await,
            os::rmtree(&missing).await,
        );
        fs::remove_dir_all(dir.join("a")).await.unwrap();
        std::fs::create_dir_all(&deep).unwrap();
        os::rmtree(dir.join("a")).await.unwrap();
        assert!(!dir.join("a").exists());
    });
}

/// Where the compiler, and the search of the docs, find what was typed by its old name.
#[test]
fn each_name_of_tokio_fs_is_a_name_or_an_alias_here() {
    fn sources(folder: &Path, all: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, all);
            } else {
                *all += &std::fs::read_to_string(&path).unwrap();
            }
        }
    }
    let mut all = String::new();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    sources(&src, &mut all);
    let names = "canonicalize copy create_dir create_dir_all hard_link metadata read read_dir \
                 read_link read_to_string remove_dir remove_dir_all remove_file rename \
                 set_permissions symlink symlink_dir symlink_file symlink_metadata try_exists \
                 write DirBuilder OpenOptions create_new set_len sync_all sync_data set_times \
                 try_clone into_std from_std read_line read_to_end write_all spawn_blocking";
    for name in names.split_whitespace() {
        let (call, future) = (format!("pub fn {name}("), format!("pub async fn {name}("));
        let alias = format!("\"{name}\"");
        let mut aliases = all.split("#[doc(alias").skip(1);
        let is_alias = aliases.any(|rest| rest.split(")]").next().unwrap().contains(&alias));
        let found = is_alias || all.contains(&call) || all.contains(&future);
        assert!(found, "{name}");
    }
}

#[test]
fn keywords_take_what_holds_a_name() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", b"\xe9\r\n");
        let (label, policy, newline) = ("latin-1".to_owned(), "strict".to_owned(), "".to_owned());
        let call = open(&path)
            .encoding(&label)
            .errors(&policy)
            .newline(&newline);
        assert_eq!(call.await.unwrap().read().await.unwrap(), "\u{e9}\r\n");
        let read = aiofiles::read_to_string(&path).encoding(&label).await;
        assert_eq!(read.unwrap(), "\u{e9}\r\n");
        let call = open(&path).encoding(label).errors(policy).newline(newline);
        assert_eq!(call.await.unwrap().read().await.unwrap(), "\u{e9}\r\n");
        let (label, policy) = ("klingon".to_owned(), "lenient".to_owned());
        assert!(open(&path).encoding(&label).await.is_err());
        assert!(open(&path).errors(&policy).await.is_err());
        assert!(open(&path).newline(&policy).await.is_err());
    });
}

// ---- from Python ----------------------------------------------------------------------

#[test]
fn rows_from_python() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("p");
        open(&path)
            .mode("w")
            .with(async |f| f.write("one\ntwo\n").await)
            .await
            .unwrap();
        let mut f = open(&path).mode("r+").encoding("latin-1").await.unwrap();
        assert_eq!(f.read().size(3).await.unwrap(), "one");
        assert_eq!(f.readlines().hint(1).await.unwrap(), ["\n", "two\n"]);
        f.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(f.readline().await.unwrap(), "one\n");
        assert_eq!(f.readline().await.unwrap(), "two\n");
        let here = f.tell().await.unwrap();
        f.seek(SeekFrom::Start(0)).await.unwrap();
        let mut lines = Vec::new();
        while let Some(line) = f.next_line().await.unwrap() {
            lines.push(line.to_owned());
        }
        assert_eq!(lines, ["one", "two"]);
        f.seek(here).await.unwrap();
        let one = system::native("one\n");
        f.truncate().size(one.len() as u64).await.unwrap();
        f.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(
            (&mut f).try_collect::<Vec<String>>().await.unwrap(),
            ["one\n"]
        );
        f.close().await.unwrap();
        assert!(matches!(
            open(&path).any().mode("rb").await.unwrap(),
            aiofiles::AnyFile::Binary(_)
        ));
        let raw = open(&path).any().mode("rb").buffering(0).await.unwrap();
        assert!(matches!(raw, aiofiles::AnyFile::Raw(_)));
        let std = std::fs::File::open(&path).unwrap();
        assert_eq!(
            aiofiles::wrap(std).await.unwrap().read().await.unwrap(),
            one.as_bytes()
        );
        assert_eq!(aiofiles::delegate(|| 1 + 1).await.unwrap(), 2);
        assert!(
            os::stat(&path)
                .follow_symlinks(false)
                .await
                .unwrap()
                .is_file()
        );
        os::makedirs(dir.join("x/y")).exist_ok(true).await.unwrap();
        os::rename(&path, dir.join("q")).await.unwrap();
        let mut names = os::listdir(dir.path()).await.unwrap();
        names.sort();
        assert_eq!(names, ["q", "x"]);
        assert!(ospath::exists(dir.join("q")).await.unwrap());
        let size = ospath::getsize(dir.join("q")).await.unwrap();
        assert_eq!(size, one.len() as u64);
        let named = aiofiles::tempfile::named_temporary_file().text();
        let mut named = named.mode("w+").await.unwrap();
        named.write("x").await.unwrap();
        named.close().await.unwrap();
    });
}
