//! Random operations on a file while another hand overwrites, appends and truncates.
//!
//! Positions and writes must be exact: the bytes on the disk are those of a model to which
//! the same was done by plain calls. What is read may have been read ahead: each byte must
//! have been there at some time since the file last went to the system for it, which it
//! does after a seek to the end, a write and a truncation; and where a read is short, the
//! file ends now.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aiofiles::executor::{Executor, InlineExecutor};
use aiofiles::{BinaryFile, RawFile, Result, TextFile, ThreadPoolExecutor};
use futures::executor::block_on;

use super::common::{Dir, Random, Wavering, variable};

/// A file of any kind, by bytes: its texts are ASCII.
enum Ours {
    Binary(BinaryFile),
    Raw(RawFile),
    Text(Box<TextFile>),
}

/// Calls the method of whichever it is.
macro_rules! each {
    ($ours:expr, $f:ident => $call:expr) => {
        match $ours {
            Ours::Binary($f) => $call,
            Ours::Raw($f) => $call,
            Ours::Text($f) => $call,
        }
    };
}

impl Ours {
    async fn read(&mut self, n: usize) -> Result<Vec<u8>> {
        match self {
            Self::Binary(f) => f.read().size(n).await,
            Self::Raw(f) => f.read().size(n).await,
            Self::Text(f) => Ok(f.read().size(n).await?.into_bytes()),
        }
    }

    async fn readline(&mut self) -> Result<Vec<u8>> {
        match self {
            Self::Binary(f) => f.readline().await,
            Self::Raw(f) => f.readline().await,
            Self::Text(f) => Ok(f.readline().await?.into_bytes()),
        }
    }

    async fn write(&mut self, data: &[u8]) -> Result<usize> {
        match self {
            Self::Binary(f) => f.write(data).await,
            Self::Raw(f) => f.write(data).await,
            Self::Text(f) => f.write(std::str::from_utf8(data).unwrap()).await,
        }
    }

    async fn flush(&mut self) -> Result<()> {
        each!(self, f => f.flush().await)
    }

    async fn close(&mut self) -> Result<()> {
        each!(self, f => f.close().await)
    }

    async fn truncate(&mut self, size: u64) -> Result<u64> {
        each!(self, f => f.truncate().size(size).await)
    }

    /// Where it is after a seek to the start or the end, as far as it tells.
    async fn seek(&mut self, to: SeekFrom) -> Result<Option<u64>> {
        match self {
            Self::Binary(f) => Ok(Some(f.seek(to).await?)),
            Self::Raw(f) => Ok(Some(f.seek(to).await?)),
            Self::Text(f) => f.seek(to).await.map(|_| None),
        }
    }
}

/// What must be on the disk, and what may still be read.
struct World {
    path: PathBuf,
    other: File,
    /// What is on the disk once all that was written is.
    disk: Vec<u8>,
    /// Where we are.
    pos: usize,
    append: bool,
    /// What was written and may not be on the disk: from here to there.
    pending: Option<(usize, usize)>,
    /// Of each place, what was there since we last went to the system for it.
    seen: Vec<BTreeSet<u8>>,
}

impl World {
    /// What is there now may be read from now on.
    fn look(&mut self) {
        let there = std::fs::read(&self.path).unwrap();
        if self.seen.len() < there.len() {
            self.seen.resize(there.len(), BTreeSet::new());
        }
        for (place, byte) in self.seen.iter_mut().zip(there) {
            place.insert(byte);
        }
    }

    /// What was read ahead is gone.
    fn sync(&mut self) {
        self.seen.clear();
        self.look();
    }

