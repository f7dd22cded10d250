//! Where the cursor is: after seeks that were given up, after somebody else moved
//! it, where a descriptor appends, and when the stream is handed on.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/system.rs"]
mod system;

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom, Write};

use aiofiles::executor::ManualExecutor;
use aiofiles::{BinaryFile, TextFile, open, wrap};
use common::{Chunks, Dir, is_unsupported, run};
use futures::FutureExt;
use system::{pipe, same_open_file};

fn std_file(dir: &Dir, content: &[u8]) -> File {
    let path = dir.file("f", content);
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).open(path).unwrap()
}

/// A binary file whose jobs are run by hand.
fn stepped(file: File) -> (BinaryFile, ManualExecutor) {
    let jobs = ManualExecutor::new();
    let opened = wrap(file).executor(jobs.clone()).nowait(false);
    (opened.now_or_never().unwrap().unwrap(), jobs)
}

/// Runs a future to its end, with all the jobs that it wants.
fn finish<T>(jobs: &ManualExecutor, future: impl Future<Output = T>) -> T {
    let mut future = Box::pin(future);
    loop {
        if let Some(value) = future.as_mut().now_or_never() {
            return value;
        }
        assert!(jobs.run_all() > 0, "it waits for nothing");
    }
}

#[test]
fn a_seek_of_tokio_that_was_given_up_does_not_come_back() {
    use tokio::io::{AsyncSeekExt, AsyncWriteExt};
    let dir = Dir::new();
    let (mut file, jobs) = stepped(std_file(&dir, &[b'.'; 30]));
    assert!(
        AsyncSeekExt::seek(&mut file, SeekFrom::Start(10))
            .now_or_never()
            .is_none()
    );
    jobs.run_all();
    finish(&jobs, file.write_all(b"AAAAA")).unwrap();
    let here = finish(&jobs, AsyncSeekExt::seek(&mut file, SeekFrom::Current(0)));
    assert_eq!(here.unwrap(), 15);
    finish(&jobs, file.write_all(b"BBBBB")).unwrap();
    finish(&jobs, AsyncWriteExt::flush(&mut file)).unwrap();
    assert_eq!(
        std::fs::read(dir.join("f")).unwrap(),
        b"..........AAAAABBBBB.........."
    );
}

#[test]
fn a_relative_seek_that_was_given_up_happens_once() {
    use tokio::io::{AsyncReadExt, AsyncSeekExt};
    let dir = Dir::new();
    for (seek, read, expected) in [
        (SeekFrom::End(-100), 10, 166),
        (SeekFrom::Current(50), 10, 60),
    ] {
        for steps in [0, 1] {
            let (mut file, jobs) = stepped(std_file(&dir, &[7; 256]));
            assert!(
                AsyncSeekExt::seek(&mut file, seek).now_or_never().is_none(),
                "it takes a job"
            );
            if steps == 1 {
                jobs.run_all();
            }
            let mut buf = vec![0; read];
            finish(&jobs, file.read_exact(&mut buf)).unwrap();
            let here = finish(&jobs, file.stream_position()).unwrap();
            assert_eq!(here, expected, "{seek:?} {steps}");
            assert_eq!(finish(&jobs, file.tell()).unwrap(), expected);
        }
    }
}

#[test]
fn a_seek_of_futures_that_was_given_up_does_not_come_back() {
    use futures::io::{AsyncReadExt, AsyncSeekExt};
    let dir = Dir::new();
    let (mut file, jobs) = stepped(std_file(&dir, &[7; 256]));
    let seek = SeekFrom::Current(50);
    assert!(
        AsyncSeekExt::seek(&mut file, seek).now_or_never().is_none(),
        "it takes a job"
    );
    jobs.run_all();
    let mut buf = [0; 10];
    finish(&jobs, AsyncReadExt::read_exact(&mut file, &mut buf)).unwrap();
    let here = finish(&jobs, AsyncSeekExt::stream_position(&mut file));
    assert_eq!(here.unwrap(), 60);
    // The same seek again is another one.
    let here = finish(&jobs, AsyncSeekExt::seek(&mut file, seek));
    assert_eq!(here.unwrap(), 110);
}

