//! What files have beyond reading and writing: positional I/O, batches, owned buffers, locks,
//! metadata, other handles of the same file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/system.rs"]
mod system;

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};

use aiofiles::{BinaryFile, RawFile, TextFile, open, wrap};
use common::{Chunks, Counting, Dir, is_closed, poll_once, run};

const DIGITS: &[u8] = b"0123456789";

#[test]
fn positional_calls_leave_the_position_and_pass_by_the_buffer() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", DIGITS);
        let mut file = open(&path).binary().mode("r+").await.unwrap();
        assert_eq!(file.read().size(2).await.unwrap(), b"01");
        assert_eq!(file.read_at(4, 3).await.unwrap(), b"456");
        assert_eq!(file.read_at(8, 5).await.unwrap(), b"89", "short at the end");
        assert_eq!(file.read_at(10, 5).await.unwrap(), b"");
        assert_eq!(file.read_at(1 << 40, 5).await.unwrap(), b"");
        assert_eq!(file.read_at(3, 0).await.unwrap(), b"");
        assert_eq!(file.read_exact_at(8, 2).await.unwrap(), b"89");
        let error = file.read_exact_at(8, 3).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert_eq!(error.path(), Some(path.as_path()));
        let mut buf = [b'-'; 4];
        assert_eq!(file.readinto_at(7, &mut buf).await.unwrap(), 3);
        assert_eq!(&buf, b"789-");
        assert_eq!(file.write_at(9, b"AB").await.unwrap(), 2);
        assert_eq!(file.write_all_at(12, b"C").await.unwrap(), 1);
        assert_eq!(std::fs::read(&path).unwrap(), b"012345678AB\0C");
        assert_eq!(file.tell().await.unwrap(), 2);
        assert_eq!(file.read().size(2).await.unwrap(), b"23");
        file.write(b"xx").await.unwrap();
        assert_eq!(
            file.read_at(4, 2).await.unwrap(),
            b"45",
            "still in the buffer"
        );
        file.flush().await.unwrap();
        assert_eq!(file.read_at(4, 2).await.unwrap(), b"xx");
        assert!(file.read_at(u64::MAX, 1).await.is_err());
        file.close().await.unwrap();
        assert!(is_closed(&file.read_at(0, 1).await));
    });
}

#[test]
fn positional_calls_go_on_at_once() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", (0..=255).collect::<Vec<u8>>());
        let file = open(&path).raw().mode("r+").nowait(false).await.unwrap();
        let reads = (0..=255).map(|at| file.read_exact_at(at, 1));
        let got = futures::future::try_join_all(reads).await.unwrap().concat();
        assert_eq!(got, (0..=255).collect::<Vec<u8>>());
        let data: Vec<u8> = (0..=255).rev().collect();
        let writes = data.chunks(1).zip(0..);
        let writes = writes.map(|(byte, at)| file.write_all_at(at, byte));
        futures::future::try_join_all(writes).await.unwrap();
        assert_eq!(
            std::fs::read(&path).unwrap(),
            (0..=255).rev().collect::<Vec<u8>>()
        );
    });
}

#[test]
fn a_long_positional_write_that_is_given_up_while_it_is_copied_has_done_nothing() {
    let dir = Dir::new();
    let path = dir.file("f", DIGITS);
    let jobs = Counting::new();
    let opened = open(&path).binary().mode("r+").executor(jobs.clone());
    let file = run(opened.into_future()).unwrap();
    jobs.take();
    let data = vec![b'x'; 4 << 20];
    let mut last = 0;
    for stop in 1.. {
        let mut write = file.write_all_at(2, &data);
        let polled = (0..stop).find_map(|_| poll_once(std::pin::Pin::new(&mut write)));
        drop(write);
        if let Some(written) = polled {
            assert_eq!(written.unwrap(), data.len());
            break;
        }
        assert_eq!(jobs.take(), 0, "{stop} polls");
        assert_eq!(std::fs::read(&path).unwrap(), DIGITS);
        last = stop;
    }
    assert!(last >= 3, "{last} polls copy 4 MiB");
    let there = std::fs::read(&path).unwrap();
    assert_eq!((&there[..2], there.len()), (&b"01"[..], data.len() + 2));
    assert_eq!(&there[2..], data);
}

