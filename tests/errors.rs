//! Errors as others take them: of their own type, as `io::Error`, by the I/O traits.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;

use aiofiles::codec::Encoding;
use aiofiles::tempfile::{atomic_file, named_temporary_file, temporary_directory};
use aiofiles::{Error, Result, open};
use common::Dir;

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(test);
}

/// An error of the user's own.
#[derive(Debug)]
enum Own {
    File(Error),
    Number(std::num::ParseIntError),
}

impl From<Error> for Own {
    fn from(error: Error) -> Self {
        Self::File(error)
    }
}

impl From<std::num::ParseIntError> for Own {
    fn from(error: std::num::ParseIntError) -> Self {
        Self::Number(error)
    }
}

#[test]
fn try_with_takes_an_error_type_of_the_body() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("n");
        std::fs::write(&path, "12\nx\n").unwrap();
        let parse = async |file: &mut aiofiles::TextFile| -> Result<u32, Own> {
            let (first, second) = (file.readline().await?, file.readline().await?);
            Ok(first.trim().parse::<u32>()? + second.trim().parse::<u32>()?)
        };
        let error = open(&path).try_with(parse).await.unwrap_err();
        assert!(
            matches!(&error, Own::Number(e) if e.to_string().contains("digit")),
            "{error:?}"
        );
        std::fs::write(&path, "12\n30\n").unwrap();
        assert_eq!(open(&path).try_with(parse).await.unwrap(), 42);
        let error = open(dir.join("none")).try_with(parse).await.unwrap_err();
        assert!(
            matches!(error, Own::File(Error::Os { op: "open", .. })),
            "{error:?}"
        );
        // The close tells what the body did not see.
        let full = open("/dev/full").mode("w");
        let written = full.try_with(async |file| -> Result<(), Own> {
            file.write("x").await?;
            Ok(())
        });
        let error = written.await.unwrap_err();
        assert!(matches!(error, Own::File(Error::Os { .. })), "{error:?}");
    });
}

#[test]
fn try_with_of_temporary_files_cleans_up() {
    use aiofiles::tempfile::{atomic_file, named_temporary_file, temporary_directory};
    run(async {
        let dir = Dir::new();
        let fail = || "x".parse::<u32>().map(drop);
        let named = named_temporary_file().dir(dir.path());
        let failed = named.try_with(async |_| -> Result<(), Own> { Ok(fail()?) });
        assert!(matches!(failed.await, Err(Own::Number(_))));
        let folder = temporary_directory().dir(dir.path());
        let failed = folder.try_with(async |_| -> Result<(), Own> { Ok(fail()?) });
        assert!(matches!(failed.await, Err(Own::Number(_))));
        let atomic = atomic_file(dir.join("f"));
        let failed = atomic.try_with(async |file| -> Result<(), Own> {
            file.write(b"x").await?;
            Ok(fail()?)
        });
        assert!(matches!(failed.await, Err(Own::Number(_))));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        let atomic = atomic_file(dir.join("f"));
        let done =
            atomic.try_with(async |file| -> Result<usize, Own> { Ok(file.write(b"x").await?) });
        assert_eq!(done.await.unwrap(), 1);
        assert_eq!(std::fs::read(dir.join("f")).unwrap(), b"x");
    });
}

/// What tower-http, hyper-staticfile and tar look for.
#[test]
fn io_traits_give_the_bare_error_of_the_system() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    run(async {
        let dir = Dir::new();
        // Nothing is mapped at the address 0.
        let eio = rustix::io::Errno::IO.raw_os_error();
        let mut memory = open("/proc/self/mem").binary().await.unwrap();
        let error = AsyncReadExt::read(&mut memory, &mut [0; 8]).await;
        assert_eq!(error.unwrap_err().raw_os_error(), Some(eio));
        let error = futures::AsyncReadExt::read(&mut memory, &mut [0; 8]).await;
        assert_eq!(error.unwrap_err().raw_os_error(), Some(eio));
        let mut full = open("/dev/full").binary().mode("w").await.unwrap();
        full.write_all(b"x").await.unwrap();
        let error = AsyncWriteExt::flush(&mut full).await.unwrap_err();
        let no_space = rustix::io::Errno::NOSPC.raw_os_error();
        assert_eq!(error.raw_os_error(), Some(no_space));
        // Inside of the conversion, the kind stays, and the rest is one step away.
        std::fs::write(dir.join("f"), "").unwrap();
        let through_file = dir.join("f").join("below");
        let error = open(&through_file).await.unwrap_err();
        let not_dir = rustix::io::Errno::NOTDIR.raw_os_error();
        assert_eq!(error.raw_os_error(), Some(not_dir));
        let io = std::io::Error::from(error);
        assert_eq!(io.kind(), std::io::ErrorKind::NotADirectory);
        let error = Error::from(io);
        assert_eq!(error.raw_os_error(), Some(not_dir));
        assert_eq!(error.path(), Some(&*through_file));
    });
}