#[test]
fn an_operation_of_the_file_itself_ends_a_seek_that_was_given_up() {
    use tokio::io::AsyncSeekExt;
    let dir = Dir::new();
    let (mut file, jobs) = stepped(std_file(&dir, b"0123456789"));
    assert!(
        AsyncSeekExt::seek(&mut file, SeekFrom::Start(5))
            .now_or_never()
            .is_none()
    );
    jobs.run_all();
    assert_eq!(finish(&jobs, file.seek(SeekFrom::Start(2))).unwrap(), 2);
    let here = finish(&jobs, file.stream_position()).unwrap();
    assert_eq!(here, 2);
    assert_eq!(finish(&jobs, file.read().size(2)).unwrap(), b"23");
}

#[test]
fn an_explicit_seek_reaches_the_system_unless_bytes_were_read_ahead() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("f");
        let mut file = open(&path).binary().mode("w+").await.unwrap();
        // As a child process that was given the descriptor does.
        let mut other = same_open_file(&file);
        other.write_all(b"from the child").unwrap();
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.read().await.unwrap(), b"from the child");

        let mut text = open(&path).mode("r+").await.unwrap();
        let mut other = same_open_file(&text);
        other.seek(SeekFrom::End(0)).unwrap();
        text.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(text.read().size(4).await.unwrap(), "from");

        let mut file = open(&path).binary().mode("r+").await.unwrap();
        let mut other = same_open_file(&file);
        other.seek(SeekFrom::Start(7)).unwrap();
        file.seek(SeekFrom::Start(0)).await.unwrap();
        file.write(b"FROM").await.unwrap();
        file.close().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"FROM the child");
    });
}

#[cfg(unix)]
#[test]
fn a_descriptor_that_appends_is_asked_where_it_is() {
    use std::os::unix::fs::OpenOptionsExt;
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "01234567");
        let append = |path: &std::path::Path, options: &std::fs::OpenOptions| {
            let flags = rustix::fs::OFlags::APPEND.bits() as i32;
            options.clone().custom_flags(flags).open(path)
        };
        let mut file = open(&path)
            .binary()
            .mode("r+")
            .opener(append)
            .await
            .unwrap();
        file.write(b"tail").await.unwrap();
        assert_eq!(file.tell().await.unwrap(), 12);
        file.close().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"01234567tail");

        let mut text = open(&path).mode("r+").opener(append).await.unwrap();
        assert_eq!(text.read().size(2).await.unwrap(), "01");
        text.write("!").await.unwrap();
        text.close().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"01234567tail!");
    });
}

#[test]
fn what_came_for_a_read_that_was_given_up_is_given_at_the_next_byte() {
    use tokio::io::AsyncReadExt;
    run(async {
        for which in ["read1", "read", "readline"] {
            let (reader, mut writer) = pipe();
            let mut file = wrap(reader).await.unwrap();
            writer.write_all(b"abc").unwrap();
            match which {
                "read1" => assert!(start(file.read().size(1000)).await),
                "read" => assert!(start(file.readinto(&mut [0; 1000])).await),
                _ => assert!(start(file.readline()).await),
            }
            // The next operation is there before the next byte.
            let next = async {
                match which {
                    "read1" => file.read1(1000).await.unwrap(),
                    _ => {
                        let mut buf = [0; 1000];
                        let n = AsyncReadExt::read(&mut file, &mut buf).await.unwrap();
                        buf[..n].to_vec()
                    }
                }
            };
            let byte = async {
                tokio::task::yield_now().await;
                writer.write_all(b"d").unwrap();
            };
            let (bytes, ()) = futures::join!(next, byte);
            assert!(bytes.starts_with(b"abc"), "{which}: {bytes:?}");
            drop(writer);
        }
    });
}

/// Polls until its job has begun, and gives it up: whether it had not completed.
async fn start<F: Future>(future: F) -> bool {
    let mut future = Box::pin(future);
    let begun = futures::poll!(&mut future).is_pending();
    tokio::task::yield_now().await;
    begun && futures::poll!(&mut future).is_pending()
}