#[test]
fn positional_calls_work_over_streams_that_only_seek() {
    run(async {
        let raw = Chunks::new(DIGITS, 3);
        let mut file = wrap(raw.clone()).await.unwrap();
        assert_eq!(file.read().size(2).await.unwrap(), b"01");
        assert_eq!(
            file.read_at(1, 7).await.unwrap(),
            b"1234567",
            "chunks are joined"
        );
        assert_eq!(file.write_at(0, b"abcdef").await.unwrap(), 3, "one call");
        assert_eq!(file.write_all_at(3, b"defg").await.unwrap(), 4);
        assert_eq!(raw.data(), b"abcdefg789");
        assert_eq!(file.tell().await.unwrap(), 2);
    });
}

#[test]
fn a_positional_call_is_its_owner_when_it_is_made() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", DIGITS);
        let file = open(&path).binary().await.unwrap();
        let call = file.read_at(2, 3);
        // `Send + 'static`: it borrows no file.
        let call = tokio::spawn(call.into_future());
        assert_eq!(call.await.unwrap().unwrap(), b"234");
    });
}

#[test]
fn a_batch_is_one_hop_in_order_with_everything_else() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", DIGITS);
        let jobs = Counting::new();
        let file = open(&path).binary().mode("r+").executor(jobs.clone());
        let mut file = file.await.unwrap();
        assert_eq!(file.read().size(2).await.unwrap(), b"01");
        file.write(b"AB").await.unwrap();
        jobs.take();
        let seen = file.batch(|raw: &mut File| {
            let here = raw.stream_position()?;
            let mut rest = String::new();
            raw.read_to_string(&mut rest)?;
            raw.write_all(b"!")?;
            raw.seek(SeekFrom::Start(1))?;
            Ok((here, rest))
        });
        assert_eq!(seen.await.unwrap(), (4, "456789".to_owned()));
        assert_eq!(jobs.take(), 1, "with the write that was pending");
        assert_eq!(file.tell().await.unwrap(), 1);
        assert_eq!(file.read().await.unwrap(), b"1AB456789!");
        let error = file.batch(|_| Err::<(), _>(std::io::Error::from_raw_os_error(5)));
        let error = error.await.unwrap_err();
        assert_eq!(
            (error.raw_os_error(), error.path()),
            (Some(5), Some(path.as_path()))
        );
        let panics = file.batch(|_| -> std::io::Result<()> { panic!("oh no") });
        assert!(panics.await.unwrap_err().to_string().contains("oh no"));
        assert_eq!(file.seek(SeekFrom::Start(9)).await.unwrap(), 9);
        assert_eq!(file.read().await.unwrap(), b"9!");
    });
}

