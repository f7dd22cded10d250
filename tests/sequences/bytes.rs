//! Random operations on raw and binary files.

use std::cell::Cell;
use std::future::poll_fn;
use std::io::SeekFrom;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use aiofiles::{BinaryFile, Error, RawFile, RawIo};
use futures::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};

use super::common::Random;
use super::driver::{Driver, Effect, Outcome};
use super::model::Model;

pub(crate) type Bytes = Driver<u8>;

/// Data with a line end here and there.
pub(crate) fn data(random: &mut Random, most: usize) -> Vec<u8> {
    let n = random.below(most + 1);
    let byte = |random: &mut Random| match random.below(6) {
        0 => b'\n',
        _ => b'a' + random.below(26) as u8,
    };
    (0..n).map(|_| byte(random)).collect()
}

/// A target, what it is for the crate, and what it does to the model.
fn target(driver: &mut Bytes) -> (SeekFrom, Effect<u8>) {
    // Where a relative one leads is not known before an abandoned job has run.
    let settled = driver.is_settled();
    let random = &mut driver.random;
    let (len, pos) = (driver.model.data.len(), driver.model.pos);
    let place = random.below(len + 3);
    match random.below(4) {
        0 if settled => {
            let by = place as i64 - len as i64;
            let effect = move |m: &mut Model<u8>| {
                m.pos = (m.data.len() as i64 + by) as usize;
            };
            (SeekFrom::End(by), Box::new(effect))
        }
        1 if settled => {
            let by = place as i64 - pos as i64;
            let effect = move |m: &mut Model<u8>| m.pos = (m.pos as i64 + by) as usize;
            (SeekFrom::Current(by), Box::new(effect))
        }
        _ => {
            let effect = move |m: &mut Model<u8>| m.pos = place;
            (SeekFrom::Start(place as u64), Box::new(effect))
        }
    }
}

fn io<T>(result: std::io::Result<T>) -> aiofiles::Result<T> {
    result.map_err(Error::from)
}

/// Checks what a read gave, and moves the model; a `short` read may give less.
fn check(driver: &mut Bytes, got: &[u8], size: usize, short: bool) {
    let size = if short {
        assert!(got.len() <= size);
        let nothing = size == 0 || driver.model.rest().is_empty();
        assert_eq!(got.is_empty(), nothing, "empty is the end, and only that");
        got.len()
    } else {
        size
    };
    assert_eq!(
        String::from_utf8_lossy(got),
        String::from_utf8_lossy(&driver.model.read(size))
    );
}

