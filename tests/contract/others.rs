//! Standard streams, text over streams, `RawIo`, errors.

use std::io::{self, Cursor, Read, SeekFrom};
use std::path::Path;

use aiofiles::raw_io::{read_write, reader, writer};
use aiofiles::{Error, RawIo, Result, TextFile, text, wrap};
use futures::{Stream, StreamExt};

use crate::common::run;

#[test]
fn standard_streams_are_cheap_handles() {
    fn handle<T: Clone + Send + Sync + 'static>(handle: T) -> T {
        handle.clone()
    }
    let (input, bytes) = (handle(aiofiles::stdin()), handle(aiofiles::stdin_bytes()));
    let (out, err) = (handle(aiofiles::stdout()), handle(aiofiles::stderr()));
    let out_bytes = handle(aiofiles::stdout_bytes());
    let _ = handle(aiofiles::stderr_bytes());
    let _ = handle(aiofiles::stdio::stdout());
    let _: [&str; 3] = [input.encoding(), out.errors(), err.mode()];
    drop(input.read().size(1));
    drop(input.readline());
    drop(input.readlines());
    drop(bytes.readall());
    drop(
        input
            .reconfigure()
            .encoding("latin-1")
            .errors("replace")
            .newline("\n"),
    );
    drop(out.reconfigure().line_buffering(true).write_through(false));
    run(async {
        let n: usize = out.write("").await.unwrap();
        assert_eq!(n, 0);
        let n: usize = out_bytes.write(b"").await.unwrap();
        assert_eq!(n, 0);
        out.writelines(["", ""]).await.unwrap();
        let _: () = out.flush().await.unwrap();
        let _: () = err.flush().await.unwrap();
    });
}

#[test]
fn text_over_streams_has_the_methods_that_need_no_position() {
    fn stream<S: Stream<Item = Result<String>>>(stream: S) -> S {
        stream
    }
    futures::executor::block_on(async {
        let bytes = b"caf\xe9\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix\r\nseven\r\n";
        let input = text::reader(&bytes[..])
            .encoding("latin-1")
            .errors("strict");
        let mut input = input.newline("").buffering(64).await.unwrap();
        assert_eq!((input.encoding(), input.errors()), ("latin-1", "strict"));
        let some: String = input.read().size(4).await.unwrap();
        assert_eq!(some, "café");
        let line: String = input.readline().await.unwrap();
        assert_eq!(line, "\r\n");
        let lent: Option<&str> = input.next_line().max_len(9).await.unwrap();
        assert_eq!(lent, Some("two"));
        let block = input.next_lines().await.unwrap();
        assert_eq!(block.unwrap().next(), Some("three"));
        let lines: Vec<String> = input.readlines().hint(1).await.unwrap();
        assert!(lines.len() <= 1);
        let _: &[&str] = input.newlines();
        assert_eq!(
            input
                .lines()
                .filter_map(|line| async { line.err() })
                .count()
                .await,
            0
        );

        let mut lines = stream(text::reader(&b"a\nb"[..]).await.unwrap().into_lines());
        assert_eq!(lines.next().await.unwrap().unwrap(), "a");
        let mut input = stream(text::reader(&b"a\nb"[..]).await.unwrap());
        assert_eq!(input.next().await.unwrap().unwrap(), "a\n");

        let output = text::writer(Vec::new())
            .encoding("latin-1")
            .errors("replace");
        let mut output = output.newline("\r\n").buffering(4).await.unwrap();
        let n: usize = output.write("café\n").await.unwrap();
        assert_eq!(n, 5);
        output.writelines(["a", "b"]).await.unwrap();
        let _: () = output.flush().await.unwrap();
        let _: () = output.close().await.unwrap();
        assert_eq!(output.into_inner(), b"caf\xe9\r\nab");
    });
}

/// A stream that can do nothing but what it need not implement.
struct Nothing;

impl RawIo for Nothing {}

#[test]
fn a_raw_stream_does_not_have_what_it_does_not_implement() {
    fn raw<R: RawIo>() {}
    raw::<std::fs::File>();
    raw::<Cursor<Vec<u8>>>();
    raw::<Box<dyn RawIo>>();
    raw::<io::Stdin>();
    raw::<io::Stdout>();
    raw::<io::Stderr>();
    raw::<tempfile::NamedTempFile>();
    raw::<tempfile::SpooledTempFile>();
    let mut nothing = Nothing;
    for error in [
        nothing.read(&mut [0]).unwrap_err(),
        nothing.write(&[0]).unwrap_err(),
        nothing.seek(SeekFrom::Start(0)).unwrap_err(),
        nothing.truncate(0).unwrap_err(),
    ] {
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    }
    RawIo::flush(&mut nothing).unwrap();
}

#[test]
fn std_streams_are_adapted() {
    run(async {
        let mut file = wrap(reader(&b"text"[..])).text().await.unwrap();
        assert_eq!(file.read().await.unwrap(), "text");
        let mut file = wrap(writer(Vec::new())).await.unwrap();
        file.write(b"x").await.unwrap();
        assert_eq!(file.into_raw().await.unwrap().into_inner(), b"x");
        let both = read_write(Cursor::new(b"text".to_vec()));
        let mut file: TextFile<_> = wrap(both).text().mode("r+").await.unwrap();
        assert_eq!(file.read().size(1).await.unwrap(), "t");
        assert_eq!(
            file.truncate().await.unwrap_err().kind(),
            io::ErrorKind::Unsupported
        );
    });
}

#[test]
fn errors_tell_what_was_done_to_what() {
    fn error<T: std::error::Error + Send + Sync + 'static>(error: T) -> T {
        error
    }
    run(async {
        let missing = aiofiles::open("no/such").await.unwrap_err();
        let missing = error(missing);
        let kind: io::ErrorKind = missing.kind();
        assert_eq!(kind, io::ErrorKind::NotFound);
        let errno: Option<i32> = missing.raw_os_error();
        let inner: Option<&io::Error> = missing.io_error();
        assert_eq!(inner.unwrap().raw_os_error(), errno);
        let path: Option<&Path> = missing.path();
        assert_eq!(path, Some(Path::new("no/such")));
        let said = missing.to_string();
        let system = io::Error::from_raw_os_error(errno.unwrap());
        assert_eq!(said, format!("failed to open `no/such`: {system}"));
        let io: io::Error = missing.into();
        assert_eq!((io.kind(), io.to_string()), (kind, said));
        let back: Error = io.downcast().unwrap();
        assert!(matches!(
            back,
            Error::Os {
                op: "open",
                path: Some(_),
                source: _
            }
        ));
        let back = Error::from(io::Error::from(back));
        assert!(matches!(back, Error::Os { op: "open", .. }));
        let other = Error::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(other.kind(), io::ErrorKind::BrokenPipe);
        let own: Result<u8, String> = Ok(1);
        assert_eq!(own, Ok(1));
    });
}

#[test]
fn interruptions_are_never_seen() {
    struct Interrupted(bool);
    impl Read for Interrupted {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.0 = !self.0;
            if self.0 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            buf[0] = b'x';
            Ok(1)
        }
    }
    run(async {
        let mut file = wrap(reader(Interrupted(false))).raw().await.unwrap();
        for _ in 0..3 {
            assert_eq!(file.read().size(1).await.unwrap(), b"x");
        }
    });
}
