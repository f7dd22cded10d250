//! Errors as others take them: of their own type, as `io::Error`, by the I/O traits.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

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
        let path = dir.path("n");
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
        let error = open(dir.path("none")).try_with(parse).await.unwrap_err();
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
        let named = named_temporary_file().dir(dir.root());
        let failed = named.try_with(async |_| -> Result<(), Own> { Ok(fail()?) });
        assert!(matches!(failed.await, Err(Own::Number(_))));
        let folder = temporary_directory().dir(dir.root());
        let failed = folder.try_with(async |_| -> Result<(), Own> { Ok(fail()?) });
        assert!(matches!(failed.await, Err(Own::Number(_))));
        let atomic = atomic_file(dir.path("f"));
        let failed = atomic.try_with(async |file| -> Result<(), Own> {
            file.write(b"x").await?;
            Ok(fail()?)
        });
        assert!(matches!(failed.await, Err(Own::Number(_))));
        assert_eq!(std::fs::read_dir(dir.root()).unwrap().count(), 0);
        let atomic = atomic_file(dir.path("f"));
        let done =
            atomic.try_with(async |file| -> Result<usize, Own> { Ok(file.write(b"x").await?) });
        assert_eq!(done.await.unwrap(), 1);
        assert_eq!(std::fs::read(dir.path("f")).unwrap(), b"x");
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
        std::fs::write(dir.path("f"), "").unwrap();
        let through_file = dir.path("f").join("below");
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
fn errors_before_anything_is_opened_name_the_path() {
    let path = std::path::Path::new("some/file");
    let errors = run_each(vec![
        Box::pin(async move { open(path).mode("rr").await.map(drop) }),
        Box::pin(async move { open(path).binary().mode("rt").await.map(drop) }),
        Box::pin(async move { open(path).encoding("klingon").await.map(drop) }),
        Box::pin(async move { open(path).buffering(0).await.map(drop) }),
        Box::pin(async move {
            let whole = aiofiles::read_to_string(path).encoding("klingon");
            whole.await.map(drop)
        }),
        #[cfg(feature = "tempfile")]
        Box::pin(async move {
            let file = aiofiles::tempfile::atomic_file(path).mode("r");
            file.await.map(drop)
        }),
    ]);
    for error in errors {
        assert_eq!(error.path(), Some(path), "{error}");
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains("`some/file`"), "{error}");
    }
}

#[test]
fn error_without_a_runtime_names_the_path() {
    let path = std::path::Path::new("some/file");
    let calls: Vec<Failing> = vec![
        Box::pin(async move { open(path).await.map(drop) }),
        Box::pin(async move { aiofiles::read(path).await.map(drop) }),
        Box::pin(async move { aiofiles::os::rename(path, "other").await }),
        #[cfg(feature = "tempfile")]
        Box::pin(async move { aiofiles::tempfile::atomic_file(path).await.map(drop) }),
        Box::pin(async move {
            let mut walk = aiofiles::os::walk(path);
            walk.next_dir().await.unwrap().map(drop)
        }),
    ];
    for call in calls {
        let error = futures::executor::block_on(call).unwrap_err();
        assert!(matches!(error, Error::NoRuntime { .. }), "{error}");
        assert_eq!(error.path(), Some(path), "{error}");
        assert!(error.to_string().contains("`some/file`"), "{error}");
    }
}

type Failing = std::pin::Pin<Box<dyn Future<Output = Result<()>>>>;

fn run_each(calls: Vec<Failing>) -> Vec<Error> {
    let mut errors = Vec::new();
    for call in calls {
        run(async { errors.push(call.await.unwrap_err()) });
    }
    errors
}