    /// All is on the disk: exactly what must be there is.
    fn settle(&mut self, after: &str) {
        self.pending = None;
        let there = std::fs::read(&self.path).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&there),
            String::from_utf8_lossy(&self.disk),
            "on the disk after {after}"
        );
        self.look();
    }

    fn got(&mut self, got: &[u8], whole: bool, what: &str) {
        self.settle(what);
        for (at, byte) in got.iter().enumerate() {
            let place = self.seen.get(self.pos + at);
            let ok = place.is_some_and(|place| place.contains(byte));
            assert!(
                ok,
                "{what}: {:?} at {}: {place:?}",
                *byte as char,
                self.pos + at
            );
        }
        self.pos += got.len();
        let ends = self.pos >= self.disk.len();
        assert!(
            whole || ends,
            "{what}: short at {} of {}",
            self.pos,
            self.disk.len()
        );
    }

    fn put(&mut self, data: &[u8]) {
        if data.is_empty() {
            return;
        }
        let at = if self.append {
            self.disk.len()
        } else {
            self.pos
        };
        let end = at + data.len();
        if self.disk.len() < end {
            self.disk.resize(end, 0);
        }
        self.disk[at..end].copy_from_slice(data);
        self.pos = end;
        let from = self.pending.map_or(at, |(from, _)| from.min(at));
        self.pending = Some((from, end));
    }

    /// Something that the other hand does, on a thread of its own.
    fn interfere(&mut self, random: &mut Random) -> String {
        let len = self.disk.len();
        // Not where our own bytes are on their way: who is first there is open.
        let most = self.pending.map_or(len, |(from, _)| from.min(len));
        let n = 1 + random.below(12);
        let data: Vec<u8> = (0..n).map(|_| letter(random, b'A')).collect();
        let mut other = self.other.try_clone().unwrap();
        let (what, act): (String, Box<dyn FnOnce() + Send>) = match random.below(4) {
            0 | 1 if most > 0 => {
                let at = random.below(most);
                let data = data[..n.min(most - at)].to_vec();
                self.disk[at..at + data.len()].copy_from_slice(&data);
                let what = format!("the other one overwrites {} at {at}", data.len());
                (
                    what,
                    Box::new(move || {
                        other.seek(SeekFrom::Start(at as u64)).unwrap();
                        other.write_all(&data).unwrap();
                    }),
                )
            }
            2 if self.pending.is_none() => {
                self.disk.extend_from_slice(&data);
                (
                    format!("the other one appends {n}"),
                    Box::new(move || {
                        other.seek(SeekFrom::End(0)).unwrap();
                        other.write_all(&data).unwrap();
                    }),
                )
            }
            3 if self.pending.is_none() => {
                let size = random.below(len + 10);
                self.disk.resize(size, 0);
                (
                    format!("the other one truncates to {size}"),
                    Box::new(move || {
                        other.set_len(size as u64).unwrap();
                    }),
                )
            }
            _ => return String::new(),
        };
        std::thread::spawn(act).join().unwrap();
        self.look();
        what
    }
}

fn letter(random: &mut Random, first: u8) -> u8 {
    match random.below(8) {
        0 => b'\n',
        _ => first + random.below(20) as u8,
    }
}