#[test]
fn owned_buffers_go_and_come_back_without_a_copy() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("f");
        for raw in [false, true] {
            let file = open(&path)
                .any()
                .mode("w+b")
                .buffering(if raw { 0 } else { 8 });
            let mut file = file.await.unwrap();
            let data = b"owned".to_vec();
            let at = data.as_ptr();
            let (written, data) = match &mut file {
                aiofiles::AnyFile::Binary(file) => {
                    file.write(b"first ").await.unwrap();
                    file.write_owned(data).await
                }
                aiofiles::AnyFile::Raw(file) => file.write_owned(data).await,
                aiofiles::AnyFile::Text(_) => unreachable!(),
            };
            assert_eq!((written.unwrap(), data.as_ptr()), (5, at));
            assert_eq!(data, b"owned");
            let expected: &[u8] = if raw { b"owned" } else { b"first owned" };
            assert_eq!(std::fs::read(&path).unwrap(), expected, "at once, in order");
            drop(file);
        }
        std::fs::write(&path, DIGITS).unwrap();
        let mut file = open(&path).binary().nowait(false).await.unwrap();
        let mut buf = Vec::with_capacity(8);
        buf.push(b'>');
        let (at, capacity) = (buf.as_ptr(), buf.capacity());
        let (read, buf) = file.read_owned(buf).await;
        assert_eq!((read.unwrap(), buf.as_ptr()), (capacity - 1, at));
        assert_eq!(buf, [b">", &DIGITS[..capacity - 1]].concat());
        assert_eq!(file.tell().await.unwrap(), capacity as u64 - 1);
        let (read, buf) = file.read_owned(buf).await;
        assert_eq!((read.unwrap(), buf.len()), (0, capacity), "no room");
        let (read, _) = file.read_owned(Vec::with_capacity(100)).await;
        assert_eq!(read.unwrap(), 11 - capacity);
        let (read, buf) = file.read_owned(Vec::with_capacity(100)).await;
        assert_eq!((read.unwrap(), buf.len()), (0, 0), "the end");
        let (written, data) = file.write_owned(vec![7]).await;
        assert!(written.is_err());
        assert_eq!(data, [7], "it comes back from an error too");
        // What is buffered comes first.
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.peek(1).await.unwrap().len(), 10);
        let (read, buf) = file.read_owned(Vec::with_capacity(4)).await;
        assert_eq!(buf, DIGITS[..read.unwrap()]);
        assert_eq!(file.read().await.unwrap(), DIGITS[buf.len()..]);
    });
}

#[test]
fn locks_exclude_other_handles_and_wait_without_a_thread() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "");
        let jobs = Counting::new();
        let mut a = open(&path).mode("r+").await.unwrap();
        let mut b = open(&path).binary().executor(jobs.clone()).await.unwrap();
        a.lock_shared().await.unwrap();
        b.lock_shared().await.unwrap();
        assert!(!a.try_lock().await.unwrap_or(false));
        b.unlock().await.unwrap();
        a.unlock().await.unwrap();
        a.lock().await.unwrap();
        assert!(!b.try_lock().await.unwrap());
        jobs.take();
        {
            let mut waiting = Box::pin(b.lock());
            assert!(poll_once(waiting.as_mut()).is_none());
            assert_eq!(jobs.take(), 1, "a try that is over: no thread waits");
            a.write("x").await.unwrap();
            a.unlock().await.unwrap();
            assert_eq!(
                std::fs::read(&path).unwrap(),
                b"x",
                "written before it is given up"
            );
            waiting.await.unwrap();
        }
        assert!(!a.try_lock().await.unwrap());
        // A dropped wait leaves nothing; the lock goes with the file.
        drop(Box::pin(a.lock()));
        b.close().await.unwrap();
        assert!(a.try_lock().await.unwrap());
    });
}

#[test]
fn sync_and_metadata_see_what_was_written() {
    run(async {
        let dir = Dir::new();
        let path = dir.join("f");
        let mut file = open(&path).mode("w").await.unwrap();
        file.write("abc").await.unwrap();
        assert_eq!(file.metadata().await.unwrap().len(), 3);
        file.write("d").await.unwrap();
        file.sync_data().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"abcd");
        file.write("e").await.unwrap();
        file.sync_all().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"abcde");
        if let Some(full) = system::full_device() {
            let mut full = open(full).mode("w").await.unwrap();
            full.write("x").await.unwrap();
            assert_eq!(full.sync_data().await.unwrap_err().raw_os_error(), Some(28));
        }
    });
}