/// One operation that both kinds have, over an `R`; `$exact` is a raw file.
macro_rules! step {
    ($driver:ident, $file:ident, $exact:expr) => {{
        let exact: bool = $exact;
        let d: &mut Bytes = $driver;
        let most = d.random.below(40);
        match d.random.below(24) {
            0 | 1 => {
                let read = $file.read().size(most);
                if let Some(got) = d
                    .drive(format!("read({most})"), read, "", None, false)
                    .value()
                {
                    check(d, &got, most, exact);
                }
            }
            2 => {
                if let Some(got) = d
                    .drive("read()".into(), $file.read(), "", None, false)
                    .value()
                {
                    check(d, &got, usize::MAX, false);
                }
            }
            3 | 4 => {
                let size = if d.random.one_in(2) { usize::MAX } else { most };
                let line = $file.readline().size(size);
                if let Some(got) = d
                    .drive(format!("readline({size})"), line, "", None, false)
                    .value()
                {
                    assert_eq!(got, d.model.read_line(size));
                }
            }
            5 => {
                let line = $file.next_line();
                if let Outcome::Value(got) = d.drive("next_line".into(), line, "", None, false) {
                    let got = got.map(<[u8]>::to_vec);
                    let mut line = d.model.read_line(usize::MAX);
                    let end = line.is_empty();
                    if line.last() == Some(&b'\n') {
                        line.pop();
                    }
                    assert_eq!(got, (!end).then_some(line));
                }
            }
            6 => {
                let hint = d.random.below(30);
                let lines = $file.readlines().hint(hint);
                if let Some(got) = d
                    .drive(format!("readlines({hint})"), lines, "", None, false)
                    .value()
                {
                    let hint = if hint == 0 { usize::MAX } else { hint };
                    assert_eq!(got, d.model.read_lines(hint));
                }
            }
            7 => {
                let mut buf = vec![0; most];
                let read = $file.readinto(&mut buf);
                if let Some(n) = d
                    .drive(format!("readinto({most})"), read, "", None, false)
                    .value()
                {
                    check(d, &buf[..n], most, exact);
                }
            }
            8 => {
                let buf = Vec::with_capacity(most);
                let most = buf.capacity();
                let read = async {
                    let (result, buf) = $file.read_owned(buf).await;
                    assert!(result.is_ok() || buf.is_empty(), "as it was");
                    result.map(|_| buf)
                };
                if let Some(got) = d
                    .drive(format!("read_owned({most})"), read, "", None, false)
                    .value()
                {
                    check(d, &got, most, true);
                }
            }
            9 | 10 => {
                let data = data(&mut d.random, 40);
                let done = Rc::new(Cell::new(data.len()));
                let (bytes, count) = (data.clone(), done.clone());
                let effect: Effect<u8> = Box::new(move |m| m.write(&bytes[..count.get()]));
                let write = async {
                    let (result, back) = $file.write_owned(data.clone()).await;
                    assert_eq!(back, data, "it comes back");
                    result.inspect(|n| done.set(*n))
                };
                d.drive(
                    format!("write_owned({})", data.len()),
                    write,
                    "write",
                    Some(effect),
                    true,
                );
            }
            11 | 12 => {
                let (to, effect) = target(d);
                d.drive(
                    format!("seek({to:?})"),
                    $file.seek(to),
                    "seek",
                    Some(effect),
                    false,
                );
            }
            13 => {
                if let Some(pos) = d
                    .drive("tell".into(), $file.tell(), "", None, false)
                    .value()
                {
                    // What waits to be appended is counted from where it is, as in Python.
                    let waits = d.model.append && d.memory.data() != d.model.data;
                    assert!(waits || pos == d.model.pos as u64, "{pos}");
                }
            }
            14 => {
                let size = d
                    .random
                    .one_in(2)
                    .then(|| d.random.below(d.model.data.len() + 8));
                let effect: Effect<u8> = Box::new(move |m| m.truncate(size.unwrap_or(m.pos)));
                let mut truncate = $file.truncate();
                if let Some(size) = size {
                    truncate = truncate.size(size as u64);
                }
                d.drive(
                    format!("truncate({size:?})"),
                    truncate,
                    "truncate",
                    Some(effect),
                    false,
                );
            }
            15 => {
                let flushed = d
                    .drive("flush".into(), $file.flush(), "", None, false)
                    .value();
                if flushed.is_some() {
                    assert_eq!(d.memory.data(), d.model.data, "flushed");
                }
                if flushed.is_some() {
                    let (at, len) = (d.random.below(30), d.random.below(30));
                    let read = $file.read_at(at as u64, len);
                    if let Some(got) = d
                        .drive(format!("read_at({at}, {len})"), read, "", None, false)
                        .value()
                    {
                        let mut there = d.model.clone();
                        there.pos = at;
                        assert_eq!(got, there.read(len));
                    }
                }
                // At the end, where nothing can have been read ahead.
                if flushed.is_some() && d.random.one_in(2) {
                    let data = data(&mut d.random, 12);
                    let write = $file.write_all_at(d.model.data.len() as u64, &data);
                    let written = d
                        .drive(
                            format!("write_all_at({})", data.len()),
                            write,
                            "",
                            None,
                            false,
                        )
                        .value();
                    d.settle();
                    // How much was written is not told where it fails.
                    let there = d.memory.data();
                    let added = there
                        .strip_prefix(&d.model.data[..])
                        .expect("the rest stays");
                    assert!(data.starts_with(added));
                    assert!(written.is_none_or(|n| n == added.len()));
                    d.model.data = there;
                }
            }
            16 => {
                // A raw file syncs on `&self`: it cannot try a write again that a lost job
                // has left, so a flush does that before.
                let flushed = !exact
                    || d.drive("flush before sync".into(), $file.flush(), "", None, false)
                        .value()
                        .is_some();
                if flushed
                    && d.drive("sync".into(), $file.sync_all(), "", None, false)
                        .value()
                        .is_some()
                {
                    assert_eq!(d.memory.data(), d.model.data, "synced");
                }
            }
            17 => {
                let (to, data) = (d.random.below(20), data(&mut d.random, 9));
                // How far it comes: not so far as to seek, or so many bytes.
                let done = Arc::new(Mutex::new(None));
                let (bytes, count) = (data.clone(), done.clone());
                let effect: Effect<u8> = Box::new(move |m| {
                    if let Some(n) = *count.lock().unwrap() {
                        m.pos = to;
                        m.write(&bytes[..n]);
                    }
                });
                let batch = $file.batch(move |raw: &mut R| {
                    let interrupted =
                        |e: &std::io::Error| e.kind() == std::io::ErrorKind::Interrupted;
                    loop {
                        match raw.seek(SeekFrom::Start(to as u64)) {
                            Err(error) if interrupted(&error) => {}
                            result => break result.map(drop)?,
                        }
                    }
                    let mut n = 0;
                    *done.lock().unwrap() = Some(n);
                    while n < data.len() {
                        match raw.write(&data[n..]) {
                            Ok(more) => n += more,
                            Err(error) if interrupted(&error) => {}
                            Err(error) => return Err(error),
                        }
                        *done.lock().unwrap() = Some(n);
                    }
                    Ok(())
                });
                d.drive_partly(format!("batch(seek {to}, write)"), batch, "batch", effect);
            }
            18 => {
                let mut buf = vec![0; most];
                let read = poll_fn(|cx| Pin::new(&mut *$file).poll_read(cx, &mut buf).map(io));
                if let Some(n) = d
                    .drive(format!("poll_read({most})"), read, "", None, false)
                    .value()
                {
                    check(d, &buf[..n], most, true);
                }
            }
            19 => {
                let data = data(&mut d.random, 30);
                let bytes = data.clone();
                let effect: Effect<u8> = Box::new(move |m| m.write(&bytes));
                let write = poll_fn(|cx| Pin::new(&mut *$file).poll_write(cx, &data).map(io));
                d.drive(
                    format!("poll_write({})", data.len()),
                    write,
                    "",
                    Some(effect),
                    false,
                );
            }
            20 => {
                let flush = poll_fn(|cx| AsyncWrite::poll_flush(Pin::new(&mut *$file), cx).map(io));
                if d.drive("poll_flush".into(), flush, "", None, false)
                    .value()
                    .is_some()
                {
                    assert_eq!(d.memory.data(), d.model.data, "flushed");
                }
            }
            21 => {
                let (to, effect) = target(d);
                let seek =
                    poll_fn(|cx| AsyncSeek::poll_seek(Pin::new(&mut *$file), cx, to).map(io));
                let sought = d.drive(
                    format!("poll_seek({to:?})"),
                    seek,
                    "seek",
                    Some(effect),
                    false,
                );
                if let Some(pos) = sought.value() {
                    assert_eq!(pos, d.model.pos as u64);
                }
            }
            22 => {
                let line = futures::stream::StreamExt::next($file);
                let line = async { line.await.transpose() };
                if let Some(got) = d.drive("next".into(), line, "", None, false).value() {
                    assert_eq!(got.unwrap_or_default(), d.model.read_line(usize::MAX));
                }
            }
            _ => return false,
        }
        true
    }};
}

