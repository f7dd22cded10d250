//! Every method on a closed file, and in the direction the file does not have.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{Cursor, ErrorKind, SeekFrom};

use aiofiles::{AnyFile, Error, Result, open, raw_io, wrap};
use common::{Dir, is_closed, is_unsupported, run};
use futures::StreamExt;

/// What a method gave, without its value.
type Outcome = (&'static str, Result<()>);

/// Calls every method that `$file` shares with the other kinds; `$data` is empty or an item.
macro_rules! reads {
    ($file:expr) => {{
        let f = $file;
        let mut lines = f.lines();
        let line = lines.next().await;
        let mut all: Vec<Outcome> = vec![("lines", line.expect("an error").map(drop))];
        all.push(("read", f.read().await.map(drop)));
        all.push(("read(0)", f.read().size(0).await.map(drop)));
        all.push(("read(1)", f.read().size(1).await.map(drop)));
        all.push(("readline", f.readline().await.map(drop)));
        all.push(("readline(0)", f.readline().size(0).await.map(drop)));
        all.push(("readlines", f.readlines().await.map(drop)));
        all.push(("readlines(1)", f.readlines().hint(1).await.map(drop)));
        all.push(("next_line", f.next_line().await.map(drop)));
        all.push(("next_line(1)", f.next_line().max_len(1).await.map(drop)));
        all.push(("next", f.next().await.expect("an error").map(drop)));
        all
    }};
}

macro_rules! byte_reads {
    ($file:expr) => {{
        let f = $file;
        let mut all = reads!(&mut *f);
        all.push(("readall", f.readall().await.map(drop)));
        all.push(("readinto", f.readinto(&mut [0; 2]).await.map(drop)));
        all.push(("readinto(0)", f.readinto(&mut []).await.map(drop)));
        all.push((
            "read_owned",
            f.read_owned(Vec::with_capacity(2)).await.0.map(drop),
        ));
        all.push(("read_owned(0)", f.read_owned(Vec::new()).await.0.map(drop)));
        all.push(("read_at", f.read_at(0, 1).await.map(drop)));
        all.push(("read_at(0)", f.read_at(0, 0).await.map(drop)));
        all.push(("read_exact_at", f.read_exact_at(0, 1).await.map(drop)));
        all.push(("readinto_at", f.readinto_at(0, &mut [0; 2]).await.map(drop)));
        all.push(("readinto_at(0)", f.readinto_at(0, &mut []).await.map(drop)));
        all
    }};
}

macro_rules! writes {
    ($file:expr, $item:expr, $empty:expr) => {{
        let f = $file;
        let mut all: Vec<Outcome> = vec![("write", f.write($item).await.map(drop))];
        all.push(("write(0)", f.write($empty).await.map(drop)));
        all.push(("writelines", f.writelines([$item]).await));
        all.push(("truncate", f.truncate().await.map(drop)));
        all.push(("truncate(1)", f.truncate().size(1).await.map(drop)));
        all
    }};
}

macro_rules! byte_writes {
    ($file:expr) => {{
        let f = $file;
        let mut all = writes!(&mut *f, &b"x"[..], &b""[..]);
        all.push(("write_owned", f.write_owned(vec![1]).await.0.map(drop)));
        all.push((
            "write_owned(0)",
            f.write_owned(Vec::new()).await.0.map(drop),
        ));
        all.push(("write_at", f.write_at(0, b"x").await.map(drop)));
        all.push(("write_at(0)", f.write_at(0, b"").await.map(drop)));
        all.push(("write_all_at", f.write_all_at(0, b"x").await.map(drop)));
        all
    }};
}

macro_rules! seeks {
    ($file:expr) => {{
        let f = $file;
        let start = SeekFrom::Start(0);
        let mut all: Vec<Outcome> = vec![("seek", f.seek(start).await.map(drop))];
        all.push(("seek(0, 1)", f.seek(SeekFrom::Current(0)).await.map(drop)));
        all.push(("seek(0, 2)", f.seek(SeekFrom::End(0)).await.map(drop)));
        all.push(("tell", f.tell().await.map(drop)));
        all
    }};
}

/// Needs a file behind the stream.
macro_rules! others {
    ($file:expr, $empty:expr) => {{
        let f = $file;
        let mut all: Vec<Outcome> = vec![("flush", f.flush().await)];
        all.push(("writelines([])", f.writelines([$empty; 0]).await));
        all.push(("sync_all", f.sync_all().await));
        all.push(("sync_data", f.sync_data().await));
        all.push(("metadata", f.metadata().await.map(drop)));
        all.push(("try_lock", f.try_lock().await.map(drop)));
        all.push(("lock", f.lock().await));
        all.push(("lock_shared", f.lock_shared().await));
        all.push(("unlock", f.unlock().await));
        all.push(("batch", f.batch(|_| Ok(())).await));
        all.push(("try_clone", f.try_clone().await.map(drop)));
        all
    }};
}

fn all_closed(outcomes: Vec<Outcome>, at: &str) {
    for (method, outcome) in outcomes {
        assert!(is_closed(&outcome), "{at}: {method} gave {outcome:?}");
    }
}

fn all_unsupported(outcomes: Vec<Outcome>, at: &str) {
    for (method, outcome) in outcomes {
        assert!(is_unsupported(&outcome), "{at}: {method} gave {outcome:?}");
    }
}

fn all_fine(outcomes: Vec<Outcome>, at: &str) {
    for (method, outcome) in outcomes {
        // Windows syncs nothing through a handle that may not write.
        let is_refused = |error: &aiofiles::Error| error.kind() == ErrorKind::PermissionDenied;
        let sync = cfg!(windows) && method.starts_with("sync");
        if !(sync && outcome.as_ref().is_err_and(is_refused)) {
            assert!(outcome.is_ok(), "{at}: {method} gave {outcome:?}");
        }
    }
}

#[test]
fn a_closed_file_says_so_whatever_is_asked_of_it() {
    run(async {
        let dir = Dir::new();
        for mode in ["r", "w", "r+", "a"] {
            let path = dir.file("f", "0123\n");
            let mut f = open(&path).mode(mode).await.unwrap();
            f.close().await.unwrap();
            let at = format!("text {mode}");
            all_closed(reads!(&mut f), &at);
            all_closed(writes!(&mut f, "x", ""), &at);
            all_closed(seeks!(&mut f), &at);
            all_closed(others!(&mut f, ""), &at);
            all_closed(
                vec![("reconfigure", f.reconfigure().newline("").await)],
                &at,
            );
            // What is answered from memory stays.
            assert_eq!((f.mode(), f.name()), (mode, Some(path.as_path())));
            assert_eq!(
                (f.encoding(), f.errors(), f.line_buffering()),
                ("utf-8", "strict", false)
            );
            assert!(f.closed() && f.newlines().is_empty() && !f.isatty());
            all_closed(vec![("buffer", f.buffer().flush().await)], &at);
            f.close().await.unwrap();
            assert!(is_closed(&f.detach().await));

            let mut f = open(&path).binary().mode(mode).await.unwrap();
            f.close().await.unwrap();
            let at = format!("binary {mode}");
            all_closed(byte_reads!(&mut f), &at);
            all_closed(vec![("read1", f.read1(1).await.map(drop))], &at);
            all_closed(vec![("peek", f.peek(1).await.map(drop))], &at);
            all_closed(byte_writes!(&mut f), &at);
            all_closed(seeks!(&mut f), &at);
            all_closed(others!(&mut f, ""), &at);
            all_closed(vec![("raw", f.raw().flush().await)], &at);
            f.close().await.unwrap();
            assert!(f.closed() && is_closed(&f.into_std().await.map_err(Error::from)));

            let mut f = open(&path).raw().mode(mode).await.unwrap();
            f.close().await.unwrap();
            let at = format!("raw {mode}");
            all_closed(byte_reads!(&mut f), &at);
            all_closed(byte_writes!(&mut f), &at);
            all_closed(seeks!(&mut f), &at);
            all_closed(others!(&mut f, ""), &at);
            f.close().await.unwrap();
            assert!(f.closed() && is_closed(&f.into_raw().await.map_err(Error::from)));

            let mut f: AnyFile = open(&path).any().mode(mode).await.unwrap();
            f.close().await.unwrap();
            all_closed(vec![("flush", f.flush().await)], "any");
        }
    });
}

#[test]
fn the_other_direction_is_unsupported() {
    run(async {
        let dir = Dir::new();
        let path = dir.file("f", "0123\n");
        for mode in ["w", "a"] {
            let mut f = open(&path).mode(mode).await.unwrap();
            all_unsupported(reads!(&mut f), mode);
            all_fine(seeks!(&mut f), mode);
            all_fine(others!(&mut f, ""), mode);
            let mut f = open(&path).binary().mode(mode).await.unwrap();
            all_unsupported(byte_reads!(&mut f), mode);
            all_unsupported(vec![("read1(0)", f.read1(0).await.map(drop))], mode);
            all_unsupported(vec![("peek", f.peek(1).await.map(drop))], mode);
            all_fine(seeks!(&mut f), mode);
            let mut f = open(&path).raw().mode(mode).await.unwrap();
            all_unsupported(byte_reads!(&mut f), mode);
            all_fine(seeks!(&mut f), mode);
        }
        std::fs::write(&path, "0123\n").unwrap();
        let mut f = open(&path).await.unwrap();
        all_unsupported(writes!(&mut f, "x", ""), "text");
        all_fine(others!(&mut f, ""), "text: flush, and no lines");
        let mut f = open(&path).binary().await.unwrap();
        all_unsupported(byte_writes!(&mut f), "binary");
        all_fine(others!(&mut f, ""), "binary");
        let mut f = open(&path).raw().await.unwrap();
        all_unsupported(byte_writes!(&mut f), "raw");
        all_fine(others!(&mut f, ""), "raw");
        assert_eq!(
            f.read().await.unwrap(),
            b"0123\n",
            "nothing of that did anything"
        );
    });
}

#[test]
fn positions_are_unsupported_where_the_stream_cannot_seek() {
    run(async {
        let mut f = wrap(raw_io::writer(Vec::new())).text().await.unwrap();
        all_unsupported(seeks!(&mut f), "text");
        all_unsupported(vec![("truncate", f.truncate().await.map(drop))], "text");
        let mut f = wrap(raw_io::reader(&b"x"[..])).await.unwrap();
        all_unsupported(seeks!(&mut f), "binary");
        all_unsupported(vec![("read_at", f.read_at(0, 1).await.map(drop))], "binary");
        assert_eq!(f.read().await.unwrap(), b"x");
        let mut f = wrap(raw_io::writer(Vec::new())).raw().await.unwrap();
        all_unsupported(seeks!(&mut f), "raw");
        all_unsupported(
            vec![("write_at", f.write_at(0, b"x").await.map(drop))],
            "raw",
        );
        // Nor is there a file behind memory.
        let mut f = wrap(Cursor::new(Vec::new())).await.unwrap();
        all_unsupported(vec![("metadata", f.metadata().await.map(drop))], "memory");
        all_unsupported(vec![("sync_all", f.sync_all().await)], "memory");
        all_unsupported(vec![("lock", f.lock().await)], "memory");
    });
}