async fn step(ours: &mut Ours, world: &mut World, random: &mut Random, log: &mut Vec<String>) {
    if random.one_in(3) {
        let what = world.interfere(random);
        log.push(what);
        return;
    }
    let most = random.below(50);
    let at = world.pos;
    let note = |what: String, log: &mut Vec<String>| {
        log.push(format!("{what} at {at}"));
        what
    };
    match random.below(12) {
        0..4 => {
            let what = note(format!("read {most}"), log);
            let got = ours.read(most).await.unwrap();
            assert!(got.len() <= most);
            if most > 0 {
                world.got(&got, got.len() == most, &what);
            }
        }
        4 | 5 => {
            let what = note("readline".into(), log);
            let got = ours.readline().await.unwrap();
            let inside = got.len().saturating_sub(1);
            assert!(!got[..inside].contains(&b'\n'), "more than a line");
            world.got(&got, got.ends_with(b"\n"), &what);
        }
        6 | 7 => {
            let data: Vec<u8> = (0..most).map(|_| letter(random, b'a')).collect();
            note(format!("write {most}"), log);
            assert_eq!(ours.write(&data).await.unwrap(), most);
            world.put(&data);
            if most > 0 {
                world.sync();
            }
        }
        8 => {
            let what = note("flush".into(), log);
            ours.flush().await.unwrap();
            world.settle(&what);
        }
        9 => {
            let what = note("seek to the end".into(), log);
            let to = ours.seek(SeekFrom::End(0)).await.unwrap();
            world.settle(&what);
            world.pos = world.disk.len();
            assert!(to.is_none_or(|to| to == world.pos as u64), "{to:?}");
            world.sync();
        }
        10 => {
            let text = matches!(ours, Ours::Text(_));
            let place = if text {
                0
            } else {
                random.below(world.disk.len() + 5)
            };
            note(format!("seek to {place}"), log);
            let to = ours.seek(SeekFrom::Start(place as u64)).await.unwrap();
            assert!(to.is_none_or(|to| to == place as u64), "{to:?}");
            // In the buffer perhaps, so what was there before may come yet.
            world.pos = place;
        }
        _ => {
            let size = random.below(world.disk.len() + 10);
            let what = note(format!("truncate to {size}"), log);
            assert_eq!(ours.truncate(size as u64).await.unwrap(), size as u64);
            world.disk.resize(size, 0);
            world.settle(&what);
            world.sync();
        }
    }
}

async fn open(
    path: &Path,
    kind: usize,
    mode: &str,
    random: &mut Random,
    jobs: Arc<dyn Executor>,
) -> Ours {
    let open = aiofiles::open(path).mode(mode).executor(jobs);
    let size = if random.one_in(3) {
        4096
    } else {
        2 + random.below(40)
    };
    match kind {
        0 => Ours::Binary(open.binary().buffering(size).await.unwrap()),
        1 => Ours::Raw(open.raw().await.unwrap()),
        _ => Ours::Text(Box::new(open.newline("\n").buffering(size).await.unwrap())),
    }
}

fn sequence(seed: u64, dir: &Dir, pool: &ThreadPoolExecutor) {
    let random = &mut Random::new(seed);
    let path = dir.join("f");
    let size = random.below(150);
    let disk: Vec<u8> = (0..size).map(|_| letter(random, b'a')).collect();
    std::fs::write(&path, &disk).unwrap();
    let append = random.one_in(5);
    let mode = if append { "a+" } else { "r+" };
    let kind = random.below(3);
    let jobs: Arc<dyn Executor> = match random.below(3) {
        0 => Arc::new(InlineExecutor),
        1 => Arc::new(pool.clone()),
        _ => Arc::new(Wavering::new(InlineExecutor, random.next())),
    };
    let mut world = World {
        other: File::options().read(true).write(true).open(&path).unwrap(),
        pos: if append { disk.len() } else { 0 },
        path,
        disk,
        append,
        pending: None,
        seen: Vec::new(),
    };
    world.look();
    let mut log = vec![format!("kind {kind}, mode {mode}")];
    let run = || {
        block_on(async {
            let mut ours = open(&world.path, kind, mode, random, jobs).await;
            for _ in 0..1 + random.below(30) {
                step(&mut ours, &mut world, random, &mut log).await;
            }
            ours.close().await.unwrap();
            world.settle("close");
        });
    };
    if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
        eprintln!("AIOFILES_SEED={seed}:\n  {}", log.join("\n  "));
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn random_operations_beside_another_hand_are_exact() {
    let (dir, pool) = (Dir::new(), ThreadPoolExecutor::new(1));
    if let Some(seed) = variable("AIOFILES_SEED") {
        return sequence(seed, &dir, &pool);
    }
    // Wine takes ten times as long for each.
    let sequences = if cfg!(windows) { 300 } else { 3_000 };
    for seed in 0..variable("AIOFILES_SEQUENCES").unwrap_or(sequences) {
        sequence(seed, &dir, &pool);
    }
}