fn common_raw<R: RawIo>(driver: &mut Bytes, file: &mut RawFile<R>) -> bool {
    step!(driver, file, true)
}

fn common_binary<R: RawIo>(driver: &mut Bytes, file: &mut BinaryFile<R>) -> bool {
    step!(driver, file, false)
}

/// The items of a `writelines`, and how many of them were taken.
fn items(d: &mut Bytes) -> (Vec<Vec<u8>>, Rc<Cell<usize>>) {
    let n = d.random.below(5);
    let items = (0..n).map(|_| data(&mut d.random, 14)).collect();
    (items, Rc::default())
}

pub(crate) fn raw_step<R: RawIo>(d: &mut Bytes, file: &mut RawFile<R>) {
    if common_raw(d, file) {
        return;
    }
    let data = data(&mut d.random, 30);
    let bytes = data.clone();
    let effect: Effect<u8> = Box::new(move |m| m.write(&bytes));
    d.drive(
        format!("write({})", data.len()),
        file.write(&data),
        "write",
        Some(effect),
        false,
    );
}

pub(crate) fn binary_step<R: RawIo>(d: &mut Bytes, file: &mut BinaryFile<R>) {
    if d.random.one_in(2) && common_binary(d, file) {
        return;
    }
    let most = d.random.below(40);
    match d.random.below(8) {
        0 => {
            let some = file.read1(most);
            if let Some(got) = d
                .drive(format!("read1({most})"), some, "", None, false)
                .value()
            {
                check(d, &got, most, true);
            }
        }
        1 => {
            let peek = async { file.peek(most).await.map(<[u8]>::to_vec) };
            if let Some(got) = d
                .drive(format!("peek({most})"), peek, "", None, false)
                .value()
            {
                assert!(d.model.rest().starts_with(&got));
                assert_eq!(got.is_empty(), d.model.rest().is_empty());
            }
        }
        2 => {
            let fill = poll_fn(|cx| match Pin::new(&mut *file).poll_fill_buf(cx) {
                Poll::Ready(filled) => Poll::Ready(io(filled.map(<[u8]>::to_vec))),
                Poll::Pending => Poll::Pending,
            });
            if let Some(got) = d
                .drive("poll_fill_buf".into(), fill, "", None, false)
                .value()
            {
                let n = d.random.below(got.len() + 1);
                AsyncBufRead::consume(Pin::new(file), n);
                assert!(d.model.rest().starts_with(&got));
                d.model.read(n);
            }
        }
        3 => {
            let (items, taken) = items(d);
            let count = taken.clone();
            let lines = items.iter().inspect(move |_| count.set(count.get() + 1));
            let write = file.writelines(lines);
            let outcome = d.drive(
                format!("writelines({})", items.len()),
                write,
                "",
                None,
                false,
            );
            // One that waits or fails has not begun.
            let done = match outcome {
                Outcome::Value(()) => items.len(),
                Outcome::Failed | Outcome::Abandoned => taken.get().saturating_sub(1),
            };
            items[..done].iter().for_each(|item| d.model.write(item));
        }
        _ => {
            let data = data(&mut d.random, 60);
            let bytes = data.clone();
            let effect: Effect<u8> = Box::new(move |m| m.write(&bytes));
            d.drive(
                format!("write({})", data.len()),
                file.write(&data),
                "",
                Some(effect),
                false,
            );
        }
    }
}