#[test]
fn clones_share_the_cursor() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", DIGITS);
        let mut a = open(&path).binary().mode("r+").buffering(4).await.unwrap();
        assert_eq!(a.read().size(2).await.unwrap(), b"01");
        a.write(b"AB").await.unwrap();
        let mut b = a.try_clone().await.unwrap();
        assert_eq!((b.name(), b.mode()), (a.name(), "rb+"));
        assert_eq!(
            std::fs::read(&path).unwrap(),
            b"01AB456789",
            "written before"
        );
        assert_eq!(b.read().size(4).await.unwrap(), b"4567");
        assert_eq!(a.tell().await.unwrap(), 8);
        assert_eq!(a.read().await.unwrap(), b"89");
        assert_eq!(b.tell().await.unwrap(), 10);
        a.seek(SeekFrom::Start(1)).await.unwrap();
        b.write(b"x").await.unwrap();
        b.flush().await.unwrap();
        assert_eq!(a.tell().await.unwrap(), 2);
        a.close().await.unwrap();
        assert_eq!(b.read().await.unwrap(), b"AB456789", "a handle of its own");
        // Of text with its settings.
        let mut a = open(&path).encoding("latin-1").newline("").await.unwrap();
        let b = a.try_clone().await.unwrap();
        assert_eq!((b.encoding(), b.mode()), ("latin-1", "r"));
        // And with the byte order that the mark at the start has told.
        std::fs::write(&path, b"\xfe\xff\0a\0\n\0b\0c").unwrap();
        let mut a = open(&path).encoding("utf-16").await.unwrap();
        assert_eq!(a.readline().await.unwrap(), "a\n");
        let mut b = a.try_clone().await.unwrap();
        assert_eq!(b.read().size(1).await.unwrap(), "b");
        let c = b.tell().await.unwrap();
        assert_eq!(b.read().await.unwrap(), "c");
        a.seek(c).await.unwrap();
        assert_eq!(a.read().await.unwrap(), "c");
    });
}

#[test]
fn std_files_come_and_go_at_the_logical_position() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "é\r\nb\nc");
        let mut std = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .unwrap();
        std.seek(SeekFrom::Start(2)).unwrap();
        let mut file = BinaryFile::from_std(std);
        assert!(file.executor().is_none() && file.name().is_none());
        assert_eq!(file.readline().await.unwrap(), b"\r\n");
        assert!(file.executor().is_some());
        let mut std = file.into_std().await.unwrap();
        assert_eq!(std.stream_position().unwrap(), 4);
        std.rewind().unwrap();
        let mut file = TextFile::from_std(std);
        assert_eq!(file.read().size(2).await.unwrap(), "é\n");
        file.write("X").await.unwrap();
        let mut std = file.into_std().await.unwrap();
        assert_eq!(std.stream_position().unwrap(), 5);
        std.rewind().unwrap();
        let mut file = RawFile::from_std(std);
        assert_eq!(file.next_line().await.unwrap(), Some("é\r".as_bytes()));
        let mut std = file.into_raw().await.unwrap();
        let mut rest = String::new();
        std.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "X\nc");
    });
}

#[test]
fn descriptors_can_be_borrowed() {
    #[cfg(unix)]
    use std::os::fd::{AsFd as _, AsRawFd as _};
    #[cfg(windows)]
    use std::os::windows::io::{AsHandle as _, AsRawHandle as _};
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", DIGITS);
        let mut text = open(&path).await.unwrap();
        let binary = open(&path).binary().await.unwrap();
        let mut raw = open(&path).raw().await.unwrap();
        let handles = [
            system::same_open_file(&text),
            system::same_open_file(&binary),
            system::same_open_file(&raw),
        ];
        for (at, mut handle) in handles.into_iter().enumerate() {
            handle.seek(SeekFrom::Start(at as u64)).unwrap();
            let mut byte = [0];
            handle.read_exact(&mut byte).unwrap();
            assert_eq!(byte, DIGITS[at..=at]);
        }
        let here = raw.seek(SeekFrom::Current(0)).await.unwrap();
        assert_eq!(here, 3, "the cursor is the same");
        #[cfg(unix)]
        assert_eq!(raw.as_raw_fd(), raw.as_fd().as_raw_fd());
        #[cfg(windows)]
        assert_eq!(raw.as_raw_handle(), raw.as_handle().as_raw_handle());
        text.close().await.unwrap();
        let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            system::same_open_file(&text)
        }));
        assert!(asked.is_err(), "a closed file has none");
    });
}