#[test]
fn a_stream_is_not_handed_on_without_what_was_read_ahead() {
    run(async {
        let (reader, mut writer) = pipe();
        writer.write_all(b"headerthe body").unwrap();
        drop(writer);
        let mut file = wrap(reader).await.unwrap();
        assert_eq!(file.read().size(6).await.unwrap(), b"header");
        let refused = file.into_std().await.unwrap_err();
        assert!(refused.to_string().contains("detach"), "{refused}");
        let mut file = refused.into_file();
        let refused = file.batch(|file| file.metadata()).await;
        assert!(is_unsupported(&refused));
        let mut raw = file.detach().await.unwrap();
        assert_eq!(raw.read().size(3).await.unwrap(), b"the");
        let refused = raw.into_raw().await.unwrap_err();
        let mut raw = refused.into_file();
        assert_eq!(raw.read().await.unwrap(), b" body");
        // Nothing is left: now it goes.
        let mut std_file: File = raw.into_std().await.unwrap();
        assert_eq!(std_file.read(&mut [0; 4]).unwrap(), 0);
    });
}

#[test]
fn text_is_not_handed_on_without_what_was_decoded() {
    run(async {
        let (reader, mut writer) = pipe();
        writer.write_all("h\u{e9}ad\nthe body".as_bytes()).unwrap();
        drop(writer);
        let mut file: TextFile = wrap(reader).text().await.unwrap();
        assert_eq!(file.next_line().await.unwrap(), Some("h\u{e9}ad"));
        let mut file = file.into_std().await.unwrap_err().into_file();
        assert!(is_unsupported(&file.batch(|_| Ok(())).await));
        assert_eq!(file.read().size(3).await.unwrap(), "the");
        let mut binary = file.detach().await.unwrap();
        assert_eq!(binary.read().await.unwrap(), b" body");
    });
}

#[test]
fn a_refused_hand_over_is_an_error_of_the_crate() {
    async fn hand_over(file: BinaryFile<Chunks>) -> aiofiles::Result<Chunks> {
        Ok(file.into_raw().await?)
    }
    run(async {
        let mut file = wrap(Chunks::new(&b"0123456789"[..], 10).pipe())
            .await
            .unwrap();
        file.read().size(1).await.unwrap();
        let error = hand_over(file).await.err().unwrap();
        assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
    });
}

#[test]
fn a_hand_over_that_fails_says_why_and_keeps_the_bytes() {
    use std::error::Error;
    use std::fmt;
    use std::io;

    #[derive(Debug)]
    struct Cut(io::Error);

    impl fmt::Display for Cut {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the line is cut")
        }
    }

    impl Error for Cut {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    struct Line;

    impl Write for Line {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other(Cut(io::ErrorKind::BrokenPipe.into())))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    run(async {
        let stream = aiofiles::raw_io::writer(Line);
        let mut file = wrap(stream).mode("w").await.unwrap();
        file.write(b"kept").await.unwrap();
        let refused = file.into_raw().await.err().unwrap();
        assert!(refused.to_string().contains("the line is cut"), "{refused}");
        let source = refused.source().and_then(|why| why.downcast_ref());
        let kind = source.map(|why: &io::Error| why.kind());
        assert_eq!(kind, Some(io::ErrorKind::BrokenPipe));
        let mut file = refused.into_file();
        assert!(file.flush().await.is_err(), "they are still to be written");
    });
}

#[test]
fn a_stream_that_seeks_is_handed_on_at_its_position() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "0123456789");
        let mut file = open(&path).await.unwrap();
        file.read().size(4).await.unwrap();
        let mut rest = String::new();
        let mut std_file = file.into_std().await.unwrap();
        std_file.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "456789");
        let mut file = wrap(Cursor::new(b"0123456789".to_vec())).await.unwrap();
        file.read().size(4).await.unwrap();
        assert_eq!(file.into_raw().await.unwrap().position(), 4);
    });
}

#[test]
fn writelines_asks_whether_it_may_write() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "");
        let mut raw = open(&path).raw().await.unwrap();
        assert!(is_unsupported(&raw.write(b"").await));
        assert!(is_unsupported(&raw.writelines([b""]).await));
        let mut binary = open(&path).binary().await.unwrap();
        assert!(is_unsupported(&binary.writelines([b""]).await));
        let mut text = open(&path).await.unwrap();
        assert!(is_unsupported(&text.writelines([""]).await));
        // Nothing to write: CPython only asks whether it is closed.
        raw.writelines([b""; 0]).await.unwrap();
        binary.writelines([b""; 0]).await.unwrap();
        text.writelines([""; 0]).await.unwrap();
    });
}

