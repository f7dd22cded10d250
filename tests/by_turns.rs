//! The traits of tokio and of futures, the methods of the file itself and the halves of a
//! split, by turns on one file, against a `Cursor` of std. A sequence that fails prints
//! its seed: `AIOFILES_SEED=… cargo test --test by_turns` runs it alone.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{Cursor, IoSlice, IoSliceMut, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use aiofiles::executor::InlineExecutor;
use aiofiles::{BinaryFile, ThreadPoolExecutor};
use common::{Dir, Random, Wavering, variable};
use futures::executor::block_on;
use futures::{
    AsyncReadExt as FuturesRead, AsyncSeekExt as FuturesSeek, AsyncWriteExt as FuturesWrite,
};
use tokio::io::{
    AsyncReadExt as TokioRead, AsyncSeekExt as TokioSeek, AsyncWriteExt as TokioWrite,
};

/// The same by std, whose traits have methods of the same names.
struct Model(Cursor<Vec<u8>>);

impl Model {
    fn put(&mut self, data: &[u8]) {
        // Behind the end, that of std makes room even for nothing.
        if !data.is_empty() {
            std::io::Write::write_all(&mut self.0, data).unwrap();
        }
    }

    fn take(&mut self, data: &mut [u8]) {
        std::io::Read::read_exact(&mut self.0, data).unwrap();
    }

    fn go(&mut self, to: SeekFrom) -> u64 {
        std::io::Seek::seek(&mut self.0, to).unwrap()
    }

    fn position(&self) -> u64 {
        self.0.position()
    }

    fn get_ref(&self) -> &Vec<u8> {
        self.0.get_ref()
    }
}

fn bytes(random: &mut Random, most: usize) -> Vec<u8> {
    let n = random.below(most);
    (0..n).map(|_| b'a' + random.below(26) as u8).collect()
}

/// What a read gave is what is next, and is nothing only at the end.
fn check(model: &mut Model, got: &[u8], room: usize) {
    let mut expected = vec![0; got.len()];
    model.take(&mut expected);
    assert_eq!(got, expected);
    let rest = model
        .get_ref()
        .len()
        .saturating_sub(model.position() as usize);
    assert!(
        !got.is_empty() || room == 0 || rest == 0,
        "no end: {rest} more"
    );
}

async fn step(
    file: &mut BinaryFile,
    model: &mut Model,
    random: &mut Random,
    log: &mut Vec<String>,
) {
    let mut buf = vec![0; random.below(40)];
    let data = bytes(random, 40);
    let place = random.below(model.get_ref().len() + 5) as u64;
    let what = random.below(20);
    log.push(format!(
        "{what}: {} {} {place} at {}",
        buf.len(),
        data.len(),
        model.position()
    ));
    match what {
        0 => {
            let n = TokioRead::read(file, &mut buf).await.unwrap();
            check(model, &buf[..n], buf.len());
        }
        1 => {
            let n = FuturesRead::read(file, &mut buf).await.unwrap();
            check(model, &buf[..n], buf.len());
        }
        2 => {
            let half = buf.len() / 2;
            let (one, two) = buf.split_at_mut(half);
            let mut parts = [IoSliceMut::new(one), IoSliceMut::new(two)];
            let n = file.read_vectored(&mut parts).await.unwrap();
            check(model, &buf[..n], usize::from(half > 0));
        }
        3 => {
            let given = tokio::io::AsyncBufReadExt::fill_buf(file).await.unwrap();
            let some = given[..given.len().min(5)].to_vec();
            tokio::io::AsyncBufReadExt::consume(file, some.len());
            check(model, &some, 1);
        }
        4 => {
            let given = futures::AsyncBufReadExt::fill_buf(file).await.unwrap();
            let some = given[..given.len().min(5)].to_vec();
            futures::AsyncBufReadExt::consume_unpin(file, some.len());
            check(model, &some, 1);
        }
        5 => {
            let got = file.read().size(buf.len()).await.unwrap();
            check(model, &got, buf.len());
        }
        6 => {
            let n = TokioWrite::write(file, &data).await.unwrap();
            assert!(n > 0 || data.is_empty());
            model.put(&data[..n]);
        }
        7 => {
            let n = FuturesWrite::write(file, &data).await.unwrap();
            assert!(n > 0 || data.is_empty());
            model.put(&data[..n]);
        }
        8 | 9 => {
            // With empty parts at all places.
            let (one, two) = data.split_at(data.len() / 3);
            let parts = [&[][..], one, &[], two, &[]].map(IoSlice::new);
            let n = match what {
                8 => TokioWrite::write_vectored(file, &parts).await.unwrap(),
                _ => FuturesWrite::write_vectored(file, &parts).await.unwrap(),
            };
            assert!(
                n <= data.len() && (n > 0 || data.is_empty()),
                "{n} of {}",
                data.len()
            );
            model.put(&data[..n]);
        }
        10 => {
            assert_eq!(file.write(&data).await.unwrap(), data.len());
            model.put(&data);
        }
        11 => TokioWrite::flush(file).await.unwrap(),
        12 => FuturesWrite::flush(file).await.unwrap(),
        13 => {
            let to = SeekFrom::Start(place);
            assert_eq!(TokioSeek::seek(file, to).await.unwrap(), model.go(to));
        }
        14 => {
            let to = SeekFrom::Current(place as i64 - model.position() as i64);
            assert_eq!(FuturesSeek::seek(file, to).await.unwrap(), model.go(to));
        }
        15 => {
            let to = SeekFrom::End(-((place as i64).min(model.get_ref().len() as i64)));
            assert_eq!(file.seek(to).await.unwrap(), model.go(to));
        }
        16 => {
            let told = TokioSeek::stream_position(file).await.unwrap();
            assert_eq!(told, model.position());
            assert_eq!(file.tell().await.unwrap(), told);
        }
        17 => {
            let there = file.read_at(place, 10).await.unwrap();
            let written = model.get_ref().get(place as usize..).unwrap_or_default();
            // It passes by what is buffered; that is there after a flush.
            TokioWrite::flush(file).await.unwrap();
            assert!(there.len() <= written.len().min(10));
            let there = file.read_at(place, 10).await.unwrap();
            assert_eq!(there, written[..written.len().min(10)]);
        }
        18 => {
            // Neither of them ends the file.
            TokioWrite::shutdown(file).await.unwrap();
            FuturesWrite::close(file).await.unwrap();
            assert!(!file.closed());
        }
        _ => {
            let mut line = Vec::new();
            let n = match random.below(2) {
                0 => tokio::io::AsyncBufReadExt::read_until(file, b'q', &mut line).await,
                _ => futures::AsyncBufReadExt::read_until(file, b'q', &mut line).await,
            };
            assert_eq!(n.unwrap(), line.len());
            check(model, &line, 1);
        }
    }
}