#[test]
fn what_fails_before_the_system_is_asked_names_operation_and_path() {
    /// Operation, path and sentence.
    #[track_caller]
    fn says<T: std::fmt::Debug>(result: Result<T>, path: Option<&Path>, sentence: &str) {
        let error = result.unwrap_err();
        assert_eq!(error.path(), path, "{error}");
        let path = path.map_or_else(String::new, |path| format!(" `{}`", path.display()));
        let sentence = sentence.replace(" PATH", &path);
        assert!(error.to_string().starts_with(&sentence), "{error}");
    }
    run(async {
        let dir = Dir::new();
        let path = dir.join("n");
        std::fs::write(&path, "text").unwrap();
        let (there, in_dir) = (Some(&*path), Some(dir.path()));
        let memory = || std::io::Cursor::new(Vec::<u8>::new());
        // Modes.
        let mode = "cannot open PATH: invalid mode `rw`: must have";
        says(open(&path).mode("rw").await, there, mode);
        let mode = "cannot open PATH: invalid mode `rb`: `b` asks for bytes";
        says(open(&path).mode("rb").await, there, mode);
        let mode = "cannot wrap: invalid mode `rw`: must have";
        says(aiofiles::wrap(memory()).mode("rw").await, None, mode);
        let mode = "cannot create an atomic file for PATH: invalid mode `a`: an atomic";
        says(atomic_file(&path).mode("a").await, there, mode);
        let mode = "cannot create a temporary file in PATH: invalid mode `q`: only the";
        let temporary = named_temporary_file().dir(dir.path()).mode("q").await;
        says(temporary, in_dir, mode);
        // Encodings.
        let unknown = "cannot open PATH: unknown encoding `klingon`";
        says(open(&path).encoding("klingon").await, there, unknown);
        let unknown = "cannot read PATH: unknown encoding `klingon`";
        let read = aiofiles::read_to_string(&path).encoding("klingon").await;
        says(read, there, unknown);
        let mut file = open(&path).await.unwrap();
        let unknown = "cannot reconfigure PATH: unknown encoding `klingon`";
        says(file.reconfigure().encoding("klingon").await, there, unknown);
        let errors = "cannot reconfigure PATH: ";
        says(file.reconfigure().errors("lenient").await, there, errors);
        let errors = "cannot create an atomic file for PATH: ";
        says(
            atomic_file(&path).text().errors("lenient").await,
            there,
            errors,
        );
        let unknown = "cannot choose an encoding: unknown encoding `klingon`";
        says(Encoding::for_label("klingon"), None, unknown);
        let unknown = "cannot read or write text: unknown encoding `klingon`";
        let mut reader = aiofiles::text::reader(&b"x"[..]).encoding("klingon");
        says(reader.read().await, None, unknown);
    });
    // No executor.
    let dir = Dir::new();
    let path = dir.join("n");
    let (there, in_dir) = (Some(&*path), Some(dir.path()));
    std::fs::write(&path, "text").unwrap();
    futures::executor::block_on(async {
        let none = "cannot open PATH: there is no tokio runtime";
        says(open(&path).await, there, none);
        let none = "cannot read PATH: there is no tokio runtime";
        says(aiofiles::read(&path).await, there, none);
        let none = "cannot walk PATH: there is no tokio runtime";
        let mut walk = aiofiles::os::walk(dir.path());
        says(walk.next_dir().await.unwrap().map(|_| ()), in_dir, none);
        let none = "cannot create a temporary folder in PATH: there is no tokio runtime";
        says(temporary_directory().dir(dir.path()).await, in_dir, none);
        let none = "cannot create an atomic file for PATH: there is no tokio runtime";
        says(atomic_file(&path).await, there, none);
        let mut file = aiofiles::wrap(std::io::Cursor::new(vec![1])).await.unwrap();
        says(
            file.read().await,
            None,
            "cannot read: there is no tokio runtime",
        );
    });
}