#[test]
fn truncate_and_seek_see_what_another_process_wrote() {
    run(async {
        let dir = Dir::new();
        let child = b"from the child";
        for buffered in [false, true] {
            let path = dir.file("f", "");
            let mut file = open(&path).binary().mode("w+").await.unwrap();
            same_open_file(&file).write_all(child).unwrap();
            if buffered {
                file.write(b"ab").await.unwrap();
            }
            let size = file.truncate().await.unwrap();
            assert_eq!(size, 14 + 2 * u64::from(buffered));
            assert!(std::fs::read(&path).unwrap().starts_with(child));

            let path = dir.file("t", "");
            let mut text = open(&path).mode("w+").await.unwrap();
            same_open_file(&text).write_all(child).unwrap();
            if buffered {
                text.write("ab").await.unwrap();
            }
            text.truncate().await.unwrap();
            assert!(std::fs::read(&path).unwrap().starts_with(child));
        }
        let path = dir.file("t", "");
        let mut text = open(&path).mode("w+").await.unwrap();
        same_open_file(&text).write_all(child).unwrap();
        text.seek(SeekFrom::Current(0)).await.unwrap();
        text.write("X").await.unwrap();
        text.close().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"from the childX");
    });
}

#[test]
fn a_cursor_at_the_largest_number_counts_no_further() {
    run(async {
        let mut file = wrap(Cursor::new(b"abc".to_vec())).await.unwrap();
        file.seek(SeekFrom::Start(u64::MAX)).await.unwrap();
        file.write(b"xx").await.unwrap();
        // It is asked of the stream, which has to be written to first.
        let error = file.tell().await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::OutOfMemory);
        assert_eq!(file.close().await.unwrap_err().kind(), error.kind());
    });
}

/// A descriptor that appends since somebody who shares it said so: a write leads to the
/// end, and the position tells that, or a truncate behind it cuts off what is there.
#[cfg(unix)]
#[test]
fn descriptor_that_appends_since_it_was_opened_is_asked_where_a_write_has_led() {
    use rustix::fs::{OFlags, fcntl_setfl};
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "0123456789");
        let mut file = open(&path).binary().mode("r+").await.unwrap();
        fcntl_setfl(&file, OFlags::APPEND).unwrap();
        file.write(b"ab").await.unwrap();
        file.flush().await.unwrap();
        assert_eq!(file.tell().await.unwrap(), 12);
        let (written, _) = file.write_owned(b"cd".to_vec()).await;
        assert_eq!(written.unwrap(), 2);
        let end = file.tell().await.unwrap();
        assert_eq!(end, 14);
        file.seek(SeekFrom::Start(end)).await.unwrap();
        assert_eq!(file.truncate().await.unwrap(), 14);
        drop(file);
        assert_eq!(std::fs::read(&path).unwrap(), b"0123456789abcd");

        let mut file = open(&path).mode("r+").await.unwrap();
        fcntl_setfl(&file, OFlags::APPEND).unwrap();
        file.write("ef").await.unwrap();
        let end = file.tell().await.unwrap();
        file.seek(end).await.unwrap();
        file.truncate().await.unwrap();
        file.close().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"0123456789abcdef");

        let mut file = open(&path).raw().mode("r+").await.unwrap();
        fcntl_setfl(&file, OFlags::APPEND).unwrap();
        file.write(b"g").await.unwrap();
        assert_eq!(file.tell().await.unwrap(), 17);
    });
}

/// CPython: the close of a file that is open in both directions leaves the cursor where
/// reading has come to, for who shares the descriptor.
#[cfg(unix)]
#[test]
fn close_of_a_file_for_both_directions_leaves_the_cursor_at_the_position() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "0123456789".repeat(10));
        let mut file = open(&path).binary().mode("r+").await.unwrap();
        let mut shared = same_open_file(&file);
        assert_eq!(file.read().size(13).await.unwrap().len(), 13);
        file.close().await.unwrap();
        assert_eq!(shared.stream_position().unwrap(), 13);
        let mut rest = String::new();
        shared.read_to_string(&mut rest).unwrap();
        assert!(rest.len() == 87 && rest.starts_with("3456"));
    });
}