fn sequence(seed: u64, dir: &Dir, pool: &ThreadPoolExecutor) {
    let random = &mut Random::new(seed);
    let path = dir.join("f");
    let start = bytes(random, 200);
    std::fs::write(&path, &start).unwrap();
    let mut model = Model(Cursor::new(start));
    let mut log = Vec::new();
    let run = || {
        block_on(async {
            let size = if random.one_in(2) {
                1024
            } else {
                2 + random.below(40)
            };
            let open = aiofiles::open(&path).binary().mode("r+").buffering(size);
            let mut file = match random.below(3) {
                0 => open.executor(InlineExecutor).await.unwrap(),
                1 => open.executor(pool.clone()).await.unwrap(),
                _ => open
                    .executor(Wavering::new(InlineExecutor, random.next()))
                    .await
                    .unwrap(),
            };
            for _ in 0..40 {
                step(&mut file, &mut model, random, &mut log).await;
            }
            file.close().await.unwrap();
        });
        assert!(std::fs::read(&path).unwrap() == *model.get_ref());
    };
    if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
        eprintln!("AIOFILES_SEED={seed}:\n  {}", log.join("\n  "));
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn all_ways_into_a_file_are_one_file() {
    let (dir, pool) = (Dir::new(), ThreadPoolExecutor::new(1));
    if let Some(seed) = variable("AIOFILES_SEED") {
        return sequence(seed, &dir, &pool);
    }
    for seed in 0..variable("AIOFILES_SEQUENCES").unwrap_or(2_000) {
        sequence(seed, &dir, &pool);
    }
}

#[test]
fn halves_of_a_split_are_one_file_too() {
    let (dir, pool) = (Dir::new(), ThreadPoolExecutor::new(1));
    let path = dir.join("f");
    std::fs::write(&path, "0123456789".repeat(20)).unwrap();
    let opened = || {
        let open = aiofiles::open(&path).binary().mode("r+").buffering(16);
        open.executor(pool.clone()).into_future()
    };
    block_on(async {
        // By turns: what one half has read, the other writes behind.
        let (mut reader, mut writer) = tokio::io::split(opened().await.unwrap());
        let mut buf = [0; 7];
        for turn in 0..10 {
            reader.read_exact(&mut buf).await.unwrap();
            let first = (turn * 10 % 10) as u8 + b'0';
            assert_eq!(buf[0], first, "turn {turn}");
            writer.write_all(b"xyz").await.unwrap();
        }
        writer.flush().await.unwrap();
        let file = reader.unsplit(writer);
        assert!(file.into_std().await.is_ok());
        assert!(
            std::fs::read(&path)
                .unwrap()
                .starts_with(&b"0123456xyz".repeat(10))
        );
        let (mut reader, mut writer) = FuturesRead::split(opened().await.unwrap());
        FuturesRead::read_exact(&mut reader, &mut buf)
            .await
            .unwrap();
        FuturesWrite::write_all(&mut writer, b"ABC").await.unwrap();
        FuturesWrite::close(&mut writer).await.unwrap();
        FuturesRead::read_exact(&mut reader, &mut buf)
            .await
            .unwrap();
        assert_eq!(&buf, b"0123456");
        let mut file = reader.reunite(writer).unwrap();
        assert_eq!(file.tell().await.unwrap(), 17);
        file.close().await.unwrap();
        assert!(
            std::fs::read(&path)
                .unwrap()
                .starts_with(b"0123456ABC0123456xyz")
        );
    });
}
